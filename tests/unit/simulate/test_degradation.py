"""Rates, works and states: what they are drawn from and how works act on them."""

from __future__ import annotations

import numpy as np
import pytest

from guideway.simulate.degradation import deteriorate
from guideway.simulate.layout import lay_out
from guideway.simulate.network import DAYS_PER_YEAR, LineSpec, Mode, NetworkSpec, line_of
from guideway.simulate.works import recorded, tampings

LONG = line_of("conventional", 1, 200.0)


def network(seed: int = 1, line: LineSpec = LONG, weeks: int = 520) -> NetworkSpec:
    return NetworkSpec(seed=seed, weeks=weeks, lines=(line,))


@pytest.mark.parametrize(
    ("mode", "low", "high"), [("conventional", 0.1, 0.4), ("high_speed", 0.05, 0.3), ("metro", 0.03, 0.3)]
)
def test_rates_of_a_mode_are_usual_ones(mode: Mode, low: float, high: float) -> None:
    layout = lay_out(line_of(mode, 1, 200.0), seed=3)
    rate = deteriorate(layout, seed=3).level_rate_mm_per_year
    assert low < np.median(rate) < high
    assert (rate > 0).all()
    assert 1.5 < np.quantile(rate, 0.9) / np.quantile(rate, 0.1) < 12.0


def test_attributes_explain_most_of_the_rate_but_not_all() -> None:
    layout = lay_out(LONG, seed=4)
    state = deteriorate(layout, seed=4)
    rate, explained = np.log(state.level_rate_mm_per_year), np.log(state.explained_rate_mm_per_year)
    correlation = np.corrcoef(rate, explained)[0, 1]
    assert 0.7 < correlation < 0.98
    assert (rate - explained).std() == pytest.approx(0.25, rel=0.1)
    poor, good = (explained[layout.drainage == name].mean() for name in ("poor", "good"))
    assert np.exp(poor - good) > 1.5


def test_between_works_the_state_rises_at_the_sections_rate() -> None:
    layout = lay_out(LONG, seed=5)
    state = deteriorate(layout, seed=5)
    early, late = state.on(100.0, ())[0], state.on(100.0 + DAYS_PER_YEAR, ())[0]
    assert np.allclose(late - early, state.level_rate_mm_per_year)
    assert np.allclose(state.on(0.0, ())[0], state.level_start_mm)


def test_tamping_removes_its_share_and_each_repetition_less() -> None:
    line = line_of("conventional", 1, 20.0)
    spec = network(line=line, weeks=1900)
    layout = lay_out(line, spec.seed)
    state, works = deteriorate(layout, spec.seed), tampings(layout, spec)
    done = np.zeros(layout.n, dtype=int)
    for work in works:
        at = slice(work.first, work.last + 1)
        before = state.on(np.nextafter(work.day, -np.inf), works)[0][at]
        after = state.on(work.day, works)[0][at]
        assert np.allclose(after, before * (1.0 - work.effects))
        bounds = 0.85 ** done[at]
        assert (work.effects >= 0.3 * bounds - 1e-12).all()
        assert (work.effects <= 0.6 * bounds + 1e-12).all()
        done[at] += 1
    assert done.max() >= 3


def test_about_a_third_of_the_works_is_missing_and_the_rest_is_off_by_metres_and_days() -> None:
    works, records = [], []
    for seed in range(8):
        spec = network(seed)
        layout = lay_out(LONG, seed)
        of_line = tampings(layout, spec)
        works += of_line
        records += recorded(of_line, layout, spec)
    assert len(records) / len(works) == pytest.approx(0.7, abs=0.05)
    metres = np.array([record.from_m - record.work.from_m for record in records])
    days = np.array([record.day - record.work.day for record in records])
    assert 8.0 < metres.std() < 16.0
    assert 1.0 < days.std() < 3.0
    assert np.abs(days).max() <= 7.0
    assert all(record.to_m > record.from_m for record in records)


def test_slab_track_is_never_tamped() -> None:
    line = line_of("metro", 1, 100.0)
    layout = lay_out(line, seed=6)
    touched = [
        (layout.track_form[w.first + i], e) for w in tampings(layout, network(6, line)) for i, e in enumerate(w.effects)
    ]
    assert {form for form, effect in touched if effect > 0} == {"ballasted"}
    assert any(effect == 0 for form, effect in touched if form != "ballasted")
