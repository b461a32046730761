"""``guideway models``: who serves, since when and why; promote, roll back, deliver what waited."""

from __future__ import annotations

import argparse
import getpass
import json
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from guideway.commands.command import Commands, add_command, add_json
from guideway.contracts.models import CONDITION_MODEL, REGISTERED_MODELS
from guideway.errors import ConfigurationError
from guideway.settings import load_settings

if TYPE_CHECKING:
    from guideway.tracking.record import Promotion
    from guideway.tracking.registry import LedgerEntry
    from guideway.tracking.store import TrackingSettings


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    models = add_command(
        commands, "models", "promote, roll back and list the models in service", _none, "guideway models ledger --json"
    )
    actions = models.add_subparsers(dest="action", metavar="ACTION", required=True)
    ledger = add_command(actions, "ledger", "every change of the champion", _ledger, "guideway models ledger")
    promote = add_command(
        actions,
        "promote",
        "put a registered version into service",
        _promote,
        'guideway models promote 3 --why "agreed on Monday"',
    )
    promote.add_argument("version", help="version of the registered model")
    rollback = add_command(
        actions,
        "rollback",
        "put the champion before this one back",
        _rollback,
        'guideway models rollback --why "drift"',
    )
    replay = add_command(
        actions, "replay", "deliver runs that waited for MLflow in the outbox", _replay, "guideway models replay"
    )
    for parser in (promote, rollback):
        parser.add_argument("--why", required=True, help="reason, kept in the ledger")
        parser.add_argument("--by", default=getpass.getuser(), help="in whose name (default: the user)")
    for parser in (ledger, promote, rollback, replay):
        parser.add_argument(
            "--model", choices=tuple(REGISTERED_MODELS), default=CONDITION_MODEL, help="registered model (%(default)s)"
        )
        parser.add_argument("--mlflow-uri", help="tracking database or server")
        parser.add_argument("--mlflow-artifacts", help="folder of model artifacts")
        add_json(parser)


def _none(options: argparse.Namespace) -> int:
    raise ConfigurationError("say `ledger`, `promote`, `rollback` or `replay`")


def _ledger(options: argparse.Namespace) -> int:
    from guideway.tracking.registry import ledger  # noqa: PLC0415

    entries = [asdict(entry) for entry in ledger(_tracking(options))]
    if options.json:
        print(json.dumps(entries))
        return 0
    for entry in entries:
        print(f"{entry['at']}  {entry['action']:<8} version {entry['version']:<4} by {entry['by']}: {entry['why']}")
    return 0


def _promote(options: argparse.Namespace) -> int:
    from guideway.tracking.registry import promote  # noqa: PLC0415

    return _told(promote(_tracking(options), options.version, _promotion(options)), options)


def _rollback(options: argparse.Namespace) -> int:
    from guideway.tracking.registry import rollback  # noqa: PLC0415

    return _told(rollback(_tracking(options), _promotion(options)), options)


def _replay(options: argparse.Namespace) -> int:
    from guideway.tracking.outbox import replay  # noqa: PLC0415

    delivery = replay(_tracking(options))
    told = asdict(delivery)
    waits = f"; {len(delivery.waiting)} wait: {delivery.problem}" if delivery.waiting else ""
    print(json.dumps(told) if options.json else f"{len(delivery.receipts)} runs delivered{waits}")
    return 1 if delivery.waiting else 0


def _told(entry: LedgerEntry, options: argparse.Namespace) -> int:
    facts = asdict(entry)
    print(json.dumps(facts) if options.json else f"version {facts['version']} serves (it was {facts['previous']})")
    return 0


def _promotion(options: argparse.Namespace) -> Promotion:
    from guideway.tracking.record import Promotion  # noqa: PLC0415

    return Promotion(options.by, datetime.now(timezone.utc).isoformat(), options.why)


def _tracking(options: argparse.Namespace) -> TrackingSettings:
    from guideway.tracking.store import TrackingSettings  # noqa: PLC0415

    settings = load_settings(mlflow_uri=options.mlflow_uri, mlflow_artifacts=options.mlflow_artifacts)
    return TrackingSettings.of(settings.mlflow_uri, settings.mlflow_artifacts).of_model(options.model)
