"""The champions, loaded safely: text files whose checksums the registry knows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from guideway.contracts.models import FAILURE_MODEL
from guideway.errors import GuidewayError
from guideway.prognostics.failures import FailureModels
from guideway.prognostics.model import TrainedModel
from guideway.tracking.record import TEXTS, verify
from guideway.tracking.registry import CHAMPION, SHA_TAG
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect
from guideway.udfs.features import Serving

M = TypeVar("M", TrainedModel, FailureModels)

_MANIFEST = "manifest.json"


class ModelIntegrityError(GuidewayError):
    """The champion's files are not those that were registered: nothing is scored with them."""


class ModelOutdatedError(GuidewayError):
    """The champion is what was registered, but another version of Guideway wrote it: it has to be trained again."""


@dataclass(frozen=True)
class Champion(Generic[M]):
    """The model in service.

    Attributes:
        name: registered model.
        version: its version.
        texts: its text files, small enough to send to every worker.
        model: what they say.
        is_copy: it is the local copy, because MLflow did not answer.
    """

    name: str
    version: str
    texts: Mapping[str, str] = field(repr=False)
    model: M = field(repr=False)
    is_copy: bool = False

    @property
    def serving(self) -> Serving:
        """What workers need of it."""
        return Serving(self.name, self.version, self.texts)


def load_champion(settings: TrackingSettings, alias: str = CHAMPION) -> Champion[TrainedModel] | None:
    """The condition model in service, or None where none was ever promoted.

    With MLflow down the copy of the last champion seen serves, where there is one.

    Raises:
        ModelIntegrityError: a file is not what was registered.
        ModelOutdatedError: another version of Guideway wrote it.
        TrackingUnavailableError: MLflow is down and there is no copy.
    """
    return _load(settings, TrainedModel.from_texts, alias)


def load_failures(settings: TrackingSettings, alias: str = CHAMPION) -> Champion[FailureModels] | None:
    """The models of failures in service; else as ``load_champion``."""
    return _load(settings.of_model(FAILURE_MODEL), FailureModels.from_texts, alias)


def _load(settings: TrackingSettings, read: Callable[[Mapping[str, str]], M], alias: str) -> Champion[M] | None:
    try:
        with connect(settings) as (client, deadline):
            found = _version(client, settings.model_name, alias)
            if found is None:
                return None
            version, run_id, expected = found
            deadline.check()
            texts = _download(client, run_id, expected)
    except TrackingUnavailableError:
        copy = _read_copy(settings, read) if alias == CHAMPION else None
        if copy is None:
            raise
        return copy
    champion = _open(settings.model_name, version, texts, expected, read)
    if alias == CHAMPION:
        _write_copy(champion, expected, settings.champion_copy)
    return champion


@dataclass(frozen=True)
class InService(Generic[M]):
    """What serves, as far as MLflow could be asked.

    Attributes:
        champion: the model in service; None where none was promoted yet, or it is not to be had.
        problem: why it is not to be had.
        is_unasked: MLflow is down and there is no copy: there may be a champion nobody here knows.
    """

    champion: Champion[M] | None
    problem: str | None = None
    is_unasked: bool = False

    @property
    def told(self) -> str:
        """What serves, or why nothing does, in words."""
        if self.champion is None:
            return self.problem or "no champion yet, so risks stay as they were"
        copied = " (a copy: MLflow did not answer)" if self.champion.is_copy else ""
        return f"{self.champion.name} version {self.champion.version}{copied}"


def in_service(settings: TrackingSettings) -> InService[TrainedModel]:
    """The condition model in service, or why it is not to be had; that stops no science.

    Raises:
        ModelIntegrityError: a file is not what was registered: nobody works around that.
    """
    return _asked(lambda: load_champion(settings))


def failures_in_service(settings: TrackingSettings) -> InService[FailureModels]:
    """The models of failures in service; else as ``in_service``."""
    return _asked(lambda: load_failures(settings))


def _asked(load: Callable[[], Champion[M] | None]) -> InService[M]:
    try:
        return InService(load())
    except (ModelOutdatedError, TrackingUnavailableError) as error:
        unasked = isinstance(error, TrackingUnavailableError)
        return InService(None, f"the champion is not to be had: {error}", unasked)


def _version(client: MlflowClient, name: str, alias: str) -> tuple[str, str, dict[str, str]] | None:
    try:
        found = client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise TrackingUnavailableError(f"MLflow cannot say which version is {alias}: {error}") from error
    expected = {key.removeprefix(SHA_TAG): value for key, value in found.tags.items() if key.startswith(SHA_TAG)}
    return str(found.version), str(found.run_id), expected


def _download(client: MlflowClient, run_id: str, expected: Mapping[str, str]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as place:
        try:
            folder = Path(client.download_artifacts(run_id, TEXTS, place))
        except (MlflowException, OSError) as error:
            raise TrackingUnavailableError(f"the champion's files cannot be fetched: {error}") from error
        return {name: (folder / name).read_text(encoding="utf-8") for name in expected if (folder / name).is_file()}


def _open(
    name: str,
    version: str,
    texts: Mapping[str, str],
    expected: Mapping[str, str],
    read: Callable[[Mapping[str, str]], M],
    *,
    is_copy: bool = False,
) -> Champion[M]:
    try:
        verify(texts, expected)
    except ValueError as error:
        raise ModelIntegrityError(f"{name} version {version}: {error}") from error
    try:
        return Champion(name, version, texts, read(texts), is_copy)
    except ValueError as error:
        raise ModelOutdatedError(f"{name} version {version}: {error}") from error


def _write_copy(champion: Champion[M], expected: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in champion.texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    manifest = {"version": champion.version, "sha256": dict(expected)}
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _read_copy(settings: TrackingSettings, read: Callable[[Mapping[str, str]], M]) -> Champion[M] | None:
    folder = settings.champion_copy
    if not (folder / _MANIFEST).is_file():
        return None
    manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    names = [name for name in manifest["sha256"] if (folder / name).is_file()]
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    return _open(settings.model_name, manifest["version"], texts, manifest["sha256"], read, is_copy=True)
