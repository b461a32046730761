"""Works beside receivers and parts of levels in Spark: the right passages reach the kernels and numbers come back."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from guideway.contracts.bronze import RECORDING
from guideway.contracts.gold import CONDITION
from guideway.contracts.noise_control import INSERTION_LOSS, LEVEL_PART, NOISE_SOURCE
from guideway.contracts.reference import ASSET, WORK_HISTORY
from guideway.monitoring.noise_control.before_after import before_after_loss
from guideway.monitoring.noise_control.receiver_split import receiver_parts, roughness_above_smooth
from guideway.transforms.noise_control import insertion_losses, level_parts

from .test_series import frame

pytestmark = pytest.mark.spark
GROUND = datetime(2024, 7, 1, 2, tzinfo=timezone.utc)
AGAIN = GROUND + timedelta(days=300)


def passage(number: int, asset: str) -> tuple[dict[str, object], dict[str, object]]:
    """A recording every two weeks from a year before the work, 4 dB quieter after it, and its level."""
    rng = np.random.default_rng([number, len(asset)])
    at = GROUND + timedelta(days=14 * number - 360, hours=1)
    speed = 55.0 + 10.0 * rng.random()
    level = 60.0 + 30.0 * np.log10(speed / 60.0) - 4.0 * (at > GROUND) + rng.normal(0.0, 0.4)
    level += 20.0 * (number == 3) - 50.0 * (at > AGAIN)
    name = f"{asset}-{number}"
    recording = {
        "recording_id": name,
        "content_sha256": name,
        "source_id": "geophone",
        "domain": "vibration_noise",
        "vehicle_or_sensor_id": asset,
        "line_id": "M1",
        "track_id": "1",
        "asset_id": asset,
        "started_at": at,
        "axis": "time",
        "start": 0.0,
        "step": 0.001,
        "n_samples": 60_000,
        "channels": ["vibration_velocity_z"],
        "attributes": {"speed_kmh": f"{speed:.1f}", "train_type": "AB"[number % 2]},
        "delivered_at": at,
    }
    condition = {
        "asset_id": asset,
        "indicator": "passage_velocity_level",
        "recording_id": name,
        "line_id": "M1",
        "measured_at": at,
        "value": float(level),
        "unit": "dB",
        "n_samples": 60_000,
        "coverage": 1.0,
        "quality": {3: "suspect", 5: "poor", 6: "suspect"}.get(number, "good"),
    }
    return recording, condition


def place(asset: str, from_m: float, kind: str = "receiver") -> dict[str, object]:
    where = {"asset_id": asset, "asset_type": kind, "line_id": "M1", "track_id": "1", "attributes": {}}
    return where | {"from_m": from_m, "to_m": from_m + 50.0, "name": asset}


def work(name: str, at: datetime, from_m: float, to_m: float) -> dict[str, object]:
    where = {"work_id": name, "line_id": "M1", "track_id": "1", "from_m": from_m, "to_m": to_m}
    return where | {"work_type": "grinding", "finished_at": at, "source": "register"}


def test_a_work_is_judged_by_the_passages_between_its_neighbours(spark: SparkSession) -> None:
    made = {asset: [passage(n, asset) for n in range(52)] for asset in ("M1-R1", "M1-R22")}
    both = [pair for pairs in made.values() for pair in pairs]
    recordings = frame(spark, RECORDING, [recording for recording, _ in both])
    conditions = frame(spark, CONDITION, [condition for _, condition in both])
    flat = {"asset_id": "M1-R1", "recording_id": "M1-R1-3", "quantity": "vibration_velocity_z", "source_id": "T7"}
    flat |= {"kind": "wheel_flat", "line_id": "M1", "measured_at": GROUND, "n_passages": 2, "n_found": 2}
    flat |= {"share": 0.9, "total_db": 80.0, "speed_kmh": 60.0}
    unheard = flat | {"recording_id": "M1-R1-7", "n_found": 0, "share": 0.0}
    assets = [place("M1-R1", 1000.0), place("M1-R22", 5000.0), place("M1-S1", 1000.0, "track_section")]
    works = [work("G1", GROUND, 900.0, 1200.0), work("G2", AGAIN, 800.0, 1100.0)]
    works.append(work("G3", GROUND + timedelta(days=700), 900.0, 1200.0))
    losses = insertion_losses(
        conditions,
        recordings,
        frame(spark, NOISE_SOURCE, [flat, unheard]),
        frame(spark, ASSET, assets),
        frame(spark, WORK_HISTORY, works),
        date(2025, 12, 1),
    )
    assert set(losses.columns) == {column.name for column in INSERTION_LOSS.columns}
    rows = {row.work_id: row for row in losses.collect()}
    assert set(rows) == {"G1", "G2"}, "the third is not known yet, the other receiver has no work"
    first = rows["G1"]
    assert (first.asset_id, first.line_id, first.work_type, first.finished_at.isoformat()) == (
        "M1-R1",
        "M1",
        "grinding",
        GROUND.replace(tzinfo=None).isoformat(),
    )
    assert (first.status, first.n_left_out) == ("ok", 1)
    assert first.low_db < 4.0 < first.high_db
    assert first.is_proven
    told = []
    for number, (recording, condition) in enumerate(made["M1-R1"]):
        at = condition["measured_at"]
        assert isinstance(at, datetime)
        if number not in (5, 6) and at < AGAIN:
            facts = recording["attributes"]
            assert isinstance(facts, dict)
            row = {"recording_id": recording["recording_id"], "level_db": condition["value"]}
            row |= {"years": (at - GROUND) / timedelta(days=365.25), "train_type": facts["train_type"]}
            told.append(row | {"speed_kmh": float(facts["speed_kmh"]), "has_flat": row["recording_id"] == "M1-R1-3"})
    kernel = before_after_loss(pd.DataFrame(told))
    assert [first.loss_db, first.low_db, first.high_db] == pytest.approx(
        [kernel.loss.loss_db, kernel.loss.low_db, kernel.loss.high_db], abs=1e-9
    )
    assert (first.n_before, first.n_after) == (kernel.n_before, kernel.n_after)


def test_levels_are_split_by_the_good_passages_of_a_year(spark: SparkSession) -> None:
    made = {asset: [passage(n, asset) for n in range(40)] for asset in ("M1-R1", "M1-R22")}
    both = [pair for pairs in made.values() for pair in pairs]
    rng = np.random.default_rng(0)
    shares = {str(recording["recording_id"]): float(rng.uniform(0.1, 0.9)) for recording, _ in both}
    usual = {"quantity": "vibration_velocity_z", "kind": "corrugation", "line_id": "M1", "measured_at": GROUND}
    usual |= {"n_passages": 2, "n_found": 2, "total_db": 80.0, "speed_kmh": 60.0}
    sources = [
        usual
        | {
            "recording_id": name,
            "asset_id": name.rpartition("-")[0],
            "source_id": name.rpartition("-")[0],
            "share": share,
        }
        for name, share in shares.items()
    ]
    # a share of sound says nothing of vibration
    sources += [one | {"quantity": "sound_pressure", "share": 0.0} for one in sources[:5]]
    measured = {"attributes": {"decay_rate_db_per_m": "2.5"}}
    assets = [place("M1-R1", 1000.0) | measured, place("M1-R22", 5000.0)]
    as_of = date(2024, 11, 30)
    rows = level_parts(
        frame(spark, CONDITION, [condition for _, condition in both]),
        frame(spark, RECORDING, [recording for recording, _ in both]),
        frame(spark, NOISE_SOURCE, sources),
        frame(spark, ASSET, assets),
        as_of,
    )
    assert set(rows.columns) == {column.name for column in LEVEL_PART.columns}
    known = []
    for recording, condition in both:
        at, facts = condition["measured_at"], recording["attributes"]
        assert isinstance(at, datetime)
        assert isinstance(facts, dict)
        first = datetime(2023, 12, 2, tzinfo=timezone.utc)
        if condition["quality"] == "good" and first <= at < datetime(2024, 12, 1, tzinfo=timezone.utc):
            name = str(recording["recording_id"])
            row = {"recording_id": name, "asset_id": recording["asset_id"], "level_db": condition["value"]}
            row |= {"speed_kmh": float(facts["speed_kmh"]), "train_type": facts["train_type"]}
            known.append(row | {"roughness_db": roughness_above_smooth(shares[name])})
    expected = {
        (part.asset_id, part.part): part
        for part in receiver_parts(pd.DataFrame(known).sort_values(["asset_id", "recording_id"], ignore_index=True))
    }
    told = {(row.asset_id, row.part): row for row in rows.collect()}
    assert set(told) == set(expected)
    assert {part for _, part in told} == {"common", "speed", "train_type", "rail_roughness", "location", "rest"}
    for key, part in expected.items():
        assert told[key].part_db == pytest.approx(part.part_db, abs=1e-9)
        assert (told[key].n_passages, told[key].status, told[key].as_of) == (part.n_passages, "ok", as_of)
