"""Samples read in a task straight from the files of bronze.signal, row groups of other recordings left alone.

Samples that come through Spark go value by value from its Parquet reader into rows, through a shuffle and into Arrow;
that was half of what measuring cost. Only files that a snapshot of the table names for a recording may be read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from guideway.archives.recording import Channel
from guideway.udfs.parquet_files import bounds_of, named, opened

_COLUMNS = ["recording_id", "channel", "block", "unit", "values"]
_ID = "recording_id"
_BATCH_BLOCKS = 256
_BUFFER_BYTES = 8 << 20


def read_channels(wanted: Mapping[str, Collection[str]]) -> dict[str, list[Channel]]:
    """The channels of recordings, by recording; none where the files hold none.

    Args:
        wanted: addresses of the files each recording has blocks in, by recording.

    Raises:
        LakeError: a file is missing or damaged; the message names it.
    """
    recordings_in: dict[str, set[str]] = {}
    for recording_id, addresses in wanted.items():
        for address in addresses:
            recordings_in.setdefault(address, set()).add(recording_id)
    blocks: dict[str, list[pa.RecordBatch]] = {recording_id: [] for recording_id in wanted}
    for address, recording_ids in sorted(recordings_in.items()):
        for rows in _rows(address, recording_ids):
            ids = rows.column(_ID).to_numpy(zero_copy_only=False)
            bounds = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), ids.size]
            for start, stop in pairwise(bounds):
                blocks[ids[start]].append(rows.slice(start, stop - start))
    return {recording_id: joined(parts) for recording_id, parts in blocks.items()}


def joined(blocks: Iterable[pa.RecordBatch]) -> list[Channel]:
    """The channels of one recording from blocks (channel, block, unit, values), each channel's in order."""
    found: list[tuple[str, int, str, npt.NDArray[np.float32]]] = []
    for rows in blocks:
        values = rows.column("values")
        ends = values.offsets.to_numpy() - values.offsets[0].as_py()
        samples = values.flatten().to_numpy(zero_copy_only=False)  # missing ones are NaN
        told = zip(*(rows.column(name).to_pylist() for name in ("channel", "block", "unit")), strict=True)
        found += [(*one, samples[ends[i] : ends[i + 1]]) for i, one in enumerate(told)]
    found.sort(key=itemgetter(0, 1))
    return [
        Channel(name, unit, np.concatenate([part[-1] for part in parts]))
        for (name, unit), parts in groupby(found, key=itemgetter(0, 2))
    ]


def _rows(address: str, recording_ids: set[str]) -> Iterator[pa.RecordBatch]:
    """Blocks of these recordings in one file, read piece by piece: row groups of a compacted file are large."""
    ids = pa.array(sorted(recording_ids), pa.string())
    with named(address), opened(address, buffer_size=_BUFFER_BYTES) as file:
        groups = [i for i in range(file.num_row_groups) if _may_hold(file.metadata.row_group(i), recording_ids)]
        for rows in file.iter_batches(_BATCH_BLOCKS, groups, columns=_COLUMNS, use_threads=False):
            found = rows.filter(pc.is_in(rows.column(_ID), value_set=ids))
            if found.num_rows:  # pieces of a group may lie between the recordings that are wanted
                yield found


def _may_hold(group: pq.RowGroupMetaData, recording_ids: set[str]) -> bool:
    bounds = bounds_of(group, _ID)
    return bounds is None or any(bounds[0] <= one <= bounds[1] for one in recording_ids)
