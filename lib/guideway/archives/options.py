"""How a file's bytes become columns: one options model a format."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """Base of all profile models: frozen, and a key nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dialect(Strict):
    """Delimiter and decimal mark of a delimited text."""

    delimiter: str = Field(",", description="one character, a tab, or 'whitespace' for runs of blanks and tabs")
    decimal: str = Field(".", min_length=1, max_length=1, description="decimal mark")

    @model_validator(mode="after")
    def _distinct(self) -> Dialect:
        if self.delimiter != "whitespace" and len(self.delimiter) != 1:
            raise ValueError(f"delimiter must be one character or 'whitespace', not {self.delimiter!r}")
        if self.delimiter == self.decimal:
            raise ValueError(f"delimiter and decimal mark are both {self.decimal!r}")
        return self


class Text(Dialect):
    """Delimited text. A file must have the header the profile expects; columns are found by name."""

    format: Literal["text"]
    encoding: str = Field("utf-8", description="Python codec; a byte order mark is always understood")
    also: tuple[Dialect, ...] = Field((), description="further dialects this source writes, tried in order")
    preamble_rows: int = Field(0, ge=0, le=1000, description="lines above the header")
    comment: str | None = Field(None, description="lines at the top that start with this belong to the preamble")
    header: bool = Field(True, description="whether a line with column names exists")
    columns: tuple[str, ...] = Field((), description="names of the columns, in order, where the file has no header")
    units_row: bool = Field(False, description="whether the line after the header holds the units")
    missing: tuple[str, ...] = Field(
        ("", "NaN", "nan", "NA", "null"), description="cells by which the instrument says that it has no value"
    )
    thousands: str | None = Field(None, max_length=1, description="mark between groups of three digits")
    final_newline: bool = Field(True, description="false where this source never ends its last line")
    footer: str | None = Field(
        None, description="regular expression the last line must match; a file without it is cut"
    )
    row_count: str | None = Field(
        None, description="regular expression on preamble or footer, one group: the number of rows the writer states"
    )

    @model_validator(mode="after")
    def _named(self) -> Text:
        if self.header == bool(self.columns):
            raise ValueError("either 'header: true' or 'header: false' with 'columns', and not both")
        return self


class Hdf5(Strict):
    """HDF5: data sets are columns, named by their path."""

    format: Literal["hdf5"]
    rate_attribute: str | None = Field(None, description="attribute with the sampling rate in Hz")
    step_attribute: str | None = Field(None, description="attribute with the sample distance in s or m")
    unit_attribute: str = Field("unit", description="attribute with the unit")
    table: str | None = Field(None, description="path of a compound or two-dimensional data set to read as a table")
    columns: tuple[str, ...] = Field((), description="names of the columns of a two-dimensional table")


class Matlab(Strict):
    """MATLAB .mat, version 4 to 7.3: variables are columns, struct fields are named 'struct.field'."""

    format: Literal["matlab"]
    rate_variable: str | None = Field(None, description="variable with the sampling rate in Hz")
    table: str | None = Field(None, description="variable with a two-dimensional array to read as a table")
    columns: tuple[str, ...] = Field((), description="names of that table's columns")


class Tdms(Strict):
    """NI TDMS: columns are 'group/channel'; wf_increment, wf_start_time and unit_string are understood."""

    format: Literal["tdms"]


class Mdf4(Strict):
    """ASAM MDF 4: columns are channel names, one table a channel group, the master channel is the time."""

    format: Literal["mdf4"]


class Uff(Strict):
    """Universal file, data set 58: columns are 'node direction' such as '3 +Z', or the record's first id line."""

    format: Literal["uff"]
    name_by: Literal["response", "id1"] = "response"


class Audio(Strict):
    """WAV or FLAC: columns are 'ch1', 'ch2', ...; full scale is 1 (scale it to a unit in the channel)."""

    format: Literal["audio"]


class MiniSeed(Strict):
    """MiniSEED: columns are 'STATION.LOCATION.CHANNEL' codes; one table a gapless stretch and rate."""

    format: Literal["miniseed"]


class LevelsJson(Strict):
    """JSON with level histories: [[times], [levels], ...] lists somewhere in nested objects.

    ``path`` says where, with ``*`` for a key that names a recording; the keys matched by ``*`` are metadata
    ``key1``, ``key2``, ... of the recording.
    """

    format: Literal["levels_json"]
    path: str = Field(description="keys from the root, divided by '/', for example '*/*/LAF/FAMOS'")
    time: str = Field("time", description="name of the column made from the pair's first list")
    level: str = Field("level", description="name of the column made from the pair's second list")


class Ubx(Strict):
    """Lines 'clock,type,hex': packed inertial samples and UBX messages of a GNSS receiver in one text.

    Columns of table ``imu``: clock, gyro_x .. accel_z (counts); of ``gnss``: clock and NAV-PVT fields.
    """

    format: Literal["ubx"]
    byte_order: Literal["little", "big"] = "little"
    table: Literal["imu", "gnss", "both"] = "both"


class Parquet(Strict):
    """Apache Parquet: columns are columns."""

    format: Literal["parquet"]


class Zipped(Strict):
    """Limits for containers (.gz, .xz, .zip, .tar, .tar.xz, .tgz); a file beyond them is refused."""

    members: str = Field("*", description="glob of the members that are recordings")
    max_bytes: int = Field(8 * 2**30, gt=0, description="unpacked bytes")
    max_ratio: float = Field(250.0, gt=1, description="unpacked to packed bytes, above 1 MiB unpacked")
    max_members: int = Field(10_000, gt=0, description="members of a container")


Options = Annotated[
    Text | Hdf5 | Matlab | Tdms | Mdf4 | Uff | Audio | MiniSeed | LevelsJson | Ubx | Parquet,
    Field(discriminator="format"),
]
