"""Sources of simulated passages against the spectrum they were made from; what works brought against the truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import fft

from guideway.archives.recording import Channel, Recording
from guideway.monitoring import vibration_noise
from guideway.monitoring.definition import Measurement, SourceShare
from guideway.monitoring.noise_control.before_after import before_after_loss
from guideway.monitoring.noise_control.ranking import rank_receivers
from guideway.rulebooks.rulebook import Rulebook
from guideway.simulate import wayside
from guideway.simulate.layout import Layout, lay_out
from guideway.simulate.network import NetworkSpec, line_of
from guideway.simulate.wayside import Receiver, Train, receivers_of

LINE = line_of("metro", 1, 4.4)
SPEC = NetworkSpec(seed=2, lines=(LINE,))
LAYOUT: Layout = lay_out(LINE, SPEC.seed)
RECEIVERS = receivers_of(LAYOUT, SPEC)


def measured(receiver: Receiver, visit: int, day: float, **attributes: str) -> tuple[Measurement, Train]:
    """One simulated record measured, and the train that passed."""
    velocity, _, passages = wayside.vibration_record(receiver, LAYOUT, SPEC, visit, day)
    train = passages[0].train
    facts = {"speed_kmh": f"{train.speed_kmh:.1f}", "train_id": train.train_id} | attributes
    recording = Recording(
        source_id="sim_wayside_vibration",
        domain="vibration_noise",
        vehicle_or_sensor_id=receiver.asset_id,
        line_id="M01",
        track_id="1",
        started_at=pd.Timestamp("2025-03-01 10:00", tz="UTC").to_pydatetime(),
        axis="time",
        start=0.0,
        step=1.0 / wayside.VIBRATION_RATE_HZ,
        channels=(Channel("vibration_velocity_z", "mm/s", velocity.astype(np.float32)),),
        asset_id=receiver.asset_id,
        attributes={name: value for name, value in facts.items() if value},
    )
    return vibration_noise.measure(recording, (), Rulebook("none", ())), train


def shares(receiver: Receiver, visit: int, day: float, **attributes: str) -> tuple[dict[str, SourceShare], Train]:
    """What is found in one simulated record, by kind, and the train that passed."""
    found, train = measured(receiver, visit, day, **attributes)
    return {source.kind: source for source in found.sources}, train


def true_share(receiver: Receiver, train: Train, day: float) -> float:
    """Energy of the narrow maximum over that of the whole spectrum."""
    f = fft.rfftfreq(8192, 1.0 / wayside.VIBRATION_RATE_HZ)
    form = str(LAYOUT.track_form[receiver.section])
    whole = wayside.vibration_spectrum(f, receiver, form, train, day)
    smooth = wayside.vibration_spectrum(f, replace(receiver, start_db=-200.0, growth_db_per_year=0.0), form, train, day)
    return 1.0 - float(np.sum(smooth**2) / np.sum(whole**2))


def test_the_share_of_corrugation_is_that_of_its_energy() -> None:
    errors = []
    for visit, day in enumerate(np.linspace(20.0, 480.0, 12)):
        found, train = shares(RECEIVERS[1], visit, day)
        truth = true_share(RECEIVERS[1], train, day)
        errors.append(found["corrugation"].share - truth)
        assert found["corrugation"].n_passages == 2
        if truth > 0.6:
            heard = found["corrugation"].frequency_hz
            assert heard == pytest.approx(train.speed_kmh / 3.6 / RECEIVERS[1].corrugation_m, rel=0.05)
    assert abs(np.median(errors)) < 0.08
    assert max(abs(error) for error in errors) < 0.25


def test_a_flat_wheel_is_told_from_round_ones() -> None:
    day = SPEC.weeks * 7.0 - 10.0
    flat, round_ = [], []
    for visit in range(30):
        result, train = measured(RECEIVERS[1], visit, day)
        wheel = next(source for source in result.sources if source.kind == "wheel_flat")
        assert wheel.source_id == train.train_id
        (flat if train.flat else round_).append(wheel)
        # a level that a wheel makes is no trend of the track
        assert {condition.quality for condition in result.conditions} == {"suspect" if train.flat else "good"}
    assert len(flat) >= 2
    assert all(source.n_found >= 1 and source.share > 0.2 for source in flat)
    assert sum(source.n_found for source in flat) >= 2 * len(flat) - 1
    assert not any(source.n_found for source in round_)


def test_without_a_speed_no_source_is_told_and_without_a_train_it_has_no_name() -> None:
    assert shares(RECEIVERS[1], 3, 100.0, speed_kmh="")[0] == {}
    unnamed = shares(RECEIVERS[1], 3, 100.0, train_id="", wheel_diameter_m="0.84")[0]
    assert unnamed["wheel_flat"].source_id == "passing trains"
    assert unnamed["corrugation"].source_id == RECEIVERS[1].asset_id


def source_row(kind: str, source: str, share: float, total_db: float, passages: int = 2) -> dict[str, object]:
    at = pd.Timestamp("2025-05-01", tz="UTC")
    row = {"asset_id": "R1", "quantity": "sound_pressure", "source_id": source, "kind": kind, "share": share}
    found = passages if share else 0
    return row | {
        "n_passages": passages,
        "n_found": found,
        "total_db": total_db,
        "frequency_hz": 6.0,
        "measured_at": at,
    }


def test_a_receiver_hears_its_sources_by_their_energy_over_all_passages() -> None:
    rows = [source_row("corrugation", "R1", 0.5, 60.0) for _ in range(9)]
    rows += [source_row("wheel_flat", f"T{i}", 0.0, 60.0) for i in range(9)]
    rows += [source_row("corrugation", "R1", 0.0, 70.0), source_row("wheel_flat", "T7", 0.9, 70.0)]
    ranked = rank_receivers(pd.DataFrame(rows))
    assert ranked["source_id"].tolist() == ["T7", "R1"]
    # 9 passages of 1e6 and one of 1e7: 19e6 in all, of which the flat wheel makes 9e6 and the rail 4.5e6
    assert ranked["share"].tolist() == pytest.approx([9.0 / 19.0, 4.5 / 19.0])
    assert ranked["share_when_found"].tolist() == pytest.approx([0.9, 0.5])
    assert ranked["n_found"].tolist() == [2, 18]
    assert ranked["n_passages"].tolist() == [20, 20]
    assert rank_receivers(pd.DataFrame(rows[9:18] + rows[:0])).empty
    assert rank_receivers(pd.DataFrame()).empty


def passages(seed: int, loss_db: float, growth_db: float, each: int = 26) -> pd.DataFrame:
    """A year of passages each side of a work while the rail gets rougher."""
    rng = np.random.default_rng(seed)
    years = np.linspace(-0.98, 0.98, 2 * each)
    speed = rng.normal(58.0, 6.0, years.size)
    kind = rng.choice(["A4", "B6"], years.size)
    level = 55 + 30 * np.log10(speed / 60) + 1.5 * (kind == "B6") + growth_db * years - loss_db * (years > 0)
    level += rng.normal(0.0, 0.6, years.size)
    flat = rng.random(years.size) < 0.05
    columns = {"recording_id": [f"r{i}" for i in range(years.size)], "years": years, "level_db": level + 12.0 * flat}
    return pd.DataFrame(columns | {"speed_kmh": speed, "train_type": kind, "has_flat": flat})


@pytest.mark.parametrize(("loss_db", "growth_db"), [(5.0, 5.0), (2.4, 0.4), (0.0, 6.0)])
def test_what_a_work_brought_is_found_though_the_rail_got_rougher(loss_db: float, growth_db: float) -> None:
    effects = [before_after_loss(passages(seed, loss_db, growth_db)) for seed in range(60)]
    covered = np.mean([effect.loss.low_db < loss_db < effect.loss.high_db for effect in effects])
    assert covered >= 0.85
    assert np.mean([effect.loss.loss_db for effect in effects]) == pytest.approx(loss_db, abs=0.15)
    proven = np.mean([effect.loss.is_proven for effect in effects])
    assert proven <= 0.1 if loss_db == 0.0 else proven > 0.9
    assert {effect.status for effect in effects} == {"ok"}


def test_flat_wheels_are_left_out_and_unknown_speeds_are_done_without() -> None:
    rows = passages(1, 3.0, 0.0)
    effect = before_after_loss(rows)
    inside = rows["years"].abs() > 7 / 365.25
    assert effect.n_left_out == int((rows["has_flat"] & inside).sum()) > 0
    blind = before_after_loss(rows.assign(speed_kmh=np.nan, train_type=None))
    assert blind.status == "ok"
    assert blind.loss.high_db - blind.loss.low_db > effect.loss.high_db - effect.loss.low_db


def test_few_passages_say_nothing() -> None:
    rows = passages(0, 3.0, 0.0, each=4)
    effect = before_after_loss(rows)
    assert effect.status == "too_few"
    assert not effect.loss.is_proven
    assert math.isnan(effect.loss.loss_db)
    assert before_after_loss(rows.head(0)).status == "too_few"
    assert before_after_loss(rows[rows["years"] > 0]).n_before == 0
