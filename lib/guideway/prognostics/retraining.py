"""When to train again: by schedule, because the world moved, or because the rules did."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from guideway.prognostics.drift import Drift
from guideway.rulebooks.rulebook import Rulebook

_DRIFTED_SHARE = 0.2


@dataclass(frozen=True)
class Training:
    """A training, whatever the gate made of it: to do it again with the same data and rules would change nothing.

    Attributes:
        as_of: nothing after this day was used.
        limits: fingerprint of the limits the targets were made with; empty where limits play no part.
    """

    as_of: date
    limits: str


def limits_fingerprint(rulebooks: Mapping[str, Rulebook]) -> str:
    """Fingerprint of what the rule books demand; their words and sources do not count."""
    rows = sorted(
        (row.rulebook_id, row.indicator, row.asset_class, row.speed_from_kmh, row.speed_to_kmh, row.level, row.value)
        for book in rulebooks.values()
        for row in book.rows
    )
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:16]


def retraining_reasons(
    drifts: Sequence[Drift],
    seen: date,
    last: Training,
    as_of: date,
    rulebook: str,
    *,
    every_days: float = 91.0,
) -> tuple[str, ...]:
    """Every reason to train again, in words; empty where the model may go on.

    Args:
        drifts: drift by line and quantity, of the champion.
        seen: the day they were seen; drift seen before the last training is no reason any more.
        last: the last training.
        as_of: today.
        rulebook: fingerprint of the limits in force; other limits are other exceedances.
        every_days: schedule.

    A line counts as drifted when its prediction or label has drifted, or a fifth of its features have.
    """
    reasons = []
    days = (as_of - last.as_of).days
    if days >= every_days:
        reasons.append(f"{days} days since training, the schedule says {every_days:.0f}")
    if rulebook != last.limits:
        reasons.append("limits have changed since training")
    if seen <= last.as_of:
        return tuple(reasons)
    for line in dict.fromkeys(drift.line_id for drift in drifts):
        own = [drift for drift in drifts if drift.line_id == line and drift.status != "too_few_rows"]
        moved = [drift for drift in own if drift.status == "drifted"]
        outcome = [drift.quantity for drift in moved if drift.quantity in {"prediction", "label"}]
        if outcome or len(moved) > _DRIFTED_SHARE * len(own):
            worst = max(moved, key=lambda drift: drift.distance)
            what = " and ".join(outcome) if outcome else f"{len(moved)} of {len(own)} features"
            far = f"by {worst.distance:.2f} usual differences between assets, {worst.usual:.2f} is normal"
            reasons.append(f"line {line}: {what} drifted, most {worst.quantity} ({far})")
    return tuple(reasons)
