"""The audit of a batch, and what the ledger says of quarantine, without Spark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from guideway.archives.audit import FileFacts, audit
from guideway.archives.landing import Delivery
from guideway.archives.ledger import Ledger
from guideway.archives.rules import AuditRules
from guideway.transforms.delivery import hold_back
from guideway.udfs.decode import outcome
from tests.faults.delivered import NOW
from tests.unit.archives.helpers import profile

RULES = AuditRules(min_files=4, max_quarantined_share=0.5, max_rejected_share=0.2, rows_factor=2.0)


def files(good: int, bad: int = 0, rows: int = 100, rejected: int = 0) -> list[FileFacts]:
    return [FileFacts(True, rows, rejected)] * good + [FileFacts(False, 0, 0)] * bad


@pytest.mark.parametrize(
    ("batch", "usual", "said"),
    [
        (files(10), [100] * 9, None),
        (files(5, 5), [], None),
        (files(4, 5), [], "5 of 9 files cannot be read, at most 50% may"),
        (files(1, 2), [], None),
        (files(0, 9), [], None),
        (files(6, rejected=20), [], None),
        (files(6, rejected=21), [], "126 of 600 rows are rejected, at most 20% may"),
        (files(6, rows=200), [100] * 9, None),
        (files(6, rows=201), [100] * 9, "its files have 201 rows, the source's 100: not within a factor of 2"),
        (files(6, rows=49), [100] * 9, "its files have 49 rows, the source's 100: not within a factor of 2"),
        (files(6, rows=49), [100] * 3, None),
    ],
)
def test_a_batch_is_held_where_a_rule_is_broken_and_only_there(
    batch: Sequence[FileFacts], usual: Sequence[int], said: str | None
) -> None:
    assert audit(RULES, batch, usual) == said


def deliveries(n: int, source_id: str = "test-car") -> list[Delivery]:
    return [Delivery(f"{source_id}/{i}.csv", 10, NOW + timedelta(seconds=i), source_id, f"{i:064x}") for i in range(n)]


def outcomes(files: Sequence[Delivery], bad: int) -> dict[str, Any]:
    told = {d.path: outcome(d.path, None, 100, 0, recordings=[{"recording_id": d.path}]) for d in files}
    return told | {d.path: outcome(d.path, "truncated: cut") for d in files[:bad]}


def test_only_the_source_that_fails_is_held_and_its_good_files_are_named() -> None:
    sick, well = deliveries(12), deliveries(12, "other-car")
    profiles = {"test-car": profile(), "other-car": profile(source_id="other-car")}
    told = outcomes(sick, 7) | outcomes(well, 6)
    reasons, held = hold_back(sick + well, told, profiles, Ledger())
    assert reasons == {"test-car": "7 of 12 files cannot be read, at most 50% may"}
    assert set(held) == {d.path for d in sick[7:]}
    assert {o["status"] for o in held.values()} == {"quarantined"}
    assert {o["reason"] for o in held.values()} == {f"audit_failed: {reasons['test-car']}"}


@pytest.mark.parametrize(
    ("held_before", "failing_again", "is_held"), [(False, 7, False), (True, 7, True), (True, 6, False)]
)
def test_a_replay_counts_what_fails_again_only_where_its_batch_was_held(
    held_before: bool, failing_again: int, is_held: bool
) -> None:
    files = deliveries(12)
    ledger = Ledger(quarantined={d.look: "test-car" for d in files}, held={files[11].look} if held_before else set())
    reasons, _ = hold_back(files, outcomes(files, failing_again), {"test-car": profile(audit={"min_files": 5})}, ledger)
    assert bool(reasons) == is_held


def row(path: str, status: str, reason: str | None = None, source_id: str = "test-car") -> dict[str, Any]:
    return {"path": path, "size_bytes": 1, "delivered_at": NOW, "content_sha256": f"sha of {path}",
            "source_id": source_id, "status": status, "reason": reason, "rows_read": 7}  # fmt: skip


def test_the_ledger_finds_what_waits_in_quarantine_and_still_lies_there(tmp_path: Path) -> None:
    ledger = Ledger.of([
        row("test-car/good.csv", "accepted"),
        row("test-car/cut.csv", "quarantined", "truncated: cut"),
        row("test-car/held.csv", "quarantined", "audit_failed: x"),
        row("test-car/gone.csv", "quarantined", "truncated: cut"),
        row("strange/a.csv", "quarantined", "unknown_source: x", "unknown"),
    ])  # fmt: skip
    for path in ("test-car/good.csv", "test-car/cut.csv", "test-car/held.csv", "strange/a.csv"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("x")
    names = lambda *asked: [p.relative_to(tmp_path).as_posix() for p in ledger.quarantine(tmp_path, *asked)]  # noqa: E731
    assert names((), None) == ["strange/a.csv", "test-car/cut.csv", "test-car/held.csv"]
    assert names((), "test-car") == ["test-car/cut.csv", "test-car/held.csv"]
    assert names((tmp_path / "strange",), None) == ["strange/a.csv"]
    assert names((tmp_path / "strange",), "test-car") == ["strange/a.csv"], "told the place and the source"
    assert names((), "strange") == []
    assert {look[0] for look in ledger.held} == {"test-car/held.csv"}
    assert ledger.rows["test-car"] == [7]


def test_a_path_nobody_claims_stays_with_the_source_it_was_read_as() -> None:
    read_as = {"/elsewhere/0": "test-car", "/elsewhere/1": "given-up", "/elsewhere/2": "unknown"}
    ledger = Ledger(quarantined={(path, 1, NOW): source for path, source in read_as.items()})

    def by_folder(path: str) -> str | None:
        return "other-car" if path.startswith("other-car/") else None

    claim = ledger.claims(by_folder, ["test-car", "other-car"])
    assert [claim(path) for path in (*read_as, "other-car/0")] == ["test-car", None, None, "other-car"]
