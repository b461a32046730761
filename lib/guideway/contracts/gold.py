"""Gold: condition, trends, forecasts, risk and plan, ready for analysts and planners."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

_ASSET = Column("asset_id", "string", "a row of reference.asset")
_INDICATOR = Column("indicator", "string", "condition indicator; see the indicator pages")
_AS_OF = Column("as_of", "date", "nothing measured or recorded after the end of this day was used")

CONDITION = Table(
    layer="gold",
    name="condition",
    comment="The condition series: one value an asset, indicator and recording. The waist of the pipeline.",
    key=("asset_id", "indicator", "recording_id"),
    columns=(
        _ASSET,
        _INDICATOR,
        Column("recording_id", "string", "recording the value was computed from"),
        Column("line_id", "string", "line of the asset"),
        Column("measured_at", "timestamp", "when the recording passed the asset, UTC"),
        Column("value", "double", "the indicator, in unit"),
        Column("unit", "string", "unit of value"),
        Column("n_samples", "int", "valid samples behind the value", "1"),
        Column("coverage", "double", "share of the asset that was measured, 0 to 1", "1"),
        Column("quality", "string", "good, suspect or poor; trends use good values"),
    ),
    checks={
        "value_is_a_number": "NOT isnan(value) AND abs(value) < 1e300",
        "coverage_is_a_share": "coverage BETWEEN 0 AND 1",
        "quality_is_known": "quality IN ('good', 'suspect', 'poor')",
    },
)

EXCEEDANCE = Table(
    layer="gold",
    name="exceedance",
    comment="Stretches of a recording beyond a limit, with extent, peak and the limit's own words.",
    key=("recording_id", "indicator", "from_m"),
    columns=(
        Column("recording_id", "string", "recording that shows it"),
        _INDICATOR,
        Column("from_m", "double", "start of the stretch; 0 for a fixed sensor", "m"),
        Column("to_m", "double", "end of the stretch", "m"),
        _ASSET,
        Column("line_id", "string", "line"),
        Column("measured_at", "timestamp", "when, UTC"),
        Column("peak", "double", "worst value in the stretch, in unit"),
        Column("unit", "string", "unit of peak and limit"),
        Column("level", "string", "worst level exceeded: AL, IL, IAL or the rule book's own"),
        Column("severity", "int", "rank of the level: 1 plan, 2 intervene, 3 act at once"),
        Column("limit", "double", "the limit that was exceeded, in unit"),
        Column("reason", "string", "rule in words: standard, clause, band, provenance"),
    ),
)

INTERVENTION = Table(
    layer="gold",
    name="intervention",
    comment="Works that changed an asset's condition: recorded by the railway or inferred from the series.",
    key=("asset_id", "at"),
    columns=(
        _ASSET,
        Column("at", "timestamp", "when, UTC; for inferred works the middle of the interval it lies in"),
        Column("work_type", "string", "type of work; 'unknown' where inferred"),
        Column("source", "string", "recorded or inferred"),
        Column("confidence", "double", "0 to 1; 1 for a recorded work that shows in the series", "1"),
        Column("indicator", "string", "indicator that shows the effect most clearly", nullable=True),
        Column("effect", "double", "change of that indicator, in its unit; negative is better", nullable=True),
        Column("work_id", "string", "row of reference.work_history, where recorded", nullable=True),
    ),
    checks={
        "source_is_known": "source IN ('recorded', 'inferred')",
        "confidence_is_a_share": "confidence BETWEEN 0 AND 1",
    },
)

DEGRADATION_TREND = Table(
    layer="gold",
    name="degradation_trend",
    comment="Trend of each asset and indicator since its last effective work, as known on a day.",
    key=("asset_id", "indicator", "as_of"),
    columns=(
        _ASSET,
        _INDICATOR,
        _AS_OF,
        Column("line_id", "string", "line of the asset"),
        Column("model", "string", "linear, exponential, pooled_prior, ..."),
        Column("rate_per_year", "double", "slope now, in unit a year", nullable=True),
        Column("rate_low", "double", "lower end of the 80 % interval of the rate", nullable=True),
        Column("rate_high", "double", "upper end of the 80 % interval of the rate", nullable=True),
        Column("level_now", "double", "fitted level on as_of, in unit", nullable=True),
        Column(
            "sigma",
            "double",
            "robust standard deviation of a single measurement around the trend, in unit",
            nullable=True,
        ),
        Column("unit", "string", "unit of the indicator"),
        Column("n_points", "int", "values since the last effective work", "1"),
        Column("since", "timestamp", "start of the current trend: last effective work or first value", nullable=True),
        Column("status", "string", "ok, pooled, too_few_points, constant, no_data or failed"),
    ),
)

LIMIT_FORECAST = Table(
    layer="gold",
    name="limit_forecast",
    comment="When an asset's indicator crosses a limit, as a distribution, as known on a day.",
    key=("asset_id", "indicator", "level", "as_of"),
    columns=(
        _ASSET,
        _INDICATOR,
        Column("level", "string", "level of the limit: AL, IL, IAL or the rule book's own"),
        _AS_OF,
        Column("line_id", "string", "line of the asset"),
        Column("limit", "double", "the limit, in unit"),
        Column("unit", "string", "unit of the indicator"),
        Column("level_now", "double", "fitted level on as_of, in unit"),
        Column(
            "days_p10", "double", "days until crossing: 10 % quantile; missing beyond ten years", "d", nullable=True
        ),
        Column("days_p50", "double", "days until crossing: median", "d", nullable=True),
        Column("days_p90", "double", "days until crossing: 90 % quantile", "d", nullable=True),
        Column("probability_4w", "double", "probability of crossing within 4 weeks", "1"),
        Column("probability_13w", "double", "probability of crossing within 13 weeks", "1"),
        Column("probability_26w", "double", "probability of crossing within 26 weeks", "1"),
        Column("probability_52w", "double", "probability of crossing within 52 weeks", "1"),
        Column("provenance", "string", "provenance of the limit, carried to the report"),
    ),
    checks={"probabilities_rise": "probability_4w <= probability_13w AND probability_13w <= probability_52w"},
)

FORECAST_SCORECARD = Table(
    layer="gold",
    name="forecast_scorecard",
    comment="How good the forecasts were: rolling-origin back-test of each indicator and horizon.",
    key=("as_of", "indicator", "horizon_weeks"),
    columns=(
        _AS_OF,
        _INDICATOR,
        Column("horizon_weeks", "int", "how far ahead", "week"),
        Column("n", "bigint", "forecasts scored", "1"),
        Column("coverage_80", "double", "share of values inside the 80 % interval", "1"),
        Column("coverage_95", "double", "share of values inside the 95 % interval", "1"),
        Column("crps", "double", "continuous ranked probability score, in the indicator's unit; lower is better"),
        Column("bias", "double", "mean of forecast minus value, in the indicator's unit"),
        Column("baseline_crps", "double", "CRPS of the better baseline, in the indicator's unit"),
        Column("persistence_crps", "double", "CRPS of 'stays as it is', in the indicator's unit"),
        Column("ols_crps", "double", "CRPS of least squares on the asset alone, in the indicator's unit"),
    ),
)

FAILURE_RISK = Table(
    layer="gold",
    name="failure_risk",
    comment="Score of the champion model for each asset and target.",
    key=("asset_id", "target", "as_of"),
    columns=(
        _ASSET,
        Column(
            "target",
            "string",
            "what the score is the probability of: exceeds_al_13w:longitudinal_level_sd, fails_13w, ...",
        ),
        _AS_OF,
        Column("line_id", "string", "line of the asset"),
        Column("score", "double", "probability, 0 to 1", "1"),
        Column(
            "predicted_value",
            "double",
            "predicted condition, in the indicator's unit; of fails_*: days within which half of such assets fail",
            nullable=True,
        ),
        Column("model_name", "string", "registered model"),
        Column("model_version", "string", "version of the registered model"),
        Column("reason_codes", "array<string>", "what drives the score, in words, most important first"),
    ),
    checks={"score_is_a_probability": "score BETWEEN 0 AND 1"},
)

WORK_PLAN = Table(
    layer="gold",
    name="work_plan",
    comment="Works the optimiser proposes, each with its reason.",
    key=("plan_id", "work_no"),
    columns=(
        Column("plan_id", "string", "the plan: network and as_of"),
        Column("work_no", "int", "number within the plan, by start"),
        _AS_OF,
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track; missing where the asset moves", nullable=True),
        Column("from_m", "double", "first chainage; missing where the asset moves", "m", nullable=True),
        Column("to_m", "double", "last chainage; missing where the asset moves", "m", nullable=True),
        Column("asset_ids", "array<string>", "assets the work covers"),
        Column("work_type", "string", "tamping, grinding, inspection, girder_adjustment, ..."),
        Column("window_start", "timestamp", "start of the possession, or of the shift of a depot, UTC"),
        Column("window_end", "timestamp", "end of the possession or shift, UTC"),
        Column("cost", "double", "cost, in currency"),
        Column("currency", "string", "ISO 4217 code"),
        Column(
            "expected_effect",
            "double",
            "expected change of the indicator, in its unit; negative is better",
            nullable=True,
        ),
        Column("indicator", "string", "indicator the work is for"),
        Column(
            "risk_without", "double", "probability of crossing a limit before the next chance, without the work", "1"
        ),
        Column("reason", "string", "why this work in this window, in words"),
    ),
)

MAINTENANCE_PLAN = Table(
    layer="gold",
    name="maintenance_plan",
    comment="Each plan as a whole: its cost, how far from the best one it can be, and whether safety limits are kept.",
    key=("plan_id",),
    columns=(
        Column("plan_id", "string", "the plan: network and as_of"),
        _AS_OF,
        Column("status", "string", "optimal within the gap asked for, feasible, safety_missed or empty"),
        Column("horizon_weeks", "int", "possession windows of each line that are planned", "week"),
        Column("works", "int", "works proposed", "1"),
        Column("deferred", "int", "works left for a later plan", "1"),
        Column("safety_missed", "int", "stretches not worked on before the risk of a safety limit passes", "1"),
        Column("accepted_risk", "double", "greatest probability that a safety limit is crossed before its work", "1"),
        Column("cost", "double", "cost of the works, machines included, in currency"),
        Column("budget", "double", "budget of the horizon, in currency"),
        Column("currency", "string", "ISO 4217 code"),
        Column("objective", "double", "cost of works and expected consequences, in currency"),
        Column("bound", "double", "no plan has a lower objective, in currency"),
        Column("gap", "double", "(objective - bound) / objective", "1"),
    ),
    checks={"gap_is_a_share": "gap >= 0 AND gap <= 1"},
)

DEFERRAL = Table(
    layer="gold",
    name="deferral",
    comment="What the plan leaves for a later one, each with the risk that is carried and the reason.",
    key=("plan_id", "deferral_no"),
    columns=(
        Column("plan_id", "string", "the plan: network and as_of"),
        Column("deferral_no", "int", "number within the plan, greatest expected loss first"),
        _AS_OF,
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track; missing where the asset moves", nullable=True),
        Column("from_m", "double", "first chainage; missing where the asset moves", "m", nullable=True),
        Column("to_m", "double", "last chainage; missing where the asset moves", "m", nullable=True),
        Column("asset_ids", "array<string>", "assets the work would cover"),
        Column("work_type", "string", "the work that is put off"),
        Column("indicator", "string", "indicator the work would be for"),
        Column("risk_52w", "double", "probability of crossing its limit within the horizon, without the work", "1"),
        Column("cost", "double", "cost of the work, in currency"),
        Column("expected_loss", "double", "expected cost of waiting for the whole horizon, in currency"),
        Column("currency", "string", "ISO 4217 code"),
        Column("reason", "string", "why it waits, in words"),
    ),
)

POLICY_COMPARISON = Table(
    layer="gold",
    name="policy_comparison",
    comment="Scheduled, corrective and condition-based maintenance replayed on the same history of ballasted sections.",
    key=("as_of", "line_id", "growth", "policy", "against", "measure"),
    columns=(
        _AS_OF,
        Column("line_id", "string", "line; * is the whole network"),
        Column("growth", "string", "third of the line's sections by growth: slow, medium, fast; all"),
        Column("policy", "string", "the policy"),
        Column("against", "string", "value is the policy minus this one; empty: value is the policy's own total"),
        Column(
            "measure",
            "string",
            "works, possession_hours, works_cost, exceedance_days, exceedance_cost, restriction_minutes, "
            "restriction_cost, recording_cost, mean_level, total_cost; break_even: what a day beyond the limit must be "
            "worth for the policy to be the cheaper one",
        ),
        Column("value", "double", "the measure, in unit"),
        Column("low", "double", "lower end of the 80 % bootstrap interval over sections", nullable=True),
        Column("high", "double", "upper end of the 80 % interval", nullable=True),
        Column("unit", "string", "unit of value; an ISO 4217 code for costs"),
        Column("sections", "int", "sections replayed", "1"),
        Column("years", "double", "length of the replay", "year"),
    ),
)

NETWORK_WEEK = Table(
    layer="gold",
    name="network_week",
    comment="The week in numbers, a row a line: what the report's first page prints.",
    key=("as_of", "line_id"),
    columns=(
        _AS_OF,
        Column("line_id", "string", "line"),
        Column("mode", "string", "mode of the line"),
        Column("length_km", "double", "track or guideway watched", "km"),
        Column("recordings", "bigint", "recordings accepted in the week", "1"),
        Column("files_rejected", "bigint", "files quarantined in the week", "1"),
        Column("assets", "bigint", "assets with a trend", "1"),
        Column("exceedances", "bigint", "exceedances seen in the week", "1"),
        Column("crossing_4w", "bigint", "assets more likely than not to cross a limit within 4 weeks", "1"),
        Column("crossing_13w", "bigint", "within 13 weeks", "1"),
        Column("crossing_52w", "bigint", "within 52 weeks", "1"),
        Column("crossing_13w_change", "bigint", "change of crossing_13w since the week before", "1", nullable=True),
    ),
)

LIVE_ALERT = Table(
    layer="gold",
    name="live_alert",
    comment="Alerts from files as they arrive, in two layers.",
    key=("alert_id",),
    columns=(
        Column("alert_id", "string", "hash of recording, indicator and place: the same alert is written once"),
        Column("recording_id", "string", "recording that raised it"),
        _ASSET,
        _INDICATOR,
        Column("line_id", "string", "line"),
        Column("raised_at", "timestamp", "when it was written, UTC"),
        Column("measured_at", "timestamp", "when it was measured, UTC"),
        Column("layer", "string", "act: inspect within days; plan: put on the work list"),
        Column("severity", "int", "rank of the level exceeded", "1"),
        Column("value", "double", "the value, in unit"),
        Column("limit", "double", "the limit, in unit"),
        Column("unit", "string", "unit"),
        Column("reason", "string", "rule in words"),
    ),
    checks={"layer_is_known": "layer IN ('act', 'plan')"},
)

REPORT_VERSION = Table(
    layer="gold",
    name="report_version",
    comment="Versions of the tables each published report was made of; they stay readable as long as the row is here.",
    key=("as_of", "table_name"),
    columns=(
        _AS_OF,
        Column("table_name", "string", "table the report read, layer.name"),
        Column("iso_week", "string", "week of the report, such as 2025-W52"),
        Column("version", "bigint", "Delta version of the table the report read", "1"),
    ),
    checks={"version_is_one": "version >= 0"},
)

TABLES = (
    CONDITION,
    EXCEEDANCE,
    INTERVENTION,
    DEGRADATION_TREND,
    LIMIT_FORECAST,
    FORECAST_SCORECARD,
    FAILURE_RISK,
    WORK_PLAN,
    MAINTENANCE_PLAN,
    DEFERRAL,
    POLICY_COMPARISON,
    NETWORK_WEEK,
    LIVE_ALERT,
    REPORT_VERSION,
)
