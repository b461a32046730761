"""Series from Arrow columns: which measure of traffic each is given."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from guideway.udfs.ragged import series_batch

COLUMNS = {
    "asset_id": [f"A{k}" for k in range(5)],
    "pool": ["p"] * 5,
    "direction": [1] * 5,
    "t_days": [[100.0, 128.0]] * 5,
    "values": [[1.0, 2.0]] * 5,
    "work_t_days": pa.array([[]] * 5, pa.list_(pa.float64())),
    "work_codes": pa.array([[]] * 5, pa.list_(pa.int16())),
}


def test_tonnes_where_stated_else_passages_else_no_traffic() -> None:
    rows = pa.RecordBatch.from_pydict(
        COLUMNS
        | {
            "traffic_days": [[90.0, 110.0], [90.0, 110.0, 120.0], [90.0], None, []],
            "tonnes_per_day": [[5e3, 0.0], [None, 0.0, 0.0], [0.0], None, []],
            "passes_per_day": [[50.0, None], [40.0, None, 30.0], [0.0], None, []],
        }
    )
    traffic = series_batch(rows, ("p",), ()).traffic
    np.testing.assert_array_equal(traffic.offsets, [0, 2, 4, 4, 4, 4])
    np.testing.assert_array_equal(traffic.from_days, [90.0, 110.0, 90.0, 120.0])
    np.testing.assert_array_equal(traffic.load, [5e3, 0.0, 40.0, 30.0])


def test_series_without_traffic_need_not_say_so() -> None:
    traffic = series_batch(pa.RecordBatch.from_pydict(COLUMNS), ("p",), ()).traffic
    np.testing.assert_array_equal(traffic.offsets, np.zeros(6))
