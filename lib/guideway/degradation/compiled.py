"""One way to compile a kernel: machine code cached on disk, no global lock held while it runs; so threads gain."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _package_digest() -> str | None:
    """SHA-256 of the package's sources; None where they are not plain files (a zip on an executor)."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    if not sources:
        return None
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


ENGINE = _package_digest()
"""Stands for the code of the engine."""


def kernel(function: Kernel) -> Kernel:
    """Compile ``function`` with numba on its first call; later processes load it from the cache.

    Numba renews a cached kernel only when its own file changes, though it contains the kernels it calls from other
    files. Here the whole package's content is its stamp. Where nothing can be cached (no writable folder), it compiles
    in every process. Divisions by zero give infinity or NaN as in numpy: one series must not end the batch it is in.
    """
    try:
        compiled = njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return cast(Kernel, njit(nogil=True, error_model="numpy")(function))
    index: Any = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if ENGINE is not None and index is not None:
        index._source_stamp = ENGINE
    return cast(Kernel, compiled)
