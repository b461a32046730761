"""Sentences the pipeline writes, in the report's language.

The tables hold reasons in English, in words. ``page/sentences.json`` lists these as patterns with ``{fields}``, each
with its Chinese phrases; a stored text is read by them and said again. The kind of a field (its name without digits)
says what it is: ``n`` a number, ``indicator`` a title, ``unit`` a unit, ``grade`` a limit's level, ``say`` a sentence
of its own, ``rule`` the parts of a citation; others are looked up in the vocabulary and kept where it has no such
phrase. What no pattern fits (names, messages of other software, a rule book's own words) stays as it was delivered.
The page does the same in ``js/sentences.js``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from guideway.reporting.words import LANGUAGES, Words, unit_sign, vocabulary

_FORMS = {"n": r"[-+−]?[\d.,]*\d%?\+?", "refused": "[a-z_]+"}
_ANYTHING = ".+?"
_ENDS = re.compile(r"(?<=\.) (?=[A-Z0-9])")


@cache
def patterns() -> Mapping[str, tuple[str, str]]:
    """The English patterns with their traditional and simplified phrases."""
    return {en: (hant, hans) for en, (hant, hans) in json.loads(_file()).items()}


def _file() -> str:
    return files("guideway.reporting").joinpath("page/sentences.json").read_text(encoding="utf-8")


def _split(pattern: str) -> list[str]:
    """Texts and ``{fields}`` in turn."""
    return re.split(r"(\{[a-z]+\d*\})", pattern)


@cache
def _readers() -> tuple[tuple[re.Pattern[str], str], ...]:
    """A regular expression for each pattern, in order."""
    readers = []
    for english in patterns():
        source = "".join(
            f"(?P<{part[1:-1]}>{_FORMS.get(part.strip('{}0123456789'), _ANYTHING)})" if k % 2 else re.escape(part)
            for k, part in enumerate(_split(english))
        )
        readers.append((re.compile(source, re.DOTALL), english))
    return tuple(readers)


class Sentences:
    """Says stored English texts in the language of ``words``: ``sentences(text)``, each worked out once."""

    def __init__(self, words: Words, titles: Mapping[str, str]) -> None:
        """``titles`` are indicators' titles by code, as the sentences name them."""
        self.words = words
        own = {title.lower(): code for code, title in titles.items()}
        printed = {texts[0].lower(): key[10:] for key, texts in vocabulary().items() if key.startswith("indicator.")}
        self._codes = printed | own
        self._said: dict[str, str] = {}

    def __call__(self, text: object) -> str:
        """The text in the language; in English, and where no pattern fits, as it is."""
        if not isinstance(text, str):
            return ""
        if self.words.language == "en":
            return text
        if text not in self._said:
            self._said[text] = self._whole(text)
        return self._said[text]

    def _whole(self, text: str) -> str:
        """Sentence by sentence, else as one text, else part by part."""
        pieces = _ENDS.split(text)
        if len(pieces) > 1:
            return "".join(self._one(piece) or f"{piece} " for piece in pieces).strip()
        return self._one(text) or (self._rule(text) if "; " in text else text)

    def _one(self, text: str) -> str | None:
        """One sentence; None where no pattern fits it."""
        for reader, english in _readers():
            found = reader.fullmatch(text)
            if found is None:
                continue
            phrase = patterns()[english][LANGUAGES.index(self.words.language) - 1]
            return "".join(
                self._field(part.strip("{}0123456789"), found[part[1:-1]]) if k % 2 else part
                for k, part in enumerate(_split(phrase))
            )
        return None

    def _field(self, kind: str, value: str) -> str:
        if kind == "indicator":
            code = self._codes.get(value.lower())
            return value if code is None else self.words.code("indicator", code, value)
        if kind == "unit":
            return unit_sign(value)
        if kind == "say":
            return self._whole(value)
        if kind == "rule":
            return self._rule(value)
        return self.words.code(kind, value.replace(" ", "_"), value)

    def _rule(self, text: str) -> str:
        """A citation part by part; names of standards and the words of a rule book stay."""
        said = ""
        for part in re.split("(; |, )", text):
            mark = {"; ": "；", ", ": "，"}.get(part)
            said += mark or self._one(part) or self.words.code("zone", part, part)
        return said
