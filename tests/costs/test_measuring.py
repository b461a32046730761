"""The benchmarks' own instruments: processor time of process trees, comparison of results, the cost model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.benchmarks.compare import CONDITION, _same
from tests.benchmarks.harness import Stages, tree_cpu_s
from tests.benchmarks.model import lines_of
from tests.costs.counting import _number

_BUSY = "import time\nwhile time.process_time() < 0.5: pass"


def test_processor_time_counts_children_that_have_ended(tmp_path: Path) -> None:
    before = tree_cpu_s()
    stages = Stages(tmp_path)
    with stages.stage("busy"):
        subprocess.run([sys.executable, "-c", _BUSY], check=True)
    assert 0.45 <= stages.done[0].cpu_s <= tree_cpu_s() - before


def test_the_model_recovers_the_costs_runs_were_made_of() -> None:
    def run(km: float) -> dict[str, object]:
        samples, series = km * 24_000 * 26, km * 80
        costs = {"ingest": 20 + 0.5e-6 * samples, "measure": 10 + 1e-6 * samples, "fit": 40 + 2e-3 * series}
        stages = [{"stage": stage, "cpu_s": cost} for stage, cost in costs.items()]
        return {"archive": {"samples": samples, "km": km}, "stages": stages}

    lines = lines_of([run(km) for km in (5.4, 16.2, 54.0, 162.0)])
    assert [lines[stage].fixed_s for stage in ("ingest", "measure", "fit")] == pytest.approx([20, 10, 40], rel=1e-6)
    assert [lines[stage].each_us for stage in ("ingest", "measure", "fit")] == pytest.approx([0.5, 1, 2000], rel=1e-6)


@pytest.mark.parametrize("change", ["value", "missing"])
def test_results_that_differ_stop_the_benchmark(change: str) -> None:
    ours = pd.DataFrame({name: ["a", "b"] for name in CONDITION} | {"value": [1.0, 2.0]})
    theirs = ours.assign(value=[1.0, 2.001]) if change == "value" else ours.head(1)
    assert _same("way", "values", ours, ours.copy(), CONDITION, ["value"]) == 2
    with pytest.raises(AssertionError, match="way: 1"):
        _same("way", "values", ours, theirs, CONDITION, ["value"])


@pytest.mark.parametrize(
    ("told", "meant"),
    [("1,234", 1234), ("total (min, med, max (stageId: taskId))\n1.5 KiB (0.0 B, 1.0 B)", 1536), ("12.0 B", 12)],
)
def test_spark_s_printed_metrics_are_read(told: str, meant: int) -> None:
    assert _number(told) == meant
