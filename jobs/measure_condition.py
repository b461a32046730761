"""Align runs and compute condition indicators and exceedances of every recording not yet measured."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

from pyspark.sql import functions as F

from guideway.contracts.bronze import RECORDING, SIGNAL
from guideway.contracts.gold import CONDITION, EXCEEDANCE
from guideway.contracts.jobs import MEASURE_CONDITION
from guideway.contracts.noise_control import NOISE_SOURCE
from guideway.contracts.reference import ASSET, LINE, SECTION, TRACK
from guideway.contracts.silver import MEASUREMENT, POSITION_FIX
from guideway.job import JobContext, main
from guideway.lake.session import compiled_plans
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms.measurement import definition_hashes, due_recordings, measure
from guideway.transforms.network import load_network
from guideway.transforms.samples import signals_of, stored

PARTS = (POSITION_FIX, CONDITION, EXCEEDANCE, NOISE_SOURCE)


def run(context: JobContext) -> tuple[str, Mapping[str, object]]:
    """Measure what is due; the ledger silver.measurement, written last, acknowledges the rest."""
    lake, writer, spark = context.lake, context.writer, context.spark
    writer.undo_unacknowledged(MEASUREMENT, PARTS)
    network = load_network(lake.read(LINE), lake.read(SECTION), lake.read(ASSET))
    rulebooks = load_rulebooks(*context.settings.rulebook_folders)
    recordings = lake.read(RECORDING)
    definitions = definition_hashes(spark, network, rulebooks)
    due = due_recordings(recordings, lake.read(TRACK), definitions, lake.read(MEASUREMENT)).persist()
    n_due = due.count()
    if n_due == 0:
        return "nothing to measure", {"measured": 0}
    context.say(f"{n_due} recordings to measure")
    stale = [row.recording_id for row in due.where("was_measured").select("recording_id").collect()]
    if stale:
        for table in (MEASUREMENT, *PARTS):
            writer.delete(table, F.col("recording_id").isin(stale))
    lake.require_plain(SIGNAL)
    samples = stored(due, signals_of(due, recordings, lake.read(SIGNAL)))
    measured = measure(due, recordings, samples, network, rulebooks)
    for table in PARTS:
        with compiled_plans(spark) if table is CONDITION else nullcontext():  # hundreds of rows a recording
            writer.append(measured.rows(table), table)
    # counted before the ledger is written: what was cached of a table is made anew when it changes, and nothing is due
    counts = {row["status"]: row["count"] for row in measured.frame.groupBy("status").count().collect()}
    writer.append(measured.rows(MEASUREMENT), MEASUREMENT)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{n_due} recordings: {told}; {writer.rows[CONDITION.full_name]} condition values", counts


if __name__ == "__main__":
    main(MEASURE_CONDITION, run)
