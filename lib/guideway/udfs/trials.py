"""Trials inside Spark tasks: numbers of trials in, their held-out rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pandas as pd
import pyarrow as pa

from guideway.prognostics.trials import Trials

TRIAL_DDL = "trial bigint, held_out binary"
_SCHEMA = pa.schema([("trial", pa.int64()), ("held_out", pa.binary())])


def trial_rows(trials: Callable[[], Trials]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for ``mapInArrow`` over numbers of trials that gives rows of ``TRIAL_DDL``.

    The columns depend on whether there is a champion, so what a trial holds out travels as an Arrow stream of its own;
    a trial with too little to learn from gives none.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        work = trials()
        for batch in batches:
            for number in batch.column(0).to_pylist():
                rows = work.held_out(number)
                yield pa.record_batch([[number], [None if rows is None else pack(rows)]], schema=_SCHEMA)

    return run


def pack(rows: pd.DataFrame) -> bytes:
    """Rows as an Arrow stream."""
    table, sink = pa.Table.from_pandas(rows), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def unpack(stream: bytes) -> pd.DataFrame:
    """The inverse of ``pack``."""
    rows: pd.DataFrame = pa.ipc.open_stream(stream).read_all().to_pandas()
    return rows
