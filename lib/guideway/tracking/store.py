"""Where MLflow is, and how long anybody may wait for it."""

from __future__ import annotations

import math
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from guideway.contracts.models import CONDITION_MODEL
from guideway.errors import GuidewayError
from guideway.object_store import SCHEME
from guideway.tracking.quiet import hushed

_SQLITE = "sqlite:///"


class TrackingUnavailableError(GuidewayError):
    """MLflow did not answer within the time allowed; the science goes on and the run waits in the outbox."""


class TrackingSettings(BaseModel):
    """Where runs and models are kept.

    Attributes:
        uri: tracking and registry address: ``sqlite:///file`` or a server's address.
        folder: local folder of the outbox and of the copy of the champion.
        artifacts: folder or ``s3://`` address of artifacts (SQLite only; a server has its own); default in ``folder``.
        experiment: experiment of the runs.
        model_name: registered model that is asked about.
        max_wait_s: longest time a job waits for a server in all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uri: str
    folder: Path
    artifacts: Path | str | None = None
    experiment: str = "guideway-condition"
    model_name: str = CONDITION_MODEL
    max_wait_s: float = Field(default=60.0, gt=0)

    @classmethod
    def local(cls, folder: Path, **others: object) -> TrackingSettings:
        """Settings of a store in a folder: a SQLite file and artifacts beside it."""
        place = folder.resolve()
        return cls.model_validate({"uri": f"sqlite:///{place / 'mlflow.db'}", "folder": place, **others})

    @classmethod
    def of(cls, uri: str, artifacts: str | Path, **others: object) -> TrackingSettings:
        """Settings from Guideway's ``mlflow_uri`` and ``mlflow_artifacts``; the outbox lies beside the artifacts.

        Where the artifacts are in an object store it lies beside the SQLite file, or in ``var/mlflow``.
        """
        text = str(artifacts)
        if text.startswith(("s3://", SCHEME)):
            folder = Path(uri.removeprefix(_SQLITE) if uri.startswith(_SQLITE) else "var/mlflow/none").resolve().parent
            bucket = f"s3://{text.partition('://')[2]}"
            return cls.model_validate({"uri": uri, "folder": folder, "artifacts": bucket, **others})
        place = Path(artifacts).resolve()
        return cls.model_validate({"uri": uri, "folder": place.parent, "artifacts": place, **others})

    def of_model(self, name: str) -> TrackingSettings:
        """The same store, asked about another registered model."""
        return self.model_copy(update={"model_name": name})

    @property
    def is_server(self) -> bool:
        """Whether MLflow is a server rather than a file."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def shown_uri(self) -> str:
        """The address without the user and password it may carry: for messages."""
        return re.sub(r"//[^/@]*@", "//***@", self.uri)

    @property
    def outbox(self) -> Path:
        """Folder of runs that wait for delivery."""
        return self.folder / "outbox"

    @property
    def champion_copy(self) -> Path:
        """Folder of the last champion seen, for when MLflow is down."""
        return self.folder / "champion" / self.model_name


class Deadline:
    """A limit to the time a sequence of calls may take; checked between calls."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raise ``TrackingUnavailableError`` when the time is used up."""
        if self.left <= 0:
            raise TrackingUnavailableError("MLflow is too slow: the time allowed for it is used up")


@contextmanager
def connect(settings: TrackingSettings) -> Iterator[tuple[MlflowClient, Deadline]]:
    """A client whose every call is bounded, with the deadline of them all.

    Whatever MLflow or the disk refuses inside leaves as ``TrackingUnavailableError``. MLflow's own
    defaults (seven retries of two minutes) could hold a job for the better part of an hour (mlflow issue 5744).

    Raises:
        TrackingUnavailableError: MLflow cannot be reached, refuses, or the disk is full.
    """
    # A local file is never down, it is only slow on a busy machine: waiting for it is work, not waiting.
    deadline = Deadline(settings.max_wait_s if settings.is_server else math.inf)
    per_call = max(2, int(settings.max_wait_s / 4))
    bounds = {
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(per_call),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    }
    before = {name: os.environ.get(name) for name in bounds}
    os.environ.update(bounds)
    try:
        _probe(settings, min(per_call, 5))
        with hushed():
            yield MlflowClient(tracking_uri=settings.uri, registry_uri=settings.uri), deadline
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise TrackingUnavailableError(f"MLflow at {settings.shown_uri} failed: {_line(error, settings)}") from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def experiment_id(client: MlflowClient, settings: TrackingSettings) -> str:
    """Identifier of the experiment, made on first use."""
    found = client.get_experiment_by_name(settings.experiment)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(settings.experiment, artifact_location=_artifact_location(settings)))


def _artifact_location(settings: TrackingSettings) -> str | None:
    if settings.is_server:
        return None
    if isinstance(settings.artifacts, str):
        return settings.artifacts
    return (settings.artifacts or settings.folder / "artifacts").resolve().as_uri()


def _line(error: Exception, settings: TrackingSettings) -> str:
    """The first line of an error, which may quote the address."""
    return (str(error).splitlines() or [type(error).__name__])[0].replace(settings.uri, settings.shown_uri)


def _probe(settings: TrackingSettings, timeout_s: int) -> None:
    """Ask once, quickly, whether MLflow is there at all."""
    address = settings.uri
    try:
        if settings.is_server:
            with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=timeout_s) as answer:  # noqa: S310
                answer.read(64)
        elif "://" in address and not address.startswith(("sqlite:", "file:")):
            # MLflow itself would try a database ten times, for 100 s
            database = create_engine(address, connect_args={"connect_timeout": timeout_s}, poolclass=NullPool)
            database.connect().close()
        else:
            _make_folders(settings)
    except (OSError, SQLAlchemyError) as error:
        raise TrackingUnavailableError(
            f"MLflow does not answer at {settings.shown_uri}: {_line(error, settings)}"
        ) from error


def _make_folders(settings: TrackingSettings) -> None:
    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
        if settings.uri.startswith(_SQLITE):
            Path(settings.uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackingUnavailableError(f"MLflow's folder cannot be written: {error}") from error
