"""The weather along a line, day by day: a climate's year with spells of cold and of rain."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from scipy import signal

from guideway.simulate.network import DAYS_PER_YEAR, LineSpec
from guideway.simulate.streams import stream

WEEKS_BEFORE = 13
"""The series begins so many weeks before the archive, so that the first features know a season."""

# time zone -> (mean of the daily lowest temperature, half its yearly range, degC; share of wet days; rain of one, mm)
_CLIMATE = {
    "Europe/Helsinki": (1.5, 11.5, 0.45, 4.0),
    "Europe/Vienna": (6.5, 9.5, 0.35, 5.0),
    "Asia/Shanghai": (13.0, 12.0, 0.40, 9.0),
}
_WARMEST_DAY = 200.0
_SPELL_DAYS, _SPELL_C = 5.0, 3.5


def weather_rows(line: LineSpec, first_day: date, weeks: int, seed: int) -> list[dict[str, object]]:
    """Rows of ``reference.weather`` of a line, from ``WEEKS_BEFORE`` before the first day to the last."""
    mean, half, wet, rain = _CLIMATE[line.time_zone]
    days = [first_day + timedelta(days=k) for k in range(-7 * WEEKS_BEFORE, 7 * weeks)]
    rng = stream(seed, line.line_id, "weather")
    of_year = np.array([day.timetuple().tm_yday for day in days], dtype=np.float64)
    kept = float(np.exp(-1.0 / _SPELL_DAYS))
    spell = _SPELL_C * signal.lfilter([np.sqrt(1 - kept**2)], [1.0, -kept], rng.normal(size=len(days)))
    lowest = mean + half * np.cos(2 * np.pi * (of_year - _WARMEST_DAY) / DAYS_PER_YEAR) + spell
    fell = np.where(rng.random(len(days)) < wet, rng.exponential(rain, len(days)), 0.0)
    return [
        {
            "line_id": line.line_id,
            "day": day.isoformat(),
            "rain_mm": round(float(mm), 1),
            "lowest_temperature_c": round(float(degrees), 1),
        }
        for day, mm, degrees in zip(days, fell, lowest, strict=True)
    ]
