"""The faults that are injected: what must hold, what a user is told, which tests elsewhere cover them, what is open."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).with_name("catalogue.yaml")


class Told(BaseModel):
    """What a user is told: a message, with ``...`` for what differs, the command's exit code and what to do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str
    exit: int | Literal["0 and a row in bronze.source_file", "none"]
    do: str

    def matches(self, text: str) -> bool:
        """Whether ``text`` holds the message."""
        return re.search(".*?".join(map(re.escape, self.says.split("..."))), text, re.DOTALL) is not None


class Fault(BaseModel):
    """One class of faults, numbered as in the handbook of faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    name: str
    inject: str
    holds: str
    told: dict[str, Told] = {}
    elsewhere: tuple[str, ...] = ()
    open: str | None = None


@cache
def faults() -> dict[int, Fault]:
    """All faults by number."""
    found = [Fault.model_validate(row) for row in yaml.safe_load(FILE.read_text(encoding="utf-8"))]
    return {fault.number: fault for fault in found}


@cache
def elsewhere() -> dict[str, frozenset[int]]:
    """Faults covered by tests outside this folder, by node id without parameters."""
    numbers: defaultdict[str, set[int]] = defaultdict(set)
    for fault in faults().values():
        for node in fault.elsewhere:
            numbers[node].add(fault.number)
    return {node: frozenset(found) for node, found in numbers.items()}


def check_told(number: int, key: str, text: str, exit_code: int | None = None) -> None:
    """Assert that a user is told of fault ``number`` what the catalogue, and so the documentation, says."""
    told = faults()[number].told[key]
    assert told.matches(text), (told.says, text)
    if exit_code is not None:
        assert exit_code == told.exit
