"""bronze.signal: delivered files decoded into blocks of samples, one task a bundle of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from guideway.archives.landing import Delivery, bundles
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.contracts.bronze import SIGNAL
from guideway.udfs.decode import Outcome, OutcomeList, decode_files

TASK_BYTES = 48 << 20


class SignalDecoding:
    """The signals of a set of deliveries as a frame; what became of each file is known once the frame is written."""

    def __init__(
        self,
        spark: SparkSession,
        landing: str,
        deliveries: Sequence[Delivery],
        profiles: Mapping[str, Profile],
        geometry: LineGeometry | None = None,
    ):
        """Plan the decoding: files of about ``TASK_BYTES`` together, and at least a task a core.

        ``geometry`` says where tracks run, for sources located by GPS.
        """
        total = sum(delivery.size_bytes for delivery in deliveries)
        tasks = bundles(deliveries, min(TASK_BYTES, total // spark.sparkContext.defaultParallelism + 1))
        rows = [
            (delivery.path, delivery.content_sha256, delivery.source_id, task)
            for task, bundle in enumerate(tasks)
            for delivery in bundle
        ]
        self._outcomes = spark.sparkContext.accumulator([], OutcomeList())
        files = spark.createDataFrame(rows, "path string, content_sha256 string, source_id string, task int")
        spread = files.repartitionById(len(tasks), "task").drop("task")
        ddl = SIGNAL.ddl
        self.frame: DataFrame = spread.mapInArrow(decode_files(landing, profiles, self._outcomes.add, geometry), ddl)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What became of each file, by path; complete after the frame has been written."""
        return {outcome["path"]: outcome for outcome in self._outcomes.value}

    def release(self) -> None:
        """Forget what became of the files; a session keeps its accumulators for as long as it lives."""
        self._outcomes.value = []
