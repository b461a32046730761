"""Gold: control of vibration and noise - which source a receiver hears, what a measure brought, what a level is."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

_RECEIVER = Column("asset_id", "string", "receiver; a row of reference.asset")

NOISE_SOURCE = Table(
    layer="gold",
    name="noise_source",
    comment="What each possible source adds to the level of a receiver's train passages, recording by recording.",
    key=("asset_id", "recording_id", "quantity", "source_id", "kind"),
    columns=(
        _RECEIVER,
        Column("recording_id", "string", "recording it was found in, or not found"),
        Column("quantity", "string", "energy that is shared out: vibration_velocity_z or sound_pressure (A-weighted)"),
        Column("source_id", "string", "the receiver itself: the rail beside it; else the train"),
        Column("kind", "string", "corrugation or wheel_flat"),
        Column("line_id", "string", "line of the receiver"),
        Column("measured_at", "timestamp", "passage in which it is loudest, UTC"),
        Column("n_passages", "int", "passages looked at", "1"),
        Column("n_found", "int", "passages in which the source stands out", "1"),
        Column("share", "double", "its share of the energy of these passages, 0 where not found", "1"),
        Column("total_db", "double", "level of these passages: re 5e-8 m/s for velocity, re 20 uPa for sound", "dB"),
        Column("frequency_hz", "double", "band or wheel rate where it is loudest", "Hz", nullable=True),
        Column("prominence_db", "double", "its height above the spectrum around it there", "dB", nullable=True),
        Column("speed_kmh", "double", "speed of the trains", "km/h"),
    ),
    checks={"share_is_one": "share BETWEEN 0 AND 1", "found_are_passages": "n_found BETWEEN 0 AND n_passages"},
)

INSERTION_LOSS = Table(
    layer="gold",
    name="insertion_loss",
    comment="What a recorded work brought at a receiver beside it, as known on a day: positive is quieter.",
    key=("work_id", "asset_id", "indicator", "as_of"),
    columns=(
        Column("work_id", "string", "row of reference.work_history"),
        _RECEIVER,
        Column("indicator", "string", "level it is about: passage_velocity_level or transit_exposure_level"),
        Column("as_of", "date", "nothing measured or recorded after the end of this day was used"),
        Column("line_id", "string", "line of the receiver"),
        Column("work_type", "string", "grinding, damper_fitting, ..."),
        Column("finished_at", "timestamp", "when the work was finished, UTC"),
        Column("loss_db", "double", "insertion loss", "dB", nullable=True),
        Column("low_db", "double", "lower end of the confidence interval", "dB", nullable=True),
        Column("high_db", "double", "upper end of the confidence interval", "dB", nullable=True),
        Column("confidence", "double", "coverage of the interval", "1"),
        Column("n_before", "int", "recordings before the work", "1"),
        Column("n_after", "int", "recordings after the work", "1"),
        Column("n_left_out", "int", "recordings left out for a flat wheel heard in them", "1"),
        Column("method", "string", "adjusted: for speed, train type and growth, where they are known"),
        Column("is_proven", "boolean", "whether the whole interval lies above zero"),
        Column("status", "string", "ok or too_few"),
    ),
    checks={"status_is_known": "status IN ('ok', 'too_few')"},
)

LEVEL_PARTS = ("common", "speed", "train_type", "rail_roughness", "track_decay", "location", "rest")
"""Parts of a level, in the order they are told."""

LEVEL_PART = Table(
    layer="gold",
    name="level_part",
    comment="What the level of a receiver's passages is made of; the parts of a receiver add up to its mean level.",
    key=("asset_id", "indicator", "part", "as_of"),
    columns=(
        _RECEIVER,
        Column("indicator", "string", "level it is about: passage_velocity_level or transit_exposure_level"),
        Column(
            "part",
            "string",
            "common: the line's usual train at its median speed over rail of its mean roughness; speed, train_type, "
            "rail_roughness, track_decay: what this receiver's passages differ by; location: what the place keeps for "
            "itself; rest: what nothing explains",
        ),
        Column("as_of", "date", "nothing measured after the end of this day was used"),
        Column("line_id", "string", "line of the receiver; its receivers are split together"),
        Column("part_db", "double", "mean over the receiver's passages", "dB", nullable=True),
        Column("sd_db", "double", "standard deviation from passage to passage", "dB", nullable=True),
        Column(
            "effect",
            "double",
            "by a decade of speed, a dB of roughness or a dB/m of decay; null for other parts",
            "dB",
            nullable=True,
        ),
        Column("standard_error", "double", "of the effect", "dB", nullable=True),
        Column("n_passages", "int", "recordings of this receiver that were used", "1"),
        Column("n_receivers", "int", "receivers of the line that were split together", "1"),
        Column("status", "string", "ok or too_few"),
    ),
    checks={
        "status_is_known": "status IN ('ok', 'too_few')",
        "part_is_known": "part IN ('" + "', '".join(LEVEL_PARTS) + "')",
    },
)

TABLES = (NOISE_SOURCE, INSERTION_LOSS, LEVEL_PART)
