"""Publish the weekly degradation report, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from pyspark.sql import functions as F

from guideway import __version__
from guideway.contracts.bronze import RECORDING, SOURCE_FILE
from guideway.contracts.gold import DEGRADATION_TREND, EXCEEDANCE, LIMIT_FORECAST, NETWORK_WEEK, REPORT_VERSION
from guideway.contracts.jobs import PUBLISH_REPORT
from guideway.contracts.reference import LINE, TRACK
from guideway.job import JobContext, main
from guideway.reporting.content import ReportContent, iso_week_of
from guideway.reporting.publish import publish_week
from guideway.tracking.champion_card import champion_card
from guideway.tracking.store import TrackingSettings
from guideway.transforms.report import READS, gather
from guideway.transforms.weekly import network_week


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Write the week's row of each line, then the report from one set of table versions."""
    settings, as_of = context.settings, context.as_of
    report = publish_week(partial(_content, context), Path(settings.reports), settings.network_name, as_of)
    week = iso_week_of(as_of)
    pins = [(as_of, name, week, version) for name, version in report.table_versions.items()]
    pinned = context.spark.createDataFrame(pins, REPORT_VERSION.ddl)
    context.writer.replace_days(pinned, REPORT_VERSION, as_of)
    return f"report of {week}: {report.index}", {
        "report": str(report.index),
        "week": week,
        "degraded": report.degraded,
    }


def _content(context: JobContext) -> ReportContent:
    lake, settings, as_of = context.lake, context.settings, context.as_of
    forecasts = lake.read(LIMIT_FORECAST)
    today = F.col("as_of") == F.lit(as_of)
    week = network_week(
        lake.read(LINE),
        lake.read(TRACK),
        lake.read(RECORDING),
        lake.read(SOURCE_FILE),
        lake.read(DEGRADATION_TREND).where(today),
        lake.read(EXCEEDANCE),
        forecasts.where(today),
        forecasts.where(F.col("as_of") == F.lit(as_of - timedelta(days=7))),
        as_of,
    )
    context.writer.replace_days(week, NETWORK_WEEK, as_of)
    versions = lake.versions(READS)
    return gather(
        lambda table: lake.read(table, versions.get(table.full_name)),
        as_of,
        versions,
        network_name=settings.network_name,
        run_id=context.writer.run_id,
        code_version=__version__,
        model=champion_card(TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts)),
    )


if __name__ == "__main__":
    main(PUBLISH_REPORT, run)
