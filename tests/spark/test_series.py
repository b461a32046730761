"""Series in Spark: gathered right, and fitted to what the kernel says of the same numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.reference import ASSET, LINE, TRAFFIC, WORK_HISTORY
from guideway.contracts.silver import CONDITION_SERIES, MEASUREMENT
from guideway.degradation.calibration import Calibration
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.series import DAYS_PER_YEAR
from guideway.degradation.trends import STATUSES, fit_trends
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.transforms import degradation, series
from guideway.transforms.recent_series import RecentCells, RecentSeries, recent_series
from guideway.transforms.recording import latest_revisions, reference_runs
from guideway.transforms.scorecard import learn_from_sample
from guideway.transforms.series_cells import SeriesCells
from guideway.udfs.degradation import Fitting, epoch_days
from guideway.udfs.ragged import series_batch

pytestmark = pytest.mark.spark
START = datetime(2023, 1, 2, tzinfo=timezone.utc)
AS_OF = date(2025, 6, 2)


def frame(spark: SparkSession, table: Table, rows: list[dict[str, object]]) -> DataFrame:
    """Rows of a contract table; what a row does not say is null."""
    columns = [column.name for column in table.columns]
    return spark.createDataFrame([tuple(row.get(name) for name in columns) for row in rows], table.ddl)


def run(number: int, **facts: object) -> dict[str, object]:
    usual = {
        "recording_id": f"r{number}",
        "content_sha256": f"sha{number}",
        "source_id": "car",
        "domain": "track_geometry",
        "vehicle_or_sensor_id": "car-1",
        "line_id": "L1",
        "track_id": "1",
        "started_at": START + timedelta(days=28 * number),
        "axis": "distance",
        "start": 0.0,
        "step": 0.25,
        "n_samples": 4000,
        "channels": ["gauge"],
        "attributes": {},
        "delivered_at": START + timedelta(days=28 * number + 1),
    }
    return usual | facts


def days_of(moment: datetime) -> float:
    return moment.timestamp() / 86_400


def test_the_last_delivered_revision_is_valid_whatever_the_order(spark: SparkSession) -> None:
    first, corrected = run(1), run(1, recording_id="r1b", delivered_at=START + timedelta(days=90))
    for order in ([first, corrected, run(2)], [run(2), corrected, first]):
        valid = latest_revisions(frame(spark, RECORDING, order)).select("recording_id").collect()
        assert {row.recording_id for row in valid} == {"r1b", "r2"}


def test_the_reference_is_the_first_run_that_covers_the_track(spark: SparkSession) -> None:
    tracks = spark.createDataFrame(
        [("L1", "1", 0.0, 1000.0)], "line_id string, track_id string, from_m double, to_m double"
    )
    runs = [run(3), run(0, n_samples=2000), run(2), run(1, n_samples=3700)]
    for order in (runs, runs[::-1]):
        chosen = reference_runs(frame(spark, RECORDING, order), tracks).collect()
        assert [row.reference_recording_id for row in chosen] == ["r1"]
    short = reference_runs(frame(spark, RECORDING, [run(0, n_samples=800), run(1, n_samples=900)]), tracks).collect()
    assert [row.reference_recording_id for row in short] == ["r1"], "where none covers the track, the longest"


def test_works_reach_the_assets_they_cover_and_traffic_those_that_begin_in_its_stretch(spark: SparkSession) -> None:
    assets = [
        {"asset_id": f"A{i}", "asset_type": "track_section", "line_id": "L1", "track_id": "1", "attributes": {}}
        | {"from_m": 200.0 * i, "to_m": 200.0 * (i + 1), "name": f"A{i}"}
        for i in range(4)
    ]
    works = [
        {
            "work_id": "W2",
            "work_type": "tamping",
            "from_m": 195.0,
            "to_m": 500.0,
            "finished_at": START + timedelta(days=9),
        },
        {"work_id": "W1", "work_type": "grinding", "from_m": 0.0, "to_m": 800.0, "finished_at": START},
        {
            "work_id": "W3",
            "work_type": "tamping",
            "from_m": 0.0,
            "to_m": 800.0,
            "finished_at": START + timedelta(days=99),
        },
    ]
    place = {"line_id": "L1", "track_id": "1"}
    placed = [work | place | {"source": "book"} for work in works]
    carried = [
        place | {"from_m": first, "to_m": 600.0, "day": START.date() + timedelta(days=day), "gross_tonnes": 100.0 * day}
        for first, day in ((0.0, 20), (0.0, 10), (400.0, 25), (0.0, 99))
    ]
    until = series.end_of((START + timedelta(days=30)).date())
    found = series.asset_past(
        frame(spark, ASSET, assets),
        frame(spark, WORK_HISTORY, placed),
        frame(spark, TRAFFIC, [row | {"passes": 9.0} for row in carried]),
        ("grinding", "tamping"),
        until,
    )
    rows = found.collect()
    assert {row.asset_id: (row.work_ids, row.work_codes) for row in rows} == {
        "A0": (["W1"], [0]),
        "A1": (["W1", "W2"], [0, 1]),
        "A2": (["W1", "W2"], [0, 1]),
        "A3": (["W1"], [0]),
    }
    first = days_of(START)
    assert {row.asset_id: (row.traffic_days, row.tonnes_per_day, row.passes_per_day) for row in rows} == {
        "A0": ([first + 10, first + 20], [1000.0, 2000.0], [9.0, 9.0]),
        "A1": ([first + 10, first + 20], [1000.0, 2000.0], [9.0, 9.0]),
        "A2": ([first + 10, first + 20, first + 25], [1000.0, 2000.0, 2500.0], [9.0, 9.0, 9.0]),
        "A3": ([], [], []),
    }


@pytest.fixture(scope="module")
def history(spark: SparkSession) -> RecentSeries:
    """Three hundred sections, some of them poisoned, as the engine takes them."""
    return gathered(spark, conditions_of(spark))


def conditions_of(spark: SparkSession) -> DataFrame:
    """Their rows of gold.condition."""
    rng = np.random.default_rng(11)
    rows = []
    for number in range(300):
        times = [START + timedelta(days=28 * k) for k in range(30)]
        values = 1.0 + 0.3 * rng.random() + rng.lognormal(-1.5, 0.4) * np.arange(30) / 13 + rng.normal(0, 0.03, 30)
        if number % 3 == 0:
            values[int(rng.integers(8, 22)) :] -= 0.5
        match number % 25:
            case 1:
                times, values = times[:1], values[:1]
            case 2:
                values[:] = 1.25
            case 3:
                times, values = times[:2], values[:2]
            case 4:
                values[5] = 1e300
        rows += [
            {"asset_id": f"A{number}", "indicator": "longitudinal_level_sd", "recording_id": f"r{k}", "line_id": "L1"}
            | {"measured_at": t, "value": float(v), "unit": "mm", "n_samples": 800, "coverage": 1.0, "quality": "good"}
            for k, (t, v) in enumerate(zip(times, values, strict=True))
        ]
    return frame(spark, CONDITION, rows)


def gathered(spark: SparkSession, conditions: DataFrame) -> RecentSeries:
    """Their series, of indicators that are worse when higher."""
    assets = [
        {
            "asset_id": f"A{n}",
            "asset_type": "track_section",
            "line_id": "L1",
            "track_id": "1",
            "name": "",
            "attributes": {},
        }
        | {"from_m": 200.0 * n, "to_m": 200.0 * n + 200}
        for n in range(300)
    ]
    line = {"line_id": "L1", "name": "L1", "mode": "conventional", "rulebook_id": "en_13848", "time_zone": "UTC"}
    work = {"work_id": "W1", "line_id": "L1", "track_id": "1", "from_m": 0.0, "to_m": 4000.0, "work_type": "tamping"}
    until = series.end_of(AS_OF)
    past = series.asset_past(
        frame(spark, ASSET, assets),
        frame(spark, WORK_HISTORY, [work | {"finished_at": START + timedelta(days=420), "source": "book"}]),
        frame(spark, TRAFFIC, []),
        ("tamping",),
        until,
    )
    ledger = [
        {"recording_id": f"r{k}", "definition_hash": "d", "status": "measured", "n_conditions": 300, "n_exceedances": 0}
        for k in range(30)
    ]
    tables = {
        CONDITION: conditions,
        RECORDING: frame(spark, RECORDING, [run(k) for k in range(30)]),
        MEASUREMENT: frame(spark, MEASUREMENT, ledger).withColumn("run_id", F.lit("measure")),
        CONDITION_SERIES: spark.createDataFrame([], Lake.ddl(CONDITION_SERIES)),
    }
    limit = {"kind": 0, "indicator": "longitudinal_level_sd", "limits": [{"level": "AL", "limit": 2.3}]}
    return recent_series(
        RecentCells.of(SeriesCells.of(tables.__getitem__), AS_OF),
        frame(spark, ASSET, assets),
        frame(spark, LINE, [line | {"from_m": 0.0, "to_m": 60_000.0}]),
        past,
        {"longitudinal_level_sd": 1, "alignment_sd": 1},
        series.Limits.of(dict.fromkeys((f"A{n}" for n in range(300)), 0), [limit]),
        AS_OF,
    )


def test_spark_fits_what_the_kernel_fits(history: RecentSeries) -> None:
    rows = degradation.arrow_batch(history.read())
    assert rows.num_rows == 300
    pools = ("longitudinal_level_sd|conventional|track_section",)
    batch = series_batch(rows, pools, ("tamping",))
    parameters = DegradationParameters()
    priors = estimate_priors(batch, parameters, pools)
    day = epoch_days(AS_OF)
    works = find_interventions(batch, priors, parameters)
    trends = fit_trends(batch, priors, day, parameters, works)
    forecasts = forecast_limits(trends, np.arange(301), np.full(300, 2.3))

    fitting = Fitting(AS_OF, parameters, priors, Calibration.none(), ("tamping",))
    before = replace(fitting, as_of=AS_OF - timedelta(days=280))
    both = degradation.fit(history, [before, fitting]).persist()
    fitted = both.where(F.col("as_of") == F.lit(AS_OF))
    told = degradation.trend_rows(fitted).toPandas().set_index("asset_id")
    names = rows.column("asset_id").to_pylist()
    told = told.loc[names]
    assert told["status"].tolist() == [STATUSES[code] for code in trends.status]
    assert len(set(told["status"])) >= 3
    for name in ("rate_per_year", "rate_low", "rate_high", "level_now", "sigma"):
        np.testing.assert_allclose(told[name].to_numpy(float), getattr(trends, name), rtol=1e-9, atol=1e-12)

    known = batch.until(epoch_days(before.as_of))
    then = fit_trends(
        known, priors, epoch_days(before.as_of), parameters, find_interventions(known, priors, parameters)
    )
    earlier = degradation.trend_rows(both).where(F.col("as_of") == F.lit(before.as_of)).toPandas().set_index("asset_id")
    np.testing.assert_allclose(earlier.loc[names, "rate_per_year"].to_numpy(float), then.rate_per_year, rtol=1e-9)

    crossing = degradation.forecast_rows(fitted).toPandas().set_index("asset_id")
    kept = [name for name, valid in zip(names, forecasts.is_valid, strict=True) if valid]
    assert set(crossing.index) == set(kept)
    for name in ("days_p50", "probability_13w"):
        expected = getattr(forecasts, name)[forecasts.is_valid]
        np.testing.assert_allclose(crossing.loc[kept, name].to_numpy(float), expected, rtol=1e-9)

    table = degradation.intervention_rows(fitted)
    assert table.groupBy("asset_id", "at").count().where("count > 1").isEmpty()
    sources = table.groupBy("source").agg(F.count("*").alias("n")).collect()
    n_recorded = {row.source: row.n for row in sources}["recorded"]
    assert n_recorded == 20, "one work on twenty sections of 200 m"


def test_series_of_an_asset_are_fitted_together(spark: SparkSession) -> None:
    first, pool = conditions_of(spark), "alignment_sd|conventional|track_section"
    other = F.col("value") / 2 + 0.02 * F.sin(7.0 * F.substring("recording_id", 2, 2).cast("double"))
    both = gathered(spark, first.unionByName(first.withColumns({"indicator": F.lit("alignment_sd"), "value": other})))
    rows = degradation.arrow_batch(both.read())
    pools = (pool, "longitudinal_level_sd|conventional|track_section")
    batch = series_batch(rows, pools, ("tamping",))
    priors, day = estimate_priors(batch, groups=pools), epoch_days(AS_OF)
    assert priors.correlation.rate[0, 1] > 0.5
    together, alone = (
        fit_trends(one, priors, day) for one in (batch, replace(batch, asset=np.full(600, -1, np.int32)))
    )
    assert np.nanmax(np.abs(together.rate_per_year - alone.rate_per_year)) > 0.01

    fitting = Fitting(AS_OF, DegradationParameters(), priors, Calibration.none(), ("tamping",))
    told = degradation.trend_rows(degradation.fit(both, [fitting])).toPandas()
    keys = list(zip(rows.column("asset_id").to_pylist(), rows.column("indicator").to_pylist(), strict=True))
    rates = told.set_index(["asset_id", "indicator"]).loc[keys, "rate_per_year"].to_numpy(float)
    np.testing.assert_allclose(rates, together.rate_per_year, rtol=1e-9, atol=1e-12)


TURNS = ((date(2020, 1, 1), 20_000.0), (date(2021, 1, 4), 40_000.0), (date(2022, 1, 3), 10_000.0))
TURNS += ((date(2022, 12, 5), 30_000.0), (date(2023, 10, 2), 10_000.0))


def test_series_that_grow_with_their_traffic_are_fitted_by_load_with_days_of_the_calendar(
    spark: SparkSession, lake: Lake
) -> None:
    """Two dozen sections of five years whose growth follows the tonnes; every other was tamped in the year before."""
    rng, n = np.random.default_rng(6), 24
    end, tamped = epoch_days(AS_OF), datetime(2024, 3, 11, 4, 30, tzinfo=timezone.utc)
    times = np.arange(end - 28.0 * 70 + 0.25, end, 28.0)
    turns = [(day - date(1970, 1, 1)).days for day, _ in TURNS]
    carried = [np.interp(times, [start, stop], [0, load * (stop - start)]) for (_, load), start, stop in
               zip(TURNS, turns, [*turns[1:], end], strict=True)]  # fmt: skip
    years = sum(carried) / (10_000.0 * DAYS_PER_YEAR)  # at today's traffic
    rates = rng.gamma(9.0, 0.1 / 9.0, n)
    points = []
    for asset in range(n):
        values = 1.0 + rates[asset] * (years - years[0]) + rng.normal(0, 0.02, len(times))
        values[times > days_of(tamped)] -= 0.4 * (asset % 2)
        points += [(f"A{asset}", float(t), float(v)) for t, v in zip(times, values, strict=True)]
    cells = (
        spark.createDataFrame(points, "asset_id string, t double, v double")
        .withColumn("year", F.year(F.date_add(F.lit(date(1970, 1, 1)), F.col("t").cast("int"))))
        .withColumn("point", F.expr("struct(t AS t_days, v AS value, t AS known_days, double(null) AS lapsed_days)"))
        .groupBy("asset_id", "year")
        .agg(F.array_sort(F.collect_list("point")).alias("points"))
        .selectExpr("*", "'gauge_mean' AS indicator", "'L1' AS line_id", "'mm' AS unit", "'' AS made_of")
        .withColumns({"points_hash": F.lit(0), "last_days": F.lit(0.0)})
    )
    Writer(lake, "cells").append(cells, CONDITION_SERIES)
    place = {"line_id": "L1", "track_id": "1"}
    sections = [place | {"asset_id": f"A{k}", "asset_type": "track_section", "name": "", "attributes": {}}
                | {"from_m": 200.0 * k, "to_m": 200.0 * (k + 1)} for k in range(n)]  # fmt: skip
    assets, until = frame(spark, ASSET, sections), series.end_of(AS_OF)
    line = {"line_id": "L1", "name": "L1", "mode": "metro", "rulebook_id": "en_13848", "time_zone": "UTC"}
    work = place | {"work_type": "tamping", "finished_at": tamped, "source": "book"}
    works = [work | {"work_id": f"W{k}", "from_m": 200.0 * k, "to_m": 200.0 * (k + 1)} for k in range(1, n, 2)]
    stated = [place | {"from_m": 0.0, "to_m": 200.0 * n, "day": day, "gross_tonnes": t, "passes": 50.0} for day, t in
              TURNS]  # fmt: skip
    recent = recent_series(
        RecentCells.of(SeriesCells(lake.read(CONDITION_SERIES), cells, cells, ()), AS_OF),
        assets,
        frame(spark, LINE, [line | {"from_m": 0.0, "to_m": 200.0 * n}]),
        series.asset_past(
            assets, frame(spark, WORK_HISTORY, works), frame(spark, TRAFFIC, stated), ("tamping",), until
        ),
        {"gauge_mean": 1},
        series.Limits.of({}),
        AS_OF,
    )
    ((learned, fitting),) = learn_from_sample(degradation.arrow_batch(recent.read()), ("tamping",), AS_OF)
    assert learned.priors.by_load.tolist() == [True, False]
    fitted = degradation.fit(recent, [fitting]).persist()
    trends = degradation.trend_rows(fitted).toPandas().set_index("asset_id").loc[[f"A{k}" for k in range(n)]]
    np.testing.assert_allclose(trends["rate_per_year"], rates, atol=0.02)
    since = trends["since"].dt.tz_localize("UTC").astype("int64").to_numpy() / 86_400e9
    np.testing.assert_allclose(since[1::2], days_of(tamped), atol=1e-6)
    first = times[times >= (date(2020, 1, 1) - date(1970, 1, 1)).days][0]
    np.testing.assert_allclose(since[::2], first, atol=1e-6)
    found = degradation.intervention_rows(fitted).where("source = 'recorded'").collect()
    assert {row.work_id for row in found} == {row["work_id"] for row in works}
    assert {row.at.replace(tzinfo=timezone.utc) for row in found} == {tamped}
