from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guideway.errors import ConfigurationError
from guideway.prognostics.baselines import baseline_changes
from guideway.prognostics.definitions import FEATURES
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.gate import decide
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.splits import by_line, rolling_origin
from guideway.prognostics.training import Targets, TooFewRowsError, train
from tests.unit.prognostics import fleet

pytestmark = pytest.mark.slow

QUICK = ModelParameters(rounds=30, folds=2, bootstrap=200)


@pytest.fixture(scope="module")
def model(network):
    return train(network, QUICK, seed=7)


@pytest.fixture(scope="module")
def evaluation(network, model):
    return evaluate(network, QUICK, seed=7, champion=model)


def test_it_predicts_a_network_it_has_never_seen(model):
    other = fleet.table(200, seed=99)
    found = model.predict(other)
    ahead = Targets.of(other, 13)
    known = np.isfinite(ahead.change)
    value = other["value_13w"].to_numpy()
    trend = other["level"] + other["rate"].fillna(0) * 91 / 365.2425
    assert np.abs(found.value - value)[known].mean() < 0.9 * np.abs(trend - value)[known].mean()
    inside = (value >= found.low) & (value <= found.high)
    assert 0.72 < inside[known].mean() < 0.88
    at_risk = (other["distance_to_limit"] > 0).to_numpy() & np.isfinite(ahead.exceeds)
    assert found.probability[at_risk].mean() == pytest.approx(ahead.exceeds[at_risk].mean(), abs=0.03)


def test_the_same_table_and_seed_give_the_same_model(network, model):
    assert train(network, QUICK, seed=7).to_texts() == model.to_texts()


