"""Looking at an unknown file: format by its first bytes, and how a delimited text is laid out."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from guideway.archives.options import Zipped
from guideway.archives.safe_open import open_members
from guideway.errors import DecodeError

HEAD_BYTES = 256 * 1024
_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"MATLAB 5.0", "matlab"),
    (b"MATLAB 7.3", "matlab"),
    (b"TDSm", "tdms"),
    (b"MDF     ", "mdf4"),
    (b"RIFF", "audio"),
    (b"fLaC", "audio"),
    (b"PAR1", "parquet"),
)
_SHAPES = (
    (rb"\s+-1\s*\r?\n\s+(58|151|164)", "uff"),
    (rb"[0-9]{6}[DRQM] ", "miniseed"),
    (rb"[0-9:.]+,[IU],[0-9A-Fa-f]+", "ubx"),
    (rb"\s*[{\[]\s*[\"{\[\]}0-9-]", "levels_json"),
)
_NUMBER = re.compile(r"^\s*[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?\s*$")
_KM_PLUS_M = re.compile(r"^\s*-?[0-9]+\+[0-9.,]+\s*$")


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a delimited text seems to be laid out.

    Attributes:
        encoding: Python codec.
        delimiter: one character, or ``whitespace``.
        decimal: decimal mark.
        preamble: lines above the column names.
        labels: column names; empty where the file has none.
        rows: the first rows' cells.
        ends_with_newline: whether the file's last line is ended; True where only the head was seen.
    """

    encoding: str
    delimiter: str
    decimal: str
    preamble: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ends_with_newline: bool

    def column(self, index: int) -> list[str]:
        """The first cells of a column."""
        return [row[index] for row in self.rows if index < len(row)]


def sniff_format(path: Path) -> tuple[str, str, bytes]:
    """Format by the first bytes of a file or of its first packed member, that member's name, and its head."""
    with open_members(path, Zipped()) as members:
        member = next(members, None)
        if member is None:
            raise DecodeError("empty", f"{path.name} has no members")
        head = member.open().read(HEAD_BYTES)
        name = member.name
    by_magic = next((form for magic, form in _MAGIC if head.startswith(magic)), None)
    by_shape = next((form for pattern, form in _SHAPES if re.match(pattern, head)), "text")
    return by_magic or by_shape, name, head


def sniff_text(path: Path) -> TextLayout:
    """Layout of a delimited text by its first 256 KiB.

    Raises:
        DecodeError: ``empty`` or ``corrupt_file`` where it is no table of text.
    """
    form, _, head = sniff_format(path)
    if form != "text":
        raise DecodeError("corrupt_file", f"{path.name} is {form}, not text")
    whole = len(head) < HEAD_BYTES
    encoding = _encoding(head)
    text = head.decode(encoding, "ignore").lstrip("\ufeff")
    lines = text.splitlines() if whole else text.splitlines()[:-1]
    lines = [line for line in lines if line.strip()][:400]
    if not lines:
        raise DecodeError("empty", f"{path.name} has no lines")
    delimiter, decimal, table = _table(lines)
    width = Counter(len(row) for row in table[-200:]).most_common(1)[0][0]
    first = next((i for i, row in enumerate(table) if len(row) == width and _is_data(table, i, width)), None)
    if first is None:
        raise DecodeError("corrupt_file", f"{path.name} has no rows of numbers")
    has_header = first > 0 and len(table[first - 1]) == width and not _looks_numeric(table[first - 1])
    top = first - 1 if has_header else first
    labels = tuple(cell.strip() for cell in table[top]) if has_header else ()
    rows = tuple(tuple(row) for row in table[first:] if len(row) == width)
    return TextLayout(encoding, delimiter, decimal, tuple(lines[:top]), labels, rows, not whole or text.endswith("\n"))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for name in ("utf-8", "gbk", "cp1252"):
        try:
            text = head[:-4].decode(name) if len(head) == HEAD_BYTES else head.decode(name)
        except UnicodeDecodeError:
            continue
        if name != "gbk" or _is_chinese(text):
            return name
    return "latin-1"


def _is_chinese(text: str) -> bool:
    """Whether Chinese characters stand together; an umlaut read as GBK gives single ones inside Latin words."""
    return re.search(r"[\u4e00-\u9fff]{2}", text) is not None and re.search(r"[a-z][\u4e00-\u9fff]", text) is None


def _table(lines: Sequence[str]) -> tuple[str, str, list[list[str]]]:
    """Delimiter and decimal mark that give the widest table of equal and numeric rows."""
    best: tuple[float, str, str, list[list[str]]] | None = None
    for delimiter in (";", "\t", ",", "|", "whitespace"):
        table = [_split(line, delimiter) for line in lines]
        body = table[len(table) // 2 :] or table
        width, count = Counter(len(row) for row in body).most_common(1)[0]
        numeric = [cell for row in body for cell in row if _NUMBER.match(cell)]
        share = len(numeric) / max(sum(map(len, body)), 1)
        score = (count / len(body)) ** 4 * share * min(width, 12)
        decimal = "," if delimiter != "," and any("," in cell for cell in numeric) else "."
        if best is None or score > best[0]:
            best = (score, delimiter, decimal, table)
    assert best is not None  # noqa: S101
    return best[1], best[2], best[3]


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == "whitespace":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _looks_numeric(row: Sequence[str]) -> bool:
    return any(_NUMBER.match(cell) or _KM_PLUS_M.match(cell) for cell in row)


def _is_data(table: Sequence[Sequence[str]], index: int, width: int) -> bool:
    """Whether a row and the next one of the usual width hold numbers."""
    rows = [row for row in table[index : index + 2] if len(row) == width]
    return all(_looks_numeric(row) for row in rows)
