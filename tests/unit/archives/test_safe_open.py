"""Containers: honest ones are read, bombs and hostile names are refused in little memory."""

from __future__ import annotations

import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.options import Zipped
from guideway.archives.safe_open import check_name, open_members
from guideway.errors import DecodeError
from tests.unit.archives.helpers import HEADER, lines, profile, rows, write

GOOD = lines(HEADER, *rows()).encode()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def tarred(*entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:xz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for info, data in entries:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def reason(folder, data: bytes, name: str, **limits) -> str:
    path = write(folder, data, name)
    with pytest.raises(DecodeError) as caught:
        decode_file(path, profile(container=limits))
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.csv.gz", gzip.compress(GOOD)),
        ("run.csv.gz", gzip.compress(GOOD[:300]) + gzip.compress(GOOD[300:])),
        ("run.csv.xz", lzma.compress(GOOD)),
        ("run.csv.xz", lzma.compress(GOOD[:300]) + lzma.compress(GOOD[300:])),
        ("run.zip", zipped(run=GOOD)),
        ("run.tar.xz", tarred((tarfile.TarInfo("a/run.csv"), GOOD))),
        ("run.tgz", tarred((tarfile.TarInfo("a/run.csv"), GOOD), mode="w:gz")),
        ("run.tar", tarred((tarfile.TarInfo("run.csv"), GOOD), mode="w")),
    ],
)
def test_packed_files_give_what_the_plain_file_gives(tmp_path, name, data):
    plain = decode_file(write(tmp_path, GOOD), profile()).recordings[0]
    (packed,) = decode_file(write(tmp_path, data, name), profile()).recordings
    np.testing.assert_array_equal(packed.values("gauge"), plain.values("gauge"))


def test_every_member_of_a_container_is_a_recording_and_globs_choose(tmp_path):
    path = write(tmp_path, zipped(b__two=GOOD, a__one=GOOD, c__readme=b"no table\n"), "runs.zip")
    decoded = decode_file(path, profile(container={"members": "*/[ot]*"}))
    assert (len(decoded.recordings), decoded.rows_read) == (2, 80)


def test_bombs_are_refused(tmp_path):
    zeros = b"0" * 8_000_000
    assert reason(tmp_path, gzip.compress(zeros), "a.csv.gz") == "archive_bomb"
    assert reason(tmp_path, lzma.compress(zeros, preset=0), "a.csv.xz") == "archive_bomb"
    assert reason(tmp_path, zipped(a=zeros), "a.zip") == "archive_bomb"
    assert reason(tmp_path, gzip.compress(GOOD), "a.csv.gz", max_bytes=100) == "archive_bomb"
    many = zipped(**{f"m{i}": b"x" for i in range(30)})
    assert reason(tmp_path, many, "a.zip", max_members=20) == "archive_bomb"


def test_a_container_inside_a_container_is_refused(tmp_path):
    assert reason(tmp_path, zipped(**{"inner.zip": zipped(run=GOOD)}), "a.zip") == "nested_archive"
    assert reason(tmp_path, gzip.compress(zipped(run=GOOD)), "a.zip.gz") == "nested_archive"
    assert reason(tmp_path, tarred((tarfile.TarInfo("x.gz"), gzip.compress(GOOD))), "a.tar.xz") == "nested_archive"


@pytest.mark.parametrize(
    "name",
    [
        "../run.csv",
        "/etc/run.csv",
        "a/../../run.csv",
        "..\\run.csv",
        "C:\\run.csv",
        "a\nb.csv",
        "a\x1b[2J.csv",
        "a\u202evsc.csv",
    ],
)
def test_hostile_names_are_refused(tmp_path, name):
    with pytest.raises(DecodeError, match="hostile_name"):
        check_name(name)
    assert reason(tmp_path, zipped(**{name: GOOD}), "a.zip") == "hostile_name"
    assert reason(tmp_path, tarred((tarfile.TarInfo(name), GOOD)), "a.tar.xz") == "hostile_name"


def test_links_and_devices_in_containers_are_refused(tmp_path):
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo("run.csv")
        info.type, info.linkname = kind, "/etc/passwd"
        assert reason(tmp_path, tarred((info, b"")), "a.tar.xz") == "hostile_name"
    link = zipfile.ZipInfo("run.csv")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert reason(tmp_path, buffer.getvalue(), "a.zip") == "hostile_name"


def test_cut_and_damaged_containers_have_their_own_reasons(tmp_path):
    noisy = lines(
        HEADER, *(f"{1000 + i / 4};{(i * 7919) % 1009 / 100};{1435 + (i * 31) % 97 / 100}" for i in range(4000))
    )
    packed = gzip.compress(noisy.encode())
    assert reason(tmp_path, packed[: len(packed) // 2], "a.csv.gz") == "truncated"
    assert reason(tmp_path, packed[:-4], "a.csv.gz") == "truncated"
    assert reason(tmp_path, packed[:-8] + b"\0\0\0\0" + packed[-4:], "a.csv.gz") == "corrupt_archive"
    assert reason(tmp_path, lzma.compress(noisy.encode())[:-300], "a.csv.xz") == "truncated"
    assert reason(tmp_path, b"no zip at all", "a.zip") == "corrupt_archive"
    assert reason(tmp_path, zipped(a=noisy.encode())[:-300], "a.zip") == "corrupt_archive"


def test_nothing_is_written_outside_and_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    path = write(tmp_path, zipped(a=GOOD), "a.zip")
    with open_members(path, Zipped()) as members:
        assert next(members).path().is_relative_to(tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_bomb_is_refused_within_256_mib(tmp_path):
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    bomb = tmp_path / "bomb.csv.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as stream:
        for _ in range(280):
            stream.write(b"1,2;" * 262_144)
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from guideway.archives.options import Zipped\n"
        "from guideway.archives.safe_open import open_members\n"
        "from guideway.errors import DecodeError\n"
        "try:\n"
        "    with open_members(Path(sys.argv[1]), Zipped(max_ratio=1e6, max_bytes=290_000_000)) as members:\n"
        "        stream = next(members).open()\n"
        "        while stream.read(1 << 20):\n"
        "            pass\n"
        "except DecodeError as error:\n"
        "    print(error.reason, re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    out = subprocess.run([sys.executable, "-c", code, str(bomb)], capture_output=True, text=True, check=True)
    reason_, kib = out.stdout.split()
    assert reason_ == "archive_bomb"
    assert int(kib) < 256 * 1024
