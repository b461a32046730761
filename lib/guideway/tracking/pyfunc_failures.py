"""The models of failures as MLflow loads them: from this code and a text file, never from a pickle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model

from guideway.prognostics.failures import FailureModels
from guideway.tracking.quiet import PythonModel


class FailureModel(PythonModel):
    """States of assets in, probability of a failure within each horizon and median days until it out."""

    def load_context(self, context: Any) -> None:
        """Read the text; the name of the argument is MLflow's."""
        texts = {name: Path(path).read_text(encoding="utf-8") for name, path in context.artifacts.items()}
        self._models = FailureModels.from_texts(texts)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """A row for each row of the input; NaN for types of asset without a model."""
        del context, params
        rows = model_input.reset_index(drop=True)
        told = self._models.predict(rows.assign(asset_id=rows.index, line_id=""))
        table = told.pivot(index="asset_id", columns="weeks", values="probability").add_prefix("probability_")
        table = table.add_suffix("w").join(told.groupby("asset_id")["median_days"].first())
        return table.reindex(rows.index).set_index(model_input.index)


set_model(FailureModel())
