"""Anomalies without labels: machines of one kind, running together, watched for the one that leaves the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.ndimage import median_filter

from guideway.prognostics.ragged import Floats


class AnomalyParameters(BaseModel):
    """Settings of the peer comparison; rises are natural logarithms of amplitude ratios.

    Attributes:
        baseline_rows: first rows, taken as healthy.
        smooth_rows: rows of the trailing median.
        least_rise: least rise above the peers that counts.
        sigmas: least rise in standard deviations of the healthy rows.
        transmitted: share of the strongest peer's rise that reaches its neighbours through shaft and frame.
        lasting_rows: rows in a row before an alarm is raised.
        stopped: share of the healthy amplitude below which the machine stands still.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline_rows: int = Field(default=200, ge=10)
    smooth_rows: int = Field(default=13, ge=1)
    least_rise: float = Field(default=0.08, gt=0)
    sigmas: float = Field(default=6.0, gt=0)
    transmitted: float = Field(default=0.25, ge=0, lt=1)
    lasting_rows: int = Field(default=6, ge=1)
    stopped: float = Field(default=0.2, gt=0, lt=1)


@dataclass(frozen=True)
class PeerAlarms:
    """Alarms of machines that run together.

    Attributes:
        first_row: row at which each machine's alarm was raised; -1 without one; (n_machines,).
        rise: rise of each machine above its peers; NaN where the machine stood still; (n, n_machines).
        running: rows at which the machines ran; (n,).
    """

    first_row: NDArray[np.int64]
    rise: Floats
    running: NDArray[np.bool_]


def peer_alarms(amplitude: Floats, parameters: AnomalyParameters | None = None) -> PeerAlarms:
    """Watch machines that run together on one shaft or line, from past rows only.

    What moves all of them (load, speed, temperature, a restart) cancels against the median of the peers. An alarm needs
    a rise above the peers that is large against the healthy scatter, lasts, and is more than what the strongest peer's
    rise transmits.

    Args:
        amplitude: vibration amplitude by row and machine, any unit; (n, n_machines), at least three machines.
        parameters: settings.
    """
    settings = parameters or AnomalyParameters()
    n, machines = amplitude.shape
    nothing = PeerAlarms(np.full(machines, -1), np.full((n, machines), np.nan), np.zeros(n, dtype=bool))
    if machines < 3 or n <= settings.baseline_rows:
        return nothing
    healthy = np.nanmedian(amplitude[: settings.baseline_rows], axis=0)
    with np.errstate(invalid="ignore"):
        moving = (amplitude > settings.stopped * healthy).max(axis=1, initial=False)
    running = np.asarray(moving & (amplitude > 0).min(axis=1, initial=True), dtype=np.bool_)
    if running[: settings.baseline_rows].sum() < 10:
        return nothing
    level = trailing_median(np.log(amplitude[running]), settings.smooth_rows)
    baseline = slice(0, int(running[: settings.baseline_rows].sum()))
    change = level - np.median(level[baseline], axis=0)
    rise = change - np.column_stack([np.median(np.delete(change, k, axis=1), axis=1) for k in range(machines)])
    rise = rise - np.median(rise[baseline], axis=0)
    sigma = 1.4826 * np.median(np.abs(rise[baseline]), axis=0)
    strongest = np.column_stack([np.delete(rise, k, axis=1).max(axis=1) for k in range(machines)])
    needed = np.maximum(settings.least_rise, settings.sigmas * sigma) + settings.transmitted * np.maximum(strongest, 0)
    beyond = rise > needed
    beyond[baseline] = False
    rows = np.flatnonzero(running)
    first = np.array([_first_lasting(beyond[:, k], settings.lasting_rows, rows) for k in range(machines)])
    whole = np.full((n, machines), np.nan)
    whole[running] = rise
    return PeerAlarms(first.astype(np.int64), whole, running)


def trailing_median(values: Floats, width: int) -> Floats:
    """Median of the last ``width`` rows of each column, fewer at the beginning (the first row repeated)."""
    shifted = median_filter(values, size=(width, 1), mode="nearest", origin=((width - 1) // 2, 0))
    smooth: Floats = np.asarray(shifted, dtype=np.float64)
    return smooth


def _first_lasting(beyond: NDArray[np.bool_], lasting: int, rows: NDArray[np.int64]) -> int:
    """Row at which ``beyond`` has held for ``lasting`` rows; -1 if it never does."""
    runs = np.convolve(beyond.astype(np.int64), np.ones(lasting, dtype=np.int64))[: beyond.size] == lasting
    return int(rows[np.argmax(runs)]) if runs.any() else -1
