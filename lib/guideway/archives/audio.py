"""WAV and FLAC files of microphones and accelerometers, full scale as 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import soundfile

from guideway.archives.pick import check_size, pick
from guideway.archives.pieces import pieces
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import RawTable
from guideway.errors import DecodeError


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """The table of an audio file, columns ``ch1``, ``ch2``, ..., long ones in pieces.

    Raises:
        DecodeError: ``truncated``, ``missing_column``, ``archive_bomb``, ``corrupt_file``.
    """
    path = member.path()
    _check_riff(path)
    with soundfile.SoundFile(str(path)) as file:
        check_size(4 * file.frames * file.channels, profile.container)
        chosen = pick([f"ch{i + 1}" for i in range(file.channels)], profile)
        metadata = {key: str(value) for key, value in file.copy_metadata().items()}
        for rows in pieces(file.frames, file.channels, profile):
            n = rows.stop - rows.start
            samples = file.read(n, dtype="float32", always_2d=True)
            if samples.shape[0] != n:
                raise DecodeError("truncated", f"{rows.start + samples.shape[0]} of {file.frames} samples are there")
            numbers = {key: samples[:, int(label[2:]) - 1].copy() for label, key in chosen.items()}
            yield RawTable(numbers, n, metadata=metadata, step=1.0 / file.samplerate, first_row=rows.start)


def _check_riff(path: Path) -> None:
    """A RIFF file states its length at the start; libsndfile reads a shorter one without a word."""
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[:4] == b"RIFF":
        stated = int.from_bytes(head[4:8], "little") + 8
        if stated != 0xFFFFFFFF + 8 and stated > path.stat().st_size:
            raise DecodeError("truncated", f"the file states {stated} bytes and has {path.stat().st_size}")
