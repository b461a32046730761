"""What a weekly report is made of: plain frames as the lake holds them, and nothing that needs Spark."""

# ruff: noqa: RUF009 (the calls in the defaults return dataclasses.field)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guideway.contracts import table
from guideway.errors import LakeError
from guideway.monitoring.noise_control.ranking import RANKED

Language = Literal["en", "zh-Hant", "zh-Hans"]

ASSET_COLUMNS = (
    "asset_id",
    "asset_type",
    "name",
    "line_id",
    "track_id",
    "from_m",
    "to_m",
    "speed_kmh",
    "structure",
    "track_form",
    "receiver_zone",
)
"""``reference.asset`` left-joined with ``reference.section`` on ``asset_id``; facts of a section may be missing."""

MISALIGNED_COLUMNS = (
    "recording_id",
    "line_id",
    "track_id",
    "started_at",
    "from_m",
    "to_m",
    "shift_m",
    "correlation",
    "method",
)
"""``silver.position_fix`` where ``comparable`` is false, joined with ``bronze.recording`` on ``recording_id``."""

UNMEASURED_COLUMNS = ("recording_id", "line_id", "started_at", "status", "reason")
"""``silver.measurement`` where ``status`` is not ``measured``, joined with ``bronze.recording``."""

CLASSES = ("A", "B", "C", "D", "E")
QUALITY_CLASS_COLUMNS = ("line_id", "indicator", *CLASSES)
"""Kilometres in each quality class: see ``reporting.quality_classes``."""

NOISE_SOURCE_COLUMNS = RANKED
"""``gold.noise_source`` of the last half year, ranked by receiver: see ``monitoring.noise_control.ranking``."""


DEPARTURE_COLUMNS = ("asset_id", "indicator", "line_id", "unit", "departure", "departure_sigmas")
"""Columns of ``gold.asset_feature`` for series that stand out: see ``prognostics.departures``."""


def contract_columns(full_name: str) -> tuple[str, ...]:
    """Names of the declared columns of a contract table, without the provenance columns."""
    return tuple(column.name for column in table(full_name).columns)


def iso_week_of(day: date) -> str:
    """ISO week of a day, such as ``2026-W47``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def in_key_order(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame field of the report by the key of its table: where they come from, they have no order."""
    source = next(spec.metadata["source"] for spec in fields(ReportContent) if spec.name == name)
    keys = list(_JOINED_KEYS.get(name, ())) or list(table(source).key)
    return rows.sort_values(keys, kind="stable", ignore_index=True)


_JOINED_KEYS = {
    "assets": ("asset_id",),
    "departure": ("asset_id", "indicator"),
    "misaligned": ("recording_id", "from_m"),
    "unmeasured": ("recording_id",),
}


def _frame(source: str | tuple[str, ...]) -> Any:
    """A frame field of the report: ``source`` is a contract table or the columns themselves; empty by default."""
    columns = contract_columns(source) if isinstance(source, str) else source
    return field(
        default_factory=lambda: pd.DataFrame({name: pd.Series(dtype=object) for name in columns}),
        metadata={"columns": columns, "source": source if isinstance(source, str) else "a join, see its constant"},
    )


@dataclass(frozen=True)
class StripMap:
    """One indicator of one track, chainage by time.

    Attributes:
        line_id: line.
        track_id: track.
        indicator: indicator, for example ``longitudinal_level_sd``, ``levitation_gap_sd`` or a vibration level.
        unit: unit of ``values`` and ``limits``.
        asset_ids: asset of each row, by rising chainage; length S.
        from_m: first chainage of each row, metres; shape (S,).
        to_m: last chainage of each row, metres; shape (S,); equal to ``from_m`` for a point.
        times: day of each column, rising; ``datetime64[D]``, shape (T,).
        values: the indicator; shape (S, T); NaN where it was not measured.
        limits: the limits of the track by level. Where speed bands differ, the strictest one; the forecast table
            has the exact one of each section.
    """

    line_id: str
    track_id: str
    indicator: str
    unit: str
    asset_ids: tuple[str, ...]
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    times: NDArray[np.datetime64]
    values: NDArray[np.float64]
    limits: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.asset_ids), len(self.times))
        if self.values.shape != shape or self.from_m.shape != shape[:1] or self.to_m.shape != shape[:1]:
            name = f"{self.line_id}/{self.track_id}/{self.indicator}"
            raise LakeError(f"strip map {name}: values {self.values.shape}, but {shape[0]} assets by {shape[1]} times")


