"""Laws every DAG keeps, so that whoever adds one need not know them by heart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guideway.contracts import jobs

ALL_JOBS = (*jobs.JOBS, *jobs.UPKEEP, *jobs.LIVE)

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]

DAGS = Path(__file__).resolve().parents[2] / "dags"
PLUGINS = DAGS.parent / "infra" / "airflow" / "plugins"
FILES = sorted(path for path in DAGS.glob("*.py") if path.name not in (DAGS / ".airflowignore").read_text().split())
HEAVY = ("pyspark", "delta", "pandas", "numpy", "pyarrow", "scipy", "sklearn", "mlflow", "matplotlib")

PARSE = """
import runpy, sys
import airflow.sdk
sys.path[:0] = sys.argv[1:3]
for file in sys.argv[3:]:
    runpy.run_path(file)
    print(" ".join(sorted(sys.modules)))
"""


def test_parsing_imports_airflow_and_contracts_only(airflow_home: Path) -> None:
    """Parsing stays cheap because of what is not imported; a clock would only measure the machine."""
    command = [sys.executable, "-W", "ignore", "-c", PARSE, str(DAGS), str(PLUGINS), *map(str, FILES)]
    env = os.environ | {"AIRFLOW_HOME": str(airflow_home)}
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    for file, line in zip(FILES, result.stdout.splitlines(), strict=True):
        modules = line.split()
        assert {name.split(".")[0] for name in modules}.isdisjoint(HEAVY), file
        ours = {name for name in modules if name.startswith("guideway.")}
        assert all(name.startswith("guideway.contracts") for name in ours), file


def tasks_of(dags: dict[str, Any]) -> list[Any]:
    return [task for dag in dags.values() for task in dag.tasks]


def job_tasks(dags: dict[str, Any]) -> dict[str, Any]:
    names = {job.name for job in ALL_JOBS}
    return {task.task_id: task for task in tasks_of(dags) if task.task_id in names}


def names(assets: list[Any]) -> set[str]:
    return {asset.name for asset in assets}


def test_one_dag_a_file_named_like_it(dags: dict[str, Any]) -> None:
    assert {dag_id: Path(dag.fileloc).stem for dag_id, dag in dags.items()} == {path.stem: path.stem for path in FILES}


def test_every_job_is_run_by_exactly_one_task(dags: dict[str, Any]) -> None:
    run = [task.task_id for task in tasks_of(dags) if task.task_id in {job.name for job in ALL_JOBS}]
    assert sorted(run) == sorted(job.name for job in ALL_JOBS)


def test_every_task_can_be_retried_waits_in_a_pool_and_says_what_it_does(dags: dict[str, Any]) -> None:
    for task in tasks_of(dags):
        assert task.retries >= 1, task
        assert task.pool in {"lake", "live", "models", "replay"}, task
        # what waits for a person is bounded by how long it waits
        assert task.execution_timeout is not None or task.response_timeout is not None, task
        assert task.doc_md, task
        assert task.trigger_rule == "all_success", task


def test_every_dag_explains_itself_and_runs_once_at_a_time(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        assert len(dag.doc_md or "") > 200, dag
        assert dag.description, dag
        assert dag.max_active_runs == 1, dag
        assert dag.catchup is False, dag


def test_upkeep_is_done_before_the_weekly_report_and_starts_nothing(dags: dict[str, Any]) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    timetable = coerce_to_core_timetable(dags["maintain_lake"].timetable)
    interval = timetable.infer_manual_data_interval(run_after=a_tuesday())
    assert interval.end.isoweekday() == 7
    assert not {asset for dag in dags.values() for asset in awaited(dag)} & set(jobs.MAINTAIN_LAKE.writes)


def a_tuesday() -> Any:
    import pendulum

    return pendulum.datetime(2024, 2, 27, 12, tz="UTC")


def test_pools_fence_the_tables(dags: dict[str, Any]) -> None:
    """Whoever writes a table holds the only slot of the table's pool: backfills and retries queue behind it."""
    import json

    pools = json.loads((DAGS.parent / "infra" / "airflow" / "pools.json").read_text())
    assert {task.pool for task in tasks_of(dags)} <= set(pools)
    assert {pool["slots"] for pool in pools.values()} == {1}
    writers = [task for task in tasks_of(dags) if any("." in name for name in names(task.outlets))]
    written = {name for job in ALL_JOBS for name in job.writes}
    fences = {name: {task.pool for task in writers if name in names(task.outlets)} for name in written}
    live = {name for name, fence in fences.items() if fence == {"live"}}
    assert live == set(jobs.WATCH_LIVE.writes)
    assert all(fence == {"lake"} for name, fence in fences.items() if name not in live), fences


