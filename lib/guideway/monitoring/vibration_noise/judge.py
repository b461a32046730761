"""Vibration and noise against the rule book: plain limits, KB rules for railways, frequency-dependent peak velocity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from guideway.monitoring.definition import Exceedance
from guideway.monitoring.vibration_noise.finding import Finding
from guideway.monitoring.vibration_noise.receiver import PERIODS, Receiver
from guideway.monitoring.vibration_noise.vibration import PeakVelocity
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import Rulebook

PEAK_CORNERS_HZ = (1, 10, 50, 100)


def exceedances(
    findings: Sequence[Finding], receiver: Receiver, rulebook: Rulebook, passages_a_day: float | None
) -> Iterator[Exceedance]:
    """One exceedance an indicator beyond its limit; KB and peak velocity have rules of their own."""
    for finding in findings:
        if finding.indicator.startswith(("kb_", "peak_particle")):
            continue
        name = receiver.asset_class(finding.indicator, passages_a_day)
        limit = rulebook.judge(finding.indicator, finding.value, name, receiver.speed_kmh)
        if limit is not None:
            yield exceedance(receiver, finding, limit)
    by_name = {finding.indicator: finding for finding in findings}
    for period in PERIODS:
        yield from _kb(by_name, period, receiver, rulebook)


def exceedance(receiver: Receiver, finding: Finding, limit: Limit, reason: str = "") -> Exceedance:
    """Exceedance of a limit at a receiver; the reason names standard, clause, class and provenance."""
    where = receiver.stretch
    cause = reason or f"{limit.standard} {limit.edition}, {limit.clause}; {limit.asset_class}; {limit.provenance}"
    return Exceedance(
        asset_id=receiver.asset_id,
        indicator=finding.indicator,
        from_m=where.from_m if where else 0.0,
        to_m=where.to_m if where else 0.0,
        peak=finding.value,
        unit=limit.unit,
        level=limit.level,
        severity=limit.severity,
        limit=limit.value,
        reason=cause,
        at_offset_s=finding.at_s,
    )


def _kb(findings: Mapping[str, Finding], period: str, receiver: Receiver, rulebook: Rulebook) -> Iterator[Exceedance]:
    """Railways: kept where KB_FTmax <= A_u, else where KB_FTr <= A_r; one loud train by night hints at wheel flats."""
    largest, rating = findings.get(f"kb_ft_max_{period}"), findings.get(f"kb_ft_rating_{period}")
    if largest is None or rating is None:
        return
    lower = _named(_kb_limits(largest.indicator, receiver, rulebook), "A_u")
    allowed = _named(_kb_limits(rating.indicator, receiver, rulebook), "A_r")
    if lower and allowed and largest.value > lower.value and rating.value > allowed.value:
        yield exceedance(receiver, rating, allowed)
    underground = receiver.stretch is not None and receiver.stretch.structure == "tunnel"
    single = rulebook.judge(
        f"kb_single_train_{period}", largest.value, "underground" if underground else "surface", receiver.speed_kmh
    )
    if single is not None:
        reason = f"look for wheel flats: {single.standard} {single.edition}, {single.clause}; {single.provenance}"
        yield exceedance(receiver, largest, single, reason)


def _kb_limits(indicator: str, receiver: Receiver, rulebook: Rulebook) -> tuple[Limit, ...]:
    name = receiver.asset_class(indicator)
    found = rulebook.limits(indicator, name, receiver.speed_kmh)
    return found or rulebook.limits(indicator, name.removesuffix(".surface"), receiver.speed_kmh)


def _named(limits: Sequence[Limit], level: str) -> Limit | None:
    return next((limit for limit in limits if limit.level == level), None)


def peak_limit(frequency_hz: float, receiver: Receiver, rulebook: Rulebook) -> tuple[float, Limit] | None:
    """Limit of peak velocity at a frequency, mm/s, linear between the book's rows at 1, 10, 50 and 100 Hz.

    The row returned with it is the one of the next lower corner; None where the book lacks a corner.
    """
    rows = []
    for corner in PEAK_CORNERS_HZ:
        name = f"peak_particle_velocity_{corner}_hz"
        limits = rulebook.limits(name, receiver.asset_class(name), receiver.speed_kmh)
        if not limits:
            return None
        rows.append(limits[0])
    value = float(np.interp(frequency_hz, PEAK_CORNERS_HZ, [row.value for row in rows]))
    return value, rows[int(np.clip(np.searchsorted(PEAK_CORNERS_HZ, frequency_hz, side="right") - 1, 0, 3))]


def judge_peaks(
    peaks: Sequence[PeakVelocity], finding: Finding, receiver: Receiver, rulebook: Rulebook
) -> Exceedance | None:
    """Exceedance of the passage and axis whose peak velocity is largest relative to its limit, if above it."""
    ratios = []
    for peak in peaks:
        found = peak_limit(peak.frequency_hz, receiver, rulebook)
        if found is not None:
            ratios.append((peak.value_mm_s / found[0], peak, found))
    if not ratios:
        return None
    ratio, peak, (value, row) = max(ratios, key=lambda item: item[0])
    if ratio <= 1.0:
        return None
    where = receiver.stretch
    return Exceedance(
        asset_id=receiver.asset_id,
        indicator=finding.indicator,
        from_m=where.from_m if where else 0.0,
        to_m=where.to_m if where else 0.0,
        peak=peak.value_mm_s,
        unit=row.unit,
        level=row.level,
        severity=row.severity,
        limit=value,
        reason=f"{row.standard} {row.edition}, at {peak.frequency_hz:.1f} Hz; {row.asset_class}; {row.provenance}",
        at_offset_s=peak.at_s,
    )
