"""gold.live_alert: what delivered files exceed, before the nightly jobs have taken them in.

The files are decoded and measured by the transforms of the nightly jobs and against the reference runs those have
measured; nothing of it is kept but the exceedances.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from guideway.archives.landing import Delivery
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.archives.reference import geometry_of
from guideway.contracts import Table
from guideway.contracts.bronze import RECORDING, SIGNAL
from guideway.contracts.gold import EXCEEDANCE
from guideway.contracts.reference import ASSET, LINE, LINE_GEOMETRY, SECTION, TRACK
from guideway.network.tracks import Network
from guideway.rulebooks.rulebook import Rulebook
from guideway.transforms.delivery import recording_rows
from guideway.transforms.measurement import measure
from guideway.transforms.network import load_network
from guideway.transforms.recording import reference_runs
from guideway.transforms.samples import handed_over
from guideway.transforms.signal import SignalDecoding
from guideway.udfs.measure import ALIGNED_ON

READS = (LINE, TRACK, SECTION, ASSET, LINE_GEOMETRY, RECORDING, SIGNAL)
"""Tables whose change makes the surroundings old."""

_KEY = ("line_id", "track_id", "domain")

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Surroundings:
    """What new recordings are judged by: the network, its limits, and the run each track's runs are aligned to.

    Attributes:
        network: assets with their places.
        rulebooks: limits by id.
        geometry: where tracks run, for sources located by GPS.
        references: identifier of the reference run by line, track and domain.
        recordings: bronze.recording.
        signals: bronze.signal.
    """

    network: Network
    rulebooks: Mapping[str, Rulebook]
    geometry: LineGeometry
    references: Mapping[Key, str]
    recordings: DataFrame
    signals: DataFrame

    @classmethod
    def of(cls, read: Callable[[Table], DataFrame], rulebooks: Mapping[str, Rulebook]) -> Surroundings:
        """The surroundings as the lake knows them now."""
        recordings = read(RECORDING)
        runs = reference_runs(recordings, read(TRACK)).collect()
        return cls(
            load_network(read(LINE), read(SECTION), read(ASSET)),
            rulebooks,
            geometry_of(read(LINE_GEOMETRY).toArrow()),
            {(run.line_id, run.track_id, run.domain): run.reference_recording_id for run in runs},
            recordings,
            read(SIGNAL),
        )


@dataclass(frozen=True)
class Judged:
    """What a set of deliveries came to.

    Attributes:
        exceedances: rows of ``gold.exceedance``.
        files: deliveries by status, ``accepted`` or ``quarantined``.
        recordings: recordings by status, as in ``silver.measurement``.
    """

    exceedances: Sequence[Mapping[str, Any]]
    files: Counter[str]
    recordings: Counter[str]


def judge(
    spark: SparkSession,
    landing: str,
    deliveries: Sequence[Delivery],
    profiles: Mapping[str, Profile],
    surroundings: Surroundings,
) -> Judged:
    """Decode deliveries, measure their recordings, give what exceeds a limit.

    Args:
        spark: the session.
        landing: the landing folder.
        deliveries: hashed deliveries that a profile claims, each content once.
        profiles: source profiles by id.
        surroundings: what to judge by.
    """
    decoding = SignalDecoding(spark, landing, deliveries, profiles, surroundings.geometry)
    signals = decoding.frame.persist()
    try:
        signals.count()
        outcomes = decoding.outcomes
        files = Counter(outcome["status"] for outcome in outcomes.values())
        facts = [facts for outcome in outcomes.values() for facts in outcome["recordings"]]
        if not facts:
            return Judged((), files, Counter())
        wanted = {key: surroundings.references[key] for key in map(_key, facts) if key in surroundings.references}
        due = _due(recording_rows(spark, deliveries, outcomes), wanted)
        old = sorted({*wanted.values()} - {row["recording_id"] for row in facts})
        shapes = sorted({name for names in ALIGNED_ON.values() for name in names})
        known = surroundings.signals.where(F.col("recording_id").isin(old) & F.col("channel").isin(shapes))
        both = signals.union(known.select(signals.columns)) if old else signals
        measured = measure(
            due, surroundings.recordings, handed_over(due, both), surroundings.network, surroundings.rulebooks
        )
        try:
            statuses = Counter(row.status for row in measured.frame.select("status").collect())
            return Judged(measured.rows(EXCEEDANCE).toArrow().to_pylist(), files, statuses)
        finally:
            measured.frame.unpersist()
    finally:
        signals.unpersist()
        decoding.release()


def _key(facts: Mapping[str, Any]) -> Key:
    return facts["line_id"], facts["track_id"], facts["domain"]


def _due(recordings: DataFrame, references: Mapping[Key, str]) -> DataFrame:
    """The recordings with what ``measure`` asks of each, as ``due_recordings`` gives it of those in the lake."""
    spark = recordings.sparkSession
    rows = [(*key, recording_id) for key, recording_id in references.items()]
    runs = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in (*_KEY, "aligned_to")))
    reference = F.when(F.col("axis") == "distance", F.col("aligned_to"))
    is_reference = F.coalesce(F.col("reference_recording_id") == F.col("recording_id"), F.lit(False))
    due = recordings.join(F.broadcast(runs), list(_KEY), "left").withColumn("reference_recording_id", reference)
    return due.withColumns({"is_reference": is_reference, "definition_hash": F.lit("")}).drop("aligned_to")
