"""One delivered file and its profile: recordings, counts and notes, or one reason why not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath

from guideway.archives.assemble import assemble
from guideway.archives.line_geometry import LineGeometry
from guideway.archives.profile import Profile, is_sidecar
from guideway.archives.recording import Recording
from guideway.archives.safe_open import Member, is_of_the_machine, open_members
from guideway.archives.table import RawTable
from guideway.errors import DecodeError

Reader = Callable[[Member, Profile], Iterator[RawTable]]
_MODULES = {
    "text": "text",
    "hdf5": "hdf5",
    "matlab": "matlab",
    "tdms": "tdms",
    "mdf4": "mdf4",
    "uff": "uff",
    "audio": "audio",
    "miniseed": "miniseed",
    "levels_json": "levels_json",
    "ubx": "ubx",
    "parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class DecodedFile:
    """What one delivered file holds.

    Attributes:
        recordings: in file order.
        rows_read: rows or samples in the file.
        rows_rejected: rows with a sample a quality rule took, an unreadable cell or no usable position.
        notes: what was odd, in words.
    """

    recordings: tuple[Recording, ...]
    rows_read: int
    rows_rejected: int
    notes: tuple[str, ...]


def decode_file(path: Path, profile: Profile, geometry: LineGeometry | None = None) -> DecodedFile:
    """Decode a delivered file, packed or not.

    Args:
        path: the file. Facts in names are looked for in its last three parts.
        profile: the source's profile.
        geometry: where tracks run, for a source located by GPS.

    Raises:
        DecodeError: with one of the reasons of :mod:`guideway.archives.reasons`, whatever the bytes.
        OSError: where the disk or a limit of this machine failed, which says nothing about the file.
    """
    recordings: list[Recording] = []
    notes: dict[str, None] = {}
    rows_read = rows_rejected = 0
    for part in decode_parts(path, profile, geometry):
        recordings += part.recordings
        notes |= dict.fromkeys(part.notes)
        rows_read += part.rows_read
        rows_rejected += part.rows_rejected
    return DecodedFile(tuple(recordings), rows_read, rows_rejected, tuple(notes))


def decode_parts(path: Path, profile: Profile, geometry: LineGeometry | None = None) -> Iterator[DecodedFile]:
    """The same, a table at a time and long texts in pieces, so that memory stays flat as files grow.

    A file is good only when the iteration has ended: an error may follow parts that were given already.
    """
    name = PurePosixPath(*path.parts[-3:])
    if is_sidecar(PurePosixPath(path.as_posix()), profile):
        yield DecodedFile((), 0, 0, ("a file that comes along with recordings; it holds no signals",))
        return
    rows_read = 0
    with open_members(path, profile.container) as members:
        for member in members:
            inside = name.parent / member.name if member.name != path.name else name
            with closing(_read(member, profile)) as tables:
                for table in tables:
                    part = assemble(table, profile, inside, geometry)
                    rows_read += table.n_rows
                    yield DecodedFile(part.recordings, table.n_rows, part.rows_rejected, part.notes)
                    del table, part  # memory of one piece at a time
    if not rows_read:
        raise DecodeError("empty", f"{path.name} holds no rows")


def _read(member: Member, profile: Profile) -> Generator[RawTable, None, None]:
    """Tables of one member; whatever a format's library raises becomes a ``DecodeError``."""
    reader: Reader = import_module(f"guideway.archives.{_MODULES[profile.decode.format]}").read
    try:
        yield from reader(member, profile)
    except DecodeError:
        raise
    except OSError as error:
        if is_of_the_machine(error):
            raise
        raise DecodeError("corrupt_file", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
    except MemoryError as error:
        raise DecodeError("too_large", f"{member.name} does not fit into memory") from error
    except Exception as error:  # vendors' bytes reach many libraries, each with its own errors
        text = " ".join(str(error).split())[:200]
        raise DecodeError("corrupt_file", f"{type(error).__name__}: {text}") from error
