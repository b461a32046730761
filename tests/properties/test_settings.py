"""Whatever stands in a profile, a rule book or on a command line, the answer is a value or one named error."""

from __future__ import annotations

import contextlib
import io
import math
import string
import tempfile
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guideway.archives.profile import Profile, find_profile, parse_profile
from guideway.cli import app
from guideway.errors import ConfigurationError
from guideway.rulebooks.load import BOOKS, load_rulebooks
from guideway.rulebooks.rulebook import ANY_CLASS, Rulebook
from guideway.settings import load_settings
from tests.unit.archives.helpers import profile

PLAIN = profile().model_dump(mode="json", exclude_defaults=True)
BOOK = sorted(BOOKS.glob("*.csv"))[0].read_text(encoding="utf-8").splitlines()[:12]
calm = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(), st.text(max_size=20),
    st.sampled_from(["(", ".*", "a" * 300, "../../x", "%", "{}", "{value}", "é", "0", "mm", "km/h", "1e999"]),
)  # fmt: skip
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def paths(tree: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Places inside a document."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place for key, inner in items for place in ((*at, key), *paths(inner, (*at, key)))]


def replaced(tree: object, path: tuple[object, ...], value: object) -> object:
    """The document with another value there."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)  # type: ignore[call-overload]
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def answer(text: str) -> Profile | str:
    try:
        return parse_profile(text, "fuzzed.yaml")
    except ConfigurationError as error:
        told = str(error)
    assert told.startswith("fuzzed.yaml: ")
    return told


@calm
@given(st.sampled_from(paths(PLAIN)), trees)
def test_a_profile_with_one_value_exchanged_is_a_profile_or_a_named_error(path, value) -> None:
    found = answer(yaml.safe_dump(replaced(PLAIN, path, value), allow_unicode=True))
    if isinstance(found, Profile):
        again = parse_profile(yaml.safe_dump(found.model_dump(mode="json"), allow_unicode=True), "again.yaml")
        assert again.hash == found.hash, "what it means survives being written"


@calm
@given(st.text(max_size=400))
def test_any_text_is_no_profile_and_says_so(text) -> None:
    assert isinstance(answer(text), str)


@calm
@given(st.integers(0, 10_000), st.text(alphabet=string.printable, max_size=6), st.integers(0, 5))
def test_a_profile_with_some_characters_exchanged_is_answered(at, text, length) -> None:
    plain = yaml.safe_dump(PLAIN)
    place = at % len(plain)
    answer(plain[:place] + text + plain[place + length :])


@calm
@given(st.text(max_size=60))
def test_any_path_is_claimed_by_one_source_or_none(path) -> None:
    sources = {"test-car": profile()}
    found = find_profile(path, sources)
    assert found is None or path.replace("//", "/").lstrip("./").startswith("test-car/")


def load(text: str) -> dict[str, Rulebook] | str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "own.csv").write_text(text, encoding="utf-8", newline="")
        try:
            return load_rulebooks(folder)
        except ConfigurationError as error:
            return str(error)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(BOOK) - 1), st.integers(0, 14),
    st.one_of(st.text(max_size=12), st.floats().map(str), st.sampled_from(["above", "below", "3", "2025-02-30", '"'])),
)  # fmt: skip
def test_a_rule_book_with_one_cell_exchanged_is_a_book_or_names_the_place(row, column, text) -> None:
    cells = BOOK[row].split(",")
    cells[column % len(cells)] = text
    found = load("\n".join([*BOOK[:row], ",".join(cells), *BOOK[row + 1 :], ""]))
    if isinstance(found, str):
        return
    for book in found.values():
        for limit in book.rows:
            assert math.isfinite(limit.value)
            assert limit.speed_to_kmh > limit.speed_from_kmh
            assert limit.severity in (1, 2, 3)
            assert limit.direction in ("above", "below")
            assert all((limit.indicator, limit.unit, limit.provenance, limit.level))


BOOKS_NOW = load_rulebooks()
RANKED = [(book, limit) for book in BOOKS_NOW.values() for limit in book.rows]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RANKED), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 500))
def test_a_judgement_is_the_worst_limit_exceeded_and_nan_exceeds_none(ranked, value, speed) -> None:
    book, limit = ranked
    found = book.judge(limit.indicator, value, limit.asset_class, speed)
    rows = [
        row for row in book.rows
        if row.indicator == limit.indicator and row.speed_from_kmh < speed <= row.speed_to_kmh
    ]  # fmt: skip
    rows = [row for row in rows if row.asset_class == limit.asset_class] or [
        row for row in rows if row.asset_class == ANY_CLASS
    ]
    beyond = [row for row in rows if (value > row.value if row.direction == "above" else value < row.value)]
    if speed > 0:
        assert (found is None) == (not beyond)
        assert found is None or found.severity == max(row.severity for row in beyond)
    if math.isnan(value):
        assert found is None


def command(*arguments: str) -> tuple[object, str]:
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        try:
            app(arguments)
        except SystemExit as ended:
            return ended.code, told.getvalue()
    raise AssertionError("the command did not end by itself")


words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)


@settings(max_examples=60, deadline=None)
@given(words, words, st.sampled_from(["inspect", "align", "source check"]))
def test_any_words_on_a_command_line_end_in_an_exit_code_and_a_line(one, two, name) -> None:
    first = {
        "inspect": ("inspect", f"./{one}", f"--source={two}"),
        "align": ("align", f"./{one}", "b", f"--source={two}"),
        "source check": ("source", "check", f" {one}", f"./{two}"),
    }[name]
    code, told = command(*first)
    assert code in (2, 3)
    assert "Traceback" not in told
    assert told.strip()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["shuffle_partitions", "lock_wait_seconds", "settle_seconds"]), words)
def test_any_value_of_a_numeric_setting_is_a_number_or_a_named_error(name, text) -> None:
    try:
        value = getattr(load_settings(**{name: text}), name)
    except ConfigurationError as error:
        assert f"setting {name!r}" in str(error)  # noqa: PT017 (a value is an answer, too)
    else:
        assert value >= 0
