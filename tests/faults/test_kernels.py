"""Poisoned series, junk samples, shifted runs and works in a trend: a status, not nonsense."""

from __future__ import annotations

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import STATUSES, fit_trends
from guideway.rulebooks.load import load_rulebooks
from guideway.signals.alignment import align
from tests.unit.archives.helpers import HEADER, lines, profile, rows, write
from tests.unit.signals.drifting_runs import drifting_runs

KNOWN = Priors.unknown().with_row(
    0, rate_mean=0.2, rate_var=0.01, rate_memory=0.9, noise_var=0.0025, noise_ratio=0.9, process_var=0.002,
    effect_alpha=0.1, effect_beta=0.2, effect_var=0.02, effect_memory=0.95,
)  # fmt: skip
DAYS = (18_000.0 + 28 * np.arange(40)).tolist()
AS_OF = DAYS[-1] + 7
HEALTHY = (1.0 + 0.2 * np.arange(40) / 13 + np.random.default_rng(5).normal(0, 0.03, 40)).tolist()
NAN, INF = float("nan"), float("inf")
POISON = {
    "empty": ([], []),
    "one-point": (DAYS[:1], [1.0]),
    "two-points": (DAYS[:2], [1.0, 1.1]),
    "constant": (DAYS, [1.25] * 40),
    "all-nan": (DAYS, [NAN] * 40),
    "one-nan": (DAYS, [NAN, *HEALTHY[1:]]),
    "infinite": (DAYS, [INF] * 40),
    "one-infinity": (DAYS, [*HEALTHY[:20], -INF, *HEALTHY[21:]]),
    "huge": (DAYS, [1e300] * 39 + [-1e300]),
    "tiny": (DAYS, [1e-300] * 40),
    "nan-times": ([NAN] * 40, HEALTHY),
    "one-time": ([DAYS[0]] * 40, HEALTHY),
    "falling-times": (DAYS[::-1], HEALTHY),
    "negative": (DAYS, [-v for v in HEALTHY]),
    "a-spike": (DAYS, [*HEALTHY[:20], 500.0, *HEALTHY[21:]]),
    "10,000-points": ((18_000.0 + 0.1 * np.arange(10_000)).tolist(), (1.0 + np.arange(10_000) / 40_000).tolist()),
}


@pytest.mark.fault(4, 17)
@pytest.mark.parametrize("case", POISON)
def test_a_poisoned_series_gets_a_status_and_its_neighbour_does_not_notice(case: str) -> None:
    times, values = POISON[case]
    both = fit_trends(SeriesBatch.from_lists([DAYS, times], [HEALTHY, values], [[], []]), KNOWN, AS_OF)
    alone = fit_trends(SeriesBatch.from_lists([DAYS], [HEALTHY], [[]]), KNOWN, AS_OF)
    assert len(both.status) == 2
    assert STATUSES[both.status[0]] == "ok"
    for name in ("rate_per_year", "rate_low", "rate_high", "level_now", "sigma"):
        assert getattr(both, name)[0] == getattr(alone, name)[0], name
        assert not np.isinf(getattr(both, name)[1]), name
    chances = forecast_limits(both, np.arange(3), np.full(2, 2.0)).probability_13w
    assert 0.0 <= chances[0] <= 1.0
    assert np.isnan(chances[1]) or 0.0 <= chances[1] <= 1.0


@pytest.mark.fault(5)
def test_a_skewed_series_costs_its_own_points_only() -> None:
    import tracemalloc

    times, values = (18_000.0 + 0.05 * np.arange(20_000)).tolist(), (1.0 + np.arange(20_000) / 80_000).tolist()
    small = SeriesBatch.from_lists([DAYS] * 50, [HEALTHY] * 50, [[]] * 50)
    fit_trends(small, KNOWN, AS_OF)
    tracemalloc.start()
    try:
        skewed = fit_trends(SeriesBatch.from_lists([DAYS] * 50 + [times], [HEALTHY] * 50 + [values], [[]] * 51),
                            KNOWN, AS_OF)  # fmt: skip
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(skewed.rate_per_year[:50], fit_trends(small, KNOWN, AS_OF).rate_per_year)
    assert peak < 300 << 20, "51 series padded to the longest would be far below, their pairs would not"


JUNK = ["NaN", "inf", "-inf", "1e39", "-1e39", "1e308", "nan(0x7f)", "Infinity", "--", "9,9,9", "0x10"]


@pytest.mark.fault(17)
@pytest.mark.parametrize("junk", JUNK)
def test_a_junk_cell_is_missing_and_nothing_else_changes(tmp_path, junk: str) -> None:
    body = rows()
    plain = decode_file(write(tmp_path, lines(HEADER, *body), "plain.csv"), profile()).recordings[0].values("gauge")
    body[7] = f"{body[7].rsplit(';', 1)[0]};{junk}"
    loose = {"quality": {"max_rejected_share": 0.5}}
    values = decode_file(write(tmp_path, lines(HEADER, *body)), profile(**loose)).recordings[0].values("gauge")
    assert np.flatnonzero(np.isnan(values)).tolist() == [7]
    np.testing.assert_array_equal(np.delete(values, 7), np.delete(plain, 7))


@pytest.mark.fault(17)
@pytest.mark.parametrize("value", [NAN, -0.0, 0.0, -INF])
def test_junk_alone_exceeds_no_limit(value: float) -> None:
    for book in load_rulebooks().values():
        for row in book.rows:
            if row.direction == "above" and row.value > 0:
                speed = (row.speed_from_kmh + row.speed_to_kmh) / 2
                assert book.judge(row.indicator, value, row.asset_class, speed) is None


RUNS = drifting_runs(100, km=3.0, bound_m=0.001)


@pytest.mark.fault(21)
@pytest.mark.parametrize("shift_m", [-30.0, -7.3, 0.0, 0.4, 12.0, 30.0])
def test_a_shifted_run_is_put_back(shift_m: float) -> None:
    found = align(RUNS.stated - shift_m, RUNS.values, RUNS.reference, RUNS.reference_values)
    assert found.comparable.any()
    assert np.allclose(found.shift_m[found.comparable], shift_m, atol=0.2)


@pytest.mark.fault(21)
@pytest.mark.parametrize("kind", ["noise", "silence", "another-line", "missing"])
def test_a_run_that_does_not_belong_there_is_not_comparable(kind: str) -> None:
    rng = np.random.default_rng(3)
    other = {
        "noise": rng.normal(size=RUNS.values.shape),
        "silence": np.zeros(RUNS.values.shape),
        "another-line": drifting_runs(7, km=3.0, bound_m=0.001).values[:, : RUNS.values.shape[1]],
        "missing": np.full(RUNS.values.shape, np.nan),
    }[kind].astype(np.float32)
    n = min(other.shape[1], RUNS.stated.size)
    found = align(RUNS.stated[:n], other[:, :n], RUNS.reference, RUNS.reference_values)
    assert not found.comparable.any()


@pytest.mark.fault(22)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_work_in_the_middle_is_a_break_and_not_an_improvement(recorded: bool) -> None:
    values = np.array(HEALTHY)
    values[20:] -= 0.45
    works = [[DAYS[20] - 5.0]] if recorded else [[]]
    batch = SeriesBatch.from_lists([DAYS], [values.tolist()], works)
    found = find_interventions(batch, KNOWN)
    assert len(found.at_days) == 1
    assert abs(found.at_days[0] - DAYS[20]) <= 28
    trend = fit_trends(batch, KNOWN, AS_OF)
    assert trend.rate_per_year[0] > 0.0
    assert trend.rate_low[0] <= 0.2 <= trend.rate_high[0]
