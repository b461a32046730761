"""Vibration and noise of simulated records with known levels, through the public ``measure``."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timezone

import numpy as np
import pytest

from guideway.archives.recording import Channel, Recording
from guideway.monitoring.vibration_noise import DOMAIN, INDICATORS, measure
from guideway.monitoring.vibration_noise.corrugation import corrugation_prominence
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook

FS = 1000.0
TRAINS_S = (40.0, 120.0, 200.0, 280.0)
TRAIN_S = 12.0
TONE_HZ = 40.0
ACCELERATION = 0.05  # m/s2 amplitude: 90.97 dB re 1e-6 m/s2 RMS
LIMITS = load_rulebooks()["metro"]
NO_LIMITS = Rulebook("none", ())
RECEIVER = Stretch(
    "R1", "receiver", "M1", "1", "metro", 1000.0, 1000.0, 70.0,
    structure="tunnel", receiver_zone="residential", time_zone="Europe/Vienna",
)  # fmt: skip
UNITS = {indicator.name: indicator.unit for indicator in INDICATORS}


def train_gain(t: np.ndarray) -> np.ndarray:
    return sum((((t >= start) & (t < start + TRAIN_S)).astype(float) for start in TRAINS_S), np.zeros(t.size))


def vibration(seed: int = 0, amplitude: float = ACCELERATION) -> Recording:
    """Trains as bursts of a 40 Hz tone in faint noise: velocity and acceleration of the same motion."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(340 * FS)) / FS
    gain = train_gain(t)
    acceleration = amplitude * gain * np.sin(2 * np.pi * TONE_HZ * t) + 1e-5 * rng.normal(size=t.size)
    velocity = -1000 * amplitude * gain * np.cos(2 * np.pi * TONE_HZ * t) / (2 * np.pi * TONE_HZ)
    velocity += 1e-4 * rng.normal(size=t.size)
    channels = (
        Channel("vibration_velocity_z", "mm/s", velocity.astype(np.float32)),
        Channel("vibration_acceleration_z", "m/s**2", acceleration.astype(np.float32)),
    )
    return record(channels, datetime(2026, 3, 2, 11, 0, tzinfo=timezone.utc))


def record(channels: tuple[Channel, ...], started_at: datetime, **more: object) -> Recording:
    return replace(
        Recording("sensors", DOMAIN, "S1", "M1", "1", started_at, "time", 0.0, 1 / FS, channels, asset_id="R1"), **more
    )


def values(recording: Recording, rulebook: Rulebook = NO_LIMITS) -> dict[str, float]:
    return {c.indicator: c.value for c in measure(recording, [RECEIVER], rulebook).conditions}


def test_levels_of_a_known_tone() -> None:
    found = values(vibration())
    level_a = 20 * math.log10(ACCELERATION / math.sqrt(2) / 1e-6)
    velocity = ACCELERATION / math.sqrt(2) / (2 * np.pi * TONE_HZ)
    assert found["vibration_level_z_day"] == pytest.approx(level_a - 14.0, abs=0.15)  # table at 40 Hz: -14 dB
    assert found["third_octave_vibration_level_day"] == pytest.approx(level_a - 10.0, abs=0.25)
    assert found["vibration_velocity_level"] == pytest.approx(20 * math.log10(velocity / 2.54e-8), abs=0.1)
    assert found["passage_velocity_level"] == pytest.approx(20 * math.log10(velocity / 5e-8), abs=0.2)
    kb = 1000 * velocity / math.sqrt(1 + (5.6 / TONE_HZ) ** 2)
    # the last millisecond of a burst cut at its peak rings a little above the settled value
    assert found["kb_ft_max_day"] == pytest.approx(kb, rel=0.06)
    assert found["peak_particle_velocity"] == pytest.approx(1000 * math.sqrt(2) * velocity, rel=0.02)
    assert not any(name.endswith("_night") for name in found)


def test_rating_counts_the_clock_intervals_with_trains() -> None:
    found = values(vibration())
    # the trains at 40-52, 120-132, 200-212 and 280-292 s touch five of the 340 s / 30 s clock intervals
    expected = found["kb_ft_max_day"] * math.sqrt(5 / (340 / 30))
    assert found["kb_ft_rating_day"] == pytest.approx(expected, rel=0.03)


