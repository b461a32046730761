"""The vocabulary of a contract: columns, tables and the two columns every table carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One column: its Spark SQL type, its unit and what it means in a sentence."""

    name: str
    type: str
    comment: str
    unit: str | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One Delta table. ``key`` identifies a row; ``checks`` are SQL constraints the table enforces."""

    layer: str
    name: str
    comment: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: Mapping[str, str] = field(default_factory=dict)
    partition_by: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """By name: there is one table of a name."""
        return hash(self.full_name)

    @property
    def full_name(self) -> str:
        """``layer.name``, as analysts write it."""
        return f"{self.layer}.{self.name}"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The declared columns and the provenance columns every table carries."""
        return self.columns + PROVENANCE

    @property
    def ddl(self) -> str:
        """Spark DDL of the declared columns, for frames that are stamped with their provenance when written."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; ``KeyError`` names the table and its columns."""
        for column in self.all_columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.full_name} has no column {name!r}; it has {[c.name for c in self.all_columns]}")


PROVENANCE = (
    Column("run_id", "string", "run that wrote the row; the same in every table that run wrote"),
    Column("code_version", "string", "version of Guideway that wrote the row"),
)


def sql_text(text: str) -> str:
    """A text as a literal of Spark SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
