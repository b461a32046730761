"""The jobs: their names, what they read and what they write. DAGs and command line are built on this."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One Spark entry point, ``jobs/<name>.py``, and the sub-command ``guideway <command>``."""

    name: str
    command: str
    summary: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    takes_paths: bool = False
    streams: bool = False
    """Goes on until it is ended, or once through what is there; locks its tables for each commit, not for its life."""


INGEST_ARCHIVE = Job(
    "ingest_archive",
    "ingest",
    "bring delivered files into bronze, each content once",
    reads=(),
    writes=(
        "bronze.source_file",
        "bronze.recording",
        "bronze.signal",
        "reference.line",
        "reference.track",
        "reference.line_geometry",
        "reference.section",
        "reference.asset",
        "reference.limit",
        "reference.work_history",
        "reference.traffic",
        "reference.weather",
        "reference.failure",
    ),
    takes_paths=True,
)
MEASURE_CONDITION = Job(
    "measure_condition",
    "measure",
    "align runs and compute condition indicators and exceedances",
    reads=("bronze.recording", "bronze.signal"),
    writes=("silver.position_fix", "silver.measurement", "gold.condition", "gold.exceedance", "gold.noise_source"),
)
FIT_DEGRADATION = Job(
    "fit_degradation",
    "fit",
    "fit degradation trends and forecast limit crossings",
    reads=("gold.condition", "gold.noise_source"),
    writes=(
        "silver.condition_series",
        "silver.series_fit",
        "gold.intervention",
        "gold.degradation_trend",
        "gold.limit_forecast",
        "gold.forecast_scorecard",
        "gold.insertion_loss",
        "gold.level_part",
    ),
)
TRAIN_MODELS = Job(
    "train_models",
    "train",
    "train, evaluate and register the predictive-maintenance model in MLflow",
    reads=("gold.condition", "gold.model_drift"),
    writes=("gold.asset_feature",),
)
SCORE_ASSETS = Job(
    "score_assets",
    "score",
    "score every asset with the champion model",
    reads=("gold.condition", "gold.degradation_trend"),
    writes=("gold.asset_feature", "gold.failure_risk", "gold.model_drift"),
)
PLAN_MAINTENANCE = Job(
    "plan_maintenance",
    "plan",
    "propose works in possession windows, with cost and reason",
    reads=("gold.limit_forecast", "gold.failure_risk", "gold.degradation_trend"),
    writes=("gold.work_plan", "gold.maintenance_plan", "gold.deferral", "gold.policy_comparison"),
)
PUBLISH_REPORT = Job(
    "publish_report",
    "report",
    "publish the weekly degradation report",
    reads=(
        "gold.limit_forecast",
        "gold.failure_risk",
        "gold.work_plan",
        "gold.maintenance_plan",
        "gold.deferral",
        "gold.policy_comparison",
    ),
    writes=("gold.network_week", "gold.report_version"),
)

MAINTAIN_LAKE = Job(
    "maintain_lake",
    "maintain",
    "upgrade, compact, checkpoint and clear the lake's tables by policy",
    reads=(),
    writes=("ops.lake_health", "ops.job_run"),
)

WATCH_LIVE = Job(
    "watch_live",
    "watch",
    "alert on delivered files as they arrive",
    reads=("bronze.recording", "bronze.signal"),
    writes=("gold.live_alert",),
    streams=True,
)

JOBS = (
    INGEST_ARCHIVE,
    MEASURE_CONDITION,
    FIT_DEGRADATION,
    TRAIN_MODELS,
    SCORE_ASSETS,
    PLAN_MAINTENANCE,
    PUBLISH_REPORT,
)
"""The pipeline, in order."""

UPKEEP = (MAINTAIN_LAKE,)
"""Jobs beside the pipeline."""

LIVE = (WATCH_LIVE,)
"""Jobs that do not wait for the pipeline."""
