"""Vibration and noise: tones, growth, grinding, slabs, dampers and passages where the truth has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from guideway.simulate.degradation import DAYS_PER_YEAR
from guideway.simulate.layout import Layout, lay_out
from guideway.simulate.network import NetworkSpec, line_of
from guideway.simulate.wayside import (
    SOUND_RATE_HZ,
    VIBRATION_RATE_HZ,
    Receiver,
    Train,
    flat_wheel_day,
    receivers_of,
    sound_record,
    vibration_record,
    vibration_spectrum,
)

LINE = line_of("metro", 1, 6.0)
SPEC = NetworkSpec(seed=3, weeks=104, lines=(LINE,))
TRAIN = Train("T01", "A4", 60.0, 80.0, 0.0, flat=False)


@pytest.fixture(scope="module")
def layout() -> Layout:
    return lay_out(LINE, SPEC.seed)


@pytest.fixture(scope="module")
def corrugated(layout: Layout) -> Receiver:
    return receivers_of(layout, SPEC)[1]


def test_corrugation_sounds_at_speed_over_wavelength_and_grows_as_stated(corrugated: Receiver) -> None:
    frequency = np.arange(20.0, 300.0, 0.1)
    first, second = (vibration_spectrum(frequency, corrugated, "slab", TRAIN, day) for day in (0.0, 700.0))
    tone = 60.0 / 3.6 / corrugated.corrugation_m
    assert frequency[np.argmax(second / first)] == pytest.approx(tone, rel=0.02)
    growth = corrugated.corrugation_db(700.0) - corrugated.corrugation_db(0.0)
    assert growth == pytest.approx(corrugated.growth_db_per_year * 700.0 / DAYS_PER_YEAR)
    assert 0.7 * growth < 20.0 * np.log10((second / first).max()) < growth


def test_a_floating_slab_isolates_above_its_resonance_and_amplifies_at_it(corrugated: Receiver) -> None:
    frequency = np.array([5.0, 10.0, 31.5, 63.0])
    plain, floating = (
        vibration_spectrum(frequency, corrugated, form, TRAIN, 0.0) for form in ("slab", "floating_slab")
    )
    loss = 20.0 * np.log10(plain / floating)
    assert loss[1] < -5.0
    assert loss[2] > 10.0
    assert loss[3] > 15.0
    assert abs(loss[0]) < 3.0


def test_recorded_vibration_has_the_spectrum_its_model_states(layout: Layout, corrugated: Receiver) -> None:
    velocity, acceleration, passages = vibration_record(corrugated, layout, SPEC, 3, 30.0)
    rate = VIBRATION_RATE_HZ
    centre = [round((p.from_s + p.to_s) / 2 * rate) for p in passages]
    parts = [velocity[c - round(2 * rate) : c + round(2 * rate)] for c in centre]
    frequency, power = signal.welch(np.concatenate(parts), rate, nperseg=320)
    form = str(layout.track_form[corrugated.section])
    model = vibration_spectrum(frequency, corrugated, form, passages[0].train, 30.0) ** 2
    band = (frequency > 20.0) & (frequency < 200.0)
    # amplitude density of white noise of unit variance over rate / 2, times sqrt(2)
    assert power[band].sum() == pytest.approx((2.0 * model * 2.0 / rate)[band].sum(), rel=0.25)
    turned = np.gradient(velocity, 1.0 / rate) / 1000.0
    low = signal.butter(4, 80.0, fs=rate, output="sos")
    assert np.corrcoef(signal.sosfilt(low, turned), signal.sosfilt(low, acceleration))[0, 1] > 0.98


def test_trains_are_where_the_truth_says(layout: Layout, corrugated: Receiver) -> None:
    velocity, _, passages = vibration_record(corrugated, layout, SPEC, 5, 70.0)
    time = np.arange(velocity.size) / VIBRATION_RATE_HZ
    beside = np.zeros(velocity.size, dtype=bool)
    near = beside.copy()
    for passage in passages:
        beside |= (time > passage.from_s) & (time < passage.to_s)
        near |= (time > passage.from_s - 4.0) & (time < passage.to_s + 4.0)
        length = (passage.to_s - passage.from_s) * passage.train.speed_kmh / 3.6
        assert length == pytest.approx(passage.train.length_m)
    assert velocity[beside].std() > 10.0 * velocity[~near].std()


def test_grinding_takes_its_decibels_and_the_limit_is_passed_only_before_it(layout: Layout) -> None:
    ground = receivers_of(layout, SPEC)[2]
    drop = ground.corrugation_db(ground.ground_day - 0.01) - ground.corrugation_db(ground.ground_day + 0.01)
    assert drop == pytest.approx(min(ground.ground_db, ground.corrugation_db(ground.ground_day - 0.01)), abs=0.01)
    early = replace(ground, ground_day=10.0)
    assert early.limit_day() is None
    late = replace(ground, ground_day=1e6)
    day = late.limit_day()
    assert day is not None
    assert late.corrugation_db(day) == pytest.approx(12.0)


def test_rail_dampers_lower_rolling_noise_by_their_effect(layout: Layout) -> None:
    damped = receivers_of(layout, SPEC)[3]
    levels = []
    for day in (damped.damper_day - 1.0, damped.damper_day + 1.0):
        still = replace(damped, growth_db_per_year=0.0)
        pressure, passage = sound_record(still, SPEC, 4, day)
        part = pressure[round(passage.from_s * SOUND_RATE_HZ) : round(passage.to_s * SOUND_RATE_HZ)]
        rolling = signal.sosfilt(signal.butter(6, (700.0, 3000.0), "bandpass", fs=SOUND_RATE_HZ, output="sos"), part)
        levels.append(20.0 * np.log10(rolling.std()))
    assert levels[0] - levels[1] == pytest.approx(damped.damper_db, abs=0.3)


def test_a_flat_wheel_knocks_from_its_day_on(layout: Layout, corrugated: Receiver) -> None:
    crest: dict[bool, list[float]] = {False: [], True: []}
    for visit in range(30):
        for day in (10.0, flat_wheel_day(SPEC) + 10.0):
            velocity, _, passages = vibration_record(corrugated, layout, SPEC, visit, day)
            if passages[0].train.train_id == "T07":
                part = velocity[round(passages[0].from_s * 640) : round(passages[0].to_s * 640)]
                crest[passages[0].train.flat].append(float(np.abs(part).max() / part.std()))
    assert len(crest[True]) == len(crest[False]) > 0
    assert np.median(crest[True]) > 1.2 * np.median(crest[False])
