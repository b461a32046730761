"""The date a run works for, what travels with the assets, and the task around a job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.standing import standing_driver

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]

MONDAY, TUESDAY = "2024-06-03", "2024-06-04"


@pytest.fixture(scope="module")
def spark_job(dags: dict[str, Any]) -> Any:
    import spark_job as module

    return module


def a_run(end: datetime | None = None, run_type: str = "scheduled") -> SimpleNamespace:
    after = datetime(2024, 7, 1, 2, tzinfo=timezone.utc)
    return SimpleNamespace(data_interval_end=end, run_after=after, run_type=run_type)


def events(*extras: dict[str, Any]) -> dict[str, list[SimpleNamespace]]:
    return {"asset": [SimpleNamespace(extra=extra) for extra in extras]}


def test_a_stated_date_wins(spark_job: Any) -> None:
    assert spark_job.run_date({"as_of": "2020-02-29"}, events({"as_of": MONDAY}), a_run()) == "2020-02-29"


def test_a_scheduled_run_works_for_the_end_of_its_interval_not_for_the_day_it_happens_to_run(spark_job: Any) -> None:
    end = datetime(2024, 6, 3, 2, tzinfo=timezone.utc)
    assert spark_job.run_date({"as_of": None}, {}, a_run(end)) == MONDAY


@given(days=st.lists(st.dates(), min_size=1, max_size=5), shuffled=st.randoms())
def test_several_events_give_the_latest_date_whatever_their_order(days: list[Any], shuffled: Any) -> None:
    import spark_job

    extras = [{"as_of": day.isoformat()} for day in days]
    shuffled.shuffle(extras)
    assert spark_job.run_date({}, events(*extras), a_run()) == max(days).isoformat()


@pytest.mark.parametrize(
    ("params", "extra", "due"),
    [
        ({"as_of": MONDAY}, {}, True),
        ({"as_of": TUESDAY}, {}, False),
        ({"as_of": TUESDAY, "close_week": True}, {}, True),
        ({}, {"as_of": TUESDAY, "close_week": True}, True),
        ({}, {"as_of": TUESDAY, "close_week": False}, False),
        ({}, {"as_of": MONDAY}, True),
        ({}, {"as_of": MONDAY, "close_week": False}, False),
    ],
)
def test_the_week_is_closed_on_mondays_or_when_asked(
    spark_job: Any, params: dict[str, Any], extra: dict[str, Any], due: bool
) -> None:
    assert spark_job.closes_week(params, events(extra), a_run()) is due


def test_files_that_arrive_during_a_monday_close_no_week(spark_job: Any) -> None:
    monday = a_run(run_type="asset_triggered")
    assert datetime.fromisoformat(spark_job.run_date({}, events({}), monday)).isoweekday() == 1
    arrival = events({"from_trigger": True, "payload": {"files": 1}})
    assert spark_job.closes_week({}, arrival, monday) is False
    assert spark_job.closes_week({"close_week": True}, arrival, monday) is True


FAKE_SUBMIT = """#!{python}
import json, sys
receipt = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--receipt="))
open({seen!r}, "w").write(json.dumps(sys.argv[1:]))
if {code}:
    sys.exit({code})