def test_the_watch_waits_for_nobody_and_nobody_for_it(dags: dict[str, Any]) -> None:
    (task,) = dags["watch_live"].tasks
    assert task.pool == "live"
    assert "--once" in task.application_args, "a task that never ends cannot be retried, cleared or upgraded"
    assert awaited(dags["watch_live"]) == set()
    assert not {asset for dag in dags.values() for asset in awaited(dag)} & set(jobs.WATCH_LIVE.writes)


def test_tasks_declare_what_the_contracts_say(dags: dict[str, Any]) -> None:
    for job in ALL_JOBS:
        task = job_tasks(dags)[job.name]
        assert names(task.inlets) == set(job.reads)
        assert names(task.outlets) - {"model"} == set(job.writes)


def test_each_table_has_one_writer() -> None:
    written = [table for job in ALL_JOBS for table in job.writes]
    twice = {table for table in written if written.count(table) > 1}
    assert twice == {"gold.asset_feature"}  # scoring writes its day, training the past days that are missing


def awaited(dag: Any) -> set[str]:
    """The assets that start a DAG."""
    condition = getattr(dag.timetable, "asset_condition", None)
    return {asset.name for asset in condition.objects} if condition else set()


def upstream_dags(dags: dict[str, Any], dag: Any) -> list[str]:
    return [other.dag_id for other in dags.values() if any(awaited(dag) & names(task.outlets) for task in other.tasks)]


def test_assets_chain_the_dags_from_archive_to_report(dags: dict[str, Any]) -> None:
    chain = ["ingest_archive", "measure_condition", "train_models", "weekly_degradation"]
    assert [upstream_dags(dags, dags[dag_id]) for dag_id in chain] == [[], *([each] for each in chain[:-1])]


def test_no_job_reads_a_table_before_it_is_written(dags: dict[str, Any]) -> None:
    chain = ["ingest_archive", "measure_condition", "train_models", "weekly_degradation"]
    written: set[str] = set()
    deferred = {"gold.model_drift"}  # written by score_assets of the week before; the first training needs none
    for dag_id in chain:
        for task in dags[dag_id].topological_sort():
            assert names(task.inlets) - deferred <= written, task
            written |= names(task.outlets)


def test_scheduled_runs_cover_an_interval_without_gap_or_overlap(dags: dict[str, Any]) -> None:
    """A bare cron string has been a zero-width interval since Airflow 3."""
    from airflow.serialization.encoders import coerce_to_core_timetable

    for dag in dags.values():
        assert not isinstance(dag.schedule, str), dag
        # one that also starts by an asset has its clock inside
        clock = getattr(dag.timetable, "timetable", dag.timetable)
        if dag.schedule is None or (awaited(dag) and clock is dag.timetable):
            continue
        timetable = coerce_to_core_timetable(clock)
        intervals = [timetable.infer_manual_data_interval(run_after=a_tuesday())]
        for _ in range(6):
            last = intervals[-1]
            assert last.end > last.start
            intervals.append(timetable.infer_manual_data_interval(run_after=last.end + (last.end - last.start)))
        assert [interval.end for interval in intervals[:-1]] == [interval.start for interval in intervals[1:]]


def test_parameters_have_a_form_and_defaults_that_fit_it(dags: dict[str, Any]) -> None:
    for dag in dags.values():
        for name in dag.params:
            param = dag.params.get_param(name)
            assert param.schema.get("type"), (dag, name)
            assert param.schema.get("title"), (dag, name)
            assert param.description, (dag, name)
            if param.has_value:
                param.resolve()


@pytest.mark.parametrize("value", ["yesterday", "2024-13-01", "1 OR 1=1", "$(reboot)", 20240101])
def test_a_date_that_is_none_is_refused_by_the_form(dags: dict[str, Any], value: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    dates = [param for dag in dags.values() for param in map(dag.params.get_param, dag.params) if is_date(param)]
    assert len(dates) == 8
    for param in dates:
        with pytest.raises(ParamValidationError):
            param.resolve(value)


def is_date(param: Any) -> bool:
    return bool(param.schema.get("format") == "date")


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2024-02-26", "2024-03-11", ["2024-02-26", "2024-03-04", "2024-03-11"]),
        ("2024-02-27", "2024-03-10", ["2024-03-04"]),
        ("2024-12-29", "2025-01-07", ["2024-12-30", "2025-01-06"]),
        ("2024-03-05", "2024-03-10", []),
        ("2024-03-11", "2024-03-04", []),
    ],
    ids=["both ends are Mondays", "neither is", "over new year", "no Monday", "turned round"],
)
def test_a_replay_does_every_monday_of_its_period(
    dags: dict[str, Any], first: str, last: str, expected: list[str]
) -> None:
    weeks = dags["replay_weeks"].get_task("weeks").python_callable
    assert weeks({"first": first, "last": last}) == [{"as_of": monday} for monday in expected]