def test_velocity_alone_gives_the_acceleration_levels() -> None:
    both = vibration()
    only = replace(both, channels=both.channels[:1])
    one, two = values(both), values(only)
    assert two["vibration_level_z_day"] == pytest.approx(one["vibration_level_z_day"], abs=0.4)
    assert two["third_octave_vibration_level_day"] == pytest.approx(one["third_octave_vibration_level_day"], abs=0.4)


def test_doubling_the_motion_adds_six_decibels_to_every_level_but_a_ratio() -> None:
    one, two = values(vibration()), values(vibration(amplitude=2 * ACCELERATION))
    for name in one:
        if UNITS[name].startswith("dB"):
            expected = 0.0 if name == "corrugation_prominence" else 6.02
            assert two[name] - one[name] == pytest.approx(expected, abs=0.05), name


@pytest.mark.parametrize(
    ("utc", "period"),
    [
        (datetime(2026, 1, 5, 5, 10, tzinfo=timezone.utc), "day"),  # 06:10 in Vienna in winter
        (datetime(2026, 1, 5, 4, 30, tzinfo=timezone.utc), "night"),
        (datetime(2026, 7, 5, 4, 10, tzinfo=timezone.utc), "day"),  # 06:10 in Vienna in summer time
        (datetime(2026, 7, 5, 20, 30, tzinfo=timezone.utc), "night"),  # 22:30
    ],
)
def test_day_and_night_are_those_of_the_line(utc: datetime, period: str) -> None:
    found = values(replace(vibration(), started_at=utc))
    assert f"vibration_level_z_{period}" in found
    assert f"vibration_level_z_{'night' if period == 'day' else 'day'}" not in found


def test_a_record_across_ten_at_night_is_split() -> None:
    found = values(replace(vibration(), started_at=datetime(2026, 1, 5, 20, 57, tzinfo=timezone.utc)))
    assert {"vibration_level_z_day", "vibration_level_z_night"} <= found.keys()
    # two trains of 180 s by day, two of 160 s by night
    assert found["kb_ft_rating_day"] == pytest.approx(found["kb_ft_max_day"] * math.sqrt(2 / 6), rel=0.03)


def test_limits_of_the_zone_are_applied() -> None:
    beyond = {e.indicator: e for e in measure(vibration(amplitude=0.05), [RECEIVER], LIMITS).exceedances}
    assert beyond["vibration_level_z_day"].limit == 70.0
    assert beyond["vibration_level_z_day"].level == "limit"
    assert "GB 10070" in beyond["vibration_level_z_day"].reason
    assert beyond["third_octave_vibration_level_day"].limit == 65.0
    assert "unverified default" in beyond["third_octave_vibration_level_day"].reason
    quiet = measure(vibration(amplitude=0.002), [RECEIVER], LIMITS)
    assert quiet.exceedances == ()
    assert quiet.conditions


def test_railway_rule_of_din_4150_2() -> None:
    # A_u day residential 0.15, A_r 0.07 (tunnel: no factor): a loud single train passes on the rating
    loud = measure(vibration(amplitude=0.06), [RECEIVER], LIMITS)
    found = {c.indicator: c.value for c in loud.conditions}
    assert found["kb_ft_max_day"] > 0.15
    assert found["kb_ft_rating_day"] > 0.07
    kb = [e for e in loud.exceedances if e.indicator.startswith("kb")]
    assert [(e.indicator, e.level, e.limit) for e in kb] == [("kb_ft_rating_day", "A_r", 0.07)]
    surface = measure(vibration(amplitude=0.1), [replace(RECEIVER, structure="viaduct")], LIMITS)
    assert [e.limit for e in surface.exceedances if e.indicator.startswith("kb")] == pytest.approx([0.105])


def test_loud_trains_by_night_hint_at_wheel_flats() -> None:
    night = replace(vibration(amplitude=0.12), started_at=datetime(2026, 1, 5, 23, 0, tzinfo=timezone.utc))
    hints = [e for e in measure(night, [RECEIVER], LIMITS).exceedances if e.level == "inspect"]
    assert len(hints) == 1
    assert hints[0].limit == 0.3
    assert "wheel flats" in hints[0].reason


