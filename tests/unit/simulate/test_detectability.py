"""Defects injected on unseen seeds are found before their limit from delivered files, with few false alarms.

A small seed is measured here; ``pytest -m drill`` measures those of ``docs/conformance/detection.md``, and
``GUIDEWAY_WRITE_PAGES=1`` with it writes the page anew. Seeds 1, 3, 5, 7, 101 to 108, 201 to 212, 301 to 310
and 401 to 410 were looked at while the kernels, the default limits, the engine and the alarm were made; none of them
is used here.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

import numpy as np
import pytest

from guideway.monitoring.registry import domain_indicators
from guideway.simulate.network import NetworkSpec, line_of

from .alarms import DOMAINS, Tally, alarms_of, score, table
from .delivered import Delivered, deliver

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[3] / "docs" / "conformance" / "detection.md"
WEEKS = 104
SMALL_SEED = 41
UNSEEN_SEEDS = tuple(range(501, 516))
MAGLEV_KM, METRO_KM = 1.0, 6.0


HOW = f"""
Simulated networks of seeds {UNSEEN_SEEDS[0]} to {UNSEEN_SEEDS[-1]}, looked at for the first time for this page
(75 of 75 found, 0.12 false alarms per 10 asset-years) and measured again, as printed here, since indicators of an
asset are fitted together: two years each, a maglev line of {MAGLEV_KM:.0f} km and a metro line of {METRO_KM:.0f} km,
with failing sensors and bad deliveries. The delivered files are decoded, measured and made condition series; every
four weeks the degradation engine learns, fits and forecasts as `fit_degradation` does, told of the works the delivered
history knows. No Spark: that Spark gives what the kernels give has tests of its own.
"""
WHAT = """
**An alarm** is what `gold.network_week.crossing_13w` counts and the report's first table prints: a row of
`gold.limit_forecast` whose limit is passed, or passed within 13 weeks as likely as not. `gold.exceedance` is no alarm
here (it says that a limit *was* passed), nor is `gold.failure_risk`, a second opinion in the plan. Limits are the
packaged ones. A defect counts as injected where its physical quantity passes its limit 30 days or more before the end;
it is found where an alarm lies between its onset and that day. An alarm on a healthy asset is false; it counts once
for the 13 weeks it speaks of, whatever the indicators. The two girders on each side of a faulty one, which a settled
pier bends too, are counted neither way. Nothing here says how real defects grow: the simulator grows them steadily.
"""

CAVEAT = """
Seeds 401 to 410, published before, gave 40 of 40 maglev and 13 of 13 corrugation defects, no false alarm of maglev and
4 of metro in 39.9 asset-years. Three of the four came in the first months, when four short series of receivers were
taken to be sure of their common rate: the engine now leaves the spread of a small group's rates open
([maths](../degradation/maths.md)). Seeds 301 to 310, looked at before the count by asset and before the last defaults,
gave 34 of 37 maglev and 13 of 13 corrugation defects; three loosening bolts were missed, for the joint of the one that
was looked into measured a step the other way at first, and `girder_step`, an absolute value, fell before it rose.
"""


def network(seed: int, maglev_km: float, metro_km: float) -> NetworkSpec:
    """A maglev and a metro line of two years, with failing sensors and bad deliveries."""
    return NetworkSpec(seed=seed, weeks=WEEKS, lines=(line_of("maglev", 1, maglev_km), line_of("metro", 1, metro_km)))


def tallies(world: Delivered) -> dict[str, Tally]:
    """What was found, by mode."""
    return {mode: score(world, mode, alarms_of(world, mode)) for mode in DOMAINS}


def of_seed(seed: int) -> dict[str, Tally]:
    """Write, read, measure and judge the network of a seed."""
    with TemporaryDirectory() as folder:
        return tallies(deliver(network(seed, MAGLEV_KM, METRO_KM), Path(folder)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return deliver(network(SMALL_SEED, 0.8, 3.0), tmp_path_factory.mktemp("small"))


def test_defects_of_a_small_unseen_network_are_found_before_their_limit(small: Delivered) -> None:
    both = Tally()
    for tally in tallies(small).values():
        both.add(tally)
    assert small.refused > 0, "bad deliveries are part of it"
    assert sum(both.injected.values()) >= 3
    assert both.rate == 1.0
    assert both.false_per_asset_year <= 0.1
    assert both.median_lead_days > 56.0


@pytest.mark.parametrize("mode", list(DOMAINS))
def test_nothing_that_gets_a_trend_is_beyond_its_limit_while_all_is_well(small: Delivered, mode: str) -> None:
    trendable = {i.name: i.direction for i in domain_indicators(DOMAINS[mode]) if i.trendable}
    early = small.conditions[small.conditions["day"] < 60.0]
    judged = 0
    for (asset_id, name), values in early.groupby(["asset_id", "indicator"])["value"]:
        limits = small.limits(str(asset_id), str(name)) if name in trendable else ()
        if limits and small.network.by_asset[str(asset_id)].mode == mode:
            over = np.median(values) - limits[0].value
            worse = over if trendable[str(name)] == "above" else -over
            assert worse < 0, (asset_id, name)
            judged += 1
    assert judged >= 10


@pytest.mark.drill
def test_published_figures_hold_on_unseen_seeds() -> None:
    found = {mode: Tally() for mode in DOMAINS}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for one in pool.map(of_seed, UNSEEN_SEEDS):
            for mode, tally in one.items():
                found[mode].add(tally)
    text = page(found["maglev"], found["metro"])
    if os.environ.get("GUIDEWAY_WRITE_PAGES"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
    both = Tally()
    for tally in found.values():
        assert tally.rate >= 0.95
        both.add(tally)
    assert both.false_per_asset_year <= 0.1


def count(tally: Tally) -> int:
    """False alarms of all indicators."""
    return sum(tally.false_alarms.values())


def paragraph(text: str) -> list[str]:
    """Lines of a paragraph and the empty one behind it."""
    return [*wrap(" ".join(text.split()), 116), ""]


def page(of_maglev: Tally, of_metro: Tally) -> str:
    """The published figures."""
    both = Tally()
    both.add(of_maglev)
    both.add(of_metro)
    lines = [
        "<!-- Generated by tests/unit/simulate/test_detectability.py -->",
        "",
        "# Detection: injected defects of maglev and metro",
        "",
        *paragraph(HOW),
        *paragraph(WHAT),
        "| defect | injected | found before the limit | median lead time, days |",
        "|---|---|---|---|",
    ]
    for tally in (of_maglev, of_metro):
        lines += [
            f"| {row.kind.replace('_', ' ')} | {row.injected} | {row.found} | {row.lead_days:.0f} |"
            for row in table(tally).itertuples()
        ]
    lines += [
        "",
        "| figure | asked for | maglev | metro |",
        "|---|---|---|---|",
        f"| found before their limit | 95 % | {of_maglev.rate:.1%} | {of_metro.rate:.1%} |",
        f"| false alarms per 10 asset-years | 1 | {10 * of_maglev.false_per_asset_year:.2f} "
        f"| {10 * of_metro.false_per_asset_year:.2f} |",
        f"| false alarms | | {count(of_maglev)} | {count(of_metro)} |",
        f"| healthy asset-years watched | | {of_maglev.asset_years:.0f} | {of_metro.asset_years:.0f} |",
        f"| median lead time, days | stated | {of_maglev.median_lead_days:.0f} | {of_metro.median_lead_days:.0f} |",
        "",
        f"Both together: {sum(both.found.values())} of {sum(both.injected.values())} found, "
        f"{10 * both.false_per_asset_year:.2f} false alarms per 10 asset-years.",
        "",
        *paragraph(CAVEAT),
    ]
    return "\n".join(lines)
