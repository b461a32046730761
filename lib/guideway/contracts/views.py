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
    View(
        "gold.receiver_level",
        "What the level of each receiver is made of on the latest day, a column a part, dB.",
        ("gold.level_part", "reference.asset"),
        "SELECT p.line_id, p.asset_id, a.name, p.indicator, p.as_of, sum(p.part_db) AS level_db, "
        "sum(CASE WHEN p.part = 'common' THEN p.part_db END) AS common_db, "
        "sum(CASE WHEN p.part = 'speed' THEN p.part_db END) AS speed_db, "
        "sum(CASE WHEN p.part = 'train_type' THEN p.part_db END) AS train_type_db, "
        "sum(CASE WHEN p.part = 'rail_roughness' THEN p.part_db END) AS rail_roughness_db, "
        "sum(CASE WHEN p.part = 'track_decay' THEN p.part_db END) AS track_decay_db, "
        "sum(CASE WHEN p.part = 'location' THEN p.part_db END) AS location_db, "
        "sum(CASE WHEN p.part = 'rest' THEN p.part_db END) AS rest_db, "
        "max(p.n_passages) AS n_passages FROM gold.level_part p JOIN reference.asset a USING (asset_id) "
        "WHERE p.status = 'ok' AND p.as_of = (SELECT max(as_of) FROM gold.level_part) "
        "GROUP BY p.line_id, p.asset_id, a.name, p.indicator, p.as_of",
    ),
    View(
        "gold.alert_to_act_on",
        "Live alerts somebody inspects within days, newest first, with the asset's place and the limit's own words.",
        ("gold.live_alert", "reference.asset"),
        "SELECT l.raised_at, l.measured_at, l.line_id, a.track_id, a.from_m, a.to_m, a.name, l.indicator, l.severity, "
        "l.value, l.limit, l.unit, l.reason, l.asset_id, l.recording_id, l.alert_id FROM gold.live_alert l "
        "LEFT JOIN reference.asset a USING (asset_id) WHERE l.layer = 'act' ORDER BY l.raised_at DESC, l.severity DESC",
    ),
)
