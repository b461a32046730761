"""Series without signals: the same truth as the archive's."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from guideway.rulebooks.load import load_rulebooks
from guideway.simulate.degradation import deteriorate
from guideway.simulate.layout import lay_out
from guideway.simulate.network import NetworkSpec, line_of
from guideway.simulate.series import network_series
from guideway.simulate.works import tampings

SPEC = NetworkSpec(seed=4, weeks=104, lines=(line_of("conventional", 1, 20.0), line_of("maglev", 1, 2.0)))


def test_values_are_the_truth_within_the_repeatability_of_a_run() -> None:
    series = network_series(SPEC, load_rulebooks()["en_13848"]).to_pandas()
    line = SPEC.lines[0]
    layout, works = lay_out(line, SPEC.seed), tampings(lay_out(line, SPEC.seed), SPEC)
    state = deteriorate(layout, SPEC.seed)
    levels = series[series["indicator"] == "longitudinal_level_sd"].set_index("asset_id")
    assert set(levels["line_id"]) == {"C01"}
    first = (SPEC.first_day - date(1970, 1, 1)).days
    ratios = []
    for place, asset in enumerate(layout.asset_ids):
        truth = [state.on(t - first, works)[0][place] for t in levels.loc[asset, "t_days"]]
        ratios.append(levels.loc[asset, "values"] / truth)
    assert np.std(np.concatenate(ratios)) == pytest.approx(np.hypot(0.007, 0.012), rel=0.1)


def test_only_works_of_the_history_are_told() -> None:
    series = network_series(SPEC, load_rulebooks()["en_13848"]).to_pandas()
    works = tampings(lay_out(SPEC.lines[0], SPEC.seed), SPEC)
    first = (SPEC.first_day - date(1970, 1, 1)).days
    told = {round(day) for days in series["work_t_days"] for day in days}
    known = [work.day + first for work in works if work.recorded]
    assert 0 < len(known) < len(works)
    assert all(min(abs(day - at) for at in known) <= 8 for day in told)
