"""A person's word before a model serves.

Started by `train_models` where `GUIDEWAY_MODEL_APPROVAL=true` and a challenger has passed the gate. Asks under
*Required actions*, with the gate's words; *Approve* promotes the version in the name of who approved
(`guideway models promote`), *Reject* or six days of silence leave the champion in service. A version can also be
promoted later by hand: the command line and this DAG write the same ledger.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Param, task
from spark_job import HOUSE

from guideway.contracts.models import CONDITION_MODEL, REGISTERED_MODELS

with DAG(
    "approve_model",
    schedule=None,
    description="ask a person whether a challenger that passed the gate may serve",
    doc_md=__doc__,
    params={
        "version": Param(type="integer", minimum=1, title="Version", description="Version of the registered model."),
        "model": Param(
            CONDITION_MODEL, type="string", enum=list(REGISTERED_MODELS), title="Model", description="Registered model."
        ),
        "gate": Param("", type="string", title="Gate", description="What the gate said of it; goes into the ledger."),
    },
    is_paused_upon_creation=False,
    **HOUSE,
):
    approval = ApprovalOperator(
        task_id="approval",
        pool="models",
        subject="May version {{ params.version }} of {{ params.model }} serve?",
        body="{{ params.gate }}\n\nIts card, pictures and figures are with its run in MLflow.",
        defaults="Reject",
        response_timeout=timedelta(days=6),
        execution_timeout=None,
        doc_md="Wait for a person's word; silence is a no.",
    )

    @task(pool="models", doc_md="Promote the version in the name of who approved it.")
    def promote(answer: dict[str, Any], params: dict[str, Any] | None = None) -> str:
        """Promote by the command line, so that Airflow's worker imports no MLflow."""
        asked = params or {}
        who = (answer["responded_by_user"] or {}).get("name") or "Airflow"
        command = [sys.executable, "-m", "guideway.cli", "models", "promote", str(asked["version"]), "--json"]
        command += ["--model", asked["model"]]
        why = f"approved in Airflow; {asked['gate']}"
        told = subprocess.run([*command, "--by", who, "--why", why], capture_output=True, text=True, check=False)
        if told.returncode:
            raise RuntimeError(told.stderr.strip() or told.stdout.strip())
        return told.stdout.strip()

    promote(approval.output)
