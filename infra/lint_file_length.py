"""Fail when a source file is longer than 500 lines: such a file is about more than one concept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 500
GENERATED = {Path("docs/data_dictionary.md")}
SUFFIXES = {".py", ".sh", ".yaml", ".yml", ".html", ".css", ".js", ".md"}


def too_long(paths: list[Path]) -> list[tuple[Path, int]]:
    """The files above the limit, with their line counts."""
    counted = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in paths]
    return [(path, lines) for path, lines in counted if lines > LIMIT]


def main() -> int:
    """Check every file git knows of; print the offenders."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    written = [path for path in map(Path, listed) if path.suffix in SUFFIXES and path not in GENERATED]
    offenders = too_long([path for path in written if path.is_file()])
    for path, lines in offenders:
        print(f"{path}: {lines} lines, {LIMIT} are allowed: split it by concept")
    return 1 if offenders else 0


if __name__ == "__main__":
    sys.exit(main())
