"""Opening delivered files, packed or not, without trusting them: sizes, ratios, names and depth are limited."""

from __future__ import annotations

import errno
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from guideway.archives.options import Zipped
from guideway.errors import DecodeError

_CHUNK = 1 << 20
_RATIO_FREE_BYTES = 1 << 20
_LZMA_MEMORY = 128 * 2**20
_MACHINE_ERRORS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.EACCES,
    errno.ESTALE,
    errno.EROFS,
}
_PACKED = (".gz", ".xz", ".zip", ".tar", ".tgz", ".txz", ".bz2", ".7z", ".rar", ".zst")


@dataclass
class _Budget:
    """What may still be unpacked; every byte that comes out of a container passes through ``spend``."""

    limits: Zipped
    packed: int
    unpacked: int = 0

    def spend(self, n: int) -> None:
        self.unpacked += n
        if self.unpacked > self.limits.max_bytes:
            raise DecodeError("archive_bomb", f"more than {self.limits.max_bytes} bytes unpacked")
        if self.unpacked > max(_RATIO_FREE_BYTES, self.limits.max_ratio * self.packed):
            raise DecodeError("archive_bomb", f"more than {self.limits.max_ratio:g} times its packed size unpacked")


@dataclass(frozen=True)
class Member:
    """One recording file: the delivered file itself, or a member of a container, unpacked when it is asked for.

    ``name`` is for messages and for reading facts from names; it is never used to open or create a file.
    """

    name: str
    _stream: IO[bytes]
    _folder: Path
    _paths: list[Path] = field(default_factory=list)

    def open(self) -> IO[bytes]:
        """The bytes, to be read once from the start."""
        return self._stream

    def path(self) -> Path:
        """A file with the bytes; a packed member is unpacked to a temporary one that ends with the context."""
        if not self._paths:
            target = self._folder / f"member{PurePosixPath(self.name).suffix[:16]}"
            with target.open("wb") as out:
                while chunk := self._stream.read(_CHUNK):
                    out.write(chunk)
            self._paths.append(target)
        return self._paths[0]


@contextmanager
def open_members(path: Path, limits: Zipped) -> Iterator[Iterator[Member]]:
    """Members of a delivered file, one after the other; an unpacked file is its own only member.

    Memory stays below a few MiB beside the 128 MiB an xz stream may ask for, whatever the file says.

    Raises:
        DecodeError: ``archive_bomb``, ``hostile_name``, ``nested_archive``, ``truncated``, ``corrupt_archive``,
            ``not_a_file``, ``empty``.
    """
    check_name(path.name)
    info = _stat(path)
    with (
        tempfile.TemporaryDirectory(prefix="guideway-") as folder,
        path.open("rb") as raw,
        closing(_guarded(_members(path, raw, _Budget(limits, info.st_size), Path(folder)))) as members,
    ):
        yield members


