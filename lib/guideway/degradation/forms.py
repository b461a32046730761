"""What is fitted to a group: the form of its growth, and what lies on top of it."""

from __future__ import annotations

from dataclasses import dataclass

from guideway.degradation.parameters import DegradationParameters, ModelChoice
from guideway.degradation.priors import LINEAR, MODELS


@dataclass(frozen=True)
class Form:
    """The form of a group's trends.

    Attributes:
        model: how the level grows; ``auto`` is linear or Wiener drift, whichever is likelier.
        seasonal: whether a yearly wave (temperature) lies on top.
        runs: whether what the values of one run share is taken off first.
        isolated_defects: whether abrupt new maxima are part of its limit forecasts; for peak indicators.
        by_load: whether its time runs in traffic (see ``load_axis``); not with waves or runs: those are of days.
    """

    model: ModelChoice = "auto"
    seasonal: bool = False
    runs: bool = False
    isolated_defects: bool = False
    by_load: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError where time runs in traffic and something on top in days."""
        if self.by_load and (self.seasonal or self.runs):
            raise ValueError("a form by load has neither a yearly wave nor shared runs")

    @classmethod
    def of(cls, parameters: DegradationParameters) -> Form:
        """What the parameters say of every group."""
        return cls(parameters.model, parameters.seasonal, isolated_defects=parameters.isolated_defects)

    @property
    def start(self) -> int:
        """Position in ``priors.MODELS`` of the model a group starts with."""
        return LINEAR if self.model == "auto" else MODELS.index(self.model)
