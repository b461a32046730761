"""A small network with known truth: rates of its own for each asset, shared along the line, reset at tamping."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guideway.degradation.series import SeriesBatch
from guideway.prognostics.features import feature_table
from guideway.prognostics.targets import target_table

LIMIT = 2.0


def simulate(n_assets: int, rng: np.random.Generator, years: float = 3.0, step_days: float = 30.0, noise: float = 0.06):
    """Series, static attributes, and the true rate (mm a year) of each asset."""
    line = np.arange(n_assets) * 4 // n_assets
    drainage = rng.integers(0, 3, n_assets)
    smooth = np.convolve(rng.normal(size=n_assets + 8), np.ones(9) / 3, mode="valid")
    rate = np.exp(-1.6 + 0.45 * smooth + 0.25 * drainage + 0.2 * line)
    t_lists, v_lists, work_lists = [], [], []
    for k in range(n_assets):
        t = np.sort(np.arange(0, years * 365, step_days) + rng.uniform(-4, 4, int(np.ceil(years * 365 / step_days))))
        level, last, values, works = rng.uniform(0.7, 1.6), 0.0, [], []
        for at in t:
            level += rate[k] * (at - last) / 365
            if level > 2.3 and rng.random() < 0.5:
                works.append(at - 3)
                level = 0.6 * level
            values.append(level + noise * rng.standard_t(5))
            last = at
        t_lists.append(t)
        v_lists.append(np.array(values))
        work_lists.append(np.array(works))
    batch = SeriesBatch.from_lists(t_lists, v_lists, work_lists)
    static = {
        "speed_kmh": np.full(n_assets, 160.0),
        "drainage": np.array(["good", "fair", "poor"])[drainage],
        "limit": np.full(n_assets, LIMIT),
        "track": line,
        "group": np.zeros(n_assets),
        "position_m": 200.0 * np.arange(n_assets),
    }
    return batch, static, line, rate


def table(n_assets: int, seed: int, origins=None, **options) -> pd.DataFrame:
    """Features and targets of such a network, with keys."""
    batch, static, line, _ = simulate(n_assets, np.random.default_rng(seed), **options)
    origins = np.arange(300.0, 1090.0, 60.0) if origins is None else origins
    features = feature_table(batch, origins, static)
    targets = target_table(batch, origins, static["limit"])
    frame = pd.DataFrame(features | targets)
    frame["asset_id"] = [f"T{s:04d}" for s in frame["series"]]
    frame["line_id"] = [f"L{line[s]}" for s in frame["series"]]
    frame["indicator"] = "longitudinal_level_sd"
    return frame
