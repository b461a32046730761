"""Scorecards of simulated networks as one table of the method page: what intervals hold, and what chance allows.

Each network is one `guideway simulate --seed N`, ingested and measured; `guideway backtest --lake L --json > N.json`:

    python docs/degradation/networks.py 1.json 2.json ...
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

LEAST_FORECASTS = 100
WITHIN = 0.03


def scorecards(files: list[Path]) -> pd.DataFrame:
    """Rows of all networks of indicators that most networks have 100 forecasts of at every horizon."""
    told = pd.concat([pd.read_json(file).assign(network=file.stem) for file in files])
    told = told[told["n"] >= LEAST_FORECASTS]
    horizons = told.groupby(["network", "indicator"])["horizon_weeks"].transform("nunique")
    whole = told[horizons == told["horizon_weeks"].nunique()]
    share = whole.groupby("indicator")["network"].transform("nunique") / len(files)
    return whole[share >= 0.5]


def described(rows: pd.DataFrame) -> dict[str, object]:
    """One horizon: networks are independent, so they tell how far chance moves the coverage of an indicator."""
    rows = rows.assign(saved=1.0 - rows["crps"] / rows["baseline_crps"])
    each = rows.groupby("indicator")
    mean, spread = each["coverage_80"].mean(), each["coverage_80"].std()
    error: pd.Series[float] = spread / np.sqrt(each.size())
    off = (mean - 0.8).abs()
    near = ((rows["coverage_80"] - 0.8).abs() <= WITHIN).mean()
    return {
        "coverage of 80 %": f"{100 * mean.mean():.1f} %",
        "of 95 %": f"{100 * each['coverage_95'].mean().mean():.1f} %",
        "within 3 points": int((off <= WITHIN).sum()),
        "if calibrated": round(float((2 * norm.cdf(WITHIN / error) - 1).sum())),
        "off beyond chance": int(((off > WITHIN) & (off > 2 * error)).sum()),
        "within 3 points, one network": round(len(mean) * float(near)),
        "one network, if calibrated": round(float((2 * norm.cdf(WITHIN / spread) - 1).sum())),
        "saved against the better": f"{100 * each['saved'].mean().median():.0f} %",
        "save a quarter": int((each["saved"].mean() >= 0.25).sum()),
    }


if __name__ == "__main__":
    cards = scorecards([Path(name) for name in sys.argv[1:]])
    table = {f"{weeks} weeks": described(rows) for weeks, rows in cards.groupby("horizon_weeks")}
    print(cards["network"].nunique(), "networks,", cards["indicator"].nunique(), "indicators")
    lines = [("horizon", *next(iter(table.values()))), *((name, *row.values()) for name, row in table.items())]
    lines.insert(1, ("---",) * len(lines[0]))
    print("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
