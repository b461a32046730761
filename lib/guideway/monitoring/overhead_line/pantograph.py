"""Hard points and losses of contact as short shocks in pantograph acceleration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.signals.filters import stretches

Array = npt.NDArray[np.float64]

_TIMES_USUAL = 6.0
_MERGE_S = 0.25
_LEAST_SAMPLES = 200
_LEAST_LIVELY = 1e-3  # m/s2
_BEYOND_REASON = 2000.0


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """A shock at the pantograph: first and last sample, peak amount of acceleration about its mean, m/s2."""

    first: int
    last: int
    at: int
    peak: float


def cleaned(values: npt.ArrayLike) -> Array | None:
    """Acceleration about its median, NaN where missing; None for a dead, stuck or nearly empty sensor.

    A sensor is dead or stuck where the middle half of its samples differs by less than 0.001 m/s2.
    """
    samples = np.asarray(values, dtype=np.float64)
    good = np.abs(samples) < _BEYOND_REASON
    if np.count_nonzero(good) < _LEAST_SAMPLES:
        return None
    low, middle, high = np.percentile(samples[good], (25, 50, 75))
    if high - low < _LEAST_LIVELY:
        return None
    return np.where(good, samples - middle, np.nan)


def find_contact_events(acceleration: Array, step_s: float) -> tuple[ContactEvent, ...]:
    """Shocks that stand six robust standard deviations out of the record, in order.

    Missing samples neither make nor join events: a gap longer than a quarter of a second ends one.

    Args:
        acceleration: as :func:`cleaned` gives it, shape (n,), m/s2.
        step_s: time between samples.
    """
    amount = np.abs(acceleration)
    known = amount[np.isfinite(amount)]
    if known.size < _LEAST_SAMPLES:
        return ()
    sigma = 1.4826 * float(np.median(known))
    with np.errstate(invalid="ignore"):
        beyond = amount > _TIMES_USUAL * sigma
    found = []
    for first, stop in stretches(beyond, round(_MERGE_S / step_s)):
        at = first + int(np.nanargmax(amount[first:stop]))
        found.append(ContactEvent(first, stop - 1, at, float(amount[at])))
    return tuple(found)
