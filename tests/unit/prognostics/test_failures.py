"""Failures of switches whose rate is known: it doubles every six years of age, and again for those in bad condition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.prognostics.failure_gate import decide_failures
from guideway.prognostics.failures import (
    FailureModel,
    FailureModels,
    is_proven,
    landmarks,
    register_quarters,
    worst_conditions,
)
from guideway.prognostics.metrics import Difference
from guideway.prognostics.survival import constant_rate

UNTIL = 1460.0
YEAR = 365.2425


def world(n: int, seed: int, *, matters: bool = True) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    age = rng.uniform(1, 25, n)
    share = rng.uniform(0.1, 1.1, n)
    rate = 0.4 * np.exp(matters * (np.log(2) / 6 * (age - 12) + 1.5 * (share - 0.6)))
    names = np.array([f"S{k:03d}" for k in range(n)])
    assets = pd.DataFrame({"asset_id": names, "line_id": "L1", "asset_type": "switch"})
    assets["installed_days"] = UNTIL / 2 - YEAR * age
    failures = [
        {"asset_id": names[k], "failed_days": at}
        for k in range(n)
        for at in rng.uniform(0, UNTIL, rng.poisson(rate[k] * UNTIL / YEAR))
    ]
    told = [
        pd.DataFrame({"asset_id": names, "origin_days": at, "limit_share": share}) for at in np.arange(0, UNTIL, 60)
    ]
    conditions = pd.concat(told, ignore_index=True).assign(passes_per_day=np.nan)
    return assets, pd.DataFrame(failures), conditions, rate


def rows_of(assets, failures, conditions):
    return landmarks(assets, failures, conditions, register_quarters(failures, UNTIL), UNTIL)


@pytest.fixture(scope="module")
def made():
    assets, failures, conditions, rate = world(300, seed=1)
    return assets, failures, conditions, rate, FailureModels.fit(rows_of(assets, failures, conditions), UNTIL, seed=1)


def test_the_true_rates_come_back_with_reasons(made):
    assets, failures, conditions, rate, models = made
    today = landmarks(assets, failures, conditions, np.array([UNTIL]), UNTIL)
    found = models.predict(today)
    assert models.models["switch"].gain.is_better
    quarter = found[found["weeks"] == 13].set_index("asset_id").loc[assets["asset_id"]]
    grown = rate * 2 ** (UNTIL / 2 / YEAR / 6)
    truth = -np.expm1(-grown * 91 / YEAR)
    assert np.corrcoef(quarter["probability"], truth)[0, 1] > 0.9
    assert quarter["probability"].mean() == pytest.approx(truth.mean(), rel=0.2)
    np.testing.assert_array_less(
        found.pivot(index="asset_id", columns="weeks", values="probability")[13].to_numpy(),
        found.pivot(index="asset_id", columns="weeks", values="probability")[52].to_numpy(),
    )
    worst = quarter.loc[assets["asset_id"].to_numpy()[np.argmax(truth)]]
    assert worst["median_days"] < 0.7 * quarter["median_days"].median()
    assert any("years old" in reason for reason in worst["reasons"])


def test_nothing_after_the_moment_is_a_covariate(made):
    assets, failures, conditions, _, _ = made
    cut = 900.0
    later = failures["failed_days"] > cut
    poisoned = pd.concat([failures[~later], failures[later].assign(failed_days=cut + 1.0)])
    worse = conditions.assign(limit_share=conditions["limit_share"].where(conditions["origin_days"] <= cut, 99.0))
    names = ["age_years", "years_since_failure", "failures_3y", "limit_share"]
    clean = landmarks(assets, failures, conditions, np.array([cut]), UNTIL)
    leaky = landmarks(assets, poisoned, worse, np.array([cut]), UNTIL)
    pd.testing.assert_frame_equal(clean[names], leaky[names])
    assert not clean["days_to_failure"].equals(leaky["days_to_failure"]), "or the test could not fail"


def test_a_known_asset_is_counted_right():
    assets = pd.DataFrame(
        {"asset_id": ["A", "B"], "line_id": "L1", "asset_type": "pump", "installed_days": [0.0, 800.0]}
    )
    failures = pd.DataFrame({"asset_id": ["A"] * 3, "failed_days": [100.0, 690.0, 760.0]})
    nothing = pd.DataFrame({"asset_id": [], "origin_days": [], "limit_share": [], "passes_per_day": []})
    nothing = nothing.astype({"asset_id": object, "origin_days": float})
    row, young, last = landmarks(assets, failures, nothing, np.array([700.0, 900.0]), 1000.0).to_dict("records")
    assert (row["asset_id"], row["failures_3y"], row["failed"], row["days_to_failure"]) == ("A", 2.0, 1.0, 60.0)
    assert row["years_since_failure"] == pytest.approx(10 / YEAR)
    assert {young["asset_id"], last["asset_id"]} == {"A", "B"}
    assert young["failed"] == last["failed"] == 0.0
    assert young["days_to_failure"] == 100.0


def test_where_states_explain_nothing_one_rate_serves():
    assets, failures, conditions, _ = world(120, seed=5, matters=False)
    models = FailureModels.fit(rows_of(assets, failures, conditions), UNTIL, seed=1)
    time = models.models["switch"].time
    assert time.covariates == ()
    assert 1 / np.exp(time.coefficients[0]) * YEAR == pytest.approx(0.4, rel=0.25)
    today = landmarks(assets, failures, conditions, np.array([UNTIL]), UNTIL)
    assert models.predict(today)["reasons"].iloc[0] == ["fails as often as others of its type"]


def test_three_assets_prove_nothing_however_far_apart_they_are():
    clear = {"mean": -0.1, "low": -0.14, "high": -0.07}
    assert not is_proven(Difference(**clear, n_assets=3))
    assert is_proven(Difference(**clear, n_assets=6))
    assert not is_proven(Difference(mean=-0.1, low=-0.2, high=0.01, n_assets=600))


def test_it_is_numbers_as_text_and_back(made):
    models = made[-1]
    texts = models.to_texts()
    assert FailureModels.from_texts(texts) == models
    assert models.trained_until_days == UNTIL
    with pytest.raises(ValueError, match="model lacks"):
        FailureModels.from_texts({})
    with pytest.raises(ValueError, match="another format"):
        FailureModels.from_texts({"failures.json": '{"format": 0}'})
    assert models.metrics()["failure.switch.log_gain_high"] < 0


def test_too_few_failures_teach_nothing(made):
    assets, failures, conditions, _, _ = made
    few = failures[failures["failed_days"] > 900].head(8).reset_index(drop=True)
    early = pd.DataFrame([{"asset_id": assets["asset_id"][0], "failed_days": 1.0}])
    few = pd.concat([few, early], ignore_index=True)
    rows = rows_of(assets, few, conditions)
    assert rows["failed"].sum() > 50, "each failure is ahead of many quarters, and counts once"
    models = FailureModels.fit(rows, UNTIL, seed=1)
    assert models.models == {}
    assert models.predict(landmarks(assets, few, conditions, np.array([UNTIL]), UNTIL)).empty


def test_without_a_register_nothing_is_said():
    texts, number = pd.Series([], dtype=object), pd.Series([], dtype=float)
    assets = pd.DataFrame({"asset_id": texts, "line_id": texts, "asset_type": texts, "installed_days": number})
    failures = pd.DataFrame({"asset_id": texts, "failed_days": number})
    features = pd.DataFrame({"asset_id": texts, **dict.fromkeys(("origin_days", "level"), number)})
    features = features.assign(distance_to_limit=number, passes_per_day=number)
    quarters = register_quarters(failures, UNTIL)
    assert quarters.size == 0
    conditions = worst_conditions(features)
    assert FailureModels.fit(landmarks(assets, failures, conditions, quarters, UNTIL), UNTIL, seed=1).models == {}
    assert landmarks(assets, failures, conditions, np.array([UNTIL]), UNTIL).empty


def test_the_worst_indicator_counts_whichever_way_is_worse():
    frame = pd.DataFrame({"asset_id": "A", "origin_days": 5.0, "passes_per_day": 80.0}, index=range(2))
    # 9 of at most 10, and 4 where at least 2 is needed (severities -4 and -2)
    frame["level"], frame["distance_to_limit"] = [9.0, -4.0], [1.0, 2.0]
    assert worst_conditions(frame).to_dict("records") == [
        {"asset_id": "A", "origin_days": 5.0, "limit_share": pytest.approx(0.9), "passes_per_day": 80.0}
    ]


def earlier(models: FailureModels, until_days: float, **kinds: float) -> FailureModels:
    """A champion with one rate a type, failures a year, that was trained on what came until a day."""
    made = {}
    for kind, rate in kinds.items():
        time = constant_rate(np.full(20, YEAR / rate), np.ones(20))
        made[kind] = FailureModel(kind, time, models.models["switch"].gain)
    return FailureModels(made, until_days)


def test_a_champion_is_beaten_only_on_what_it_was_not_trained_on(made):
    assets, failures, conditions, _, models = made
    rows = rows_of(assets, failures, conditions)
    assert decide_failures(models, None).promote
    wrong = earlier(models, UNTIL / 2, switch=5.0)
    better = FailureModels.fit(rows, UNTIL, seed=1, champion=wrong)
    assert better.models["switch"].time == models.models["switch"].time, "who serves changes nothing in the training"
    assert better.models["switch"].beside_champion.is_better
    decision = decide_failures(better, wrong)
    assert decision.promote
    assert "switch beats the champion" in decision.summary
    knew_all = earlier(models, UNTIL + 200.0, switch=5.0)
    unjudged = FailureModels.fit(rows, UNTIL, seed=1, champion=knew_all)
    assert unjudged.models["switch"].beside_champion is None
    decision = decide_failures(unjudged, knew_all)
    assert not decision.promote
    assert "no outcome to be judged by" in decision.summary
    assert FailureModels.from_texts(better.to_texts()) == better


def test_a_type_that_is_new_serves_and_one_that_gets_worse_or_lost_holds_all_back(made):
    models = made[-1]
    worse = Difference(0.02, 0.01, 0.03, 40)
    pump = earlier(models, UNTIL, pump=1.0).models["pump"]
    both = FailureModels({**models.models, "pump": pump}, UNTIL)
    champion = FailureModels({"switch": models.models["switch"]}, UNTIL)
    assert decide_failures(both, champion).promote
    assert "pump is new: beats one rate" not in decide_failures(both, champion).summary
    assert "pump is new: has one rate for all" in decide_failures(both, champion).summary
    hurt = FailureModel("switch", models.models["switch"].time, models.models["switch"].gain, worse)
    decision = decide_failures(FailureModels({"switch": hurt, "pump": pump}, UNTIL), champion)
    assert not decision.promote
    assert "switch does not beat the champion" in decision.summary
    lost = decide_failures(champion, both)
    assert not lost.promote
    assert "pump has no model any more" in lost.summary
