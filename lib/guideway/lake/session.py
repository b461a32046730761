"""The Spark session every job uses: Delta, UTC, one source of settings."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from guideway.doctor import pinned_jars, require_floors
from guideway.errors import ConfigurationError
from guideway.object_store import is_object_store, spark_settings
from guideway.settings import Settings

CLASS_ARCHIVE = "spark.jsa"
"""File beside the pinned JARs from which Java takes the classes of Spark and Delta (infra/spark/class_archive.py)."""

SQL_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    # parameter markers under Delta's extension: see delta issue 7640
    "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
    # a listing job of thousands of tasks for a handful of files is what makes small VACUUMs take minutes
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.databricks.delta.properties.defaults.enableInCommitTimestamps": "true",
    # a crash inside a Python worker must name itself; one that says nothing for half an hour hangs and is ended
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
    "spark.sql.execution.pyspark.udf.idleTimeoutSeconds": "1800",
    "spark.sql.execution.pyspark.udf.killOnIdleTimeout": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "5000",
}


def open_session(settings: Settings, app_name: str = "guideway") -> SparkSession:
    """The session of this process.

    Under spark-submit the master, memory and JARs are the submitter's; started from Python they come from ``settings``.

    Raises:
        ConfigurationError: a pinned Delta JAR is not in ``settings.jars``, or a package is below its floor.
    """
    require_floors()
    # collected timestamps are local times of the process: make local time UTC wherever we run
    os.environ["TZ"] = "UTC"
    time.tzset()
    builder = SparkSession.builder.appName(app_name)
    for name, value in SQL_SETTINGS.items():
        builder = builder.config(name, value)
    builder = builder.config("spark.sql.shuffle.partitions", settings.shuffle_partitions)
    if is_object_store(settings.lake) or is_object_store(settings.landing):
        for name, value in spark_settings().items():
            builder = builder.config(name, value)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        builder = _configure_own_jvm(builder, settings)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@contextmanager
def compiled_plans(spark: SparkSession) -> Iterator[None]:
    """Plans of many rows made inside are compiled, also in a session that is set to interpret plans of few."""
    with _stated(spark, {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}):
        yield


@contextmanager
def row_groups(spark: SparkSession, size_bytes: int) -> Iterator[None]:
    """Files written inside have row groups of about so many bytes before compression, instead of Parquet's 128 MiB."""
    with _stated(spark, {"parquet.block.size": str(size_bytes)}):
        yield


@contextmanager
def _stated(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: spark.conf.get(name, None) for name in settings}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)


def _configure_own_jvm(builder: SparkSession.Builder, settings: Settings) -> SparkSession.Builder:
    # workers must run this interpreter, not the first python3 on PATH
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    jars = [Path(settings.jars, name).resolve() for name in pinned_jars(settings)]
    for jar in jars:
        if not jar.is_file():
            fetch = "`make setup`" if jar.name in pinned_jars() else "infra/object_store.sh"
            raise ConfigurationError(f"setting 'jars': {jar} is missing; {fetch} fetches the pinned JARs")
    archive = Path(settings.jars, CLASS_ARCHIVE).resolve()
    sharing = f" -XX:SharedArchiveFile={archive}" if archive.is_file() else ""
    if settings.master.startswith("local"):  # the executors of a cluster must reach the driver
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    return (
        builder.master(settings.master)
        .config("spark.jars", ",".join(map(str, jars)))
        .config("spark.driver.memory", settings.driver_memory)
        .config("spark.driver.extraJavaOptions", f"{settings.java_options}{sharing} -Duser.timezone=UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
