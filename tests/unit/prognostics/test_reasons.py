from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guideway.prognostics.definitions import features_page
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.reasons import contributions, reason_codes
from guideway.prognostics.training import train


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
