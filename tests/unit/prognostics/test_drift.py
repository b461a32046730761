"""Drift: a young lake with lumpy quantities is left in peace, and what really moves is seen."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from guideway.prognostics.drift import (
    Days,
    Drift,
    LabelDays,
    column_quantiles,
    line_drift,
    population_stability_index,
    usual_differences,
)
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import Training, retraining_reasons
from guideway.prognostics.training import train
from guideway.udfs.drift import input_drift, label_drift

DAY = date(2025, 6, 2)


def held_against(days: list[np.ndarray], now: np.ndarray, *, lines: int = 1, groups: np.ndarray | None = None):
    """Drift of one quantity, ``days`` training days of equal rows against ``now``."""
    group = np.zeros(len(now)) if groups is None else groups
    unit = usual_differences(np.concatenate(days)[:, None], np.tile(group, len(days)))
    training = Days.of(
        np.concatenate(days)[:, None], np.repeat(np.arange(len(days)), len(now)), np.tile(group, len(days))
    )
    weight = np.unique(group, return_counts=True)[1].astype(float)
    current = Days.of(now[:, None], np.zeros(len(now)), group)
    (found,) = line_drift("L", ["x"], training, current, weight=weight, unit=unit, lines=lines)
    return found


def test_distance_is_wassersteins_in_usual_differences():
    rng = np.random.default_rng(1)
    days, now = [rng.normal(size=4000) for _ in range(5)], rng.normal(0.7, 1.4, size=4000)
    found = held_against(days, now)
    pooled = np.concatenate(days)
    expected = wasserstein_distance(pooled, now) / np.abs(pooled - np.median(pooled)).mean()
    assert found.distance == pytest.approx(expected, rel=0.05)
    assert found.status == "drifted"


def test_quantiles_are_numpys_and_leave_out_what_is_not_known():
    values = np.array([3.0, np.nan, 1.0, 2.0, 9.0, np.nan])
    told = column_quantiles(np.column_stack([values, np.full(6, np.nan)]))
    np.testing.assert_allclose(told[:, 0], np.nanquantile(values, (np.arange(21) + 0.5) / 21))
    assert np.isnan(told[:, 1]).all()


def test_one_value_for_a_whole_line_that_differs_from_day_to_day_does_not_drift():
    """Tonnes a day: one figure a line and day. The old measure, PSI, calls every such day drifted."""
    rng = np.random.default_rng(0)
    days = [np.full(60, 20_000 + 400 * rng.normal()) for _ in range(7)]
    found = held_against(days, np.full(60, 20_450.0))
    assert found.status == "stable"
    assert found.psi > 0.25
    assert held_against(days, np.full(60, 30_000.0)).status == "drifted"


@pytest.mark.parametrize("day_effect", [0.0, 0.4])
def test_where_nothing_moves_a_false_alarm_is_rare(day_effect: float):
    """Forty lines of forty series, each with a level of its own, noise and what a day does to all: at most one flag."""
    rng = np.random.default_rng(5)
    flags = 0
    for _ in range(40):
        own = rng.lognormal(size=40)
        lines = [own + 0.3 * rng.normal(size=40) + day_effect * rng.normal() for _ in range(7)]
        flags += held_against(lines[:-1], lines[-1], lines=40).status == "drifted"
    assert flags <= 1


def test_a_line_that_moved_is_seen_though_days_differ():
    rng = np.random.default_rng(6)
    seen = 0
    for _ in range(20):
        own = rng.lognormal(size=40)
        days = [own + 0.3 * rng.normal(size=40) + 0.1 * rng.normal() for _ in range(8)]
        now = own * 1.5 + 1.5 + 0.3 * rng.normal(size=40)
        seen += held_against(days, now, lines=10).status == "drifted"
    assert seen >= 19


def test_missing_values_are_drift_and_a_constant_that_changes_is_too():
    rng = np.random.default_rng(0)
    days = [rng.normal(size=200) for _ in range(6)]
    gone = np.where(rng.random(200) < 0.6, np.nan, rng.normal(size=200))
    assert held_against(days, gone).status == "drifted"
    constant = [np.full(50, 160.0)] * 5
    assert held_against(constant, np.full(50, 160.0)).distance == 0
    assert {held_against(constant, np.full(50, other)).status for other in (80.0, 200.0)} == {"drifted"}
    assert held_against(constant, np.full(50, 160.5)).status == "stable"


def test_too_few_rows_or_days_say_nothing():
    days = [np.zeros(50) + k for k in range(6)]
    assert held_against([d[:10] for d in days], np.full(10, 99.0)).status == "too_few_rows"
    assert held_against(days[:3], np.full(50, 99.0)).status == "too_few_rows"


def test_one_indicator_may_not_hide_behind_the_differences_of_another():
    """Decibels and millimetres in one line: the usual difference is that within an indicator."""
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1], 30)
    days = [np.where(group == 0, 75.0, 1.0) + rng.normal(size=60) for _ in range(6)]
    now = np.where(group == 0, 75.0, 5.0) + rng.normal(size=60)
    assert held_against(days, now, groups=group).status == "drifted"


def test_psi_of_a_known_case():
    assert population_stability_index(np.arange(100.0), np.arange(100.0)) == pytest.approx(0, abs=1e-9)
    two = population_stability_index(np.repeat([0.0, 1.0], [80, 20]), np.repeat([0.0, 1.0], [50, 50]))
    assert two == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5), abs=1e-6)


def test_label_days_leave_out_thin_days():
    labels = np.concatenate([np.arange(30.0), np.full(10, np.nan), np.arange(12.0)])
    days = LabelDays.of(labels, np.repeat([1.0, 2.0], [40, 12]))
    np.testing.assert_allclose(days.quantiles, [np.quantile(np.arange(30.0), (np.arange(21) + 0.5) / 21)])


@pytest.fixture(scope="module")
def model(network: pd.DataFrame) -> TrainedModel:
    return train(network, ModelParameters(rounds=20), seed=1)


@pytest.fixture(scope="module")
def line(network: pd.DataFrame) -> pd.DataFrame:
    """The training rows of one line, as the table has them."""
    rows = network[network["line_id"] == "L1"].copy()
    rows["as_of"] = [DAY + timedelta(days=int(day)) for day in rows["origin_days"]]
    return rows


def test_a_training_day_held_against_the_others_does_not_drift(model: TrainedModel, line: pd.DataFrame):
    last = line["as_of"].max()
    found = input_drift(model, line[line["as_of"] < last], line[line["as_of"] == last])
    assert {"prediction", "level", "rate"} <= {drift.quantity for drift in found}
    assert not [drift for drift in found if drift.status == "drifted"]


def test_series_that_were_added_are_no_drift(model: TrainedModel, line: pd.DataFrame):
    last = line["as_of"].max()
    now = line[line["as_of"] == last]
    added = now.assign(asset_id="new" + now["asset_id"], speed_kmh=40.0, level=now["level"] + 5)
    found = input_drift(model, line[line["as_of"] < last], pd.concat([now, added]))
    assert not [drift for drift in found if drift.status == "drifted"]
    assert {drift.n for drift in found} == {len(now)}


def test_a_faster_world_moves_input_and_prediction(model: TrainedModel, line: pd.DataFrame):
    last = line["as_of"].max()
    now = line[line["as_of"] == last]
    rates = [name for name in now if name.startswith("rate") and name != "rate_change"]
    now = now.assign(**{name: now[name] + 3.0 for name in rates})
    status = {d.quantity: d.status for d in input_drift(model, line[line["as_of"] < last], now)}
    assert (status["prediction"], status["rate"], status["level"]) == ("drifted", "drifted", "stable")


@pytest.mark.parametrize(("faster", "expected"), [(0.0, "stable"), (1.0, "drifted")])
def test_label_drift_is_that_of_the_changes_that_came_true(
    model: TrainedModel, line: pd.DataFrame, faster: float, expected: str
):
    origin = line[line["seen_13w"].notna() & line["level"].notna()]["origin_days"].max()
    then = line[line["origin_days"] == origin]
    now = then.assign(
        level_then=then["level"],
        last_value=then["seen_13w"] + faster,
        days_since_value=5.0,
        days_since_work=np.where(then["seen_13w"].isna(), 10.0, 400.0),
    )
    (found,) = label_drift(model, now)
    assert (found.quantity, found.status) == ("label", expected)


def test_training_again_is_asked_for_by_schedule_drift_and_rules_and_else_not():
    names = ("rate", "level", "speed_kmh", "cant_mm", "n_values", "prediction", "label")

    def on(line_id: str, *moved: str) -> list[Drift]:
        return [Drift(line_id, q, 500, 0, 0, 0.6, 0.1, 0.0, "drifted" if q in moved else "stable") for q in names]

    last, later = Training(DAY, "a"), DAY + timedelta(days=7)

    def reasons(drifts: list[Drift], seen: date = later, as_of: date = later, rulebook: str = "a") -> tuple[str, ...]:
        return retraining_reasons(drifts, seen, last, as_of, rulebook)

    assert reasons(on("A") + on("B", "rate")) == ()
    assert reasons(on("A"), rulebook="b") == ("limits have changed since training",)
    assert reasons([], as_of=DAY + timedelta(days=91))[0].startswith("91 days since training")
    (found,) = reasons(on("A") + on("B", "prediction"))
    assert found.startswith("line B: prediction drifted, most prediction (by 0.60 usual differences")
    (found,) = reasons(on("C", "rate", "level"))
    assert found.startswith("line C: 2 of 7 features drifted")
    # what was seen before the last training is no reason for another
    assert reasons(on("B", "prediction"), seen=DAY) == ()
