"""Upkeep of the lake by policy: upgrade, compact, checkpoint, remove; then tell how every table is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone

from pyspark.sql import functions as F

from guideway.contracts import TABLES
from guideway.contracts.gold import REPORT_VERSION
from guideway.contracts.jobs import MAINTAIN_LAKE
from guideway.contracts.ops import JOB_RUN, LAKE_HEALTH
from guideway.errors import LakeError
from guideway.events import job_runs
from guideway.job import JobContext, main
from guideway.lake.upkeep import lake_time, maintain, newest_commit, pinned_versions
from guideway.settings import local_path


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Keep every table that exists; one that cannot be kept is named and does not stop the others."""
    lake, writer = context.lake, context.writer
    runs = job_runs(context.settings.events_folder)
    if runs:
        writer.upsert(context.spark.createDataFrame(runs, JOB_RUN.ddl), JOB_RUN)
    if local_path(lake.root) is None:
        return f"{len(runs)} runs; {lake.root} is an object store: its upkeep is not done from here", {}
    tables = [table for table in TABLES if lake.exists(table)]
    last = lake.read(LAKE_HEALTH).agg(F.max(F.unix_timestamp("checked_at"))).collect()[0][0]
    last_upkeep = datetime.fromtimestamp(last, timezone.utc) if last else None
    now = lake_time(datetime.now(timezone.utc), last_upkeep, newest_commit(lake, tables))
    pins = pinned_versions(lake, REPORT_VERSION)
    rows, skipped = [], {}
    for table in tables:
        try:
            # the lock of the job's own tables is held already
            others = () if table.full_name in MAINTAIN_LAKE.writes else (table,)
            with lake.writing(others, owner=f"maintain_lake {writer.run_id}"):
                health = maintain(lake, table, now, pins.get(table.full_name, ()), writer.run_id)
        except LakeError as error:
            skipped[table.full_name] = str(error)
            continue
        context.say(f"{table.full_name}: {', '.join(health.done) or 'nothing to do'}")
        rows.append(asdict(health) | {"as_of": context.as_of, "table_name": table.full_name, "checked_at": now})
    frame = context.spark.createDataFrame(
        [tuple(row[c.name] for c in LAKE_HEALTH.columns) for row in rows], LAKE_HEALTH.ddl
    )
    writer.replace_days(frame, LAKE_HEALTH, context.as_of)
    totals = {name: sum(row[name] for row in rows) for name in ("files", "bytes", "removed_files", "removed_bytes")}
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in totals.items())
    left = f"; not kept: {'; '.join(skipped.values())}" if skipped else ""
    return f"{len(rows)} tables, {told}{left}", {"skipped": skipped, "lake_time": now.isoformat(), "lake": totals}


if __name__ == "__main__":
    main(MAINTAIN_LAKE, run)
