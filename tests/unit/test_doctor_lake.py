"""The lake's doctor finds exactly the damage that was done, and what it proposes mends it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from guideway.cli import app
from guideway.contracts import table
from guideway.doctor import Finding
from guideway.doctor_lake import diagnose_lake

VERSIONS = table("gold.report_version")
ARROW = {"date": pa.date32(), "string": pa.string(), "bigint": pa.int64()}


def rows(week: int) -> pa.Table:
    columns = {
        "as_of": [19_000 + 7 * week],
        "table_name": [VERSIONS.full_name],
        "iso_week": [f"2025-W{week:02}"],
        "version": [week - 1],
        "run_id": ["r"],
        "code_version": ["0"],
    }
    fields = [pa.field(c.name, ARROW[c.type], nullable=c.nullable) for c in VERSIONS.all_columns]
    return pa.table(columns, pa.schema(fields))


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Five versions of one table; the row of week n pins version n - 1 of this very table."""
    for week in range(1, 6):
        write_deltalake(tmp_path / "gold" / VERSIONS.name, rows(week), mode="append")
    return tmp_path


def folder(lake: Path) -> Path:
    return lake / "gold" / VERSIONS.name


def commit(lake: Path, version: int) -> Path:
    return folder(lake) / "_delta_log" / f"{version:020d}.json"


def file_of(lake: Path, version: int) -> Path:
    """The one file this version added."""
    now, before = (set(DeltaTable(folder(lake), version=v).file_uris()) for v in (version, version - 1))
    return Path(next(iter(now - before)))


def wrong(lake: Path) -> list[Finding]:
    return [finding for finding in diagnose_lake(lake) if finding.status != "ok" and "contract" not in finding.fact]


def test_a_healthy_lake_has_no_finding_but_what_upkeep_will_do(lake: Path) -> None:
    assert wrong(lake) == []
    told = diagnose_lake(lake)
    assert all(finding.ok for finding in told)
    assert any("older than its contract" in finding.fact for finding in told), "delta-rs wrote no checks"
    assert any("version 4, 5 files" in finding.fact for finding in told)


def test_a_missing_file_is_named_and_the_whole_version_before_it_is_proposed(lake: Path) -> None:
    lost = file_of(lake, 3)
    lost.unlink()
    found = wrong(lake)
    (finding,) = [f for f in found if f.status == "error"]
    assert lost.name in finding.fact
    back = re.search(r"TO VERSION AS OF (\d+)", finding.remedy)
    assert back is not None
    DeltaTable(folder(lake)).restore(int(back[1]))
    assert DeltaTable(folder(lake)).to_pyarrow_table().num_rows == 3
    assert [f for f in wrong(lake) if f.status == "error"] == []
    unreadable = [f.subject for f in wrong(lake) if f.subject.startswith("report")]
    assert unreadable == [], "rows of those weeks are gone with the version"


def test_a_cut_file_is_damage_too(lake: Path) -> None:
    cut = file_of(lake, 4)
    cut.write_bytes(cut.read_bytes()[:-10])
    assert [cut.name in f.fact for f in wrong(lake) if f.status == "error"] == [True]


def test_a_commit_that_never_ended_is_moved_aside(lake: Path) -> None:
    commit(lake, 5).write_text('{"commitInfo": {"timest')
    (finding,) = [f for f in wrong(lake) if f.status == "error"]
    aside = re.search(r"move (\S+) aside", finding.remedy)
    assert aside is not None
    shutil.move(aside[1], lake / "aside")
    assert wrong(lake) == []


def test_a_hole_in_the_log_is_named(lake: Path) -> None:
    commit(lake, 2).unlink()
    errors = [f for f in wrong(lake) if f.status == "error"]
    assert any("lacks version 2" in f.fact for f in errors)
    assert all("TO VERSION AS OF 1" in f.remedy for f in errors)


def test_files_nobody_uses_are_counted_to_the_byte(lake: Path) -> None:
    (folder(lake) / "part-a.parquet").write_bytes(b"x" * 300)
    (folder(lake) / "part-b.parquet").write_bytes(b"x" * 45)
    (finding,) = wrong(lake)
    assert (finding.status, finding.fact.split()[0]) == ("warning", "345")


def test_a_report_whose_versions_are_gone_is_named(lake: Path) -> None:
    DeltaTable(folder(lake)).optimize.compact()
    DeltaTable(folder(lake)).vacuum(0, dry_run=False, enforce_retention_duration=False)
    found = wrong(lake)
    assert [f.subject for f in found] == [f"report 2025-W0{week}" for week in range(1, 6)]


def test_a_table_of_another_type_and_a_stranger_are_named(lake: Path) -> None:
    write_deltalake(lake / "gold" / "mine", pa.table({"a": [1]}))
    line = rows(1).drop_columns(["table_name"])
    write_deltalake(lake / "gold" / "condition", line)
    told = {finding.subject: finding for finding in diagnose_lake(lake)}
    assert told["gold.mine"].status == "warning"
    assert told["gold.condition"].status == "error"


def test_an_empty_log_is_an_error_with_a_way_out(lake: Path) -> None:
    shutil.rmtree(folder(lake) / "_delta_log")
    (finding,) = wrong(lake)
    assert finding.status == "error"
    assert "move" in finding.remedy


def test_the_command_looks_into_the_lake_where_it_is_asked_to(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lost = file_of(lake, 2)
    lost.unlink()
    with pytest.raises(SystemExit) as ended:
        app(["doctor", "--lake", str(lake), "--json"])
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert any(lost.name in finding["fact"] for finding in told if finding["subject"] == VERSIONS.full_name)
    with pytest.raises(SystemExit):
        app(["doctor", "--json"])
    assert not any(lost.name in finding["fact"] for finding in json.loads(capsys.readouterr().out))
