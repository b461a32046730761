"""Arrow list columns and the flat arrays of the kernels, in both directions, without a Python object a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from guideway.degradation.series import SeriesBatch, Traffic, ragged_filter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def ragged(column: pa.ListArray) -> tuple[Ints, pa.Array]:
    """Offsets (n + 1,) from 0 and the flat values of a list column; a null list is an empty one."""
    lengths = np.asarray(pa.compute.fill_null(pa.compute.list_value_length(column), 0), dtype=np.int64)
    return np.concatenate([[0], np.cumsum(lengths)]), column.flatten()


def floats(values: pa.Array) -> Floats:
    """Numbers as float64, NaN for null."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def series_batch(
    batch: pa.RecordBatch,
    pools: Sequence[str],
    work_names: tuple[str, ...],
    known_by: float = np.inf,
    cohorts: Sequence[str] = (),
) -> SeriesBatch:
    """The series of a batch with the columns of ``condition_series``.

    A pool not in ``pools`` is -1, and so is a cohort (see ``cohort_names``) not in ``cohorts``. Only
    values that were measured and known and had no correction yet, and works that were done, by the day ``known_by``; by
    default everything, corrected. Traffic stays as stated, see ``SeriesBatch.until``.
    """
    offsets, t_days = ragged(batch.column("t_days"))
    _, values = ragged(batch.column("values"))
    work_offsets, work_t_days = ragged(batch.column("work_t_days"))
    _, work_codes = ragged(batch.column("work_codes"))
    known = np.ones(len(t_days), dtype=bool)
    if "lapsed_days" in batch.schema.names:  # series without corrections need not say so
        known = ~(floats(ragged(batch.column("lapsed_days"))[1]) <= known_by)
    if np.isfinite(known_by):
        known &= np.maximum(floats(t_days), floats(ragged(batch.column("known_days"))[1])) <= known_by
        done = floats(work_t_days) <= known_by
        work_offsets = ragged_filter(work_offsets, done)
        work_t_days, work_codes = work_t_days.filter(pa.array(done)), work_codes.filter(pa.array(done))
    if not known.all():
        offsets = ragged_filter(offsets, known)
        t_days, values = t_days.filter(pa.array(known)), values.filter(pa.array(known))
    places = pa.compute.index_in(batch.column("pool"), value_set=pa.array(pools, pa.string()))
    return SeriesBatch.of(
        offsets,
        floats(t_days),
        floats(values),
        work_offsets,
        floats(work_t_days),
        floats(work_codes).astype(np.int16),
        group=np.asarray(pa.compute.fill_null(places, -1), dtype=np.int32),
        direction=np.asarray(batch.column("direction"), dtype=np.int8),
        work_names=work_names,
        cohort=np.asarray(pa.compute.fill_null(_cohorts(batch, cohorts), -1), dtype=np.int32) if cohorts else None,
        asset=np.asarray(batch.column("asset_id").dictionary_encode().indices, dtype=np.int32),
        traffic=_traffic(batch) if "traffic_days" in batch.schema.names else None,
    )


def _traffic(batch: pa.RecordBatch) -> Traffic:
    """What each series carried: gross tonnes where any were stated, else train passages; none where neither is told."""
    offsets, since = ragged(batch.column("traffic_days"))
    tonnes, passes = (floats(ragged(batch.column(name))[1]) for name in ("tonnes_per_day", "passes_per_day"))
    owner = np.repeat(np.arange(batch.num_rows), np.diff(offsets))
    by_tonnes, by_passes = (np.bincount(owner, load > 0, minlength=batch.num_rows) > 0 for load in (tonnes, passes))
    load = np.where(by_tonnes[owner], tonnes, np.where(by_passes[owner], passes, np.nan))
    return Traffic(offsets, floats(since), load)


def cohort_names(batch: pa.RecordBatch) -> pa.Array:
    """What each series is measured together with, run by run: its pool on its line."""
    return pa.compute.binary_join_element_wise(batch.column("pool"), batch.column("line_id"), "|")


def _cohorts(batch: pa.RecordBatch, cohorts: Sequence[str]) -> pa.Array:
    return pa.compute.index_in(cohort_names(batch), value_set=pa.array(cohorts, pa.string()))


def lists(offsets: npt.ArrayLike, columns: Mapping[str, pa.Array]) -> pa.ListArray:
    """A list column of structs from flat columns."""
    structs = pa.StructArray.from_arrays(list(columns.values()), names=list(columns))
    return pa.ListArray.from_arrays(pa.array(np.asarray(offsets, dtype=np.int32)), structs)


def numbers(values: npt.ArrayLike) -> pa.Array:
    """A float64 column in which NaN and infinities are null."""
    array = np.asarray(values, dtype=np.float64)
    return pa.array(array, mask=~np.isfinite(array))


def words(names: Sequence[str], codes: npt.ArrayLike) -> pa.Array:
    """A string column from positions in ``names``."""
    return pa.array(names, pa.string()).take(pa.array(np.asarray(codes, dtype=np.int64)))


def moments(days: npt.ArrayLike) -> pa.Array:
    """A timestamp column from days since 1970-01-01 UTC; NaN is null."""
    array = np.asarray(days, dtype=np.float64)
    known = np.isfinite(array)
    micros = np.where(known, np.round(np.where(known, array, 0.0) * 86_400e6), 0).astype(np.int64)
    return pa.array(micros, mask=~known).cast(pa.timestamp("us", tz="UTC"))
