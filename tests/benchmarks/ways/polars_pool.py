"""Peer (b): one machine, Polars for tables, numpy kernels on a process pool; all that Guideway computes."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from guideway.archives.recording import Channel, Recording
from guideway.monitoring.facing import ReferenceRun, align_either_way
from guideway.monitoring.registry import indicators, measure
from guideway.network.tracks import Network
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from guideway.signals.alignment import corrected
from guideway.transforms.scorecard import learn_from_sample
from guideway.udfs.decode import BLOCK_SAMPLES
from guideway.udfs.degradation import Fitting, fit_series
from guideway.udfs.measure import ALIGNED_ON
from tests.benchmarks.archive import SOURCE, Archive, find_archive
from tests.benchmarks.harness import Stages
from tests.benchmarks.work import SAMPLE_ASSETS, arguments, days_fitted, network_of


@cache
def _tables(folder: str) -> tuple[Network, dict[str, Rulebook]]:
    """Network and rule books, once a process."""
    return network_of(find_archive(Path(folder))), load_rulebooks()


@cache
def _profile(folder: str) -> Any:
    return load_profiles(Path(folder, "profiles"))[SOURCE]


def decode_one(path: Path, folder: str, out: Path) -> dict[str, Any]:
    """Decode one file and store its channels in blocks; returns the facts of its recording."""
    (recording,) = decode_file(path, _profile(folder)).recordings
    rows = [
        (channel.name, block, channel.unit, channel.values[first : first + BLOCK_SAMPLES])
        for channel in recording.channels
        for block, first in enumerate(range(0, channel.values.size, BLOCK_SAMPLES))
    ]
    names, blocks, units, values = zip(*rows, strict=True)
    lists = pa.array([pa.array(v, pa.float32(), mask=~np.isfinite(v)) for v in values], pa.list_(pa.float32()))
    frame = pl.DataFrame({"channel": names, "block": blocks, "unit": units, "values": pl.from_arrow(lists)})
    stored = out / f"{path.stem}.parquet"
    frame.write_parquet(stored)
    facts = {name: getattr(recording, name) for name in ("line_id", "started_at", "start", "step", "direction")}
    return facts | {"file": path.name, "stored": stored, "vehicle": recording.vehicle_or_sensor_id}


def stored_recording(facts: dict[str, Any]) -> Recording:
    """A recording from its blocks."""
    blocks = pl.read_parquet(facts["stored"]).sort("channel", "block")
    channels = tuple(
        Channel(name, part["unit"][0], part["values"].explode().to_numpy().astype(np.float32, copy=False))
        for (name,), part in blocks.group_by("channel", maintain_order=True)
    )
    return Recording(
        source_id=SOURCE,
        domain="track_geometry",
        vehicle_or_sensor_id=facts["vehicle"],
        line_id=facts["line_id"],
        track_id="1",
        started_at=facts["started_at"],
        axis="distance",
        start=facts["start"],
        step=facts["step"],
        channels=channels,
        direction=facts["direction"],
    )


def measure_one(run: tuple[dict[str, Any], dict[str, Any]], folder: str) -> tuple[pa.Table, int]:
    """Align one run to its reference and measure it; returns its conditions and the number of exceedances."""
    facts, reference_facts = run
    network, books = _tables(folder)
    recording = stored_recording(facts)
    if facts["file"] != reference_facts["file"]:
        reference = stored_recording(reference_facts)
        shapes = {name: reference.values(name) for name in ALIGNED_ON["track_geometry"] if reference.has(name)}
        recording, alignment, _ = align_either_way(recording, ReferenceRun(reference.positions, shapes))
        recording = corrected(recording, alignment)
    stretches = network.stretches(recording.line_id, recording.track_id, None)
    found = measure(recording, stretches, books[network.rulebook_ids[recording.line_id]])
    rows = pa.Table.from_pylist([asdict(condition) for condition in found.conditions])
    columns = {"recording": facts["file"], "line_id": facts["line_id"], "started_at": facts["started_at"]}
    for name, value in columns.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows, len(found.exceedances)


def series_of(conditions: pl.DataFrame, archive: Archive) -> pl.DataFrame:
    """One row an asset and indicator, in the columns the degradation kernels take."""
    network, books = _tables(archive.folder)
    known = indicators()
    wanted = {name: 1 if i.direction == "above" else -1 for name, i in known.items() if i.trendable}
    speeds = {asset_id: stretch.speed_kmh for asset_id, stretch in network.by_asset.items()}
    series = (
        conditions.lazy()
        .filter((pl.col("quality") == "good") & pl.col("indicator").is_in(list(wanted)))
        .with_columns(t=pl.col("started_at").dt.epoch("us") / 86_400e6)
        .sort("t")
        .group_by("asset_id", "indicator", "line_id", "unit")
        .agg(t_days=pl.col("t"), values=pl.col("value"))
        .sort("asset_id", "indicator")
        .collect()
    )
    found = [
        [
            {"level": one.level, "limit": one.value, "provenance": one.provenance}
            for one in books["en_13848"].limits(indicator, "conventional", speeds[asset_id])
        ]
        for asset_id, indicator in zip(series["asset_id"], series["indicator"], strict=True)
    ]
    fields = {"level": pl.String, "limit": pl.Float64, "provenance": pl.String}
    none = {"work_t_days": pl.Float64, "work_codes": pl.Int16, "work_ids": pl.String}
    return series.with_columns(
        direction=pl.col("indicator").replace_strict(wanted, return_dtype=pl.Int8),
        pool=pl.col("indicator") + "|conventional|track_section",
        limits=pl.Series(found, dtype=pl.List(pl.Struct(fields))),
        **{name: pl.lit([], pl.List(kind)) for name, kind in none.items()},
    )


def arrow(frame: pl.DataFrame) -> pa.RecordBatch:
    """One batch in the plain types the kernels' bridge takes."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [pa.field(f.name, _plain(f.type)) for f in table.schema]
    return table.cast(pa.schema(plain)).combine_chunks().to_batches()[0]


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain(f.type)) for f in kind])
    return kind


