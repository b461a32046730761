"""Views in the analyst's words, registered beside the tables by ``guideway sql`` and notebooks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A view over contract tables; ``reads`` must exist for it to be registered."""

    full_name: str
    comment: str
    reads: tuple[str, ...]
    sql: str


VIEWS = (
    View(
        "bronze.sample",
        "One row a sample, for a look at single recordings; jobs never use it.",
        ("bronze.signal",),
        "SELECT recording_id, channel, unit, start + position * step AS at, value FROM "
        "(SELECT recording_id, channel, unit, start, step, posexplode(values) AS (position, value) FROM bronze.signal)",
    ),
    View(
        "gold.latest_forecast",
        "Limit forecasts of the latest day, with line and place.",
        ("gold.limit_forecast", "reference.asset"),
        "SELECT f.*, a.asset_type, a.track_id, a.from_m, a.to_m, a.name FROM gold.limit_forecast f "
        "JOIN reference.asset a USING (asset_id) WHERE f.as_of = (SELECT max(as_of) FROM gold.limit_forecast)",
    ),
    View(
        "gold.condition_history",
        "Good condition values with line and place, newest first within an asset.",
        ("gold.condition", "reference.asset"),
        "SELECT c.*, a.asset_type, a.track_id, a.from_m, a.to_m, a.name FROM gold.condition c "
        "JOIN reference.asset a USING (asset_id) WHERE c.quality = 'good'",
    ),
)
