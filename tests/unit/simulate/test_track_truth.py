"""What the written files say about the track is what the truth says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import signal

from guideway.archives.recording import Recording

from .conftest import Tiny

pytestmark = pytest.mark.slow

LINES = ("C01", "H01", "M01")


def d1(values: np.ndarray) -> np.ndarray:
    sos = signal.butter(4, (1 / 25.0, 1 / 3.0), btype="bandpass", fs=4.0, output="sos")
    return signal.sosfiltfilt(sos, values.astype(np.float64))


def healthy_runs(tiny: Tiny, line_id: str) -> list[tuple[int, str, Recording]]:
    files = tiny.table("files.csv")
    geometry = files[(files.line_id == line_id) & files.source_id.str.contains("train|inspection|geometry")]
    states = tiny.table(f"section_sd/{line_id}.parquet")
    days = sorted(states.measured_on.unique())
    kept = geometry[geometry.fault.isin(["none", "late", "correction"])]
    return [(days.index(f.started_at[:10]), f.path, tiny.decode(f.path).recordings[0]) for f in kept.itertuples()]


def true_chainage(tiny: Tiny, line_id: str, path: str, stated: np.ndarray) -> np.ndarray:
    shifts = tiny.table(f"shifts/{line_id}.parquet")
    own = shifts[shifts.path == path]
    return stated + np.interp(stated, own.stated_m, own.shift_m)


@pytest.mark.parametrize("line_id", LINES)
def test_the_d1_standard_deviation_of_each_section_is_the_true_one(tiny: Tiny, line_id: str) -> None:
    states = tiny.table(f"section_sd/{line_id}.parquet")
    sections = tiny.table("sections.csv").query("line_id == @line_id")
    errors = []
    for number, path, run in healthy_runs(tiny, line_id):
        at = true_chainage(tiny, line_id, path, run.positions)
        state = states[states.run == number].set_index("asset_id")
        for side in ("left", "right"):
            level = d1(run.values(f"longitudinal_level_{side}"))
            for section in sections.itertuples():
                inside = (at >= section.from_m) & (at < section.to_m)
                if inside.sum() > 760 and not state.isolated_defect[section.asset_id]:
                    errors.append(level[inside].std(ddof=1) / state.level_sd_mm[section.asset_id] - 1.0)
    relative = np.array(errors)
    assert relative.size > 50
    assert abs(relative.mean()) < 0.01
    assert np.quantile(np.abs(relative), 0.95) < 0.06


@pytest.mark.parametrize("line_id", LINES)
def test_runs_lie_apart_by_the_difference_of_their_true_shifts(tiny: Tiny, line_id: str) -> None:
    (_, path_a, a), (_, path_b, b) = healthy_runs(tiny, line_id)[:2]
    window = slice(1000, 3000)
    x, y = d1(a.values("longitudinal_level_left")), d1(b.values("longitudinal_level_left"))
    lags = np.arange(-100, 101)
    scores = [np.corrcoef(x[window], y[window.start + lag : window.stop + lag])[0, 1] for lag in lags]
    measured = 0.25 * lags[int(np.argmax(scores))]
    at = a.positions[window]
    shift_a = float(np.mean(true_chainage(tiny, line_id, path_a, at) - at))
    shift_b = float(np.mean(true_chainage(tiny, line_id, path_b, at) - at))
    assert max(scores) > 0.9
    assert measured == pytest.approx(shift_a - shift_b, abs=0.75)


def test_shifts_stay_within_the_bound_and_are_smooth(tiny: Tiny) -> None:
    for line_id in LINES:
        shifts = tiny.table(f"shifts/{line_id}.parquet")
        assert shifts.shift_m.abs().max() < tiny.spec.max_drift_m
        assert shifts.groupby("path").shift_m.agg(lambda s: s.diff().abs().max()).max() < 1.0
        assert shifts.groupby("path").shift_m.mean().std() > 0.5


def test_isolated_defects_appear_on_their_day_and_not_before(tiny: Tiny) -> None:
    defects = tiny.table("defects.csv").query("kind == 'isolated_level'")
    checked = 0
    for defect in defects.itertuples():
        for _number, path, run in healthy_runs(tiny, defect.line_id):
            day = tiny.table(f"section_sd/{defect.line_id}.parquet").query("run == @number").measured_on.iloc[0]
            at = true_chainage(tiny, defect.line_id, path, run.positions)
            near = np.abs(at - defect.at_m) < 0.5
            far = (np.abs(at - defect.at_m) > 20.0) & (np.abs(at - defect.at_m) < 100.0)
            level = run.values("longitudinal_level_left").astype(np.float64)
            depth = level[far].mean() - level[near].mean()
            if day > defect.onset_on:
                assert depth > 0.4 * defect.start
            checked += 1
    assert checked == 0 or checked > 5


def test_cross_level_and_twist_are_those_of_the_two_rails(tiny: Tiny) -> None:
    _, _, run = healthy_runs(tiny, "C01")[0]
    tilt = run.values("longitudinal_level_left") - run.values("longitudinal_level_right")
    irregular = run.values("cross_level").astype(np.float64)
    cant = pd.Series(irregular - tilt).rolling(400, center=True).median().bfill().ffill()
    assert np.quantile(np.abs(irregular - tilt - cant), 0.9) < 3.0
    twist = (irregular[12:] - irregular[:-12]) / 3.0
    stated = run.values("twist_3m").astype(np.float64)[6:-6]
    assert np.std(twist - stated) < 0.06
