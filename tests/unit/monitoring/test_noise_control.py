"""Insertion loss, level split and source ranking: known effects recovered, published damper effects recovered."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from guideway.monitoring.noise_control import (
    CorrugatedStretch,
    FlatWheel,
    InsertionLoss,
    adjusted_insertion_loss,
    paired_insertion_loss,
    rank_sources,
    split_levels,
)

FS = 2000.0


def passages(seed: int, loss_db: float = 3.0, trains: int = 40, wagons: int = 6) -> pd.DataFrame:
    """Trains of two types at different speeds; a treated section that later trains pass faster."""
    rng = np.random.default_rng(seed)
    rows = []
    for train in range(trains):
        treated = train % 2 == 1
        speed = rng.uniform(60, 100) + 20 * treated
        regional = rng.random() < 0.5
        own = rng.normal(0, 1.0)
        for _ in range(wagons):
            level = 80 + 30 * math.log10(speed / 80) + 4 * regional - loss_db * treated + own + rng.normal(0, 0.8)
            rows.append((train, treated, speed, "regional" if regional else "intercity", level))
    return pd.DataFrame(rows, columns=["passage_id", "is_treated", "speed_kmh", "train_type", "level_db"])


def damper_losses(folder: Path) -> dict[str, InsertionLoss]:
    """Paired insertion loss of each damped section of Niederwangen against the reference B5."""
    table = pd.read_csv(folder / "ch-niederwangen-passby-noise" / "passby_third_octave.csv")
    full = table[table["interval"] == "full"].pivot(index="passby", columns="A", values="leq.tot")
    return {section: paired_insertion_loss(full["B5"], full[section]) for section in ("B2", "B3", "B4")}


def test_published_damper_effects_lie_in_the_intervals(shared_data: Path) -> None:
    losses = damper_losses(shared_data)
    strail = losses["B4"]
    assert strail.low_db < 2.4 < strail.high_db
    assert strail.is_proven
    assert strail.high_db - strail.low_db < 1.2
    for section in ("B2", "B3"):
        assert losses[section].low_db < 0.0 < losses[section].high_db
        assert abs(losses[section].loss_db) < 0.5
        assert losses[section].n_clusters == 8


def test_published_wagon_levels_adjusted_for_speed_and_type(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "ch-niederwangen-passby-noise" / "passby_third_octave.csv")
    wagons = table[(table["interval"] != "full") & table["A"].isin(["B2", "B5"])]
    rows = pd.DataFrame(
        {
            "passage_id": wagons["passby"],
            "is_treated": wagons["A"] == "B2",
            "speed_kmh": wagons["v"],
            "train_type": wagons["Zugstyp"] + wagons["interval.kat"],
            "level_db": wagons["leq.tot"],
        }
    )
    loss = adjusted_insertion_loss(rows)
    assert loss.low_db < 0.0 < loss.high_db
    assert loss.n_clusters == 8


def test_published_bands_add_up(shared_data: Path) -> None:
    table = pd.read_csv(shared_data / "ch-niederwangen-passby-noise" / "passby_third_octave.csv")
    bands = table[[c for c in table.columns if c.startswith("leq.") and c != "leq.tot"]]
    total = 10 * np.log10((10 ** (bands / 10)).sum(axis=1))
    assert (total - table["leq.tot"]).abs().max() < 0.011


@pytest.mark.parametrize("loss_db", [3.0, 0.0])
def test_adjusted_loss_covers_the_truth_at_its_confidence(loss_db: float) -> None:
    losses = [adjusted_insertion_loss(passages(seed, loss_db)) for seed in range(60)]
    covered = np.mean([loss.low_db < loss_db < loss.high_db for loss in losses])
    assert covered >= 0.88
    assert np.mean([loss.loss_db for loss in losses]) == pytest.approx(loss_db, abs=0.15)
    # without adjustment the faster trains on the treated section hide the effect
    rows = passages(0, loss_db)
    means = rows.groupby("is_treated")["level_db"].mean()
    assert means[False] - means[True] < loss_db - 1.5


def test_interval_is_that_of_statsmodels() -> None:
    rows = passages(3)
    ours = adjusted_insertion_loss(rows)
    design = pd.DataFrame(
        {
            "treated": rows["is_treated"].astype(float),
            "speed": np.log10(rows["speed_kmh"]),
            "regional": (rows["train_type"] == "regional").astype(float),
        }
    )
    fit = sm.OLS(rows["level_db"], sm.add_constant(design)).fit(
        cov_type="cluster", cov_kwds={"groups": rows["passage_id"]}, use_t=True
    )
    low, high = fit.conf_int().loc["treated"]
    deviation = max(abs(ours.low_db + high), abs(ours.high_db + low), abs(ours.loss_db + fit.params["treated"]))
    assert deviation < 1e-8


def test_too_few_passages_prove_nothing() -> None:
    rows = passages(0)
    assert not adjusted_insertion_loss(rows[rows["passage_id"] < 2]).is_proven
    assert not adjusted_insertion_loss(rows[rows["is_treated"]]).is_proven
    assert math.isnan(paired_insertion_loss([], []).loss_db)
    assert paired_insertion_loss([80.0], [70.0]).low_db == -math.inf


def split_data(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    places = rng.normal(0, 2.0, 25)
    roughness, decay = rng.normal(0, 4.0, 25), rng.normal(3.0, 1.0, 25)
    place = np.repeat(np.arange(25), 30)
    speed = rng.uniform(40, 120, place.size)
    kind = rng.choice(["a", "b", "c"], place.size, p=[0.5, 0.3, 0.2])
    level = 85 + 28 * np.log10(speed / 80) + np.where(kind == "b", 3.0, np.where(kind == "c", -2.0, 0.0))
    level += 0.7 * roughness[place] - 1.2 * decay[place] + places[place] + rng.normal(0, 1.0, place.size)
    frame = pd.DataFrame(
        {
            "level_db": level,
            "speed_kmh": speed,
            "train_type": kind,
            "roughness_db": roughness[place],
            "decay_rate_db_per_m": decay[place],
            "location": [f"p{k}" for k in place],
        }
    )
    return frame, places


def test_split_recovers_what_the_level_is_made_of() -> None:
    frame, places = split_data()
    split = split_levels(frame, covariates=("roughness_db", "decay_rate_db_per_m"))
    truth = {"speed": 28.0, "train_type=b": 3.0, "train_type=c": -2.0, "roughness_db": 0.7, "decay_rate_db_per_m": -1.2}
    for name, value in truth.items():
        assert abs(split.effects[name] - value) < 3.0 * split.standard_errors[name], name
    assert split.rest_sd_db == pytest.approx(1.0, abs=0.06)
    assert split.place_sd_db == pytest.approx(places.std(), rel=0.25)
    assert np.abs(split.parts.sum(axis=1) - frame["level_db"]).max() < 1e-9


def split_beside_statsmodels() -> float:
    """Greatest difference of effects, their errors and both standard deviations to statsmodels' mixed model, dB."""
    frame, _ = split_data(1)
    split = split_levels(frame, covariates=("roughness_db",))
    frame["lg_speed"] = np.log10(frame["speed_kmh"] / 80)
    fit = smf.mixedlm("level_db ~ lg_speed + C(train_type) + roughness_db", frame, groups=frame["location"]).fit()
    return max(
        abs(split.effects["speed"] - fit.params["lg_speed"]),
        abs(split.effects["roughness_db"] - fit.params["roughness_db"]),
        abs(split.place_sd_db - math.sqrt(float(fit.cov_re.iloc[0, 0]))),
        abs(split.rest_sd_db - math.sqrt(fit.scale)),
        abs(split.standard_errors["speed"] - fit.bse["lg_speed"]),
    )


