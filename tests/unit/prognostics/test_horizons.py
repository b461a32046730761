"""Other horizons than the model's own: calibrated, rising with time, silent where there is nothing to learn from."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from guideway.prognostics.horizons import HorizonModel, fit_horizons, horizon_metrics
from guideway.prognostics.targets import followed_up
from tests.unit.prognostics import fleet


@pytest.fixture(scope="module")
def wide() -> pd.DataFrame:
    return fleet.table(240, seed=7, origins=np.arange(200.0, 1000.0, 40.0))


def test_later_origins_are_foretold_within_three_points_and_better_than_by_the_share(wide: pd.DataFrame) -> None:
    told = horizon_metrics(wide, 13)
    for weeks in (4, 26):
        assert told[f"horizon.{weeks}w.events"] > 15
        assert told[f"horizon.{weeks}w.brier_skill"] > 0.1
        assert told[f"horizon.{weeks}w.calibration_error"] < 0.08
    assert told["horizon.4w.calibration_error"] < 0.03
    assert not any(name.startswith("horizon.13w") for name in told)


def test_a_longer_horizon_never_looks_safer_by_much(wide: pd.DataFrame) -> None:
    models = fit_horizons(wide, 13)
    assert [model.weeks for model in models] == [4, 26, 52]
    rows = wide[np.isfinite(wide["rate"]) & (wide["rate"] > 0) & (wide["distance_to_limit"] > 0)]
    four, half, year = (model.predict(rows)[1] for model in models)
    assert np.mean(four) < np.mean(half) < np.mean(year)
    assert np.mean(half < four - 0.05) < 0.05


def test_what_is_written_is_read_again(wide: pd.DataFrame) -> None:
    (model, *_) = fit_horizons(wide, 13)
    again = HorizonModel.from_dict(json.loads(json.dumps(model.to_dict())))
    for one, other in zip(model.predict(wide), again.predict(wide), strict=True):
        np.testing.assert_array_equal(one, other)


def test_with_too_few_exceedances_there_is_no_model(wide: pd.DataFrame) -> None:
    assert fit_horizons(wide.assign(**{f"exceeds_{w}w": 0.0 for w in (4, 26, 52)}), 13) == ()
    assert fit_horizons(wide.head(150), 13) == ()


def test_origins_nobody_watched_to_the_end_teach_nothing() -> None:
    exceeds = np.array([0.0, 1.0, 0.0, 1.0, np.nan, 1.0])
    origin = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0])
    np.testing.assert_array_equal(followed_up(exceeds, origin), [0, 1, 0, 1, np.nan, np.nan])
