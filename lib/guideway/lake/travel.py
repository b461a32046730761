"""Looking at the lake as it was: as a published report read it, or as it stood at a moment.

Two times answer "what did we know on 1 March?". When the lake learned something is the time of its commit, and that is
what travels here. What a row is about is in its columns: ``as_of`` of a forecast, ``measured_at`` of a value.
"""

from __future__ import annotations

from datetime import datetime, timezone

from pyspark.sql import functions as F

from guideway.contracts.gold import REPORT_VERSION
from guideway.errors import ConfigurationError
from guideway.lake.lake import Lake


def versions_known(lake: Lake, *, report: str | None = None, at: datetime | None = None) -> dict[str, int] | None:
    """Versions of the tables that were known, by full name; None where neither is asked for: the tables as they are.

    Args:
        lake: the lake.
        report: ISO week of a published report.
        at: a moment; without a time zone it is UTC.

    Raises:
        ConfigurationError: there is no such report, or the lake is younger than the moment.
    """
    if report is not None:
        return _of_report(lake, report)
    if at is None:
        return None
    moment = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    found = lake.versions_at(moment)
    if not found:
        raise ConfigurationError(f"the lake {lake.root} knew nothing yet at {moment.isoformat()}")
    return found


def _of_report(lake: Lake, week: str) -> dict[str, int]:
    pins = lake.read(REPORT_VERSION)
    rows = pins.where(F.col("iso_week") == week).collect()
    if not rows:
        weeks = sorted(row["iso_week"] for row in pins.select("iso_week").distinct().collect())
        raise ConfigurationError(f"no report of week {week!r}; there are {', '.join(weeks) or 'none'}")
    latest = max(row["as_of"] for row in rows)
    return {row["table_name"]: row["version"] for row in rows if row["as_of"] == latest}
