"""Rule books from CSV: one row a limit, with the columns of ``reference.limit``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from guideway.contracts.reference import LIMIT
from guideway.errors import ConfigurationError
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import Rulebook
from guideway.rulebooks.validate import check_limits

BOOKS = Path(__file__).parent / "books"
_COLUMNS = tuple(column.name for column in LIMIT.columns)
_NUMBERS = ("speed_from_kmh", "speed_to_kmh", "value")

Key = tuple[str, str, str, float, str]


def load_rulebooks(*folders: Path | str) -> dict[str, Rulebook]:
    """All rule books of the packaged folder and of ``folders``, by id.

    Several files may add rows to one book. A row of a later folder replaces the row with the same key
    (book, indicator, asset class, start of speed band, level), so a railway corrects one cell with one row.

    Raises:
        ConfigurationError: a folder is missing, or a row is wrong; names file, row and column.
    """
    rows: dict[Key, tuple[Limit, str]] = {}
    for folder in (BOOKS, *map(Path, folders)):
        if not folder.is_dir():
            raise ConfigurationError(f"rule book folder {folder} is not there")
        rows.update(_read_folder(folder))
    books: dict[str, list[tuple[Limit, str]]] = {}
    for limit, place in rows.values():
        books.setdefault(limit.rulebook_id, []).append((limit, place))
    for placed in books.values():
        check_limits(placed)
    return {name: Rulebook(name, tuple(limit for limit, _ in placed)) for name, placed in sorted(books.items())}


def _read_folder(folder: Path) -> dict[Key, tuple[Limit, str]]:
    found: dict[Key, tuple[Limit, str]] = {}
    for file in sorted(folder.glob("*.csv")):
        for limit, place in _read_file(file):
            key = (limit.rulebook_id, limit.indicator, limit.asset_class, limit.speed_from_kmh, limit.level)
            if key in found:
                raise ConfigurationError(f"{place}: same limit as {found[key][1]}: {key}")
            found[key] = (limit, place)
    return found


def _read_file(file: Path) -> Iterator[tuple[Limit, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: byte {error.start} is no UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigurationError(f"{file}: column {missing[0]!r} is missing; a rule book has {', '.join(_COLUMNS)}")
        for record in reader:
            place = f"{file}, row {reader.line_num}"
            yield _limit(record, place), place
    except csv.Error as error:
        raise ConfigurationError(f"{file}, row {reader.line_num}: {error}") from error


def _limit(record: dict[str, str], place: str) -> Limit:
    text = {name: (record[name] or "").strip() for name in _COLUMNS}
    for name in _COLUMNS:
        if not text[name]:
            raise ConfigurationError(f"{place}, column {name!r}: is empty")
    numbers = {name: _number(text[name], place, name) for name in _NUMBERS}
    if numbers["speed_to_kmh"] <= numbers["speed_from_kmh"]:
        raise ConfigurationError(f"{place}, column 'speed_to_kmh': band ends at or below its start")
    severity = _number(text["severity"], place, "severity")
    if severity not in (1, 2, 3):
        raise ConfigurationError(f"{place}, column 'severity': {text['severity']!r} is not 1, 2 or 3")
    if text["direction"] not in ("above", "below"):
        raise ConfigurationError(f"{place}, column 'direction': {text['direction']!r} is not above or below")
    try:
        valid_from = date.fromisoformat(text["valid_from"])
    except ValueError as error:
        raise ConfigurationError(f"{place}, column 'valid_from': {text['valid_from']!r} is not a date") from error
    return Limit(
        rulebook_id=text["rulebook_id"],
        indicator=text["indicator"],
        asset_class=text["asset_class"],
        speed_from_kmh=numbers["speed_from_kmh"],
        speed_to_kmh=numbers["speed_to_kmh"],
        level=text["level"],
        severity=int(severity),
        value=numbers["value"],
        unit=text["unit"],
        direction="above" if text["direction"] == "above" else "below",
        standard=text["standard"],
        edition=text["edition"],
        clause=text["clause"],
        provenance=text["provenance"],
        valid_from=valid_from,
    )


def _number(text: str, place: str, column: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < float("inf"):
        raise ConfigurationError(f"{place}, column {column!r}: {text!r} is not a number")
    return number
