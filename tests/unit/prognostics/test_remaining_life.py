from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from guideway.cli import app
from guideway.errors import ConfigurationError
from guideway.prognostics.cmapss import evaluate_cmapss, phm08_score, read_lives
from guideway.prognostics.lives import Lives, Normaliser
from guideway.prognostics.remaining_life import LifeParameters, take_units, train_life
from guideway.prognostics.windows import lifelong_means, since_start, smoothed, window_means, window_slopes

pytestmark = pytest.mark.slow

QUICK = LifeParameters(rounds=80, seeds=1)


def worn_units(n_units, seed, regimes=1, modes=1):
    """Units whose hidden wear grows exponentially to failure; two channels show it, one is noise, one is constant."""
    rng = np.random.default_rng(seed)
    offsets, settings, channels = [0], [], []
    for _ in range(n_units):
        life = int(rng.integers(120, 260))
        age = np.arange(life)
        wear = np.exp((age - life) / 45.0)
        regime = rng.integers(0, regimes, life)
        turn = 1 - 2 * rng.integers(0, modes)
        signal = np.column_stack([2 * turn * wear, -wear, np.zeros(life), np.zeros(life)])
        noise = rng.normal(0, 1, (life, 4)) * [0.3, 0.2, 1.0, 0.0]
        channels.append(100.0 + 50 * regime[:, None] + signal + noise)
        settings.append(10.0 * regime[:, None] + rng.normal(0, 0.01, (life, 1)))
        offsets.append(offsets[-1] + life)
    return Lives(np.arange(n_units), np.array(offsets), np.vstack(settings), np.vstack(channels))


def test_windows_agree_with_pandas():
    rng = np.random.default_rng(0)
    offsets = np.array([0, 7, 7, 40])
    values = rng.normal(size=(40, 2))
    unit = pd.Series(np.repeat([0, 2], [7, 33]))
    rolled = pd.DataFrame(values).groupby(unit)
    means = rolled.rolling(6, min_periods=1).mean().to_numpy()
    np.testing.assert_allclose(window_means(values, offsets, 6), means)
    np.testing.assert_allclose(lifelong_means(values, offsets), rolled.expanding().mean().to_numpy())
    slopes = window_slopes(values, offsets, 8)
    assert slopes[39, 1] == pytest.approx(np.polyfit(np.arange(8), values[32:, 1], 1)[0])
    assert (slopes[:4] == 0).all()
    change = since_start(values, offsets, healthy=4, width=3)
    np.testing.assert_allclose(change[20], values[18:21].mean(axis=0) - values[7:11].mean(axis=0))
    np.testing.assert_allclose(smoothed(np.full((40, 2), 3.0), offsets, 8), 3.0)


def test_remaining_life_of_new_units_comes_back():
    model = train_life(worn_units(60, seed=1), QUICK, seed=0)
    new = worn_units(40, seed=2)
    target = np.minimum(new.remaining(), 125)
    judged = target < 125
    error = np.abs(model.predict(new) - target)
    assert error[judged].mean() < 0.6 * np.abs(target[judged] - target[judged].mean()).mean()
    assert error[target < 20].mean() < 8


def test_a_second_fault_that_turns_a_channel_round_is_learned_too():
    model = train_life(worn_units(60, seed=1, modes=2), QUICK, seed=0)
    new = worn_units(40, seed=2, modes=2)
    target = np.minimum(new.remaining(), 125)
    judged = target < 125
    error = np.abs(model.predict(new) - target)
    assert error[judged].mean() < 0.7 * np.abs(target[judged] - target[judged].mean()).mean()
    assert error[target < 20].mean() < 9


def test_the_benchmark_says_three_things_and_missing_units_are_named(tmp_path):
    lives = worn_units(8, seed=7)
    channels = np.hstack([lives.channels, np.ones((len(lives.channels), 17))])
    settings = np.hstack([lives.settings, np.zeros((len(lives.settings), 2))])
    unit, age = np.repeat(np.arange(1, 9), np.diff(lives.offsets)), lives.age + 1
    rows = np.column_stack([unit, age, settings, channels])
    left = np.array([10, 20, 30, 40, 50, 60, 70, 80])
    np.savetxt(tmp_path / "train_XD1.txt", rows, fmt="%.4f")
    np.savetxt(tmp_path / "test_XD1.txt", rows[lives.remaining() >= left[unit - 1]], fmt="%.4f")
    np.savetxt(tmp_path / "RUL_XD1.txt", left, fmt="%d")
    found = evaluate_cmapss(tmp_path, "XD1")
    assert list(found) == ["rmse", "score", "n"]
    assert found["n"] == 8
    assert found["rmse"] < 15
    np.savetxt(tmp_path / "RUL_XD1.txt", left[:7], fmt="%d")
    with pytest.raises(ConfigurationError, match="7 rows, test_XD1 has 8 units"):
        evaluate_cmapss(tmp_path, "XD1")


