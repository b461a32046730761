import numpy as np

from guideway.degradation.series import SeriesBatch


def test_cleaning_equals_a_plain_loop():
    rng = np.random.default_rng(3)
    times = [rng.integers(0, 12, k).astype(float) for k in (0, 1, 9, 30)]
    values = [rng.choice([1.0, 2.0, np.nan, np.inf, 5.0], len(t)) for t in times]
    times[3][2] = np.nan
    batch = SeriesBatch.from_lists(times, values)
    for i, (t, v) in enumerate(zip(times, values, strict=True)):
        merged: dict[float, list[float]] = {}
        for day, value in zip(t, v, strict=True):
            if np.isfinite(day) and np.isfinite(value):
                merged.setdefault(float(day), []).append(float(value))
        rows = slice(batch.offsets[i], batch.offsets[i + 1])
        assert batch.t_days[rows].tolist() == sorted(merged)
        np.testing.assert_allclose(batch.values[rows], [np.mean(merged[d]) for d in sorted(merged)])


def test_extreme_duplicates_are_averaged_without_overflow():
    batch = SeriesBatch.from_lists([[1.0, 1.0]], [[1.5e308, 1.7e308]])
    np.testing.assert_allclose(batch.values, [1.6e308])


def test_raw_offsets_may_start_anywhere_as_arrow_slices_do():
    batch = SeriesBatch.of([2, 4, 4], [9.0, 9.0, 5.0, 4.0, 9.0], [0.0, 0.0, 50.0, 40.0, 0.0])
    assert batch.offsets.tolist() == [0, 2, 2]
    assert batch.values.tolist() == [40.0, 50.0]


def test_until_keeps_values_and_works_of_each_series_own_day():
    batch = SeriesBatch.from_lists([[1, 2, 3], [1, 2, 3]], [[1, 2, 3], [4, 5, 6]], [[2.0], [1.0, 3.0]])
    known = batch.until([1.0, 2.0])
    assert [known.values[a:b].tolist() for a, b in zip(known.offsets, known.offsets[1:], strict=False)] == [[1], [4, 5]]
    assert known.work_offsets.tolist() == [0, 0, 1]


def test_take_reorders_values_and_works_together():
    batch = SeriesBatch.from_lists([[1], [], [3, 4]], [[1], [], [3, 4]], [[7.0], [8.0], []], group=[5, 6, 7])
    taken = batch.take([2, 0])
    assert taken.values.tolist() == [3.0, 4.0, 1.0]
    assert taken.work_t_days.tolist() == [7.0]
    assert taken.group.tolist() == [7, 5]
