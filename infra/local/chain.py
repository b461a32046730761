"""Follow a DAG run and every run its assets start, telling what happens as it happens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.airflow_api import AirflowApi

_OPEN = {"queued", "running"}
_TOLD = {"running", "success", "failed", "up_for_retry", "upstream_failed", "skipped"}
_SECONDS_TO_START = 120.0


@dataclass
class Outcome:
    """What became of a chain: every receipt in order, and the tasks that failed."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[str, str, str, int]] = field(default_factory=list)


class Follower:
    """Follows runs from the first to the last of an asset chain.

    Args:
        api: the running Airflow.
        tell: takes one line of progress.
        is_alive: whether Airflow's processes still run; following a dead one would never end.
    """

    def __init__(self, api: AirflowApi, tell: Callable[[str], None], is_alive: Callable[[], bool]) -> None:
        self._api = api
        self._tell = tell
        self._is_alive = is_alive
        self._consumers = api.consumers()

    def follow(self, dag_id: str, run_id: str) -> Outcome:
        """Follow a run and all that it starts, to the end."""
        outcome = Outcome()
        open_runs = [(dag_id, run_id)]
        seen = set(open_runs)
        while open_runs:
            run = open_runs.pop(0)
            self._follow_one(*run, outcome)
            started = [] if outcome.failures else self._started_by(*run)
            open_runs += [each for each in started if each not in seen]
            seen.update(started)
        return outcome

    def _follow_one(self, dag_id: str, run_id: str, outcome: Outcome) -> None:
        told: dict[str, str] = {}
        state = "queued"
        while state in _OPEN:
            if not self._is_alive():
                raise RuntimeError("Airflow ended before the run did; see var/log")
            state = self._api.run_state(dag_id, run_id)
            for task in self._api.tasks(dag_id, run_id):
                name, now = task["task_id"], task["state"]
                if now in _TOLD and told.get(name) != now:
                    told[name] = now
                    self._tell_task(dag_id, run_id, task, outcome)
            if state in _OPEN:
                time.sleep(1.0)

    def _tell_task(self, dag_id: str, run_id: str, task: dict[str, Any], outcome: Outcome) -> None:
        name, state = task["task_id"], task["state"]
        line = f"{dag_id}: {name} {state}"
        if state == "success":
            receipt = self._api.result(dag_id, run_id, name)
            line += f" in {task['duration'] or 0:.0f} s"
            if isinstance(receipt, dict):
                outcome.receipts.append(receipt)
                line += f": {receipt.get('message', '')}"
        elif state == "failed":
            outcome.failures.append((dag_id, run_id, name, task["try_number"]))
        self._tell(line)

    def _started_by(self, dag_id: str, run_id: str) -> list[tuple[str, str]]:
        """The runs the assets of this run start; waits until each DAG scheduled on them has its run."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            events = self._api.events(dag_id, run_id)
            if events is not None:
                runs = {(run["dag_id"], run["run_id"]) for event in events for run in event["created_dagruns"]}
                expected = set().union(*(self._consumers.get(event["name"], set()) for event in events))
                if expected <= {dag for dag, _ in runs}:
                    return sorted(runs)
            if time.monotonic() > deadline:
                raise TimeoutError(f"what {dag_id} starts did not start within {_SECONDS_TO_START:g} s")
            time.sleep(0.3)


def log_tail(home: Path, failure: tuple[str, str, str, int], lines: int = 25) -> list[str]:
    """The last lines of a task's log, as plain text."""
    dag_id, run_id, task_id, attempt = failure
    path = home / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}" / f"attempt={attempt}.log"
    if not path.exists():
        return [f"no log at {path}"]
    return [_plain(line) for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]]


def _plain(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    causes = [f"{cause['exc_type']}: {cause['exc_value']}" for cause in entry.get("error_detail") or []]
    return " | ".join([str(entry.get("event", line)), *causes[:1]])
