from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from guideway.prognostics.definitions import features_page
from guideway.prognostics.drift import Drift, Reference, drift, population_stability_index
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.reasons import contributions, reason_codes
from guideway.prognostics.retraining import retraining_reasons
from guideway.prognostics.training import train, watched_columns

QS = ("rate", "level", "speed_kmh", "cant_mm", "n_values", "prediction", "label")


@pytest.fixture(scope="module")
def model(network):
    return train(network, ModelParameters(rounds=40), seed=1)


def test_psi_of_a_known_case():
    assert population_stability_index(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    found = population_stability_index(np.array([0.5, 0.5]), np.array([0.8, 0.2]))
    assert found == pytest.approx(0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5))


def test_only_the_line_that_moved_drifts():
    rng = np.random.default_rng(0)
    reference = Reference.of({"x": rng.normal(size=20_000)})
    now = np.concatenate([rng.normal(size=2000), rng.normal(1.0, 1, 2000), rng.normal(size=10)])
    found = drift(reference, {"x": now}, np.repeat(["A", "B", "C"], [2000, 2000, 10]))
    assert [(d.line_id, d.status) for d in found] == [("A", "stable"), ("B", "drifted"), ("C", "too_few_rows")]
    expected = ks_2samp(rng.normal(size=20_000), now[2000:4000]).statistic
    assert found[1].ks == pytest.approx(expected, abs=0.03)


def test_missing_values_are_drift_too():
    rng = np.random.default_rng(0)
    reference = Reference.of({"x": rng.normal(size=1000)})
    now = np.where(rng.random(1000) < 0.5, np.nan, rng.normal(size=1000))
    assert drift(reference, {"x": now}, np.zeros(1000))[0].status == "drifted"


def test_a_constant_that_stays_is_stable_and_one_that_changes_drifts():
    reference = Reference.of({"x": np.full(500, 160.0)})
    assert drift(reference, {"x": np.full(500, 160.0)}, np.zeros(500))[0].psi == pytest.approx(0)
    for other in (80.0, 200.0):
        assert drift(reference, {"x": np.full(500, other)}, np.zeros(500))[0].status == "drifted"


def test_the_training_table_itself_does_not_drift(network, model):
    watched = watched_columns(model, network)
    found = drift(Reference.of(watched), watched, np.zeros(len(network)))
    assert {d.status for d in found} == {"stable"}


def test_contributions_add_up_to_the_expected_change(network, model):
    rows = network[np.isfinite(network["level"])]
    total = sum(contributions(model, rows).values())
    gap = total - model.scaled_change(model.design.matrix(rows))
    np.testing.assert_allclose(gap, gap[0], atol=1e-9)


def test_reasons_do_not_depend_on_the_other_rows(network, model):
    units = {"longitudinal_level_sd": "mm"}
    together = reason_codes(model, network.iloc[:40], units)
    assert [reason_codes(model, network.iloc[[k]], units)[0] for k in range(40)] == together


def test_reasons_say_what_makes_an_asset_worse(network, model):
    row = (
        network[np.isfinite(network["rate"])]
        .iloc[[0]]
        .assign(
            rate=0.9,
            rate_52w=0.9,
            rate_since_work=0.9,
            rate_104w=0.9,
            rate_26w=0.9,
            neighbour_rate=0.3,
            rate_to_neighbours=0.6,
            distance_to_limit=0.25,
        )
    )
    (found,) = reason_codes(model, row, {"longitudinal_level_sd": "mm"})
    assert found[0] == "0.25 mm below the alert limit"
    assert found[1] == "grows 0.90 mm/yr, three times its neighbours"


def test_training_again_is_asked_for_by_schedule_drift_and_rules_and_else_not():
    def line(name, *moved):
        return [
            Drift(name, q, 500, 0.5 if q in moved else 0.01, 0.1, "drifted" if q in moved else "stable") for q in QS
        ]

    calm = {"days_since_training": 30, "trained_rulebook": "a", "rulebook": "a"}
    assert retraining_reasons(line("A") + line("B", "rate"), **calm) == ()
    assert retraining_reasons(line("A"), **calm | {"rulebook": "b"}) == ("limits have changed since training",)
    assert retraining_reasons([], **calm | {"days_since_training": 91})[0].startswith("91 days since training")
    (found,) = retraining_reasons(line("A") + line("B", "prediction"), **calm)
    assert found == "line B: prediction drifted, most prediction (PSI 0.50)"
    (found,) = retraining_reasons(line("C", "rate", "level"), **calm)
    assert found.startswith("line C: 2 of 7 features drifted")


def test_the_features_page_is_generated_from_the_definitions():
    page = Path(__file__).resolve().parents[3] / "docs" / "models" / "features.md"
    assert page.read_text(encoding="utf-8") == features_page()
