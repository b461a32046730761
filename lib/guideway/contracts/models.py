"""Tables of the models: what they may know of an asset on a day, how far the world moved since they were trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guideway.contracts.schema import Column, Table

LEVEL = "indicator"
RATE = "indicator/year"
CODE = "code"

CONDITION_MODEL = "guideway-condition-13w"
FAILURE_MODEL = "guideway-failures"
REGISTERED_MODELS: Mapping[str, str] = {
    CONDITION_MODEL: "Condition of an asset 13 weeks ahead, and exceedance risk.",
    FAILURE_MODEL: "Time to the next failure of switches, magnets, pumps, ..., by type of asset.",
}
"""What is in MLflow's registry: each has a gate, a champion, a ledger and a way back of its own."""

STRUCTURES = ("earthwork", "embankment", "cutting", "bridge", "tunnel", "viaduct", "station")
TRACK_FORMS = ("ballasted", "slab", "floating_slab", "embedded", "guideway_beam")
WORK_TYPES = (
    "unknown",
    "tamping",
    "stabilising",
    "grinding",
    "milling",
    "renewal",
    "drainage",
    "ballast_cleaning",
    "spot_repair",
    "girder_adjustment",
    "magnet_replacement",
    "damper_fitting",
)
DRAINAGE = ("good", "fair", "poor")


@dataclass(frozen=True)
class Feature:
    """One feature. A unit of ``indicator`` means the series' own unit, turned so that higher is worse."""

    name: str
    unit: str
    comment: str


FEATURES: tuple[Feature, ...] = (
    Feature("last_value", LEVEL, "last value at the origin"),
    Feature("level", LEVEL, "robust level at the origin: median of the last values since work, moved along the trend"),
    Feature("line_level", LEVEL, "value at the origin of the least-squares line through all values since work"),
    Feature("rate", RATE, "Theil-Sen slope of up to twelve last values since work"),
    Feature("rate_26w", RATE, "least-squares slope of the last 26 weeks, since work"),
    Feature("rate_52w", RATE, "least-squares slope of the last 52 weeks, since work"),
    Feature("rate_104w", RATE, "least-squares slope of the last 104 weeks, since work"),
    Feature("rate_since_work", RATE, "least-squares slope of all values since work"),
    Feature("previous_rate", RATE, "least-squares slope between the last two works"),
    Feature("rate_change", RATE, "slope of the last 26 weeks minus slope since work: is it speeding up"),
    Feature("residual_sigma", LEVEL, "robust standard deviation around the trend of the last values"),
    Feature("max_jump", LEVEL, "largest rise from one of the last values to the next, since work"),
    Feature("last_jump", LEVEL, "rise from the last value but one to the last"),
    Feature("history_max", LEVEL, "highest of the last twelve values, works or not"),
    Feature("days_since_value", "d", "age of the last value"),
    Feature("n_since_work", "1", "values since work"),
    Feature("n_values", "1", "values ever"),
    Feature("days_since_work", "d", "time since the last known work; missing when none is known"),
    Feature("n_works", "1", "works known"),
    Feature("n_works_3y", "1", "works known in the last three years"),
    Feature("last_work_code", CODE, "type of the last known work: " + ", ".join(WORK_TYPES)),
    Feature("last_work_effect", LEVEL, "level after the last known work minus level before it; negative is better"),
    Feature("season_sin", "1", "sine of the time of the year"),
    Feature("season_cos", "1", "cosine of the time of the year"),
    Feature("speed_kmh", "km/h", "permitted speed"),
    Feature("curvature_per_km", "1/km", "curvature, without sign"),
    Feature("cant_mm", "mm", "design cant, without sign"),
    Feature("structure", CODE, "structure: " + ", ".join(STRUCTURES)),
    Feature("track_form", CODE, "track form: " + ", ".join(TRACK_FORMS)),
    Feature("drainage", CODE, "drainage class: " + ", ".join(DRAINAGE)),
    Feature("tonnes_per_day", "t/d", "gross tonnes a day"),
    Feature("passes_per_day", "1/d", "train passages a day"),
    Feature("age_years", "year", "time since installation or renewal at the origin"),
    Feature("rain_mm_13w", "mm", "rain of the last 13 weeks, where weather is delivered"),
    Feature("frost_days_13w", "d", "days of frost of the last 13 weeks, where weather is delivered"),
    Feature("neighbour_level", LEVEL, "mean level of the nearest assets of the same track and indicator"),
    Feature("neighbour_rate", RATE, "mean rate of the nearest assets of the same track and indicator"),
    Feature("level_to_neighbours", LEVEL, "level minus the neighbours' level"),
    Feature("rate_to_neighbours", RATE, "rate minus the neighbours' rate"),
    Feature("engine_level", LEVEL, "level the degradation engine fitted as known at the origin, where it is given"),
    Feature("engine_rate", RATE, "rate the degradation engine fitted as known at the origin, where it is given"),
    Feature("engine_sigma", LEVEL, "standard deviation around the engine's trend, where it is given"),
    Feature("distance_to_limit", LEVEL, "alert limit minus level; negative beyond the limit"),
)

