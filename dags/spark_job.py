"""What the DAGs share: the task that runs one job by Spark, the assets it reports to, the run's date.

A task goes by spark-submit, or by the driver that stands where ``GUIDEWAY_DRIVER`` says. The receipt a job writes (rows
and Delta version of each table, seconds, a message) becomes the metadata of the asset events, together with ``as_of``:
a run started by an asset has no data interval, so the date travels with the events.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import Asset, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from alerts import tell_failure

from guideway.contracts.jobs import Job

JOBS_FOLDER = Path(os.environ.get("GUIDEWAY_JOBS", Path(__file__).resolve().parents[1] / "jobs"))
JARS_FOLDER = Path(os.environ.get("GUIDEWAY_JARS", "var/jars"))
JAVA_OPTIONS = os.environ.get("GUIDEWAY_JAVA_OPTIONS")
MODEL = Asset("model", group="guideway")
CONFIGURATION_ERROR = "Error code is: 2."

PARAMS = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date",
        title="As of",
        description="Work as if this were today (UTC). Empty: the end of the data interval, or what the asset says.",
    ),
    "lake": Param(
        None,
        type=["null", "string"],
        minLength=1,
        title="Lake",
        description="Folder or s3a:// address of the lake. Empty: the worker's setting GUIDEWAY_LAKE.",
    ),
}
LANDING_FOLDER = Param(
    None,
    type=["null", "string"],
    minLength=1,
    title="Landing folder",
    description="Folder of delivered files. Empty: the worker's setting GUIDEWAY_LANDING.",
)
CLOSE_WEEK = Param(
    False,
    type="boolean",
    title="Close the week",
    description="Go on to models, plan and report even where the date is no Monday.",
)


def table(name: str) -> Asset:
    """The asset of a contract table, ``layer.table``."""
    return Asset(name, group="guideway")


def run_date(params: Mapping[str, Any], triggering_asset_events: Mapping[Any, Sequence[Any]], dag_run: Any) -> str:
    """The date a run works for: stated, else the latest its assets carry, else the end of its data interval."""
    if params.get("as_of"):
        return str(params["as_of"])
    if stated := [extra["as_of"] for extra in _extras(triggering_asset_events) if extra.get("as_of")]:
        return max(stated)
    return (dag_run.data_interval_end or dag_run.run_after).date().isoformat()


def closes_week(params: Mapping[str, Any], triggering_asset_events: Mapping[Any, Sequence[Any]], dag_run: Any) -> bool:
    """Whether the weekly jobs are due: asked for, or the date is a Monday, so that a whole week lies behind it.

    What the assets say goes before the date; files that arrive during a Monday are no reason for a report each.
    """
    if params.get("close_week"):
        return True
    if stated := [extra["close_week"] for extra in _extras(triggering_asset_events) if "close_week" in extra]:
        return any(stated)
    if dag_run.run_type == "asset_triggered":
        return False
    return datetime.fromisoformat(run_date(params, triggering_asset_events, dag_run)).isoweekday() == 1


def _extras(triggering_asset_events: Mapping[Any, Sequence[Any]]) -> list[Mapping[str, Any]]:
    return [event.extra for events in triggering_asset_events.values() for event in events]


# Shared by every DAG. One slot of pool `lake` is one writer on the lake, whatever backfills run beside the schedule.
HOUSE: dict[str, Any] = {
    "start_date": datetime(2024, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "user_defined_macros": {"run_date": run_date, "closes_week": closes_week},
    "tags": ["guideway"],
    "default_args": {
        "owner": "guideway",
        "pool": "lake",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(hours=12),
        "on_failure_callback": tell_failure,
    },
}


class SparkJob(SparkSubmitOperator):
    """Run ``jobs/<name>.py`` by spark-submit, or in a standing driver; then put its receipt on the assets it wrote.

    Safe to retry: every job replaces its window or merges on declared keys, and holds the lock of each table it
    writes, so a retry beside a living predecessor waits. A configuration error (exit code 2) is not retried.

    Args:
        job: the contract's job; its tables become the task's inlets and outlets.
        options: further options of the job, such as ``landing``: each a parameter of the DAG with that name.
        switches: further options of the job that take no value, such as ``once``.
        choices: the same, given where the DAG's parameter with that name is true.
        outlets: assets besides the contract's tables.
    """

    def __init__(
        self,
        *,
        job: Job,
        options: tuple[str, ...] = (),
        switches: tuple[str, ...] = (),
        choices: tuple[str, ...] = (),
        outlets: tuple[Asset, ...] = (),
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("task_id", job.name)
        kwargs.setdefault("doc_md", f"{job.summary[0].upper()}{job.summary[1:]}.")
        super().__init__(
            application=str(JOBS_FOLDER / f"{job.name}.py"),
            name=f"guideway-{job.name}",
            jars=",".join(sorted(map(str, JARS_FOLDER.glob("*.jar")))) or None,
            driver_memory=os.environ.get("GUIDEWAY_DRIVER_MEMORY"),
            properties_file=os.environ.get("GUIDEWAY_SPARK_PROPERTIES"),
            conf={"spark.driver.extraJavaOptions": f"{JAVA_OPTIONS} -Duser.timezone=UTC"} if JAVA_OPTIONS else None,
            application_args=[
                "--as-of={{ run_date(params, triggering_asset_events, dag_run) }}",
                "--run-id={{ dag_run.run_id }}",
                *(f"--{name}={{{{ params.{name} or '' }}}}" for name in ("lake", *options)),
                *(f"--{name}" for name in switches),
                *(f"{{{{ '--{name}' if params.{name} else '' }}}}" for name in choices),
            ],
            inlets=[table(name) for name in job.reads],
            outlets=[*(table(name) for name in job.writes), *outlets],
            **kwargs,
        )

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the job; return its receipt.

        Raises:
            AirflowFailException: the job says a setting is wrong: a retry would not help.
        """
        with tempfile.TemporaryDirectory(prefix="guideway-") as folder:
            receipt_file = Path(folder, "receipt.json")
            stated = [argument for argument in self.application_args or [] if argument and not argument.endswith("=")]
            self.application_args = [*stated, f"--receipt={receipt_file}"]
            try:
                if not self._by_standing_driver():
                    super().execute(context)
            except AirflowException as error:
                if CONFIGURATION_ERROR in str(error):
                    raise AirflowFailException(str(error)) from error
                raise
            receipt: dict[str, Any] = json.loads(receipt_file.read_text(encoding="utf-8"))
        self._tell_assets(context, receipt)
        return receipt

    def _by_standing_driver(self) -> bool:
        """Whether a driver stands and has run the job."""
        from guideway.standing_driver import ADDRESS, ask  # noqa: PLC0415 - keeps parsing fast

        address = os.environ.get(ADDRESS)
        if not address:
            return False
        try:
            code = ask(address, [self.application, *self.application_args], self.log.info)
        except OSError:
            self.log.warning("no driver at %s: by spark-submit", address)
            return False
        if code:  # in the words of the provider's hook, so that ``execute`` knows a configuration error by either way
            raise AirflowException(f"{self.application} failed. Error code is: {code}.")
        return True

    def _tell_assets(self, context: Any, receipt: Mapping[str, Any]) -> None:
        facts = (context["params"], context["triggering_asset_events"], context["dag_run"])
        extra = {"as_of": run_date(*facts), "close_week": closes_week(*facts)}
        for outlet in self.outlets:
            extra_of_table = {
                "rows": (receipt.get("rows") or {}).get(outlet.name),
                "version": (receipt.get("versions") or {}).get(outlet.name),
            }
            context["outlet_events"][outlet].extra = extra | {k: v for k, v in extra_of_table.items() if v is not None}
