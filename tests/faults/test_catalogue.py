"""The catalogue is complete, names tests that exist, and the page made from it is up to date."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.faults.catalogue import faults
from tests.faults.document import page

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def marked() -> set[int]:
    """Numbers in the markers of this folder's tests."""
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py")]
    return {
        int(n) for text in texts for group in re.findall(r"mark\.fault\(([\d, ]+)\)", text) for n in group.split(",")
    }


def test_all_thirty_five_faults_have_a_case() -> None:
    assert list(faults()) == list(range(1, 36))
    covered = marked() | {fault.number for fault in faults().values() if fault.elsewhere}
    assert [fault.name for fault in faults().values() if fault.number not in covered] == []


def test_tests_elsewhere_exist() -> None:
    wanted = {node for fault in faults().values() for node in fault.elsewhere}
    there = {node for node in wanted if node.split("::")[1] in functions(ROOT / node.split("::")[0])}
    assert wanted - there == set()


def test_every_message_is_asserted_by_a_case() -> None:
    asserted: set[tuple[int, str]] = set()
    for path in HERE.glob("*.py"):
        found = re.findall(r'check_told\((\d+), "(\w+)"', path.read_text(encoding="utf-8"))
        asserted |= {(int(number), key) for number, key in found}
    assert asserted == {(fault.number, key) for fault in faults().values() for key in fault.told}


@pytest.mark.parametrize("name", ["faults.md"])
def test_the_page_is_the_one_made_from_the_catalogue(name: str) -> None:
    made = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert made == page(), "run: python -m tests.faults.document docs/faults.md"
