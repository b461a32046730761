"""The notebooks of the documentation run from the first cell to the last and print what Spark says, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guideway.job import JobSummary
from tests.scenarios.conftest import World

pytestmark = pytest.mark.spark
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.py"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(notebook: Path, delivered: World, first_run: dict[str, JobSummary]) -> None:
    env = os.environ | {"GUIDEWAY_LAKE": delivered.settings.lake}
    done = subprocess.run(
        [sys.executable, str(notebook)], env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    forecasts = delivered.rows("gold.limit_forecast")
    latest = forecasts[forecasts["as_of"] == forecasts["as_of"].max()]
    crossing = int((latest["probability_13w"] > 0.5).sum())
    assert f"as of {latest['as_of'].iloc[0]}: {crossing} crossings" in done.stdout
