"""The text model as an MLflow model folder: signature, input example, pinned requirements, models from code."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.tracking.quiet import pyfunc

OUTPUTS = ("change", "value", "low", "high", "sigma", "probability")
# Named, because inferring them imports the model in a new process, which takes eight seconds.
_REQUIREMENTS = ("mlflow", "lightgbm", "numpy", "pandas", "scipy", "scikit-learn", "pydantic")


def signature() -> ModelSignature:
    """Any feature may be missing except the level; all are doubles."""
    inputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.string, "indicator")]
    inputs += [ColSpec(DataType.double, name, required=name == "level") for name in FEATURE_NAMES]
    return ModelSignature(Schema(inputs), Schema([ColSpec(DataType.double, name) for name in OUTPUTS]))


def save(texts: Mapping[str, Path], example: Mapping[str, list[Any]], folder: Path) -> None:
    """Write the model folder.

    Args:
        texts: the text model's files by name.
        example: a few rows of input by column; none leaves the example out.
        folder: folder to make.
    """
    frame = pd.DataFrame(dict(example)) if example else None
    pyfunc.save_model(
        folder,
        python_model=str(Path(__file__).with_name("pyfunc_model.py")),
        artifacts={name: str(path) for name, path in texts.items()},
        signature=signature(),
        input_example=frame,
        pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
    )