@pytest.mark.parametrize(("frequency_hz", "limit"), [(8.0, 5.0), (30.0, 10.0), (75.0, 17.5)])
def test_peak_velocity_is_judged_at_its_frequency(frequency_hz: float, limit: float) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(round(120 * FS)) / FS
    gain = ((t > 50) & (t < 60)).astype(float)
    velocity = 1.2 * limit * gain * np.sin(2 * np.pi * frequency_hz * t) + 1e-3 * rng.normal(size=t.size)
    channel = Channel("vibration_velocity_x", "mm/s", velocity.astype(np.float32))
    quiet = Channel("vibration_velocity_z", "mm/s", (velocity * 0.1).astype(np.float32))
    found = measure(record((channel, quiet), datetime(2026, 3, 2, 11, tzinfo=timezone.utc)), [RECEIVER], LIMITS)
    (peak,) = [e for e in found.exceedances if e.indicator == "peak_particle_velocity"]
    assert peak.limit == pytest.approx(limit, rel=0.03)
    assert peak.peak == pytest.approx(1.2 * limit, rel=0.03)


def sound(amplitude_pa: float) -> Recording:
    rng = np.random.default_rng(1)
    t = np.arange(round(340 * FS)) / FS
    pressure = amplitude_pa * train_gain(t) * np.sin(2 * np.pi * 100.0 * t) + 2e-4 * rng.normal(size=t.size)
    channel = Channel("sound_pressure", "Pa", pressure.astype(np.float32))
    return record((channel,), datetime(2026, 3, 2, 11, tzinfo=timezone.utc))


def test_sound_levels_of_a_known_tone() -> None:
    found = values(sound(0.2))
    tone = 20 * math.log10(0.2 / math.sqrt(2) / 20e-6) - 19.1  # A-weighting at 100 Hz
    assert found["sound_level_maximum"] == pytest.approx(tone, abs=0.2)
    assert found["structure_borne_sound_level_day"] == pytest.approx(tone, abs=0.3)
    assert found["sound_exposure_level"] == pytest.approx(tone + 10 * math.log10(TRAIN_S), abs=0.2)
    assert found["transit_exposure_level"] == pytest.approx(tone, abs=0.3)
    share = len(TRAINS_S) * TRAIN_S / 340.0
    assert found["sound_level_equivalent_day"] == pytest.approx(tone + 10 * math.log10(share), abs=0.2)


def test_there_is_no_structure_borne_sound_outdoors() -> None:
    outdoors = replace(RECEIVER, attributes={"place": "wayside"})
    found = {c.indicator for c in measure(sound(0.2), [outdoors], NO_LIMITS).conditions}
    assert found == set(values(sound(0.2))) - {"structure_borne_sound_level_day"}


def test_logged_levels_give_the_same_energy() -> None:
    levels = np.full(3400, 40.0, dtype=np.float32)
    for start in TRAINS_S:
        levels[round(start * 10) : round((start + TRAIN_S) * 10)] = 80.0
    logged = record((Channel("sound_level_a_fast", "dB", levels),), datetime(2026, 3, 2, tzinfo=timezone.utc), step=0.1)
    found = values(logged)
    assert found["sound_exposure_level"] == pytest.approx(80 + 10 * math.log10(TRAIN_S), abs=0.1)
    assert found["sound_level_maximum"] == pytest.approx(80.0)
    assert found["transit_exposure_level"] == pytest.approx(80.0, abs=0.1)


def test_corrugation_shows_at_speed_over_wavelength() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(round(340 * FS)) / FS
    rough = []
    for tone_rms in (0.0, 0.5):
        tone = tone_rms * math.sqrt(2) * np.sin(2 * np.pi * 250.0 * t)  # 0.06 m at 54 km/h
        motion = (train_gain(t) + 1e-3) * (0.1 * rng.normal(size=t.size) + tone)
        channel = Channel("vibration_acceleration_z", "m/s**2", motion.astype(np.float32))
        at_54 = record((channel,), datetime(2026, 3, 2, 11, tzinfo=timezone.utc), attributes={"speed_kmh": "54"})
        rough.append(values(at_54)["corrugation_level"])
    noise_share = (400 - 50) / 500  # the band is 50 Hz (0.3 m) to 400 Hz (0.4 of the sampling rate)
    expected = [20 * math.log10(math.sqrt(s**2 + 0.1**2 * noise_share) / 1e-6) for s in (0.0, 0.5)]
    assert rough == pytest.approx(expected, abs=0.3)


