"""The report's own words in three languages. Names and reasons that come from data are shown as they were delivered."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from guideway.reporting.content import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh-Hant", "zh-Hans")
LANGUAGE_NAMES: Mapping[Language, str] = {"en": "English", "zh-Hant": "繁體中文", "zh-Hans": "简体中文"}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
UNITS: Mapping[str, str] = {
    "m/s**2": "m/s²",
    "um/m": "µm/m",
    "um": "µm",
    "degC": "°C",
    "1": "",
    "1/km": "1/km",
    "mm**2": "mm²",
    "percent": "%",
}
_REFERENCE = re.compile(r"dB re \S+ \S+")


@cache
def vocabulary() -> Mapping[str, tuple[str, ...]]:
    """Every phrase by key, in the order of ``LANGUAGES``."""
    text = files("guideway.reporting").joinpath("page/words.json").read_text(encoding="utf-8")
    return {key: tuple(phrases) for key, phrases in json.loads(text).items()}


@dataclass(frozen=True)
class Words:
    """The phrases of one language: ``words("cell.weeks", n=6)``."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The phrase of ``key`` with its ``{fields}`` filled in; values are put in as they are, never interpreted."""
        phrase = vocabulary()[key][LANGUAGES.index(self.language)]
        for name, value in values.items():
            phrase = phrase.replace("{" + name + "}", str(value))
        return phrase

    def has(self, key: str) -> bool:
        """Whether there is such a phrase."""
        return key in vocabulary()

    def code(self, kind: str, code: object, default: str | None = None) -> str:
        """The phrase of a code of the data (``indicator``, ``mode``, ``type`` ...), or the code made readable."""
        phrases = vocabulary().get(f"{kind}.{code}")
        if phrases is not None:
            return phrases[LANGUAGES.index(self.language)]
        return default if default is not None else str(code).replace("_", " ")

    def grade(self, level: object) -> str:
        """A limit's level: a code such as ``IAL`` as it is, a word such as ``less_comfortable`` in the language."""
        return self.code("grade", str(level).replace(" ", "_"), str(level))

    def consequence(self, severity: int, asset_type: object, *, now: bool) -> str:
        """What a limit of this severity asks for, before it is crossed or ``now``: of receivers, less noise."""
        kind = "consequence.now" if now else "consequence"
        return self.code(f"{kind}.receiver" if asset_type == "receiver" else kind, severity, "")

    def day(self, day: date) -> str:
        """A date as people of this language write it."""
        if self.language == "en":
            return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return f"{day.year} 年 {day.month} 月 {day.day} 日"

    def number(self, key: str, n: int, **values: object) -> str:
        """``key_none``, ``key_one`` or ``key`` by ``n``, whichever there is."""
        variant = {0: f"{key}_none", 1: f"{key}_one"}.get(n, key)
        return self(variant if variant in vocabulary() else key, n=n, **values)


def unit_sign(unit: str) -> str:
    """A unit as Pint names it, as people write it beside a number; a level's reference value stays in the tables."""
    return UNITS.get(unit, _REFERENCE.sub("dB", unit))
