"""What a monitoring domain is made of: indicators it defines, conditions and exceedances it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["above", "below"]
Quality = Literal["good", "suspect", "poor"]


@dataclass(frozen=True, slots=True)
class Indicator:
    """Definition of one condition indicator; its documentation page is generated from here.

    A domain that says the same of many indicators makes them by ``functools.partial(Indicator, ...)``.

    Attributes:
        name: identifier, for example ``longitudinal_level_sd``.
        title: name people use.
        unit: unit of the value as Pint writes it; of a level with its reference value, ``dB re 5e-8 m/s``.
        formula: how it is computed, in one or two sentences.
        standard: standard and clause the formula comes from.
        channels: channels it needs, by canonical name.
        min_span: least valid data it needs, for example ``100 m`` or ``60 s``.
        missing_when: what makes it missing.
        direction: ``above`` when a higher value is worse, ``below`` when a lower one is.
        trendable: whether a degradation trend over time makes sense.
    """

    name: str
    title: str
    unit: str
    formula: str
    standard: str
    channels: tuple[str, ...]
    min_span: str
    missing_when: str
    direction: Direction = "above"
    trendable: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """Value of one indicator of one asset in one recording; a row of ``gold.condition``.

    ``at_offset_s`` is when the asset was passed, seconds after the recording started (0 where unknown).
    """

    asset_id: str
    indicator: str
    value: float
    unit: str
    n_samples: int
    coverage: float
    quality: Quality = "good"
    at_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One stretch (or, for a fixed sensor, one event) beyond a limit; a row of ``gold.exceedance``."""

    asset_id: str
    indicator: str
    from_m: float
    to_m: float
    peak: float
    unit: str
    level: str
    severity: int
    limit: float
    reason: str
    at_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceShare:
    """What one possible source adds to a receiver's level in one recording; a row of ``gold.noise_source``.

    Attributes:
        asset_id: receiver.
        quantity: channel whose energy is shared out: ``vibration_velocity_z`` or ``sound_pressure`` (A-weighted).
        source_id: the receiver itself for the rail beside it, else the train.
        kind: ``corrugation`` or ``wheel_flat``.
        n_passages: passages looked at.
        n_found: passages in which the source stands out.
        share: its energy over that of all these passages, 0 where it was not found.
        total_db: level of these passages: re 5e-8 m/s for velocity, re 20 uPa for sound.
        frequency_hz: band or wheel rate where it is strongest; None where it was not found.
        prominence_db: its height above the spectrum around it there.
        speed_kmh: speed of the trains.
        at_offset_s: moment of that passage, seconds after the recording started.
    """

    asset_id: str
    quantity: str
    source_id: str
    kind: str
    n_passages: int
    n_found: int
    share: float
    total_db: float
    frequency_hz: float | None
    prominence_db: float | None
    speed_kmh: float
    at_offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one recording says about the assets it passed."""

    conditions: tuple[Condition, ...] = ()
    exceedances: tuple[Exceedance, ...] = ()
    sources: tuple[SourceShare, ...] = ()
