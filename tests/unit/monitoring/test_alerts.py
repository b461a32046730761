"""Exceedances become alerts: one a place, the layer by severity, an identity that outlives a repetition."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.contracts.gold import EXCEEDANCE, LIVE_ALERT
from guideway.monitoring.alerts import alert_id, alerts_of, layer_of

NOW = datetime(2026, 1, 5, tzinfo=timezone.utc)


def exceedance(**changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(column.name for column in EXCEEDANCE.columns)
    given = {"recording_id": "r-0", "indicator": "twist", "asset_id": "A", "from_m": 1200.0, "severity": 1, "peak": 5.0}
    return row | given | changes


@pytest.mark.parametrize(("severity", "layer"), [(1, "plan"), (2, "act"), (3, "act")])
def test_severity_decides_the_layer(severity: int, layer: str) -> None:
    assert layer_of(severity) == layer


def test_a_row_has_the_contracts_columns_and_the_peak_as_its_value() -> None:
    ((identity, row),) = alerts_of([exceedance(peak=7.5, limit=4.0, reason="IL 4 mm/m")], NOW).items()
    assert set(row) == {column.name for column in LIVE_ALERT.columns}
    assert (row["alert_id"], row["value"], row["limit"], row["reason"]) == (identity, 7.5, 4.0, "IL 4 mm/m")
    assert row["raised_at"] == NOW


places = st.fixed_dictionaries(
    {
        "recording_id": st.sampled_from(["r-0", "r-1"]),
        "indicator": st.sampled_from(["twist", "gauge"]),
        "asset_id": st.sampled_from(["A", "B"]),
        "from_m": st.sampled_from([0.0, 1200.0, 1200.25]),
        "severity": st.integers(1, 3),
    }
)


@given(found=st.lists(places, max_size=30), seed=st.randoms())
def test_one_alert_a_place_the_most_severe_in_any_order_at_any_time(found: list[dict[str, Any]], seed: Any) -> None:
    worst: dict[tuple[Any, ...], int] = {}
    for row in found:
        key = tuple(row[name] for name in ("recording_id", "indicator", "asset_id", "from_m"))
        worst[key] = max(worst.get(key, 0), row["severity"])
    first = alerts_of([exceedance(**row) for row in found], NOW)
    seed.shuffle(found)
    second = alerts_of([exceedance(**row) for row in found], NOW + timedelta(days=1))
    assert first.keys() == second.keys() == {alert_id(*key) for key in worst}
    assert sorted(row["severity"] for row in second.values()) == sorted(worst.values())
