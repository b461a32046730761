"""Degradation without Spark: the kernels on growing networks, beside a loop of scipy calls on a process pool.

Run by ``make bench``. ``GUIDEWAY_BENCH_SIZES=10000,100000,1000000`` takes the last step to a million series.
"""

from __future__ import annotations

import os
import platform
import resource
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from scipy.stats import theilslopes

from guideway.degradation.calibration import Calibration
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import Trends, fit_trends

SIZES = [int(n) for n in os.environ.get("GUIDEWAY_BENCH_SIZES", "10000,100000").split(",")]
LOOPED = int(os.environ.get("GUIDEWAY_BENCH_LOOPED", "2000"))
POINTS, DAY, CHUNK = 60, 20_000.0, 10_000
RATE, LIMITS = 0.2, (1.8, 2.4, 3.0)


def simulated(n: int, seed: int) -> SeriesBatch:
    """Sections that worsen by about 0.2 mm a year; half were tamped once, nothing of it recorded."""
    rng = np.random.default_rng(seed)
    t = DAY - 4.0 - 28.0 * np.arange(POINTS)[::-1] + rng.integers(-3, 4, (n, POINTS))
    values = 1.0 + RATE * rng.lognormal(0, 0.5, (n, 1)) * (t - t[:, :1]) / DAYS_PER_YEAR
    values += rng.normal(0, 0.04, (n, POINTS))
    worked = rng.random(n) < 0.5
    values[worked, POINTS // 2 :] -= rng.uniform(0.3, 0.8, (int(worked.sum()), 1))
    return SeriesBatch.of(np.arange(n + 1) * POINTS, t.ravel(), values.ravel())


def fitted(batch: SeriesBatch, priors: Priors) -> Trends:
    """Works, trend, interval and three limit forecasts of every series."""
    parameters, n = DegradationParameters(), len(batch)
    trends = fit_trends(batch, priors, DAY, parameters, find_interventions(batch, priors, parameters))
    forecast_limits(trends, 3 * np.arange(n + 1), np.tile(LIMITS, n), Calibration.none())
    return trends


def looped(series: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """What an analyst writes first: the deepest drop that two means confirm, then Theil-Sen with its interval."""
    years, values = series
    steps = [values[i : i + 6].mean() - values[i - 6 : i].mean() for i in range(6, len(values) - 5)]
    start = 6 + int(np.argmin(steps)) if min(steps) < -0.2 else 0
    slope, _, low, high = theilslopes(values[start:], years[start:], 0.8)
    return float(slope), float(high - low)


def test_the_kernels_cost_the_same_however_large_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    priors = estimate_priors(simulated(2000, 0))
    alone = fitted(simulated(CHUNK, 1).take(np.arange(50)), priors)
    lines = []
    for size in SIZES:
        seconds, errors = 0.0, []
        for number in range(max(size // CHUNK, 1)):
            batch = simulated(min(size, CHUNK), 1 + number)
            started = time.process_time()
            trends = fitted(batch, priors)
            seconds += time.process_time() - started
            if number == 0:
                np.testing.assert_array_equal(trends.rate_per_year[:50], alone.rate_per_year)
                errors.append(float(np.median(trends.rate_per_year)) - RATE)
        assert abs(errors[0]) < 0.02
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        lines.append(f"| {size:,} | {1e6 * seconds / size:.0f} us | {seconds:.1f} s | {memory:.2f} GB |")
    batch = simulated(LOOPED, 1)
    rows = [slice(a, b) for a, b in zip(batch.offsets[:-1], batch.offsets[1:], strict=True)]
    series = [((batch.t_days[r] - batch.t_days[r.start]) / DAYS_PER_YEAR, batch.values[r]) for r in rows]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(looped, series[:20]))
        started = time.perf_counter()
        slopes = np.array(list(pool.map(looped, series, chunksize=50)))
        pooled = (time.perf_counter() - started) / LOOPED
    ours = fitted(batch, priors).rate_per_year
    assert np.corrcoef(slopes[:, 0], ours)[0, 1] > 0.8
    with capsys.disabled():
        print(f"\n{POINTS} points a series, one core, Python {platform.python_version()}")
        print("| series | processor time a series | together | peak memory |\n|---|---|---|---|")
        print("\n".join(lines))
        print(f"a loop of scipy's Theil-Sen on a pool of 2 processes: {1e6 * pooled:.0f} us a series on the clock")
