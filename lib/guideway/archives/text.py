"""Strict reader of delimited text: block by block with Arrow, nothing lost or guessed in silence."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.csv

from guideway.archives.cells import lenient_numbers
from guideway.archives.columns import Found, Wanted, find_columns, wanted_columns
from guideway.archives.lines import LineReader
from guideway.archives.options import Dialect, Text
from guideway.archives.pieces import may_split
from guideway.archives.profile import Profile
from guideway.archives.safe_open import Member
from guideway.archives.table import Numbers, RawTable
from guideway.errors import DecodeError

BLOCK_BYTES = 16 * 2**20
PIECE_ROWS = 2**20  # 262 km of track every 0.25 m
_ARROW = {"float32": pa.float32(), "float64": pa.float64(), "text": pa.string()}


@dataclass(frozen=True)
class _Layout:
    """What the head of one file fixes for all its rows."""

    preamble: str
    dialect: Dialect
    labels: tuple[str, ...]
    found: tuple[Found, ...]
    units: dict[str, str]


def read(member: Member, profile: Profile) -> Iterator[RawTable]:
    """The table in a delimited text, in pieces of some million rows.

    Raises:
        DecodeError: ``unreadable_encoding``, ``missing_column``, ``ambiguous_column``, ``ragged_row``, ``truncated``,
            ``empty``, ``wrong_row_count``.
    """
    options = profile.decode
    assert isinstance(options, Text)  # noqa: S101
    lines = LineReader(member.open(), options.encoding, BLOCK_BYTES)
    layout = _read_head(lines, options, wanted_columns(profile))
    parts: list[pa.Table] = []
    unreadable: dict[str, int] = {}
    last = b""
    footer = ""
    n_rows = n_waiting = 0
    piece_rows = PIECE_ROWS if may_split(profile) else sys.maxsize
    for block, is_last in lines.blocks():
        body = block
        if is_last:
            body, footer = _cut_footer(block, options)
            _check_end(body, last, options, layout.dialect)
        last = body[-4096:]
        if body and not body.isspace():
            parts.append(_parse(body, layout, options, unreadable, is_last))
            n_waiting += parts[-1].num_rows
        if parts and (is_last or n_waiting >= piece_rows):
            yield _join(parts, layout, unreadable, n_rows)
            n_rows, n_waiting, parts, unreadable = n_rows + n_waiting, 0, [], {}
    if n_rows == 0:
        raise DecodeError("empty", "the file has column names and no row")
    _check_row_count(n_rows, layout.preamble + footer, options)


def _read_head(lines: LineReader, options: Text, wanted: tuple[Wanted, ...]) -> _Layout:
    preamble: list[str] = []
    while len(preamble) < options.preamble_rows:
        line = lines.line()
        if line is None:
            raise DecodeError("truncated", f"the file ends within its {options.preamble_rows} lines of preamble")
        preamble.append(line)
    while options.comment is not None and lines.peek(options.comment):
        preamble.append(lines.line() or "")
    text = "".join(line + "\n" for line in preamble)
    if not options.header:
        return _Layout(text, options, options.columns, find_columns(options.columns, wanted), {})
    header = lines.line()
    if header is None:
        raise DecodeError("empty", "the file has no line with column names")
    dialect, labels, found = _match_header(header, options, wanted)
    units = {hit.wanted.key: hit.unit for hit in found if hit.unit is not None}
    if options.units_row:
        cells = _cells(lines.line() or "", dialect)
        if len(cells) != len(labels):
            raise DecodeError("ragged_row", f"{len(cells)} units for {len(labels)} columns")
        units = {hit.wanted.key: cells[hit.index].strip().strip("[]()") for hit in found}
    return _Layout(text, dialect, labels, found, units)


def _match_header(
    header: str, options: Text, wanted: tuple[Wanted, ...]
) -> tuple[Dialect, tuple[str, ...], tuple[Found, ...]]:
    """The first dialect under which the header names the wanted columns; the first dialect's error otherwise."""
    first_error: DecodeError | None = None
    for dialect in (options, *options.also):
        try:
            labels = _cells(header, dialect)
            return dialect, labels, find_columns(labels, wanted)
        except DecodeError as error:
            first_error = first_error or error
    assert first_error is not None  # noqa: S101
    raise first_error


def _cells(line: str, dialect: Dialect) -> tuple[str, ...]:
    if dialect.delimiter == "whitespace":
        return tuple(line.split())
    try:
        return tuple(next(csv.reader([line], delimiter=dialect.delimiter, strict=True), []))
    except csv.Error as error:
        raise DecodeError("ragged_row", f"header: {error}") from error


def _cut_footer(block: bytes, options: Text) -> tuple[bytes, str]:
    if options.footer is None:
        return block, ""
    stripped = block.rstrip(b"\r\n")
    start = stripped.rfind(b"\n") + 1
    footer = stripped[start:].decode("utf-8").strip()
    if not re.search(options.footer, footer):
        raise DecodeError("truncated", f"the last line {footer[:60]!r} is not the footer this source writes")
    return block[:start], footer


