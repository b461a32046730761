"""A standing driver without Spark, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVE = "import sys; from guideway.standing_driver import serve; sys.exit(serve(sys.argv[1], lambda: None))"


@contextmanager
def standing_driver() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Its process and its address, once it can be asked."""
    with tempfile.TemporaryDirectory(prefix="guideway-") as folder:  # pytest's own paths are too long for a socket
        address = str(Path(folder, "driver"))
        process = subprocess.Popen([sys.executable, "-c", SERVE, address])
        try:
            while not Path(address).exists():
                assert process.poll() is None
                time.sleep(0.01)
            yield process, address
        finally:
            process.kill()
            process.wait()
