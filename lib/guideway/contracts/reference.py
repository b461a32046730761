"""Reference tables: the network, its rules, its works and its traffic, as the railway states them."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

MODES = ("conventional", "high_speed", "metro", "tram", "maglev")

LINE = Table(
    layer="reference",
    name="line",
    comment="A line of the network.",
    key=("line_id",),
    columns=(
        Column("line_id", "string", "identifier of the line"),
        Column("name", "string", "name people use"),
        Column("mode", "string", "conventional, high_speed, metro, tram or maglev"),
        Column("rulebook_id", "string", "rule book whose limits apply on this line"),
        Column("time_zone", "string", "IANA time zone of the line, for day and night limits and local times"),
        Column("from_m", "double", "first chainage", "m"),
        Column("to_m", "double", "last chainage", "m"),
    ),
    checks={
        "mode_is_known": f"mode IN {MODES}",
        "chainage_rises": "to_m > from_m",
    },
)

TRACK = Table(
    layer="reference",
    name="track",
    comment="A track of a line.",
    key=("line_id", "track_id"),
    columns=(
        Column("line_id", "string", "line the track belongs to"),
        Column("track_id", "string", "identifier of the track within its line"),
        Column("from_m", "double", "first chainage", "m"),
        Column("to_m", "double", "last chainage", "m"),
        Column("nominal_gauge_mm", "double", "nominal track gauge; missing on maglev", "mm", nullable=True),
    ),
    checks={"chainage_rises": "to_m > from_m"},
)

LINE_GEOMETRY = Table(
    layer="reference",
    name="line_geometry",
    comment="Where tracks run: a vertex a row; between two vertices a track is straight. GPS is matched to it.",
    key=("line_id", "track_id", "chainage_m"),
    columns=(
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track"),
        Column("chainage_m", "double", "chainage of the vertex", "m"),
        Column("latitude", "double", "WGS 84 latitude", "deg"),
        Column("longitude", "double", "WGS 84 longitude", "deg"),
    ),
    checks={"it_is_on_earth": "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"},
)

SECTION = Table(
    layer="reference",
    name="section",
    comment="What a stretch of track or guideway is like; one row for each asset that occupies a stretch.",
    key=("asset_id",),
    columns=(
        Column("asset_id", "string", "asset the stretch is; a row of reference.asset"),
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track"),
        Column("from_m", "double", "first chainage", "m"),
        Column("to_m", "double", "last chainage", "m"),
        Column("speed_kmh", "double", "permitted speed", "km/h"),
        Column("curvature_per_km", "double", "signed curvature, right positive; 0 is straight", "1/km"),
        Column("cant_mm", "double", "design cant", "mm"),
        Column("structure", "string", "earthwork, embankment, cutting, bridge, tunnel, viaduct or station"),
        Column("track_form", "string", "ballasted, slab, floating_slab, embedded or guideway_beam"),
        Column("drainage", "string", "drainage class: good, fair or poor", nullable=True),
        Column(
            "receiver_zone",
            "string",
            "vibration and noise zone beside the track, in the rule book's words",
            nullable=True,
        ),
    ),
    checks={"chainage_rises": "to_m > from_m", "speed_is_positive": "speed_kmh > 0"},
)

ASSET = Table(
    layer="reference",
    name="asset",
    comment="Everything that has a condition: track sections, girders, magnets, switches, receivers, vehicles.",
    key=("asset_id",),
    columns=(
        Column("asset_id", "string", "identifier of the asset"),
        Column(
            "asset_type",
            "string",
            "track_section, girder, magnet, switch, receiver, bridge, overhead_section or vehicle",
        ),
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track", nullable=True),
        Column("from_m", "double", "first chainage; missing where the asset moves", "m", nullable=True),
        Column("to_m", "double", "last chainage", "m", nullable=True),
        Column("name", "string", "name people use"),
        Column("installed_on", "date", "date of installation or renewal", nullable=True),
        Column("attributes", "map<string,string>", "further facts, such as span_m of a girder"),
    ),
)

LIMIT = Table(
    layer="reference",
    name="limit",
    comment="Limits as data: one row a rule book, indicator, asset class, speed band and level.",
    key=("rulebook_id", "indicator", "asset_class", "speed_from_kmh", "level"),
    columns=(
        Column("rulebook_id", "string", "rule book"),
        Column("indicator", "string", "indicator the limit is about"),
        Column("asset_class", "string", "mode, zone or class the limit is for; * is any"),
        Column("speed_from_kmh", "double", "speed band: above this", "km/h"),
        Column("speed_to_kmh", "double", "speed band: up to and including this", "km/h"),
        Column("level", "string", "AL, IL, IAL or the rule book's own level"),
        Column("severity", "int", "rank of the level: 1 plan, 2 intervene, 3 act at once"),
        Column("value", "double", "the limit, in unit"),
        Column("unit", "string", "unit of value"),
        Column("direction", "string", "above: worse when higher; below: worse when lower"),
        Column("standard", "string", "standard or rule the value comes from"),
        Column("edition", "string", "edition of the standard"),
        Column("clause", "string", "clause or table"),
        Column("provenance", "string", "source that was read, or 'unverified default'"),
        Column("valid_from", "date", "first day the limit applies"),
    ),
    checks={"direction_is_known": "direction IN ('above', 'below')", "severity_is_known": "severity BETWEEN 1 AND 3"},
)

WORK_HISTORY = Table(
    layer="reference",
    name="work_history",
    comment="Works as the railway recorded them; metres and days may be off and works may be missing.",
    key=("work_id",),
    columns=(
        Column("work_id", "string", "identifier in the railway's own system"),
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track"),
        Column("from_m", "double", "first chainage worked on", "m"),
        Column("to_m", "double", "last chainage worked on", "m"),
        Column(
            "work_type",
            "string",
            "tamping, grinding, renewal, drainage, girder_adjustment, magnet_replacement, damper_fitting, ...",
        ),
        Column("finished_at", "timestamp", "end of the work, UTC"),
        Column("source", "string", "system or file the record came from"),
    ),
    checks={"chainage_rises": "to_m >= from_m"},
)

TRAFFIC = Table(
    layer="reference",
    name="traffic",
    comment="Traffic of a stretch of track on a day.",
    key=("line_id", "track_id", "from_m", "day"),
    columns=(
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track"),
        Column("from_m", "double", "first chainage", "m"),
        Column("to_m", "double", "last chainage", "m"),
        Column("day", "date", "day the daily mean applies from"),
        Column("gross_tonnes", "double", "gross tonnes a day", "t"),
        Column("passes", "double", "train passages a day", "1"),
    ),
    checks={"traffic_is_not_negative": "gross_tonnes >= 0 AND passes >= 0"},
)

WEATHER = Table(
    layer="reference",
    name="weather",
    comment="Weather along a line, day by day, where somebody delivers it.",
    key=("line_id", "day"),
    columns=(
        Column("line_id", "string", "line"),
        Column("day", "date", "the day; it is known at its end"),
        Column("rain_mm", "double", "rain and melted snow", "mm", nullable=True),
        Column("lowest_temperature_c", "double", "lowest air temperature; below 0 is a day of frost", "degC", True),
    ),
    checks={"rain_is_not_negative": "rain_mm >= 0"},
)

FAILURE = Table(
    layer="reference",
    name="failure",
    comment="Failures of assets as the railway's fault register has them: switches, pumps, bearings, magnets, ...",
    key=("asset_id", "failed_at"),
    columns=(
        Column("asset_id", "string", "asset that failed; a row of reference.asset"),
        Column("failed_at", "timestamp", "when it failed, UTC"),
        Column("failure_mode", "string", "what failed, in the register's words", nullable=True),
        Column("source", "string", "system or file the record came from"),
    ),
)

TABLES = (LINE, TRACK, LINE_GEOMETRY, SECTION, ASSET, LIMIT, WORK_HISTORY, TRAFFIC, WEATHER, FAILURE)
