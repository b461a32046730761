"""Upkeep as data: how large files should be, how long old versions and the log are kept, table by table."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from guideway.contracts import TABLES, Table
from guideway.errors import ConfigurationError

_FILE = "upkeep.csv"


class Policy(BaseModel):
    """One row of ``upkeep.csv``. The floor of seven days is the longest a reader may hold an old version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    target_file_mb: int = Field(gt=0)
    small_files: int = Field(gt=1, description="files below half the target that make a compaction due")
    keep_days: int = Field(ge=7, description="days a version stays readable after it was replaced")
    log_days: int = Field(ge=365, description="days the log is kept; report versions need it")
    cluster_by: tuple[str, ...] = ()
    reason: str = Field(min_length=5)

    @property
    def properties(self) -> dict[str, str]:
        """The same as Delta table properties, so that other engines keep to it."""
        return {
            "delta.deletedFileRetentionDuration": f"interval {self.keep_days} days",
            "delta.logRetentionDuration": f"interval {self.log_days} days",
        }


@cache
def policies() -> dict[str, Policy]:
    """The packaged policy by table name; ``*`` is for tables without a row of their own.

    Raises:
        ConfigurationError: a row is wrong; the message names it.
    """
    text = (resources.files("guideway.lake") / _FILE).read_text(encoding="utf-8")
    return read_policies(text)


def read_policies(text: str) -> dict[str, Policy]:
    """Policies from the text of a CSV file."""
    known = {table.full_name: table for table in TABLES}
    found: dict[str, Policy] = {}
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        columns = tuple(filter(None, (row.get("cluster_by") or "").split(" ")))
        try:
            policy = Policy.model_validate({**row, "cluster_by": columns})
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigurationError(f"{_FILE} row {number}: {first['loc'][0]}: {first['msg']}") from error
        if policy.table != "*" and policy.table not in known:
            raise ConfigurationError(f"{_FILE} row {number}: no table {policy.table!r}")
        for column in columns:
            if column not in {c.name for c in known[policy.table].columns}:
                raise ConfigurationError(f"{_FILE} row {number}: {policy.table} has no column {column!r}")
        found[policy.table] = policy
    if "*" not in found:
        raise ConfigurationError(f"{_FILE}: no row '*' for tables without one of their own")
    return found


def policy_of(table: Table) -> Policy:
    """The table's policy."""
    return policies().get(table.full_name, policies()["*"])
