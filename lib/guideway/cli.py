"""The ``guideway`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from guideway import __version__
from guideway.commands import analysis, archive, inspection, jobs, limits, models, noise, operations, planning
from guideway.errors import GuidewayError

_EXAMPLES = """\
examples:
  guideway simulate --landing var/landing --truth var/truth
  guideway pipeline --lake var/lake --landing var/landing --as-of 2026-01-05 --json
  guideway inspect run.csv --source fi-track-geometry
  guideway sql "SELECT line_id, count(*) FROM gold.limit_forecast GROUP BY line_id"
"""


def app(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, run the sub-command, turn a Guideway error into one line and its exit code."""
    parser = argparse.ArgumentParser(
        prog="guideway",
        description="Condition monitoring for every kind of railway.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"guideway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in (operations, archive, jobs, models, planning, inspection, limits, analysis, noise):
        group.register(commands)
    options = parser.parse_args(arguments)
    try:
        code = options.execute_command(options)
        sys.stdout.flush()
        sys.exit(code)
    except GuidewayError as error:
        print(f"guideway {options.command}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # a file nobody may read, a full disk: names the file
        print(f"guideway {options.command}: {error}", file=sys.stderr)
        sys.exit(GuidewayError.exit_code)
    except KeyboardInterrupt:
        print(f"guideway {options.command}: interrupted; what was acknowledged stays", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    app()