def test_split_is_the_mixed_model_of_statsmodels() -> None:
    assert split_beside_statsmodels() < 5e-3


def test_split_of_little_data_says_so() -> None:
    frame, _ = split_data()
    assert split_levels(frame.head(3)).status == "too_few"
    assert split_levels(frame.assign(level_db=np.nan)).status == "too_few"
    with pytest.raises(KeyError, match="location"):
        split_levels(frame.drop(columns="location"))


def flat_signal(rate_hz: float, strength: float, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Knocks at a wheel rate: decaying bursts of 180 Hz."""
    t = np.arange(round(seconds * FS)) / FS
    knock = np.exp(-t[:400] * 40) * np.sin(2 * np.pi * 180 * t[:400])
    impulses = np.zeros(t.size)
    impulses[(np.arange(0.1, seconds - 0.3, 1 / rate_hz) * FS).astype(int)] = strength
    return np.convolve(impulses, knock)[: t.size] + 0.02 * rng.normal(size=t.size)


@pytest.mark.parametrize("seed", range(4))
def test_flat_wheel_and_corrugation_are_ranked_by_their_energy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    speed = 60.0
    t = np.arange(round(12 * FS)) / FS
    line = speed / 3.6 / 0.045
    signal = flat_signal(speed / 3.6 / (math.pi * 0.84), 1.0, 12.0, rng) + 0.05 * np.sin(2 * np.pi * line * t)
    signal += 0.02 * rng.normal(size=t.size)
    candidates = [
        CorrugatedStretch("T-corrugated", 0.045, 61.0),
        CorrugatedStretch("T-smooth", 0.1, 61.0),
        FlatWheel("V-flat", 0.84, 61.0),
        FlatWheel("V-round", 0.68, 61.0),
    ]
    found = rank_sources(signal, FS, candidates)
    assert [s.asset_id for s in found] == ["V-flat", "T-corrugated"]
    corrugation = found[1]
    assert corrugation.frequency_hz == pytest.approx(line, rel=0.01)
    assert corrugation.share == pytest.approx(0.05**2 / 2 / signal.var(), rel=0.15)
    louder = rank_sources(signal + 0.4 * np.sin(2 * np.pi * line * t), FS, candidates)
    assert louder[0].asset_id == "T-corrugated"


def test_noise_has_no_source() -> None:
    noise = np.random.default_rng(0).normal(size=24000)
    candidates = [CorrugatedStretch("T", 0.045, 60.0), FlatWheel("V", 0.84, 60.0), FlatWheel("W", 0.0, 60.0)]
    assert rank_sources(noise, FS, candidates) == ()
    assert rank_sources(np.zeros(5000), FS, candidates) == ()
    assert rank_sources(np.empty(0), FS, candidates) == ()
