"""The contracts agree with themselves and with the documents written from them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from guideway.contracts import TABLES, Table, table
from guideway.contracts.dictionary import dictionary
from guideway.contracts.jobs import JOBS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("declared", TABLES, ids=lambda t: t.full_name)
def test_keys_and_checks_name_columns_of_their_table(declared: Table) -> None:
    names = {column.name for column in declared.all_columns}
    assert set(declared.key) <= names
    assert not any(declared.column(name).nullable for name in declared.key)
    for expression in declared.checks.values():
        words = set(re.findall(r"[a-z_]+[a-z0-9_]*", re.sub(r"'[^']*'", "", expression)))
        assert words & names, f"{expression} checks nothing of {declared.full_name}"


@pytest.mark.parametrize("declared", TABLES, ids=lambda t: t.full_name)
def test_a_number_says_its_unit(declared: Table) -> None:
    """A number has a unit of its own, or its comment says that the row's unit column has it."""
    for column in declared.columns:
        if column.type in ("double", "float") and column.unit is None:
            in_words = re.search(r"in (its |the indicator's )?(unit|currency)|% interval|unit of", column.comment)
            assert in_words or any(other.name == "unit" for other in declared.columns), (
                f"{declared.full_name}.{column.name}"
            )


def test_names_are_unique() -> None:
    assert len({declared.full_name for declared in TABLES}) == len(TABLES)
    for declared in TABLES:
        names = [column.name for column in declared.all_columns]
        assert len(set(names)) == len(names)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(KeyError, match=r"gold\.conditions"):
        table("gold.conditions")


def test_jobs_read_and_write_tables_of_the_contract() -> None:
    for job in JOBS:
        for name in (*job.reads, *job.writes):
            assert table(name).full_name == name


def test_every_table_has_one_writing_job() -> None:
    writers = Counter(name for job in JOBS for name in job.writes)
    # past days are written by the job that trains, today by the job that scores, both by one kernel and under one lock
    assert [name for name, jobs in writers.items() if jobs > 1] == ["gold.asset_feature"]


def test_the_data_dictionary_is_current() -> None:
    assert (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8") == dictionary()


def test_contracts_need_the_standard_library_only() -> None:
    script = (
        "import sys, guideway.contracts, guideway.contracts.jobs; print(sorted(m for m in sys.modules if '.' not in m))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    for heavy in ("numpy", "pandas", "pyspark", "pyarrow", "pydantic"):
        assert f"'{heavy}'" not in loaded
