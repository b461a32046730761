"""What page and model have in common: tables, and costs of runs as ``results.json`` keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def cpu(run: Mapping[str, Any], stage: str | None = None) -> float:
    """Processor time of a run or of one of its stages."""
    return float(sum(one["cpu_s"] for one in run["stages"] if stage in (None, one["stage"])))
