from __future__ import annotations

import pandas as pd
import pytest

from tests.unit.prognostics import fleet


@pytest.fixture(scope="session")
def network() -> pd.DataFrame:
    """Features and targets of 160 assets on four lines."""
    return fleet.table(160, seed=1)
