"""Departures of known size in series of known scatter: named when they last, and nothing else is named."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from guideway.degradation.series import SeriesBatch
from guideway.prognostics.departures import SIGMAS, departures
from guideway.rulebooks.load import load_rulebooks
from guideway.simulate.network import NetworkSpec
from guideway.simulate.series import WORK_TYPES, network_series
from guideway.udfs.features import DEPARTURE, known_features
from guideway.udfs.ragged import series_batch

RUNS, SCATTER = 18, 0.02
DAYS = 28.0 * np.arange(RUNS)
LIMIT = 1.5


def fleet(n: int, seed: int, *, sign: int = 1) -> list[np.ndarray]:
    """Steady growth at rates of their own, and errors all share: a train that measures high, a season."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.15, RUNS)
    rates = rng.uniform(0.0, 0.3, n)
    return [sign * (0.8 + r * DAYS / 365 + common + rng.normal(0, SCATTER, RUNS)) for r in rates]


def look(values: list[np.ndarray], origin: float = DAYS[-1], direction: int = 1, **works):
    n = len(values)
    batch = SeriesBatch.from_lists([DAYS] * n, values, direction=np.full(n, direction), **works)
    return departures(batch, origin, (np.full(n, "L1|1"), np.full(n, "level")))


def test_steady_series_do_not_stand_out_however_the_runs_err_together():
    found = look(fleet(400, seed=1))
    assert np.isfinite(found.sigmas).all()
    assert np.isnan(found.standing_out(np.full(400, LIMIT))).all()
    assert found.sigmas.max() < SIGMAS - 1


@pytest.mark.parametrize("sign", [1, -1])
def test_a_series_that_leaves_its_trend_is_named_with_its_size_and_its_peers_are_not(sign):
    values = fleet(40, seed=2, sign=sign)
    values[7][-3:] += sign * 0.3
    found = look(values, direction=sign)
    out = found.standing_out(np.full(40, sign * LIMIT))
    assert np.flatnonzero(np.isfinite(out)).tolist() == [7]
    assert out[7] == pytest.approx(0.3, abs=4 * SCATTER)


def test_two_bad_runs_are_no_departure_and_getting_better_is_none():
    values = fleet(40, seed=3)
    values[7][-2:] += 0.5
    values[9][-3:] -= 0.5
    assert np.isnan(look(values).standing_out(np.full(40, LIMIT))).all()


def test_what_matters_to_no_limit_is_left_out():
    values = fleet(40, seed=2)
    values[7][-3:] += 0.3
    found = look(values)
    assert np.isfinite(found.standing_out(np.full(40, 5.0))[7])
    assert np.isnan(found.standing_out(np.full(40, 7.0))[7])


def test_the_values_before_the_last_work_do_not_count():
    values = fleet(40, seed=4)
    values[7][:9] += 0.6
    assert np.isfinite(look(values).sigmas).all()
    nine_left = look(values, works=[[DAYS[8] + 1]] * 40)
    assert np.isnan(nine_left.sigmas).all(), "nine values are the newest three and six before: too few"
    assert np.isfinite(look(values, works=[[DAYS[6] + 1]] * 40).sigmas).all()


def test_nothing_after_the_origin_counts():
    values = fleet(40, seed=5)
    before = look(values, origin=float(DAYS[-4]))
    for series in values:
        series[-3:] += 9.0
    after = look(values, origin=float(DAYS[-4]))
    np.testing.assert_array_equal(before.sigmas, after.sigmas)


def test_machines_that_run_together_name_the_one_that_weakens():
    """Three magnets of a vehicle under one load and temperature, as far as peers go."""
    values = fleet(3, seed=6)
    values[1][-3:] += 0.3
    out = look(values).standing_out(np.full(3, LIMIT))
    assert np.flatnonzero(np.isfinite(out)).tolist() == [1]


def test_a_simulated_network_gives_no_false_alarm_in_a_year_and_a_planted_one_is_a_column_of_the_features():
    spec = NetworkSpec.sized(60, 104, 2)
    rows = network_series(spec, load_rulebooks()["en_13848"])
    place = tuple(np.asarray(rows.column(name).to_pylist(), dtype=object) for name in ("track", "indicator"))
    limit = np.asarray(rows.column("limit"), dtype=float)
    first = (spec.first_day - date(1970, 1, 1)).days
    looked = 0
    for week in range(52, 104, 4):
        found = departures(series_batch(rows, (), WORK_TYPES, known_by=first + 7.0 * week), first + 7.0 * week, place)
        looked += np.isfinite(found.sigmas).sum()
        assert np.isnan(found.standing_out(limit)).all()
    assert looked > 3000
    k = int(np.argmax(found.sigmas == np.nanmax(found.sigmas)))
    column = rows.column("values").to_pylist()
    column[k] = [*column[k][:-3], *(value + 0.4 for value in column[k][-3:])]
    table = rows.set_column(rows.schema.get_field_index("values"), "values", pa.array(column))
    for name in ("engine_level", "engine_rate", "engine_sigma"):
        table = table.append_column(name, pa.nulls(rows.num_rows, pa.float64()))
    frame = known_features(table, WORK_TYPES, first + 7.0 * 104)
    assert np.flatnonzero(frame[DEPARTURE[0]].notna()).tolist() == [k]
