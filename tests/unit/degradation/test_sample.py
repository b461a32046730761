"""The sample a fit learns from: as much after twenty years as after two."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from guideway.transforms.scorecard import thinned


def test_large_pools_are_thinned_evenly_and_small_ones_left_alone() -> None:
    rng = np.random.default_rng(4)
    pools = np.array(["large", "small", "middle"])[rng.integers(0, 3, 900)]
    lengths = np.where(pools == "large", 50, 10)
    assets = [f"A{k:04d}" for k in range(900)]
    lists = pa.array([np.arange(n, dtype=float) for n in lengths], pa.list_(pa.float64()))
    batch = pa.RecordBatch.from_arrays([pa.array(assets), pa.array(pools), lists], ["asset_id", "pool", "t_days"])
    most = 50 * int((pools == "large").sum()) // 3 + 1

    kept = thinned(batch, most)
    for pool, each in {"large": 3, "small": 1, "middle": 1}.items():
        own = [asset for asset, of in zip(assets, pools, strict=True) if of == pool]
        rows = kept.filter(pa.array([of == pool for of in kept.column("pool").to_pylist()]))
        assert rows.column("asset_id").to_pylist() == own[::each]
    assert thinned(batch.slice(0, 0)).num_rows == 0
