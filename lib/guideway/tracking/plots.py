"""Pictures of an evaluation, as PNG bytes."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from guideway.prognostics.baselines import BASELINES
from guideway.prognostics.evaluation import CHAMPION, MODEL, Evaluation

_COLOURS = {MODEL: "#0b5fa5", CHAMPION: "#e08a00", "persistence": "#9aa5b1", "trend": "#c0392b", "rule": "#6c7a89"}


def plots(evaluation: Evaluation) -> dict[str, bytes]:
    """Errors beside the baselines, and the reliability of the probability, for each kind of split."""
    made = {}
    if evaluation.splits:
        made["errors.png"] = _png(_errors(evaluation))
        made["reliability.png"] = _png(_reliability(evaluation))
    return made


def _errors(evaluation: Evaluation) -> Figure:
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots(1, len(evaluation.splits), squeeze=False, sharey=True)[0]
    for ax, (kind, split) in zip(axes, evaluation.splits.items(), strict=True):
        names = [name for name in (MODEL, CHAMPION, *BASELINES) if name in split.scores]
        ax.bar(names, [split.scores[name].mae for name in names], color=[_COLOURS[name] for name in names])
        ax.set_title(f"held out by {kind}: {split.n} rows")
        ax.set_ylabel("mean absolute error / typical change")
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def _reliability(evaluation: Evaluation) -> Figure:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots(1, len(evaluation.splits), squeeze=False)[0]
    for ax, (kind, split) in zip(axes, evaluation.splits.items(), strict=True):
        rows = evaluation.held_out
        rows = rows[(rows["split"] == kind) & rows["at_risk"].astype(bool) & np.isfinite(rows["exceeds"].astype(float))]
        ax.plot([0, 1], [0, 1], color="#b0b8c1", linewidth=1)
        for name in (MODEL, "trend"):
            mean, share = _curve(rows[f"probability_{name}"], rows["exceeds"])
            ax.plot(mean, share, marker="o", markersize=4, color=_COLOURS[name], label=name)
        ax.set(xlabel="forecast probability", ylabel="share that exceeded", title=f"by {kind}: {split.n_events} events")
        ax.legend(frameon=False)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def _curve(probability: pd.Series, event: pd.Series) -> tuple[list[float], list[float]]:
    p, y = probability.to_numpy(np.float64), event.to_numpy(np.float64)
    known = np.isfinite(p)
    p, y = p[known], y[known]
    if not p.size:
        return [], []
    parts = [part for part in np.array_split(np.argsort(p, kind="stable"), 10) if part.size]
    return [float(p[part].mean()) for part in parts], [float(y[part].mean()) for part in parts]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": "guideway"})
    return buffer.getvalue()
