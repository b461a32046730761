"""What overhead line indicators mean."""

from __future__ import annotations

from functools import partial

from guideway.monitoring.definition import Indicator

DOMAIN = "overhead_line"

_VERTICAL = (
    "pantograph_acceleration_vertical",
    "pantograph_acceleration_vertical_2",
    "pantograph_acceleration_vertical_3",
    "pantograph_acceleration_vertical_4",
)
_MISSING = "less than a quarter of the section was measured, or the sensor is dead"


_one = partial(
    Indicator, standard="EN 50119:2020 and ENE TSI [K]", min_span="a quarter of the section", missing_when=_MISSING
)

INDICATORS: tuple[Indicator, ...] = (
    _one(
        "wire_height_min",
        "Least height of the contact wire",
        "mm",
        "Least height above the rails on the section, single samples that stand out left out.",
        channels=("contact_wire_height",),
        direction="below",
    ),
    _one(
        "wire_height_max",
        "Greatest height of the contact wire",
        "mm",
        "Greatest height above the rails on the section, single samples that stand out left out.",
        channels=("contact_wire_height",),
    ),
    _one(
        "wire_gradient_max",
        "Greatest gradient of the contact wire",
        "mm/m",
        "Greatest amount of the difference of the mean heights of neighbouring 10 m, divided by 10 m.",
        channels=("contact_wire_height",),
    ),
    _one(
        "wire_stagger_max",
        "Greatest stagger of the contact wire",
        "mm",
        "Greatest amount of the lateral position of the wire on the section, single samples that stand out left out.",
        channels=("contact_wire_stagger",),
    ),
    _one(
        "contact_force_max",
        "Greatest contact force",
        "N",
        "Greatest contact force on the section.",
        channels=("contact_force",),
        standard="EN 50367:2020 [K]",
    ),
    _one(
        "contact_force_sd_ratio",
        "Spread of contact force",
        "1",
        "Standard deviation of the contact force over its mean on the section.",
        channels=("contact_force",),
        standard="EN 50367:2020 [K]",
        missing_when=f"{_MISSING}, or the mean force is not above zero",
    ),
    _one(
        "contact_loss_share",
        "Share of lost contact",
        "percent",
        "Share of the samples on the section without a positive contact force; arcs burn there.",
        channels=("contact_force",),
        standard="EN 50367:2020 [K]",
    ),
    _one(
        "pantograph_acceleration_rms",
        "Pantograph acceleration, RMS",
        "m/s**2",
        "RMS of vertical acceleration about its median over the recording (or the time on the section); liveliest "
        "sensor that is not dead.",
        channels=_VERTICAL,
        standard="Guideway",
        min_span="200 samples",
        missing_when="every sensor is dead or missing",
    ),
    _one(
        "pantograph_impact_rate",
        "Shocks at the pantograph per minute",
        "1/min",
        "Shocks at which vertical acceleration of any live sensor stands six robust standard deviations out of its "
        "record (hard points, splices, arcs), those within 0.25 s counted once, per minute measured.",
        channels=_VERTICAL,
        standard="Guideway",
        min_span="200 samples",
        missing_when="every sensor is dead or missing",
    ),
    _one(
        "pantograph_impact_peak",
        "Greatest shock at the pantograph",
        "m/s**2",
        "Greatest amount of vertical acceleration about its median in any shock.",
        channels=_VERTICAL,
        standard="Guideway",
        min_span="200 samples",
        missing_when="every sensor is dead or missing, or there was no shock",
    ),
)
