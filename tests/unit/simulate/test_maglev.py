"""Girders, gap and magnets against mechanics, and defects that show where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from guideway.monitoring.maglev import measure
from guideway.simulate.degradation import DAYS_PER_YEAR
from guideway.simulate.guideway import Guideway, SlowDefect, repairs
from guideway.simulate.layout import GIRDER_M
from guideway.simulate.maglev import GIRDER_RATE_HZ, NOMINAL_CURRENT_A, girder_record, magnet_ids, vehicle_run
from guideway.simulate.measurements import series_of_guideway
from guideway.simulate.network import NetworkSpec, line_of

from .urban_world import BOOKS, girder_stretches, recording_of

LINE = line_of("maglev", 1, 2.0)
SPEC = NetworkSpec(seed=2, weeks=104, lines=(LINE,), max_drift_m=0.0)


@pytest.fixture(scope="module")
def guideway() -> Guideway:
    return Guideway(LINE, SPEC)


def by_kind(guideway: Guideway, kind: str) -> SlowDefect:
    return next(defect for defect in guideway.defects if defect.kind == kind)


def frequency_of(acceleration: np.ndarray, quiet_from_s: float) -> float:
    """Independent estimate: the centre of the resonance's power, from a smoothed spectrum."""
    quiet = acceleration[round(quiet_from_s * GIRDER_RATE_HZ) :]
    frequency, power = signal.welch(quiet, GIRDER_RATE_HZ, nperseg=512)
    near = np.abs(frequency - frequency[np.argmax(power)]) < 0.4
    return float(np.average(frequency[near], weights=power[near]))


def test_a_girder_rings_at_its_frequency(guideway: Guideway) -> None:
    healthy = next(i for i in range(guideway.layout.n) if all(d.index != i for d in guideway.defects))
    found = [frequency_of(girder_record(guideway, healthy, v, 10.0).acceleration, 8.0) for v in range(8)]
    assert np.mean(found) == pytest.approx(guideway.frequency_hz[healthy], rel=0.01)


def test_a_softening_bearing_lowers_frequency_by_the_root_of_stiffness_and_raises_deflection(
    guideway: Guideway,
) -> None:
    defect = by_kind(guideway, "softening_bearing")
    only = Guideway(LINE, SPEC)
    only.defects = (replace(defect, repair_day=np.inf),)
    late = defect.onset_day + 0.25 / defect.rate_per_year * DAYS_PER_YEAR
    records = {day: [girder_record(only, defect.index, v, day) for v in range(8)] for day in (0.0, late)}
    before, after = (np.mean([frequency_of(r.acceleration, 8.0) for r in of_day]) for of_day in records.values())
    assert after / before == pytest.approx(np.sqrt(0.75), rel=0.015)
    sag = {day: np.mean([r.deflection_mm.max() for r in of_day]) for day, of_day in records.items()}
    assert sag[late] / sag[0.0] == pytest.approx(1.0 / 0.75, rel=0.06)


def test_deflection_under_a_slow_train_is_nearly_the_static_one(guideway: Guideway) -> None:
    record = girder_record(guideway, 1, 0, 0.0)
    inside = slice(round(record.enters_s * GIRDER_RATE_HZ), round(record.leaves_s * GIRDER_RATE_HZ))
    assert record.deflection_mm[inside].max() == pytest.approx(guideway.deflection_mm[1], rel=0.12)
    outside = record.deflection_mm[round((record.leaves_s + 12.0) * GIRDER_RATE_HZ) :]
    assert np.abs(outside).max() < 0.25


def test_each_girder_defect_changes_the_gap_where_it_is_and_nowhere_else(guideway: Guideway) -> None:
    for kind in ("settling_pier", "loosening_bolt"):
        defect = by_kind(guideway, kind)
        only = Guideway(LINE, SPEC)
        only.defects = (replace(defect, repair_day=np.inf),)
        late = defect.limit_day + 60.0
        changes = []
        for day in (defect.onset_day, late):
            run = vehicle_run(only, (), 0, 0, day)
            changes.append((run.true_m, run.channels["levitation_gap_left"]))
        (at, before), (_, after) = changes
        girder = ((at - LINE.from_m) / GIRDER_M).astype(int)
        moved = np.array([np.std((after - before)[girder == i]) for i in range(only.layout.n)])
        assert abs(int(np.argmax(moved)) - defect.index) <= 1
        assert moved.max() > 3.0 * np.median(moved)


