"""The IMS bearing run-to-failure sets (Lee, Qiu, Yu, Lin 2007): an outside yardstick for anomalies without labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from guideway.errors import ConfigurationError
from guideway.prognostics.anomaly import AnomalyParameters, peer_alarms

_CLOCK = "Datetime"
_CLOCK_FORMAT = "%Y.%m.%d.%H.%M.%S"


def evaluate_bearings(folder: Path, parameters: AnomalyParameters | None = None) -> dict[str, dict[str, Any]]:
    """Name the bearings that are failing in each recorded test, in order of alarm, from past snapshots only.

    Args:
        folder: holds one CSV file (plain or ``.gz``) a test: ``Datetime`` and one amplitude column a channel, called
            ``<bearing>`` or ``<bearing>-<channel>``.
        parameters: settings of the watch.

    Returns:
        By file: ``failing``, a list of ``bearing``, ``alarm_at`` (ISO 8601) and ``lead_hours`` before the test ended
        (its last snapshot with the machine running); ``quiet``, the bearings without one; ``snapshots``; ``hours``.

    Raises:
        ConfigurationError: there is no such file, or one is not in the format; names it.
    """
    files = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")])
    if not files:
        raise ConfigurationError(f"{folder} has no .csv or .csv.gz file")
    return {path.name.split(".")[0]: _one_test(path, parameters) for path in files}


def _one_test(path: Path, parameters: AnomalyParameters | None) -> dict[str, Any]:
    table = pd.read_csv(path)
    channels = [name for name in table.columns if str(name).lower().startswith("bearing")]
    if _CLOCK not in table or len(channels) < 3:
        raise ConfigurationError(f"{path} needs a column {_CLOCK} and at least three columns Bearing ...")
    at = pd.to_datetime(table[_CLOCK], format=_CLOCK_FORMAT)
    bearings = list(dict.fromkeys(name.split("-")[0] for name in channels))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(table[channels].to_numpy(np.float64))
    own = [[k for k, name in enumerate(channels) if name.split("-")[0] == bearing] for bearing in bearings]
    found = peer_alarms(np.exp(np.column_stack([logs[:, columns].mean(axis=1) for columns in own])), parameters)
    end = at[np.flatnonzero(found.running)[-1]] if found.running.any() else at.iloc[-1]
    alarmed = sorted((int(row), name) for row, name in zip(found.first_row, bearings, strict=True) if row >= 0)
    return {
        "failing": [
            {
                "bearing": name,
                "alarm_at": at[row].isoformat(),
                "lead_hours": round((end - at[row]).total_seconds() / 3600, 1),
            }
            for row, name in alarmed
        ],
        "quiet": [name for name, row in zip(bearings, found.first_row, strict=True) if row < 0],
        "snapshots": len(table),
        "hours": round((end - at.iloc[0]).total_seconds() / 3600, 1),
    }