def test_corrugation_peak_does_not_depend_on_train_or_ground() -> None:
    rng = np.random.default_rng(4)
    t = np.arange(round(12 * FS)) / FS
    f = np.fft.rfftfreq(t.size, 1 / FS)
    found = []
    for speed, gain in ((50.0, 1.0), (70.0, 8.0)):
        peak_hz = speed / 3.6 / 0.08
        shape = gain * (1.0 + 6.0 * np.exp(-0.5 * ((f - peak_hz) / (0.04 * peak_hz)) ** 2)) / (1.0 + f / 60.0)
        signal = np.fft.irfft(np.fft.rfft(rng.normal(size=t.size)) * shape, t.size)
        found.append(corrugation_prominence(signal, FS, speed))
    (one, length_one), (two, length_two) = found
    assert (length_one, length_two) == pytest.approx((0.08, 0.08), rel=0.04)
    assert one == pytest.approx(two, abs=1.0)
    assert one > 12.0
    smooth = np.fft.irfft(np.fft.rfft(rng.normal(size=t.size)) / (1.0 + f / 60.0), t.size)
    assert corrugation_prominence(smooth, FS, 60.0)[0] < 3.0
    assert math.isnan(corrugation_prominence(smooth, 10.0, 60.0)[0])


def test_in_car_noise_belongs_to_the_sections_passed() -> None:
    rng = np.random.default_rng(3)
    t = np.arange(round(60 * FS)) / FS
    pressure = np.where(t < 30, 0.1, 1.0) * rng.normal(size=t.size)
    channels = (
        Channel("sound_pressure", "Pa", pressure.astype(np.float32)),
        Channel("position", "m", (20 * t).astype(np.float32)),
        Channel("speed", "km/h", np.full(t.size, 72, dtype=np.float32)),
    )
    run = replace(record(channels, datetime(2026, 3, 2, 11, tzinfo=timezone.utc)), asset_id=None)
    sections = [replace(RECEIVER, asset_id=f"T{k}", from_m=200.0 * k, to_m=200.0 * (k + 1)) for k in range(7)]
    found = measure(run, sections, LIMITS)
    levels = {c.asset_id: c.value for c in found.conditions}
    assert sorted(levels) == [f"T{k}" for k in range(6)]
    assert levels["T4"] - levels["T1"] == pytest.approx(20.0, abs=0.3)
    assert {e.asset_id for e in found.exceedances} == {"T3", "T4", "T5"}
    assert {e.limit for e in found.exceedances} == {83.0}


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros(5000, dtype=np.float32),
        np.full(5000, np.nan, dtype=np.float32),
        np.empty(0, dtype=np.float32),
        np.ones(1, dtype=np.float32),
    ],
)
def test_dead_sensors_give_nothing(bad: np.ndarray) -> None:
    for name, unit in (("vibration_velocity_z", "mm/s"), ("sound_pressure", "Pa"), ("sound_level_a_fast", "dB")):
        found = measure(record((Channel(name, unit, bad),), datetime(2026, 3, 2, tzinfo=timezone.utc)), [], LIMITS)
        assert found.conditions == ()
        assert found.exceedances == ()


def test_gaps_lower_the_quality_but_hardly_the_level() -> None:
    whole = vibration()
    velocity = whole.values("vibration_velocity_z").copy()
    velocity[np.random.default_rng(0).choice(velocity.size, velocity.size // 10, replace=False)] = np.nan
    holed = replace(whole, channels=(Channel("vibration_velocity_z", "mm/s", velocity),))
    conditions = {c.indicator: c for c in measure(holed, [RECEIVER], NO_LIMITS).conditions}
    assert conditions["passage_velocity_level"].quality == "suspect"
    assert conditions["passage_velocity_level"].coverage == pytest.approx(0.9, abs=0.001)
    assert conditions["passage_velocity_level"].value == pytest.approx(values(whole)["passage_velocity_level"], abs=1.0)


def test_every_value_is_of_a_documented_indicator() -> None:
    names = {indicator.name for indicator in INDICATORS}
    found = measure(replace(vibration(), channels=(*vibration().channels, *sound(0.2).channels)), [RECEIVER], LIMITS)
    assert {c.indicator for c in found.conditions} <= names
    assert all(c.unit == UNITS[c.indicator] for c in found.conditions)
    assert [i.name for i in INDICATORS if i.unit == "dB"] == ["corrugation_prominence"]  # a ratio; levels say re what
    for indicator in INDICATORS:
        if indicator.unit.startswith("dB re "):
            reference = indicator.unit.removeprefix("dB re ").replace("2e-5 Pa", "20 uPa").replace("m/s**2", "m/s2")
            assert reference in indicator.formula.replace("\n", " "), indicator.name
