"""Results into the marked parts of ``docs/benchmarks.md`` and ``docs/scaling.md``; the words are written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tests.benchmarks.model import lines_of, national
from tests.benchmarks.tables import cpu, table

STAGES = ("start", "ingest", "measure", "fit", "series")
NAMES = {
    "guideway_jobs": "Guideway",
    "spark_first": "(a) Spark, a row a sample",
    "polars_pool": "(b) Polars and numpy, process pool",
    "duckdb_sql": "(c) DuckDB, what SQL can",
    "pandas_loops": "(d) pandas loops",
    "limit": "the limit: kernels and plain bytes",
}
_COLOURS = {"start": "#9aa5b1", "ingest": "#1f6f8b", "measure": "#e0a030", "fit": "#7a4e9f", "series": "#5a8f5a"}
mpl.rcParams["svg.hashsalt"] = "guideway"


def write_page(results: Mapping[str, Any], docs: Path) -> None:
    """Replace the marked parts of the pages by what was measured; parts without a result stay as they are."""
    peers = [key for key in results if key.startswith("peers_")]
    parts = {"machine": _machine(results["machine"])} if "machine" in results else {}
    if peers:
        parts["peers"] = "\n\n".join(_peers(results[key]) for key in sorted(peers, key=_times))
        _plot_peers(results[max(peers, key=_times)], docs / "pictures" / "bench_peers.svg")
    for name, rows in {"scaling": _scaling, "incremental": _incremental, "cores": _cores, "startup": _startup}.items():
        if results.get(name):
            parts[name] = rows(results[name])
    if results.get("scaling"):
        if len(results["scaling"]) > 1:
            _plot_scaling(results["scaling"], docs / "pictures" / "bench_scaling.svg")
            parts["scaling"] += "\n\n![Processor seconds by archive size](pictures/bench_scaling.svg)"
        _fill(docs / "scaling.md", {"national": national(lines_of(results["scaling"]))})
    _fill(docs / "benchmarks.md", parts)


def _fill(page: Path, parts: Mapping[str, str]) -> None:
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        text, count = re.subn(rf"(<!-- bench {name} -->\n).*?(<!-- end -->)", rf"\g<1>{part}\n\g<2>", text, flags=re.S)
        if count != 1:
            raise ValueError(f"{page}: no part marked 'bench {name}'")
    page.write_text(text, encoding="utf-8")


def _times(key: str) -> int:
    return int(re.sub(r"\D", "", key))


def _machine(facts: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items()) + "."


def _peers(told: Mapping[str, Any]) -> str:
    runs = {run["way"]: run for run in told["runs"]}
    ours, limit = runs["guideway_jobs"], runs.get("limit")
    size = told["archive"]
    rows = []
    for way, name in NAMES.items():
        if way not in runs:
            continue
        run = runs[way]
        spent = [f"{cpu(run, stage):.0f}" if cpu(run, stage) else "" for stage in STAGES]
        whole = way != "duckdb_sql"
        against = f"{cpu(run) / cpu(ours):.2f}" if whole else ""
        rows.append((name, *spent, f"{cpu(run):.0f}", against, f"{run['wall_s']:.0f}", f"{run['peak_mib'] / 1024:.1f}"))
    said = [
        f"{size['samples'] / 1e6:.1f} million samples of six channels, {size['files']} files, "
        f"{size['size_bytes'] / 1e6:.0f} MB of text. Processor seconds:",
        "",
        table(["way", *STAGES, "all", "beside Guideway", "wall s", "peak GiB"], rows),
    ]
    if limit:
        shares = [
            (stage, f"{100 * cpu(limit, stage) / cpu(ours, stage):.0f} %") for stage in ("ingest", "measure", "fit")
        ]
        without = cpu(limit) / (cpu(ours) - cpu(ours, "start"))
        shares += [("all", f"{100 * cpu(limit) / cpu(ours):.0f} %"), ("all but start", f"{100 * without:.0f} %")]
        said += ["", "The limit as a share of what Guideway takes: " + ", ".join(f"{a} {b}" for a, b in shares) + "."]
    counted = "; ".join(
        f"{NAMES[way]}: " + ", ".join(f"{count:,} {name}" for name, count in rows.items())
        for way, rows in told["compared"].items()
    )
    return "\n".join([*said, "", f"Found equal to Guideway's, to a hundred-thousandth: {counted}."])


def _scaling(told: Sequence[Mapping[str, Any]]) -> str:
    first = told[0]
    rows = [
        (
            run["name"],
            f"{run['archive']['samples'] / 1e6:.1f}",
            run["archive"]["files"],
            f"{run['archive']['km'] * 5:.0f}",
            *(f"{cpu(run, stage):.0f}" for stage in STAGES[:4]),
            f"{cpu(run):.0f}",
            f"{cpu(run) / cpu(first):.2f}",
            f"{run['peak_mib'] / 1024:.1f}",
        )
        for run in told
    ]
    head = ["archive", "million samples", "files", "sections", *STAGES[:4], "all", "beside 1x", "peak GiB"]
    return table(head, rows)


def _incremental(told: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            run["name"],
            run["archive"]["files"] - 1,
            *(f"{cpu(run, stage):.0f}" for stage in STAGES[:4]),
            f"{cpu(run):.0f}",
            f"{cpu(run) / cpu(told[0]):.2f}",
            f"{run['peak_mib'] / 1024:.1f}",
        )
        for run in told
    ]
    return table(["history", "runs in it", *STAGES[:4], "all", "beside the first", "peak GiB"], rows)


def _cores(told: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            run["name"],
            *(f"{one['wall_s']:.0f}" for one in run["stages"]),
            f"{sum(one['wall_s'] for one in run['stages']):.0f}",
            f"{cpu(run):.0f}",
        )
        for run in told
    ]
    stages = [f"{one['stage']}, s" for one in told[0]["stages"]]
    return table(["where", *stages, "all, s", "processor s less that of workers"], rows)


def _startup(told: Mapping[str, Any]) -> str:
    rows = []
    for name, cost in told.items():
        if name != "airflow":
            steps = {"": cost} if "cpu_s" in cost else cost
            rows += [(name, step, f"{one['cpu_s']:.1f}", f"{one['wall_s']:.1f}") for step, one in steps.items()]
    said = [table(["start", "step", "processor s", "wall s"], rows)]
    if tasks := told.get("airflow"):
        hops = [(task, *(f"{value:.1f}" for value in one.values())) for task, one in tasks.items()]
        said += ["", "What Airflow added around each job of a `make run`, seconds on the clock:", ""]
        head = ["task", "from the end of the task before", "Python and session before the job", "after the job"]
        said.append(table(head, hops))
    return "\n".join(said)


def _plot_peers(told: Mapping[str, Any], file: Path) -> None:
    runs = {run["way"]: run for run in told["runs"]}
    ways = [way for way in NAMES if way in runs][::-1]
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.subplots()
    left = np.zeros(len(ways))
    for stage in STAGES:
        width = np.array([cpu(runs[way], stage) for way in ways])
        axes.barh([NAMES[way] for way in ways], width, left=left, color=_COLOURS[stage], label=stage)
        left += width
    axes.set_xlabel(f"processor seconds, {told['archive']['samples'] / 1e6:.0f} million samples")
    axes.legend(fontsize=8)
    figure.savefig(file, metadata={"Date": None})


def _plot_scaling(told: Sequence[Mapping[str, Any]], file: Path) -> None:
    grown = [run for run in told if run["name"].endswith("x")]
    samples = [run["archive"]["samples"] / 1e6 for run in grown]
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    for stage in STAGES[:4]:
        axes.loglog(samples, [cpu(run, stage) for run in grown], "o-", color=_COLOURS[stage], label=stage)
    axes.loglog(samples, [cpu(run) for run in grown], "k.-", label="all")
    axes.set_xlabel("million samples")
    axes.set_ylabel("processor seconds")
    axes.legend(fontsize=8)
    figure.savefig(file, metadata={"Date": None})
