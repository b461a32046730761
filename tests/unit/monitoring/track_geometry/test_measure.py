from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from guideway.monitoring.track_geometry import INDICATORS, measure
from guideway.monitoring.track_geometry.definitions import TWIST_BASES_M
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.monitoring.track_geometry.statistics import Sections, greatest, moments
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from tests.unit.monitoring.track_geometry.synthetic_track import (
    START,
    STEP,
    found,
    full_run,
    noise,
    places,
    rails,
    recording,
    sections,
)

BOOKS = load_rulebooks()
EN = BOOKS["en_13848"]
ALL = TrackGeometryParameters(all_indices=True, twist_bases_m=TWIST_BASES_M)


def section_slice(number: int) -> slice:
    per = round(200 / STEP)
    return slice(number * per, (number + 1) * per)


def test_spread_of_a_known_wave() -> None:
    wave = 4.0 * np.sin(2 * np.pi * places(1.0) / 10.0)
    measured = measure(recording(**rails("longitudinal_level", wave, 0.5 * wave)), sections(5), EN)
    one = found(measured, "s2")
    assert one["longitudinal_level_sd"].value == pytest.approx(0.75 * 4.0 / np.sqrt(2), rel=0.005)
    assert one["longitudinal_level_sd_worst"].value == pytest.approx(4.0 / np.sqrt(2), rel=0.005)
    assert one["longitudinal_level_peak"].value == pytest.approx(4.0, rel=0.01)
    assert one["longitudinal_level_d2_sd"].value < 0.05
    assert one["longitudinal_level_sd"].n_samples == 800
    assert one["longitudinal_level_sd"].quality == "good"


def test_equals_pandas_and_scipy_section_by_section() -> None:
    channels = full_run(2.0)
    measured = measure(recording(**channels), sections(10), EN)
    sos = butter(4, (2 * STEP / 25, 2 * STEP / 3), "bandpass", output="sos")
    filtered = {
        name: sosfiltfilt(sos, np.asarray(channels[name], dtype=np.float32).astype(float), padlen=150)
        for name in ("longitudinal_level_left", "longitudinal_level_right", "alignment_left", "alignment_right")
    }
    cross_level = np.asarray(channels["cross_level"], dtype=np.float32).astype(float)
    twist = (np.roll(cross_level, -6) - np.roll(cross_level, 6)) / 3.0
    high_pass = butter(4, 2 * STEP / 25, "highpass", output="sos")
    uneven = sosfiltfilt(high_pass, cross_level, padlen=150)
    uneven_twist, twist_tqi = (np.roll(uneven, -k) - np.roll(uneven, k) for k in (6, 5))
    for number in range(1, 9):
        here = {name: values[section_slice(number)] for name, values in filtered.items()}
        gauge = pd.Series(np.asarray(channels["gauge"], dtype=np.float32).astype(float)[section_slice(number)])
        one = found(measured, f"s{number}")
        level = [pd.Series(here[f"longitudinal_level_{side}"]).std() for side in ("left", "right")]
        alignment = [pd.Series(here[f"alignment_{side}"]).std() for side in ("left", "right")]
        assert one["longitudinal_level_sd"].value == pytest.approx(np.mean(level), rel=1e-6)
        assert one["alignment_sd"].value == pytest.approx(np.mean(alignment), rel=1e-6)
        assert one["gauge_sd"].value == pytest.approx(gauge.std(), rel=1e-6)
        assert one["gauge_mean"].value == pytest.approx(gauge.mean(), rel=1e-9)
        assert (one["gauge_min"].value, one["gauge_max"].value) == (gauge.min(), gauge.max())
        cl_sd = pd.Series(uneven[section_slice(number)]).std()
        assert one["cross_level_sd"].value == pytest.approx(cl_sd, rel=1e-6)
        twist_sd = pd.Series(uneven_twist[section_slice(number)] / 3).std()
        assert one["twist_3m_sd"].value == pytest.approx(twist_sd, rel=1e-5)
        assert one["twist_3m_peak"].value == pytest.approx(np.abs(twist[section_slice(number)]).max(), rel=1e-6)
        seven = [*here.values(), gauge, uneven[section_slice(number)], twist_tqi[section_slice(number)]]
        assert one["tqi_cn"].value == pytest.approx(sum(np.std(x) for x in seven), rel=1e-6)
        squares = np.mean(alignment) ** 2 + gauge.std() ** 2 + cl_sd**2 + np.mean(level) ** 2
        assert one["cosd"].value == pytest.approx(np.sqrt(squares), rel=1e-6)


