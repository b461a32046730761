"""The watch on a small lake: it alerts on what the nightly jobs find later, each once, and they lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from guideway.contracts.bronze import RECORDING, SOURCE_FILE
from guideway.contracts.gold import EXCEEDANCE, LIVE_ALERT
from guideway.contracts.jobs import INGEST_ARCHIVE, MEASURE_CONDITION
from guideway.monitoring.alerts import alert_id
from guideway.settings import Settings
from tests.live_world import SOURCE, LiveWorld

pytestmark = pytest.mark.spark


def test_live_alerts_are_the_nightly_jobs_exceedances_each_once(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    world = LiveWorld.first(tmp_path / "world", spark, settings)
    before = {row["recording_id"] for row in world.rows(RECORDING)}
    landing = tmp_path / "world" / "landing" / SOURCE
    first, second, *_ = world.held
    world.deliver([first, second])
    (landing / f"{first.stem}-copy.csv").write_bytes((landing / first.name).read_bytes())
    (landing / "TG_broken.csv").write_text("no measuring run\n", encoding="utf-8")

    told = world.watch().facts
    assert (told["files"], told["quarantined"], told["failed"]) == (4, 1, 0)
    alerts = {row["alert_id"]: row for row in world.rows(LIVE_ALERT)}
    assert told["act"] == sum(row["layer"] == "act" for row in alerts.values()) > 0
    assert told["plan"] == sum(row["layer"] == "plan" for row in alerts.values()) > 0
    assert world.watch().facts["files"] == 0
    assert world.alerts() == sorted(alerts), "a second look finds nothing new"
    assert {row["recording_id"] for row in world.rows(RECORDING)} == before, "nothing was taken in"

    assert world.run(INGEST_ARCHIVE).facts["accepted"] == 2
    world.run(MEASURE_CONDITION)
    found = [row for row in world.rows(EXCEEDANCE) if row["recording_id"] not in before]
    by_id = {alert_id(row["recording_id"], row["indicator"], row["asset_id"], row["from_m"]): row for row in found}
    assert by_id.keys() == alerts.keys()
    for identity, row in by_id.items():
        alert = alerts[identity]
        assert (alert["value"], alert["limit"], alert["measured_at"]) == (row["peak"], row["limit"], row["measured_at"])
        assert (alert["severity"], alert["reason"]) == (row["severity"], row["reason"])
    ledger = [row["status"] for row in world.rows(SOURCE_FILE) if row["path"].startswith(SOURCE)]
    assert sorted(ledger) == ["accepted"] * 4 + ["duplicate", "quarantined"]
    assert world.watch().facts["files"] == 0, "what was watched and then ingested is no news"
