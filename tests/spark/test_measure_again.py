"""A second measuring with new definitions replaces the first and says what it did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

from guideway.contracts.bronze import RECORDING, SIGNAL
from guideway.contracts.gold import CONDITION
from guideway.contracts.jobs import MEASURE_CONDITION
from guideway.contracts.reference import ASSET, LINE, SECTION, TRACK
from guideway.contracts.silver import MEASUREMENT
from guideway.job import execute
from guideway.lake.lake import Lake
from guideway.lake.writer import Writer
from guideway.settings import Settings
from guideway.transforms import measurement
from jobs.measure_condition import run

from .test_series import frame

pytestmark = pytest.mark.spark
STARTED = datetime(2025, 3, 3, 9, tzinfo=timezone.utc)
RATE_HZ = 200.0


def put_network(spark: SparkSession, writer: Writer) -> None:
    """A metro line with one receiver."""
    place = {"line_id": "M1", "track_id": "1", "from_m": 0.0, "to_m": 400.0, "name": "M1"}
    line = place | {"mode": "metro", "rulebook_id": "metro", "time_zone": "UTC"}
    receiver = place | {"asset_id": "M1-R1", "asset_type": "receiver", "attributes": {"receiver_zone": "residential"}}
    writer.append(frame(spark, LINE, [line]), LINE)
    writer.append(frame(spark, TRACK, [place]), TRACK)
    writer.append(frame(spark, ASSET, [receiver]), ASSET)
    writer.append(frame(spark, SECTION, []), SECTION)


def put_recording(spark: SparkSession, writer: Writer, name: str, passage: bool) -> None:
    """A minute of vibration, with a train or without."""
    rng = np.random.default_rng(len(name))
    time = np.arange(round(60 * RATE_HZ)) / RATE_HZ
    velocity = (0.001 + 0.2 * passage * ((time > 20) & (time < 28))) * rng.standard_normal(time.size)
    recording = {
        "recording_id": name,
        "content_sha256": name,
        "source_id": "geophone",
        "domain": "vibration_noise",
        "vehicle_or_sensor_id": "M1-R1",
        "line_id": "M1",
        "track_id": "1",
        "asset_id": "M1-R1",
        "started_at": STARTED,
        "axis": "time",
        "start": 0.0,
        "step": 1.0 / RATE_HZ,
        "n_samples": time.size,
        "channels": ["vibration_velocity_z"],
        "attributes": {"speed_kmh": "60"},
        "delivered_at": STARTED,
    }
    block = {"recording_id": name, "channel": "vibration_velocity_z", "block": 0, "start": 0.0, "step": 1.0 / RATE_HZ}
    block |= {
        "unit": "mm/s",
        "values": velocity.astype("float32").tolist(),
        "n_valid": time.size,
        "source_id": "geophone",
    }
    writer.append(frame(spark, RECORDING, [recording]), RECORDING)
    writer.append(frame(spark, SIGNAL, [block]), SIGNAL)


def test_measuring_again_replaces_and_counts(
    spark: SparkSession, settings: Settings, lake: Lake, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = settings.model_copy(update={"lake": str(tmp_path / "lake"), "lock_wait_seconds": 5.0})
    put_network(spark, writer)
    put_recording(spark, writer, "train", passage=True)
    put_recording(spark, writer, "quiet", passage=False)

    def measured(number: int) -> Mapping[str, object]:
        return execute(
            MEASURE_CONDITION, run, mine, spark=spark, as_of=date(2025, 3, 9), run_id=f"measure-{number}"
        ).facts

    first = measured(1)
    assert first == {"measured": 1, "no_indicator": 1}
    values = lake.read(CONDITION).count()
    assert values > 3
    monkeypatch.setattr(measurement, "DEFINITION", "another")
    assert measured(2) == first
    assert lake.read(CONDITION).count() == values
    assert lake.read(MEASUREMENT).count() == 2
    assert measured(3) == {"measured": 0}
