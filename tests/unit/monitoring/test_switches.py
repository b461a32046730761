from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.monitoring.switches import (
    PHASES,
    deviations,
    find_regimes,
    learn_baseline,
    measure,
    read_throw,
)
from guideway.rulebooks.load import load_rulebooks
from tests.unit.monitoring.inspection_records import real, record, values

EN = load_rulebooks()["en_13848"]
STEP = 0.01
LENGTHS = (20, 100, 200, 90, 130)


def throw(rng: np.random.Generator, *, lock: float = 420.0, slow: int = 0, idle: int = 0) -> np.ndarray:
    """Inrush, unlocking, a humped translation, locking, slipping clutch."""
    start, unlock, move, locking, friction = (n + (slow if i == 2 else 0) for i, n in enumerate(LENGTHS))
    parts = (
        2500.0 * np.exp(-np.arange(start) / 5.0) + 300.0,
        np.full(unlock, 300.0),
        360.0 + 60.0 * (1 - np.linspace(-1, 1, move) ** 2),
        np.full(locking, 320.0),
        np.full(friction, lock),
    )
    trace = np.concatenate(parts) + 4.0 * rng.normal(size=sum(part.size for part in parts))
    return np.concatenate((np.zeros(idle), trace, np.zeros(idle)))


@given(st.integers(0, 50))
@settings(max_examples=8, deadline=None)
def test_cuts_lie_where_the_phases_change(seed: int) -> None:
    regimes = find_regimes(throw(np.random.default_rng(seed)))
    assert [one.stop for one in regimes] == pytest.approx(np.cumsum(LENGTHS).tolist(), abs=6)
    assert regimes[0].first == 0


def test_regimes_minimise_the_likelihood_against_every_cut_nearby() -> None:
    """Independent reference: brute force over all cuts of a short trace in two parabolas."""
    rng = np.random.default_rng(1)
    trace = np.concatenate((np.full(14, 1.0), np.linspace(5.0, 9.0, 16))) + 0.05 * rng.normal(size=30)

    def cost(part: np.ndarray) -> float:
        fit = np.polyval(np.polyfit(np.arange(part.size), part, 2), np.arange(part.size))
        return part.size * np.log(np.mean((part - fit) ** 2))

    best = min(range(4, 27), key=lambda cut: cost(trace[:cut]) + cost(trace[cut:]))
    assert find_regimes(trace, 2)[0].stop == best


def test_a_throw_by_hand() -> None:
    trace = np.concatenate((np.zeros(50), np.full(400, 300.0), np.zeros(70)))
    trace[50:53] = 2000.0
    one = read_throw(trace, STEP)
    assert one is not None
    assert (one.begin_s, one.duration_s, one.peak_w) == pytest.approx((0.5, 4.0, 2000.0))
    assert one.energy_j == pytest.approx(300.0 * 3.97 + 2000.0 * 0.03)


def test_energy_and_duration_do_not_depend_on_what_stands_around_the_throw() -> None:
    bare, framed = (read_throw(throw(np.random.default_rng(2), idle=idle), STEP) for idle in (0, 300))
    assert bare is not None
    assert framed is not None
    assert framed.figures() == pytest.approx(bare.figures())
    assert framed.begin_s == pytest.approx(3.0)


@pytest.mark.parametrize("trace", [np.zeros(500), np.full(500, np.nan), np.full(500, 300.0), np.empty(0), np.ones(1)])
def test_a_motor_that_never_ran_says_nothing(trace: np.ndarray) -> None:
    assert read_throw(trace, STEP) is None
    assert measure(record("switches", STEP, {"motor_power": trace}), [], EN).conditions == ()


def test_a_heavy_lock_and_a_slow_translation_stand_out_of_the_baseline_by_name() -> None:
    rng = np.random.default_rng(3)
    healthy = [read_throw(throw(rng), STEP) for _ in range(12)]
    baseline = learn_baseline([one for one in healthy if one is not None])
    assert baseline is not None
    sound = read_throw(throw(rng), STEP)
    heavy, slow = read_throw(throw(rng, lock=520.0), STEP), read_throw(throw(rng, slow=60), STEP)
    assert sound is not None
    assert heavy is not None
    assert slow is not None
    assert next(iter(deviations(heavy, baseline))) == "throw_friction_power"
    worst = deviations(slow, baseline)
    assert next(iter(worst)) in ("throw_translation_duration", "throw_duration")
    assert worst["throw_duration"] > 4
    assert max(abs(z) for name, z in deviations(sound, baseline).items() if "duration" not in name) < 4
    assert learn_baseline([sound]) is None


def test_the_published_throw_splits_in_its_five_regimes(shared_data: Path) -> None:
    recording = real(shared_data / "fr-railway-switch-power" / "switch_operation_y1.csv", "fr-switch-power")
    measured = measure(recording, [], EN)
    one = values(measured, "fr-switch-1")
    assert one["throw_duration"] == pytest.approx(5.62)
    assert one["throw_peak_power"] == pytest.approx(2721.9, abs=0.1)
    assert {f"throw_{phase}_duration" for phase in PHASES} <= set(one)
    # the inrush ends and the friction clutch begins to slip where the trace jumps
    assert one["throw_start_duration"] == pytest.approx(0.18, abs=0.05)
    assert one["throw_duration"] - one["throw_friction_duration"] == pytest.approx(4.24, abs=0.05)
    assert one["throw_friction_power"] > one["throw_translation_power"] > one["throw_unlocking_power"]


def test_gaps_are_bridged_and_said() -> None:
    trace = throw(np.random.default_rng(4))
    holed = trace.copy()
    holed[100:140] = np.nan
    (whole, gap) = (measure(record("switches", STEP, {"motor_power": t}), [], EN).conditions for t in (trace, holed))
    assert {one.quality for one in whole} == {"good"}
    assert {one.quality for one in gap} == {"suspect"}
    assert replace(gap[1], quality="good").value == pytest.approx(whole[1].value, rel=0.02)
