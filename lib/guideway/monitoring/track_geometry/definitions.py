"""Definitions of the track geometry indicators."""

from __future__ import annotations

from functools import partial

from guideway.monitoring.definition import Indicator

_LEVEL = ("longitudinal_level_left", "longitudinal_level_right")
_ALIGNMENT = ("alignment_left", "alignment_right")
_SEVEN = (*_LEVEL, *_ALIGNMENT, "gauge", "cross_level")
_NO_CANT = "less design cant and its ramps: high-pass at 25 m, the longest wave of D1"
_BAND_NOTE = "less than a quarter of the section measured; the channel (or its band-passed form) is not delivered"


_one = partial(Indicator, min_span="50 m of a 200 m section", missing_when=_BAND_NOTE)


def _spreads() -> tuple[Indicator, ...]:
    sd = "standard deviation sqrt(sum((x - mean)^2) / (N - 1)) over the section"
    found = []
    for name, title, channels, limit in (
        ("longitudinal_level", "longitudinal level", _LEVEL, 150),
        ("alignment", "alignment", _ALIGNMENT, 200),
    ):
        for suffix, band, waves, trend in (
            ("", "D1", "3-25 m", True),
            ("_d0", "D0", "1-5 m, informative", False),
            ("_d2", "D2", "25-70 m", True),
            ("_d3", "D3", f"70-{limit} m", False),
        ):
            found.append(
                _one(
                    f"{name}{suffix}_sd",
                    f"SD of {title} {band}, mean of rails",
                    "mm",
                    f"Mean of left and right rail of the {sd}, in band {band} ({waves}).",
                    "EN 13848-5:2008+A1:2010 and EN 13848-6:2014 [K: unverified]",
                    channels,
                    trendable=trend,
                )
            )
        found.append(
            _one(
                f"{name}_sd_worst",
                f"SD of {title} D1, worse rail",
                "mm",
                f"The greater of left and right rail of the {sd}, in band D1.",
                "EN 13848-5:2008+A1:2010 [K: unverified]",
                channels,
                trendable=False,
            )
        )
    found.append(_one("gauge_sd", "SD of gauge", "mm", f"The {sd}, unfiltered.", "EN 13848-5:2008+A1:2010", ("gauge",)))
    found.append(
        _one(
            "cross_level_sd",
            "SD of cross level",
            "mm",
            f"The {sd}, {_NO_CANT}.",
            "EN 13848-6:2014 (all SDs in D1) [K: unverified]",
            ("cross_level",),
        )
    )
    found.append(
        _one(
            "twist_3m_sd",
            "SD of twist, base 3 m",
            "mm/m",
            f"The {sd} of twist t(x) = (CL(x + l/2) - CL(x - l/2)) / l, l = 3 m, {_NO_CANT}; from cross level where "
            "not delivered.",
            "EN 13848-1:2019 [K: unverified]",
            ("cross_level",),
        )
    )
    return tuple(found)


TWIST_BASES_M = (2, 5, 6, 9, 10, 12, 15, 20)
"""Bases of twist besides 3 m, m; one more number here is one more base. EN 13848-5 has a limit for each."""


def _twists() -> tuple[Indicator, ...]:
    twist, en1 = (
        "of twist (CL(x + l/2) - CL(x - l/2)) / l, l = {} m, from cross level",
        "EN 13848-1:2019 [K: unverified]",
    )
    found = []
    for base in TWIST_BASES_M:
        of_twist, channels = twist.format(base), ("cross_level",)
        spread, peak = f"Standard deviation {of_twist}, {_NO_CANT}.", f"Greatest size {of_twist}, from zero."
        found += [
            _one(f"twist_{base}m_sd", f"SD of twist, base {base} m", "mm/m", spread, en1, channels),
            _one(f"twist_{base}m_peak", f"Peak of twist, base {base} m", "mm/m", peak, en1, channels),
        ]
    return tuple(found)


def _extremes() -> tuple[Indicator, ...]:
    peak = "Greatest |x| of both rails in the section, mean to peak, in band {}."
    en5 = "EN 13848-5:2008+A1:2010 [K: unverified]"
    return (
        _one("longitudinal_level_peak", "Peak of longitudinal level D1", "mm", peak.format("D1"), en5, _LEVEL),
        _one("longitudinal_level_d2_peak", "Peak of longitudinal level D2", "mm", peak.format("D2"), en5, _LEVEL),
        _one("alignment_peak", "Peak of alignment D1", "mm", peak.format("D1"), en5, _ALIGNMENT),
        _one("alignment_d2_peak", "Peak of alignment D2", "mm", peak.format("D2"), en5, _ALIGNMENT),
        _one(
            "twist_3m_peak",
            "Peak of twist, base 3 m",
            "mm/m",
            "Greatest |t| in the section, from zero.",
            en5,
            ("cross_level",),
        ),
        _one("gauge_mean", "Mean gauge", "mm", "Mean of gauge over the section.", en5, ("gauge",), trendable=False),
        _one(
            "gauge_min",
            "Least gauge",
            "mm",
            "Least gauge in the section, referred to 1435 mm: gauge - nominal + 1435.",
            en5,
            ("gauge",),
            direction="below",
        ),
        _one(
            "gauge_max",
            "Greatest gauge",
            "mm",
            "Greatest gauge in the section, referred to 1435 mm: gauge - nominal + 1435.",
            en5,
            ("gauge",),
        ),
    )