@dataclass(frozen=True)
class TrendSeries:
    """What the chart of one asset and indicator draws.

    Attributes:
        asset_id: asset.
        indicator: indicator.
        unit: unit of every value here.
        measured_at: times of the points, ``datetime64[D]``; shape (N,).
        values: measured values; shape (N,).
        good: False where the quality of a value kept it out of the trend; shape (N,).
        fit_at: times of the fitted line, past and future, ``datetime64[D]``; shape (M,).
        fit: fitted and forecast median; shape (M,).
        fit_p10: lower end of the 80 % interval; shape (M,).
        fit_p90: upper end of the 80 % interval; shape (M,).
        limits: limit by level.
        works: works on the asset: (day, work type, ``recorded`` or ``inferred``).
    """

    asset_id: str
    indicator: str
    unit: str
    measured_at: NDArray[np.datetime64]
    values: NDArray[np.float64]
    good: NDArray[np.bool_]
    fit_at: NDArray[np.datetime64]
    fit: NDArray[np.float64]
    fit_p10: NDArray[np.float64]
    fit_p90: NDArray[np.float64]
    limits: Mapping[str, float] = field(default_factory=dict)
    works: tuple[tuple[date, str, str], ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """One line about the model behind ``gold.failure_risk``.

    Attributes:
        name: registered name.
        version: registered version.
        alias: alias it was loaded by.
        metrics: the few figures of its evaluation a planner asks for, baselines included.
        trained_until: last day of data it was trained on.
        gate: what the gate said of the newest training, which may have been refused.
    """

    name: str
    version: str
    alias: str = "champion"
    metrics: Mapping[str, float] = field(default_factory=dict)
    trained_until: date | None = None
    gate: str = ""


@dataclass(frozen=True)
class ReportContent:
    """Everything one weekly report says. Every frame may be empty; its columns are those of its contract table.

    Attributes:
        network_name: name of the network, for the title.
        as_of: last day whose data was used; its ISO week names the report.
        run_id: run that made the report.
        code_version: version of Guideway.
        language: language the report opens in; all three are inside.
        lines: ``reference.line``.
        assets: see ``ASSET_COLUMNS``.
        limits: ``reference.limit`` rows in force on ``as_of``: severities, editions and the 'unverified' marks.
        network_week: ``gold.network_week`` of ``as_of``, a row a line.
        limit_forecast: ``gold.limit_forecast`` of ``as_of``.
        last_limit_forecast: the same table a week earlier, for what changed.
        degradation_trend: ``gold.degradation_trend`` of ``as_of``.
        last_degradation_trend: the same table a week earlier, for why it changed.
        exceedance: ``gold.exceedance`` of the week that ends on ``as_of``.
        intervention: ``gold.intervention``; the inferred ones are listed to be confirmed.
        work_plan: ``gold.work_plan`` of the newest plan.
        maintenance_plan: ``gold.maintenance_plan``, the row of the same plan.
        deferral: ``gold.deferral`` of the same plan.
        policy_comparison: ``gold.policy_comparison`` of the same day.
        failure_risk: ``gold.failure_risk`` of ``as_of``.
        departure: see ``DEPARTURE_COLUMNS``.
        forecast_scorecard: ``gold.forecast_scorecard`` of the newest back-test.
        noise_source: see ``NOISE_SOURCE_COLUMNS``.
        insertion_loss: ``gold.insertion_loss`` of ``as_of``.
        level_part: ``gold.level_part`` of ``as_of``.
        source_file: ``bronze.source_file`` rows of the week that are not accepted.
        quality_class: see ``QUALITY_CLASS_COLUMNS``.
        misaligned: see ``MISALIGNED_COLUMNS``.
        unmeasured: see ``UNMEASURED_COLUMNS``.
        table_versions: Delta version of each table that was read, by full name.
        model: the model behind ``failure_risk``; None where no model is registered.
        strip_maps: strip maps, by line and track.
        trends: charts of the sections that matter most; other sections are drawn from trend and forecast rows.
        indicator_titles: title of each indicator, from the indicator definitions.
        banner: why the report is not to be trusted as it stands, shown on top of everything; None is fine.
    """

    network_name: str
    as_of: date
    run_id: str
    code_version: str
    language: Language = "en"
    lines: pd.DataFrame = _frame("reference.line")
    assets: pd.DataFrame = _frame(ASSET_COLUMNS)
    limits: pd.DataFrame = _frame("reference.limit")
    network_week: pd.DataFrame = _frame("gold.network_week")
    limit_forecast: pd.DataFrame = _frame("gold.limit_forecast")
    last_limit_forecast: pd.DataFrame = _frame("gold.limit_forecast")
    degradation_trend: pd.DataFrame = _frame("gold.degradation_trend")
    last_degradation_trend: pd.DataFrame = _frame("gold.degradation_trend")
    exceedance: pd.DataFrame = _frame("gold.exceedance")
    intervention: pd.DataFrame = _frame("gold.intervention")
    work_plan: pd.DataFrame = _frame("gold.work_plan")
    maintenance_plan: pd.DataFrame = _frame("gold.maintenance_plan")
    deferral: pd.DataFrame = _frame("gold.deferral")
    policy_comparison: pd.DataFrame = _frame("gold.policy_comparison")
    failure_risk: pd.DataFrame = _frame("gold.failure_risk")
    departure: pd.DataFrame = _frame(DEPARTURE_COLUMNS)
    forecast_scorecard: pd.DataFrame = _frame("gold.forecast_scorecard")
    noise_source: pd.DataFrame = _frame(NOISE_SOURCE_COLUMNS)
    insertion_loss: pd.DataFrame = _frame("gold.insertion_loss")
    level_part: pd.DataFrame = _frame("gold.level_part")
    source_file: pd.DataFrame = _frame("bronze.source_file")
    quality_class: pd.DataFrame = _frame(QUALITY_CLASS_COLUMNS)
    misaligned: pd.DataFrame = _frame(MISALIGNED_COLUMNS)
    unmeasured: pd.DataFrame = _frame(UNMEASURED_COLUMNS)
    table_versions: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    model: ModelCard | None = None
    strip_maps: tuple[StripMap, ...] = ()
    trends: tuple[TrendSeries, ...] = ()
    indicator_titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    banner: str | None = None

    def __post_init__(self) -> None:
        for spec in fields(self):
            wanted = spec.metadata.get("columns")
            if wanted is None:
                continue
            have = set(getattr(self, spec.name).columns)
            lacking = [name for name in wanted if name not in have]
            if lacking:
                raise LakeError(f"report: {spec.name} ({spec.metadata['source']}) lacks column {lacking[0]!r}")

    @property
    def iso_week(self) -> str:
        """ISO week of ``as_of``, such as ``2026-W47``: the name of the report and of its folder."""
        return iso_week_of(self.as_of)

    @property
    def week_starts(self) -> date:
        """Monday of the ISO week of ``as_of``."""
        return self.as_of - timedelta(days=self.as_of.isoweekday() - 1)
