from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pint

from guideway.archives.recording import Channel, Recording
from guideway.contracts.channels import CHANNELS
from guideway.monitoring import track_geometry
from guideway.monitoring.definition import Measurement
from guideway.monitoring.literature import LITERATURE
from guideway.monitoring.pages import pages, write_pages
from guideway.monitoring.registry import domains, indicators, measure, why_nothing
from guideway.network.stretches import Stretch
from guideway.rulebooks.load import load_rulebooks

GAUGE = Recording(
    source_id="s",
    domain="track_geometry",
    vehicle_or_sensor_id="v",
    line_id="L",
    track_id="1",
    started_at=datetime(2024, 1, 1, tzinfo=timezone.utc),
    axis="distance",
    start=0.0,
    step=0.25,
    channels=(Channel("gauge", "mm", np.linspace(1434, 1437, 800, dtype=np.float32)),),
)
SECTION = Stretch("s0", "track_section", "L", "1", "conventional", 0.0, 200.0, 100.0)


def test_a_recording_goes_to_the_module_of_its_domain() -> None:
    book = load_rulebooks()["en_13848"]
    assert measure(GAUGE, [SECTION], book) == track_geometry.measure(GAUGE, [SECTION], book)


def test_a_domain_nobody_measures_gives_nothing_and_is_named() -> None:
    recording = replace(GAUGE, domain="positioning")
    assert measure(recording, [SECTION], load_rulebooks()["en_13848"]) == Measurement()
    assert why_nothing(recording) == "no module measures the domain 'positioning'"
    assert "gauge" in why_nothing(GAUGE)


def test_domains_are_the_modules_that_exist() -> None:
    assert "track_geometry" in domains()
    assert all(find_spec(f"guideway.monitoring.{name}") for name in domains())


def test_definitions_are_whole_and_in_the_projects_words() -> None:
    units = pint.UnitRegistry()
    for name, one in indicators().items():
        assert one.name == name
        assert all((one.title, one.formula, one.standard, one.min_span, one.missing_when)), name
        assert units.parse_units(one.unit.partition(" re ")[0]) is not None, name
        assert set(one.channels) <= set(CHANNELS), name


def test_limits_are_in_the_unit_and_direction_of_their_indicator() -> None:
    defined = indicators()
    for book in load_rulebooks().values():
        for row in book.rows:
            if row.indicator in defined:
                one = defined[row.indicator]
                assert (row.unit, row.direction) == (one.unit, one.direction), row


def test_pages_are_current() -> None:
    folder = Path(__file__).resolve().parents[3] / "docs" / "indicators"
    written = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}
    expected = pages()
    stale = sorted(name for name in written.keys() | expected.keys() if written.get(name) != expected.get(name))
    assert not stale, "run `python -m guideway.monitoring.pages docs/indicators`"


def test_indices_of_the_literature_are_indicators_or_say_why_not() -> None:
    assert {name for one in LITERATURE for name in one.indicators} <= indicators().keys()
    assert all(one.note for one in LITERATURE if not one.indicators)
    index = pages()["README.md"]
    assert all(one.name in index for one in LITERATURE)


def test_writing_pages_removes_those_of_dropped_indicators(tmp_path: Path) -> None:
    (tmp_path / "dropped.md").write_text("old", encoding="utf-8")
    write_pages(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == set(pages())
    assert set(pages()) == {"README.md", *(f"{name}.md" for name in indicators())}
