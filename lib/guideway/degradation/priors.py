"""What a group of similar series says about any one of them: the priors of partial pooling."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from guideway.degradation.correlation import Correlation
from guideway.degradation.runs import RunEffects
from guideway.degradation.series import Floats, SeriesBatch

MODELS = ("none", "linear", "wiener", "exponential", "gamma", "pooled_prior")
NONE, LINEAR, WIENER, EXPONENTIAL, GAMMA, POOLED_PRIOR = range(6)


@dataclass(frozen=True)
class Priors:
    """One row a group, and a last row for every series outside them; NaN is "unknown".

    Numbers are on the scale the model works on: the unit of the indicator with worse = higher, or its logarithm where
    the model is exponential.

    Attributes:
        groups: names of the groups; ``SeriesBatch.group`` are positions in it.
        model: int8, position in ``MODELS``.
        by_load: bool, whether rates are a year at the day's traffic (see ``load_axis``), not a calendar year.
        rate_mean, rate_var: rate a year between works, and its variance between series.
        rate_memory: correlation of a series' rates before and after a work.
        noise_var: variance of one measurement around the trend.
        noise_ratio: that variance over the one interpolation residuals show (below 1 where the process wanders).
        process_var: variance the level gains a year by itself (Wiener or gamma process); 0 for a straight line.
        effect_alpha, effect_beta, effect_var: a work lowers the level by ``alpha + beta * level``, with that variance.
        effect_memory: factor on that effect for each further work of the series.
        season_cos, season_sin, season_var: yearly wave ``c cos(2 pi y) + s sin(2 pi y)`` with y in years since 1970,
            and variance of its two numbers between series.
        jump_rate, jump_mean: abrupt new maxima a year, and their mean size.
        n_series: series the row was estimated from.
        runs: what the values of one run share, cohort by cohort.
        correlation: what the indicators of one asset say of each other.
    """

    groups: tuple[str, ...]
    model: npt.NDArray[np.int8]
    by_load: npt.NDArray[np.bool_]
    rate_mean: Floats
    rate_var: Floats
    rate_memory: Floats
    noise_var: Floats
    noise_ratio: Floats
    process_var: Floats
    effect_alpha: Floats
    effect_beta: Floats
    effect_var: Floats
    effect_memory: Floats
    season_cos: Floats
    season_sin: Floats
    season_var: Floats
    jump_rate: Floats
    jump_mean: Floats
    n_series: Floats
    runs: RunEffects = field(default_factory=RunEffects.none)
    correlation: Correlation = field(default_factory=Correlation.none)

    @classmethod
    def unknown(cls, groups: tuple[str, ...] = (), model: int = LINEAR, by_load: bool = False) -> Priors:
        """Priors that know nothing: every series stands alone."""
        rows = len(groups) + 1
        values: dict[str, Any] = {name: np.full(rows, np.nan) for name in NUMBERS}
        for name in ("process_var", "season_cos", "season_sin", "season_var", "jump_rate", "n_series"):
            values[name] = np.zeros(rows)
        return cls(groups, np.full(rows, model, np.int8), np.full(rows, by_load), **values)

    @classmethod
    def of_groups(cls, groups: tuple[str, ...], single: Sequence[Priors]) -> Priors:
        """Priors of all groups from those of each alone, which have one row; the last is of what is outside them."""
        names = ("model", "by_load", *NUMBERS)
        columns: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in single]) for name in names}
        runs = RunEffects.none()
        for one in single:
            runs = runs.joined(one.runs)
        return cls(groups, **columns, runs=runs)

    def rows(self, batch: SeriesBatch) -> npt.NDArray[np.int64]:
        """int64 (n,): the row of each series; the last one where its group is not known."""
        group = batch.group.astype(np.int64)
        return np.where((group >= 0) & (group < len(self.groups)), group, len(self.groups))

    def table(self) -> Floats:
        """(groups + 1, 16): the numbers in the order of the attributes, for the kernels."""
        return np.column_stack([getattr(self, name) for name in NUMBERS]).astype(np.float64)

    def row(self, row: int) -> Floats:
        """float64 (16,): one row of :meth:`table`, without making all of it."""
        return np.array([getattr(self, name)[row] for name in NUMBERS])

    def with_row(self, row: int, **numbers: float) -> Priors:
        """A copy with some numbers of one row replaced."""
        changed = {}
        for name, value in numbers.items():
            column = getattr(self, name).copy()
            column[row] = value
            changed[name] = column
        return replace(self, **changed)

    @property
    def digest(self) -> str:
        """First 16 characters of the SHA-256 of all numbers, to nine digits: what lies beyond is rounding."""
        plain = json.dumps(self.to_dict())
        rounded = json.dumps(json.loads(plain, parse_float=lambda number: f"{float(number):.9g}"))
        return hashlib.sha256(rounded.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and strings, ready for JSON; NaN becomes None."""
        numbers = {name: [None if np.isnan(x) else float(x) for x in getattr(self, name)] for name in NUMBERS}
        runs = {f.name: getattr(self.runs, f.name).tolist() for f in fields(self.runs)}
        correlation = {f.name: getattr(self.correlation, f.name).tolist() for f in fields(self.correlation)}
        own = {"groups": list(self.groups), "model": [MODELS[m] for m in self.model], "by_load": self.by_load.tolist()}
        return {**own, **numbers, "runs": runs, "correlation": correlation}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Priors:
        """The inverse of :meth:`to_dict`."""
        numbers = {name: np.array([np.nan if x is None else x for x in plain[name]], np.float64) for name in NUMBERS}
        runs = plain["runs"]
        shared = (np.array(runs[name], np.float64) for name in ("t_days", "effect", "variance"))
        effects = RunEffects(np.array(runs["cohort"], np.int64), *shared)
        width = len(plain["correlation"]["rate"])
        together = (
            np.array(plain["correlation"][name], np.float64).reshape(width, width) for name in ("rate", "error")
        )
        model = np.array([MODELS.index(m) for m in plain["model"]], np.int8)
        by_load = np.array(plain["by_load"], np.bool_)
        return cls(tuple(plain["groups"]), model, by_load, **numbers, runs=effects, correlation=Correlation(*together))


NUMBERS = tuple(column.name for column in fields(Priors)[3:-2])
"""Names of the columns of :meth:`Priors.table`."""

(
    RATE_MEAN, RATE_VAR, RATE_MEMORY, NOISE_VAR, NOISE_RATIO, PROCESS_VAR, EFFECT_ALPHA, EFFECT_BETA, EFFECT_VAR,
    EFFECT_MEMORY, SEASON_COS, SEASON_SIN, SEASON_VAR, JUMP_RATE, JUMP_MEAN, N_SERIES,
) = range(16)  # fmt: skip