def taught_by(series: pl.DataFrame, archive: Archive, days: Sequence[date]) -> list[Fitting]:
    """What a sample of assets, evenly along the network, teaches on each day."""
    network, _ = _tables(archive.folder)
    kinds: dict[str, list[str]] = {}
    for asset_id, stretch in sorted(network.by_asset.items()):
        kinds.setdefault(stretch.asset_type, []).append(asset_id)
    chosen = [one for assets in kinds.values() for one in assets[:: max(1, -(-len(assets) // SAMPLE_ASSETS))]]
    sample = arrow(series.filter(pl.col("asset_id").is_in(chosen)))
    return [fitting for _, fitting in learn_from_sample(sample, (), *days)]


def fit_part(part: pa.RecordBatch, fittings: Sequence[Fitting]) -> list[pa.RecordBatch]:
    """Works, trends and forecasts of some series on each day."""
    return list(fit_series(lambda: fittings)([part]))


def fit_days(series: pl.DataFrame, fittings: Sequence[Fitting], pool: ProcessPoolExecutor, parts: int) -> pl.DataFrame:
    """Every series fitted as of each day."""
    place = pl.col("asset_id").rank("dense") - 1  # what an asset's series say of each other needs them in one part
    by_part = series.with_columns(part=place * parts // series["asset_id"].n_unique())
    batches = [arrow(part) for part in by_part.partition_by("part", maintain_order=True, include_key=False)]
    fitted = [one for part in pool.map(partial(fit_part, fittings=fittings), batches) for one in part]
    return pl.from_arrow(pa.Table.from_batches(fitted))  # type: ignore[return-value]


@contextmanager
def workers(cores: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes started afresh: forking beside Polars' threads may hang."""
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        yield pool


def main() -> None:
    """Decode, measure and fit, each as a stage."""
    options = arguments(__doc__ or "")
    archive = find_archive(options.archive)
    cost, folder, stored = Stages(options.out), archive.folder, options.out / "signal"
    stored.mkdir(parents=True, exist_ok=True)
    with workers(options.cores) as pool:
        with cost.stage("ingest"):
            facts = list(pool.map(partial(decode_one, folder=folder, out=stored), archive.runs, chunksize=1))
        with cost.stage("measure"):
            first: dict[str, dict[str, Any]] = {}
            for one in facts:
                first.setdefault(one["line_id"], one)
            runs = [(one, first[one["line_id"]]) for one in facts]
            measured = list(pool.map(partial(measure_one, folder=folder), runs, chunksize=1))
            conditions = pl.concat([pl.from_arrow(rows) for rows, _ in measured])
            assert isinstance(conditions, pl.DataFrame)
            conditions.write_parquet(options.out / "condition.parquet")
        with cost.stage("fit"):
            series = series_of(conditions, archive)
            fittings = taught_by(series, archive, days_fitted(archive.day))
            fitted = fit_days(series, fittings, pool, 2 * options.cores)
            fitted.select("asset_id", "indicator", "as_of", pl.col("trend").struct.unnest(), "forecasts").write_parquet(
                options.out / "trend.parquet"
            )
    # for ways that do not learn: what the sample taught, day by day
    (options.out / "learned.pickle").write_bytes(pickle.dumps(fittings))


if __name__ == "__main__":
    main()
