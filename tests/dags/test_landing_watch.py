"""The watcher of the landing folder, looking at real folders."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.filterwarnings("ignore")]
PATIENCE = 60


async def event(events: AsyncIterator[Any]) -> Any:
    return (await asyncio.wait_for(anext(events), PATIENCE)).payload


def test_each_delivery_is_told_once_and_what_is_no_delivery_never(dags: dict[str, Any], tmp_path: Path) -> None:
    from landing_watch import LandingTrigger

    landing = tmp_path / "landing"

    async def watch() -> None:
        events = LandingTrigger(str(landing), seconds=0).run()
        (landing / "train").mkdir(parents=True)
        (landing / "train" / "run1.csv").write_text("1")
        assert await event(events) == {"landing": str(landing), "files": 1}

        waiting = asyncio.ensure_future(anext(events))
        (landing / "train" / ".run2.csv").write_text("a sender's draft")
        (landing / "link.csv").symlink_to(landing / "train" / "run1.csv")
        (landing / "train" / "run1.csv").unlink()
        for _ in range(200):
            await asyncio.sleep(0.002)
        assert not waiting.done(), "neither a draft nor a link nor a file that goes is a delivery"

        (landing / "train" / ".run2.csv").rename(landing / "train" / "run2.csv")
        os.utime(landing / "train" / "run2.csv", (0, 0))  # a copy that kept the time of long ago
        assert (await asyncio.wait_for(waiting, PATIENCE)).payload["files"] == 1

    asyncio.run(watch())


def test_a_delivery_is_told_when_it_is_whole(
    dags: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import landing_watch

    file = tmp_path / "run.csv"
    file.write_text("a")
    looks = 0

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks < 4:
            with file.open("a") as stream:
                stream.write("a")

    monkeypatch.setattr(landing_watch.asyncio, "sleep", sleep)
    asyncio.run(event(landing_watch.LandingTrigger(str(tmp_path)).run()))
    assert (file.read_text(), looks) == ("aaaa", 4)


@pytest.fixture
def ingest_schedule(dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def schedule(**settings: str) -> Any:
        import ingest_archive  # type: ignore[import-not-found]

        monkeypatch.setattr(ingest_archive, "CRON", settings.get("cron", "0 2 * * *"))
        monkeypatch.setattr(ingest_archive, "SECONDS", float(settings.get("seconds", "30")))
        monkeypatch.setattr(ingest_archive, "LANDING", settings.get("landing", "/landing"))
        return ingest_archive.schedule()

    return schedule


def test_ingest_starts_by_the_clock_by_arrival_by_both_or_by_hand(ingest_schedule: Callable[..., Any]) -> None:
    assert type(ingest_schedule()).__name__ == "AssetOrTimeSchedule"
    (landing,) = ingest_schedule(cron="")
    (watcher,) = landing.watchers
    assert watcher.trigger.serialize() == ("landing_watch.LandingTrigger", {"folder": "/landing", "seconds": 30.0})
    for by_clock in ({"seconds": "0"}, {"landing": "s3a://bucket/landing"}):
        assert type(ingest_schedule(**by_clock)).__name__ == "CronDataIntervalTimetable"
    assert ingest_schedule(cron="", seconds="0") is None
