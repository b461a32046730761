"""What softens or settles under a maglev line is put right, not only looked at."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from guideway.planning.build import build_planning
from guideway.planning.catalogue import load_catalogue
from guideway.planning.optimiser import plan
from guideway.planning.works import work_rows
from tests.unit.planning.test_build import AS_OF, NO_RISK, forecast
from tests.unit.planning.test_depot import with_magnets


@pytest.mark.parametrize(
    ("indicator", "limit", "now", "worse"),
    [
        ("girder_frequency_ratio", 0.90, 0.81, -1),
        ("girder_resonance_margin", 1.05, 1.15, -1),
        ("girder_deflection_ratio", 4600.0, 4800.0, -1),
        ("girder_settlement", 8.0, 6.5, 1),
        ("girder_step", 1.0, 0.8, 1),
    ],
)
def test_a_girder_on_its_way_to_a_limit_is_adjusted(indicator: str, limit: float, now: float, worse: int) -> None:
    limits = pd.DataFrame([("book", indicator, "IL", 2)], columns=["rulebook_id", "indicator", "level", "severity"])
    facts = replace(with_magnets(), limits=limits, directions={indicator: worse})
    rows = pd.DataFrame([forecast("G1", indicator, "IL", 60.0, limit=limit, level_now=now)])
    planning = build_planning(rows, NO_RISK, facts, load_catalogue(), AS_OF)
    works = work_rows(planning, plan(planning.problem), facts.titles, "p", AS_OF)
    assert works["work_type"].tolist() == ["girder_adjustment"]
    assert works["expected_effect"].iloc[0] * worse < 0, "for the better"
    assert (now + works["expected_effect"].iloc[0] - limit) * worse <= 0
