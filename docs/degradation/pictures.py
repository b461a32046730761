"""Draws the pictures of this folder's pages from the engine itself: ``python docs/degradation/pictures.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from guideway.degradation.backtest import backtest
from guideway.degradation.forecasts import forecast_limits, predict
from guideway.degradation.interventions import INFERRED, find_interventions
from guideway.degradation.pooling import estimate_priors
from guideway.degradation.series import DAYS_PER_YEAR, SeriesBatch
from guideway.degradation.trends import fit_trends

FOLDER = Path(__file__).parent
INK, RED, BLUE, GREEN, GREY = "#1d2733", "#c0392b", "#1f6fb2", "#2e8b57", "#9aa5b1"
START, STEP, RUNS = 18_000.0, 28.0, 72


def network(n: int = 300, seed: int = 7) -> tuple[SeriesBatch, list[list[float]]]:
    """Sections that worsen, get tamped (a third of it unrecorded) and are measured with noise and outliers."""
    rng = np.random.default_rng(seed)
    days = START + STEP * np.arange(RUNS)
    level, rate = rng.uniform(0.9, 1.6, n), rng.gamma(4, 0.08, n)
    values = np.empty((n, RUNS))
    records: list[list[float]] = [[] for _ in range(n)]
    for j in range(RUNS):
        level = level + rate * STEP / DAYS_PER_YEAR + rng.normal(0, 0.012, n)
        for i in np.flatnonzero(level > 1.95):
            level[i] -= rng.uniform(0.4, 0.8)
            if rng.random() < 0.67:
                records[i].append(days[j] - rng.uniform(4, 24))
        values[:, j] = level
    values += rng.normal(0, 0.05, values.shape) + (rng.random(values.shape) < 0.02) * rng.normal(0, 0.5, values.shape)
    return SeriesBatch.from_lists([days] * n, list(values), records), records


def years(days: np.ndarray | float) -> np.ndarray | float:
    """Years since the first run."""
    return (days - START) / DAYS_PER_YEAR


def dress(axes: Axes, title: str) -> None:
    """The same plain look for every picture."""
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.set_xlabel("years")
    axes.set_ylabel("SD of longitudinal level, mm")
    axes.spines[["top", "right"]].set_visible(False)


def section(batch: SeriesBatch, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Days and values of one series."""
    rows = slice(batch.offsets[i], batch.offsets[i + 1])
    return batch.t_days[rows], batch.values[rows]


def draw_works(batch: SeriesBatch, i: int) -> None:
    """Recorded and inferred works and values put aside."""
    works = find_interventions(batch, estimate_priors(batch))
    mine = works.owner() == i
    days, values = section(batch, i)
    aside = works.weights[batch.offsets[i] : batch.offsets[i + 1]] == 0
    _, axes = plt.subplots(figsize=(8, 3.2))
    axes.plot(years(days[~aside]), values[~aside], "o", ms=4, color=INK, label="measured")
    axes.plot(years(days[aside]), values[aside], "x", ms=7, color=RED, label="put aside as an outlier")
    for at, source, sure in zip(works.at_days[mine], works.source[mine], works.confidence[mine], strict=True):
        colour = BLUE if source == INFERRED else GREEN
        word = f"inferred, {min(sure, 0.99):.0%} sure" if source == INFERRED else "recorded"
        axes.axvline(years(at), color=colour, lw=1.5, ls="--" if source == INFERRED else "-", ymax=0.88)
        axes.annotate(word, (years(at), values.max() + 0.12), color=colour, ha="center", fontsize=8)
    axes.set_ylim(top=values.max() + 0.22)
    dress(axes, "Works are found in the series, recorded or not")
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    plt.savefig(FOLDER / "works.svg", bbox_inches="tight")


