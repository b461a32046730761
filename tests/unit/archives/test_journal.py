"""The journal of a watch: places, crashes half way through a line, batches, another landing folder."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.archives.journal import Journal
from guideway.archives.landing import Delivery
from guideway.errors import ConfigurationError

NOON = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=timezone.utc)


def delivery(number: int, size: int = 10, name: str = "car/Jyväskylä \n{}.csv") -> Delivery:
    return Delivery(name.format(number), size, NOON + timedelta(seconds=number), "test-car")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "journal")
    assert journal.begin(tmp_path, [("old.csv", 3, NOON)])
    return journal


def test_what_was_appended_lies_between_its_places_for_good(journal: Journal) -> None:
    parts = [[delivery(1), delivery(2)], [delivery(3)], [delivery(4), delivery(5)]]
    places = [0, *(journal.append(part) for part in parts)]
    again = Journal(journal.folder)
    assert [again.read(*between) for between in pairwise(places)] == parts
    assert again.end() == places[-1]
    assert again.looks() == {("old.csv", 3, NOON), *(d.look for part in parts for d in part)}


@given(lost=st.integers(1, 60))
def test_a_line_a_kill_left_half_written_is_as_if_it_had_never_begun(
    tmp_path_factory: pytest.TempPathFactory, lost: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    journal.begin(folder, [])
    place = journal.append([delivery(1)])
    journal.append([delivery(2)])
    file = folder / "deliveries.jsonl"
    file.write_bytes(file.read_bytes()[:-lost])
    assert journal.end() == place
    end = journal.append([delivery(3)])
    assert journal.read(0, end) == [delivery(1), delivery(3)]


def test_a_batch_has_so_many_files_or_bytes_and_never_none(journal: Journal) -> None:
    journal.append([delivery(n, size) for n, size in enumerate((10, 10, 10, 500, 10))])

    def batches(most_files: int, most_bytes: int) -> list[int]:
        place, found = 0, []
        while (end := journal.advance(place, most_files, most_bytes)) > place:
            found.append(len(journal.read(place, end)))
            place = end
        return found

    assert batches(2, 1000) == [2, 2, 1]
    assert batches(9, 25) == [2, 1, 1, 1]
    assert batches(9, 1) == [1, 1, 1, 1, 1]


def test_a_journal_is_about_one_landing_folder(journal: Journal, tmp_path: Path) -> None:
    assert journal.begin(tmp_path, []) is False
    assert ("old.csv", 3, NOON) in journal.looks(), "what was known stays known"
    with pytest.raises(ConfigurationError, match="watch_state"):
        journal.begin(tmp_path / "elsewhere", [])
