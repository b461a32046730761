from __future__ import annotations

import re
from datetime import date
from importlib.resources import files

import pytest

from guideway.reporting.html import SCRIPTS, page_file
from guideway.reporting.phrases import away, chainage, interval, signed, value
from guideway.reporting.words import LANGUAGES, Words, vocabulary

FIELDS = re.compile(r"\{(\w+)\}")
SIMPLIFIED_ONLY = set("数据报轨检测无线区间单词语缓趋势预测")
TRADITIONAL_ONLY = set("數據報軌檢測無線區間單詞語緩趨勢預測")


def test_every_phrase_has_three_languages_with_the_same_fields() -> None:
    for key, phrases in vocabulary().items():
        assert len(phrases) == len(LANGUAGES), key
        assert all(phrase.strip() for phrase in phrases), key
        assert len({frozenset(FIELDS.findall(phrase)) for phrase in phrases}) == 1, key


def test_the_two_chinese_scripts_are_not_mixed_up() -> None:
    for key, (_, traditional, simplified) in vocabulary().items():
        assert not set(traditional) & (SIMPLIFIED_ONLY - TRADITIONAL_ONLY), (key, traditional)
        assert not set(simplified) & (TRADITIONAL_ONLY - SIMPLIFIED_ONLY), (key, simplified)


def test_every_phrase_the_page_and_the_package_ask_for_exists() -> None:
    script = "\n".join(page_file(f"js/{name}.js") for name in SCRIPTS)
    asked = set(re.findall(r"""\b(?:t|many)\(\s*"([a-z_.0-9A-Z]+)\"""", script))
    for path in files("guideway.reporting").iterdir():
        if path.name.endswith(".py"):
            asked |= set(re.findall(r"""\bwords(?:\.number)?\(\s*"([a-z_.0-9]+)\"""", path.read_text(encoding="utf-8")))
    assert len(asked) > 100
    assert asked - set(vocabulary()) - {"headline.act", "headline.plan"} == set()


def test_fields_are_put_in_as_they_are() -> None:
    assert Words("en")("cell.weeks", n="{total}<b>") == "in {total}<b> weeks"


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (1.234, "mm", "1.23 mm"),
        (-0.5, "m/s**2", "−0.50 m/s²"),
        (1234.5, "", "1,234"),
        (float("nan"), "mm", "–"),
        (67.04, "dB re 1e-6 m/s**2", "67.0 dB"),
        (67.04, "dB re 2e-5 Pa a year", "67.0 dB a year"),
    ],
)
def test_values_read_as_people_write_them(number: float, unit: str, text: str) -> None:
    assert value(number, unit) == text


def test_changes_carry_their_sign() -> None:
    assert signed(0.5, "mm") == "+0.50 mm"
    assert signed(-0.5, "mm") == "−0.50 mm"
    assert signed(-0.0024, "mm") == "−0.002 mm"
    assert signed(0.0, "mm") == "0.00 mm"


def test_what_a_limit_asks_for_depends_on_what_is_watched() -> None:
    words = Words("en")
    assert words.consequence(3, "track_section", now=True) == "restrict or close now"
    assert words.consequence(3, "receiver", now=True) == "slow trains now"
    assert words.consequence(2, "girder", now=False) == "intervene before"
    assert words.consequence(0, None, now=False) == ""


def test_times_to_a_crossing() -> None:
    words = Words("en")
    said = [away(days, words) for days in (0, 3, 8, 70, 800, float("nan"))]
    assert said == ["now", "within a week", "in 1 week", "in 10 weeks", "in 2.2 years", "not within ten years"]


def test_an_interval_without_an_end_says_so() -> None:
    words = Words("en")
    assert interval(date(2026, 11, 22), 10, 40, words) == "2 Dec 2026 – 1 Jan 2027"
    assert interval(date(2026, 11, 22), 10, float("nan"), words) == "2 Dec 2026 – beyond ten years"
    assert interval(date(2026, 11, 22), float("nan"), float("nan"), words) == "not within ten years"


def test_chainage_of_a_stretch_a_point_and_nothing() -> None:
    assert chainage(1200.0, 1400.0) == "km 1.20–1.40"
    assert chainage(1200.0, 1203.5) == "km 1.200–1.204"
    assert chainage(1200.0, 1200.0) == "km 1.200"
    assert chainage(float("nan"), float("nan")) == ""


def test_whatever_the_pipeline_can_name_has_a_phrase_in_each_language() -> None:
    from guideway.monitoring.registry import indicators
    from guideway.planning.catalogue import load_catalogue

    catalogue = load_catalogue()
    named = {f"indicator.{name}" for name in indicators()}
    named |= {f"type.{name}" for name in catalogue.works["work_type"]}
    named |= {f"policy.{name}" for name in catalogue.policies["policy"]}
    assert named - set(vocabulary()) == set()
    chinese = [vocabulary()[name][1:] for name in sorted(named)]
    assert all(re.search("[\u4e00-\u9fff]", phrase) for pair in chinese for phrase in pair)