def test_delivered_bands_and_twist_are_taken_as_they_are() -> None:
    x = places(0.6)
    level, twist = noise(1, x.size), 0.3 * noise(2, x.size, longest_m=12.0)
    measured = measure(recording(**rails("longitudinal_level_d1", level), twist_3m=twist), sections(3), EN)
    one = found(measured)
    assert one["longitudinal_level_sd"].value == pytest.approx(np.std(level[section_slice(1)], ddof=1), rel=1e-5)
    assert one["twist_3m_sd"].value == pytest.approx(np.std(twist[section_slice(1)], ddof=1), rel=0.02)
    assert "longitudinal_level_d2_sd" not in one
    assert "cross_level_sd" not in one


@pytest.mark.parametrize(("length_m", "cant_mm"), [(100.0, 150.0), (80.0, 120.0), (60.0, 100.0)])
def test_a_cant_ramp_is_no_roughness(length_m: float, cant_mm: float) -> None:
    x = places(1.6)
    rough = full_run(1.6, seed=21)
    canted = rough | {"cross_level": rough["cross_level"] + np.interp(x, [500, 500 + length_m], [0.0, cant_mm])}
    plain, curved = (measure(recording(**one), sections(8), EN) for one in (rough, canted))
    for number in range(1, 7):
        before, after = found(plain, f"s{number}"), found(curved, f"s{number}")
        for name in ("cross_level_sd", "cosd", "twist_3m_sd", "tqi_cn_twist_sd"):
            assert after[name].value ** 2 == pytest.approx(before[name].value ** 2, abs=0.45**2 + 0.2), name
        assert after["tqi_cn"].value == pytest.approx(before["tqi_cn"].value, abs=0.5)
    ramp = found(curved, "s2")
    assert ramp["twist_3m_peak"].value > cant_mm / length_m
    smooth = 0.01 * noise(22, x.size) + np.interp(x, [500, 500 + length_m], [0.0, cant_mm])
    alone = measure(recording(cross_level=smooth), sections(8), EN)
    assert 0.1 < found(alone, "s2")["cross_level_sd"].value < 0.45


def test_twist_on_any_base() -> None:
    wave = 2.0 * np.sin(2 * np.pi * places(0.4) / 40.0)
    run, bases = recording(cross_level=wave), TWIST_BASES_M
    values = found(measure(run, sections(2), EN, TrackGeometryParameters(twist_bases_m=bases)))
    for base in (3, *bases):
        peak = 2.0 * 2.0 * np.sin(np.pi * base / 40.0) / base
        assert values[f"twist_{base}m_peak"].value == pytest.approx(peak, rel=2e-3), base
        assert values[f"twist_{base}m_peak"].unit == "mm/m"
    assert "twist_6m_peak" not in found(measure(run, sections(2), EN))
    with pytest.raises(ValueError, match="no indicator for twist on 7 m"):
        TrackGeometryParameters(twist_bases_m=(7,))


def test_a_limit_in_a_rule_book_makes_its_base_of_twist_measured_and_judged() -> None:
    rows = [replace(row, indicator="twist_6m_peak") for row in EN.rows if row.indicator == "twist_3m_peak"]
    book = Rulebook(EN.rulebook_id, (*EN.rows, *rows))
    x = places(0.4)
    jump = recording(cross_level=np.where(x > 200.0, 60.0, 0.0) + 0.01 * noise(31, x.size))
    measured = measure(jump, sections(2), book)
    assert found(measured)["twist_6m_peak"].value == pytest.approx(10.0, rel=1e-2)
    judged = {one.indicator: one for one in measured.exceedances}
    assert judged["twist_6m_peak"].peak == pytest.approx(10.0, rel=1e-2)
    assert judged["twist_6m_peak"].to_m - judged["twist_6m_peak"].from_m == pytest.approx(6.0, abs=0.6)


@pytest.mark.parametrize(
    ("measured_share", "quality"), [(1.0, "good"), (0.85, "good"), (0.6, "suspect"), (0.3, "poor"), (0.2, None)]
)
def test_quality_follows_the_measured_share(measured_share: float, quality: str | None) -> None:
    gauge = 1435 + noise(3, places(0.4).size)
    gauge[800 + round(800 * measured_share) : 1600] = np.nan
    one = found(measure(recording(gauge=gauge), sections(2), EN)).get("gauge_sd")
    assert (one.quality if one else None) == quality
    if one:
        assert one.coverage == pytest.approx(measured_share, abs=0.002)


def test_a_sensor_that_stands_still_measures_nothing() -> None:
    n = places(1.0).size
    level, gauge = 3 * noise(11, n), 1435 + noise(12, n)
    whole = found(measure(recording(gauge=gauge, **rails("longitudinal_level", level)), sections(5), EN), "s4")
    level[800:2000], gauge[800:2000] = level[800], gauge[800]
    measured = measure(recording(gauge=gauge, **rails("longitudinal_level", level)), sections(5), EN)
    assert not {"gauge_sd", "longitudinal_level_sd", "twist_3m_sd"} & set(found(measured, "s1"))
    assert found(measured, "s2")["gauge_sd"].quality == "suspect"
    last = found(measured, "s4")
    assert {name: one.value for name, one in last.items()} == pytest.approx(
        {name: one.value for name, one in whole.items()}, rel=1e-3
    )
    assert measure(recording(gauge=np.full(1600, 1435.0)), sections(2), EN).conditions == ()


