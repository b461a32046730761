"""Works that changed a series: recorded ones found in it, unrecorded ones inferred from it.

A recorded work is snapped to the drop it explains, within a tolerance of days; a clear drop no record explains becomes
an inferred work with a confidence. An upward shift (a new defect, a changed sensor) is no work but also starts a new
level; a bend (a defect that begins to grow) starts a new rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.degradation.compiled import kernel
from guideway.degradation.load_axis import TimeAxis
from guideway.degradation.noise import MAD_TO_SIGMA, noise_sigma
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.priors import (
    NOISE_RATIO,
    NOISE_VAR,
    PROCESS_VAR,
    RATE_MEAN,
    RATE_VAR,
    Priors,
)
from guideway.degradation.scale import ScaledSeries, scaled, to_values
from guideway.degradation.series import DAYS_PER_YEAR, Floats, Ints, SeriesBatch
from guideway.degradation.waves import without_season
from guideway.degradation.works import (
    AFTER,
    AT,
    BEFORE,
    BEND,
    CONFIDENCE,
    EFFECTIVE,
    EVENT_COLUMNS,
    FROM,
    KIND,
    POSITION,
    SUCCESS,
    TO,
    WORK,
    WORK_ROW,
    runs_before,
    series_events,
)

RECORDED, INFERRED = 0, 1
SOURCES = ("recorded", "inferred")
UNKNOWN_WORK = -1
ROOM = 24  # most breaks of one series
ALONE = 12.0  # widens a noise known from one series only, about as Student's t does at 4 sigma


@dataclass(frozen=True)
class Interventions:
    """Works of ``n`` series in ragged arrays, in time order.

    Attributes:
        offsets: int64 (n + 1,), start of each series' works.
        at_days: when; recorded works snapped into the gap of their drop, inferred ones in its middle.
        work_code: int16, position in ``SeriesBatch.work_names``; -1 for inferred works.
        work_row: int64, position in the batch's ``work_t_days``; -1 for inferred works.
        source: int8, position in ``SOURCES``.
        confidence: 0 to 1; 1 for a recorded work that shows.
        effect: change of the indicator in its unit, negative is better; NaN where no run shows it.
        effective: whether the trend restarts there.
        from_days, to_days: the runs between which it lies (the record's day where it does not show).
        events: (k, 11) works, upward shifts and bends as the trend needs them; ``event_offsets`` (n + 1,) their series.
        weights: 0 for values put aside as outliers, else 1; on the model's scale.
    """

    offsets: Ints
    at_days: Floats
    work_code: npt.NDArray[np.int16]
    work_row: Ints
    source: npt.NDArray[np.int8]
    confidence: Floats
    effect: Floats
    effective: npt.NDArray[np.bool_]
    from_days: Floats
    to_days: Floats
    events: Floats
    event_offsets: Ints
    weights: Floats

    def owner(self) -> Ints:
        """int64 (k,): which series each work belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def find_interventions(
    batch: SeriesBatch,
    priors: Priors,
    parameters: DegradationParameters | None = None,
    as_of_days: npt.ArrayLike | None = None,
) -> Interventions:
    """Recorded and inferred works of every series of ``batch``.

    Series with fewer than three values, constant ones and ones beyond floating point have their records only. In groups
    by load ``as_of_days`` (one day, or one a series) is the day whose traffic is the measure; by default that of the
    latest value. Days of works are always of the calendar.
    """
    chosen = parameters or DegradationParameters()
    on_scale = scaled(batch, priors)
    if np.any(priors.season_var > 0.0):
        on_scale = without_season(on_scale, priors)
    axis = TimeAxis.of(batch, priors, as_of_days)
    events, event_offsets, weights = batch_events(
        on_scale.offsets,
        on_scale.t_days,
        axis.from_calendar(on_scale.offsets, on_scale.t_days),
        on_scale.z,
        batch.work_offsets,
        batch.work_t_days,
        axis.from_calendar(batch.work_offsets, batch.work_t_days),
        on_scale.rows,
        priors.table(),
        settings(chosen),
    )
    return _assembled(batch, on_scale, events, event_offsets, weights)


def nothing(n: int, values: int) -> Interventions:
    """No works at all, for ``n`` series of ``values`` values together."""
    none, whole = np.zeros(0), np.zeros(0, np.int64)
    return Interventions(
        offsets=np.zeros(n + 1, np.int64),
        at_days=none,
        work_code=whole.astype(np.int16),
        work_row=whole,
        source=whole.astype(np.int8),
        confidence=none,
        effect=none,
        effective=none.astype(bool),
        from_days=none,
        to_days=none,
        events=np.zeros((0, EVENT_COLUMNS)),
        event_offsets=np.zeros(n + 1, np.int64),
        weights=np.ones(values),
    )


def settings(parameters: DegradationParameters) -> Floats:
    """The numbers of the parameters the kernels of this module take."""
    p = parameters
    return np.array(
        [
            p.work_penalty,
            p.recorded_penalty,
            p.record_tolerance_days,
            p.min_effect_sigma,
            p.min_points_after,
            p.work_success,
            p.outlier_sigma,
            p.noise_weight,
        ]
    )


@kernel
def detection_scale(years: Floats, z: Floats, prior: Floats, weight: float) -> tuple[float, float, float, float]:
    """Noise, rate, ridge weight and share of wandering to look for works with: the group's, else the series' own."""
    n = len(z)
    own = noise_sigma(years, z)
    sigma2, count = own * own, 0.4 * (n - 2)
    if np.isfinite(prior[NOISE_VAR]) and np.isfinite(prior[NOISE_RATIO]):
        group = prior[NOISE_VAR] / prior[NOISE_RATIO]
        sigma2 = (weight * group + count * sigma2) / (weight + count) if np.isfinite(own) else group
    else:
        sigma2 *= 1.0 + ALONE / max(count, 1.0)
    span = years[n - 1] - years[0]
    wander = prior[PROCESS_VAR] * span / max(n - 1, 1)
    sigma2 += 2.0 * wander
    rate, rate_var = prior[RATE_MEAN], prior[RATE_VAR]
    steps = (z[1:] - z[:-1]) / (years[1:] - years[:-1])
    if not np.isfinite(rate):
        rate = float(np.median(steps))
    if not np.isfinite(rate_var):
        error = 1.25 * MAD_TO_SIGMA * np.median(np.abs(steps - np.median(steps))) / np.sqrt(n)
        rate_var = 4.0 * (rate * rate + error * error)
    shrink = sigma2 / rate_var if rate_var > 0.0 else 1e12
    return np.sqrt(sigma2), rate, min(max(shrink, 1e-12), 1e12), wander / sigma2 if sigma2 > 0.0 else 0.0


@kernel
def batch_events(
    offsets: Ints,
    t: Floats,
    axis_t: Floats,
    z: Floats,
    work_offsets: Ints,
    work_t: Floats,
    axis_work_t: Floats,
    rows: Ints,
    table: Floats,
    numbers: Floats,
) -> tuple[Floats, Ints, Floats]:
    """Events of all series, their offsets, and the weights of all values; ``BEFORE`` and ``AFTER`` on the z scale.

    Records are looked for, and events placed, on the calendar (``t``, ``work_t``); levels grow along ``axis_t``.
    """
    n = len(offsets) - 1
    events = np.empty((len(work_t) + (2 * ROOM + 1) * n, EVENT_COLUMNS))
    bounds = np.zeros(n + 1, np.int64)
    weights = np.ones(len(t))
    for i in range(n):
        a, b = offsets[i], offsets[i + 1]
        works = work_t[work_offsets[i] : work_offsets[i + 1]]
        axis_works = axis_work_t[work_offsets[i] : work_offsets[i + 1]]
        days, axis_days, levels = t[a:b], axis_t[a:b], z[a:b]
        sigma, rate, shrink, wander = 0.0, 0.0, 1.0, 0.0
        years = (axis_days - axis_days[0]) / DAYS_PER_YEAR if b > a else axis_days
        if b - a >= 3:
            sigma, rate, shrink, wander = detection_scale(years, levels, table[rows[i]], numbers[7])
        if not (np.isfinite(sigma) and np.isfinite(rate) and sigma > 0.0):
            sigma = 0.0
        limits = np.array([numbers[3], 1.0 - 2.0 * wander, wander])
        if sigma > 0.0:
            y = (levels - levels[0] - rate * years) / sigma
            found, kept = series_events(days, years, y, works, shrink, numbers, limits, ROOM)
            weights[a:b] = kept
        else:
            found, kept = series_events(days[:0], years[:0], levels[:0], works, shrink, numbers, limits, ROOM)
            for e in range(len(found)):
                found[e, POSITION] = runs_before(days, works[e])
                found[e, EFFECTIVE] = 1.0 if found[e, POSITION] == b - a else 0.0
        for k in range(len(found)):
            row = events[bounds[i] + k]
            row[:] = found[k]
            at = min(max(int(row[POSITION]) - 1, 0), max(b - a - 1, 0))
            if row[KIND] == BEND:
                row[BEFORE], row[AFTER] = rate + sigma * row[BEFORE], rate + sigma * row[AFTER]
            elif sigma > 0.0:
                if row[FROM] < row[TO]:
                    reference = levels[0] + rate * 0.5 * (years[at] + years[min(at + 1, b - a - 1)])
                else:  # a record that does not show
                    reference = levels[0] + rate * (axis_works[int(row[WORK_ROW])] - axis_days[0]) / DAYS_PER_YEAR
                row[BEFORE] = reference + sigma * row[BEFORE]
                row[AFTER] = reference + sigma * row[AFTER]
        bounds[i + 1] = bounds[i] + len(found)
    return events[: bounds[n]].copy(), bounds, weights


def _assembled(
    batch: SeriesBatch, on_scale: ScaledSeries, events: Floats, bounds: Ints, weights: Floats
) -> Interventions:
    owner = np.repeat(np.arange(len(batch)), np.diff(bounds))
    is_work = events[:, KIND] == WORK
    works, of = events[is_work], owner[is_work]
    recorded = works[:, WORK_ROW] >= 0
    work_row = np.where(recorded, batch.work_offsets[of] + np.maximum(works[:, WORK_ROW], 0).astype(np.int64), -1)
    codes = np.full(len(works), UNKNOWN_WORK, np.int16)
    codes[recorded] = batch.work_codes[work_row[recorded]]
    sign, is_log = on_scale.direction[of], on_scale.is_log[of]
    before = to_values(works[:, BEFORE], sign, is_log)
    with np.errstate(over="ignore", invalid="ignore"):
        effect = sign * (to_values(works[:, AFTER], sign, is_log) - before)
    return Interventions(
        offsets=np.searchsorted(of, np.arange(len(batch) + 1)).astype(np.int64),
        at_days=works[:, AT].copy(),
        work_code=codes,
        work_row=work_row.astype(np.int64),
        source=np.where(recorded, RECORDED, INFERRED).astype(np.int8),
        confidence=np.nan_to_num(works[:, CONFIDENCE], nan=0.0),  # beyond floating point nothing can be judged
        effect=np.where(np.isfinite(effect), effect, np.nan),
        effective=works[:, EFFECTIVE] == 1.0,
        from_days=works[:, FROM].copy(),
        to_days=works[:, TO].copy(),
        events=events,
        event_offsets=bounds,
        weights=weights,
    )


__all__ = ["INFERRED", "RECORDED", "SOURCES", "SUCCESS", "UNKNOWN_WORK", "Interventions", "find_interventions"]
