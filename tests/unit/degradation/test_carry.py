"""A fit carried on to a later day is what fitting on that day would give, as long as nothing came."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from guideway.degradation.forms import Form
from guideway.degradation.learning import learning_days, quarter_start
from guideway.degradation.news import last_news
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.priors import Priors
from guideway.degradation.series import SeriesBatch, Traffic
from guideway.degradation.trends import STATUSES, fit_states, fit_trends, trends_on
from tests.unit.degradation.simulated import Process, simulate

USUAL = DegradationParameters()


def fleet(process: Process, direction: int) -> SeriesBatch:
    """Sixty assets of two series, measured together; some have few values, some none that differ."""
    batch = simulate(120, points=36, process=process, seed=5, season=0.05, direction=direction).batch
    together = np.repeat(np.arange(60, dtype=np.int32), 2)
    t = batch.t_days.reshape(120, 36)
    values = batch.values.reshape(120, 36).copy()
    values[7] = values[7, 0]
    lengths = np.where(np.arange(120) % 20 == 3, [1, 2] * 60, 36)
    kept = np.arange(36) < lengths[:, None]
    loads = Traffic(2 * np.arange(121), np.tile([17_000.0, 18_400.0], 120), np.tile([1e4, 3e4], 120))
    return replace(
        SeriesBatch.of(np.append(0, np.cumsum(lengths)), np.round(t[0])[None].repeat(120, 0)[kept], values[kept]),
        direction=batch.direction,
        asset=together,
        cohort=np.zeros(120, np.int32),
        group=np.zeros(120, np.int32),
        work_offsets=batch.work_offsets,
        work_t_days=batch.work_t_days,
        work_codes=batch.work_codes,
        traffic=loads,
    )


@pytest.mark.parametrize(
    ("form", "process", "direction"),
    [
        (Form(), "linear", 1),
        (Form(), "linear", -1),
        (Form("wiener"), "wiener", 1),
        (Form("exponential"), "exponential", 1),
        (Form("gamma"), "gamma", -1),
        (Form(seasonal=True), "linear", 1),
        (Form(runs=True), "linear", 1),
        (Form(by_load=True), "linear", 1),
    ],
)
def test_a_carried_fit_is_the_fit_of_the_later_day(form: Form, process: Process, direction: int) -> None:
    batch = fleet(process, direction)
    last = float(batch.t_days.max())
    priors = estimate_priors(batch, USUAL, ("any",), forms=(form, form), as_of_days=last)
    assert not form.runs or len(priors.runs.cohort)
    states = fit_states(batch, priors, last + 1.0, USUAL)
    for days in (0.0, 7.0, 91.0):
        later = fit_trends(batch, priors, last + 1.0 + days, USUAL)
        assert len({STATUSES[code] for code in later.status}) >= 3
        carried = trends_on(states, last + 1.0, last + 1.0 + days, priors.rows(batch), batch.direction, priors, USUAL)
        for column in fields(later):
            told, wanted = getattr(carried, column.name), getattr(later, column.name)
            np.testing.assert_allclose(told, wanted, rtol=1e-9, atol=1e-12, err_msg=column.name)


def test_a_fit_is_for_the_day_the_last_thing_came_for_its_asset() -> None:
    batch = SeriesBatch.from_lists(
        [[10.0, 20.0], [10.0, 25.0], [10.0], []],
        [[1.0, 2.0], [1.0, 2.0], [1.0], []],
        [[], [], [30.0], []],
        group=[0, 0, 1, 0],
        asset=[0, 0, 1, 2],
    )
    batch = replace(batch, traffic=Traffic(np.array([0, 2, 4, 6, 8]), np.tile([22.0, 40.0], 4), np.ones(8)))
    in_days, by_load = (Priors.unknown(("a", "b"), by_load=choice) for choice in (False, True))
    assert last_news(batch, in_days, 35.0).tolist() == [25.0, 25.0, 30.0, 35.0]
    assert last_news(batch.until(24.0), in_days, 24.0).tolist() == [20.0, 20.0, 10.0, 24.0]
    assert last_news(batch.until(24.0), by_load, 24.0).tolist() == [22.0, 22.0, 22.0, 22.0]
    assert last_news(replace(batch, asset=np.full(4, -1, np.int32)), in_days, 35.0)[:2].tolist() == [20.0, 25.0]


def test_what_was_taught_has_one_digest_whatever_the_last_bits() -> None:
    priors = estimate_priors(fleet("linear", 1), USUAL, ("any",))
    assert Priors.from_dict(priors.to_dict()).digest == priors.digest
    assert priors.with_row(0, rate_mean=priors.rate_mean[0] * (1.0 + 1e-14)).digest == priors.digest
    assert priors.with_row(0, rate_mean=priors.rate_mean[0] * (1.0 + 1e-6)).digest != priors.digest


def test_priors_stand_for_a_quarter_as_soon_as_every_group_was_seen_for_a_year() -> None:
    def day(text: str) -> float:
        return float(np.datetime64(text, "D").astype(np.int64))

    moments = np.array([day("2025-10-01") + 0.5, day("2025-10-01") + 1.0, day("2026-01-01"), day("2026-01-01") + 1.0])
    starts = [day("2025-10-01")] * 3 + [day("2026-01-01")]
    assert quarter_start(moments).tolist() == starts, "the end of a day still belongs to it"
    t = np.arange(day("2024-01-03"), day("2026-01-01"), 28.0)
    old = SeriesBatch.from_lists([t], [np.zeros(len(t))], group=[0])
    assert learning_days(old, moments.tolist()).tolist() == starts
    young = SeriesBatch.from_lists([t, t[-9:]], [np.zeros(len(t)), np.zeros(9)], group=[0, 1])
    assert learning_days(young, moments.tolist()).tolist() == moments.tolist()
