"""Quality indices the literature names, and where each is: an indicator here, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiteratureIndex:
    """An index people may look for.

    Attributes:
        name: as railways call it.
        indicators: indicators that give it; empty where there is none.
        note: what differs, or why there is none.
    """

    name: str
    indicators: tuple[str, ...]
    note: str = ""


LITERATURE: tuple[LiteratureIndex, ...] = (
    LiteratureIndex("EN 13848-6 classes A to E", ("longitudinal_level_class", "alignment_class")),
    LiteratureIndex("EN 13848-6 CoSD", ("cosd",), "unit weights unless set"),
    LiteratureIndex("China TQI", ("tqi_cn", "tqi_cn_twist_sd")),
    LiteratureIndex(
        "China, long waves beside the TQI",
        ("longitudinal_level_d2_sd", "alignment_d2_sd", "longitudinal_level_d3_sd", "alignment_d3_sd"),
        "the proposals' 70 m wave is the end of band D2",
    ),
    LiteratureIndex("Sweden, Q", ("q_se",), "with the rule book's AL as comfort limits"),
    LiteratureIndex("Poland, J", ("j_pl",)),
    LiteratureIndex("Poland, five-parameter defectiveness W5", ("w5_pl",)),
    LiteratureIndex("Netherlands, N", ("n_nl",), "s80 is a setting"),
    LiteratureIndex("United Kingdom, SD of 35 m top and line", ("uk_top_sd", "uk_line_sd"), "per section, not 220 yd"),
    LiteratureIndex("Indonesia, KAI TQI", ("tqi_kai",)),
    LiteratureIndex(
        "TUG_TQI",
        ("normalised_tqi",),
        "every parameter normalised first, in its manner; its own weights are not public",
    ),
    LiteratureIndex("Amtrak roughness index", (), "its formula is not published"),
    LiteratureIndex("FRA track class", ("fra_class",)),
    LiteratureIndex("FRA truck hunting", ("truck_hunting_rms",)),
    LiteratureIndex(
        "ISO 2631-1 a_w, a_v, MTVV, VDV",
        ("weighted_acceleration_z", "weighted_acceleration_total", "transient_vibration_z", "vibration_dose_z"),
        "also of the other axes",
    ),
    LiteratureIndex(
        "EN 12299 C_C, N_MV, N_VD, N_VA, P_CT, P_DE",
        (
            "comfort_continuous_z",
            "comfort_mean",
            "comfort_mean_standing",
            "comfort_mean_seated",
            "comfort_curve_transitions",
            "comfort_curve_transitions_seated",
            "comfort_discrete_events",
            "comfort_discrete_events_seated",
        ),
    ),
    LiteratureIndex("Sperling Wz", ("sperling_lateral", "sperling_vertical")),
    LiteratureIndex(
        "Daily exposure A(8)", (), "needs the hours a person rides; limits are in rule book whole_body, to judge by"
    ),
    LiteratureIndex(
        "EN 15610 roughness against ISO 3095",
        ("rail_roughness_excess",),
        "against the average network with rule book cnossos_average",
    ),
    LiteratureIndex(
        "EN 15461 track decay rate",
        (),
        "function `guideway.monitoring.rail_surface.decay.track_decay_rate`; hammer responses are no channel yet",
    ),
    LiteratureIndex(
        "EN 13231-3 corrugation bands",
        ("rail_corrugation_10_30", "rail_corrugation_30_100", "rail_corrugation_100_300", "rail_corrugation_300_1000"),
    ),
    LiteratureIndex(
        "Wheel impact load (WILD) peak and dynamic ratio",
        ("wheel_impact_ratio",),
        "from axle boxes; a wayside detector's loads are no channel yet, their limits are in rule book wheel_impact",
    ),
    LiteratureIndex(
        "ISO 10816-1 and -3 zones of machines",
        (),
        "no machines are delivered; limits are in rule book iso_10816, to judge by",
    ),
)
