"""Ops: how the lake and the jobs are doing, for the data engineer. Written by `maintain_lake` only."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

LAKE_HEALTH = Table(
    layer="ops",
    name="lake_health",
    comment="Size and state of every table of the lake after each upkeep.",
    key=("as_of", "table_name"),
    columns=(
        Column("as_of", "date", "day the upkeep was run for"),
        Column("table_name", "string", "table, layer.name"),
        Column("checked_at", "timestamp", "the lake's time, UTC: the clock, held back where it jumped"),
        Column("version", "bigint", "latest Delta version", "1"),
        Column("first_version", "bigint", "oldest version that can still be read", "1"),
        Column("pinned_versions", "bigint", "versions kept for published reports", "1"),
        Column("files", "bigint", "data files of the latest version", "1"),
        Column("small_files", "bigint", "of these, files below half the wanted size", "1"),
        Column("bytes", "bigint", "size of these files", "byte"),
        Column("kept_files", "bigint", "files only older versions use", "1"),
        Column("kept_bytes", "bigint", "size of these files", "byte"),
        Column("orphan_files", "bigint", "files no version in the log uses", "1"),
        Column("orphan_bytes", "bigint", "size of these files", "byte"),
        Column("log_bytes", "bigint", "size of the Delta log", "byte"),
        Column("removed_files", "bigint", "files this upkeep removed", "1"),
        Column("removed_bytes", "bigint", "size of these files", "byte"),
        Column("done", "array<string>", "what this upkeep did to the table, in words"),
    ),
    checks={"sizes_are_sizes": "files >= small_files AND bytes >= 0 AND orphan_bytes >= 0"},
)

JOB_RUN = Table(
    layer="ops",
    name="job_run",
    comment="One row a finished attempt of a job: what it changed, how long it took, what it refused.",
    key=("job_run_id", "job"),
    columns=(
        Column("job_run_id", "string", "the attempt: run_id of the rows it wrote"),
        Column("job", "string", "name of the job"),
        Column("as_of", "date", "day the job worked for"),
        Column("started_at", "timestamp", "start, UTC"),
        Column("seconds", "double", "duration", "s"),
        Column("status", "string", "complete or failed"),
        Column("rows_changed", "map<string,bigint>", "rows changed, by table"),
        Column("bytes_read", "bigint", "bytes of delivered files it read", "byte"),
        Column("quarantined", "bigint", "delivered files it refused", "1"),
        Column("lag_days", "double", "age of what it worked for when it ended: end of the day as_of to the end", "d"),
        Column("message", "string", "its summary line"),
    ),
    checks={"status_is_known": "status IN ('complete', 'failed')"},
)

TABLES = (LAKE_HEALTH, JOB_RUN)
