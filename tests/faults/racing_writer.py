"""One of several drivers that write the same tables: ``python racing_writer.py LAKE NAME SECONDS GO_FILE``.

Each round is a run: its parts first, its ledger last, under the lock of both, as a job does it; there is no pause
between two rounds. Prints a line for every acknowledged round; now and then it compacts a table instead.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from guideway.contracts.gold import CONDITION
from guideway.contracts.silver import MEASUREMENT
from guideway.lake.lake import Lake
from guideway.lake.session import open_session
from guideway.lake.writer import Writer
from guideway.settings import load_settings

MONDAY = datetime(2025, 6, 2, tzinfo=timezone.utc)
ROWS = 3


def main(root: str, name: str, seconds: float, go: Path) -> None:
    """Write until the time is over."""
    spark = open_session(load_settings(), f"writer {name}")
    lake = Lake(spark, root, lock_wait_seconds=120.0)
    print("ready", flush=True)
    while not go.exists():
        time.sleep(0.01)
    end = time.monotonic() + seconds
    number = 0
    while number == 0 or time.monotonic() < end:
        key = f"{name}-{number}"
        with lake.writing((CONDITION, MEASUREMENT), key):
            writer = Writer(lake, key)
            writer.undo_unacknowledged(MEASUREMENT, (CONDITION,))
            rows = [(f"A{k}", "gauge_mean", key, "L1", MONDAY, float(k), "mm", 800, 1.0, "good") for k in range(ROWS)]
            writer.append(spark.createDataFrame(rows, CONDITION.ddl), CONDITION)
            ledger = [(key, "h", "measured", None, ROWS, 0)]
            writer.append(spark.createDataFrame(ledger, MEASUREMENT.ddl), MEASUREMENT)
        print(key, flush=True)
        number += 1
        if number % 10 == 0:
            with lake.writing((CONDITION,), f"compaction by {name}"):
                spark.sql(f"OPTIMIZE delta.`{lake.path(CONDITION)}`").collect()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
