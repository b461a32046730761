"""Quality rules at work: bad samples become missing, dead channels go, implausible files are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from guideway.archives.rules import Dead, Drift, Gap, Jump, Plausible, QualityRules, Range, Rule, Stuck
from guideway.archives.table import Mask, Numbers
from guideway.errors import DecodeError

Columns: TypeAlias = Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules left of a table.

    Attributes:
        columns: canonical channel -> samples, NaN where missing; channels that were left out are not there.
        rejected: rows with at least one sample a rule took, shape (n,).
        notes: what was taken and why, in words.
    """

    columns: dict[str, Numbers]
    rejected: Mask
    notes: tuple[str, ...]


def judge(columns: Columns, rules: QualityRules, n_rows: int, unreadable: Mapping[str, int]) -> Verdict:
    """Apply the rules of a source to the channels of one table, in file order.

    Args:
        columns: canonical channel -> samples in the canonical unit, shape (n_rows,).
        rules: the source's rules.
        n_rows: rows of the table.
        unreadable: channel -> cells that were no numbers.

    Raises:
        DecodeError: ``implausible_unit`` or ``too_many_rejected``.
    """
    kept: dict[str, Numbers] = {}
    rejected = np.zeros(n_rows, dtype=bool)
    notes: list[str] = []
    for name, raw in columns.items():
        values, bad = raw, np.zeros(n_rows, dtype=bool)
        mine = [rule for rule in rules.rules if rule.applies(name)]
        reason = _no_value(values)
        for rule in [] if reason else mine:
            mask, reason = _apply(rule, name, values)
            if mask is not None and mask.any():
                notes.append(f"{name}: {int(mask.sum())} samples taken by the rule '{rule.rule}'")
                bad |= mask
                values = np.where(mask, np.float32(np.nan), values)
            if reason is not None:
                break
        n_unreadable = unreadable.get(name, 0)
        if n_unreadable:
            notes.append(f"{name}: {n_unreadable} cells are no numbers")
        _check_share(name, int(bad.sum()) + n_unreadable, n_rows, rules)
        rejected |= bad
        reason = reason or _no_value(values)
        if reason is None:
            kept[name] = values
        else:
            notes.append(f"{name}: left out, {reason}")
    return Verdict(kept, rejected, tuple(notes))


def _no_value(values: Numbers) -> str | None:
    return None if np.isfinite(values).any() else "no valid sample"


def _check_share(name: str, n_bad: int, n_rows: int, rules: QualityRules) -> None:
    if n_rows and n_bad / n_rows > rules.max_rejected_share:
        raise DecodeError("too_many_rejected", f"{name}: {n_bad} of {n_rows} samples are rejected")


def _apply(rule: Rule, name: str, values: Numbers) -> tuple[Mask | None, str | None]:
    """Samples the rule takes, and why the whole channel goes where it does."""
    if isinstance(rule, Range):
        return outside(values, rule.low, rule.high), None
    if isinstance(rule, Jump):
        return lone_jumps(values, rule.limit), None
    if isinstance(rule, Stuck):
        return stuck(values, rule.samples), None
    finite = values[np.isfinite(values)]
    return None, _judge_channel(rule, name, values, finite) if finite.size else "no valid sample"


def _judge_channel(rule: Dead | Drift | Gap | Plausible, name: str, values: Numbers, finite: Numbers) -> str | None:
    """Why the whole channel goes, or ``None`` where it stays."""
    if isinstance(rule, Dead):
        spread = float(finite.max()) - float(finite.min())
        return f"dead: every value is {finite[0]:g}" if finite.size > 1 and spread <= rule.spread else None
    if isinstance(rule, Gap):
        share = finite.size / values.size
        return f"only {share:.0%} of its samples are valid" if share < rule.valid_share else None
    if isinstance(rule, Drift):
        change = drift(values)
        return f"drifts by {change:g} over the recording" if abs(change) > rule.limit else None
    _check_plausible(rule, name, finite)
    return None


def _check_plausible(rule: Plausible, name: str, finite: Numbers) -> None:
    if rule.statistic == "median":
        value = float(np.median(finite))
    else:
        value = float(np.sqrt(np.mean(finite.astype(np.float64) ** 2)))
    if not rule.low <= value <= rule.high:
        raise DecodeError(
            "implausible_unit", f"{name}: the {rule.statistic} {value:g} is not within {rule.low:g} to {rule.high:g}"
        )


def outside(values: Numbers, low: float | None, high: float | None) -> Mask:
    """Samples below ``low`` or above ``high``."""
    mask: Mask = np.zeros(values.size, dtype=bool)
    if low is not None:
        mask |= values < low
    if high is not None:
        mask |= values > high
    return mask


def lone_jumps(values: Numbers, limit: float) -> Mask:
    """Samples that differ from both neighbours by more than ``limit`` in the same sense; missing ones are skipped."""
    mask: Mask = np.zeros(values.size, dtype=bool)
    rows = np.flatnonzero(np.isfinite(values))
    if rows.size < 3:
        return mask
    steps = np.diff(values[rows])
    mask[rows[1:-1]] = ((steps[:-1] > limit) & (steps[1:] < -limit)) | ((steps[:-1] < -limit) & (steps[1:] > limit))
    return mask


def stuck(values: Numbers, samples: int) -> Mask:
    """Samples in runs of at least ``samples`` identical values."""
    mask: Mask = np.zeros(values.size, dtype=bool)
    if values.size < samples:
        return mask
    same = np.concatenate(([False], values[1:] == values[:-1], [False]))
    starts = np.flatnonzero(~same[:-1] & same[1:])
    ends = np.flatnonzero(same[:-1] & ~same[1:])
    for first, last in zip(starts, ends, strict=True):
        if last - first + 1 >= samples:
            mask[first : last + 1] = True
    return mask


def lost_records(counter: Numbers) -> int:
    """Records missing between those of a counter that rises by one; a counter that starts anew lost none."""
    steps = np.diff(counter[np.isfinite(counter)])
    return int(np.sum(steps[steps > 1] - 1))


def drift(values: Numbers, pieces: int = 20) -> float:
    """Change over the recording by the Theil-Sen slope of the medians of up to ``pieces`` equal pieces."""
    medians = [float(np.nanmedian(p)) for p in np.array_split(values, pieces) if p.size and np.isfinite(p).any()]
    if len(medians) < 3:
        return 0.0
    level = np.asarray(medians)
    i, j = np.triu_indices(level.size, k=1)
    return float(np.median((level[j] - level[i]) / (j - i)) * (level.size - 1))
