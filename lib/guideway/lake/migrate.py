"""Forward migration: a table that was written under an older contract is brought to this one, or refused in words.

What can be done without rewriting data is done: a new nullable column, a column that may now be missing, a new or
changed check, a property. Anything else stops the job before it writes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import StructField, StructType

from guideway.contracts import Table
from guideway.contracts.schema import sql_text
from guideway.errors import LakeError
from guideway.lake.policy import policy_of
from guideway.lake.table_log import TableLog
from guideway.settings import local_path

_CHECK = "delta.constraints."


@dataclass(frozen=True)
class State:
    """What a table is now: its schema, its partition columns and its properties."""

    schema: StructType
    partition_by: tuple[str, ...]
    properties: dict[str, str]


def state_of(spark: SparkSession, path: str) -> State:
    """The table's state: from its log where the lake is a folder, else asked of Delta, which costs a Spark job."""
    if folder := local_path(path):
        return state_of_folder(folder)
    (detail,) = spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()
    schema = spark.read.format("delta").load(path).schema
    return State(schema, tuple(detail["partitionColumns"]), dict(detail["properties"]))


def state_of_folder(folder: Path) -> State:
    """The state of the table in a folder; needs no Java."""
    told = TableLog(folder).metadata()
    schema = StructType.fromJson(json.loads(told["schemaString"]))
    return State(schema, tuple(told["partitionColumns"]), dict(told["configuration"]))


def statements(table: Table, state: State) -> list[str]:
    """What has to be said after ``ALTER TABLE <it>`` to bring the table to its contract; nothing where it is there.

    Raises:
        LakeError: the contract cannot be reached without rewriting data; the message names the first three columns.
    """
    there = {field.name: field for field in state.schema.fields}
    _refuse_incompatible(table, state, there)
    new = [c for c in table.all_columns if c.name not in there]
    columns = ", ".join(f"`{c.name}` {c.type} COMMENT {sql_text(c.comment)}" for c in new)
    said = [f"ADD COLUMNS ({columns})"] if new else []
    said += [
        f"ALTER COLUMN `{c.name}` DROP NOT NULL"
        for c in table.all_columns
        if c.nullable and c.name in there and not there[c.name].nullable
    ]
    return said + _check_statements(table, state) + _property_statements(table, state)


def migrate(spark: SparkSession, table: Table, path: str) -> list[str]:
    """Bring the table to its contract; returns the statements that were needed.

    Raises:
        LakeError: it cannot be; nothing was changed, or the message names the statement that failed.
    """
    said = statements(table, state_of(spark, path))
    for statement in said:
        try:
            spark.sql(f"ALTER TABLE delta.`{path}` {statement}")
        except PySparkException as error:
            first = str(error).splitlines()[0]
            raise LakeError(f"{table.full_name}: cannot be brought to its contract by {statement}: {first}") from error
    return said


def wanted_properties(table: Table) -> dict[str, str]:
    """Properties the table has by contract and policy."""
    return {**policy_of(table).properties, "guideway.key": ",".join(table.key)}


def _refuse_incompatible(table: Table, state: State, there: dict[str, StructField]) -> None:
    wrong = [
        f"{column.name} is {there[column.name].dataType.simpleString()}, the contract says {column.type}"
        for column in table.all_columns
        if column.name in there and _type(there[column.name].dataType.simpleString()) != _type(column.type)
    ]
    wrong += [
        f"{column.name} is new and may not be missing: rows that are there have no value for it"
        for column in table.all_columns
        if column.name not in there and not column.nullable
    ]
    wrong += [
        f"{column.name} may be missing in the table, the contract forbids it"
        for column in table.all_columns
        if column.name in there and there[column.name].nullable and not column.nullable
    ]
    declared = {column.name for column in table.all_columns}
    wrong += [f"{name} is not in the contract" for name in there if name not in declared]
    if state.partition_by != table.partition_by:
        wrong.append(f"partitioned by {list(state.partition_by)}, the contract says {list(table.partition_by)}")
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        raise LakeError(
            f"{table.full_name} was written under another contract: {'; '.join(wrong[:3])}{more}. "
            "Write it into a new lake (ingest and replay), or go back to the version of Guideway that wrote it"
        )


def _check_statements(table: Table, state: State) -> list[str]:
    there = {k.removeprefix(_CHECK): v for k, v in state.properties.items() if k.startswith(_CHECK)}
    # Delta lowers the names of constraints
    wanted = {name.lower(): expression for name, expression in table.checks.items()}
    changed = [name for name, expression in there.items() if wanted.get(name) != expression]
    dropped = [f"DROP CONSTRAINT `{name}`" for name in changed]
    added = [f"ADD CONSTRAINT `{n}` CHECK ({e})" for n, e in wanted.items() if n not in there or n in changed]
    return dropped + added


def _property_statements(table: Table, state: State) -> list[str]:
    changed = {name: value for name, value in wanted_properties(table).items() if state.properties.get(name) != value}
    if not changed:
        return []
    return [f"SET TBLPROPERTIES ({', '.join(f'{sql_text(n)} = {sql_text(v)}' for n, v in changed.items())})"]


def _type(sql_type: str) -> str:
    """One spelling of a SQL type."""
    plain = re.sub(r"\s+", "", sql_type.lower())
    return re.sub(r"\blong\b", "bigint", re.sub(r"\binteger\b", "int", plain))
