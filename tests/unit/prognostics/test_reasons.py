from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from guideway.prognostics.card import model_card
from guideway.prognostics.definitions import features_page
from guideway.prognostics.evaluation import Evaluation
from guideway.prognostics.gate import Decision
from guideway.prognostics.importance import blend_weights, global_importance
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.reasons import contributions, reason_codes
from guideway.prognostics.training import train

DAY = date(2026, 1, 5)


@pytest.fixture(scope="module")
def model(network):
    return train(network, ModelParameters(rounds=40), seed=1)


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


def test_the_features_page_is_generated_from_the_definitions():
    page = Path(__file__).resolve().parents[3] / "docs" / "models" / "features.md"
    assert page.read_text(encoding="utf-8") == features_page()


def test_the_whole_model_is_explained_by_what_the_truth_was_made_of(network, model):
    """The fleet's rates come from drainage and the line: what the trees split on is told by share, adding up to one."""
    told = dict(global_importance(model))
    assert sum(told.values()) == pytest.approx(1.0)
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert not {"cant_mm", "rain_mm_13w"} & set(told), "what was never known explains nothing"
    weights = dict(blend_weights(model))
    assert weights["best_rate"] > 0.3
    card = model_card(
        model,
        Evaluation(model.parameters, 1, {}, network),
        Decision(True, ("it is a test",)),
        code_version="1",
        as_of=DAY,
    )
    assert f"- {next(iter(told))}: " in card
    assert "longitudinal_level_sd " in card.split("believed beside the plain trend")[1]
