"""When to train again: by schedule, because the world moved, or because the rules did."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from guideway.prognostics.drift import Drift
from guideway.rulebooks.rulebook import Rulebook

_DRIFTED_SHARE = 0.2


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
    days_since_training: float,
    *,
    trained_rulebook: str,
    rulebook: str,
    every_days: float = 91.0,
) -> tuple[str, ...]:
    """Every reason to train again, in words; empty where the model may go on.

    Args:
        drifts: drift by line and quantity.
        days_since_training: age of the champion's training data.
        trained_rulebook: fingerprint of the limits it was trained with.
        rulebook: fingerprint of the limits in force; other limits are other exceedances.
        every_days: schedule.

    A line counts as drifted when its prediction or label has drifted, or a fifth of its features have.
    """
    reasons = []
    if days_since_training >= every_days:
        reasons.append(f"{days_since_training:.0f} days since training, the schedule says {every_days:.0f}")
    if rulebook != trained_rulebook:
        reasons.append("limits have changed since training")
    for line in dict.fromkeys(drift.line_id for drift in drifts):
        own = [drift for drift in drifts if drift.line_id == line and drift.status != "too_few_rows"]
        moved = [drift for drift in own if drift.status == "drifted"]
        outcome = [drift.quantity for drift in moved if drift.quantity in {"prediction", "label"}]
        if outcome or len(moved) > _DRIFTED_SHARE * len(own):
            worst = max(moved, key=lambda drift: drift.psi)
            what = " and ".join(outcome) if outcome else f"{len(moved)} of {len(own)} features"
            reasons.append(f"line {line}: {what} drifted, most {worst.quantity} (PSI {worst.psi:.2f})")
    return tuple(reasons)
