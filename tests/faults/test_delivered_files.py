"""Damaged, hostile and drifting files: each is quarantined by name or read right, and the others land."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.landing import find_deliveries
from guideway.errors import DecodeError
from tests.faults.catalogue import check_told
from tests.faults.delivered import NOW, decide, deliver, run_text, verdict
from tests.unit.archives.helpers import HEADER, lines, profile, rows, write

GOOD = run_text()


def packed(name: str = "run.csv", data: bytes = GOOD) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def linked() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("run.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


BROKEN = {
    "0-byte": ("run.csv", b"", "empty"),
    "header-only": ("run.csv", lines(HEADER).encode(), "empty"),
    "cut-in-a-number": ("run.csv", GOOD[:-3], "truncated"),
    "cut-before-the-last-cell": ("run.csv", GOOD[: GOOD.rindex(b";")], "truncated"),
    "half-uploaded-gzip": ("run.csv.gz", gzip.compress(GOOD)[:90], "truncated"),
    "half-uploaded-xz": ("run.csv.xz", lzma.compress(GOOD)[:-40], "truncated"),
    "half-uploaded-zip": ("run.zip", packed()[:-30], "corrupt_archive"),
    "gzip-with-a-flipped-checksum": ("run.csv.gz", gzip.compress(GOOD)[:-8] + bytes(8), "corrupt_archive"),
    "text-named-gzip": ("run.csv.gz", GOOD, "corrupt_archive"),
    "a-row-short-of-a-cell": ("run.csv", lines(HEADER, *rows(3), "1000,75;0,1", *rows(3, 1001)).encode(), "ragged_row"),
    "a-row-with-a-cell-too-many": ("run.csv", lines(HEADER, "1000,00;0,1;1435;9", *rows(3)).encode(), "ragged_row"),
    "zeros-instead-of-text": ("run.csv", bytes(4096), "unreadable_encoding"),
    "another-kind-of-file": ("run.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "unreadable_encoding"),
    "a-log-line-instead": ("run.csv", b"connection reset by peer\n", "missing_column"),
}


@pytest.mark.fault(8)
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_quarantined_and_the_rest_of_the_delivery_lands(tmp_path: Path, case: str) -> None:
    name, data, reason = BROKEN[case]
    deliver(tmp_path, f"test-car/{name}", data)
    deliver(tmp_path, "test-car/good.csv", run_text(2000.0))
    assert decide(tmp_path) == ({f"test-car/{name}": reason, "test-car/good.csv": "accepted"}, 0)


@pytest.mark.fault(8)
@pytest.mark.parametrize("bit", [0, 3, 7])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_bit_in_a_checked_container_is_never_read(tmp_path: Path, bit: int, place: float) -> None:
    noisy = lines(HEADER, *(f"{1000 + i / 4};{(i * 7919) % 1009 / 100};{1435 + i % 97 / 100}" for i in range(900)))
    data = bytearray(gzip.compress(noisy.encode(), mtime=0))
    data[int(place * len(data))] ^= 1 << bit
    assert verdict(write(tmp_path, bytes(data), "run.csv.gz")) in {"corrupt_archive", "truncated"}


@pytest.mark.fault(8)
def test_a_quarantined_file_is_told_by_name_and_changes_the_exit_code(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD[:-3], "run.csv")
    with pytest.raises(DecodeError) as caught:
        decode_file(path, profile())
    check_told(8, "one_file", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(9)
@pytest.mark.parametrize(("age", "growing"), [(0.0, 1), (4.9, 1), (5.1, 0), (3600.0, 0)])
def test_a_file_that_may_still_grow_is_left_for_later(tmp_path: Path, age: float, growing: int) -> None:
    deliver(tmp_path, "test-car/run.csv", GOOD, NOW - timedelta(seconds=age))
    decided, left = decide(tmp_path)
    assert (len(decided), left) == (1 - growing, growing)


@pytest.mark.fault(9)
@pytest.mark.parametrize("name", [".run.csv.part", ".run.csv"])
def test_a_senders_draft_is_not_touched(tmp_path: Path, name: str) -> None:
    deliver(tmp_path, f"test-car/{name}", GOOD[:100])
    assert decide(tmp_path) == ({}, 0)


@pytest.mark.fault(9)
def test_a_file_that_grew_is_a_new_delivery_of_the_same_path(tmp_path: Path) -> None:
    deliver(tmp_path, "test-car/run.csv", GOOD[: GOOD.rindex(b"\n", 0, -1) + 1])
    (before,), _ = find_deliveries(tmp_path, (tmp_path,), lambda _: None, NOW, 5.0)
    deliver(tmp_path, "test-car/run.csv", GOOD)
    (after,), _ = find_deliveries(tmp_path, (tmp_path,), lambda _: None, NOW, 5.0)
    assert before.path == after.path
    assert before.look != after.look, "the ledger knows a delivery by path, size and time: this one is not known yet"


HOSTILE = {
    "a-member-above": ("run.zip", packed("../run.csv"), "hostile_name"),
    "an-absolute-member": ("run.zip", packed("/etc/cron.d/run.csv"), "hostile_name"),
    "a-drive-letter": ("run.zip", packed("C:\\run.csv"), "hostile_name"),
    "a-link-inside": ("run.tgz", linked(), "hostile_name"),
    "a-zip-in-a-zip": ("run.zip", packed("inner.zip", packed()), "nested_archive"),
    "a-zip-in-a-gzip": ("run.zip.gz", gzip.compress(packed()), "nested_archive"),
    "a-gzip-bomb": ("run.csv.gz", gzip.compress(b"0" * 30_000_000), "archive_bomb"),
    "a-zip-bomb": ("run.zip", packed(data=b"0" * 30_000_000), "archive_bomb"),
    "a-field-of-2-MB": ("run.csv", lines("x" * 2_000_000, "1").encode(), None),
    "a-row-of-1-MB": ("run.csv", lines(HEADER, "1" * 1_100_000).encode(), None),
    "100,000-columns": ("run.csv", lines(HEADER + ";c" * 100_000, "1;2;3" + ";0" * 100_000).encode(), None),
}


@pytest.mark.fault(10)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_little_memory(tmp_path: Path, case: str) -> None:
    """In a process of its own, whose address space is limited: what goes beyond raises MemoryError, not a reason."""
    name, data, reason = HOSTILE[case]
    path = write(tmp_path, data, name)
    before = set(tmp_path.parent.iterdir())
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom tests.faults.delivered import verdict\n"
        "high = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
        "import guideway.archives.text\n"
        "start = high()\nprint(verdict(Path(sys.argv[1])), high() - start)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
                          env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60)  # fmt: skip
    told, kib = done.stdout.split()
    assert told == reason or (reason is None and told != "accepted")
    assert int(kib) < 256 * 1024
    assert set(tmp_path.parent.iterdir()) == before, "nothing was written beside the file"


@pytest.mark.fault(10)
@pytest.mark.parametrize("kind", ["symlink", "symlink-to-a-folder", "fifo"])
def test_what_is_no_plain_file_is_not_followed(tmp_path: Path, kind: str) -> None:
    landing = tmp_path / "landing"
    secret = write(tmp_path, GOOD, "secret.csv")
    (landing / "test-car").mkdir(parents=True)
    target = landing / "test-car" / "run.csv"
    if kind == "fifo":
        os.mkfifo(target)
    else:
        target.symlink_to(secret if kind == "symlink" else tmp_path)
    assert decide(landing) == ({}, 0)
    assert verdict(target) == "not_a_file"


UNITS = {
    "gauge-as-deviation": (GOOD.replace(b";1435,", b";0,"), "implausible_unit"),
    "gauge-in-inches": (GOOD.replace(b";1435,", b";56,"), "implausible_unit"),
    "gauge-in-metres": (GOOD.replace(b";1435,", b";1,4"), "implausible_unit"),
    "header-says-inch": (GOOD.replace(b"Gauge [mm]", b"Gauge [in]"), "wrong_unit"),
    "header-says-metre": (GOOD.replace(b"Level left [mm]", b"Level left [m]"), "wrong_unit"),
    "header-says-nothing-known": (GOOD.replace(b"Gauge [mm]", b"Gauge [furlongs per fortnight?]"), "wrong_unit"),
    "chainage-in-miles": (GOOD.replace(b"Position [m]", b"Position [mi]"), "wrong_unit"),
    "chainage-in-km": (GOOD.replace(b"Position [m]", b"Position [km]"), "wrong_unit"),
}


@pytest.mark.fault(18)
@pytest.mark.parametrize("case", UNITS)
def test_a_wrong_unit_is_refused_or_converted_and_never_taken_as_it_is(tmp_path: Path, case: str) -> None:
    data, reason = UNITS[case]
    source = profile(quality={"rules": [
        {"rule": "plausible", "channels": ["gauge"], "statistic": "median", "low": 1300, "high": 1700}
    ]})  # fmt: skip
    told = verdict(write(tmp_path, data), source)
    assert told == reason


DRIFT = {
    "added": (b"Position [m];Level left [mm];Gauge [mm];Speed", b";80", "accepted"),
    "removed": (b"Position [m];Level left [mm]", None, "missing_column"),
    "renamed": (b"Position [m];Level left [mm];Spurweite [mm]", b"", "missing_column"),
    "doubled": (b"Position [m];Level left [mm];Gauge [mm];Gauge [mm]", b";1435", "ambiguous_column"),
    "header-lost": (b"", b"", "missing_column"),
}


@pytest.mark.fault(19)
@pytest.mark.parametrize("case", DRIFT)
def test_schema_drift_blocks_the_file_with_a_name_unless_it_only_adds(tmp_path: Path, case: str) -> None:
    header, extra, reason = DRIFT[case]
    _, *body = GOOD.splitlines()
    body = [row.rsplit(b";", 1)[0] if extra is None else row + extra for row in body]
    assert verdict(write(tmp_path, b"\n".join([*([header] if header else []), *body, b""]))) == reason


@pytest.mark.fault(19)
def test_reordered_columns_are_read_by_name(tmp_path: Path) -> None:
    turned = b"".join(b";".join(row.split(b";")[::-1]) + b"\n" for row in GOOD.splitlines())
    plain = decode_file(write(tmp_path, GOOD, "a.csv"), profile()).recordings[0]
    other = decode_file(write(tmp_path, turned, "b.csv"), profile()).recordings[0]
    for name in ("gauge", "longitudinal_level_left"):
        np.testing.assert_array_equal(other.values(name), plain.values(name))


@pytest.mark.fault(19)
def test_a_retyped_column_is_refused(tmp_path: Path) -> None:
    text = "".join(f"{row.rsplit(';', 1)[0]};good\n" for row in rows())
    assert verdict(write(tmp_path, lines(HEADER) + text)) in {"not_a_number", "too_many_rejected", "no_valid_sample"}


READ = {
    "utf-8-with-a-mark": GOOD.decode().encode("utf-8-sig"),
    "utf-16-le-with-a-mark": b"\xff\xfe" + GOOD.decode().encode("utf-16-le"),
    "utf-16-be-with-a-mark": b"\xfe\xff" + GOOD.decode().encode("utf-16-be"),
    "crlf": GOOD.replace(b"\n", b"\r\n"),
    "quoted-cells": GOOD.replace(b"1435,00", b'"1435,00"'),
    "exponents": GOOD.replace(b";1435,00", b";1,435e3"),
}


@pytest.mark.fault(20)
@pytest.mark.parametrize("case", READ)
def test_another_spelling_gives_the_same_numbers(tmp_path: Path, case: str) -> None:
    plain = decode_file(write(tmp_path, GOOD), profile()).recordings[0]
    (other,) = decode_file(write(tmp_path, READ[case], "other.csv"), profile()).recordings
    np.testing.assert_array_equal(other.values("gauge"), plain.values("gauge"))
    assert other.start == plain.start


MISREAD = {
    "latin-1-in-a-utf-8-source": (GOOD + "1010,00;0,1;1435;ü\n".encode("latin-1"), {}),
    "a-zero-byte": (GOOD.replace(b"1435,02", b"1435\x00,02", 1), {}),
    "utf-16-without-a-mark": (GOOD.decode().encode("utf-16-le"), {}),
    "a-decimal-point-in-a-comma-source": (GOOD.replace(b",", b"."), {}),
    "a-thousands-mark-nobody-stated": (GOOD.replace(b"1435,", b"1.435,"), {}),
    "a-newline-in-quotes": (GOOD.replace(b"1435,02", b'"1435\n,02"', 1), {}),
}


@pytest.mark.fault(20)
@pytest.mark.parametrize("case", MISREAD)
def test_a_misread_text_is_refused_or_missing_and_never_another_number(tmp_path: Path, case: str) -> None:
    data, changes = MISREAD[case]
    plain = decode_file(write(tmp_path, GOOD), profile()).recordings[0].values("gauge")
    try:
        decoded = decode_file(write(tmp_path, data, "other.csv"), profile(**changes))
    except DecodeError:
        return
    told = decoded.rows_rejected + len(decoded.notes)
    for run in decoded.recordings:
        values = run.values("gauge")
        known = np.isin(values[np.isfinite(values)], plain)
        assert known.all(), values[np.isfinite(values)][~known]
        assert np.isfinite(values).all() or told


NAMES = ["a b.csv", "a=b.csv", "%2F.csv", "CON.csv", "x" * 200 + ".csv", "шина.csv", "🚄.csv", "'; DROP TABLE.csv",
         "=cmd.csv", "--help.csv", "$(id).csv", "a'b\".csv"]  # fmt: skip


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", NAMES)
def test_an_odd_but_harmless_name_goes_through_as_it_is(tmp_path: Path, name: str) -> None:
    deliver(tmp_path, f"test-car/{name}", GOOD)
    assert decide(tmp_path) == ({f"test-car/{name}": "accepted"}, 0)


@pytest.mark.fault(29)
@pytest.mark.parametrize("name", ["a\nb.csv", "a\x1b[2J.csv", "a\u202evsc.csv", "a\\..\\..\\b.csv", "a\rb.csv"])
def test_a_name_that_lies_to_a_terminal_is_quarantined(tmp_path: Path, name: str) -> None:
    deliver(tmp_path, f"test-car/{name}", GOOD)
    decided, _ = decide(tmp_path)
    assert list(decided.values()) == ["hostile_name"]


@pytest.mark.fault(29)
def test_a_name_that_is_no_text_is_quarantined_under_a_name_a_ledger_can_hold(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "test-car")
    os.mkdir(folder)  # noqa: PTH102
    with open(os.path.join(folder, b"run\xff.csv"), "wb") as file:  # noqa: PTH118, PTH123
        file.write(GOOD)
    assert decide(tmp_path, settle_seconds=0) == ({r"test-car/run\xff.csv": "hostile_name"}, 0)


@pytest.mark.fault(29)
def test_a_name_that_spells_the_escape_is_not_accepted_under_it(tmp_path: Path) -> None:
    deliver(tmp_path, r"test-car/run\xff.csv", GOOD)
    assert decide(tmp_path) == ({r"test-car/run\xff.csv": "hostile_name"}, 0)


@pytest.mark.fault(29)
def test_bytes_that_came_under_a_name_that_is_no_text_get_their_chance_under_a_better_one(tmp_path: Path) -> None:
    deliver(tmp_path, os.fsdecode(b"test-car/a\xff/run.csv"), GOOD, NOW - timedelta(hours=2))
    deliver(tmp_path, "test-car/run.csv", GOOD)
    decided, _ = decide(tmp_path)
    assert decided["test-car/run.csv"] == "accepted"


@pytest.mark.fault(29)
def test_a_member_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    """Facts are read from names: bytes that are no UTF-8 must not travel into a row that way."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
        info = tarfile.TarInfo(os.fsdecode(b"run\xff.csv"))
        info.size = len(GOOD)
        archive.addfile(info, io.BytesIO(GOOD))
    assert verdict(write(tmp_path, buffer.getvalue(), "run.tgz")) == "hostile_name"
