"""Tell people of a task that failed for good or a run that is late: by webhook, by e-mail, or both.

``GUIDEWAY_ALERT_WEBHOOK`` is an address that takes a JSON object by POST. ``GUIDEWAY_ALERT_EMAIL`` is a comma-separated
list of people; mail leaves by the Airflow connection ``smtp_default``. What is told are names and addresses, no data.
"""

from __future__ import annotations

import html
import json
import logging
import os
import urllib.request
from typing import Any

log = logging.getLogger(__name__)


def tell_failure(context: Any) -> None:
    """Tell everybody who is to be told. An alert that cannot be delivered is logged and changes nothing else."""
    _tell(failure_facts(context))


def tell_late(context: Any, **_: Any) -> None:
    """Tell everybody that a run has missed its deadline; it goes on."""
    run = context["dag_run"]  # as the REST API shows it
    _tell({"event": "deadline_missed", "dag": run["dag_id"], "run": run["dag_run_id"]})


def _tell(facts: dict[str, str]) -> None:
    for setting, tell in (("GUIDEWAY_ALERT_WEBHOOK", _post), ("GUIDEWAY_ALERT_EMAIL", _mail)):
        if receiver := os.environ.get(setting):
            try:
                tell(receiver, facts)
            except Exception:
                log.exception("alert by %s was not delivered", setting)


def failure_facts(context: Any) -> dict[str, str]:
    """What a person needs to find the failure."""
    task = context["ti"]
    return {
        "event": "task_failed",
        "dag": task.dag_id,
        "task": task.task_id,
        "run": context["dag_run"].run_id,
        "attempt": str(task.try_number),
        "error": str(context.get("exception") or "")[:500],
        "log": task.log_url,
    }


def _post(address: str, facts: dict[str, str]) -> None:
    if not address.startswith(("http://", "https://")):
        raise ValueError("GUIDEWAY_ALERT_WEBHOOK is no http address")
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(facts).encode(), headers)  # noqa: S310 - checked above
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def _mail(people: str, facts: dict[str, str]) -> None:
    # not the provider's notifier: that would render the error's text as a template
    from airflow.providers.smtp.hooks.smtp import SmtpHook  # noqa: PLC0415 - keeps parsing fast

    lines = "".join(f"{name}: {value}\n" for name, value in facts.items())
    subject = f"Guideway: {facts['event'].replace('_', ' ')}: {facts['dag']}"
    with SmtpHook(smtp_conn_id="smtp_default") as smtp:
        smtp.send_email_smtp(to=people, subject=subject, html_content=f"<pre>{html.escape(lines)}</pre>")
