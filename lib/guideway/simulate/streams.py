"""Random streams: one for each line, asset or run, so that any file can be made alone."""

from __future__ import annotations

from zlib import crc32

import numpy as np


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """The generator of one thing of the network.

    Args:
        seed: seed of the network.
        key: what the numbers are for, for example ``("C01", "run", 7)``. Streams of different keys are independent.
    """
    spawn_key = tuple(crc32(str(part).encode()) for part in key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))
