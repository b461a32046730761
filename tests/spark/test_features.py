"""Features in the lake: nothing from after the day gets in, what was written stays, risk and drift are the kernels'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION, DEGRADATION_TREND
from guideway.contracts.models import ASSET_FEATURE
from guideway.contracts.reference import ASSET, LINE, SECTION, TRAFFIC, WEATHER, WORK_HISTORY
from guideway.contracts.silver import MEASUREMENT
from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.model import TrainedModel
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import limits_fingerprint
from guideway.prognostics.training import train
from guideway.prognostics.trials import run_here
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms.drift import model_drift
from guideway.transforms.features import asset_features, score
from guideway.transforms.history import History
from guideway.transforms.training import TrainingRows, training_rows
from guideway.transforms.trials import run_on
from guideway.udfs.degradation import epoch_days
from guideway.udfs.features import DEPARTURE, FEATURE_DDL, KEYS, Serving, feature_rows
from tests.unit.prognostics import fleet

pytestmark = pytest.mark.spark
START = datetime(2023, 1, 2, tzinfo=timezone.utc)
AS_OF = date(2025, 1, 6)
ASSETS = [f"L1-1-{k:04d}" for k in range(8)]
NAMES = ["asset_id", "indicator", "as_of"]
Rows = dict[Table, list[dict[str, object]]]


def world() -> Rows:
    """A track of eight sections, measured every four weeks for two years, with traffic and one work."""
    rng = np.random.default_rng(3)
    place = [{"asset_id": a, "line_id": "L1", "track_id": "1", "from_m": 200.0 * k} for k, a in enumerate(ASSETS)]
    place = [row | {"to_m": row["from_m"] + 200.0} for row in place]
    like = {"speed_kmh": 160.0, "curvature_per_km": 0.2, "cant_mm": 20.0, "structure": "earthwork"}
    line = {"line_id": "L1", "name": "one", "mode": "conventional", "rulebook_id": "en_13848", "time_zone": "UTC"}
    world: Rows = {
        LINE: [line | {"from_m": 0.0, "to_m": 1600.0}],
        SECTION: [row | like | {"track_form": "ballasted", "drainage": "fair"} for row in place],
        ASSET: [row | {"asset_type": "track_section", "name": row["asset_id"], "attributes": {}} for row in place],
        TRAFFIC: [traffic(date(2023, 1, 1), 20_000.0), traffic(date(2024, 6, 1), 30_000.0)],
        WORK_HISTORY: [work("W1", START + timedelta(days=300))],
        WEATHER: [weather(START.date() + timedelta(days=k), 2.0, -1.0 if k % 2 else 4.0) for k in range(736)],
        RECORDING: [],
        CONDITION: [],
    }
    for number in range(27):
        measure(world, number, lambda k, n=number: 1.0 + 0.02 * n * (1 + k / 8) + 0.03 * float(rng.normal()))
    return world


def traffic(day: date, tonnes: float) -> dict[str, object]:
    place = {"line_id": "L1", "track_id": "1", "from_m": 0.0, "to_m": 1600.0}
    return place | {"day": day, "gross_tonnes": tonnes, "passes": tonnes / 500}


def weather(day: date, rain: float, lowest: float) -> dict[str, object]:
    return {"line_id": "L1", "day": day, "rain_mm": rain, "lowest_temperature_c": lowest}


def work(name: str, at: datetime) -> dict[str, object]:
    place = {"line_id": "L1", "track_id": "1", "from_m": 0.0, "to_m": 800.0}
    return place | {"work_id": name, "work_type": "tamping", "finished_at": at, "source": "register"}


def measure(
    world: Rows, number: int, value: Callable[[int], float], *, days: float = 0, delay: float = 1, revision: str = ""
) -> None:
    """One run over the track; it is delivered ``delay`` days after it, and again as a ``revision``."""
    at = START + timedelta(days=28 * number + days)
    name = f"r{number}+{days}{revision}"
    run = {"recording_id": name, "content_sha256": name, "source_id": "car", "vehicle_or_sensor_id": "car-1"}
    run |= {"line_id": "L1", "track_id": "1", "started_at": at, "delivered_at": at + timedelta(days=delay)}
    world[RECORDING].append(run | {"start": 0.0, "step": 0.25, "n_samples": 6400, "axis": "distance"})
    told = {"indicator": "longitudinal_level_sd", "unit": "mm", "quality": "good", "line_id": "L1"}
    for k, asset in enumerate(ASSETS):
        row = {"asset_id": asset, "recording_id": name, "measured_at": at + timedelta(minutes=1), "value": value(k)}
        world[CONDITION].append(told | row)


def spoil(world: Rows, after: date) -> None:
    """All that may come after a day: measurements, works, traffic, and what was measured before but came late."""
    first = (after - START.date()).days
    for week in range(4, 40, 4):
        measure(world, 0, lambda _: 40.0, days=first + 7 * week)
    measure(world, 0, lambda _: 90.0, days=first - 20, delay=60)
    end = datetime.combine(after, datetime.min.time(), timezone.utc)
    world[WORK_HISTORY].append(work("W2", end + timedelta(days=9)))
    world[TRAFFIC].append(traffic(after + timedelta(days=3), 900_000.0))
    world[WEATHER] = [row for row in world[WEATHER] if row["day"] <= after]
    world[WEATHER] += [weather(after + timedelta(days=1 + k), 50.0, -20.0) for k in range(100)]


def history(spark: SparkSession, world: Rows, as_of: date) -> History:
    measured = [{"recording_id": run["recording_id"], "n_conditions": len(ASSETS)} for run in world[RECORDING]]

    def read(table: Table) -> DataFrame:
        told = measured if table == MEASUREMENT else world.get(table, [])
        rows = [tuple(row.get(column.name) for column in table.columns) for row in told]
        return spark.createDataFrame(rows, table.ddl).withColumn("run_id", F.lit("run"))

    return History(read, load_rulebooks(), as_of)


def features(spark: SparkSession, world: Rows, as_of: date) -> pd.DataFrame:
    past = history(spark, world, as_of)
    trends = spark.createDataFrame([], DEGRADATION_TREND.ddl)
    found = asset_features(past.with_facts(), trends, past.work_types, as_of, past.weather()).toPandas()
    return found.sort_values(NAMES).reset_index(drop=True)


def learned(spark: SparkSession, world: Rows, stored: pd.DataFrame | None = None) -> TrainingRows:
    ddl = f"{FEATURE_DDL}, as_of date"
    table = spark.createDataFrame([] if stored is None else stored, ddl)
    rows = training_rows(history(spark, world, AS_OF), table, AS_OF)
    assert rows is not None
    return rows


@pytest.fixture(scope="module")
def base(spark: SparkSession) -> TrainingRows:
    return learned(spark, world())


def test_nothing_that_comes_after_the_day_changes_what_was_known(spark: SparkSession) -> None:
    clean, leaky = world(), world()
    spoil(leaky, AS_OF)
    before, after = features(spark, clean, AS_OF), features(spark, leaky, AS_OF)
    assert len(before) == len(ASSETS)
    pd.testing.assert_frame_equal(before, after)
    assert set(before["tonnes_per_day"]) == {30_000.0}
    assert set(before["rain_mm_13w"]) == {182.0}
    assert set(before["frost_days_13w"]) <= {45.0, 46.0}
    assert before["n_works"].tolist() == [1.0] * 4 + [0.0] * 4
    # the same things are seen as soon as they are known, or the test above could not fail
    later = features(spark, leaky, AS_OF + timedelta(days=80))
    assert set(later["tonnes_per_day"]) == {900_000.0}
    assert set(later["n_works"]) == {0.0, 2.0}
    assert set(later["rain_mm_13w"]) == {80 * 50.0 + 11 * 2.0}
    assert later["history_max"].min() == 90.0


def test_a_correction_takes_the_place_of_a_value_when_it_is_delivered_and_not_before(spark: SparkSession) -> None:
    corrected = world()
    measure(corrected, 25, lambda _: 70.0, delay=60, revision="b")
    # of a value that came with the archive, too
    measure(corrected, 0, lambda _: 9.0, delay=900, revision="b")
    pd.testing.assert_frame_equal(features(spark, corrected, AS_OF), features(spark, world(), AS_OF))
    later = features(spark, corrected, AS_OF + timedelta(days=60))
    assert set(later["history_max"]) == {70.0}
    assert later["n_values"].tolist() == [27.0] * 8, "the value it corrects counts no more"


def test_training_rows_of_past_days_know_no_more_than_those_days(spark: SparkSession, base: TrainingRows) -> None:
    cut = date(2024, 7, 29)
    leaky = world()
    spoil(leaky, cut)
    poisoned = learned(spark, leaky)
    columns = [*NAMES, *FEATURE_NAMES]
    one, other = (rows.frame[rows.frame["as_of"] <= cut][columns].reset_index(drop=True) for rows in (base, poisoned))
    assert one["as_of"].nunique() >= 3
    pd.testing.assert_frame_equal(one, other)
    assert set(one["tonnes_per_day"]) == {20_000.0, 30_000.0}
    assert (poisoned.frame["history_max"] == 90.0).any()


def test_what_was_written_is_what_was_known_whatever_comes_late(spark: SparkSession, base: TrainingRows) -> None:
    stored = base.added.to_pandas()
    assert len(stored) == len(base.frame)
    rewritten = world()
    for row in rewritten[CONDITION]:
        row["value"] = 3.0
    again = learned(spark, rewritten, stored)
    assert again.added.num_rows == 0
    columns = [*NAMES, *FEATURE_NAMES]
    pd.testing.assert_frame_equal(again.frame[columns], base.frame[columns])
    partly = learned(spark, world(), stored[stored["as_of"] < stored["as_of"].max()])
    assert set(partly.added["as_of"].to_pylist()) == {stored["as_of"].max()}


def test_the_table_holds_exactly_the_contract(base: TrainingRows) -> None:
    assert set(base.added.column_names) == {column.name for column in ASSET_FEATURE.columns}
    assert not base.added.to_pandas().duplicated(list(ASSET_FEATURE.key)).any()


@pytest.fixture(scope="module")
def network() -> pd.DataFrame:
    frame = fleet.table(240, seed=4)
    days = pd.to_timedelta(frame["origin_days"] - 1, unit="D")
    frame["as_of"] = (pd.Timestamp("1970-01-01") + days).dt.date
    return frame.assign(kind="k", unit="mm", direction=1, level_name="AL")


@pytest.fixture(scope="module")
def model(network: pd.DataFrame) -> TrainedModel:
    return train(network, ModelParameters(rounds=10), seed=1)


def stored(spark: SparkSession, frame: pd.DataFrame) -> DataFrame:
    rows = frame[[*KEYS, *FEATURE_NAMES]].assign(**dict.fromkeys(DEPARTURE, np.nan))
    table = feature_rows(rows).to_pandas()
    return spark.createDataFrame(table.assign(as_of=frame["as_of"].to_numpy()), f"{FEATURE_DDL}, as_of date")


def test_spark_scores_what_the_model_says(spark: SparkSession, network: pd.DataFrame, model: TrainedModel) -> None:
    day = network[network["as_of"] == network["as_of"].max()].reset_index(drop=True)
    day["direction"] = np.where(np.arange(len(day)) % 2, 1, -1)
    every = score(stored(spark, day), Serving("m", "7", model.to_texts())).toPandas()
    own = every["target"] == "exceeds_al_13w:longitudinal_level_sd"
    risk = every[own].set_index("asset_id")
    said = model.predict(day)
    told = day.assign(p=said.probability, v=said.value * day["direction"])[said.known].set_index("asset_id")
    assert set(risk.index) == set(told.index)
    np.testing.assert_allclose(risk["score"], told["p"].loc[risk.index])
    np.testing.assert_allclose(risk["predicted_value"], told["v"].loc[risk.index])
    assert set(every["as_of"]) == set(day["as_of"])
    for horizon in model.horizons:
        others = every[every["target"] == f"exceeds_al_{horizon.weeks}w:longitudinal_level_sd"].set_index("asset_id")
        _, expected = horizon.predict(day[said.known].reset_index(drop=True))
        np.testing.assert_allclose(others["score"].loc[told.index], expected)
    assert every["target"].nunique() == 1 + len(model.horizons) >= 3


def test_only_the_line_that_moved_drifts(spark: SparkSession, network: pd.DataFrame, model: TrainedModel) -> None:
    last = network["as_of"].max()
    today = last + timedelta(days=30)
    now = network[network["as_of"] == last].assign(as_of=today)
    moved = now["line_id"] == "L2"
    now.loc[moved, ["speed_kmh", "rate", "rate_52w", "engine_rate"]] = [80.0, 3.0, 3.0, 3.0]
    serving = Serving("m", "7", model.to_texts())
    found = model_drift(stored(spark, pd.concat([network, now])), serving, model, today).toPandas()
    status = found.set_index(["quantity", "line_id"])["status"]
    assert status["speed_kmh"].to_dict() == {"L0": "stable", "L1": "stable", "L2": "drifted", "L3": "stable"}
    assert status["prediction", "L2"] == "drifted"
    assert set(found["n"]) == {60}
    assert not {"season_sin", "n_values"} & set(found["quantity"])


def test_trials_on_executors_give_what_they_give_here(
    spark: SparkSession, network: pd.DataFrame, model: TrainedModel
) -> None:
    settings = ModelParameters(rounds=5, folds=1, bootstrap=50)
    few = network[network["asset_id"] < "T0150"]
    here, there = (
        evaluate(few, settings, 1, model, others=settings.alternatives[:1], run=run)
        for run in (run_here, run_on(spark))
    )
    pd.testing.assert_frame_equal(here.held_out, there.held_out)
    assert (here.parameters, here.metrics()) == (there.parameters, there.metrics())
    assert {"time", "line"} == set(there.splits)
    assert there.n_candidates == 2


def test_other_limits_have_another_fingerprint() -> None:
    books = load_rulebooks()
    assert limits_fingerprint(books) == limits_fingerprint(dict(reversed(books.items())))
    fewer = {name: book for name, book in books.items() if name != min(books)}
    assert limits_fingerprint(fewer) != limits_fingerprint(books)


def test_days_and_origins_are_the_same_thing(base: TrainingRows) -> None:
    days = base.frame["as_of"].map(epoch_days)
    np.testing.assert_array_equal(days, base.frame["origin_days"])
