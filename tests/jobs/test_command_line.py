"""The command line as a person meets it: results, exit codes, one clear line where something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guideway.simulate.archive import write_archive
from guideway.simulate.network import NetworkSpec, line_of

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[2]


def guideway(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "guideway"), *arguments],
        cwd=ROOT,
        env=os.environ | {"GUIDEWAY_SETTLE_SECONDS": "0"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pipeline_tells_rows_by_table_and_a_refused_file_changes_the_exit_code(tmp_path: Path) -> None:
    landing, lake = tmp_path / "landing", str(tmp_path / "lake")
    spec = NetworkSpec(weeks=9, lines=(line_of("conventional", 1, 1.0, start_km=130),), faults=False)
    summary = write_archive(spec, landing, tmp_path / "truth")
    asked = ("--lake", lake, "--landing", str(landing), "--as-of", "2024-03-04", "--json")
    done = guideway("pipeline", *asked, "--until", "measure_condition")
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["rows"]["bronze.source_file"] == told["jobs"]["ingest_archive"]["facts"]["accepted"] >= summary.files
    assert told["rows"]["gold.condition"] == told["jobs"]["measure_condition"]["rows"]["gold.condition"] > 50
    assert (told["registered"], told["report"]) == (None, None), "neither model nor report was asked for"

    (landing / "stray.bin").write_bytes(b"\x00\x01")
    refused = guideway("ingest", *asked)
    facts = json.loads(refused.stdout)["facts"]
    assert (refused.returncode, facts["delivered"], facts["quarantined"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("inspect", "nowhere.csv", "--source", "cn-hsr"), 2, "no file nowhere.csv"),
        (("inspect", "README.md", "--source", "no-such-source"), 2, "no source profile 'no-such-source'"),
        (("source", "check", "absent.yaml", "README.md"), 2, "no profile file absent.yaml"),
        (("evaluate", "cmapss", "--data", "nowhere"), 2, "no folder nowhere"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: tuple[str, ...], code: int, words: str) -> None:
    done = guideway(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_setting_out_of_range_is_named() -> None:
    done = guideway("ingest", GUIDEWAY_SHUFFLE_PARTITIONS="0")
    assert done.returncode == 2
    assert "setting 'shuffle_partitions'" in done.stderr
