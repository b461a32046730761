"""How a sub-command is declared."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any, Protocol

Run = Callable[[argparse.Namespace], int]


class Commands(Protocol):
    """What ``argparse`` returns from ``add_subparsers``."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """A parser of its own for a sub-command."""


def add_command(commands: Commands, name: str, summary: str, run: Run, example: str) -> argparse.ArgumentParser:
    """Declare ``guideway <name>``; ``run`` gets the parsed options and returns the exit code."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(execute_command=run)  # a name no argument of a command has
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """The ``--json`` switch of commands that print a result."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def positive(text: str) -> float:
    """A number above 0 from the command line, as ``type=`` of an argument.

    Raises:
        argparse.ArgumentTypeError: anything else, NaN and infinity included.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value
