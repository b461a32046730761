"""Bronze: what was delivered, as it was delivered, in one shape."""

from __future__ import annotations

from guideway.contracts.schema import Column, Table

SOURCE_FILE = Table(
    layer="bronze",
    name="source_file",
    comment="Ledger of delivered files: every delivery is here, with what became of it; accepted content is here once.",
    key=("content_sha256", "path", "delivered_at"),
    columns=(
        Column("content_sha256", "string", "SHA-256 of the file's bytes: its identity"),
        Column("path", "string", "where the bytes lie, relative to the landing folder"),
        Column("size_bytes", "bigint", "size of the file", "B"),
        Column("source_id", "string", "source profile that claimed the file; 'unknown' where none did"),
        Column("status", "string", "accepted, quarantined or duplicate"),
        Column("reason", "string", "why the file is not accepted, or what was odd about it", nullable=True),
        Column("rows_read", "bigint", "rows or samples read from the file", "1"),
        Column("rows_rejected", "bigint", "rows or samples a quality rule turned into missing values", "1"),
        Column("delivered_at", "timestamp", "modification time of the file, UTC"),
        Column("profile_hash", "string", "hash of the source profile the file was read with", nullable=True),
    ),
    checks={
        "status_is_known": "status IN ('accepted', 'quarantined', 'duplicate')",
        "a_rejection_has_a_reason": "status = 'accepted' OR reason IS NOT NULL",
    },
)

RECORDING = Table(
    layer="bronze",
    name="recording",
    comment="One measurement run or one stretch of sensor record; a delivered file holds one or more.",
    key=("recording_id",),
    columns=(
        Column("recording_id", "string", "first 24 characters of the file's SHA-256, a dash, position in the file"),
        Column("content_sha256", "string", "file the recording came from; a row of bronze.source_file"),
        Column("source_id", "string", "source profile"),
        Column("domain", "string", "monitoring domain, such as track_geometry, vibration_noise or maglev"),
        Column("vehicle_or_sensor_id", "string", "measuring vehicle or fixed sensor"),
        Column("line_id", "string", "line"),
        Column("track_id", "string", "track", nullable=True),
        Column("asset_id", "string", "asset a fixed sensor watches", nullable=True),
        Column("started_at", "timestamp", "first sample, UTC"),
        Column("axis", "string", "distance: start and step are metres; time: seconds since started_at"),
        Column("start", "double", "axis position of the first sample", "m or s"),
        Column("step", "double", "axis distance between samples", "m or s"),
        Column("n_samples", "bigint", "samples per channel", "1"),
        Column("channels", "array<string>", "channels the recording holds"),
        Column("direction", "int", "+1 recorded with rising chainage, -1 with falling", nullable=True),
        Column("attributes", "map<string,string>", "what else the file says, such as train type"),
        Column(
            "delivered_at", "timestamp", "when the file was delivered, UTC; the last delivery of a recording is valid"
        ),
    ),
    checks={"axis_is_known": "axis IN ('distance', 'time')", "step_is_positive": "step > 0"},
)

SIGNAL = Table(
    layer="bronze",
    name="signal",
    comment="Samples in blocks: one row a recording, channel and block, the samples as a float array.",
    key=("recording_id", "channel", "block"),
    columns=(
        Column("recording_id", "string", "a row of bronze.recording"),
        Column("channel", "string", "channel"),
        Column("block", "int", "number of the block along the recording, from 0"),
        Column("start", "double", "axis position of the block's first sample", "m or s"),
        Column("step", "double", "axis distance between samples", "m or s"),
        Column("unit", "string", "unit of values"),
        Column("values", "array<float>", "samples; null where no valid sample exists"),
        Column("n_valid", "int", "samples that are not null", "1"),
        Column("source_id", "string", "source profile"),
    ),
    checks={"step_is_positive": "step > 0", "valid_is_counted": "n_valid BETWEEN 0 AND size(values)"},
)

TABLES = (SOURCE_FILE, RECORDING, SIGNAL)