def draw_forecast(batch: SeriesBatch, limit: float = 2.1) -> None:
    """Fan of values ahead and the interval of days to the limit."""
    trend = fit_trends(batch, estimate_priors(batch), batch.t_days[-1])
    crossing = forecast_limits(trend, np.arange(len(batch) + 1), np.full(len(batch), limit))
    telling = (crossing.days_p90 < 650) & (crossing.days_p10 > 90)
    i = int(np.argmax(np.where(telling, trend.n_points, -1)))
    days, values = section(batch, i)
    ahead = np.linspace(0, 730, 60)
    fan = predict(trend, ahead, [0.025, 0.1, 0.5, 0.9, 0.975], noise=False)[i]
    _, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(years(days), values, "o", ms=4, color=INK)
    x = years(days[-1] + ahead)
    axes.fill_between(x, fan[:, 0], fan[:, 4], color=BLUE, alpha=0.12, lw=0, label="19 of 20")
    axes.fill_between(x, fan[:, 1], fan[:, 3], color=BLUE, alpha=0.25, lw=0, label="4 of 5")
    axes.plot(x, fan[:, 2], color=BLUE, label="median")
    axes.axhline(limit, color=RED, lw=1)
    axes.annotate("limit", (0.05, limit + 0.02), color=RED, fontsize=9)
    low, middle, high = (years(days[-1] + getattr(crossing, f"days_p{p}")[i]) for p in (10, 50, 90))
    axes.plot([low, high], [limit + 0.06] * 2, color=RED, lw=3, solid_capstyle="round")
    axes.plot(middle, limit + 0.06, "o", color=RED, mec="white", ms=7)
    axes.set_xlim(0, years(days[-1] + 730))
    axes.set_ylim(0.8, limit + 0.45)
    dress(axes, "When the limit is crossed: early (p10), middle (p50), late (p90)")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    plt.savefig(FOLDER / "forecast.svg", bbox_inches="tight")


def draw_pooling(batch: SeriesBatch) -> None:
    """Rates after four runs: alone and with the help of the group, against the rate all runs show."""
    priors = estimate_priors(batch)
    short = batch.until(START + 3.5 * STEP)
    best = fit_trends(batch, priors, START + RUNS * STEP).rate_per_year
    helped = fit_trends(short, priors, START + 4 * STEP)
    alone = [np.polyfit(*section(short, i), 1)[0] * DAYS_PER_YEAR for i in range(len(batch))]
    _, axes = plt.subplots(figsize=(4.6, 4.2))
    axes.plot(best, alone, "o", ms=4, color=GREY, label="least squares alone")
    axes.plot(best, helped.rate_per_year, "o", ms=4, color=BLUE, label="with its group")
    axes.plot([0, 0.8], [0, 0.8], color=INK, lw=1)
    dress(axes, "Four runs: alone, or with the group's help")
    axes.set_xlabel("rate known after four years, mm a year")
    axes.set_ylabel("rate from four runs, mm a year")
    axes.set_ylim(-2, 2.5)
    axes.legend(frameon=False, fontsize=8)
    plt.savefig(FOLDER / "pooling.svg", bbox_inches="tight")


def draw_scores(batch: SeriesBatch) -> None:
    """CRPS by horizon beside the baselines, and coverage."""
    origins = START + 5 + STEP * np.arange(18, 66, 3)
    card = backtest(
        batch, estimate_priors(batch.until(origins[0])), origins, [4, 13, 26, 52], None, origins[5]
    ).scorecard
    _, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    for name, colour, label in (
        ("persistence_crps", GREY, "stays as it is"),
        ("ols_crps", GREEN, "least squares alone"),
        ("crps", BLUE, "Guideway"),
    ):
        left.plot(card.horizon_weeks, getattr(card, name), "o-", color=colour, label=label)
    dress(left, "Error of the forecast (CRPS)")
    left.set_xlabel("weeks ahead")
    left.set_ylabel("mm, lower is better")
    left.set_ylim(bottom=0)
    left.legend(frameon=False, fontsize=8)
    for name, level in (("coverage_80", 0.8), ("coverage_95", 0.95)):
        right.axhspan(level - 0.03, level + 0.03, color=GREY, alpha=0.25, lw=0)
        right.plot(card.horizon_weeks, getattr(card, name), "o-", color=BLUE)
    dress(right, "Share of values inside the interval")
    right.set_xlabel("weeks ahead")
    right.set_ylabel("")
    right.set_ylim(0.6, 1)
    plt.savefig(FOLDER / "scores.svg", bbox_inches="tight")


def main() -> None:
    """Draw all pictures; the same bytes every time."""
    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "guideway", "font.size": 9, "savefig.transparent": False})
    batch, records = network()
    works = find_interventions(batch, estimate_priors(batch))
    inferred = np.bincount(works.owner()[works.source == INFERRED], minlength=len(batch))
    recorded = np.array([len(r) for r in records])
    aside = np.array([np.sum(works.weights[batch.offsets[i] : batch.offsets[i + 1]] == 0) for i in range(len(batch))])
    chosen = int(np.argmax((inferred == 1) * 10 + (recorded == 1) * 5 + np.minimum(aside, 2)))
    draw_works(batch, chosen)
    draw_forecast(batch)
    draw_pooling(batch)
    draw_scores(batch)


if __name__ == "__main__":
    main()
