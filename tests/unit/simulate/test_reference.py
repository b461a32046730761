"""Reference tables: readable by the contract, covering each track, and sizes of networks."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from guideway.archives.reference import read_reference, reference_table
from guideway.simulate.network import LineSpec, NetworkSpec

from .conftest import Tiny

NAMES = ("line", "track", "section", "asset", "work_history", "traffic", "weather", "failure")


def frames(tiny: Tiny) -> dict[str, pd.DataFrame]:
    out = {}
    for name in NAMES:
        path = tiny.landing / "reference" / f"{name}.csv"
        table = reference_table(path)
        assert table is not None
        out[name] = read_reference(path, table).to_pandas()
    return out


def test_every_table_reads_by_its_contract_and_has_distinct_keys(tiny: Tiny) -> None:
    for name, frame in frames(tiny).items():
        table = reference_table(tiny.landing / "reference" / f"{name}.csv")
        assert table is not None
        assert not frame.duplicated(list(table.key)).any(), name


def test_sections_tile_each_line_and_girders_their_span(tiny: Tiny) -> None:
    tables = frames(tiny)
    whole = tables["section"].merge(tables["asset"][["asset_id", "asset_type"]], on="asset_id", validate="one_to_one")
    for line in tables["line"].itertuples():
        kind, length = ("girder", 24.768) if line.mode == "maglev" else ("track_section", 200.0)
        tiles = whole[(whole.line_id == line.line_id) & (whole.asset_type == kind)].sort_values("from_m")
        assert tiles.from_m.iloc[0] == line.from_m
        assert (tiles.to_m - tiles.from_m).tolist() == pytest.approx([length] * len(tiles))
        assert tiles.from_m.iloc[1:].tolist() == pytest.approx(tiles.to_m.iloc[:-1].tolist())
        assert line.to_m - tiles.to_m.iloc[-1] < length


def test_assets_of_recordings_are_in_the_register(tiny: Tiny) -> None:
    register = set(frames(tiny)["asset"].asset_id)
    named = set(tiny.table("files.csv").asset_id.dropna()) | set(tiny.table("passages.csv").asset_id)
    assert named <= register
    defects = tiny.table("defects.csv")
    assert set(defects[defects.kind != "flat_wheel"].asset_id) <= register


def test_works_in_the_history_are_the_recorded_ones(tiny: Tiny) -> None:
    works = tiny.table("works.csv")
    assert set(frames(tiny)["work_history"].work_id) == set(works[works.recorded].work_id)


@pytest.mark.parametrize("km", [50.0, 900.0, 6000.0])
def test_a_sized_network_has_the_kilometres_and_modes_asked_for(km: float) -> None:
    spec = NetworkSpec.sized(km, weeks=26, seed=5)
    assert sum(line.km for line in spec.lines) == pytest.approx(km, rel=0.05)
    assert {line.mode for line in spec.lines} == {"conventional", "high_speed", "metro", "maglev"}
    assert max(line.km for line in spec.lines) <= 60.0
    assert len({line.line_id for line in spec.lines}) == len(spec.lines)


def test_unknown_settings_and_doubled_lines_are_refused() -> None:
    line = LineSpec(line_id="C01", mode="conventional", km=1.0, speed_kmh=100.0)
    with pytest.raises(ValidationError, match="extra"):
        NetworkSpec.model_validate({"lines": [line.model_dump()], "speed": 3})
    with pytest.raises(ValidationError, match="distinct"):
        NetworkSpec(lines=(line, line))
