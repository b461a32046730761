"""What must hold between the rows of one rule book."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from guideway.errors import ConfigurationError
from guideway.rulebooks.limit import Limit

Placed = tuple[Limit, str]


def check_limits(placed: Sequence[Placed]) -> None:
    """Check the rows of one book, each with the place (file and row) it was read from.

    Raises:
        ConfigurationError: bands of one level overlap, levels change unit or direction, or a milder level lies
            beyond a harsher one at the same speed.
    """
    ordered = sorted(placed, key=_group)
    for _, group in groupby(ordered, key=_group):
        rows = list(group)
        _check_bands(rows)
        _check_kind(rows)
        _check_order(rows)


def _group(placed: Placed) -> tuple[str, str]:
    return placed[0].indicator, placed[0].asset_class


def _check_bands(rows: list[Placed]) -> None:
    by_level = sorted(rows, key=lambda row: (row[0].level, row[0].speed_from_kmh))
    for (one, _), (two, place) in pairwise(by_level):
        if one.level == two.level and two.speed_from_kmh < one.speed_to_kmh:
            raise ConfigurationError(
                f"{place}, column 'speed_from_kmh': band of {two.indicator} {two.level} from {two.speed_from_kmh:g} "
                f"overlaps the band up to {one.speed_to_kmh:g}"
            )


def _check_kind(rows: list[Placed]) -> None:
    first = rows[0][0]
    for limit, place in rows:
        for column in ("unit", "direction"):
            if getattr(limit, column) != getattr(first, column):
                raise ConfigurationError(
                    f"{place}, column {column!r}: {getattr(limit, column)!r} differs from {getattr(first, column)!r} "
                    f"of the other limits of {limit.indicator}"
                )


def _check_order(rows: list[Placed]) -> None:
    for mild, _ in rows:
        for harsh, place in rows:
            meet = mild.speed_from_kmh < harsh.speed_to_kmh and harsh.speed_from_kmh < mild.speed_to_kmh
            beyond = mild.value > harsh.value if mild.direction == "above" else mild.value < harsh.value
            if meet and mild.severity < harsh.severity and beyond:
                raise ConfigurationError(
                    f"{place}, column 'value': {mild.level} of {mild.indicator} ({mild.value:g}) lies beyond "
                    f"{harsh.level} ({harsh.value:g})"
                )
