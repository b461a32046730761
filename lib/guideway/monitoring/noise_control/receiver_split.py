"""What the level of each receiver of a line is made of: its mean parts, told together for all receivers of the line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from guideway.contracts.noise_control import LEVEL_PARTS
from guideway.monitoring.noise_control.design import LEVEL, SPEED, TRAIN_TYPE, complete_passages
from guideway.monitoring.noise_control.level_split import LevelSplit, split_levels

PLACE = "asset_id"
ROUGHNESS, DECAY = "roughness_db", "decay_rate_db_per_m"
SPAN_DAYS = 365.0
"""How long before the day passages count."""

_ORIGINS = {"constant": "common", ROUGHNESS: "rail_roughness", DECAY: "track_decay", "place": "location"}
_EFFECTS = {"speed": "speed", ROUGHNESS: "rail_roughness", DECAY: "track_decay"}
_LEAST_KNOWN = 0.8
_LEAST_PASSAGES = 20
_LEAST_SMOOTH = 0.03  # what is left beside corrugation cannot be told more finely
_LEAST_SD_DB = 0.5  # of roughness: below, its effect is anybody's guess


@dataclass(frozen=True, slots=True)
class ReceiverPart:
    """A part of a receiver's level: a row of ``gold.level_part`` but line, indicator and day."""

    asset_id: str
    part: str
    part_db: float
    sd_db: float
    effect: float
    standard_error: float
    n_passages: int
    n_receivers: int
    status: str


def roughness_above_smooth(share: float) -> float:
    """What corrugation adds to a level whose energy it has this share of, dB: ``-10 lg(1 - share)``."""
    return -10.0 * math.log10(max(1.0 - share, _LEAST_SMOOTH))


def receiver_parts(passages: pd.DataFrame) -> Iterator[ReceiverPart]:
    """Parts of every receiver's mean level; parts nothing is known of are left out.

    Args:
        passages: a row a recording of a line: ``asset_id``, ``level_db``, and ``speed_kmh``, ``train_type``,
            ``roughness_db`` (see :func:`roughness_above_smooth`) and ``decay_rate_db_per_m`` where known. What less
            than four in five recordings state is not used, nor roughness that hardly varies.

    Yields:
        For each receiver the parts of ``LEVEL_PARTS`` that are known; one row ``rest`` with the status ``too_few``
        where the line has fewer than 20 recordings.
    """
    known = [n for n in (SPEED, TRAIN_TYPE, ROUGHNESS, DECAY) if n in passages and _is_known(passages[n])]
    rows = complete_passages(passages, [PLACE, *known])
    least = {ROUGHNESS: _LEAST_SD_DB, DECAY: 0.0}
    covariates = [name for name in known if name in least and float(rows[name].std()) > least[name]]
    rows = rows[[PLACE, LEVEL, *(name for name in known if name in (SPEED, TRAIN_TYPE)), *covariates]]
    if len(rows) >= _LEAST_PASSAGES:
        usual = float(rows[SPEED].median()) if SPEED in rows else 1.0
        split = split_levels(rows, place=PLACE, covariates=covariates, reference_speed_kmh=usual)
        if split.status == "ok":
            yield from _told(rows[PLACE], split)
            return
    for place, own in passages.groupby(PLACE):
        yield ReceiverPart(str(place), "rest", *(math.nan,) * 4, len(own), passages[PLACE].nunique(), "too_few")


def _is_known(values: pd.Series) -> bool:
    return len(values) > 0 and float(values.notna().mean()) >= _LEAST_KNOWN


def _told(places: pd.Series, split: LevelSplit) -> Iterator[ReceiverPart]:
    parts = split.parts.rename(columns=_ORIGINS)
    effects = {
        part: (split.effects[name], split.standard_errors[name])
        for name, part in _EFFECTS.items()
        if name in split.effects
    }
    receivers = int(places.nunique())
    for place, rows in parts.groupby(places.to_numpy()):
        for part in LEVEL_PARTS:
            if part not in rows:
                continue
            effect, error = effects.get(part, (math.nan, math.nan))
            sd = float(rows[part].std(ddof=1)) if len(rows) > 1 else math.nan
            mean = float(rows[part].mean())
            yield ReceiverPart(str(place), part, mean, sd, effect, error, len(rows), receivers, "ok")
