"""Passages in continuous records: all trains found, nothing found in noise, windows where the train was."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.signals.levels import energy_mean
from guideway.signals.passages import find_in_envelope, find_passages, runs

FS = 500.0


def record_with_trains(
    starts_s: list[float], train_s: float, rise: float, seed: int, length_s: float = 600.0
) -> np.ndarray:
    """Noise with trains: louder by ``rise`` for ``train_s``, with ramps of 1.5 s before and after."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(length_s * FS)) / FS
    gain = np.ones(t.size)
    for start in starts_s:
        gain += (rise - 1.0) * np.interp(t, [start - 1.5, start, start + train_s, start + train_s + 1.5], [0, 1, 1, 0])
    return gain * rng.normal(size=t.size) * 1e-3


@given(st.integers(0, 1000), st.integers(1, 12), st.floats(5.0, 20.0), st.floats(8.0, 60.0))
@settings(max_examples=15, deadline=None)
def test_every_train_is_found_and_nothing_else(seed: int, count: int, train_s: float, rise: float) -> None:
    starts = [20.0 + 45.0 * k for k in range(count)]
    found = find_passages(record_with_trains(starts, train_s, rise, seed), FS)
    assert len(found) == count
    for passage, start in zip(found, starts, strict=True):
        assert passage.train[0] == pytest.approx(start, abs=1.6)
        assert passage.train[1] == pytest.approx(start + train_s, abs=1.6)
        assert passage.whole[0] <= passage.train[0] < passage.train[1] <= passage.whole[1] + 0.1
        assert passage.loudest[1] - passage.loudest[0] == pytest.approx(4.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_stationary_record_has_no_train(seed: int) -> None:
    assert find_passages(np.random.default_rng(seed).normal(size=300_000), FS) == ()


def test_a_spike_is_no_train() -> None:
    signal = np.random.default_rng(1).normal(size=60_000)
    signal[30_000:30_020] = 500.0
    found = find_passages(signal, FS)
    assert all(passage.train[1] - passage.train[0] < 1.0 for passage in found)


@pytest.mark.parametrize("signal", [np.empty(0), np.zeros(5000), np.full(5000, 3.0), np.ones(1)])
def test_empty_and_constant_records_have_none(signal: np.ndarray) -> None:
    assert find_passages(signal, FS) == ()


def test_logged_levels_are_searched_as_well() -> None:
    laf = np.full(6000, 55.0)
    laf[3000:3100] = 90.0
    (passage,) = find_in_envelope(10 ** (laf / 20), 10.0)
    assert passage.train == pytest.approx((300.0, 310.0), abs=0.11)


def test_published_pass_bys_are_found_where_the_axles_were(shared_data: Path) -> None:
    with gzip.open(shared_data / "ch-niederwangen-passby-noise" / "passby_raw.json.gz", "rt") as stream:
        trains = json.load(stream)
    deviations_s, deviations_db = [], []
    for train in trains.values():
        section = train["Q1"]
        _, laf, step = section["LAF"]["FAMOS"]
        start, _ = section["intervals"]["full"]
        (passage,) = find_in_envelope(10 ** (np.array(laf) / 20), 1.0 / step)
        axles = np.array(section["tPeaks"]) - start
        deviations_s += [passage.train[0] - axles[0], passage.train[1] - axles[-1]]
        deviations_db.append(energy_mean(laf) - section["leq"]["full"])
    assert len(trains) == 8
    assert np.abs(deviations_s).max() < 1.2
    assert np.abs(deviations_db).max() < 0.25


def test_runs_join_over_short_gaps() -> None:
    assert runs(np.array([0, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool), 1) == ([1, 8], [5, 9])