def test_the_gap_keeps_its_mean_and_shows_the_span(guideway: Guideway) -> None:
    run = vehicle_run(guideway, (), 1, 0, 0.0)
    gap = run.channels["levitation_gap_left"]
    assert gap.mean() == pytest.approx(10.0, abs=0.05)
    assert 0.1 < gap.std() < 0.6
    frequency, power = signal.periodogram(np.interp(np.arange(0, run.true_m[-1], 0.25), run.true_m, gap), 4.0)
    spans = frequency[np.argmax(np.where(frequency > 1 / 60, power, 0))] * GIRDER_M
    assert spans == pytest.approx(1.0, abs=0.05) or spans == pytest.approx(2.0, abs=0.05)


def test_a_weak_magnet_needs_more_current_and_gets_warmer(guideway: Guideway) -> None:
    magnet = magnet_ids(guideway)[0]
    defect = SlowDefect(magnet, 0, "weakening_magnet", 0.0, 0.1, 1 / 6, "1")
    healthy, weak = (vehicle_run(guideway, (defect,), 2, 0, day) for day in (0.0, 1.5 * DAYS_PER_YEAR))
    ratio = [np.median(r.channels["magnet_current"] / r.channels["levitation_gap_left"]) for r in (healthy, weak)]
    assert ratio[1] / ratio[0] == pytest.approx(1.0 / 0.85, rel=0.01)
    rise = [r.channels["magnet_temperature"].mean() - r.ambient_c for r in (healthy, weak)]
    assert rise[0] == pytest.approx(32.0, rel=0.02)
    assert rise[1] > 1.3 * rise[0]
    assert pytest.approx(np.mean(healthy.channels["magnet_current"]), rel=0.01) == NOMINAL_CURRENT_A


def test_limits_are_passed_on_the_day_the_truth_says(guideway: Guideway) -> None:
    for defect in guideway.defects:
        assert replace(defect, repair_day=np.inf).severity(defect.limit_day) == pytest.approx(defect.limit)
        assert defect.severity(defect.onset_day) == 0.0
        assert defect.onset_day > 0.1 * SPEC.weeks * 7


def test_a_repair_ends_the_defect_and_is_a_work_of_that_girder() -> None:
    found = 0
    for seed in range(6):
        spec = SPEC.model_copy(update={"seed": seed})
        guideway = Guideway(LINE, spec)
        works = {work.first: work for work in repairs(guideway)}
        for defect in guideway.defects:
            if defect.repair_day < spec.weeks * 7:
                work = works.pop(defect.index)
                assert work.day == defect.repair_day > defect.limit_day
                assert work.effects[0] > defect.limit
                assert defect.severity(work.day) == 0.0
                found += 1
        assert not works
    assert found >= 3


def test_settlement_is_measured_by_the_loop_the_file_states(guideway: Guideway) -> None:
    pier = by_kind(guideway, "settling_pier")
    runs, _ = series_of_guideway(guideway, ())
    day = min(pier.limit_day, SPEC.weeks * 7.0) - 1.0
    run = next(one for one in runs.measurements if one.day > day - 40.0 and one.channels["speed"].mean() > 180.0)
    stretches = list(girder_stretches(guideway))

    def settlement(**stated: str) -> float:
        recording = recording_of(run)
        recording = replace(recording, attributes={**recording.attributes, **stated})
        found = measure(recording, stretches, BOOKS["maglev"]).conditions
        return next(c.value for c in found if c.indicator == "girder_settlement" and c.asset_id == pier.asset_id)

    truth = pier.severity(run.day)
    assert truth > 3.0
    assert settlement() == pytest.approx(truth, abs=1.5)
    assert settlement(gap_sign="1.0") == pytest.approx(-settlement(), rel=1e-6)
    assert settlement(control_hz="4.0") > 2.0 * settlement()