ASSET_FEATURE = Table(
    layer="gold",
    name="asset_feature",
    comment="What was known of an asset's indicator at the end of a day: what models are trained on and score by.",
    key=("asset_id", "indicator", "as_of"),
    columns=(
        Column("asset_id", "string", "a row of reference.asset"),
        Column("indicator", "string", "condition indicator; see the indicator pages"),
        Column("as_of", "date", "nothing measured, delivered or recorded after the end of this day is in the row"),
        Column("line_id", "string", "line of the asset"),
        Column("kind", "string", "indicator, mode and asset type: what a model can learn from is of the same kind"),
        Column("unit", "string", "unit of the indicator"),
        Column("direction", "int", "+1 worse when higher, -1 worse when lower; the features are turned by it", "1"),
        Column("level_name", "string", "mildest limit of the asset, which distance_to_limit is to", nullable=True),
        Column("definition", "string", "fingerprint of the features' definition; other ones are not mixed"),
        *(Column(f.name, "double", f.comment, f.unit, nullable=True) for f in FEATURES),
        Column(
            "departure",
            "double",
            "anomaly without labels: how far the newest three values lie beyond what the values before them and the "
            "peers of the same day explain, positive is worse; only where that stands out",
            LEVEL,
            nullable=True,
        ),
        Column(
            "departure_sigmas",
            "double",
            "the nearest of these three values in standard errors of its prediction; stands out from 5, and from a "
            "twentieth of the limit",
            "1",
            nullable=True,
        ),
    ),
    checks={"direction_is_known": "direction IN (-1, 1)"},
)

MODEL_DRIFT = Table(
    layer="gold",
    name="model_drift",
    comment="How far input, prediction and label of the champion moved from its training, by line; see docs/models.",
    key=("line_id", "quantity", "as_of"),
    columns=(
        Column("line_id", "string", "line"),
        Column("quantity", "string", "a feature, prediction (expected change) or label (change that came true)"),
        Column("as_of", "date", "day that is compared with training"),
        Column("n", "bigint", "rows compared", "1"),
        Column("psi", "double", "population stability index against training, for the eye: lumpy quantities", "1"),
        Column("ks", "double", "largest distance of the two distribution functions, likewise", "1"),
        Column("distance", "double", "distance from the mean training day, in usual differences", "1", nullable=True),
        Column("usual", "double", "mean distance of a training day from the others, likewise", "1", nullable=True),
        Column("p_value", "double", "chance of the distance if nothing moved, corrected", "1", nullable=True),
        Column("status", "string", "stable, watch, drifted or too_few_rows"),
        Column("model_name", "string", "registered model"),
        Column("model_version", "string", "version of the registered model"),
    ),
    checks={"status_is_known": "status IN ('stable', 'watch', 'drifted', 'too_few_rows')"},
)

TABLES = (ASSET_FEATURE, MODEL_DRIFT)
