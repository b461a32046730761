"""A network's name as a folder and an identifier."""

from __future__ import annotations

import re

_LONGEST = 60


def network_slug(name: str) -> str:
    """The name in lower case, with a hyphen for whatever is no letter or digit of any script.

    ``network`` where nothing is left. Names that differ in nothing else are one network.

    >>> network_slug("North & South")
    'north-south'
    """
    return re.sub(r"[\W_]+", "-", name.lower())[:_LONGEST].strip("-") or "network"
