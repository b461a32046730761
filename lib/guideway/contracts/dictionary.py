"""The data dictionary, written from the contracts; ``python -m guideway.contracts.dictionary FILE`` writes it."""

from __future__ import annotations

import sys
from pathlib import Path

from guideway.contracts import TABLES, Table
from guideway.contracts.views import VIEWS


def dictionary() -> str:
    """Markdown of every table: what it holds, its key, its columns with unit and meaning, its constraints."""
    parts = [
        "# Data dictionary",
        "",
        "Written by `python -m guideway.contracts.dictionary`; a test checks that it is current. Times are UTC. Every",
        "table is a Delta table at `<lake>/<layer>/<table>`, readable by Spark, delta-rs, DuckDB and Polars.",
        "",
        *(f"- [`{table.full_name}`](#{table.full_name.replace('.', '')}): {table.comment}" for table in TABLES),
    ]
    for table in TABLES:
        parts += ["", *_chapter(table)]
    parts += ["", "## Views", "", "Registered in the session by `guideway sql`.", ""]
    for view in VIEWS:
        parts += [f"- `{view.full_name}`: {view.comment}"]
    return "\n".join(parts) + "\n"


def _chapter(table: Table) -> list[str]:
    lines = [
        f"## {table.full_name}",
        "",
        table.comment,
        "",
        f"Key: {', '.join(f'`{name}`' for name in table.key)}.",
        "",
    ]
    lines += ["| column | type | unit | may be missing | meaning |", "|---|---|---|---|---|"]
    for column in table.all_columns:
        missing = "yes" if column.nullable else ""
        lines.append(f"| `{column.name}` | {column.type} | {column.unit or ''} | {missing} | {column.comment} |")
    if table.checks:
        rules = "; ".join(f"`{expression}`" for expression in table.checks.values())
        lines += ["", f"Enforced on every write: {rules}."]
    return lines


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dictionary(), encoding="utf-8")
