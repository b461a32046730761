"""Counts fault cases: the marker ``fault(number)``, and what seeds, kills and losses a session saw.

``tests/conftest.py`` takes the hooks from here. Tests in other folders that cover a fault are listed in
``catalogue.yaml``, so that they need no marker of their own. Everything travels in the reports' user properties, so
it also arrives from the workers of pytest-xdist.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from tests.faults.catalogue import elsewhere

COUNTED = ("seeds", "kills", "lost", "doubled")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(*numbers): covers these faults of tests/faults/catalogue.yaml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    listed = elsewhere()
    for item in items:
        numbers = {number for mark in item.iter_markers("fault") for number in mark.args}
        numbers |= listed.get(item.nodeid.partition("[")[0], frozenset())
        item.user_properties += [("fault", number) for number in sorted(numbers)]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Add to the session's counts, for example ``tally(kills=1, lost=len(missing))``; call it before asserting."""

    def add(**counts: int) -> None:
        assert counts.keys() <= set(COUNTED)
        request.node.user_properties.extend(counts.items())

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = summary(terminalreporter.stats)
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)


def summary(stats: dict[str, list[pytest.TestReport]]) -> list[str]:
    """What the session's fault cases came to; empty where it ran none."""
    passed, failed, skipped = (_properties(stats.get(name, ())) for name in ("passed", "failed", "skipped"))
    cases = [{value for name, value in found if name == "fault"} for found in passed]
    by_fault = Counter(number for numbers in cases for number in numbers)
    if not by_fault:
        return []
    counted: Counter[str] = Counter()
    for found in passed + failed:
        counted.update(dict.fromkeys(COUNTED, 0))
        for name, value in found:
            if name in COUNTED:
                counted[name] += int(value)
    n_failed, n_skipped = (sum(any(n == "fault" for n, _ in found) for found in group) for group in (failed, skipped))
    told = ", ".join(f"{counted[name]} {name}" for name in COUNTED)
    return [
        f"{sum(map(bool, cases))} cases passed, {n_failed} failed, {n_skipped} skipped, of {len(by_fault)} faults",
        told,
        " ".join(f"F{number:02d}:{count}" for number, count in sorted(by_fault.items())),
    ]


def _properties(reports: Iterable[pytest.TestReport]) -> list[list[tuple[str, object]]]:
    found = (report for report in reports if report.when == "call" or report.outcome == "skipped")
    return [list(report.user_properties) for report in found]
