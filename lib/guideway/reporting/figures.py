"""Strip maps and trend charts as small SVG, for the PDF: numbers and level codes only, no text of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from guideway.reporting.content import StripMap, TrendSeries
from guideway.reporting.outlook import USUAL_SEVERITY

_RAMP = ((237, 241, 240), (159, 195, 214), (31, 95, 139))
OVER = ("#f0b429", "#d1491b", "#5b0f2e")
"""Colours beyond the first, second and third limit; they differ in lightness too, and the legend names them."""

_STROKES = ("#56626e", "#7d5200", "#b02f13")
_MOST_COLUMNS = 240
_MOST_ROWS = 60


def ordered_limits(limits: Mapping[str, float]) -> list[tuple[str, float]]:
    """Limits from the mildest level to the most severe."""
    return sorted(limits.items(), key=lambda item: (USUAL_SEVERITY.get(item[0], 1), item[1]))


def strip_svg(strip: StripMap, width: int = 720, height: int = 120) -> str:
    """A strip map: chainage from left to right, time from top to bottom, coloured by the share of the first limit."""
    values, limits = strip.values, ordered_limits(strip.limits)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return _svg(width, height, [])
    sign = -1.0 if len(limits) > 1 and limits[-1][1] < limits[0][1] else 1.0
    best = float(finite.min() if sign > 0 else finite.max())
    first = limits[0][1] if limits else float(finite.max() if sign > 0 else finite.min())
    cells = _coarse(values * sign) * sign
    rows, columns = cells.shape
    wide, high = width / rows, height / columns
    parts = []
    for i in range(rows):
        for j in range(columns):
            if np.isfinite(cells[i, j]):
                paint = _paint(float(cells[i, j]), sign, best, first, limits)
                box = f'x="{i * wide:.2f}" y="{j * high:.2f}" width="{wide + 0.25:.2f}" height="{high + 0.25:.2f}"'
                parts.append(f'<rect {box} fill="{paint}"/>')
    return _svg(width, height, parts)


def _coarse(values: np.ndarray) -> np.ndarray:
    """At most 240 x 60 cells, each the worst of what it covers."""
    blocks = [
        np.array_split(np.arange(n), min(n, most))
        for n, most in zip(values.shape, (_MOST_COLUMNS, _MOST_ROWS), strict=True)
    ]
    low = np.where(np.isfinite(values), values, -np.inf)
    rows = np.array([low[block].max(axis=0) for block in blocks[0]])
    cells = np.array([rows[:, block].max(axis=1) for block in blocks[1]]).T
    return np.where(np.isfinite(cells), cells, np.nan)


def _paint(value: float, sign: float, best: float, first: float, limits: Sequence[tuple[str, float]]) -> str:
    beyond = [k for k, (_, limit) in enumerate(limits) if sign * (value - limit) > 0]
    if beyond:
        return OVER[min(beyond[-1], 2)]
    share = 2 * min(1.0, max(0.0, (value - best) / (first - best))) if first != best else 0.0
    low, high = (_RAMP[0], _RAMP[1]) if share < 1 else (_RAMP[1], _RAMP[2])
    mixed = (round(a + (b - a) * (share % 1 if share < 2 else 1)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def trend_svg(
    trend: TrendSeries, today: np.datetime64, grade: Callable[[str], str] = str, width: int = 340, height: int = 170
) -> str:
    """Points, fitted line with its 80 % interval, limits and works; days run from left to right.

    ``grade`` says a limit's level in the report's language.
    """
    days = trend.measured_at.astype("datetime64[D]").astype(float)
    fit_days = trend.fit_at.astype("datetime64[D]").astype(float)
    known = np.concatenate([trend.values, trend.fit_p10, trend.fit_p90])
    known = known[np.isfinite(known)]
    if not known.size:
        return _svg(width, height, [])
    reach = float(np.ptp(known)) or 1.0
    caps = [limit for limit in trend.limits.values() if known.min() - 0.4 * reach <= limit <= known.max() + 0.4 * reach]
    low, high = min([known.min(), *caps]), max([known.max(), *caps])
    pad = 0.06 * ((high - low) or 1.0)
    now = float(today.astype("datetime64[D]").astype(float))
    span = np.concatenate([days, fit_days, [now]])
    x = _scale(float(span.min()), float(span.max()), 40, width - 52)
    y = _scale(low - pad, high + pad, height - 8, 8)
    parts = _grid(x, y, low, high, now, width, height)
    if fit_days.size:
        upper = [f"{x(d):.1f},{y(v):.1f}" for d, v in zip(fit_days, trend.fit_p90, strict=True)]
        lower = [f"{x(d):.1f},{y(v):.1f}" for d, v in zip(fit_days, trend.fit_p10, strict=True)]
        parts.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="#cfe3ec" fill-opacity="0.8"/>')
    parts += _limit_lines({grade(level): limit for level, limit in trend.limits.items()}, caps, y, width)
    if fit_days.size:
        line = " ".join(f"{x(d):.1f},{y(v):.1f}" for d, v in zip(fit_days, trend.fit, strict=True))
        parts.append(f'<polyline points="{line}" fill="none" stroke="#0a5a78" stroke-width="1.6"/>')
    for day, _, _ in trend.works:
        at = x(float(np.datetime64(day, "D").astype(float)))
        parts.append(f'<path d="M{at:.1f} 8V{height - 8}" stroke="#0a5a78" stroke-dasharray="1 3"/>')
    for day_, value, good in zip(days, trend.values, trend.good, strict=True):
        if np.isfinite(value):
            fill = "#17212b" if good else "none"
            spot = f'cx="{x(day_):.1f}" cy="{y(value):.1f}" r="1.9"'
            parts.append(f'<circle {spot} fill="{fill}" stroke="#17212b" stroke-width="0.6"/>')
    return _svg(width, height, parts)


class _Scale:
    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._factor, self._start = low, (end - start) / ((high - low) or 1.0), start

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._factor


def _scale(low: float, high: float, start: float, end: float) -> _Scale:
    return _Scale(low, high, start, end)


def _grid(x: _Scale, y: _Scale, low: float, high: float, now: float, width: int, height: int) -> list[str]:
    parts = [f'<path d="M{x(now):.1f} 8V{height - 8}" stroke="#b9b5aa" stroke-dasharray="2 3"/>']
    for value in np.linspace(low, high, 4):
        parts.append(f'<path d="M40 {y(value):.1f}H{width - 52}" stroke="#e2dfd7" stroke-width="0.6"/>')
        parts.append(_text(34, y(value) + 3, f"{value:.3g}", "end"))
    return parts


def _limit_lines(limits: Mapping[str, float], shown: Sequence[float], y: _Scale, width: int) -> list[str]:
    parts = []
    for k, (level, limit) in enumerate(ordered_limits(limits)):
        if limit in shown:
            parts.append(f'<path d="M40 {y(limit):.1f}H{width - 52}" stroke="{_STROKES[min(k, 2)]}" stroke-width="1"/>')
            parts.append(_text(width - 48, y(limit) + 3, f"{_code(level)} {limit:.3g}", "start"))
    return parts


def _code(level: str) -> str:
    """A level's code with everything but letters, digits and blanks left out: it goes into SVG as it is."""
    return "".join(letter for letter in level if letter.isalnum() or letter == " ")[:6]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    font = 'font-family="Noto Sans, DejaVu Sans, Libertinus Serif" font-size="9" fill="#56626e"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {font}>{text}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