def _indices() -> tuple[Indicator, ...]:
    return (
        _one(
            "tqi_cn",
            "Chinese track quality index",
            "mm",
            "Sum of seven population SDs over 200 m: longitudinal level L, R, alignment L, R (band D1), gauge, cross "
            f"level, twist on 2.5 m in mm; the last two {_NO_CANT}.",
            "Yun Ji Xian Lu [2009] 41 [S61, S62]; without designed cant and ramps [K: unverified]",
            _SEVEN,
        ),
        _one(
            "tqi_cn_twist_sd",
            "SD of twist in the Chinese TQI",
            "mm",
            f"Population SD of CL(x + 1.25 m) - CL(x - 1.25 m), {_NO_CANT}.",
            "Yun Ji Xian Lu [2009] 41 [S61, S62]; without designed cant and ramps [K: unverified]",
            ("cross_level",),
            trendable=False,
        ),
        _one(
            "cosd",
            "Combined standard deviation",
            "mm",
            "sqrt(w_AL s_AL^2 + w_G s_G^2 + w_CL s_CL^2 + w_LL s_LL^2) of SDs, rails averaged, cross level without "
            "design cant; unit weights unless set.",
            "EN 13848-6:2014 annex [K: unverified]",
            _SEVEN,
        ),
        _one(
            "longitudinal_level_class",
            "Quality class of longitudinal level",
            "1",
            "1 to 5 for classes A to E by longitudinal_level_sd and speed.",
            "EN 13848-6:2014 [K: unverified]",
            _LEVEL,
            missing_when="longitudinal_level_sd is missing or the rule book has no classes",
            trendable=False,
        ),
        _one(
            "alignment_class",
            "Quality class of alignment",
            "1",
            "1 to 5 for classes A to E by alignment_sd and speed.",
            "EN 13848-6:2014 [K: unverified]",
            _ALIGNMENT,
            missing_when="alignment_sd is missing or the rule book has no classes",
            trendable=False,
        ),
        _one(
            "allowed_speed",
            "Speed the section still allows",
            "km/h",
            "Upper end of the fastest speed band in which, and in all slower ones, no immediate action limit is "
            "exceeded; 0 where even the slowest one's is.",
            "EN 13848-5:2008+A1:2010 (IAL)",
            _SEVEN,
            direction="below",
            missing_when="no indicator with an immediate action limit was measured",
            trendable=False,
        ),
        _one(
            "q_se",
            "Swedish quality index Q",
            "1",
            "150 - 100 (s_H / s_Hlim + 2 s_S / s_Slim) / 3 with the SDs of level and alignment and the rule book's AL "
            "as limits.",
            "Trafikverket practice [K: unverified]",
            (*_LEVEL, *_ALIGNMENT),
            direction="below",
            missing_when="an SD or its AL is missing",
            trendable=False,
        ),
        _one(
            "j_pl",
            "Polish synthetic index J",
            "mm",
            "(S_z + S_y + S_w + 0.5 S_e) / 3.5 of the SDs of level, alignment, twist (mm on its base) and gauge.",
            "PKP practice [K: unverified]",
            _SEVEN,
            trendable=False,
        ),
        _one(
            "w5_pl",
            "Polish five-parameter defectiveness W5",
            "1",
            "1 - product(1 - W_i), W_i the share of the section beyond AL of level, alignment, twist, gauge wide, "
            "gauge narrow.",
            "PKP practice [K: unverified]",
            _SEVEN,
            trendable=False,
        ),
        _one(
            "tqi_kai",
            "Indonesian track quality index",
            "mm",
            "Sum of the SDs of level and alignment (mean of rails), gauge and cross level.",
            "KAI practice [S33], with the SDs of this page's definitions",
            _SEVEN,
            trendable=False,
        ),
        _one(
            "n_nl",
            "Dutch quality index N",
            "1",
            "10 * 0.675^(s / s80), s the SD of longitudinal level, s80 the network's 80th percentile.",
            "ProRail practice [K: unverified]",
            _LEVEL,
            direction="below",
            trendable=False,
        ),
        _one(
            "normalised_tqi",
            "Overall index of normalised SDs",
            "1",
            "Root mean square of s_i / AL_i over the SDs that have an AL: every parameter normalised first, in the "
            "manner of TUG_TQI; 1 means at AL.",
            "after Appl. Sci. 2020, 10(23), 8490 [S51]; own weights",
            _SEVEN,
            missing_when="no SD with an AL was measured",
            trendable=False,
        ),
        _one(
            "uk_top_sd",
            "UK top SD, 35 m filter",
            "mm",
            "Mean of rails of the SD of longitudinal level with wavelengths beyond 35 m removed.",
            "Network Rail practice [K: unverified]",
            _LEVEL,
            trendable=False,
        ),
        _one(
            "uk_line_sd",
            "UK line SD, 35 m filter",
            "mm",
            "Mean of rails of the SD of alignment with wavelengths beyond 35 m removed.",
            "Network Rail practice [K: unverified]",
            _ALIGNMENT,
            trendable=False,
        ),
    )


EN_INDICATORS: tuple[Indicator, ...] = (*_spreads(), *_extremes(), *_twists(), *_indices())

#: Computed where the rule book has a limit for one of them, or the settings ask for all.
ON_DEMAND = frozenset(
    {
        "longitudinal_level_d0_sd",
        "alignment_d0_sd",
        "q_se",
        "j_pl",
        "w5_pl",
        "tqi_kai",
        "n_nl",
        "normalised_tqi",
        "uk_top_sd",
        "uk_line_sd",
    }
)
