"""Archives of a known size: a measuring train's text files of conventional lines, six channels of which are read."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import yaml

from guideway.archives import profile
from guideway.simulate.archive import write_archive
from guideway.simulate.network import LineSpec, NetworkSpec, line_of

SOURCE = "bench_six"
CHANNELS = (
    "longitudinal_level_left",
    "longitudinal_level_right",
    "alignment_left",
    "alignment_right",
    "gauge",
    "cross_level",
)
SAMPLES_A_KM = 4000 * len(CHANNELS)
_SIMULATED = "sim_measuring_train"
_LONGEST_KM = 60.0


@dataclass(frozen=True)
class Archive:
    """What lies in ``folder``: ``landing/``, ``profiles/`` and these facts as ``archive.json``."""

    folder: str
    km: float
    weeks: int
    every_weeks: int
    as_of: str
    files: int
    samples: int
    size_bytes: int

    @property
    def landing(self) -> Path:
        return Path(self.folder, "landing")

    @property
    def profiles(self) -> Path:
        return Path(self.folder, "profiles")

    @property
    def day(self) -> date:
        return date.fromisoformat(self.as_of)

    @property
    def runs(self) -> list[Path]:
        """The delivered files, line by line in order of time: the first of a line is its reference run."""
        return sorted(self.landing.glob(f"{SOURCE}/*/TG_*.csv"), key=lambda path: (path.parent.name, path.name))


def lines(km: float, every_weeks: int) -> tuple[LineSpec, ...]:
    """Conventional lines of equal length, none above 60 km, ``km`` in all."""
    count = int(-(-km // _LONGEST_KM))
    usual = (line_of("conventional", i, km / count, start_km=70 * i) for i in range(1, count + 1))
    return tuple(line.model_copy(update={"run_every_weeks": every_weeks}) for line in usual)


def make_archive(folder: Path, km: float, weeks: int = 104, every_weeks: int = 4) -> Archive:
    """Write an archive, or find it where an earlier run wrote it. No faults: all ways must read every sample."""
    told = folder / "archive.json"
    if told.is_file():
        return find_archive(folder)
    shutil.rmtree(folder, ignore_errors=True)
    landing = folder / "landing"
    spec = NetworkSpec(weeks=weeks, lines=lines(km, every_weeks), faults=False)
    write_archive(spec, landing, folder / "truth")
    (landing / _SIMULATED).rename(landing / SOURCE)
    # recorded works are a table of their own; here all works are found from the series, the same by every way
    (landing / "reference" / "work_history.csv").unlink()
    write_profile(folder / "profiles")
    files = list(landing.glob(f"{SOURCE}/*/*.csv"))
    run_km = sum(line.to_m - line.from_m for line in spec.lines) / 1000 * len(files) / len(spec.lines)
    archive = Archive(
        str(folder),
        km,
        weeks,
        every_weeks,
        spec.last_day.isoformat(),
        len(files),
        round(run_km * SAMPLES_A_KM),
        sum(file.stat().st_size for file in files),
    )
    told.write_text(json.dumps(asdict(archive)))
    return archive


def find_archive(folder: Path) -> Archive:
    """The archive ``make_archive`` wrote."""
    return Archive(**json.loads((folder / "archive.json").read_text()))


def write_profile(folder: Path) -> None:
    """The packaged profile of the simulated measuring train, less speed and twist."""
    packaged = Path(profile.__file__).parent / "profiles" / f"{_SIMULATED}.yaml"
    text = yaml.safe_load(packaged.read_text(encoding="utf-8"))
    text["source_id"] = SOURCE
    text["channels"] = [channel for channel in text["channels"] if channel["name"] in CHANNELS]
    rules = [rule | {"channels": [c for c in rule["channels"] if c in CHANNELS]} for rule in text["quality"]["rules"]]
    text["quality"]["rules"] = [rule for rule in rules if rule["channels"]]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{SOURCE}.yaml").write_text(yaml.safe_dump(text, allow_unicode=True, sort_keys=False), encoding="utf-8")
