"""Units as vendors write them, and the factor and offset to the canonical unit (by Pint)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from guideway.errors import DecodeError

_SPELLINGS = {
    "": "dimensionless",
    "-": "dimensionless",
    "%": "percent",
    "‰": "permille",
    "g": "standard_gravity",
    "gn": "standard_gravity",
    "G": "standard_gravity",
    "°C": "degC",
    "C": "degC",
    "°": "deg",
    "Deg": "deg",
    "ustrain": "um/m",
    "µε": "um/m",
    "με": "um/m",
    "microstrain": "um/m",
    "km/h": "km/hour",
    "Km/h": "km/hour",
    "KM/H": "km/hour",
    "kph": "km/hour",
    "dB(A)": "dB",
    "dBA": "dB",
    "mT": "millitesla",
    "mt": "millitesla",
    "1/km": "1/km",
}
_LOGARITHMIC = {"dB", "dB(A)", "dBA"}


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # noqa: PLC0415 (half a second that files already in canonical units need not pay)

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=False)


def normalise(unit: str) -> str:
    """A vendor's spelling in Pint's words: ``m/s²`` and ``m/s^2`` become ``m/s**2``."""
    text = unit.strip().replace("·", "*").replace("^", "**").replace("μ", "u").replace("µ", "u")
    text = re.sub(r"²", "**2", re.sub(r"³", "**3", text))
    text = re.sub(r"(?<=s)2$", "**2", text) if text.endswith(("/s2", "/sec2")) else text
    return _SPELLINGS.get(unit.strip(), _SPELLINGS.get(text, text))


@lru_cache(maxsize=1024)
def conversion(unit: str, canonical: str) -> tuple[float, float]:
    """``(factor, offset)`` with ``canonical value = factor * value + offset``.

    Raises:
        DecodeError: ``unknown_unit`` where Pint cannot read ``unit``; ``wrong_unit`` where it is of another quantity.
    """
    if normalise(unit) == normalise(canonical):
        return 1.0, 0.0
    if unit in _LOGARITHMIC or canonical in _LOGARITHMIC:
        raise DecodeError("wrong_unit", f"{unit!r} cannot become {canonical!r}: levels are not converted")
    registry = _registry()
    try:
        source, target = registry.Unit(normalise(unit)), registry.Unit(normalise(canonical))
    except Exception as error:  # Pint raises its own, tokenizer and assertion errors for a text that is no unit
        raise DecodeError("unknown_unit", f"{unit!r} is no unit") from error
    if source.dimensionality != target.dimensionality:
        raise DecodeError("wrong_unit", f"{unit!r} cannot become {canonical!r}")
    zero = float(registry.Quantity(0.0, source).to(target).magnitude)
    one = float(registry.Quantity(1.0, source).to(target).magnitude)
    return one - zero, zero


def check_stated(column: str, stated: str | None, expected: str, label: str | None) -> None:
    """Refuse a file whose header states another unit than the profile does.

    Raises:
        DecodeError: ``unknown_unit`` or ``wrong_unit``, naming the column and both units.
    """
    if stated is None or stated in (expected, label) or normalise(stated) == normalise(expected):
        return
    try:
        factor, offset = conversion(stated, expected)
    except DecodeError as error:
        raise DecodeError(error.reason, f"column {column!r} states {stated!r}, the profile {expected!r}") from error
    if abs(factor - 1.0) > 1e-9 or abs(offset) > 1e-9:
        raise DecodeError("wrong_unit", f"column {column!r} states {stated!r}, the profile {expected!r}")
