"""Texts of the data made harmless before they are shown: what HTML escaping and typed cells do not cover."""

from __future__ import annotations

import re

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Control characters except tab and line feed, and the embeddings, overrides and isolates of Unicode's bidirectional
# algorithm, which make a text read as another one. The plain marks (U+200E, U+200F) stay: Hebrew and Arabic need them.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def inert(text: str) -> str:
    """The text with control characters and direction overrides replaced by U+FFFD, so that they can be seen."""
    return _HARMFUL.sub(_REPLACEMENT, text)


def inert_cell(text: str) -> str:
    """The text for a CSV cell: an apostrophe in front of what a spreadsheet takes for a formula (OWASP ASVS 1.2.10)."""
    clean = inert(text)
    first = clean.lstrip(" \u00a0\ufffd")[:1]
    return "'" + clean if first in _FORMULA_STARTS and first else clean
