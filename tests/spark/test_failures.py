"""The fault register in the lake: nothing from after the day is learned, and risk is what the kernel says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from guideway.contracts import Table
from guideway.contracts.gold import FAILURE_RISK
from guideway.contracts.models import ASSET_FEATURE
from guideway.contracts.reference import ASSET, FAILURE
from guideway.prognostics.failures import FailureModels
from guideway.transforms.failures import FaultRegister, failure_risk, landmark_rows
from guideway.udfs.features import Serving

pytestmark = pytest.mark.spark
AS_OF = date(2025, 1, 5)
Read = Callable[[Table], DataFrame]


def lake(spark: SparkSession, *, late: bool = False) -> Read:
    """Forty pumps, the odd ones ten years older and failing five times as often; ``late``: what comes after the day."""
    rng = np.random.default_rng(4)
    start = datetime(2021, 1, 4, tzinfo=timezone.utc)
    assets, failures, features = [], [], []
    for k in range(40):
        name, is_old = f"P{k:02d}", k % 2
        installed = date(2008, 1, 1) if is_old else date(2018, 1, 1)
        pump = {"asset_id": name, "asset_type": "pump", "line_id": "L1", "name": name}
        assets.append(pump | {"installed_on": installed})
        times = rng.uniform(0, 1460, rng.poisson(10 if is_old else 2))
        failures += [{"asset_id": name, "failed_at": start + timedelta(days=t), "source": "faults"} for t in times]
        told = {"asset_id": name, "indicator": "i", "line_id": "L1", "kind": "k", "unit": "u", "direction": 1}
        features.append(told | {"as_of": date(2024, 12, 2), "definition": "d", "level": 1.0, "distance_to_limit": 1.0})
        if late:
            failures.append(
                {"asset_id": name, "failed_at": datetime(2025, 1, 6, tzinfo=timezone.utc), "source": "faults"}
            )
            features.append(features[-1] | {"as_of": date(2025, 1, 6), "level": 9.0})
    assets.append({"asset_id": "T1", "asset_type": "track_section", "line_id": "L1", "name": "T1"})
    world = {ASSET: assets, FAILURE: failures, ASSET_FEATURE: features}

    def read(table: Table) -> DataFrame:
        rows = [tuple(row.get(column.name) for column in table.columns) for row in world[table]]
        return spark.createDataFrame(rows, table.ddl)

    return read


def test_risk_of_failure_knows_nothing_of_later_days_and_is_the_kernels(spark: SparkSession) -> None:
    register = FaultRegister(lake(spark), AS_OF)
    models = FailureModels.fit(register.past(), register.until_days, seed=1)
    rows, until_days = landmark_rows(lake(spark, late=True), AS_OF)
    assert FailureModels.fit(rows, until_days, seed=1) == models
    assert models.models["pump"].gain.is_better
    serving = Serving("m", "7", models.to_texts())
    found = failure_risk(lake(spark, late=True), serving, AS_OF)
    rows = found.toPandas()
    assert set(rows.columns) == {column.name for column in FAILURE_RISK.columns}
    assert len(rows) == 40 * 4
    assert set(rows["target"]) == {"fails_4w", "fails_13w", "fails_26w", "fails_52w"}
    own = rows[rows["target"] == "fails_13w"].set_index("asset_id")["score"].sort_index()
    said = models.predict(register.today())
    kernel = said[said["weeks"] == 13].set_index("asset_id")["probability"].sort_index()
    np.testing.assert_allclose(own, kernel)
    odd = own.index.str[1:].astype(int) % 2 == 1
    assert own[odd].mean() > 2 * own[~odd].mean()
    assert failure_risk(lake(spark), Serving("m", "7", FailureModels().to_texts()), AS_OF).isEmpty()
