"""A tiny network, written once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from guideway.archives.decode import DecodedFile, decode_file
from guideway.archives.profile import Profile, find_profile, load_profiles
from guideway.simulate.archive import ArchiveSummary, write_archive
from guideway.simulate.network import LineSpec, NetworkSpec


@dataclass(frozen=True)
class Tiny:
    spec: NetworkSpec
    landing: Path
    truth: Path
    summary: ArchiveSummary
    profiles: dict[str, Profile]

    def table(self, name: str) -> pd.DataFrame:
        path = self.truth / name
        return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)

    def decode(self, path: str) -> DecodedFile:
        profile = find_profile(path, self.profiles)
        assert profile is not None, path
        return decode_file(self.landing / path, profile)


@pytest.fixture(scope="session")
def tiny_spec() -> NetworkSpec:
    lines = (
        LineSpec(line_id="C01", mode="conventional", km=1.2, start_km=130, speed_kmh=140.0, run_every_weeks=1),
        LineSpec(line_id="H01", mode="high_speed", km=1.0, start_km=90, speed_kmh=300.0, run_every_weeks=1),
        LineSpec(line_id="M01", mode="metro", km=1.0, speed_kmh=70.0, run_every_weeks=1),
        LineSpec(line_id="G01", mode="maglev", km=0.4, speed_kmh=200.0, run_every_weeks=2),
    )
    return NetworkSpec(seed=7, weeks=16, lines=lines)


@pytest.fixture(scope="session")
def tiny(tiny_spec: NetworkSpec, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("tiny")
    summary = write_archive(tiny_spec, folder / "landing", folder / "truth")
    return Tiny(tiny_spec, folder / "landing", folder / "truth", summary, load_profiles())
