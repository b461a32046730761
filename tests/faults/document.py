"""Writes ``docs/faults.md``: for every fault what is injected, what must hold, what is told and what to do.

Run ``python -m tests.faults.document docs/faults.md``; a test compares the page with what this would write.
"""

from __future__ import annotations

import sys
from pathlib import Path

from guideway.archives.reasons import REASONS
from tests.faults.catalogue import Fault, faults

_HEAD = """\
# Faults: what is injected, what holds, what you are told

Generated from `tests/faults/catalogue.yaml` by `python -m tests.faults.document docs/faults.md`. Every message below
is asserted by a case of `tests/faults`; `...` stands for what differs. What holds for all of them: every acknowledged
record is there once, no unacknowledged one is half there, a report names the versions it was made of, and a run of the
same input again changes nothing. Figures are in [reliability.md](reliability.md).

## Exit codes

| code | meaning | does a retry help |
|---|---|---|
| 0 | done | |
| 1 | something of the machine or a service failed: disk, network, MLflow | yes, once it is mended |
| 2 | a setting, a profile, a rule book or an argument is wrong; nothing was started | no: correct it |
| 3 | done, but a delivered file was quarantined; or the one file asked about cannot be read | no: see the file |
| 4 | a table is locked by another writer, is not ours, or was written beside the lock | yes, once that is over |
| 130 | interrupted; what was acknowledged stays | yes |

Airflow does not try a task again that ended with 2.

## Messages

| fault | message | exit code | what to do |
|---|---|---|---|
"""
_REASONS = """
## Reasons of quarantined files

A file that cannot be read costs exit code 3 and a row in `bronze.source_file` whose `reason` begins with one of these
words; all other files of the delivery land.

| reason | meaning | what to do |
|---|---|---|
"""
_FAULTS = """
## The faults

| | fault | injected | what holds | still open |
|---|---|---|---|---|
"""


def page() -> str:
    """The page."""
    messages = "".join(
        f"| {fault.number} {fault.name} | {_code(told.says)} | {told.exit} | {_cell(told.do)} |\n"
        for fault in faults().values()
        for told in fault.told.values()
    )
    reasons = "".join(f"| `{reason}` | {_cell(why)} | {_cell(do)} |\n" for reason, (why, do) in REASONS.items())
    return _HEAD + messages + _REASONS + reasons + _FAULTS + "".join(map(_row, faults().values()))


def _row(fault: Fault) -> str:
    cells = (str(fault.number), fault.name, fault.inject, fault.holds, fault.open or "")
    return "| " + " | ".join(map(_cell, cells)) + " |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
