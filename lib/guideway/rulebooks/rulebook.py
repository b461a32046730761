"""A rule book: limit rows, and the rule for which of them apply to a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from guideway.rulebooks.limit import Limit

ANY_CLASS = "*"


def _harshness(limit: Limit) -> tuple[int, float]:
    return limit.severity, limit.value if limit.direction == "above" else -limit.value


@dataclass(frozen=True)
class Rulebook:
    """Limits of one rule book, looked up by indicator, asset class and speed.

    Rows of the exact asset class (a line's mode, a receiver zone) win over rows of class ``*``. A speed band
    is open below and closed above, ``(from, to]``; a band that starts at 0 holds standstill as well.

    Attributes:
        rulebook_id: name lines refer to.
        rows: every limit of the book.
    """

    rulebook_id: str
    rows: tuple[Limit, ...]
    _by_indicator: dict[str, tuple[Limit, ...]] = field(init=False, repr=False, compare=False)
    _found: dict[tuple[str, str, float], tuple[Limit, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_indicator: dict[str, list[Limit]] = {}
        for row in self.rows:
            by_indicator.setdefault(row.indicator, []).append(row)
        ordered = {name: tuple(sorted(rows, key=_harshness)) for name, rows in by_indicator.items()}
        object.__setattr__(self, "_by_indicator", ordered)
        object.__setattr__(self, "_found", {})

    @property
    def indicators(self) -> frozenset[str]:
        """Indicators the book has a limit for."""
        return frozenset(self._by_indicator)

    def limits(self, indicator: str, asset_class: str, speed_kmh: float) -> tuple[Limit, ...]:
        """Limits in force, mildest first; empty where the book says nothing."""
        key = (indicator, asset_class, speed_kmh)
        if key not in self._found:
            rows = [row for row in self._by_indicator.get(indicator, ()) if _in_band(row, speed_kmh)]
            exact = tuple(row for row in rows if row.asset_class == asset_class)
            self._found[key] = exact or tuple(row for row in rows if row.asset_class == ANY_CLASS)
        return self._found[key]

    def judge(self, indicator: str, value: float, asset_class: str, speed_kmh: float) -> Limit | None:
        """The worst limit ``value`` exceeds; ``None`` where it exceeds none, or is NaN."""
        worst = None
        for limit in self.limits(indicator, asset_class, speed_kmh):
            if (value > limit.value) if limit.direction == "above" else (value < limit.value):
                worst = limit
        return worst

    def judge_many(
        self,
        indicator: str,
        values: npt.ArrayLike,
        asset_classes: Iterable[str],
        speeds_kmh: npt.ArrayLike,
    ) -> list[Limit | None]:
        """``judge`` for many assets: the worst limit each of ``values`` exceeds, shape (n,)."""
        numbers = np.asarray(values, dtype=np.float64).tolist()
        speeds = np.asarray(speeds_kmh, dtype=np.float64).tolist()
        return [self.judge(indicator, v, c, s) for v, c, s in zip(numbers, asset_classes, speeds, strict=True)]

    def bands(self, indicator: str, asset_class: str) -> tuple[tuple[float, float], ...]:
        """Speed bands the book distinguishes for an indicator and asset class, slowest first."""
        rows = self._by_indicator.get(indicator, ())
        exact = {(row.speed_from_kmh, row.speed_to_kmh) for row in rows if row.asset_class == asset_class}
        wide = {(row.speed_from_kmh, row.speed_to_kmh) for row in rows if row.asset_class == ANY_CLASS}
        return tuple(sorted(exact | wide))


def _in_band(row: Limit, speed_kmh: float) -> bool:
    above = speed_kmh > row.speed_from_kmh or speed_kmh == row.speed_from_kmh == 0
    return above and speed_kmh <= row.speed_to_kmh
