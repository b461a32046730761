"""``make bench``: measure, compare, write ``docs/benchmarks.md``.

Every part writes its runs to ``results.json`` as soon as it has them; the page is made of what is there. Ways measured
already are not run again: ``make bench`` begins by removing that file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks import start_up
from tests.benchmarks.archive import Archive, make_archive
from tests.benchmarks.compare import require_equal
from tests.benchmarks.harness import ROOT, Run, run_way
from tests.cluster.standalone import standalone

KM = 5.4
"""Length of the archive called 1x: 26 runs in two years, 3.4 million samples of six channels."""

PEERS = ("polars_pool", "limit", "duckdb_sql", "pandas_loops", "spark_first")
SCALES = {"small": (1, 3), "full": (1, 3, 10, 30)}
YEARS = {"small": (1, 5), "full": (1, 5, 20)}


class Bench:
    """One run of the benchmarks in one folder."""

    def __init__(self, folder: Path, scale: str, ways: Sequence[str] = PEERS, sizes: Sequence[int] = ()) -> None:
        self.folder, self.scale = folder.resolve(), scale
        self.ways, self.sizes = ways, sizes or (SCALES[scale][-1] if scale == "full" else 1,)
        self.main_job = ROOT / "var"
        self.results: dict[str, Any] = {}
        self.file = self.folder / "results.json"
        if self.file.is_file():
            self.results = json.loads(self.file.read_text())

    def keep(self, part: str, told: Any) -> None:
        """Write a part's results down."""
        self.results[part] = told
        self.results["machine"] = machine()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.results, indent=1))

    def archive(self, km: float, weeks: int = 104, every_weeks: int = 4) -> Archive:
        """An archive, made once."""
        return make_archive(self.folder / f"archive-{km:g}-{weeks}-{every_weeks}", km, weeks, every_weeks)

    def run(self, way: str, archive: Archive, *more: str, cores: int = 2, fresh: bool = True, tag: str = "") -> Run:
        """One run of a way, in an empty folder of its own unless it goes on where the last one ended."""
        out = self.out(way, tag)
        if fresh:
            shutil.rmtree(out, ignore_errors=True)
        if way in ("duckdb_sql", "pandas_loops", "spark_first"):
            more = (*more, "--learned", str(self.out("polars_pool") / "learned.pickle"))
        run = run_way(way, [archive.folder, *more], out, cores)
        print(
            f"{way} {tag}: {run.cpu_s:.0f} s of processor time, {run.wall_s:.0f} s, {run.peak_mib:.0f} MiB", flush=True
        )
        return run

    def out(self, way: str, tag: str = "") -> Path:
        """Where a way leaves its results."""
        return self.folder / "out" / f"{way}{tag}"

    def peers(self) -> None:
        """Every way on the same archive, one after the other; results compared before costs are kept."""
        for times in self.sizes:
            archive = self.archive(KM * times)
            told = self.results.get(f"peers_{times}x", {"archive": asdict(archive), "runs": [], "compared": {}})
            done = {run["way"] for run in told["runs"]}
            for way in ("guideway_jobs", *self.ways):
                if way in done:
                    continue
                run = self.run(way, archive)
                if way in ("polars_pool", "pandas_loops", "spark_first"):
                    told["compared"][way] = require_equal(way, self.out(way), self.out("guideway_jobs"))
                elif way == "duckdb_sql":
                    samples = int(run.facts["samples"])
                    assert samples == archive.samples, f"DuckDB read {samples} samples of {archive.samples}"
                    told["compared"][way] = {"samples": samples}
                told["runs"].append(asdict(run))
                self.keep(f"peers_{times}x", told)

    def scaling(self) -> None:
        """Guideway on growing archives, and on archives of as many samples in more files or more sections.

        An archive the peers were measured on is not measured again.
        """
        archives = {f"{times}x": self.archive(KM * times) for times in SCALES[self.scale]}
        archives |= {"4x files": self.archive(KM / 4, every_weeks=1), "4x sections": self.archive(4 * KM, 104, 16)}
        told = []
        for name, archive in archives.items():
            beside = self.results.get(f"peers_{name}", {"runs": ()})["runs"]
            known = [run for run in beside if run["way"] == "guideway_jobs"]
            run = known[0] if known else asdict(self.run("guideway_jobs", archive, tag=" scale"))
            told.append({**run, "name": name, "archive": asdict(archive)})
            self.keep("scaling", told)

    def incremental(self) -> None:
        """One more week on lakes of one, five and twenty years."""
        told = []
        for years in YEARS[self.scale]:
            archive = self.archive(KM, 52 * years + 1)
            last = archive.runs[-1]
            held = Path(archive.folder, last.name)
            before = (archive.day - timedelta(days=7)).isoformat()
            shutil.move(last, held)
            try:
                self.run("guideway_jobs", archive, "--as-of", before, tag=" week")
            finally:
                shutil.move(held, last)
            run = self.run("guideway_jobs", archive, tag=" week", fresh=False)
            told.append({"name": f"{years} year{'s' if years > 1 else ''}", "archive": asdict(archive), **asdict(run)})
            self.keep("incremental", told)

    def cores(self) -> None:
        """One core and two; one worker and two of a standalone cluster."""
        archive = self.archive(KM * SCALES[self.scale][-2])
        told = []
        for cores in (1, 2):
            run = self.run("guideway_jobs", archive, cores=cores, tag=" cores")
            told.append({"name": f"local, {cores} of 2 cores", **asdict(run)})
            self.keep("cores", told)
        for workers in (1, 2):
            folder = self.folder / "cluster" / str(workers)
            shutil.rmtree(folder, ignore_errors=True)
            with standalone(folder, workers) as address:
                run = self.run("guideway_jobs", archive, "--master", address, tag=" cores")
            told.append({"name": f"cluster, {workers} worker{'s' if workers > 1 else ''} of one core", **asdict(run)})
            self.keep("cores", told)

    def startup(self) -> None:
        """What every start costs."""
        self.keep("startup", start_up.measured(self.folder, self.main_job))


def machine() -> dict[str, str]:
    """Where and with what this was measured."""
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    packages = ("pyspark", "delta-spark", "numpy", "scipy", "pandas", "pyarrow", "polars", "duckdb")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "cores": f"{os.cpu_count()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "processor": _processor(),
        "Python": platform.python_version(),
        "Java": java.split('"')[1] if '"' in java else "?",
        "commit": commit.stdout.strip(),
        "measured": datetime.now(timezone.utc).date().isoformat(),
    } | {name: version(name) for name in packages}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main() -> None:
    """Measure the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=list(SCALES), default="small")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--parts", nargs="*", default=["peers", "scaling", "incremental", "cores", "startup"])
    parser.add_argument("--ways", nargs="*", default=PEERS, choices=PEERS, help="peers to run beside Guideway")
    parser.add_argument("--sizes", nargs="*", type=int, default=(), help="archives for the peers, times the smallest")
    parser.add_argument("--main-job", type=Path, default=ROOT / "var", help="folder of a `make run`, to time Airflow")
    parser.add_argument("--page-only", action="store_true", help="write the page from the results there are")
    options = parser.parse_args()
    bench = Bench(options.folder, options.scale, options.ways, options.sizes)
    bench.main_job = options.main_job
    if not options.page_only:
        for part in options.parts:
            measure: Callable[[], None] = getattr(bench, part)
            measure()
    from tests.benchmarks.page import write_page

    write_page(bench.results, ROOT / "docs")


if __name__ == "__main__":
    main()
