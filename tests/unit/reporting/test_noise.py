"""The section on noise control says what its tables say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.reporting.content import ReportContent
from guideway.reporting.html import render_html
from guideway.reporting.noise import level_sheet, loss_sheet, source_sheet
from guideway.reporting.publish import publish
from guideway.reporting.words import Words

from .sample import EMPTY, sample_content
from .unpacking import unpack_page

DONE = datetime(2026, 5, 4, 2, 30, tzinfo=timezone.utc)


def loss(asset_id: str, work_id: str, figures: tuple[float, float, float], status: str = "ok") -> dict[str, object]:
    low, best, high = figures
    return {
        "work_id": work_id,
        "asset_id": asset_id,
        "indicator": "transit_exposure_level",
        "as_of": None,
        "line_id": "M3",
        "work_type": "damper_fitting",
        "finished_at": DONE,
        "loss_db": best,
        "low_db": low,
        "high_db": high,
        "confidence": 0.95,
        "n_before": 12,
        "n_after": 11,
        "n_left_out": 0,
        "method": "adjusted",
        "is_proven": low > 0,
        "status": status,
    }


def level(asset_id: str, common: float, roughness: float, status: str = "ok") -> list[dict[str, object]]:
    indicator = "passage_velocity_level" if status == "ok" else "transit_exposure_level"
    usual = {"asset_id": asset_id, "indicator": indicator, "as_of": None, "line_id": "M3"}
    usual |= {"n_passages": 26, "n_receivers": 4, "status": status, "effect": np.nan, "standard_error": np.nan}
    if status != "ok":
        return [usual | {"part": "rest", "part_db": np.nan, "sd_db": np.nan}]
    parts = {"common": common, "speed": -1.2, "rail_roughness": roughness, "location": 0.8, "rest": 0.001}
    return [usual | {"part": part, "part_db": db, "sd_db": 0.7} for part, db in parts.items()]


@pytest.fixture(scope="module")
def content() -> ReportContent:
    plain = sample_content()
    place = plain.assets[plain.assets["line_id"] == "M3"].iloc[0]["asset_id"]
    source = {"asset_id": place, "quantity": "vibration_velocity_z", "n_passages": 20, "last_found": DONE}
    sources = [
        {"source_id": place, "kind": "corrugation", "share": 0.61, "share_when_found": 0.7, "n_found": 18},
        {"source_id": "T<b>07", "kind": "wheel_flat", "share": 0.12, "share_when_found": 0.9, "n_found": 2},
    ]
    losses = [
        loss(place, "W1", (1.7, 2.4, 3.1)),
        loss(place, "W2", (-0.6, 0.1, 0.8)),
        loss(place, "W3", (-2.0, -1.0, -0.1)),
        loss(place, "W4", (np.nan, np.nan, np.nan), "too_few"),
    ]
    frame = pd.DataFrame([source | row for row in sources]).assign(frequency_hz=[112.4, 6.2])
    parts = pd.DataFrame([*level(place, 68.0, 3.4), *level(place, 0.0, 0.0, "too_few")])
    return replace(plain, noise_source=frame, insertion_loss=pd.DataFrame(losses), level_part=parts)


def test_the_page_carries_sources_and_losses_with_their_verdict(content: ReportContent) -> None:
    noise = unpack_page(render_html(content))[0]["noise"]
    assert [(s["kind"], s["source"], s["share"], s["n"], s["of"]) for s in noise["sources"]] == [
        ("corrugation", content.noise_source["source_id"].iloc[0], 0.61, 18, 20),
        ("wheel_flat", "T<b>07", 0.12, 2, 20),
    ]
    assert [(one["loss"], one["verdict"]) for one in noise["losses"]] == [
        (2.4, "quieter"),
        (0.1, "unproven"),
        (-1.0, "louder"),
        (None, "too_few"),
    ]


def test_the_page_carries_what_the_level_of_a_receiver_is_made_of(content: ReportContent) -> None:
    noise = unpack_page(render_html(content))[0]["noise"]
    (told,) = noise["levels"]
    assert told.pop("asset") == noise["sources"][0]["asset"]
    assert told == {
        "indicator": "passage_velocity_level",
        "n": 26,
        "level": 71.0,
        "common": 68.0,
        "speed": -1.2,
        "train_type": None,
        "rail_roughness": 3.4,
        "track_decay": None,
        "location": 0.8,
        "rest": 0.7,
    }
    (row,) = level_sheet(content, Words("en")).rows
    assert row[2:5] == (pytest.approx(71.001), 68.0, -1.2)
    assert row[6] == 3.4


@pytest.mark.parametrize("language", ["en", "zh-Hant", "zh-Hans"])
def test_the_sheets_hold_the_same_rows(content: ReportContent, language: str) -> None:
    words = Words(language)  # type: ignore[arg-type]
    sources, losses = source_sheet(content, words), loss_sheet(content, words)
    assert [row[3] for row in sources.rows] == [0.61, 0.12]
    assert "T<b>07" in sources.rows[1][1]
    assert [row[-2] for row in losses.rows] == [
        words(f"noise.verdict.{name}") for name in ("quieter", "unproven", "louder", "too_few")
    ]


def test_a_network_without_receivers_has_an_empty_section(tmp_path: Path) -> None:
    assert unpack_page(render_html(EMPTY))[0]["noise"] == {"sources": [], "levels": [], "losses": []}
    report = publish(EMPTY, tmp_path)
    assert (report.folder / "insertion_loss.csv").read_text(encoding="utf-8-sig").startswith("work_id,asset_id,")
