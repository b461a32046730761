"""Rule books to CSV, as :func:`guideway.rulebooks.load.load_rulebooks` reads them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from guideway.contracts.reference import LIMIT
from guideway.rulebooks.limit import Limit

_DIGITS = 6


def write_rulebook(file: Path, rows: Sequence[Limit]) -> None:
    """Write one CSV, columns in the order of ``reference.limit``, values with six significant digits."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [column.name for column in LIMIT.columns])
        writer.writeheader()
        for row in rows:
            writer.writerow(asdict(replace(row, value=float(f"{row.value:.{_DIGITS}g}"))))
