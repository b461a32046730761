"""What works do: effect as a share of the level before, fading memory of the track, and abrupt upward shifts."""

from __future__ import annotations

import numpy as np

from guideway.degradation.interventions import Interventions
from guideway.degradation.noise import theil_sen
from guideway.degradation.scale import ScaledSeries
from guideway.degradation.series import DAYS_PER_YEAR, Floats
from guideway.degradation.works import AFTER, BEFORE, EFFECTIVE, KIND, SHIFT, WORK

LEAST_WORKS = 6
LEAST_RANGE = 0.2  # relative spread of the levels before works below which they cannot tell alpha from beta


def estimate_effects(works: Interventions, noise_var: float) -> dict[str, float]:
    """``effect_alpha``, ``effect_beta``, ``effect_var`` and ``effect_memory`` of a group from its visible works.

    The drop of a work is ``(alpha + beta * before) * memory ** k`` for the k-th work of its series, k from 0. Slope and
    median are robust (Theil-Sen). Empty where fewer than six works show.
    """
    owner = np.repeat(np.arange(len(works.event_offsets) - 1), np.diff(works.event_offsets))
    use = (works.events[:, KIND] == WORK) & (works.events[:, EFFECTIVE] == 1.0)
    use &= np.isfinite(works.events[:, BEFORE]) & np.isfinite(works.events[:, AFTER])
    owner, before = owner[use], works.events[use, BEFORE]
    drop = before - works.events[use, AFTER]
    if len(drop) < LEAST_WORKS:
        return {}
    order = _order_in_series(owner)
    memory, alpha, beta = 1.0, 0.0, 0.0
    for _ in range(3):
        alpha, beta = _line(before, drop / memory**order)
        expected = np.maximum(alpha + beta * before, 1e-12)
        memory = _memory(np.log(np.maximum(drop, 1e-12) / expected), order)
    rest = drop - (alpha + beta * before) * memory**order
    centred = rest - np.median(rest)
    reach = 3.0 * 1.4826 * float(np.median(np.abs(centred)))
    spread = float(np.var(np.clip(centred, -reach, reach))) - noise_var
    least = (0.1 * float(np.median(drop))) ** 2
    return {
        "effect_alpha": alpha,
        "effect_beta": beta,
        "effect_var": max(spread, least),
        "effect_memory": memory,
    }


def _order_in_series(owner: Floats) -> Floats:
    first = np.searchsorted(owner, owner)
    return (np.arange(len(owner)) - first).astype(np.float64)


def _line(before: Floats, drop: Floats) -> tuple[float, float]:
    pick = np.linspace(0, len(before) - 1, min(len(before), 300)).astype(np.int64)
    pick = pick[np.argsort(before[pick], kind="stable")]
    slope = theil_sen(before[pick], drop[pick])
    middle = float(np.median(before))
    proportional = float(np.median(drop)) / middle if middle > 0 else 0.0
    trust = float(np.var(before[pick]) / (np.var(before[pick]) + (LEAST_RANGE * middle) ** 2 + 1e-300))
    slope = trust * slope + (1.0 - trust) * proportional if np.isfinite(slope) else proportional
    beta = float(np.clip(slope, 0.0, 0.95))
    return float(np.median(drop - beta * before)), beta


def _memory(log_ratio: Floats, order: Floats) -> float:
    if np.ptp(order) == 0 or len(order) < 2 * LEAST_WORKS:
        return 1.0
    centred = order - order.mean()
    slope = float(np.sum(centred * np.clip(log_ratio, -1.5, 1.5)) / np.sum(centred**2))
    return float(np.clip(np.exp(slope), 0.6, 1.0))


def estimate_shifts(works: Interventions, series: ScaledSeries) -> dict[str, float]:
    """``jump_rate`` (a year) and ``jump_mean`` of abrupt upward shifts in a group's series."""
    spans = (
        series.t_days[np.maximum(series.offsets[1:] - 1, 0)]
        - series.t_days[np.minimum(series.offsets[:-1], max(len(series.t_days) - 1, 0))]
    )
    years = float(np.sum(np.where(np.diff(series.offsets) > 1, spans, 0.0))) / DAYS_PER_YEAR
    shifts = works.events[works.events[:, KIND] == SHIFT]
    sizes = shifts[:, AFTER] - shifts[:, BEFORE]
    sizes = sizes[np.isfinite(sizes)]
    if years <= 0 or len(sizes) == 0:
        return {"jump_rate": 0.0, "jump_mean": 0.0}
    return {"jump_rate": len(sizes) / years, "jump_mean": float(np.mean(sizes))}
