"""A rule book derived from a lake: only the latest good values of the mode's sections count."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from guideway.cli import app
from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.reference import ASSET, LINE
from guideway.lake.writer import Writer
from guideway.rulebooks.load import load_rulebooks
from guideway.transforms.latest_values import latest_section_values
from guideway.transforms.recording import latest_revisions
from guideway.transforms.series import end_of
from tests.spark.test_series import AS_OF, START, frame, run

pytestmark = pytest.mark.spark
N = 40


def tables(spark: SparkSession) -> dict[str, object]:
    """40 metro sections measured twice, one of them poorly the second time; a main line besides."""
    at = [START + timedelta(days=28), START + timedelta(days=56), datetime(2026, 1, 1, tzinfo=timezone.utc)]
    rows = []
    for i in range(N):
        for number, (when, value) in enumerate(zip(at, (99.0, float(i), 99.0), strict=True), start=1):
            quality = "poor" if (i, number) == (7, 2) else "good"
            rows.append(condition(f"m{i}", f"r{number}", "M", when, value, quality))
        rows.append(condition(f"c{i}", "r2", "C", at[1], 50.0, "good"))
    rows.append(condition("switch", "r2", "M", at[1], 50.0, "good"))
    sections = [(f"m{i}", "track_section", "M") for i in range(N)] + [(f"c{i}", "track_section", "C") for i in range(N)]
    assets = [
        {"asset_id": a, "asset_type": kind, "line_id": line, "name": a, "attributes": {}}
        for a, kind, line in [*sections, ("switch", "switch", "M")]
    ]
    lines = [
        {
            "line_id": line,
            "name": line,
            "mode": mode,
            "rulebook_id": "metro",
            "time_zone": "UTC",
            "from_m": 0.0,
            "to_m": 9e3,
        }
        for line, mode in (("M", "metro"), ("C", "conventional"))
    ]
    recordings = [run(1), run(2), run(3)]
    return {
        "conditions": frame(spark, CONDITION, rows),
        "recordings": frame(spark, RECORDING, recordings),
        "assets": frame(spark, ASSET, assets),
        "lines": frame(spark, LINE, lines),
    }


def condition(asset: str, recording: str, line: str, when: datetime, value: float, quality: str) -> dict[str, object]:
    return {
        "asset_id": asset, "indicator": "tqi_cn", "recording_id": recording, "line_id": line, "measured_at": when,
        "value": value, "unit": "mm", "n_samples": 800, "coverage": 1.0, "quality": quality,
    }  # fmt: skip


def test_latest_good_values_of_the_modes_sections(spark: SparkSession) -> None:
    data = tables(spark)
    found = latest_section_values(
        data["conditions"], latest_revisions(data["recordings"]), data["assets"], data["lines"],  # type: ignore[arg-type]
        mode="metro", indicators=["tqi_cn"], until=end_of(AS_OF),
    ).toPandas()  # fmt: skip
    assert dict(zip(found["asset_id"], found["value"], strict=True)) == {
        f"m{i}": 99.0 if i == 7 else float(i) for i in range(N)
    }
    assert set(found["unit"]) == {"mm"}


def test_the_command_writes_a_book_that_loads(
    spark: SparkSession, writer: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tables(spark)
    for table, name in ((CONDITION, "conditions"), (RECORDING, "recordings"), (ASSET, "assets"), (LINE, "lines")):
        writer.upsert(data[name], table)  # type: ignore[arg-type]
    out = tmp_path / "books" / "own.csv"
    arguments = ["derive-limits", "--lake", str(tmp_path / "lake"), "--as-of", str(AS_OF), "--rulebook", "own"]
    with pytest.raises(SystemExit) as end:
        app([*arguments, "--out", str(out), "--json"])
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["level"] for row in told] == ["AL", "IL"]
    expected = np.quantile([99.0 if i == 7 else float(i) for i in range(N)], [0.70, 0.90])
    limits = load_rulebooks(out.parent)["own"].limits("tqi_cn", "metro", 60.0)
    assert [row.value for row in limits] == pytest.approx(expected.tolist(), rel=1e-5)
    with pytest.raises(SystemExit) as end:
        app([*arguments, "--out", str(out), "--mode", "maglev"])
    assert end.value.code != 0
    assert "too few maglev sections" in capsys.readouterr().err