def check_name(name: str) -> None:
    """Refuse names that could leave a folder, fool a terminal or are no text (bytes that are no UTF-8).

    Raises:
        DecodeError: ``hostile_name``.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    bad_character = any(
        ord(c) < 32 or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E or 0xD800 <= ord(c) <= 0xDFFF for c in name
    )
    drive = len(name) > 1 and name[1] == ":" and name[0].isalpha()
    if bad_character or drive or ".." in parts or name.startswith(("/", "\\")) or len(name) > 1024:
        raise DecodeError("hostile_name", f"refused the name {name[:80]!r}")


def _stat(path: Path) -> os.stat_result:
    try:
        info = path.lstat()
    except OSError as error:
        raise DecodeError("not_a_file", f"{path.name}: {error.strerror}") from error
    if not stat.S_ISREG(info.st_mode):
        raise DecodeError("not_a_file", f"{path.name} is a link, folder or device")
    if info.st_size == 0:
        raise DecodeError("empty", f"{path.name} has no bytes")
    return info


def _members(path: Path, raw: IO[bytes], budget: _Budget, folder: Path) -> Iterator[Member]:
    name = path.name.lower()
    if name.endswith(".zip"):
        yield from _zip_members(raw, budget, folder)
    elif name.endswith((".tar", ".tgz", ".txz", ".tar.gz", ".tar.xz")):
        yield from _tar_members(_unpacked(name, raw, budget), budget, folder)
    elif name.endswith((".gz", ".xz")):
        _refuse_nested(path.stem)
        yield Member(path.stem, _unpacked(name, raw, budget), folder)
    else:
        yield Member(path.name, raw, folder, [path])


def _unpacked(name: str, raw: IO[bytes], budget: _Budget) -> IO[bytes]:
    if name.endswith((".gz", ".tgz")):
        return _Metered(gzip.GzipFile(fileobj=raw, mode="rb"), budget)  # type: ignore[return-value]
    if name.endswith((".xz", ".txz")):
        return _Metered(_XzReader(raw), budget)  # type: ignore[return-value]
    return raw


def _zip_members(raw: IO[bytes], budget: _Budget, folder: Path) -> Iterator[Member]:
    with zipfile.ZipFile(raw) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_count(len(entries), budget)
        for entry in sorted(entries, key=lambda e: e.filename):
            check_name(entry.filename)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise DecodeError("hostile_name", f"member {entry.filename!r} is a symbolic link")
            if entry.flag_bits & 0x1:
                raise DecodeError("corrupt_archive", f"member {entry.filename!r} is encrypted")
            if not fnmatchcase(entry.filename, budget.limits.members):
                continue
            _refuse_nested(entry.filename)
            with archive.open(entry) as stream, tempfile.TemporaryDirectory(dir=folder) as own:
                yield Member(entry.filename, _Metered(stream, budget), Path(own))  # type: ignore[arg-type]


def _tar_members(stream: IO[bytes], budget: _Budget, folder: Path) -> Iterator[Member]:
    count = 0
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for entry in archive:
            count += 1
            _check_count(count, budget)
            check_name(entry.name)
            if entry.isdir():
                continue
            if not entry.isreg():
                raise DecodeError("hostile_name", f"member {entry.name!r} is a link or device")
            if not fnmatchcase(entry.name, budget.limits.members):
                continue
            _refuse_nested(entry.name)
            content = archive.extractfile(entry)
            if content is not None:
                with tempfile.TemporaryDirectory(dir=folder) as own:
                    yield Member(entry.name, content, Path(own))


def _check_count(count: int, budget: _Budget) -> None:
    if count > budget.limits.max_members:
        raise DecodeError("archive_bomb", f"more than {budget.limits.max_members} members")
    if count == 0:
        raise DecodeError("empty", "the container has no members")


def _refuse_nested(name: str) -> None:
    if name.lower().endswith(_PACKED):
        raise DecodeError("nested_archive", f"{name!r} is a container inside a container")


def _guarded(members: Iterator[Member]) -> Generator[Member, None, None]:
    """The members, with every error of the unpacking libraries turned into a ``DecodeError``."""
    try:
        yield from members
    except EOFError as error:
        raise DecodeError("truncated", "the packed stream ends early") from error
    except (zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
        raise DecodeError("corrupt_archive", str(error)) from error
    except OSError as error:
        if is_of_the_machine(error):
            raise
        raise DecodeError("corrupt_archive", f"{type(error).__name__}: {error}") from error
    except (NotImplementedError, RuntimeError, IndexError, ValueError) as error:
        raise DecodeError("corrupt_archive", f"{type(error).__name__}: {error}") from error


def is_of_the_machine(error: OSError) -> bool:
    """Whether an error says that the disk or the limits of this machine failed, and nothing about the file."""
    return error.errno in _MACHINE_ERRORS


class _Metered:
    """A stream that spends a budget and turns the errors of the library below into a ``DecodeError``."""

    def __init__(self, stream: object, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; all that is left, within the budget, where it is negative."""
        if size < 0:
            parts = []
            while part := self.read(_CHUNK):
                parts.append(part)
            return b"".join(parts)
        try:
            data: bytes = self._stream.read(size)  # type: ignore[attr-defined]
        except EOFError as error:
            raise DecodeError("truncated", "the packed stream ends early") from error
        except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
            raise DecodeError("corrupt_archive", str(error)) from error
        self._budget.spend(len(data))
        return data


class _XzReader:
    """An xz stream read with a limit on the memory its dictionary may take."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty at the end of the stream."""
        data = b""
        while not data and size:
            if self._decoder.eof:
                self._restart()
                if self._decoder.eof:
                    return b""
            packed = self._raw.read(_CHUNK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                raise EOFError
            data = self._decoder.decompress(packed, max_length=size)
        return data

    def _restart(self) -> None:
        """Begin the next of several concatenated streams, if there is one."""
        rest = (self._decoder.unused_data + self._raw.read(_CHUNK)).lstrip(b"\0")
        if rest:
            self._decoder = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)
            self._raw.seek(-len(rest), os.SEEK_CUR)
