"""The policy table holds for every table, and a wrong row is named."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.contracts import TABLES
from guideway.errors import ConfigurationError
from guideway.lake.policy import policy_of, read_policies
from guideway.lake.upkeep import LONGEST_STEP, lake_time

HEAD = "table,target_file_mb,small_files,keep_days,log_days,cluster_by,reason\n"
REST = "*,128,8,30,3650,,for all others\n"
START = datetime(2025, 1, 1, tzinfo=timezone.utc)
MOMENTS = st.integers(-20_000, 20_000).map(lambda days: START + timedelta(days=days))


def test_every_table_has_a_policy_that_keeps_old_versions_for_a_reader_and_the_log_for_reports() -> None:
    for table in TABLES:
        policy = policy_of(table)
        assert policy.keep_days >= 7
        assert policy.log_days >= 10 * policy.keep_days
        assert set(policy.cluster_by) <= {column.name for column in table.columns}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("gold.condition,128,8,6,3650,,too short", "row 2: keep_days"),
        ("gold.condition,0,8,30,3650,,no size", "row 2: target_file_mb"),
        ("gold.conditions,128,8,30,3650,,no such table", "row 2: no table 'gold.conditions'"),
        ("gold.condition,128,8,30,3650,asset,no such column", "row 2: gold.condition has no column 'asset'"),
        ("gold.condition,128,8,30,3650,asset_id,", "row 2: reason"),
    ],
)
def test_a_wrong_row_is_named(row: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_policies(f"{HEAD}{row}\n{REST}")


def test_the_rest_must_have_a_policy() -> None:
    with pytest.raises(ConfigurationError, match=r"no row '\*'"):
        read_policies(HEAD)


@given(clock=MOMENTS, last=MOMENTS, newest=MOMENTS)
def test_no_clock_makes_the_lake_older_than_one_step(clock: datetime, last: datetime, newest: datetime) -> None:
    now = lake_time(clock, last, newest)
    assert now <= last + LONGEST_STEP
    assert now <= clock
    assert lake_time(clock, None, newest) == min(clock, newest)


@given(jump=st.integers(16, 20_000))
def test_a_clock_that_jumps_and_comes_back_costs_one_step(jump: int) -> None:
    """Weekly upkeep; one week the clock is years ahead; afterwards all is as if it had never been."""
    now = START
    for week in range(1, 10):
        clock = START + timedelta(weeks=week) + (timedelta(days=jump) if week == 4 else timedelta(0))
        now = lake_time(clock, now, clock)
        assert now <= START + timedelta(weeks=week) + LONGEST_STEP
    assert now == START + timedelta(weeks=9)
