"""What ride comfort indicators mean."""

from __future__ import annotations

from functools import partial

from guideway.monitoring.definition import Indicator
from guideway.monitoring.ride_comfort.en_12299 import (
    SEATED_EVENT,
    SEATED_TRANSITION,
    STANDING_EVENT,
    STANDING_TRANSITION,
)
from guideway.monitoring.ride_comfort.ride import SEAT

DOMAIN = "ride_comfort"

_NAMES = {"x": "longitudinal", "y": "lateral", "z": "vertical"}
_CHANNEL = {axis: f"car_body_acceleration_{word}" for axis, word in _NAMES.items()}
_MISSING = (
    "no such acceleration is delivered, it was sampled less than 20 times a second, a distance axis has no speed,"
    " or the vehicle stood"
)
_BAND = "Quality is suspect where sampling does not reach 80 Hz."


_one = partial(Indicator, min_span="5 s in motion", missing_when=_MISSING)


def _of_axis(axis: str) -> tuple[Indicator, ...]:
    word, channel = _NAMES[axis], (_CHANNEL[axis],)
    iso, en = ("Wk", "Wb") if axis == "z" else ("Wd", "Wd")
    return (
        _one(
            f"weighted_acceleration_{axis}",
            f"Weighted {word} acceleration a_w",
            unit="m/s**2",
            formula=f"RMS of {iso}-weighted acceleration over the time in motion on the asset. {_BAND}",
            standard="ISO 2631-1:1997, 6.1; weighting ISO 8041-1:2017 [S36]",
            channels=channel,
        ),
        _one(
            f"transient_vibration_{axis}",
            f"Maximum transient vibration MTVV, {word}",
            unit="m/s**2",
            formula=f"Greatest running RMS (exponential, 1 s) of {iso}-weighted acceleration. {_BAND}",
            standard="ISO 2631-1:1997, 6.3.1 [S36]",
            channels=channel,
        ),
        _one(
            f"vibration_dose_{axis}",
            f"Vibration dose VDV, {word}",
            unit="m/s**1.75",
            formula=f"Fourth root of the time integral of the fourth power of {iso}-weighted acceleration over the "
            "time in motion on the asset; grows with that time.",
            standard="ISO 2631-1:1997, 6.3.2 [S36]",
            channels=channel,
            trendable=False,
        ),
        _one(
            f"comfort_continuous_{axis}",
            f"Continuous comfort C_C{axis}",
            unit="m/s**2",
            formula=f"Greatest RMS over 5 s of {en}-weighted acceleration among windows whose middle lies on the asset,"
            f" a window every second. {_BAND}",
            standard="EN 12299:2009, continuous comfort [S39, S45]",
            channels=channel,
        ),
    )


INDICATORS: tuple[Indicator, ...] = (
    *(one for axis in _NAMES for one in _of_axis(axis)),
    _one(
        "weighted_acceleration_total",
        "Total weighted acceleration a_v",
        unit="m/s**2",
        formula="sqrt(a_wx^2 + a_wy^2 + a_wz^2), factors k = 1 for comfort.",
        standard="ISO 2631-1:1997, 6.5 [S36]",
        channels=tuple(_CHANNEL.values()),
    ),
    _one(
        "comfort_mean",
        "Mean comfort N_MV",
        unit="1",
        formula="6 sqrt(x95^2 + y95^2 + z95^2): 95th percentiles of the weighted RMS of 5 s blocks side by side, Wd, "
        "Wd and Wb, in motion, over the whole ride; fewer than 60 blocks are suspect.",
        standard="EN 12299:2009, mean comfort, standard method [K]",
        channels=tuple(_CHANNEL.values()),
        min_span="60 s in motion",
        missing_when=f"{_MISSING} all but 60 s",
    ),
    _one(
        "comfort_mean_standing",
        "Mean comfort of standing passengers N_VD",
        unit="1",
        formula="3 sqrt(16 x50^2 + 4 y50^2 + z50^2) + 5 y95: medians and 95th percentiles of the same 5 s blocks as "
        "N_MV, on the floor.",
        standard="EN 12299:2009, mean comfort, complete method [K]",
        channels=tuple(_CHANNEL.values()),
        min_span="60 s in motion",
        missing_when=f"{_MISSING} all but 60 s",
    ),
    _one(
        "comfort_mean_seated",
        "Mean comfort of seated passengers N_VA",
        unit="1",
        formula="4 z_P95 + 2 sqrt(y_A95^2 + z_A95^2) + 4 x_D95: 95th percentiles of 5 s blocks on the floor (z_P, Wb), "
        "the seat pan (y_A, Wd; z_A, Wb) and the backrest (x_D, Wc).",
        standard="EN 12299:2009, mean comfort, complete method [K]",
        channels=(_CHANNEL["z"], *SEAT.values()),
        min_span="60 s in motion",
        missing_when=f"{_MISSING} all but 60 s; or the seat was not measured",
    ),
    *(
        _one(
            f"comfort_discrete_events{suffix}",
            f"Comfort on discrete events P_DE, {posture}",
            unit="percent",
            formula=f"Greatest max({a:g} y_p + {b:g} y_m - {c:g}, 0) on the asset: y_p peak-to-peak, y_m absolute mean "
            "of lateral acceleration (m/s2, below 2 Hz) in 2 s.",
            standard="EN 12299:2009, discrete events [K]",
            channels=(_CHANNEL["y"],),
        )
        for suffix, posture, (a, b, c) in (("", "standing", STANDING_EVENT), ("_seated", "seated", SEATED_EVENT))
    ),
    *(
        _one(
            f"comfort_curve_transitions{suffix}",
            f"Comfort on curve transitions P_CT, {posture}",
            unit="percent",
            formula=f"Greatest over the transitions into a curve on the asset of max({a:.2f} y + {b:.2f} j - {c:g}, 0) "
            f"+ {d:.3f} r^{e:g}: lateral acceleration y (% g, 1 s mean), jerk j (% g per s), roll rate r (deg/s).",
            standard="EN 12299:2009, curve transitions [K]",
            channels=(_CHANNEL["y"], "angular_rate_x"),
            missing_when="no transition curve of at least 2 s was run through, or no roll rate is delivered",
        )
        for suffix, posture, (a, b, c, d, e) in (
            ("", "standing", STANDING_TRANSITION),
            ("_seated", "seated", SEATED_TRANSITION),
        )
    ),
    _one(
        "truck_hunting_rms",
        "Truck hunting",
        unit="m/s**2",
        formula="Greatest RMS over 2 s, about the mean, of lateral acceleration of the bogie frame between 0.5 and "
        "10 Hz.",
        standard="49 CFR 213.333 [S60]",
        channels=("bogie_acceleration_lateral",),
        missing_when="no lateral acceleration of a bogie frame is delivered, it was sampled less than 25 times a "
        "second, a distance axis has no speed, or the vehicle stood",
        trendable=False,
    ),
    _one(
        "sperling_lateral",
        "Sperling index Wz, lateral",
        unit="1",
        formula="(weighted RMS in cm/s2)^0.3 of 5 s windows, combined as (mean Wz^10)^(1/10).",
        standard="Sperling; GB/T 5599 [S39, K]",
        channels=(_CHANNEL["y"],),
    ),
    _one(
        "sperling_vertical",
        "Sperling index Wz, vertical",
        unit="1",
        formula="(weighted RMS in cm/s2)^0.3 of 5 s windows, combined as (mean Wz^10)^(1/10).",
        standard="Sperling; GB/T 5599 [S39, K]",
        channels=(_CHANNEL["z"],),
    ),
)