def test_text_form_gives_the_same_predictions(network, model):
    again = TrainedModel.from_texts(model.to_texts())
    for one, other in zip(vars(model.predict(network)).values(), vars(again.predict(network)).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_scale_of_the_indicator_does_not_matter(network):
    scaled = network.copy()
    for name in ["value_13w", *(f.name for f in FEATURES if f.unit.startswith("indicator"))]:
        scaled[name] = 1024.0 * scaled[name]
    small, large = train(network, QUICK, 3), train(scaled, QUICK, 3)
    np.testing.assert_allclose(large.predict(scaled).value, 1024 * small.predict(network).value, rtol=1e-9)


def test_an_unknown_indicator_and_a_series_without_values_get_no_answer(network, model):
    rows = network.head(3).copy()
    rows.loc[0, "indicator"] = "something_else"
    rows.loc[1, "level"] = np.nan
    found = model.predict(rows)
    assert found.known.tolist() == [False, False, True]
    assert np.isfinite(found.value).tolist() == [False, False, True]


def test_future_columns_do_not_change_a_prediction(network, model):
    blind = network.drop(columns=[name for name in network if name.endswith("w") and not name.startswith("rate")])
    np.testing.assert_array_equal(
        model.predict(blind.drop(columns=["days_to_limit", "limit_reached"], errors="ignore")).value,
        model.predict(network).value,
    )


def test_too_few_rows_and_missing_columns_are_said_so(network):
    with pytest.raises(TooFewRowsError, match="20 rows"):
        train(network[np.isfinite(Targets.of(network, 13).change)].head(20), QUICK, 1)
    with pytest.raises(ConfigurationError, match="line_id"):
        train(network.drop(columns="line_id"), QUICK, 1)


def test_validation_by_time_trains_on_nothing_that_ends_after_the_test_begins(network):
    targets = Targets.of(network, 13)
    origin = network["origin_days"].to_numpy()
    folds = list(rolling_origin(origin, targets.ends_days, 3))
    assert len(folds) == 3
    tested = np.zeros(len(network), dtype=int)
    for split in folds:
        assert targets.ends_days[split.train].max() <= origin[split.test].min()
        tested += split.test
    assert tested.max() == 1


def test_other_settings_are_chosen_by_folds_that_are_not_judged(network):
    """Learning beats the plain trend here, which nobody may know before the first fold is over."""
    learned = QUICK.model_copy(update={"folds": 3})
    plain = learned.model_copy(update={"learned": False})
    found = evaluate(network, plain, seed=1, others=(learned,))
    alone = [evaluate(network, each, seed=1).held_out for each in (plain, learned)]
    own = found.held_out[found.held_out["split"] == "time"]
    for number, fold in enumerate(dict.fromkeys(own["fold"])):
        expected = alone[min(number, 1)].query("split == 'time' and fold == @fold")["change_model"]
        np.testing.assert_array_equal(own.loc[own["fold"] == fold, "change_model"], expected)
    assert number >= 1
    assert found.parameters == learned
    assert found.n_candidates == 2


def test_the_default_stays_where_others_are_no_better(network):
    same = QUICK.model_copy(update={"threads": 2})
    assert evaluate(network, QUICK, seed=1, others=(same,)).parameters == QUICK


def test_validation_by_line_keeps_whole_lines_apart(network):
    lines = network["line_id"].to_numpy()
    tested = np.zeros(len(network), dtype=int)
    for split in by_line(lines):
        assert not set(lines[split.train]) & set(lines[split.test])
        tested += split.test
    assert (tested == 1).all()


def test_evaluation_beats_the_plain_trend_with_an_interval_and_is_calibrated(evaluation):
    for kind in ("time", "line"):
        split = evaluation.splits[kind]
        assert split.error_difference["trend"].is_better
        assert split.scores["model"].mae < split.scores["persistence"].mae
        assert split.scores["model"].calibration_error < 0.05
        assert 0.65 < split.coverage < 0.92


def test_a_champion_is_not_judged_by_answers_it_was_trained_on(evaluation):
    decision = decide(evaluation)
    assert not decision.promote
    assert decision.reasons == (
        "has no outcome to be judged by that the champion was not trained on: the champion stays",
    )


def test_the_champion_stays_unless_the_challenger_beats_it_on_new_outcomes(network):
    before = network[Targets.of(network, 13).ends_days <= 800]
    equal = decide(evaluate(network, QUICK, seed=7, champion=train(before, QUICK, seed=8)))
    assert not equal.promote
    assert "does not beat the champion" in equal.summary
    # A champion of another world: assets that get better with time.
    turned = before.assign(value_13w=2 * before["level"] - before["value_13w"])
    better = decide(evaluate(network, QUICK, seed=7, champion=train(turned, QUICK, seed=8)))
    assert better.promote
    assert "beats the champion" in better.summary


def test_a_challenger_without_a_rival_is_promoted_and_says_by_how_much(network):
    decision = decide(evaluate(network, QUICK, seed=7))
    assert decision.promote
    assert "beats the plain trend" in decision.summary


def test_the_gate_refuses_where_there_is_nothing_to_learn():
    # Straight lines known exactly: the plain trend is the truth, and nothing can beat it.
    network = fleet.table(60, seed=3, noise=0.0)
    clean = network[network["straddles_work_13w"] == 0]
    decision = decide(evaluate(clean.reset_index(drop=True), QUICK, seed=1))
    assert not decision.promote
    assert "does not beat the plain trend" in decision.summary


def test_the_gate_refuses_without_a_back_test(network):
    first = network[network["origin_days"] == network["origin_days"].min()]
    decision = decide(evaluate(pd.concat([first] * 2), QUICK, seed=1))
    assert not decision.promote
    assert "not enough history" in decision.summary


def test_metrics_are_flat_finite_numbers(evaluation):
    metrics = evaluation.metrics()
    assert metrics["time.model.mae"] == evaluation.splits["time"].scores["model"].mae
    assert all(np.isfinite(value) for value in metrics.values())


def test_a_line_is_tested_only_on_what_other_lines_know() -> None:
    lines = np.array(["A", "A", "B", "B", "C"])
    kinds = np.array(["level", "gap", "level", "level", "noise"])
    tested = {split.name: np.flatnonzero(split.test).tolist() for split in by_line(lines, kinds)}
    assert tested == {"A": [0], "B": [2, 3]}
    for split in by_line(lines, kinds):
        assert not set(lines[split.train]) & set(lines[split.test])


def test_the_plain_trend_can_serve_as_a_model(network) -> None:
    """Without learning, the expected change is the trend's to the last digit; only its probabilities are calibrated."""
    model = train(network, ModelParameters(learned=False), seed=1)
    told = model.predict(network)
    expected = baseline_changes(network, model.parameters.horizon_days)["trend"]
    np.testing.assert_allclose(told.change[told.known], expected[told.known], rtol=1e-6, atol=1e-9)
