"""The C-MAPSS turbofan benchmark (Saxena and others 2008): an outside yardstick for the remaining-life path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from guideway.errors import ConfigurationError
from guideway.prognostics.lives import Lives
from guideway.prognostics.ragged import Floats
from guideway.prognostics.remaining_life import LifeParameters, train_life

CAP = 125.0
_N_COLUMNS = 26
_N_SETTINGS = 3
SEED = 20080101


def evaluate_cmapss(folder: Path, subset: str, *, threads: int = 1) -> dict[str, float | int]:
    """Train on the training units of a subset and predict the last cycle of each test unit once.

    Args:
        folder: holds ``train_<subset>.txt``, ``test_<subset>.txt`` and ``RUL_<subset>.txt``, plain or ``.gz``.
        subset: for example ``FD001``.
        threads: threads of the learner.

    Returns:
        ``rmse`` and ``score`` (Saxena's asymmetric one) with the true remaining life cut at 125 cycles as the target
        is, and ``n`` test units.

    Raises:
        ConfigurationError: a file is missing or not in the format; names it.
    """
    training, test = read_lives(folder, f"train_{subset}"), read_lives(folder, f"test_{subset}")
    true = _read(folder, f"RUL_{subset}").to_numpy(np.float64)[:, 0]
    if true.size != test.unit.size:
        raise ConfigurationError(f"RUL_{subset} has {true.size} rows, test_{subset} has {test.unit.size} units")
    model = train_life(training, LifeParameters(cap=CAP, threads=threads), SEED)
    predicted = model.predict(test)[test.offsets[1:] - 1]
    capped = np.minimum(true, CAP)
    return {"rmse": rmse(predicted, capped), "score": phm08_score(predicted, capped), "n": int(true.size)}


def rmse(predicted: Floats, true: Floats) -> float:
    """Root mean square error."""
    return float(np.sqrt(np.mean((predicted - true) ** 2)))


def phm08_score(predicted: Floats, true: Floats) -> float:
    """Sum of exp(-d/13) - 1 for d < 0, exp(d/10) - 1 for d >= 0, d = predicted - true: late costs more than early."""
    d = predicted - true
    return float(np.sum(np.where(d < 0, np.expm1(-d / 13), np.expm1(d / 10))))


def read_lives(folder: Path, stem: str) -> Lives:
    """Units of one C-MAPSS file: unit, cycle, three settings, 21 sensors, blank separated."""
    table = _read(folder, stem)
    if table.shape[1] != _N_COLUMNS:
        raise ConfigurationError(f"{stem} has {table.shape[1]} columns, C-MAPSS has {_N_COLUMNS}")
    numbers = table.to_numpy(np.float64)
    numbers = numbers[np.lexsort([numbers[:, 1], numbers[:, 0]])]
    units, first = np.unique(numbers[:, 0].astype(np.int64), return_index=True)
    offsets = np.append(first, len(numbers)).astype(np.int64)
    return Lives(units, offsets, numbers[:, 2 : 2 + _N_SETTINGS], numbers[:, 2 + _N_SETTINGS :])


def _read(folder: Path, stem: str) -> pd.DataFrame:
    for name in (f"{stem}.txt", f"{stem}.txt.gz"):
        if (folder / name).is_file():
            try:
                return pd.read_csv(folder / name, sep=r"\s+", header=None)
            except (ValueError, OSError) as error:
                raise ConfigurationError(f"{folder / name} is not a table of numbers: {error}") from error
    raise ConfigurationError(f"{folder} has no {stem}.txt or {stem}.txt.gz")