def test_spikes_change_no_indicator_much_and_raise_no_alarm() -> None:
    channels = full_run(1.0, seed=13)
    rng = np.random.default_rng(0)
    spoiled = {}
    for name, values in channels.items():
        spoiled[name] = np.array(values, dtype=float)
        if name != "speed":
            spoiled[name][rng.choice(4000, 4, replace=False)] += 60.0 * np.std(spoiled[name])
    clean, dirty = (measure(recording(**one), sections(5), EN) for one in (channels, spoiled))
    assert [(e.indicator, e.asset_id) for e in dirty.exceedances] == [
        (e.indicator, e.asset_id) for e in clean.exceedances
    ]
    for i in range(5):
        before, after = found(clean, f"s{i}"), found(dirty, f"s{i}")
        assert before.keys() == after.keys()
        for name in ("longitudinal_level_sd", "alignment_sd", "gauge_sd", "cross_level_sd", "twist_3m_sd", "tqi_cn"):
            assert after[name].value == pytest.approx(before[name].value, rel=0.02)


def test_nothing_measured_gives_nothing() -> None:
    empty = recording(gauge=np.full(1600, np.nan), **rails("longitudinal_level", np.full(1600, np.nan)))
    assert measure(empty, sections(2), EN).conditions == ()
    assert measure(recording(), sections(2), EN).conditions == ()
    assert measure(recording(gauge=np.ones(1)), sections(2), EN).conditions == ()
    elsewhere = [replace(one, from_m=9e5, to_m=9.1e5) for one in sections(1)]
    assert measure(recording(gauge=np.ones(1600)), elsewhere, EN).conditions == ()
    assert measure(recording(gauge=np.ones(1600)), [], EN).conditions == ()


def test_passing_times_follow_speed_and_direction() -> None:
    n = places(0.8).size
    channels = {"gauge": 1435 + noise(4, n), "speed": np.full(n, 72.0)}
    forward = measure(recording(**channels), sections(4), EN)
    backward = measure(recording(direction=-1, **channels), sections(4), EN)
    assert found(forward, "s1")["gauge_sd"].at_offset_s == pytest.approx(300 / 20.0, abs=0.1)
    assert found(backward, "s1")["gauge_sd"].at_offset_s == pytest.approx(500 / 20.0, abs=0.1)
    assert found(measure(recording(gauge=channels["gauge"]), sections(4), EN))["gauge_sd"].at_offset_s == 0.0


def test_every_value_has_a_definition_and_every_indicator_can_be_measured() -> None:
    names = {one.name for one in INDICATORS}
    assert len(names) == len(INDICATORS)
    channels = full_run(2.0, seed=5)
    produced: set[str] = set()
    for book in ("en_13848", "fra_213"):
        for facts in ({}, {"curvature_per_km": 2.0, "speed_kmh": 140.0}):
            run = recording(**channels)
            measured = measure(run, sections(10, **facts), BOOKS[book], ALL)
            produced |= {one.indicator for one in measured.conditions}
            assert all(np.isfinite(one.value) and 0 <= one.coverage <= 1 for one in measured.conditions)
    fine = {name: np.interp(places(2.0, 0.125), places(2.0), np.asarray(v)) for name, v in channels.items()}
    produced |= {one.indicator for one in measure(recording(0.125, **fine), sections(10), EN, ALL).conditions}
    assert produced == names


def test_indices_from_their_formulas() -> None:
    one = found(measure(recording(**full_run(1.0, seed=9)), sections(5), EN, ALL))
    sd = {name: one[name].value for name in ("longitudinal_level_sd", "alignment_sd", "gauge_sd", "twist_3m_sd")}
    level, alignment = sd["longitudinal_level_sd"], sd["alignment_sd"]
    assert one["q_se"].value == pytest.approx(150 - 100 * (level / 2.7 + 2 * alignment / 1.5) / 3)
    assert one["j_pl"].value == pytest.approx((level + alignment + 3 * sd["twist_3m_sd"] + 0.5 * sd["gauge_sd"]) / 3.5)
    assert one["n_nl"].value == pytest.approx(10 * 0.675 ** (level / 1.4))
    assert one["tqi_kai"].value == pytest.approx(level + alignment + sd["gauge_sd"] + one["cross_level_sd"].value)
    ratios = np.array([level / 2.7, alignment / 1.5])
    assert one["normalised_tqi"].value == pytest.approx(np.sqrt(np.mean(ratios**2)))


