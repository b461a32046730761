"""What the operations page says of settings and DAGs is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from guideway.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> set[str]:
    """Names in the first column of the first table below a heading."""
    rows = re.search(r"(?:^\|.*\n)+", PAGE.partition(f"\n## {heading}\n")[2], re.MULTILINE)
    assert rows, heading
    return {name for row in rows[0].splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_setting_is_in_the_table_and_every_row_is_a_setting() -> None:
    ours = [path for folder in ("dags", "infra") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in ours for name in re.findall(r"GUIDEWAY_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))}
    wanted = {f"GUIDEWAY_{name.upper()}" for name in Settings.model_fields} | read
    listed = first_cells("Settings")
    assert {name for name in listed if name.startswith("GUIDEWAY_")} == wanted


def test_every_dag_is_in_the_table() -> None:
    there = {path.stem for path in (ROOT / "dags").glob("*.py")}
    helpers = set((ROOT / "dags" / ".airflowignore").read_text(encoding="utf-8").replace(".py", "").split())
    assert first_cells("The DAGs") == there - helpers
