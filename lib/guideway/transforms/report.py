"""The content of the weekly report, gathered from the lake at the versions it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from operator import methodcaller
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING, SOURCE_FILE
from guideway.contracts.gold import (
    CONDITION,
    DEFERRAL,
    DEGRADATION_TREND,
    EXCEEDANCE,
    FAILURE_RISK,
    FORECAST_SCORECARD,
    INTERVENTION,
    LIMIT_FORECAST,
    MAINTENANCE_PLAN,
    NETWORK_WEEK,
    POLICY_COMPARISON,
    WORK_PLAN,
)
from guideway.contracts.models import ASSET_FEATURE
from guideway.contracts.noise_control import INSERTION_LOSS, LEVEL_PART, NOISE_SOURCE
from guideway.contracts.reference import ASSET, LIMIT, LINE, SECTION
from guideway.contracts.silver import MEASUREMENT, POSITION_FIX
from guideway.monitoring.noise_control.ranking import rank_receivers
from guideway.monitoring.registry import indicators
from guideway.reporting.content import DEPARTURE_COLUMNS, ModelCard, ReportContent, in_key_order
from guideway.reporting.outlook import outlook
from guideway.reporting.quality_classes import CLASS_INDICATORS, km_by_class
from guideway.reporting.strips import build_strip_maps, build_trends
from guideway.threads import in_threads
from guideway.transforms.series import end_of
from guideway.transforms.weekly import in_week

STRIP_INDICATORS = (
    "longitudinal_level_sd",
    "levitation_gap_deviation",
    "girder_settlement",
    "corrugation_prominence",
    "vibration_level_z_night",
)
STRIP_WEEKS = 104
CHARTS = 60
SOURCE_WEEKS = 26

READS = (
    LINE,
    ASSET,
    SECTION,
    LIMIT,
    SOURCE_FILE,
    RECORDING,
    POSITION_FIX,
    MEASUREMENT,
    CONDITION,
    EXCEEDANCE,
    INTERVENTION,
    DEGRADATION_TREND,
    LIMIT_FORECAST,
    FORECAST_SCORECARD,
    FAILURE_RISK,
    ASSET_FEATURE,
    WORK_PLAN,
    MAINTENANCE_PLAN,
    DEFERRAL,
    POLICY_COMPARISON,
    NETWORK_WEEK,
    NOISE_SOURCE,
    INSERTION_LOSS,
    LEVEL_PART,
)
"""Tables the report is made of."""


def gather(
    read: Callable[[Table], DataFrame],
    as_of: date,
    versions: Mapping[str, int],
    *,
    network_name: str,
    run_id: str,
    code_version: str,
    model: ModelCard | None,
) -> ReportContent:
    """Everything one weekly report says.

    Args:
        read: gives a table at the version the report names.
        as_of: last day whose data is used.
        versions: Delta version of each table, by full name.
        network_name: name of the network.
        run_id: run that makes the report.
        code_version: version of Guideway.
        model: the model behind ``gold.failure_risk``.
    """
    today, last_week = F.col("as_of") == F.lit(as_of), F.col("as_of") == F.lit(as_of - timedelta(days=7))
    facts = read(SECTION).select("asset_id", "speed_kmh", "structure", "track_form", "receiver_zone")
    runs = read(RECORDING).select("recording_id", "line_id", "track_id", "started_at")
    # a plan may have no work: which one is the newest is told by the plans, not by their works
    plans = read(MAINTENANCE_PLAN).where(F.col("as_of") <= F.lit(as_of))
    newest = plans.agg(F.max("as_of")).collect()[0][0]
    planned = F.col("as_of") == F.lit(newest or as_of)
    misaligned = read(POSITION_FIX).where("NOT comparable").join(runs, "recording_id")
    unmeasured = read(MEASUREMENT).where("status <> 'measured'").join(runs.drop("track_id"), "recording_id")
    frames = {
        "lines": read(LINE),
        "assets": read(ASSET).join(facts, "asset_id", "left"),
        "limits": read(LIMIT).where(F.col("valid_from") <= F.lit(as_of)),
        "network_week": read(NETWORK_WEEK).where(today),
        "limit_forecast": read(LIMIT_FORECAST).where(today),
        "last_limit_forecast": read(LIMIT_FORECAST).where(last_week),
        "degradation_trend": read(DEGRADATION_TREND).where(today),
        "last_degradation_trend": read(DEGRADATION_TREND).where(last_week),
        "exceedance": read(EXCEEDANCE).where(in_week("measured_at", as_of)),
        "intervention": read(INTERVENTION).where(F.col("at") < end_of(as_of)),
        "work_plan": read(WORK_PLAN).where(planned),
        "maintenance_plan": plans.where(planned),
        "deferral": read(DEFERRAL).where(planned),
        "policy_comparison": read(POLICY_COMPARISON).where(planned),
        "insertion_loss": read(INSERTION_LOSS).where(today),
        "level_part": read(LEVEL_PART).where(today),
        "failure_risk": read(FAILURE_RISK).where(today),
        "departure": read(ASSET_FEATURE).where(today & F.col("departure").isNotNull()).select(*DEPARTURE_COLUMNS),
        "forecast_scorecard": read(FORECAST_SCORECARD).where(today),
        "source_file": read(SOURCE_FILE).where("status <> 'accepted'").where(in_week("delivered_at", as_of)),
        "misaligned": misaligned.where(in_week("started_at", as_of)),
        "unmeasured": unmeasured.where(in_week("started_at", as_of)),
    }
    collected = zip(frames, in_threads(methodcaller("toPandas"), frames.values()), strict=True)
    gathered: dict[str, Any] = {name: in_key_order(name, frame) for name, frame in collected}
    heard = read(NOISE_SOURCE).where(F.col("measured_at") >= end_of(as_of - timedelta(weeks=SOURCE_WEEKS)))
    gathered["noise_source"] = rank_receivers(heard.where(F.col("measured_at") < end_of(as_of)).toPandas())
    content = ReportContent(
        network_name=network_name,
        as_of=as_of,
        run_id=run_id,
        code_version=code_version,
        table_versions=dict(versions),
        model=model,
        indicator_titles={name: indicator.title for name, indicator in indicators().items()},
        **gathered,
    )
    return _with_pictures(content, read(CONDITION), as_of)


def _with_pictures(content: ReportContent, conditions: DataFrame, as_of: date) -> ReportContent:
    """The content with strip maps of the leading indicators and charts of what matters most."""
    since = end_of(as_of - timedelta(weeks=STRIP_WEEKS))
    recent = conditions.where((F.col("measured_at") >= since) & (F.col("measured_at") < end_of(as_of)))
    mapped = recent.where(F.col("indicator").isin(*STRIP_INDICATORS, *CLASS_INDICATORS)).toPandas()
    ranked = outlook(content).head(CHARTS)
    wanted = list(zip(ranked["asset_id"], ranked["indicator"], strict=True))
    charted = recent.where(F.col("asset_id").isin(sorted({asset for asset, _ in wanted}))).toPandas()
    return replace(
        content,
        quality_class=km_by_class(mapped, content.assets),
        strip_maps=build_strip_maps(
            mapped[mapped["indicator"].isin(STRIP_INDICATORS)], content.assets, content.limit_forecast
        ),
        trends=build_trends(charted, content.degradation_trend, content.limit_forecast, content.intervention, wanted),
    )
