"""Results are compared before costs: every way must have found what Guideway found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from deltalake import DeltaTable

from tests.benchmarks.work import SECTION_INDICATORS

CONDITION = ["asset_id", "indicator", "recording"]
TREND = ["asset_id", "indicator", "as_of"]
_TOLERANCE = 1e-5
"""Samples are float32: a gauge of 1435 mm to 0.0001 mm, a rounding that another order of channels may turn."""


def conditions_of(way: str, out: Path) -> pd.DataFrame:
    """Condition values of quality ``good`` by asset, indicator and delivered file."""
    if way == "guideway_jobs":
        rows = _delta(out, "gold", "condition", ["asset_id", "indicator", "recording_id", "value", "quality"])
        recordings = _delta(out, "bronze", "recording", ["recording_id", "content_sha256"])
        files = _delta(out, "bronze", "source_file", ["content_sha256", "path"])
        rows = rows.merge(recordings, on="recording_id").merge(files, on="content_sha256")
        rows["recording"] = rows["path"].str.rsplit("/", n=1).str[-1]
    else:
        rows = pq.read_table(out / "condition.parquet").to_pandas()
    if "quality" in rows:
        rows = rows[rows["quality"] == "good"]
    return rows[[*CONDITION, "value"]]


def trends_of(way: str, out: Path) -> pd.DataFrame:
    """Status, rate and level by asset, indicator and day; numbers missing where there is no trend."""
    columns = [*TREND, "status", "rate_per_year", "level_now"]
    if way == "guideway_jobs":
        rows = _delta(out, "gold", "degradation_trend", columns)
    else:
        rows = pq.read_table(out / "trend.parquet").to_pandas()[columns]
    return rows.astype({"as_of": str})


def require_equal(way: str, out: Path, reference: Path) -> dict[str, int]:
    """Compare a way with Guideway on all that the way computed.

    Ways that fit series one at a time know nothing of what an asset's series say of each other: of their trends only
    which there are is compared.

    Returns:
        Rows compared, by table.

    Raises:
        AssertionError: a row is missing, too many, or differs.
    """
    known = None if way == "polars_pool" else set(SECTION_INDICATORS)
    tables = {"condition values": (conditions_of, CONDITION, ["value"])}
    tables |= {"trends": (trends_of, TREND, ["rate_per_year", "level_now"] if way == "polars_pool" else [])}
    compared = {}
    for name, (read, key, numbers) in tables.items():
        ours, theirs = read("guideway_jobs", reference), read(way, out)
        if known is not None:
            ours = ours[ours["indicator"].isin(known)]
        compared[name] = _same(way, name, ours, theirs, key, numbers)
    return compared


def _same(
    way: str, name: str, ours: pd.DataFrame, theirs: pd.DataFrame, key: Sequence[str], numbers: Sequence[str]
) -> int:
    both = ours.merge(theirs, on=list(key), how="outer", suffixes=("", "_other"), indicator=True)
    lonely = both[both["_merge"] != "both"]
    assert lonely.empty, f"{way}: {len(lonely)} {name} only one side has:\n{lonely.head(3)}"
    for column in numbers:
        one, other = both[column].to_numpy(float), both[f"{column}_other"].to_numpy(float)
        wrong = ~np.isclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True)
        assert not wrong.any(), f"{way}: {wrong.sum()} of {len(both)} {name} differ in {column}:\n{both[wrong].head(3)}"
    return len(both)


def _delta(out: Path, layer: str, table: str, columns: list[str]) -> pd.DataFrame:
    return DeltaTable(out / "lake" / layer / table).to_pyarrow_table(columns=columns).to_pandas()
