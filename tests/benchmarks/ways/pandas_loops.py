"""Peer (d): one process, pandas and loops: a file, a section, a series at a time."""

from __future__ import annotations

import pickle
from pathlib import Path

import pandas as pd

from guideway.monitoring.facing import ReferenceRun
from tests.benchmarks.archive import find_archive
from tests.benchmarks.harness import Stages
from tests.benchmarks.work import (
    COLUMNS,
    SECTION_INDICATORS,
    aligned,
    arguments,
    filtered_samples,
    fit_one,
    network_of,
    recording_of,
    reference_of,
    section_values,
    started_at,
    trended,
)


def read(path: Path) -> pd.DataFrame:
    """One row a sample, rising chainage."""
    rows = pd.read_csv(path, sep=";", skiprows=1, decimal=",", encoding="utf-8", usecols=list(COLUMNS))
    rows = rows.rename(columns=COLUMNS)
    km, metres = rows["location"].str.split("+", expand=True).values.T
    rows["chainage"] = 1000.0 * km.astype(float) + pd.Series(metres).str.replace(",", ".").astype(float)
    return rows.drop(columns="location").sort_values("chainage", ignore_index=True)


def main() -> None:
    """The three stages on one core."""
    options = arguments(__doc__ or "")
    archive, cost = find_archive(options.archive), Stages(options.out)
    stored = options.out / "samples"
    stored.mkdir(parents=True, exist_ok=True)
    with cost.stage("ingest"):
        for path in archive.runs:
            read(path).to_parquet(stored / f"{path.stem}.parquet")
    rows = []
    with cost.stage("measure"):
        network, first = network_of(archive), dict[str, ReferenceRun]()
        for path in archive.runs:
            started, line_id = started_at(path.name), path.parent.name
            recording = recording_of(line_id, started, pd.read_parquet(stored / f"{path.stem}.parquet"))
            run = aligned(recording, first.get(line_id))
            first.setdefault(line_id, reference_of(recording))
            for asset_id, samples in filtered_samples(run, network).groupby("asset_id"):
                rows += [(asset_id, name, path.name, started, v) for name, v in section_values(samples).items()]
        conditions = pd.DataFrame(rows, columns=["asset_id", "indicator", "recording", "started_at", "value"])
        conditions.to_parquet(options.out / "condition.parquet")
    fitted = []
    with cost.stage("fit"):
        fittings = pickle.loads(options.learned.read_bytes())  # noqa: S301 - written by polars_pool in this run
        conditions["t"] = conditions["started_at"].astype("datetime64[us, UTC]").astype("int64") / 86_400e6
        wanted = conditions[conditions["indicator"].isin(trended(SECTION_INDICATORS))]
        for fitting in fittings:
            for (asset_id, indicator), series in wanted.groupby(["asset_id", "indicator"]):
                line_id = network.by_asset[asset_id].line_id
                fit = fit_one(series["t"], series["value"], indicator, line_id, fitting)
                fitted.append((asset_id, indicator, fitting.as_of, *fit))
        columns = ["asset_id", "indicator", "as_of", "status", "rate_per_year", "level_now"]
        pd.DataFrame(fitted, columns=columns).to_parquet(options.out / "trend.parquet")


if __name__ == "__main__":
    main()
