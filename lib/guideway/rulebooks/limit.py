"""One limit row, as in ``reference.limit``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of one indicator for an asset class and a speed band ``(speed_from_kmh, speed_to_kmh]``."""

    rulebook_id: str
    indicator: str
    asset_class: str
    speed_from_kmh: float
    speed_to_kmh: float
    level: str
    severity: int
    value: float
    unit: str
    direction: Literal["above", "below"]
    standard: str
    edition: str
    clause: str
    provenance: str
    valid_from: date

    @property
    def is_verified(self) -> bool:
        """False where nobody has yet checked the value against its source."""
        return self.provenance != "unverified default"
