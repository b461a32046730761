"""Values, places and times in words, for the printed forms of the report (PDF, mail, workbooks)."""

from __future__ import annotations

import math
from datetime import date, timedelta

from guideway.reporting.words import Words, unit_sign

NOTHING = "–"


def value(number: float, unit: str = "") -> str:
    """A value with as many decimals as its size needs, and its unit."""
    if not math.isfinite(number):
        return NOTHING
    size = abs(number)
    digits = 0 if size >= 100 else 1 if size >= 20 else 2
    sign = unit_sign(unit)
    return f"{number:,.{digits}f}{' ' + sign if sign else ''}".replace("-", "−")


def signed(number: float, unit: str = "") -> str:
    """A change: its sign is always written, and a small one has a third decimal."""
    sign = unit_sign(unit)
    small = f"{number:.3f}{' ' + sign if sign else ''}".replace("-", "−")
    return ("+" if math.isfinite(number) and number > 0 else "") + (
        small if 0.0 < abs(number) < 0.01 else value(number, unit)
    )


def percent(share: float) -> str:
    """A share as per cent."""
    return f"{share * 100:.0f} %" if math.isfinite(share) else NOTHING


def chainage(from_m: float, to_m: float) -> str:
    """A stretch as kilometres; empty where it has none."""
    if not math.isfinite(from_m):
        return ""
    if not math.isfinite(to_m) or to_m == from_m:
        return f"km {from_m / 1000:,.3f}"
    digits = 3 if abs(to_m - from_m) < 100 else 2
    return f"km {from_m / 1000:,.{digits}f}–{to_m / 1000:,.{digits}f}"


def away(days: float, words: Words) -> str:
    """How far off a day is."""
    if not math.isfinite(days):
        return words("cell.never")
    if days <= 0:
        return words("cell.now")
    if days < 7:
        return words("cell.this_week")
    weeks = round(days / 7)
    if weeks == 1:
        return words("cell.week")
    return words("cell.weeks", n=weeks) if weeks <= 104 else words("cell.years", n=f"{days / 365.25:.1f}")


def interval(as_of: date, low: float, high: float, words: Words) -> str:
    """The 80 % interval of a crossing as dates; ends beyond the forecast's reach are said in words."""
    if not math.isfinite(low):
        return words("cell.never")
    first = words.day(as_of + timedelta(days=round(low)))
    if not math.isfinite(high):
        return f"{first} – {words('cell.beyond_ten')}"
    return first if round(low) == round(high) else f"{first} – {words.day(as_of + timedelta(days=round(high)))}"
