"""Airflow for tests: a home of its own, and the DAGs as its processor sees them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
PLUGINS = DAGS.parent / "infra" / "airflow" / "plugins"


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.setenv("AIRFLOW__CORE__UNIT_TEST_MODE", "False")
        for name in ("INGEST_CRON", "UPKEEP_CRON", "WATCH_CRON", "ARRIVAL_SECONDS", "LANDING"):
            patch.delenv(f"GUIDEWAY_{name}", raising=False)
        patch.setattr(sys, "path", [str(DAGS), str(PLUGINS), *sys.path])
        yield home


@pytest.fixture(scope="session")
def dags(airflow_home: Path) -> dict[str, Any]:
    # Airflow's own modules raise deprecation warnings on import: they are not ours to fix
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(DAGS))
    assert bag.import_errors == {}
    return dict(bag.dags)
