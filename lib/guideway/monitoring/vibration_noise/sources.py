"""What each source adds to the level of a record's passages: the rail beside the receiver, the train's wheels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guideway.monitoring.definition import SourceShare
from guideway.monitoring.noise_control.sources import CorrugatedStretch, FlatWheel, RankedSource, rank_sources
from guideway.monitoring.vibration_noise.corrugation import corrugation_prominence
from guideway.monitoring.vibration_noise.receiver import Receiver
from guideway.monitoring.vibration_noise.record import Record
from guideway.monitoring.vibration_noise.vibration import vertical_velocity, within_train
from guideway.signals.levels import level
from guideway.signals.passages import Passage
from guideway.signals.weightings import weight

Array = npt.NDArray[np.float64]

UNKNOWN_TRAIN = "passing trains"
WHEEL_DIAMETER_M, WHEEL_TOLERANCE = 0.81, 0.06
"""A metro's wheel between new (0.84 m) and worn, where a recording does not state ``wheel_diameter_m``."""

_QUANTITIES = {"vibration_velocity_z": "velocity_din", "sound_pressure": "sound_pressure"}
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class _Heard:
    """One passage as the receiver gets it, and what was found in it."""

    energy: float
    seconds: float
    at_s: float
    found: Mapping[str, RankedSource]


def source_shares(
    record: Record, receiver: Receiver, speed_kmh: float | None, attributes: Mapping[str, str]
) -> Iterator[SourceShare]:
    """One row a quantity and source that was looked for, found or not.

    Looked for are corrugation of the rail beside the receiver, at the wavelength where the spectrum stands out most,
    and a flat on the passing train's wheels. Shares are of vertical velocity, or of A-weighted sound, over window T2.

    Args:
        record: the record.
        receiver: where it was taken.
        speed_kmh: speed of the trains; without it no source can be told.
        attributes: of the recording; ``train_id`` and ``wheel_diameter_m`` are read.
    """
    if not speed_kmh or speed_kmh <= 0:
        return
    wheel = _wheel(attributes, speed_kmh)
    for quantity, reference in _QUANTITIES.items():
        heard = [one for one in _passages(record, quantity, speed_kmh, wheel) if one.energy > 0]
        total = sum(one.energy * one.seconds for one in heard)
        if not total:
            continue
        for kind, source_id in (("corrugation", receiver.asset_id), ("wheel_flat", wheel.asset_id)):
            hits = [(one, one.found[kind]) for one in heard if kind in one.found]
            share = sum(hit.share * one.energy * one.seconds for one, hit in hits) / total
            loudest = max(hits, key=lambda pair: pair[1].rms, default=None)
            scale = 1e-3 if reference == "velocity_din" else 1.0
            rms = scale * math.sqrt(total / sum(one.seconds for one in heard))
            yield SourceShare(
                asset_id=receiver.asset_id,
                quantity=quantity,
                source_id=source_id,
                kind=kind,
                n_passages=len(heard),
                n_found=len(hits),
                share=share,
                total_db=float(level(rms, reference)),
                frequency_hz=loudest[1].frequency_hz if loudest else None,
                prominence_db=loudest[1].prominence_db if loudest else None,
                speed_kmh=speed_kmh,
                at_offset_s=loudest[0].at_s if loudest else heard[0].at_s,
            )


def _wheel(attributes: Mapping[str, str], speed_kmh: float) -> FlatWheel:
    train = attributes.get("train_id") or UNKNOWN_TRAIN
    try:
        stated = float(attributes.get("wheel_diameter_m", ""))
    except ValueError:
        stated = math.nan
    if math.isfinite(stated) and stated > 0:
        return FlatWheel(train, stated, speed_kmh)
    return FlatWheel(train, WHEEL_DIAMETER_M, speed_kmh, WHEEL_TOLERANCE)


def _passages(record: Record, quantity: str, speed_kmh: float, wheel: FlatWheel) -> Iterator[_Heard]:
    for passage in record.passages:
        signal = _signal(record, quantity, passage)
        if signal is None or signal.size < _LEAST_S * record.fs:
            continue
        _, wavelength_m = corrugation_prominence(signal, record.fs, speed_kmh)
        rail = (CorrugatedStretch("", wavelength_m, speed_kmh),) if math.isfinite(wavelength_m) else ()
        ranked = rank_sources(signal, record.fs, (*rail, wheel))
        at_s = record.start_s + passage.peak_at_s
        yield _Heard(float(np.var(signal)), signal.size / record.fs, at_s, {one.kind: one for one in ranked})


def _signal(record: Record, quantity: str, passage: Passage) -> Array | None:
    if quantity == "sound_pressure":
        return weight(record.cut(quantity, passage.train), record.fs, "A") if record.has(quantity) else None
    velocity = vertical_velocity(record, passage)
    return None if velocity is None else within_train(velocity, record, passage)
