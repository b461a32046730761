"""How the past is divided so that a validation does not flatter: by time and by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guideway.prognostics.ragged import Floats

Mask = NDArray[np.bool_]
Kind = Literal["time", "line"]
MAX_LINE_FOLDS = 5


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to test on."""

    kind: Kind
    name: str
    train: Mask
    test: Mask


def rolling_origin(origin_days: Floats, ends_days: Floats, folds: int) -> Iterator[Split]:
    """Blocks of late origins, each tested by a model of all targets that had ended before the block began.

    The later half of the origins is cut into ``folds`` blocks; a block nothing ended before is left out.

    Args:
        origin_days: origin of each row.
        ends_days: when the target of each row was known.
        folds: number of blocks.
    """
    origins = np.unique(origin_days)
    late = origins[max(1, origins.size // 2) :]
    for block in np.array_split(late, min(folds, late.size)) if late.size else ():
        start, stop = block[0], block[-1]
        train = ends_days <= start
        if train.any():
            yield Split("time", f"from_{start:.0f}", train, (origin_days >= start) & (origin_days <= stop))


def by_line(line_id: NDArray[Any], kind: NDArray[Any] | None = None) -> Iterator[Split]:
    """Whole lines held out: each line alone, or, of many lines, five groups of about equal size.

    Args:
        line_id: line of each row.
        kind: what the row is about, such as indicator and mode. A held-out row is tested where lines that stay know its
            kind: a model that never saw a maglev is not asked about one. A fold without such rows is left out.
    """
    lines, index, counts = np.unique(np.asarray(line_id).astype(str), return_inverse=True, return_counts=True)
    if lines.size < 2:
        return
    folds = min(lines.size, MAX_LINE_FOLDS)
    load = np.zeros(folds)
    home = np.zeros(lines.size, dtype=int)
    for line in np.argsort(-counts, kind="stable"):
        home[line] = int(np.argmin(load))
        load[home[line]] += counts[line]
    for fold in range(folds):
        held_out = home[index] == fold
        test = held_out if kind is None else held_out & np.isin(kind, np.unique(kind[~held_out]))
        if test.any():
            yield Split("line", "+".join(lines[home == fold][:3]), ~held_out, test)
