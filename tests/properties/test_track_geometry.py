from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.archives.recording import Recording
from guideway.monitoring.track_geometry import INDICATORS, measure
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.track_geometry.synthetic_track import found, full_run, recording, sections

BOOKS = load_rulebooks()
NAMES = {one.name for one in INDICATORS}
CHANNELS = sorted(full_run(0.2))


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    n = draw(st.integers(0, 2500))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    names = draw(st.lists(st.sampled_from(CHANNELS), unique=True, max_size=len(CHANNELS)))
    scale = draw(st.sampled_from([0.0, 1e-3, 1.0, 1e4]))
    channels = {}
    for name in names:
        values = scale * rng.normal(size=n).cumsum()
        values[rng.random(n) < draw(st.sampled_from([0.0, 0.01, 0.5, 1.0]))] = draw(
            st.sampled_from([np.nan, np.inf, -np.inf, 0.0])
        )
        channels[name] = values
    return recording(draw(st.sampled_from([0.1, 0.25, 0.5, 1.0, 7.0])), **channels)


@settings(max_examples=60, deadline=None)
@given(recordings(), st.sampled_from(sorted(BOOKS)), st.booleans(), st.sampled_from([0.0, 80.0, 300.0, 430.0]))
def test_whatever_comes_in_only_sound_rows_come_out(
    run: Recording, book: str, all_indices: bool, speed_kmh: float
) -> None:
    settings_ = TrackGeometryParameters(all_indices=all_indices)
    measured = measure(run, sections(3, speed_kmh=speed_kmh), BOOKS[book], settings_)
    for one in measured.conditions:
        assert one.indicator in NAMES
        assert np.isfinite(one.value)
        assert 0.0 <= one.coverage <= 1.0
        assert one.n_samples > 0
        assert one.at_offset_s >= 0.0
    keys = [(one.asset_id, one.indicator) for one in measured.conditions]
    assert len(keys) == len(set(keys))
    for defect in measured.exceedances:
        assert np.isfinite([defect.peak, defect.limit, defect.from_m, defect.to_m]).all()
        assert defect.to_m >= defect.from_m
        assert defect.reason


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5.0), st.floats(-50.0, 50.0))
def test_spreads_scale_with_the_signal_and_ignore_its_mean(seed: int, gain: float, offset: float) -> None:
    channels = {name: np.asarray(values) for name, values in full_run(0.6, seed).items()}
    other = {name: values if name == "speed" else gain * values + offset for name, values in channels.items()}
    one, two = (found(measure(recording(**c), sections(3), BOOKS["inf_tsi"])) for c in (channels, other))
    for name in (
        "longitudinal_level_sd",
        "alignment_sd",
        "gauge_sd",
        "cross_level_sd",
        "twist_3m_sd",
        "tqi_cn",
        "cosd",
    ):
        assert np.isclose(two[name].value, gain * one[name].value, rtol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(-20, 20))
def test_a_run_that_starts_elsewhere_gives_the_same_values(seed: int, moved: int) -> None:
    run = recording(**full_run(1.2, seed))
    shifted = replace(run, start=run.start + 100.0 * moved)
    there = [replace(s, from_m=s.from_m + 100.0 * moved, to_m=s.to_m + 100.0 * moved) for s in sections(6)]
    one, two = (
        found(measure(run, sections(6), BOOKS["en_13848"]), "s3"),
        found(measure(shifted, there, BOOKS["en_13848"]), "s3"),
    )
    assert one == two
