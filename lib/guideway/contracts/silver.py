"""Silver: where each recording really was, what was done with it, and the condition history as arrays."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

POSITION_FIX = Table(
    layer="silver",
    name="position_fix",
    comment="Correction of a run's chainage against the reference run of its track, stretch by stretch.",
    key=("recording_id", "from_m"),
    columns=(
        Column("recording_id", "string", "run that is corrected"),
        Column("from_m", "double", "stated chainage of the stretch's start", "m"),
        Column("to_m", "double", "stated chainage of the stretch's end", "m"),
        Column("shift_m", "double", "add to the stated chainage to get the reference run's", "m", nullable=True),
        Column("correlation", "double", "correlation with the reference run after the shift", "1", nullable=True),
        Column("comparable", "boolean", "false where the runs do not look alike: no trend may use the stretch"),
        Column(
            "method",
            "string",
            "reference, cross_correlation, cross_correlation_mirrored (sides swapped) or none",
        ),
        Column("reference_recording_id", "string", "run that sets the chainage", nullable=True),
    ),
)

MEASUREMENT = Table(
    layer="silver",
    name="measurement",
    comment="Ledger of measured recordings: each recording once for each definition, with what became of it.",
    key=("recording_id",),
    columns=(
        Column("recording_id", "string", "a row of bronze.recording"),
        Column("definition_hash", "string", "hash of parameters and rule books the recording was measured with"),
        Column("status", "string", "measured, no_indicator or failed"),
        Column("reason", "string", "why there is no indicator", nullable=True),
        Column("n_conditions", "int", "rows written to gold.condition", "1"),
        Column("n_exceedances", "int", "rows written to gold.exceedance", "1"),
    ),
    checks={"status_is_known": "status IN ('measured', 'no_indicator', 'failed')"},
)

CONDITION_SERIES = Table(
    layer="silver",
    name="condition_series",
    comment="gold.condition as arrays, for fits: a cell a line and year, made anew when one of its recordings changes.",
    key=("asset_id", "indicator", "line_id", "unit", "year"),
    columns=(
        Column("asset_id", "string", "a row of reference.asset"),
        Column("indicator", "string", "condition indicator; see the indicator pages"),
        Column("line_id", "string", "line of the recordings"),
        Column("unit", "string", "unit of the values"),
        Column("year", "int", "year the recordings began in, UTC"),
        Column(
            "points",
            "array<struct<t_days: double, value: double, known_days: double, lapsed_days: double>>",
            "values of good quality in order of time: when they were measured, since when they are known, and since "
            "when a correction is known (null: never); times are days since 1970-01-01 UTC",
        ),
        Column("made_of", "string", "fingerprint of the cell's recordings; where it is not theirs the cell is old"),
        Column("points_hash", "bigint", "hash of the row: tells whether it changed without reading it", nullable=True),
        Column(
            "last_days", "double", "when the last point was measured, days since 1970-01-01 UTC", "d", nullable=True
        ),
    ),
    partition_by=("line_id", "year"),
)

SERIES_FIT = Table(
    layer="silver",
    name="series_fit",
    comment="The latest fit of each series: what the next weeks carry on until its asset receives something.",
    key=("asset_id", "indicator", "line_id", "unit"),
    columns=(
        Column("asset_id", "string", "a row of reference.asset"),
        Column("indicator", "string", "condition indicator; see the indicator pages"),
        Column("line_id", "string", "line of the recordings"),
        Column("unit", "string", "unit of the values"),
        Column("pool", "string", "group of alike series its priors are those of"),
        Column("direction", "int", "+1 where higher is worse, -1 where lower is"),
        Column("fitted_on", "date", "day of the run that fitted it"),
        Column("made_of", "bigint", "hash of all the asset's fits come from: values, works, traffic, priors"),
        Column("news_days", "double", "day the fit is for: that of the latest news; days since 1970-01-01 UTC", "d"),
        Column("fit", "array<double>", "columns of the trend kernel (degradation.trend_kernels) on that day"),
        Column(
            "works",
            "array<struct<at: timestamp, work_type: string, source: string, confidence: double, effect: double, "
            "sigma: double, work_id: string>>",
            "works found in the series, in order of time; see gold.intervention",
        ),
    ),
    partition_by=("line_id",),
)

TABLES = (POSITION_FIX, MEASUREMENT, CONDITION_SERIES, SERIES_FIT)
