"""The audit of a batch: is what one source delivered at once fit to be published, or is something wrong with it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from guideway.archives.rules import AuditRules

HELD = "audit_failed"
"""Machine reason of files that are good by themselves and held back with their batch."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What an audit looks at of one file."""

    accepted: bool
    rows_read: int
    rows_rejected: int


def audit(rules: AuditRules, batch: Sequence[FileFacts], usual_rows: Sequence[int]) -> str | None:
    """Why the batch must not be published, or ``None``.

    Args:
        rules: the source's rules.
        batch: the files one source delivered at once.
        usual_rows: rows of each file of the source that was published before.
    """
    good = [file for file in batch if file.accepted]
    if len(batch) < rules.min_files or not good:
        return None
    quarantined = len(batch) - len(good)
    if quarantined > rules.max_quarantined_share * len(batch):
        return f"{quarantined} of {len(batch)} files cannot be read, at most {rules.max_quarantined_share:.0%} may"
    rows, rejected = sum(file.rows_read for file in good), sum(file.rows_rejected for file in good)
    if rejected > rules.max_rejected_share * rows:
        return f"{rejected} of {rows} rows are rejected, at most {rules.max_rejected_share:.0%} may"
    factor = rules.rows_factor
    if factor is not None and len(usual_rows) >= rules.min_files:
        now, usual = median(file.rows_read for file in good), median(usual_rows)
        if not usual / factor <= now <= usual * factor:
            return f"its files have {now:g} rows, the source's {usual:g}: not within a factor of {factor:g}"
    return None