def _check_end(body: bytes, before: bytes, options: Text, dialect: Dialect) -> None:
    """A last line without its line end may be cut: ``3`` for ``3.07``. Refuse it unless it is as long as usual."""
    if not body.strip() or body.endswith(b"\n"):
        return
    if options.final_newline:
        raise DecodeError("truncated", f"the last line {body[body.rfind(10) + 1 :][:60]!r} has no line end")
    lines = (before + body).decode("utf-8", "replace").splitlines()
    previous = [line for line in lines[-4:-1] if line.strip()]
    if previous:
        cells, usual = _cells(lines[-1], dialect), _cells(previous[-1], dialect)
        if len(cells) != len(usual) or _decimals(cells[-1], dialect) < _decimals(usual[-1], dialect):
            raise DecodeError("truncated", f"the last line {lines[-1][:60]!r} is cut")


def _decimals(cell: str, dialect: Dialect) -> int:
    _, mark, tail = cell.partition(dialect.decimal)
    return len(tail.strip()) if mark else 0


def _parse(body: bytes, layout: _Layout, options: Text, unreadable: dict[str, int], is_last: bool) -> pa.Table:
    dialect = layout.dialect
    if dialect.delimiter == "whitespace":
        body = re.sub(rb"[ \t]+", b" ", re.sub(rb"(?m)^[ \t]+|[ \t\r]+$", b"", body))
    delimiter = " " if dialect.delimiter == "whitespace" else dialect.delimiter
    names = [str(i) for i in range(len(layout.labels))]
    kinds = {str(hit.index): _ARROW[hit.wanted.kind] for hit in layout.found}
    slow = {index for index, kind in kinds.items() if kind != pa.string()} if options.thousands else set()
    for attempt in (slow, {index for index, kind in kinds.items() if kind != pa.string()}):
        convert = pa.csv.ConvertOptions(
            column_types={index: pa.string() if index in attempt else kind for index, kind in kinds.items()},
            include_columns=list(kinds),
            null_values=list(options.missing),
            strings_can_be_null=False,
            decimal_point=dialect.decimal,
            check_utf8=False,
        )
        try:
            table = pa.csv.read_csv(
                pa.BufferReader(body),
                read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=len(body) + 1),
                parse_options=pa.csv.ParseOptions(delimiter=delimiter),
                convert_options=convert,
            )
        except pa.ArrowInvalid as error:
            if "conversion error" in str(error) and not attempt:
                continue
            raise _row_error(error, layout, body if is_last else b"") from error
        return _numbers(table, attempt, layout, options, unreadable)
    raise DecodeError("not_a_number", "cells cannot be read as numbers")


def _numbers(
    table: pa.Table, as_text: set[str], layout: _Layout, options: Text, unreadable: dict[str, int]
) -> pa.Table:
    """The table with columns that were read as text turned into numbers, unreadable cells counted."""
    for hit in layout.found:
        index = str(hit.index)
        if index in as_text:
            cells = table.column(index)
            values, bad = lenient_numbers(cells, layout.dialect.decimal, options.thousands, options.missing)
            unreadable[hit.wanted.key] = unreadable.get(hit.wanted.key, 0) + bad
            place = table.schema.get_field_index(index)
            table = table.set_column(place, index, pa.array(values, type=_ARROW[hit.wanted.kind]))
    return table


def _row_error(error: pa.ArrowInvalid, layout: _Layout, tail: bytes) -> DecodeError:
    """What Arrow says about a row, as a ``DecodeError``; a short last row of ``tail`` means that the file is cut."""
    message = str(error)
    match = re.search(r"Expected (\d+) columns, got (\d+): ?(.*)", message, re.DOTALL)
    if match is None:
        return DecodeError("ragged_row", message[:200])
    row = f"a row has {match[2]} cells, the header {match[1]}: {match[3].strip()[:60]!r}"
    last = tail.rstrip()[tail.rstrip().rfind(b"\n") + 1 :].decode("utf-8", "replace")
    cut = bool(last) and last.startswith(match[3].strip()[:40]) and int(match[2]) < len(layout.labels)
    return DecodeError("ragged_row" if not cut else "truncated", row)


def _join(parts: list[pa.Table], layout: _Layout, unreadable: dict[str, int], first_row: int) -> RawTable:
    numbers: dict[str, Numbers] = {}
    texts: dict[str, pa.ChunkedArray] = {}
    for hit in layout.found:
        chunks = [chunk for part in parts for chunk in part.column(str(hit.index)).chunks]
        if hit.wanted.kind == "text":
            texts[hit.wanted.key] = pa.chunked_array(chunks, type=pa.string())
        else:
            dtype = np.float32 if hit.wanted.kind == "float32" else np.float64
            arrays = [chunk.to_numpy(zero_copy_only=False).astype(dtype, copy=False) for chunk in chunks]
            numbers[hit.wanted.key] = np.concatenate(arrays) if arrays else np.empty(0, dtype)
    n_rows = sum(part.num_rows for part in parts)
    return RawTable(
        numbers,
        n_rows,
        texts=texts,
        units=layout.units,
        preamble=layout.preamble,
        unreadable=dict(unreadable),
        first_row=first_row,
    )


def _check_row_count(n_rows: int, text: str, options: Text) -> None:
    if options.row_count is None:
        return
    match = re.search(options.row_count, text)
    if match is None:
        raise DecodeError("truncated", "the file does not state its number of rows")
    if int(match[1]) != n_rows:
        raise DecodeError("wrong_row_count", f"the file states {match[1]} rows and has {n_rows}")