def test_a_limit_in_the_rule_book_asks_for_its_index() -> None:
    run, stretches = recording(**full_run(1.0, seed=9)), sections(5)
    limit = replace(EN.rows[0], indicator="j_pl", value=0.1, unit="mm", direction="above", asset_class="*",
                    speed_from_kmh=0.0, speed_to_kmh=200.0)  # fmt: skip
    measured = measure(run, stretches, Rulebook("own", (*EN.rows, limit)))
    assert found(measured)["j_pl"].value == found(measure(run, stretches, EN, ALL))["j_pl"].value
    assert {e.asset_id for e in measured.exceedances if e.indicator == "j_pl"} == {f"s{i}" for i in range(5)}
    assert "j_pl" not in found(measure(run, stretches, EN))


def test_defectiveness_is_the_union_of_shares() -> None:
    x = places(0.4)
    gauge, twist = 1435.0 + 0.01 * noise(1, x.size), 0.01 * noise(2, x.size)
    gauge[800:1200] += 27.0
    twist[1000:1200] += 4.5
    one = found(measure(recording(gauge=gauge, twist_3m=twist), sections(2), EN, ALL))
    assert one["w5_pl"].value == pytest.approx(1 - (1 - 0.5) * (1 - 0.25))


def test_classes_by_speed() -> None:
    wave = np.sqrt(2) * 0.9 * np.sin(2 * np.pi * places(0.8) / 10.0)
    run = recording(**rails("longitudinal_level", wave))
    for speed, expected in ((80.0, 1), (120.0, 2), (160.0, 3), (230.0, 3), (300.0, 4)):
        one = found(measure(run, sections(4, speed_kmh=speed), EN))
        assert one["longitudinal_level_class"].value == expected


@pytest.mark.parametrize(
    ("peak_mm", "allowed"), [(9.0, 360.0), (17.0, 230.0), (21.0, 160.0), (24.0, 120.0), (27.0, 80.0), (40.0, 0.0)]
)
def test_allowed_speed_is_the_fastest_band_whose_act_at_once_limits_hold(peak_mm: float, allowed: float) -> None:
    level = 0.2 * noise(6, places(0.4).size, shortest_m=3.0, longest_m=25.0)
    level[1199:1202] = -peak_mm
    one = found(measure(recording(**rails("longitudinal_level_d1", level)), sections(2, speed_kmh=120.0), EN))
    assert one["allowed_speed"].value == allowed


def test_sum_of_sections_equals_each_alone() -> None:
    channels = full_run(1.0, seed=2)
    together = measure(recording(**channels), sections(5), EN)
    for i, section in enumerate(sections(5)):
        alone = measure(recording(**channels), [section], EN)
        assert found(together, f"s{i}") == found(alone, f"s{i}")


def test_spine_indicator_of_a_tamped_track_falls() -> None:
    x = places(0.8)
    rough, smooth = 3 * noise(7, x.size), noise(7, x.size)
    before = found(measure(recording(**rails("longitudinal_level", rough)), sections(4), EN))
    after = found(measure(recording(**rails("longitudinal_level", smooth)), sections(4), EN))
    ratio = before["longitudinal_level_sd"].value / after["longitudinal_level_sd"].value
    assert ratio == pytest.approx(3.0, rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(-1e3, 1e3)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), min_size=1, max_size=6),
)
def test_moments_equal_pandas_on_any_ranges(values: list[float], ranges: list[tuple[int, int]]) -> None:
    series = np.array(values)
    bounds = [(min(a, len(values) - 1), min(a + b, len(values))) for a, b in ranges]
    bounds = [(a, b) for a, b in bounds if b > a] or [(0, len(values))]
    where = Sections(
        (),
        np.array([a for a, _ in bounds], dtype=np.intp),
        np.array([b for _, b in bounds], dtype=np.intp),
        np.ones(len(bounds)),
    )
    got, top = moments(series, where), greatest(series, where)
    for i, (a, b) in enumerate(bounds):
        part = pd.Series(series[a:b])
        assert got.count[i] == part.count()
        np.testing.assert_allclose(got.mean[i], part.mean(), atol=1e-9)
        np.testing.assert_allclose(got.sd[i], part.std(), atol=1e-6)
        np.testing.assert_array_equal(top[i], part.max())


def test_start_of_recording_inside_a_section_counts_as_not_measured() -> None:
    late = [replace(one, from_m=one.from_m - 100.0, to_m=one.to_m - 100.0) for one in sections(2)]
    one = found(measure(recording(gauge=1435 + noise(8, 800)), late, EN), "s0")["gauge_sd"]
    assert one.coverage == pytest.approx(0.5)
    assert one.quality == "suspect"
    assert late[0].from_m + 100.0 == START
