"""The level of every receiver of a line told by what it is made of: known parts come back and add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.contracts.noise_control import LEVEL_PARTS
from guideway.monitoring.noise_control.receiver_split import receiver_parts, roughness_above_smooth

PLACES = ("R1", "R2", "R3", "R4", "R5", "R6")
OWN_DB = np.array([3.0, -2.0, 0.0, 1.0, -3.0, 1.0])
FASTER = np.array([0.0, 12.0, 0.0, 0.0, 0.0, 0.0])


def line(seed: int, n: int = 40, decay: bool = False) -> pd.DataFrame:
    """A year of passages: R2's trains are faster, R3's rail gets rougher, R4 and R5 have dampers if ``decay``."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(len(PLACES)), n)
    year = np.tile(np.linspace(0.0, 1.0, n), len(PLACES))
    speed = rng.uniform(50.0, 66.0, place.size) + FASTER[place]
    kind = rng.choice(["A4", "B6"], place.size, p=[0.7, 0.3])
    rough = np.where(place == 2, 2.0 + 8.0 * year, 1.0) + rng.normal(0.0, 0.5, place.size)
    damped = 2.0 * np.isin(place, (3, 4))
    level = 60.0 + 20.0 * np.log10(speed / 58.0) + 1.5 * (kind == "B6") + 0.6 * rough - 1.0 * damped * decay
    level = level + OWN_DB[place] + rng.normal(0.0, 0.5, place.size)
    passages = {"asset_id": np.array(PLACES)[place], "level_db": level, "speed_kmh": speed, "train_type": kind}
    facts = {"roughness_db": rough} | ({"decay_rate_db_per_m": 2.0 + damped} if decay else {})
    return pd.DataFrame(passages | facts)


def told(passages: pd.DataFrame) -> pd.DataFrame:
    rows = [(p.asset_id, p.part, p.part_db, p.effect, p.standard_error, p.status) for p in receiver_parts(passages)]
    return pd.DataFrame(rows, columns=["asset_id", "part", "part_db", "effect", "standard_error", "status"])


def test_what_the_level_of_each_receiver_is_made_of_comes_back() -> None:
    passages = line(0)
    rows = told(passages)
    parts = rows.pivot(index="asset_id", columns="part", values="part_db")
    assert list(parts.columns) == sorted(set(LEVEL_PARTS) - {"track_decay"})
    # the faster trains, the rougher rail and the place itself are told apart
    rough = passages.groupby("asset_id")["roughness_db"].mean() - passages["roughness_db"].mean()
    speed = np.log10(passages["speed_kmh"] / passages["speed_kmh"].median()).groupby(passages["asset_id"]).mean()
    assert parts["speed"].to_numpy() == pytest.approx(20.0 * speed.to_numpy(), abs=0.25)
    assert parts["rail_roughness"].to_numpy() == pytest.approx(0.6 * rough.to_numpy(), abs=0.25)
    assert parts["location"].to_numpy() == pytest.approx(OWN_DB - OWN_DB.mean(), abs=0.35)
    assert parts.loc["R3", "rail_roughness"] == parts["rail_roughness"].max() > 1.0
    for part, truth in (("speed", 20.0), ("rail_roughness", 0.6)):
        effect, error = rows.loc[rows["part"] == part, ["effect", "standard_error"]].iloc[0]
        assert abs(effect - truth) < 3.5 * error


@given(st.integers(0, 30), st.booleans())
def test_parts_add_up_to_the_mean_level(seed: int, decay: bool) -> None:
    passages = line(seed, 8, decay)
    sums = told(passages).groupby("asset_id")["part_db"].sum()
    means = passages.groupby("asset_id")["level_db"].mean()
    assert sums.to_numpy() == pytest.approx(means.to_numpy(), abs=1e-9)


def test_measured_decay_rates_explain_what_dampers_do() -> None:
    effects = [told(line(seed, decay=True)).query("part == 'track_decay'").iloc[0] for seed in range(8)]
    # two damped places among six: the places themselves leave the effect open by its standard error
    assert all(abs(one["effect"] + 1.0) < 3.5 * one["standard_error"] for one in effects)
    assert all(one["standard_error"] > 0.3 for one in effects)


def test_what_nobody_states_or_what_hardly_varies_is_no_part() -> None:
    passages = line(1).assign(train_type=None, roughness_db=lambda rows: 0.01 * rows["roughness_db"])
    rows = told(passages)
    assert set(rows["part"]) == {"common", "speed", "location", "rest"}
    few = told(passages.groupby("asset_id").head(3))
    assert few["status"].tolist() == ["too_few"] * len(PLACES)
    assert few["part_db"].isna().all()


def test_roughness_is_what_corrugation_adds() -> None:
    assert roughness_above_smooth(0.0) == 0.0
    assert roughness_above_smooth(0.5) == pytest.approx(10 * np.log10(2))
    assert roughness_above_smooth(1.0) == roughness_above_smooth(0.98) < 16.0
