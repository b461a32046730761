"""Peer (a): the pipeline a good Spark user would write first: one row a sample, groupBy().applyInPandas per section."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator, Sequence

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.network.tracks import Network
from guideway.udfs.degradation import Fitting
from tests.benchmarks.archive import CHANNELS, SOURCE, Archive, find_archive
from tests.benchmarks.harness import Stages
from tests.benchmarks.work import (
    FILTERED,
    SECTION_INDICATORS,
    aligned,
    arguments,
    filtered_samples,
    fit_one,
    network_of,
    recording_of,
    reference_of,
    section_values,
    started_at,
    trended,
)

_FILE_COLUMNS = ("track", "location", "speed", "gauge", "cross_level", "twist_3m", *CHANNELS[:4])
_KEY = "asset_id string, recording string, started_at timestamp"


def session(cores: int) -> SparkSession:
    """Local Spark with adaptive execution and Arrow, as many partitions as such a machine wants."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.memory": "3g",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    builder = SparkSession.builder.master(f"local[{cores}]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def samples_of(spark: SparkSession, archive: Archive) -> DataFrame:
    """One row a sample of all files."""
    ddl = ", ".join(f"`{name}` string" for name in _FILE_COLUMNS)
    files = spark.read.csv(f"{archive.landing}/{SOURCE}/*/*.csv", schema=ddl, sep=";")
    path = F.split(F.input_file_name(), "/")
    place = F.split("location", r"\+")

    def number(column: str) -> F.Column:
        return F.regexp_replace(column, ",", ".").cast("double")

    return (
        files.withColumns({"recording": F.element_at(path, -1), "line_id": F.element_at(path, -2)})
        .where(F.col("location").rlike(r"^\d+\+"))
        .select(
            "recording",
            "line_id",
            (1000 * place[0].cast("double") + F.regexp_replace(place[1], ",", ".").cast("double")).alias("chainage"),
            *[number(name).alias(name) for name in CHANNELS],
        )
    )


def conditions_of(samples: DataFrame, network: Network) -> DataFrame:
    """Runs aligned and filtered a run at a time, then indicators a section at a time."""
    firsts = samples.groupBy("line_id").agg(F.min("recording").alias("recording"))
    references = samples.join(firsts, ["line_id", "recording"], "left_semi").toPandas()
    shapes = {line_id: rows.sort_values("chainage") for line_id, rows in references.groupby("line_id")}
    spark = samples.sparkSession
    known, assets = spark.sparkContext.broadcast(shapes), spark.sparkContext.broadcast(network)

    def filtered(rows: pd.DataFrame) -> pd.DataFrame:
        line_id, name = rows["line_id"].iloc[0], rows["recording"].iloc[0]
        first = known.value[line_id]
        reference = reference_of(recording_of(line_id, started_at(first["recording"].iloc[0]), first))
        recording = recording_of(line_id, started_at(name), rows.sort_values("chainage"))
        run = aligned(recording, None if name == first["recording"].iloc[0] else reference)
        found = filtered_samples(run, assets.value)
        return found.assign(recording=name, started_at=pd.Timestamp(run.started_at).tz_localize(None))

    def measured(rows: pd.DataFrame) -> pd.DataFrame:
        values = section_values(rows[list(FILTERED)])
        keys = rows[["asset_id", "recording", "started_at"]].iloc[0]
        return pd.DataFrame([(*keys, *pair) for pair in values.items()], columns=[*keys.index, "indicator", "value"])

    signals = ", ".join(f"{name} double" for name in FILTERED)
    by_run = samples.groupBy("line_id", "recording").applyInPandas(filtered, f"{_KEY}, {signals}")
    ddl = f"{_KEY}, indicator string, value double"
    return by_run.groupBy("asset_id", "recording").applyInPandas(measured, ddl)


def trends_of(conditions: DataFrame, network: Network, fittings: Sequence[Fitting]) -> DataFrame:
    """Series fitted one at a time, of every day."""
    line_of = {asset_id: stretch.line_id for asset_id, stretch in network.by_asset.items()}

    def fitted(rows: pd.DataFrame) -> pd.DataFrame:
        asset_id, indicator = rows[["asset_id", "indicator"]].iloc[0]
        return pd.DataFrame(list(_fits(rows, asset_id, indicator)), columns=list(_TREND))

    def _fits(rows: pd.DataFrame, asset_id: str, indicator: str) -> Iterator[tuple[object, ...]]:
        t_days = rows["started_at"].astype("datetime64[us]").astype("int64") / 86_400e6
        for fitting in fittings:
            fit = fit_one(t_days, rows["value"], indicator, line_of[asset_id], fitting)
            yield asset_id, indicator, fitting.as_of, *fit

    ddl = ", ".join(f"{name} {kind}" for name, kind in _TREND.items())
    return conditions.groupBy("asset_id", "indicator").applyInPandas(fitted, ddl)


_TREND = {
    "asset_id": "string",
    "indicator": "string",
    "as_of": "date",
    "status": "string",
    "rate_per_year": "double",
    "level_now": "double",
}


def main() -> None:
    """The three stages in one session."""
    options = arguments(__doc__ or "")
    archive, cost, out = find_archive(options.archive), Stages(options.out), options.out
    with cost.stage("start"):
        spark = session(options.cores)
        spark.range(1).count()
    with cost.stage("ingest"):
        samples_of(spark, archive).write.parquet(f"{out}/samples", mode="overwrite")
    with cost.stage("measure"):
        network = network_of(archive)
        samples = spark.read.parquet(f"{out}/samples")
        conditions_of(samples, network).write.parquet(f"{out}/condition.parquet", mode="overwrite")
    with cost.stage("fit"):
        fittings = pickle.loads(options.learned.read_bytes())  # noqa: S301 - written by polars_pool in this run
        conditions = spark.read.parquet(f"{out}/condition.parquet")
        conditions = conditions.where(F.col("indicator").isin(trended(SECTION_INDICATORS)))
        trends = trends_of(conditions, network, fittings)
        trends.write.parquet(f"{out}/trend.parquet", mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
