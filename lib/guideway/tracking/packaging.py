"""A text model as an MLflow model folder: signature, input example, pinned requirements, models from code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from guideway.contracts.models import CONDITION_MODEL, FAILURE_MODEL
from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.failures import COVARIATES
from guideway.prognostics.targets import HORIZONS_WEEKS
from guideway.tracking.quiet import pyfunc

_CODE = {CONDITION_MODEL: "pyfunc_condition.py", FAILURE_MODEL: "pyfunc_failures.py"}
# what words the input has; one of numbers that has to be there, the others may be missing
_WORDS = {CONDITION_MODEL: "indicator", FAILURE_MODEL: "asset_type"}
_NUMBERS = {CONDITION_MODEL: FEATURE_NAMES, FAILURE_MODEL: COVARIATES}
_NEEDED = {CONDITION_MODEL: "level"}
_OUTPUTS = {
    CONDITION_MODEL: ("change", "value", "low", "high", "sigma", "probability"),
    FAILURE_MODEL: (*(f"probability_{weeks}w" for weeks in HORIZONS_WEEKS), "median_days"),
}
# Named, because inferring them imports the model in a new process, which takes eight seconds.
_REQUIREMENTS = ("mlflow", "lightgbm", "numpy", "pandas", "scipy", "scikit-learn", "pydantic")


def signature(model: str) -> ModelSignature:
    """Columns of a registered model; any number may be missing except the level of the condition model."""
    inputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.string, _WORDS[model])]
    inputs += [ColSpec(DataType.double, name, required=name == _NEEDED.get(model)) for name in _NUMBERS[model]]
    return ModelSignature(Schema(inputs), Schema([ColSpec(DataType.double, name) for name in _OUTPUTS[model]]))


def save(model: str, texts: Mapping[str, Path], example: Mapping[str, list[Any]], folder: Path) -> None:
    """Write the model folder.

    Args:
        model: the registered model.
        texts: the text model's files by name.
        example: a few rows of input by column; none leaves the example out.
        folder: folder to make.
    """
    frame = pd.DataFrame(dict(example)) if example else None
    pyfunc.save_model(
        folder,
        python_model=str(Path(__file__).with_name(_CODE[model])),
        artifacts={name: str(path) for name, path in texts.items()},
        signature=signature(model),
        input_example=frame,
        pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
    )
