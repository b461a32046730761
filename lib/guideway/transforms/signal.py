"""bronze.signal: delivered files decoded into blocks of samples, one task a bundle of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from guideway.archives.landing import Delivery, bundles
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile
from guideway.contracts.bronze import SIGNAL
from guideway.udfs.data_files import DATA_FILE_DDL, DataFile, DataFolder
from guideway.udfs.decode import Outcome, OutcomeList, decode_files, store_files

TASK_BYTES = 48 << 20


class SignalDecoding:
    """The signals of a set of deliveries, as a frame or as files of a table.

    What became of each delivery is known once the frame has been evaluated or the files are there.
    """

    def __init__(
        self,
        spark: SparkSession,
        landing: str,
        deliveries: Sequence[Delivery],
        profiles: Mapping[str, Profile],
        geometry: LineGeometry | None = None,
    ):
        """Plan the decoding: files of about ``TASK_BYTES`` together, few sources in a task, and at least a task a core.

        ``geometry`` says where tracks run, for sources located by GPS.
        """
        total = sum(delivery.size_bytes for delivery in deliveries)
        ordered = sorted(deliveries, key=lambda delivery: (delivery.source_id or "", delivery.content_sha256))
        tasks = bundles(ordered, min(TASK_BYTES, total // spark.sparkContext.defaultParallelism + 1))
        rows = [
            (delivery.path, delivery.content_sha256, delivery.source_id, task)
            for task, bundle in enumerate(tasks)
            for delivery in bundle
        ]
        self._outcomes = spark.sparkContext.accumulator([], OutcomeList())
        self._landing, self._profiles, self._geometry = landing, profiles, geometry
        files = spark.createDataFrame(rows, "path string, content_sha256 string, source_id string, task int")
        self._spread = files.repartitionById(len(tasks), "task").drop("task")

    @property
    def frame(self) -> DataFrame:
        """The blocks of samples, also of deliveries that turn out to be bad."""
        decode = decode_files(self._landing, self._profiles, self._outcomes.add, self._geometry)
        return self._spread.mapInArrow(decode, SIGNAL.ddl)

    def store(self, folder: DataFolder) -> list[DataFile]:
        """Write the blocks of good deliveries into files of ``folder``, which are nobody's until they are committed.

        Attempts of tasks that failed, or came second, leave files that are not among these.
        """
        store = store_files(self._landing, self._profiles, self._outcomes.add, folder, self._geometry)
        rows = self._spread.mapInArrow(store, DATA_FILE_DDL).collect()
        return [DataFile(**row.asDict()) for row in rows]

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What became of each file, by path."""
        return {outcome["path"]: outcome for outcome in self._outcomes.value}

    def release(self) -> None:
        """Forget what became of the files; a session keeps its accumulators for as long as it lives."""
        self._outcomes.value = []
