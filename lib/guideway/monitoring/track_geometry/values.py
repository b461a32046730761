"""Values of every indicator of a recording's sections, and their way into conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from guideway.monitoring.definition import Condition, Indicator, Quality
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.monitoring.track_geometry.statistics import Indices, Sections
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import Rulebook

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SectionValues:
    """Indicator values of each section, NaN where missing, with the samples behind them.

    Attributes:
        sections: the sections.
        values: indicator -> value, shape (sections,).
        counts: indicator -> valid samples, shape (sections,).
    """

    sections: Sections
    values: dict[str, Floats] = field(default_factory=dict)
    counts: dict[str, Indices] = field(default_factory=dict)

    def add(self, name: str, values: Floats, counts: Indices) -> None:
        """Note an indicator's values and the samples behind them."""
        self.values[name] = values
        self.counts[name] = counts

    def add_from(self, name: str, values: Floats, *sources: str) -> None:
        """Note an indicator computed from others: as well covered as the worst of them."""
        counts = np.minimum.reduce([self.counts[source] for source in sources])
        self.add(name, values, counts)

    def get(self, name: str) -> Floats:
        """Values of an indicator; all NaN where it was not measured."""
        return self.values.get(name, np.full(self.sections.first.size, np.nan))

    def coverage(self, name: str) -> Floats:
        """Share of each section that was measured, 0 to 1."""
        return np.minimum(self.counts[name] / self.sections.expected, 1.0)

    def limit_values(self, rulebook: Rulebook, indicator: str, severity: int) -> Floats:
        """The book's limit of that severity for each section, NaN where it has none."""
        return np.array(
            [_of_severity(rulebook.limits(indicator, s.mode, s.speed_kmh), severity) for s in self.sections.stretches],
            dtype=np.float64,
        )

    def conditions(
        self, definitions: Mapping[str, Indicator], times: Floats, settings: TrackGeometryParameters
    ) -> tuple[Condition, ...]:
        """A condition for each value there is enough data behind."""
        return tuple(
            condition
            for name, values in self.values.items()
            for condition in self._conditions(definitions[name], values, times, settings)
        )

    def _conditions(
        self, definition: Indicator, values: Floats, times: Floats, settings: TrackGeometryParameters
    ) -> list[Condition]:
        name = definition.name
        coverage = self.coverage(name)
        wanted = np.flatnonzero(np.isfinite(values) & (coverage >= settings.least_coverage)).tolist()
        numbers, counts, shares = values.tolist(), self.counts[name].tolist(), coverage.tolist()
        return [
            Condition(
                asset_id=self.sections.stretches[i].asset_id,
                indicator=name,
                value=numbers[i],
                unit=definition.unit,
                n_samples=counts[i],
                coverage=shares[i],
                quality=_quality(shares[i], settings),
                at_offset_s=float(times[i]),
            )
            for i in wanted
        ]


def _quality(coverage: float, settings: TrackGeometryParameters) -> Quality:
    if coverage < settings.suspect_coverage:
        return "poor"
    return "good" if coverage >= settings.good_coverage else "suspect"


def _of_severity(limits: tuple[Limit, ...], severity: int) -> float:
    return next((limit.value for limit in limits if limit.severity == severity), float("nan"))
