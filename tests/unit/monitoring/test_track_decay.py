"""Track decay rates from responses that decay at stated rates, and those of Niederwangen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.monitoring.rail_surface.decay import track_decay_rate

#: Distances of the hammer in sleeper bays of 0.6 m, dense near the accelerometer [K].
BAYS = (0, .25, .5, .75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 30, 36, 42, 48,
        54, 66)  # fmt: skip
GRID_M = 0.6 * np.array(BAYS)


def response(rate_db_per_m: np.ndarray) -> np.ndarray:
    """Amplitude over the grid of bands that decay at these rates, shape (bands, n)."""
    return 10.0 ** (-np.asarray(rate_db_per_m)[:, None] * GRID_M / 20.0)


def niederwangen(shared_data: Path) -> pd.DataFrame:
    """Measured rates: columns sec, damp, dir, freq, tdr."""
    return pd.read_csv(shared_data / "ch-niederwangen-passby-noise" / "track_decay_rate.csv")


def deviation(shared_data: Path) -> np.ndarray:
    """Found over measured rate, less one, of every band that falls by 10 dB along the grid."""
    measured = niederwangen(shared_data)["tdr"].to_numpy()
    found = track_decay_rate(GRID_M, response(measured))
    return np.asarray((found / measured - 1)[np.isfinite(found)])


def effect_of_dampers(shared_data: Path, direction: str) -> float:
    """Mean rate with dampers over that without on the same sections, 500 to 2000 Hz."""
    table = niederwangen(shared_data)
    table = table[table["dir"].eq(direction) & table["freq"].between(500, 2000)]
    means = table.groupby(["sec", "damp"])["tdr"].mean().unstack("damp").dropna()
    return float((means[True] / means[False]).mean())


def test_rates_of_niederwangen_come_back(shared_data: Path) -> None:
    apart = np.abs(deviation(shared_data))
    assert apart.size > 800
    assert np.percentile(apart, 95) < 0.05
    assert np.median(apart) < 0.02


def test_dampers_raise_the_rate(shared_data: Path) -> None:
    assert effect_of_dampers(shared_data, "v") > 1.0


@given(st.floats(0.5, 12.0), st.floats(0.01, 100.0))
def test_the_rate_does_not_depend_on_the_strength_of_the_blow(rate: float, strength: float) -> None:
    one = response(np.array([rate]))
    assert track_decay_rate(GRID_M, strength * one)[0] == pytest.approx(track_decay_rate(GRID_M, one)[0])
    assert track_decay_rate(GRID_M, one)[0] == pytest.approx(rate, rel=0.05)


def test_what_does_not_decay_along_the_grid_is_not_known() -> None:
    assert np.isnan(track_decay_rate(GRID_M, response(np.array([0.1, 0.0])))).all()
    assert np.isnan(track_decay_rate(GRID_M, np.full(GRID_M.size, np.nan))).all()


@pytest.mark.parametrize(("grid", "says"), [([1.0, 2.0], "rise from 0"), ([0.0, 0.0], "rise"), ([0.0], "rise")])
def test_distances_that_do_not_rise_from_zero_are_refused(grid: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        track_decay_rate(grid, np.ones(len(grid)))
    with pytest.raises(ValueError, match="3 responses do not fit 2"):
        track_decay_rate([0.0, 1.0], np.ones(3))
