"""Whatever a series holds, it gets a status; and what a series gets does not depend on its neighbours."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from guideway.degradation.forecasts import forecast_limits, predict
from guideway.degradation.interventions import find_interventions
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import CONSTANT, OK, POOLED, STATUSES, fit_trends

KNOWN = Priors.unknown().with_row(
    0, rate_mean=0.2, rate_var=0.01, rate_memory=0.9, noise_var=0.0025, noise_ratio=0.9, process_var=0.002,
    effect_alpha=0.1, effect_beta=0.2, effect_var=0.02, effect_memory=0.95,
)  # fmt: skip

days = st.one_of(st.floats(17_000, 20_000), st.integers(17_000, 17_050).map(float), st.just(float("nan")))
values = st.one_of(
    st.floats(0.1, 5.0),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 1e-300, 0.0, 1.0]),
    st.floats(allow_nan=True, allow_infinity=True),
)
series = st.one_of(
    st.lists(st.tuples(days, values), max_size=25),
    st.tuples(st.lists(days, max_size=12), values).map(lambda p: [(d, p[1]) for d in p[0]]),
)
many = st.lists(st.tuples(series, st.lists(days, max_size=4), st.sampled_from([1, -1])), min_size=1, max_size=6)
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def batch_of(parts):
    return SeriesBatch.from_lists(
        [[d for d, _ in s] for s, _, _ in parts],
        [[v for _, v in s] for s, _, _ in parts],
        [w for _, w, _ in parts],
        direction=[d for _, _, d in parts],
    )


@calm
@given(many, st.sampled_from([KNOWN, Priors.unknown()]), st.floats(16_000, 21_000))
def test_every_series_gets_a_status_and_no_unfinished_numbers(parts, priors, as_of):
    batch = batch_of(parts)
    trends = fit_trends(batch, priors, as_of)
    assert np.bincount(trends.status, minlength=len(STATUSES)).sum() == len(parts)
    fitted = np.isin(trends.status, [OK, POOLED, CONSTANT])
    for name in ("rate_per_year", "rate_low", "rate_high", "level_now", "sigma", "since_days"):
        assert np.all(np.isfinite(getattr(trends, name)[fitted])), name
    assert not np.any(np.isinf(trends.level_now))
    assert np.all(trends.rate_low[fitted] <= trends.rate_high[fitted])
    forecast = forecast_limits(trends, np.arange(len(parts) + 1), np.full(len(parts), 2.0))
    chances = np.array(
        [forecast.probability_4w, forecast.probability_13w, forecast.probability_26w, forecast.probability_52w]
    )
    assert np.all(np.isfinite(chances[:, fitted]))
    assert np.all((chances[:, fitted] >= 0) & (chances[:, fitted] <= 1))
    assert np.all(np.diff(chances[:, fitted], axis=0) >= 0)


@calm
@given(many, st.sampled_from([KNOWN, Priors.unknown()]))
def test_a_batch_gives_what_each_series_gives_alone(parts, priors):
    batch = batch_of(parts)
    together, works = fit_trends(batch, priors, 19_000.0), find_interventions(batch, priors)
    ahead = predict(together, [91.0])
    for i in range(len(parts)):
        alone = batch.take([i])
        trend = fit_trends(alone, priors, 19_000.0)
        for field in dataclasses.fields(trend):
            np.testing.assert_array_equal(getattr(trend, field.name)[0], getattr(together, field.name)[i])
        np.testing.assert_array_equal(predict(trend, [91.0])[0], ahead[i])
        mine = find_interventions(alone, priors)
        rows = slice(works.offsets[i], works.offsets[i + 1])
        np.testing.assert_array_equal(mine.at_days, works.at_days[rows])
        np.testing.assert_array_equal(mine.effect, works.effect[rows])


@calm
@given(many, st.randoms(use_true_random=False))
def test_order_and_duplicates_of_runs_do_not_matter(parts, random):
    shuffled = []
    for run, works, direction in parts:
        doubled = [p for p in run for _ in range(2)]
        random.shuffle(doubled)
        shuffled.append((doubled, works, direction))
    a, b = (fit_trends(batch_of(p), KNOWN, 19_000.0) for p in (parts, shuffled))
    np.testing.assert_array_equal(a.status, b.status)


@calm
@given(many)
@example(parts=[([(17000.0, 1.0), (17001.0, 1.0), (17002.0, -1e300)], [17001.0], 1)])
def test_every_recorded_work_is_listed_once(parts):
    batch = batch_of(parts)
    works = find_interventions(batch, KNOWN)
    rows = np.sort(works.work_row[works.work_row >= 0])
    assert rows.tolist() == list(range(len(batch.work_t_days)))
    assert np.all((works.confidence >= 0) & (works.confidence <= 1))


@calm
@given(many)
def test_priors_of_any_sample_can_be_used(parts):
    batch = batch_of(parts)
    priors = estimate_priors(batch)
    assert len(fit_trends(batch, priors, 19_000.0)) == len(parts)
