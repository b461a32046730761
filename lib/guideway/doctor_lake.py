"""What is wrong with a lake in a folder, and how to mend it: looks at logs and files, starts nothing, changes nothing.

Finds missing and cut data files, torn logs, files nobody uses, tables of another contract and report versions that can
no longer be read. Needs no Java: a lake no engine can open can still be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from guideway.contracts import TABLES, Table
from guideway.contracts.gold import REPORT_VERSION
from guideway.doctor import Finding
from guideway.errors import LakeError
from guideway.lake.migrate import state_of_folder, statements
from guideway.lake.table_log import TableLog, TornLogError

MIB = 1024**2
_SHOWN = 3


def diagnose_lake(root: Path) -> list[Finding]:
    """A finding for every table that is there, more where something is wrong, and one for each unreadable report."""
    if not root.is_dir():
        return [Finding("lake", "error", f"no folder {root}", "run the pipeline, or name another lake")]
    logs = {table: TableLog(root / table.layer / table.name) for table in TABLES}
    there = {table: log for table, log in logs.items() if log.folder.is_dir()}
    findings = [finding for table, log in there.items() for finding in _table(table, log)]
    return findings + list(_reports(there)) + list(_strangers(root))


def _table(table: Table, log: TableLog) -> Iterator[Finding]:
    name = table.full_name
    try:
        latest = log.latest
    except TornLogError as error:
        yield Finding(name, "error", str(error), f"move {log.folder} away and let the job that writes it make it anew")
        return
    problems = [*_log_findings(name, log), *_file_findings(name, log)]
    yield from problems
    if any(not problem.ok for problem in problems):
        return
    contract = list(_contract(table, log))
    yield from contract
    if all(finding.ok for finding in contract):
        files = log.files(latest)
        size, log_size = sum(files.values()) / MIB, log.log_bytes() / MIB
        yield Finding(name, "ok", f"version {latest}, {len(files)} files, {size:.1f} MiB, log {log_size:.2f} MiB")


def _log_findings(name: str, log: TableLog) -> Iterator[Finding]:
    needed = [v for v in log.gaps if v > max(log.checkpoints, default=-1)]
    if needed:
        fact = f"the log lacks version {_some(needed)}"
        yield Finding(name, "error", fact, _go_back(log, "restore it from a backup"))
    for version in log.versions:
        try:
            log.commit(version)
        except TornLogError as error:
            is_last = version == log.latest
            after = version > max(log.checkpoints, default=-1)
            status = "error" if after else "warning"
            aside = f"the commit never came to an end: move {error.file} aside" if is_last else ""
            yield Finding(name, status, str(error), aside or _go_back(log, "restore it from a backup"))


def _file_findings(name: str, log: TableLog) -> Iterator[Finding]:
    try:
        damaged = log.damaged(log.files(log.latest))
        used = log.used_since(log.oldest)
    except TornLogError:
        return  # told by the log's own findings
    if damaged:
        fact = f"{len(damaged)} files of version {log.latest} are missing or cut: {_some(damaged)}"
        yield Finding(name, "error", fact, _go_back(log, "restore them from a backup"))
    orphans = {file: path.stat().st_size for file, path in log.data_files().items() if file not in used}
    if orphans:
        fact = f"{sum(orphans.values())} bytes in {len(orphans)} files no version uses: {_some(sorted(orphans))}"
        yield Finding(name, "warning", fact, "`guideway maintain` removes them when they are old enough")


def _go_back(log: TableLog, first: str) -> str:
    """What to do: get the file back, else go back to the newest version that is whole, else start anew."""
    whole = log.readable()
    if not whole:
        return f"{first}, else move {log.folder} away and let the jobs write it anew (ingest, then replay)"
    back = f"RESTORE TABLE delta.`{log.folder}` TO VERSION AS OF {whole[-1]}"
    return f"{first}, else go back to the newest whole version and run the jobs since again: {back}"


def _contract(table: Table, log: TableLog) -> Iterator[Finding]:
    try:
        needed = statements(table, state_of_folder(log.folder))
    except LakeError as error:
        yield Finding(table.full_name, "error", str(error), "")
        return
    if needed:
        fact = f"older than its contract: {'; '.join(needed)}"
        mend = "the next job that writes it upgrades it, or `guideway maintain`"
        yield Finding(table.full_name, "warning", fact, mend)


def _reports(there: dict[Table, TableLog]) -> Iterator[Finding]:
    """Versions published reports were made of that cannot be read any more."""
    log = there.get(REPORT_VERSION)
    if log is None:
        return
    columns = ["iso_week", "table_name", "version"]
    try:
        files = [log.folder / name for name in log.files(log.latest)]
        rows = [row for file in files for row in pq.ParquetFile(file).read(columns).to_pylist()]
    except (TornLogError, OSError, ValueError):
        return  # told by the table's own findings
    readable = {table.full_name: set(other.readable()) for table, other in there.items()}
    for row in sorted(rows, key=lambda row: (row["iso_week"], row["table_name"])):
        if row["version"] not in readable.get(row["table_name"], set()):
            fact = f"{row['table_name']} version {row['version']} can no longer be read"
            yield Finding(f"report {row['iso_week']}", "warning", fact, "restore the table's folder from a backup")


def _strangers(root: Path) -> Iterator[Finding]:
    known = {table.full_name for table in TABLES}
    for log in sorted(root.glob("*/*/_delta_log")):
        name = f"{log.parents[1].name}.{log.parents[0].name}"
        if name not in known:
            yield Finding(name, "warning", f"{log.parent} is no table of the contract", "move it out of the lake")


def _some(things: list[str] | list[int]) -> str:
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(map(str, things[:_SHOWN])) + more
