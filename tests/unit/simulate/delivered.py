"""A simulated network as it is delivered, and measured by the product's kernels: files in, condition series out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from guideway.archives.decode import decode_file
from guideway.archives.profile import Profile, find_profile, load_profiles
from guideway.archives.recording import Recording
from guideway.archives.reference import read_reference, reference_table
from guideway.errors import DecodeError
from guideway.monitoring.registry import measure
from guideway.network.stretches import Stretch
from guideway.network.tracks import Network
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec

BOOKS = load_rulebooks()
SOURCES = ("sim_maglev_vehicle", "sim_maglev_girder", "sim_wayside_vibration", "sim_wayside_noise")


@dataclass(frozen=True)
class Delivered:
    """What was measured on a network, what the railway says of it, and the truth.

    Attributes:
        conditions: ``asset_id, indicator, day, value`` of good quality; ``day`` since the archive's first.
        network: the assets, from the delivered reference tables.
        works: delivered work history, with ``day``.
        tables: delivered reference tables: line, section, asset.
        defects: truth: ``asset_id, kind, onset_day, limit_day, receiver_id``.
        days: length of the archive.
        refused: files that could not be decoded.
    """

    conditions: pd.DataFrame
    network: Network
    works: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    defects: pd.DataFrame
    days: float
    refused: int

    @property
    def books(self) -> Mapping[str, Rulebook]:
        """The packaged rule books."""
        return BOOKS

    def limits(self, asset_id: str, indicator: str) -> tuple[Limit, ...]:
        """The limits of an asset, mildest first, as the product looks them up: by zone or mode, and permitted speed."""
        stretch = self.network.by_asset[asset_id]
        book = self.books[self.network.rulebook_ids[stretch.line_id]]
        zone, speed = stretch.receiver_zone or stretch.mode, stretch.speed_kmh
        return book.limits(indicator, zone, speed) or book.limits(indicator, stretch.mode, speed)


def deliver(spec: NetworkSpec, folder: Path) -> Delivered:
    """Write a network's archive, read it as the product does and measure it."""
    landing, truth = folder / "landing", folder / "truth"
    write_archive(spec, landing, truth)
    tables = {name: reference(landing, name) for name in ("line", "section", "asset", "work_history")}
    network = network_of(tables["line"], tables["section"], tables["asset"])
    recordings, refused = decoded(landing)
    first = pd.Timestamp(spec.first_day, tz="UTC")
    rows = []
    for recording in recordings:
        near = network.stretches(recording.line_id, recording.track_id, recording.asset_id)
        book = BOOKS[network.rulebook_ids[recording.line_id]]
        day = (pd.Timestamp(recording.started_at).tz_convert("UTC") - first) / pd.Timedelta(days=1)
        found = measure(recording, near, book).conditions if near else ()
        rows += [(c.asset_id, c.indicator, day, c.value) for c in found if c.quality == "good"]
    works = tables["work_history"].assign(day=lambda w: (w["finished_at"] - first) / pd.Timedelta(days=1))
    return Delivered(
        pd.DataFrame(rows, columns=["asset_id", "indicator", "day", "value"]),
        network,
        works,
        tables,
        defects_of(truth, first),
        spec.weeks * 7.0,
        refused,
    )


def decoded(landing: Path) -> tuple[list[Recording], int]:
    """The valid recordings of the archive, each content once and of several deliveries the last; files refused."""
    profiles: Mapping[str, Profile] = load_profiles()
    valid: dict[tuple[object, ...], Recording] = {}
    seen, refused = set(), 0
    for path in delivered_files(landing):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        if content in seen:
            continue
        seen.add(content)
        profile = find_profile(path.relative_to(landing).as_posix(), profiles)
        assert profile is not None, path
        try:
            for one in decode_file(path, profile).recordings:
                valid[one.source_id, one.vehicle_or_sensor_id, one.asset_id, one.started_at] = one
        except DecodeError:
            refused += 1
    return list(valid.values()), refused


def delivered_files(landing: Path) -> Iterator[Path]:
    """Files of the two domains in order of delivery."""
    files = [path for source in SOURCES for path in (landing / source).rglob("*") if path.is_file()]
    yield from sorted(files, key=lambda path: (path.stat().st_mtime, path))


def reference(landing: Path, name: str) -> pd.DataFrame:
    """A delivered reference table."""
    path = landing / "reference" / f"{name}.csv"
    table = reference_table(path)
    assert table is not None
    frame: pd.DataFrame = read_reference(path, table).to_pandas()
    return frame


def network_of(lines: pd.DataFrame, sections: pd.DataFrame, assets: pd.DataFrame) -> Network:
    """As ``transforms.network.load_network``: assets with the facts of their section, or of their line."""
    facts = sections.drop(columns=["line_id", "track_id", "from_m", "to_m"])
    rows = assets.merge(facts, on="asset_id", how="left").merge(
        lines[["line_id", "mode", "time_zone", "rulebook_id"]], on="line_id"
    )
    usual = {"track_id": "", "from_m": 0.0, "speed_kmh": 0.0, "curvature_per_km": 0.0, "cant_mm": 0.0}
    rows = rows.fillna({**usual, "structure": "earthwork", "track_form": "ballasted"})
    rows["to_m"] = rows["to_m"].fillna(rows["from_m"])
    text = ["drainage", "receiver_zone"]
    rows[text] = rows[text].astype(object).where(rows[text].notna(), None)
    kept = [name for name in Stretch.__dataclass_fields__ if name != "attributes"]
    stretches = [
        Stretch(**{name: row[name] for name in kept}, attributes=json.loads(row["attributes"] or "{}"))
        for row in rows.to_dict("records")
    ]
    return Network.of(stretches, dict(zip(lines["line_id"], lines["rulebook_id"], strict=True)))


def defects_of(truth: Path, first: pd.Timestamp) -> pd.DataFrame:
    """The injected defects with the days of their onset and limit."""
    rows = pd.read_csv(truth / "defects.csv")
    for name in ("onset", "limit"):
        rows[f"{name}_day"] = (pd.to_datetime(rows[f"{name}_on"], utc=True) - first) / pd.Timedelta(days=1)
    if "receiver_id" not in rows:
        rows["receiver_id"] = None
    return rows
