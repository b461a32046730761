"""From a recording to vibration and noise conditions and exceedances."""

from __future__ import annotations

import math
from collections.abc import Sequence

from guideway.archives.recording import Recording
from guideway.monitoring.definition import Condition, Exceedance, Measurement
from guideway.monitoring.vibration_noise.finding import Finding
from guideway.monitoring.vibration_noise.in_car import in_car_class, in_car_conditions
from guideway.monitoring.vibration_noise.indicators import INDICATORS
from guideway.monitoring.vibration_noise.judge import exceedances, judge_peaks
from guideway.monitoring.vibration_noise.receiver import find_receiver
from guideway.monitoring.vibration_noise.record import Record, prepare
from guideway.monitoring.vibration_noise.sound import sound_findings
from guideway.monitoring.vibration_noise.sources import source_shares
from guideway.monitoring.vibration_noise.vibration import peak_velocities, vibration_findings
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

_UNITS = {indicator.name: indicator.unit for indicator in INDICATORS}
_LEAST_RECORD_FOR_RATE_S = 3600.0
_FLAT_SHARE = 0.1  # of the energy: half a decibel


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """Conditions, exceedances and sources of a fixed sensor's record, or conditions of a run of an instrumented train.

    A recording with an ``asset_id`` is a fixed sensor at that receiver; one without, with channel ``position``, is a
    train. Attributes read: ``speed_kmh``, ``train_id``, ``wheel_diameter_m`` (of passing trains), ``events_per_day``,
    ``location`` (``saloon`` or ``cab``). An empty, constant or mostly missing record gives nothing.
    Conditions of a record that a flat wheel makes half a decibel louder are suspect; its exceedances stand.
    """
    if recording.axis != "time" or recording.n_samples < 2 or recording.step <= 0:
        return Measurement()
    if recording.asset_id is None and recording.has("position"):
        return _measure_train(recording, stretches, rulebook)
    receiver = find_receiver(recording, stretches)
    record = prepare(recording)
    speed = _number(recording.attributes.get("speed_kmh")) or receiver.speed_kmh or None
    findings = [*vibration_findings(record, receiver, speed), *sound_findings(record, receiver)]
    peaks = peak_velocities(record)
    beyond: list[Exceedance] = []
    if peaks:
        largest = max(peaks, key=lambda peak: peak.value_mm_s)
        signal = next(s for n, s in record.signals.items() if n.startswith("vibration_velocity"))
        finding = Finding("peak_particle_velocity", largest.value_mm_s, signal, record.start_s + largest.at_s)
        findings.append(finding)
        worst_peak = judge_peaks(peaks, finding, receiver, rulebook)
        if worst_peak is not None:
            beyond.append(worst_peak)
    beyond.extend(exceedances(findings, receiver, rulebook, _passages_a_day(recording, record)))
    sources = tuple(source_shares(record, receiver, speed, recording.attributes))
    flat = any(source.kind == "wheel_flat" and source.share >= _FLAT_SHARE for source in sources)
    conditions = tuple(_condition(receiver.asset_id, f, flat) for f in findings if math.isfinite(f.value))
    return Measurement(conditions, tuple(beyond), sources)


def _condition(asset_id: str, finding: Finding, flat: bool) -> Condition:
    """A row of a record; with a flat wheel in it the level is true, but says little of the track: no trend uses it."""
    signal = finding.signal
    return Condition(
        asset_id=asset_id,
        indicator=finding.indicator,
        value=finding.value,
        unit=_UNITS[finding.indicator],
        n_samples=round(signal.coverage * signal.values.size),
        coverage=signal.coverage,
        quality="suspect" if flat and signal.quality == "good" else signal.quality,
    )


def _passages_a_day(recording: Recording, record: Record) -> float | None:
    """Trains a day: as stated, else counted where the record is an hour or longer."""
    stated = _number(recording.attributes.get("events_per_day"))
    if stated is not None:
        return stated
    if record.duration_s < _LEAST_RECORD_FOR_RATE_S:
        return None
    return len(record.passages) * 86400.0 / record.duration_s


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _measure_train(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    conditions, beyond = [], []
    for condition, stretch in in_car_conditions(recording, stretches):
        conditions.append(condition)
        name = in_car_class(recording, stretch)
        limit = rulebook.judge(condition.indicator, condition.value, name, stretch.speed_kmh)
        if limit is not None:
            beyond.append(
                Exceedance(
                    asset_id=condition.asset_id,
                    indicator=condition.indicator,
                    from_m=stretch.from_m,
                    to_m=stretch.to_m,
                    peak=condition.value,
                    unit=condition.unit,
                    level=limit.level,
                    severity=limit.severity,
                    limit=limit.value,
                    reason=f"{limit.standard} {limit.edition}, {limit.clause}; {name}; {limit.provenance}",
                    at_offset_s=condition.at_offset_s,
                )
            )
    return Measurement(tuple(conditions), tuple(beyond))
