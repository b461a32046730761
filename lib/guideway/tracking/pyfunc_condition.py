"""The condition model as MLflow loads it: from this code and text files, never from a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model

from guideway.prognostics.model import TrainedModel
from guideway.tracking.quiet import PythonModel


class ConditionModel(PythonModel):
    """Rows of the feature table in, expected value, interval and exceedance probability out."""

    def load_context(self, context: Any) -> None:
        """Read the text model; the name of the argument is MLflow's."""
        texts = {name: Path(path).read_text(encoding="utf-8") for name, path in context.artifacts.items()}
        self._model = TrainedModel.from_texts(texts)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Predictions, one row for each row of the input."""
        del context, params
        found = self._model.predict(model_input)
        names = ("change", "value", "low", "high", "sigma", "probability")
        return pd.DataFrame({name: getattr(found, name) for name in names}, index=model_input.index)


set_model(ConditionModel())
