"""Delivered again, late, or with clocks that disagree: what an ingest decides, on real files, without Spark."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest

from guideway.archives.landing import bundles, find_deliveries, hash_deliveries
from guideway.archives.safe_open import is_of_the_machine
from guideway.archives.times import parse_time
from guideway.errors import ConfigurationError, DecodeError
from guideway.job import require_folder
from guideway.transforms.delivery import claims
from tests.faults.catalogue import check_told
from tests.faults.delivered import NOW, PROFILES, decide, deliver, run_text

HOUR = timedelta(hours=1)
A, B = run_text(1000.0), run_text(2000.0)


@pytest.mark.fault(11)
@pytest.mark.parametrize("second", ["test-car/b.csv", "test-car/2026/a.csv", "elsewhere/a.csv", "a.csv"])
def test_the_same_bytes_are_accepted_once_wherever_they_lie(tmp_path: Path, second: str) -> None:
    deliver(tmp_path, "test-car/a.csv", A, NOW - 2 * HOUR)
    deliver(tmp_path, second, A, NOW - HOUR)
    assert decide(tmp_path)[0] == {"test-car/a.csv": "accepted", second: "duplicate of test-car/a.csv"}


@pytest.mark.fault(11)
def test_bytes_first_seen_where_nobody_claims_them_are_accepted_at_the_right_place(tmp_path: Path) -> None:
    deliver(tmp_path, "elsewhere/a.csv", A, NOW - 2 * HOUR)
    assert decide(tmp_path)[0] == {"elsewhere/a.csv": "unknown_source"}
    deliver(tmp_path, "test-car/a.csv", A, NOW - HOUR)
    decided, _ = decide(tmp_path)
    assert decided == {"elsewhere/a.csv": "duplicate of test-car/a.csv", "test-car/a.csv": "accepted"}


@pytest.mark.fault(11)
def test_bytes_accepted_in_an_earlier_run_are_known_by_their_checksum(tmp_path: Path) -> None:
    deliver(tmp_path, "test-car/again.csv", A)
    earlier = {sha256(A).hexdigest(): "test-car/first.csv"}
    assert decide(tmp_path, earlier)[0] == {"test-car/again.csv": "duplicate of test-car/first.csv"}


@pytest.mark.fault(11)
def test_other_bytes_under_the_same_name_are_a_delivery_of_their_own(tmp_path: Path) -> None:
    deliver(tmp_path, "test-car/a.csv", A, NOW - 2 * HOUR)
    (before,), _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
    deliver(tmp_path, "test-car/a.csv", B, NOW - HOUR)
    (after,), _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
    one, two = (next(hash_deliveries(tmp_path, [d])) for d in (before, after))
    assert before.look != after.look
    assert one.content_sha256 == two.content_sha256, "both are read now: the folder holds the new bytes only"
    assert decide(tmp_path)[0] == {"test-car/a.csv": "accepted"}


@pytest.mark.fault(12)
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_files_are_taken_in_the_order_they_were_delivered(tmp_path: Path, order: tuple[int, ...]) -> None:
    for number in order:
        deliver(tmp_path, f"test-car/{9 - number}.csv", run_text(1000.0 + number), NOW - (9 - number) * HOUR)
    found, _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
    assert [delivery.path for delivery in found] == ["test-car/9.csv", "test-car/8.csv", "test-car/7.csv"]


@pytest.mark.fault(12, 15)
@pytest.mark.parametrize("days", [1, 35, 730, 20_000, -1, -8])
def test_a_delivery_is_taken_whatever_its_date_says(tmp_path: Path, days: int) -> None:
    deliver(tmp_path, "test-car/a.csv", A, NOW - timedelta(days=days))
    assert decide(tmp_path) == ({"test-car/a.csv": "accepted"}, 0)


@pytest.mark.fault(15)
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "UTC"])
def test_the_hosts_time_zone_changes_nothing(tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(tmp_path, "test-car/a.csv", A, NOW - HOUR)
    plain, _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        there, _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
        started = parse_time("2024-05-01 10:00", ["%Y-%m-%d %H:%M"], "Europe/Zurich")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert there == plain
    assert there[0].delivered_at.tzinfo == timezone.utc
    assert started == datetime(2024, 5, 1, 8, 0, tzinfo=timezone.utc)


CLOCK = ["%Y-%m-%d %H:%M:%S"]
DAYS = {
    "before-the-gap": ("2024-03-31 01:59:59", "Europe/Zurich", "2024-03-31T00:59:59"),
    "after-the-gap": ("2024-03-31 03:00:00", "Europe/Zurich", "2024-03-31T01:00:00"),
    "the-repeated-hour-is-the-earlier": ("2024-10-27 02:30:00", "Europe/Zurich", "2024-10-27T00:30:00"),
    "after-the-overlap": ("2024-10-27 03:00:00", "Europe/Zurich", "2024-10-27T02:00:00"),
    "a-half-hour-zone": ("2024-04-07 01:45:00", "Australia/Lord_Howe", "2024-04-06T14:45:00"),
    "the-leap-day": ("2024-02-29 12:00:00", "Asia/Shanghai", "2024-02-29T04:00:00"),
    "a-day-a-zone-left-out": ("2011-12-31 00:00:00", "Pacific/Apia", "2011-12-30T10:00:00"),
}


@pytest.mark.fault(16)
@pytest.mark.parametrize("case", DAYS)
def test_local_times_around_clock_changes(case: str) -> None:
    text, zone, utc = DAYS[case]
    assert parse_time(text, CLOCK, zone) == datetime.fromisoformat(utc).replace(tzinfo=timezone.utc)


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("text", "zone"),
    [("2024-03-31 02:30:00", "Europe/Zurich"), ("2024-03-10 02:00:00", "America/New_York"),
     ("2011-12-30 12:00:00", "Pacific/Apia")],
)  # fmt: skip
def test_a_local_time_that_never_was_is_refused(text: str, zone: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_time(text, CLOCK, zone)
    check_told(16, "skipped_hour", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(16)
@pytest.mark.parametrize("text", ["2023-02-29 12:00:00", "2024-13-01 00:00:00", "2024-01-01 24:00:00", "", "0"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="unreadable_time"):
        parse_time(text, CLOCK, "UTC")


@pytest.mark.fault(16)
@pytest.mark.parametrize(("year", "hours"), [(2024, 23), (2024, 25), (2023, 23)])
def test_a_day_of_a_clock_change_has_its_own_number_of_hours(year: int, hours: int) -> None:
    day = {(2024, 23): "2024-03-31", (2024, 25): "2024-10-27", (2023, 23): "2023-03-26"}[year, hours]
    begin = parse_time(f"{day} 00:00:00", CLOCK, "Europe/Zurich")
    end = parse_time(f"{day} 23:59:59", CLOCK, "Europe/Zurich") + timedelta(seconds=1)
    assert end - begin == timedelta(hours=hours)


@pytest.mark.fault(7)
@pytest.mark.parametrize("kind", ["missing", "a-file", "a-broken-link"])
def test_a_landing_folder_that_is_none_is_named(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "landing"
    if kind == "a-file":
        place.write_text("", encoding="utf-8")
    elif kind == "a-broken-link":
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError) as caught:
        require_folder("landing", str(place))
    check_told(7, "no_landing", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(5)
def test_bundles_bound_what_one_commit_and_one_task_take(tmp_path: Path) -> None:
    for number in range(20):
        deliver(tmp_path, f"test-car/{number:02d}.csv", run_text(1000.0 + number))
    deliver(tmp_path, "test-car/99.csv", run_text(5000.0, n=2000))
    found, _ = find_deliveries(tmp_path, (tmp_path,), claims(PROFILES), NOW, 5.0)
    limit = 4 * found[0].size_bytes
    made = bundles(found, limit)
    assert [d for bundle in made for d in bundle] == found
    assert all(sum(d.size_bytes for d in bundle) <= limit or len(bundle) == 1 for bundle in made)
    assert max(len(bundle) for bundle in made) == 4


@pytest.mark.fault(7)
def test_a_file_without_the_right_to_read_stops_the_run_and_not_the_file(tmp_path: Path) -> None:
    """A right that is missing says nothing about the bytes: nothing is quarantined for it."""
    if os.geteuid() == 0:
        assert is_of_the_machine(PermissionError(13, "Permission denied"))
        return
    path = deliver(tmp_path, "test-car/a.csv", A)
    path.chmod(0)
    with pytest.raises(PermissionError):
        decide(tmp_path)
