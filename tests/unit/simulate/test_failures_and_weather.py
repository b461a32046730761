"""The simulated fault register and weather: what the truth says is what was drawn, and a model finds it again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from guideway.prognostics.failures import FailureModels, landmarks, register_quarters
from guideway.prognostics.weather import Weather
from guideway.simulate.failures import REGISTER_YEARS, failing_magnet, failing_switch, register_rows
from guideway.simulate.guideway import SlowDefect
from guideway.simulate.network import NetworkSpec, line_of
from guideway.simulate.weather import WEEKS_BEFORE, weather_rows

from .conftest import Tiny

FIRST, WEEKS = date(2024, 1, 1), 104


def test_the_register_holds_what_the_truth_says(tiny: Tiny) -> None:
    told = pd.read_csv(tiny.landing / "reference" / "failure.csv")
    truth = tiny.table("failures.csv").set_index("asset_id")
    assert told.groupby("asset_id").size().to_dict() == truth["n_failures"][truth["n_failures"] > 0].to_dict()
    assets = pd.read_csv(tiny.landing / "reference" / "asset.csv").set_index("asset_id")
    assert set(truth["asset_type"]) == {"magnet"}, "this network has no station, so no switch"
    assert truth["asset_type"].equals(assets["asset_type"].loc[truth.index])
    failed = pd.to_datetime(told["failed_at"], utc=True)
    assert failed.max().date() <= tiny.spec.last_day
    assert failed.min().year >= tiny.spec.first_day.year - REGISTER_YEARS


def test_old_switches_fail_at_their_rates_and_the_model_finds_what_drives_them() -> None:
    rng = np.random.default_rng(3)
    years, passes = rng.uniform(1, 30, 250), rng.uniform(20, 300, 250)
    switches = [
        failing_switch(
            f"W{k:03d}", "C01", date.fromordinal(FIRST.toordinal() - round(365.25 * y)), p, FIRST, WEEKS, seed=1
        )
        for k, (y, p) in enumerate(zip(years, passes, strict=True))
    ]
    grid = [max(-365.25 * REGISTER_YEARS, -365.25 * y) for y in years]
    expected = [
        np.trapezoid([s.rate(d) for d in np.linspace(a, 728, 200)], np.linspace(a, 728, 200)) / 365.25
        for s, a in zip(switches, grid, strict=True)
    ]
    seen = np.array([len(s.days) for s in switches])
    assert seen.sum() == pytest.approx(np.sum(expected), rel=4 / np.sqrt(np.sum(expected)))
    young = years < 8
    assert seen[young].mean() < 0.5 * seen[~young].mean()
    failures = pd.DataFrame([{"asset_id": s.asset_id, "failed_days": d} for s in switches for d in s.days])
    assets = pd.DataFrame({"asset_id": [s.asset_id for s in switches], "line_id": "C01", "asset_type": "switch"})
    assets["installed_days"] = [s.installed_day for s in switches]
    nothing = pd.DataFrame({"asset_id": pd.Series([], dtype=object), "origin_days": [], "limit_share": []})
    nothing = nothing.assign(passes_per_day=[]).astype({"origin_days": float})
    rows = landmarks(assets, failures, nothing, register_quarters(failures, 728.0), 728.0)
    models = FailureModels.fit(rows, 728.0, seed=1)
    assert models.models["switch"].gain.is_better
    told = models.predict(landmarks(assets, failures, nothing, np.array([728.0]), 728.0))
    truth = -np.expm1(-np.array([s.rate(728.0) for s in switches]) * 91 / 365.25)
    assert np.corrcoef(told[told["weeks"] == 13]["probability"], truth)[0, 1] > 0.85


def test_a_magnet_that_weakens_fails_more_often_than_a_sound_one() -> None:
    weak = SlowDefect("G01-V1-M1", 0, "weakening_magnet", 100.0, 0.24, 1 / 6, "1")
    ill, sound = (failing_magnet(f"G01-V1-M{k}", "G01", date(2020, 9, 1), [weak], FIRST, WEEKS, seed=1) for k in (1, 2))
    assert ill.rate(0.0) == sound.rate(0.0) == sound.rate(728.0)
    assert ill.rate(100.0 + 365.25) == pytest.approx(8 * sound.rate(0.0))
    rows = register_rows(sound, FIRST, seed=1)
    assert [row["failed_at"] for row in rows] == sorted({str(row["failed_at"]) for row in rows})
    assert register_rows(sound, FIRST, seed=1) == rows


def test_weather_has_a_winter_and_features_know_it() -> None:
    spec = NetworkSpec.small()
    frame = pd.DataFrame([row for line in spec.lines for row in weather_rows(line, FIRST, WEEKS, seed=1)])
    assert (frame["rain_mm"] >= 0).all()
    days = pd.to_datetime(frame["day"])
    assert len(frame) == len(spec.lines) * 7 * (WEEKS + WEEKS_BEFORE)
    helsinki = frame[frame["line_id"] == "C01"].set_index(days[frame["line_id"] == "C01"])
    by_month = helsinki["lowest_temperature_c"].groupby(helsinki.index.month).mean()
    assert by_month[1] < -5 < 8 < by_month[7]
    known = pd.DataFrame({"line_id": frame["line_id"], "rain_mm": frame["rain_mm"]})
    known["day_end"] = (days - pd.Timestamp(0)).dt.days + 1.0
    known["frost"] = (frame["lowest_temperature_c"] < 0).astype(float)
    spring, autumn = ((date(2025, month, 1) - date(1970, 1, 1)).days for month in (4, 10))
    lines = np.array(["C01", "H01"])
    cold = Weather.of(known).last_13_weeks(lines, float(spring))["frost_days_13w"]
    warm = Weather.of(known).last_13_weeks(lines, float(autumn))["frost_days_13w"]
    assert cold[0] > cold[1] >= 0
    assert warm[0] < 0.3 * cold[0]


def test_each_line_has_its_own_weather_whatever_the_others_are() -> None:
    one, other = (weather_rows(line_of("conventional", k, 1.0), FIRST, 4, seed=1) for k in (1, 2))
    assert [row["rain_mm"] for row in one] != [row["rain_mm"] for row in other]
    assert weather_rows(line_of("conventional", 1, 9.0), FIRST, 4, seed=1) == one
