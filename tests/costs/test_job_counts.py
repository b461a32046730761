"""The gate against slow changes: what the jobs make Spark do on a fixed small archive, in counts, never in seconds."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from guideway.commands.jobs import job_function
from guideway.contracts.bronze import RECORDING, SIGNAL
from guideway.contracts.gold import DEGRADATION_TREND
from guideway.contracts.jobs import FIT_DEGRADATION, INGEST_ARCHIVE, MEASURE_CONDITION
from guideway.contracts.reference import TRACK
from guideway.contracts.silver import MEASUREMENT
from guideway.job import execute
from guideway.lake.lake import Lake
from guideway.settings import Settings
from guideway.transforms.measurement import due_recordings
from guideway.transforms.samples import signals_of
from tests.benchmarks.archive import make_archive
from tests.costs.counting import Counts, counting

pytestmark = pytest.mark.spark
JOBS = {"ingest": INGEST_ARCHIVE, "measure": MEASURE_CONDITION, "fit": FIT_DEGRADATION}


@dataclass(frozen=True)
class Ran:
    """Counts of the jobs over nine runs, of which ``sample_bytes`` are the samples; then the tenth comes."""

    counts: dict[str, Counts]
    lake: Lake
    sample_bytes: int
    signal_files: int
    week_files: int


@pytest.fixture(scope="module")
def ran(spark: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The jobs on ten runs over 3 km of line, delivered as four, five and one."""
    folder = tmp_path_factory.mktemp("costs")
    archive = make_archive(folder / "archive", km=3.0, weeks=40)
    runs = archive.runs
    waiting = [Path(shutil.move(run, folder)) for run in runs[4:]]
    places = {"lake": folder / "lake", "landing": archive.landing, "profiles": archive.profiles}
    ours = settings.model_copy(update={name: str(place) for name, place in places.items()})
    lake = Lake(spark, ours.lake)

    def run(name: str, which: str) -> Counts:
        day = archive.day - (timedelta() if which == "week" else timedelta(days=7))
        with counting(spark) as counts:
            execute(JOBS[name], job_function(JOBS[name]), ours, spark=spark, as_of=day, run_id=f"{name}-{which}")
        return counts

    run("ingest", "first")
    for file in waiting[:-1]:
        shutil.move(file, runs[0].parent)
    counts = {name: run(name, "rest") for name in JOBS}
    before = len(lake.read(SIGNAL).inputFiles())
    shutil.move(waiting[-1], runs[0].parent)
    run("ingest", "week")
    recordings = lake.read(RECORDING)
    definitions = lake.read(MEASUREMENT).limit(0).selectExpr("recording_id AS line_id", "definition_hash AS line_hash")
    due = due_recordings(recordings, lake.read(TRACK), definitions, lake.read(MEASUREMENT))
    signals = signals_of(due.where("NOT was_measured"), recordings, lake.read(SIGNAL))
    with counting(spark) as week:
        found = signals.select("recording_id").distinct().count()
    assert found == 1 + 4, f"the week's run and the delivery of the reference run, not {found} recordings"
    return Ran(counts, lake, 4 * archive.samples * 9 // 10, before, week.files)


MOST_JOBS = {"ingest": 22, "measure": 78, "fit": 140}
"""A fifth above what they were; most of them are Delta's, a few a write."""


def test_samples_are_not_shuffled_on_their_way_into_the_lake(ran: Ran) -> None:
    share = ran.counts["ingest"].shuffled_bytes / ran.sample_bytes
    assert share < 0.25, f"ingest shuffles {share:.2f} times the samples' bytes: only paths should move"


def test_measuring_moves_no_samples_through_spark(ran: Ran) -> None:
    """Tasks read the table's files by themselves: only facts of recordings and where their samples are go to them.

    They were 0.011 and 0.005 times the samples' bytes, nearly all of it by recording.
    """
    measure = ran.counts["measure"]
    shuffled, sent = measure.shuffled_bytes / ran.sample_bytes, measure.python_bytes / ran.sample_bytes
    assert shuffled < 0.02, f"measure shuffles {shuffled:.2f} times the samples' bytes: only facts should move"
    assert 0 < sent < 0.01, f"measure sends {sent:.2f} times the samples' bytes to Python: only facts should go"


@pytest.mark.parametrize("job", JOBS)
def test_jobs_cross_to_python_once(ran: Ran, job: str) -> None:
    """A first fit, too, which fits two days; it reads the sample that it learns from before."""
    found, enough = ran.counts[job].python_operators, 2 if job == "fit" else 1
    assert found <= enough, f"{job}: {found} operators send rows to Python, and {enough} are enough"


def test_a_fit_sends_no_point_to_python(ran: Ran) -> None:
    """Tasks read the files of the cells by themselves: the past of assets goes to them, for the sample and the fit."""
    series = ran.lake.read(DEGRADATION_TREND).select("asset_id", "indicator").distinct().count()
    each = ran.counts["fit"].python_bytes / series
    assert each < 50, f"a series goes to Python as {each:.0f} bytes"


@pytest.mark.parametrize("job", JOBS)
def test_jobs_start_few_spark_jobs(ran: Ran, job: str) -> None:
    jobs = ran.counts[job].jobs
    assert jobs <= MOST_JOBS[job], f"{job} starts {jobs} Spark jobs; it was below {MOST_JOBS[job]}"


def test_a_week_opens_its_own_files_and_those_of_the_reference_runs(ran: Ran) -> None:
    """The reference came with the first delivery; the second delivery's files are left alone."""
    assert ran.week_files < ran.signal_files, (
        f"measuring one more run opens {ran.week_files} signal files, the history has {ran.signal_files}"
    )
