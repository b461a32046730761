"""Feeds broken bytes to one decoder until the time is over: no crash, no hang, no memory beyond the bound.

``python -m tests.faults.fuzz_decoders run.tdms --seconds 60``. With atheris installed, mutations follow the coverage of
the Python code of the decoders; without it they are drawn at random from the same seeds. The process dies of what it
finds: an exception that is no ``DecodeError``, a limit of memory, an alarm after ten seconds on one input.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

MEMORY_BYTES = 6 << 30
"""Address space; what the libraries map without using it counts, too."""
HANG_SECONDS = 10


def check(name: str, folder: Path, hang_seconds: int) -> Callable[[bytes], None]:
    """A function that decodes these bytes as the format of that file name, and looks at what comes out."""
    import numpy as np

    from guideway.archives.decode import decode_file
    from guideway.archives.reasons import REASONS
    from guideway.errors import DecodeError
    from tests.properties.test_archives_corruption import CASES

    source, path = CASES[name][1], folder / name

    def once(data: bytes) -> None:
        path.write_bytes(data)
        if hang_seconds:
            signal.alarm(hang_seconds)
        try:
            decoded = decode_file(path, source)
        except DecodeError as error:
            if error.reason not in REASONS:
                raise
            return
        finally:
            if hang_seconds:
                signal.alarm(0)
        for recording in decoded.recordings:
            for channel in recording.channels:
                if np.isinf(channel.values).any() or channel.values.size != recording.n_samples:
                    raise AssertionError(f"a wrong value was accepted: {channel.name}")

    return once


def random_inputs(name: str, seconds: float, once: Callable[[bytes], None]) -> int:
    """Damage the healthy file in up to four ways at once, again and again; returns how often."""
    from tests.properties.test_archives_corruption import CASES, damaged

    rng, end, count = random.Random(0), time.monotonic() + seconds, 0  # noqa: S311
    while time.monotonic() < end:
        data = CASES[name][0]
        for _ in range(rng.randint(1, 4)):
            kind = rng.choice(["flip", "cut", "insert", "remove", "double", "zeros"])
            data = damaged(data, kind, rng.getrandbits(32)) or data
        once(data)
        count += 1
    return count


def guided_inputs(name: str, seconds: float, once: Callable[[bytes], None], folder: Path) -> None:
    """Let atheris look for inputs that reach new code; ends the process."""
    from tests.properties.test_archives_corruption import CASES

    atheris = import_module("atheris")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / name).write_bytes(CASES[name][0])
    options = [
        f"-max_total_time={int(seconds)}",
        "-rss_limit_mb=2048",
        f"-timeout={HANG_SECONDS}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], once)
    atheris.Fuzz()


def main() -> None:
    """Read the arguments and fuzz."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="file name of a case of tests/properties/test_archives_corruption.py")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    options = parser.parse_args()
    guided = find_spec("atheris") is not None
    if guided:
        with import_module("atheris").instrument_imports(include=["guideway.archives", "nptdms", "pyuff", "pyubx2"]):
            import_module("guideway.archives.decode")
            import_module(f"guideway.archives.{_module(options.name)}")
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        once = check(options.name, folder, 0 if guided else HANG_SECONDS)  # atheris has an alarm of its own
        if guided:
            guided_inputs(options.name, options.seconds, once, folder)
        print(random_inputs(options.name, options.seconds, once), "inputs answered")


def _module(name: str) -> str:
    from tests.properties.test_archives_corruption import CASES

    return str(CASES[name][1].decode.format)


if __name__ == "__main__":
    main()
