"""Maglev runs with known guideway defects, through the public ``measure``; the measured gap of a test rig."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import bilinear, lfilter

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.maglev import DOMAIN, INDICATORS, measure
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook

SPAN = 24.768
COUNT = 60
STEP = 0.1
NO_LIMITS = Rulebook("none", ())
LIMITS = load_rulebooks()["maglev"]
START = datetime(2026, 3, 2, 3, tzinfo=timezone.utc)
GIRDERS = [Stretch(f"B{k}", "girder", "G1", "1", "maglev", k * SPAN, (k + 1) * SPAN, 100.0) for k in range(COUNT)]
X = np.arange(0.0, COUNT * SPAN, STEP)


def run_of(gap: np.ndarray, seed: int = 0, noise: float = 0.1, **more: object) -> Recording:
    """A run at 90 km/h whose two gaps see the same guideway, each with noise of its own."""
    rng = np.random.default_rng(seed)
    sides = [(gap + noise * rng.normal(size=gap.size)).astype(np.float32) for _ in range(2)]
    channels = (
        Channel("levitation_gap_left", "mm", sides[0]),
        Channel("levitation_gap_right", "mm", sides[1]),
        Channel("speed", "km/h", np.full(gap.size, 90.0, dtype=np.float32)),
    )
    recording = Recording("v", DOMAIN, "V1", "G1", "1", START, "distance", 0.0, STEP, channels)
    return replace(recording, attributes={"nominal_gap_mm": "8"}, **more)


def table(recording: Recording) -> pd.DataFrame:
    """Values by asset and indicator."""
    rows = [(c.asset_id, c.indicator, c.value) for c in measure(recording, GIRDERS, NO_LIMITS).conditions]
    return pd.DataFrame(rows, columns=["asset", "indicator", "value"]).pivot(
        index="asset", columns="indicator", values="value"
    )


def regular(amplitude: float = 0.3) -> np.ndarray:
    """Nominal gap with the bending of every span in it."""
    return 8.0 + amplitude * np.cos(2 * np.pi * X / SPAN)


def untracked(profile: np.ndarray) -> np.ndarray:
    """What a levitation loop of 2 Hz and damping 0.7 cannot follow of a profile at 90 km/h."""
    w = 2 * np.pi * 2.0
    b, a = bilinear([1.0, 0.0, 0.0], [1.0, 2 * 0.7 * w, w * w], fs=25.0 / STEP)
    return lfilter(b, a, profile - profile[0])


def test_statistics_of_a_known_gap() -> None:
    gap = regular()
    gap[(X >= 10 * SPAN) & (X < 11 * SPAN)] += 1.5
    gap[(X >= 20 * SPAN) & (X < 20.25 * SPAN)] += 4.6
    found = table(run_of(gap))
    assert found.loc["B5", "levitation_gap_mean"] == pytest.approx(8.0, abs=0.02)
    assert found.loc["B10", "levitation_gap_mean"] == pytest.approx(9.5, abs=0.02)
    assert found.loc["B5", "levitation_gap_sd"] == pytest.approx(np.hypot(0.3 / np.sqrt(2), 0.1), rel=0.05)
    assert found.loc["B5", "levitation_gap_span_amplitude"] == pytest.approx(0.3, abs=0.02)
    assert found.loc["B20", "levitation_gap_excursion_share"] == pytest.approx(0.25, abs=0.02)
    assert found.loc["B5", "levitation_gap_excursion_share"] == 0.0
    assert found["levitation_gap_sd_ratio"].drop("B20").median() == pytest.approx(1.0, abs=0.02)
    assert found.loc["B20", "levitation_gap_sd_ratio"] > 5.0


@given(st.integers(2, COUNT - 3), st.floats(2.0, 10.0), st.integers(0, 100))
@settings(max_examples=12, deadline=None)
def test_a_settled_pier_is_found_with_its_depth_and_place(pier: int, depth_mm: float, seed: int) -> None:
    profile = 0.3 * np.abs(np.sin(np.pi * X / SPAN)) - depth_mm * np.clip(1 - np.abs(X - pier * SPAN) / SPAN, 0, None)
    settlement = table(run_of(8.0 - untracked(profile), seed, noise=0.05))["girder_settlement"]
    assert settlement.idxmax() == f"B{pier}"
    assert settlement[f"B{pier}"] == pytest.approx(depth_mm, abs=0.5)
    assert settlement.drop([f"B{pier - 1}", f"B{pier}", f"B{pier + 1}"]).abs().max() < 0.6


@given(st.integers(1, COUNT - 1), st.floats(0.6, 3.0), st.sampled_from([-1, 1]))
@settings(max_examples=12, deadline=None)
def test_a_step_between_girders_is_found_with_its_height(joint: int, step_mm: float, sign: int) -> None:
    after = X - joint * SPAN
    gap = regular() + np.where(after >= 0, sign * step_mm * np.exp(-np.clip(after, 0, None) / 8.0), 0.0)
    steps = table(run_of(gap))["girder_step"]
    assert steps.idxmax() == f"B{joint}"
    assert steps[f"B{joint}"] == pytest.approx(step_mm, abs=0.25)


def test_a_kink_is_found_with_its_angle() -> None:
    gap = regular(0.0) + 1.5 * np.clip(X - 30 * SPAN, 0.0, 3.0)
    kinks = table(run_of(gap, noise=0.02))["girder_kink"]
    assert kinks.idxmax() == "B30"
    assert kinks["B30"] == pytest.approx(1.5, abs=0.15)


def test_waves_are_told_apart_by_length() -> None:
    short = regular(0.0) + np.where(X < 30 * SPAN, 0.5 * np.sin(2 * np.pi * X / 1.2), 0.0)
    long = regular(0.0) + np.where(X < 30 * SPAN, 0.5 * np.sin(2 * np.pi * X / 12.5), 0.0)
    for gap, loud, quiet in (
        (short, "guideway_irregularity_short", "guideway_irregularity_long"),
        (long, "guideway_irregularity_long", "guideway_irregularity_short"),
    ):
        found = table(run_of(gap, noise=0.01))
        assert found.loc["B10", loud] == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
        assert found.loc["B10", quiet] < 0.03


def test_guidance_is_told_girder_by_girder() -> None:
    rng = np.random.default_rng(4)
    wide = (X >= 10 * SPAN) & (X < 11 * SPAN)
    guidance = 10.0 + np.where(wide, 0.9, 0.3) * rng.normal(size=X.size)
    run = run_of(regular())
    run = replace(run, channels=(*run.channels, Channel("guidance_gap", "mm", guidance.astype(np.float32))))
    found = table(run)["guidance_gap_sd"]
    assert found["B10"] == pytest.approx(0.9, rel=0.15)
    assert found.drop("B10").to_numpy() == pytest.approx(0.3, rel=0.25)
    assert "guidance_gap_sd" not in table(run_of(regular()))


def test_direction_and_axis_do_not_matter() -> None:
    gap = regular() + 3.0 * np.clip(1 - np.abs(X - 20 * SPAN) / SPAN, 0, None)
    forward = run_of(gap)
    backward = replace(
        forward,
        axis="time",
        step=STEP / 25.0,
        channels=(
            *(replace(c, values=c.values[::-1].copy()) for c in forward.channels),
            Channel("position", "m", X[::-1].astype(np.float32)),
        ),
    )
    one, two = table(forward), table(backward)
    # float32 chainage moves samples at joints by fractions of a millimetre
    # (the loop is undone in the direction of travel, so what was no loop's answer differs)
    assert (one - two).drop(columns="girder_settlement").abs().max().max() < 0.15
    first = {c.asset_id: c.at_offset_s for c in measure(backward, GIRDERS, NO_LIMITS).conditions}
    assert first["B59"] < first["B0"]
    assert first["B0"] == pytest.approx((COUNT - 0.5) * SPAN / 25.0, abs=0.1)


def test_touch_downs_are_counted_and_act_at_once() -> None:
    gap = regular()
    for metre in (5.0, 9.0):
        gap[np.abs(X - 12 * SPAN - metre) < 0.3] = 1.0
    found = measure(run_of(gap, noise=0.0), GIRDERS, LIMITS)
    touched = {c.asset_id: c.value for c in found.conditions if c.indicator == "levitation_touch_downs"}
    assert touched.pop("B12") == 4.0  # two on each side
    assert set(touched.values()) == {0.0}
    (act,) = [e for e in found.exceedances if e.indicator == "levitation_touch_downs"]
    assert (act.asset_id, act.severity) == ("B12", 3)


def test_a_regular_guideway_raises_no_alarm() -> None:
    found = measure(run_of(regular()), GIRDERS, LIMITS)
    assert len({c.asset_id for c in found.conditions}) == COUNT
    assert found.exceedances == ()


def test_missing_and_unpassed_girders_have_no_value() -> None:
    gap = regular()
    gap[(X >= 5 * SPAN) & (X < 5.5 * SPAN)] = np.nan
    found = measure(run_of(gap), [*GIRDERS, replace(GIRDERS[0], asset_id="far", from_m=9e4, to_m=9.1e4)], NO_LIMITS)
    measured = {c.asset_id for c in found.conditions}
    assert "B5" not in measured
    assert "far" not in measured
    assert {"B4", "B6"} <= measured
    assert all(np.isfinite(c.value) for c in found.conditions)


@pytest.mark.parametrize("gap", [np.full(X.size, np.nan), np.empty(0), np.zeros(1)])
def test_dead_gap_sensors_give_nothing(gap: np.ndarray) -> None:
    assert measure(run_of(gap), GIRDERS, LIMITS).conditions == ()


def test_a_weakening_magnet_shows_in_current_and_temperature() -> None:
    rng = np.random.default_rng(0)
    gap = regular(0.5)
    recording = run_of(gap, noise=0.0)
    nominal, rise = 30.0, 40.0
    current = 1.15 * nominal * gap / 8.0 + 0.2 * rng.normal(size=gap.size)
    heat = 22.0 + rise * np.mean(current**2) / nominal**2 + 12.0 + 0.3 * rng.normal(size=gap.size)
    channels = (
        *recording.channels,
        Channel("magnet_current", "A", current.astype(np.float32)),
        Channel("magnet_temperature", "degC", heat.astype(np.float32)),
        Channel("temperature", "degC", np.full(gap.size, 22.0, dtype=np.float32)),
    )
    attributes = {
        "nominal_gap_mm": "8",
        "nominal_current_a": "30",
        "nominal_temperature_rise_k": "40",
        "magnet_asset_id": "MAG-7",
    }
    found = measure(replace(recording, channels=channels, attributes=attributes), GIRDERS, LIMITS)
    values = {c.indicator: c.value for c in found.conditions if c.asset_id == "MAG-7"}
    assert values["magnet_current_residual"] == pytest.approx(15.0, abs=0.1)
    assert values["magnet_temperature_residual"] == pytest.approx(12.0, abs=0.1)
    beyond = {(e.asset_id, e.indicator): e.level for e in found.exceedances}
    assert beyond[("MAG-7", "magnet_current_residual")] == "AL"
    assert beyond[("MAG-7", "magnet_temperature_residual")] == "AL"


def test_measured_gap_of_the_test_rig(shared_data: Path) -> None:
    rig = pd.read_csv(shared_data / "maglev-gap" / "testnew_processed.csv.gz")
    gap = 15.23 - rig["AirGap"].to_numpy() / 130.0
    assert np.abs(gap - rig["AirGap(mm)"].to_numpy()).max() < 1e-9
    channels = (
        Channel("levitation_gap_left", "mm", gap.astype(np.float32)),
        Channel("magnet_current", "A", rig["Current(A)"].to_numpy(np.float32)),
    )
    recording = Recording(
        "rig", DOMAIN, "rig", "G1", None, START, "time", 0.0, 1e-4, channels,
        asset_id="rig", attributes={"nominal_gap_mm": "10.23"},
    )  # fmt: skip
    found = {c.indicator: c.value for c in measure(recording, [], LIMITS).conditions}
    assert found["levitation_gap_mean"] == pytest.approx(gap.mean(), abs=1e-4)
    assert found["levitation_gap_mean"] == pytest.approx(10.23, abs=0.3)
    assert found["levitation_gap_sd"] == pytest.approx(gap.std(), abs=1e-4)
    assert found["levitation_gap_deviation"] == pytest.approx(np.abs(gap - 10.23).max(), abs=1e-4)
    assert found["levitation_touch_downs"] == 0.0


def test_every_value_is_of_a_documented_indicator() -> None:
    units = {indicator.name: indicator.unit for indicator in INDICATORS}
    conditions = measure(run_of(regular()), GIRDERS, LIMITS).conditions
    assert all(units[c.indicator] == c.unit for c in conditions)
