"""Every table, column, unit, key and job name, in the standard library only.

Spark schemas, the data dictionary and the DAGs are generated from here.
"""

from __future__ import annotations

from guideway.contracts import bronze, gold, models, noise_control, ops, reference, silver
from guideway.contracts.schema import Column, Table

TABLES: tuple[Table, ...] = (
    reference.TABLES + bronze.TABLES + silver.TABLES + gold.TABLES + models.TABLES + noise_control.TABLES + ops.TABLES
)


def table(full_name: str) -> Table:
    """The table called ``layer.name``; ``KeyError`` lists the names there are."""
    for candidate in TABLES:
        if candidate.full_name == full_name:
            return candidate
    raise KeyError(f"no table {full_name!r}; there are {[t.full_name for t in TABLES]}")


__all__ = ["TABLES", "Column", "Table", "table"]