open(receipt, "w").write(json.dumps({{"rows": {{"bronze.recording": 7}}, "versions": {{"bronze.recording": 3}}}}))
"""


class Outlets(dict[Any, SimpleNamespace]):
    def __missing__(self, asset: Any) -> SimpleNamespace:
        return self.setdefault(asset.name, SimpleNamespace(extra=None))


@dataclass
class Ran:
    receipt: dict[str, Any] | None
    error: Exception | None
    outlets: Outlets
    arguments: list[str]


def run_ingest(
    dags: dict[str, Any], folder: Path, patch: pytest.MonkeyPatch, code: int, application: str = "ingest.py"
) -> Ran:
    """Run the ingest task around a real child process: a spark-submit that notes its arguments and writes a receipt."""
    binary, seen = folder / "spark-submit", folder / "seen.json"
    binary.write_text(FAKE_SUBMIT.format(python=sys.executable, seen=str(seen), code=code))
    binary.chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    patch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", '{"conn_type": "spark", "host": "local[1]"}')
    task = dags["ingest_archive"].get_task("ingest_archive").prepare_for_execution()
    task.application = application
    task.application_args = ["--as-of=2024-06-03", "--run-id=r 1; reboot", "--lake=", "--landing=/a b", ""]
    ran = Ran(None, None, Outlets(), [])
    context = {
        "params": {"as_of": MONDAY, "close_week": True},
        "triggering_asset_events": {},
        "dag_run": a_run(),
        "outlet_events": ran.outlets,
    }
    try:
        ran.receipt = task.execute(context)
    except Exception as error:
        ran.error = error
    if task._hook:
        task._hook._submit_sp.stdout.close()  # the provider leaves the pipe to the garbage collector
    ran.arguments = json.loads(seen.read_text())
    return ran


def test_the_receipt_travels_with_the_assets(
    dags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run_ingest(dags, tmp_path, monkeypatch, code=0)
    assert ran.receipt is not None
    assert ran.receipt["rows"] == {"bronze.recording": 7}
    assert ran.outlets["bronze.recording"].extra == {"as_of": MONDAY, "close_week": True, "rows": 7, "version": 3}
    assert ran.outlets["bronze.signal"].extra == {"as_of": MONDAY, "close_week": True}


def test_arguments_reach_the_job_literally_and_empty_ones_not_at_all(
    dags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = run_ingest(dags, tmp_path, monkeypatch, code=0).arguments
    assert "--run-id=r 1; reboot" in arguments
    assert "--landing=/a b" in arguments
    assert not any(argument.startswith("--lake") or not argument for argument in arguments)


@pytest.mark.parametrize("replay", [True, False])
def test_a_replay_of_one_source_is_asked_for_in_the_form(dags: dict[str, Any], replay: bool) -> None:
    task = dags["ingest_archive"].get_task("ingest_archive")
    params = dags["ingest_archive"].params.dump() | {"as_of": MONDAY, "replay": replay, "source": "fi-tg"}
    context = {"params": params, "triggering_asset_events": {}, "dag_run": SimpleNamespace(run_id="r")}
    given_to_job = task.render_template(task.application_args, context, task.get_template_env())
    assert ("--replay" in given_to_job) is replay
    assert "--source=fi-tg" in given_to_job


@pytest.mark.parametrize(("code", "error"), [(2, "AirflowFailException"), (4, "AirflowException")])
def test_only_a_wrong_setting_is_not_retried(
    dags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: str
) -> None:
    ran = run_ingest(dags, tmp_path, monkeypatch, code=code)
    assert type(ran.error).__name__ == error
    assert ran.outlets == {}


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    with standing_driver() as (process, address):
        monkeypatch.setenv("GUIDEWAY_DRIVER", address)
        yield process


@pytest.mark.parametrize(("code", "error"), [(2, "AirflowFailException"), (4, "AirflowException")])
def test_a_standing_driver_runs_the_job_and_spark_submit_where_none_stands(
    dags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: Any, code: int, error: str
) -> None:
    def job(code: int) -> str:
        path, seen = tmp_path / f"job{code}.py", tmp_path / "seen.json"
        path.write_text(FAKE_SUBMIT.format(python="", seen=str(seen), code=code))
        return str(path)

    by_driver = run_ingest(dags, tmp_path, monkeypatch, code=0, application=job(0))
    assert by_driver.receipt is not None
    assert by_driver.arguments[0] == "--as-of=2024-06-03", "what spark-submit is given begins with its own options"
    failed = run_ingest(dags, tmp_path, monkeypatch, code=0, application=job(code))
    assert (type(failed.error).__name__, failed.receipt) == (error, None)
    assert driver.wait(10) == code
    by_submit = run_ingest(dags, tmp_path, monkeypatch, code=0, application=job(0))
    assert by_submit.receipt is not None
    assert by_submit.arguments[0] == "--master"