def write_like_fd003(folder, n_units, seed):
    """Files in the shape of FD003: one operating condition, 21 channels in engines' units, two faults with other signs.

    As there, seven channels never move, one moves by its resolution only, and a unit wears by one of two faults: both
    show in most channels, but in opposite directions in some, and one channel tells one of them alone.
    """
    rng = np.random.default_rng(seed)
    base = np.array([518.67, 641, 1585, 1398, 14.62, 21.6, 553, 2388, 9050, 1.3, 47.3, 521, 2388, 8140, 8.4, 0.03, 391,
                     2388, 100, 38.9, 23.3])  # fmt: skip
    noise = np.array([0, 0.5, 6, 6, 0, 0.002, 0.7, 0.05, 15, 0.003, 0.25, 0.6, 0.05, 12, 0.03, 0, 1.3, 0, 0, 0.17, 0.1])
    first = np.array([0, 1, 1.2, 1.8, 0, 0, -1.6, 1.3, 0.8, 0, 2, -1.7, 1.3, 0.4, 1.4, 0, 1.3, 0, 0, -1.4, -1.4])
    other = np.array([0, 0.9, 1.2, 1.6, 0, 0, 1.5, 1.2, 1.9, 2, 1.9, 1.6, 1.2, 1.8, -1.3, 0, 1.2, 0, 0, 1.3, 1.4])
    tables = {"train": [], "test": []}
    left = []
    for kind, rows in tables.items():
        for unit in range(1, n_units + 1):
            life = int(rng.integers(150, 360))
            age = np.arange(life)
            shows = np.expm1(3.0 * np.clip(1 - (life - age) / rng.uniform(110, 150), 0, None)) / np.expm1(3.0) * 4.5
            direction = first if rng.random() < 0.5 else other
            channels = base + noise * (np.outer(shows, direction) + rng.normal(size=(life, 21)))
            settings = np.column_stack([rng.normal(0, 0.002, life), rng.normal(0, 0.0003, life), np.full(life, 100.0)])
            seen = life if kind == "train" else int(rng.integers(60, life))
            rows.append(np.column_stack([np.full(life, unit), age + 1, settings, channels])[:seen])
            if kind == "test":
                left.append(life - seen)
        np.savetxt(folder / f"{kind}_FD003.txt", np.vstack(rows), fmt="%.4f")
    np.savetxt(folder / "RUL_FD003.txt", left, fmt="%d")
    return np.minimum(left, 125)


def test_a_subset_of_two_faults_and_one_condition_needs_nothing_of_its_own(tmp_path, capsys):
    true = write_like_fd003(tmp_path, 60, seed=4)
    with pytest.raises(SystemExit) as end:
        app(["evaluate", "cmapss", "--data", str(tmp_path), "--subset", "FD003", "--json"])
    assert end.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"rmse", "score", "n"}
    assert found["n"] == 60
    assert found["rmse"] < 0.2 * np.std(true)
    lives = read_lives(tmp_path, "train_FD003")
    normaliser = Normaliser.fit(lives)
    assert normaliser.regimes.size == 1, "scatter of the settings is no second condition"
    assert set(normaliser.kept.tolist()).isdisjoint({0, 4, 15, 17, 18}), "channels that never move are left out"


def test_the_rest_of_a_life_does_not_change_what_was_said_before():
    model = train_life(worn_units(30, seed=1), QUICK, seed=0)
    whole = worn_units(3, seed=5)
    cut = Lives(whole.unit[:1], np.array([0, 60]), whole.settings[:60], whole.channels[:60])
    np.testing.assert_allclose(model.predict(cut), model.predict(whole)[:60], rtol=1e-9)


def test_operating_regimes_are_found_and_removed():
    lives = worn_units(40, seed=3, regimes=4)
    normaliser = Normaliser.fit(lives)
    assert normaliser.regimes.size == 4
    assert normaliser.kept.tolist() == [0, 1, 2]
    standard = normaliser.apply(lives)
    regime = np.round(lives.settings[:, 0] / 10).astype(int)
    for k in range(4):
        np.testing.assert_allclose(standard[regime == k].mean(axis=0), 0, atol=1e-9)


def test_a_setting_that_only_scatters_is_one_regime():
    lives = worn_units(5, seed=3)
    assert Normaliser.fit(lives).regimes.size == 1


def test_units_keep_their_rows_when_taken():
    lives = worn_units(6, seed=3)
    taken = take_units(lives, np.array([4, 1]))
    np.testing.assert_array_equal(
        taken.channels[: taken.offsets[1]], lives.channels[lives.offsets[4] : lives.offsets[5]]
    )
    assert taken.remaining()[taken.offsets[1:] - 1].tolist() == [0, 0]


def test_score_punishes_late_more_than_early():
    assert phm08_score(np.array([13.0, 0.0]), np.array([0.0, 13.0])) == pytest.approx(np.expm1(1.3) + np.expm1(1.0))


def test_a_wrong_folder_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="train_FD009"):
        evaluate_cmapss(tmp_path, "FD009")
    (tmp_path / "train_X.txt").write_text("1 2 3\n")
    with pytest.raises(ConfigurationError, match="3 columns"):
        read_lives(tmp_path, "train_X")


def test_fd001_with_a_light_model_stays_ahead_of_the_reference_rows(shared_data):
    # The full model is `guideway evaluate cmapss`; this light one keeps the test short.
    folder = shared_data / "cmapss"
    model = train_life(
        read_lives(folder, "train_FD001"), LifeParameters(rounds=60, learning_rate=0.15, seeds=1), seed=1
    )
    test = read_lives(folder, "test_FD001")
    true = np.loadtxt(folder / "RUL_FD001.txt")
    predicted = model.predict(test)[test.offsets[1:] - 1]
    assert np.sqrt(np.mean((predicted - np.minimum(true, 125)) ** 2)) < 13.0
