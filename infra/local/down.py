"""End what ``python -m infra.local.up`` started: those processes and what descends from them, nothing else."""

from __future__ import annotations

import sys

from infra.local.places import RECORD
from infra.local.processes import recorded, stop


def main() -> int:
    """End them and forget them."""
    services = recorded(RECORD)
    stop(services)
    RECORD.unlink(missing_ok=True)
    print(f"ended: {', '.join(service.name for service in services)}" if services else "nothing was running")
    return 0


if __name__ == "__main__":
    sys.exit(main())
