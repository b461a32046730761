"""Rows in an order shared out among tasks of about equal size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def equal_shares(sizes: npt.NDArray[np.number], count: int) -> npt.NDArray[np.int64]:
    """Which of ``count`` shares of about equal size each row is in: neighbours are in one, numbers never fall.

    Args:
        sizes: (n,) of the rows.
        count: how many shares are wished for; some may get no row.
    """
    middle = np.cumsum(sizes) - sizes / 2
    return np.asarray(middle * count // max(sizes.sum(), 1), np.int64)
