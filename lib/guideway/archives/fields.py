"""Parts of a source profile: where texts are found, channels, places, times and the axis."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from guideway.archives.options import Strict
from guideway.contracts.channels import CHANNELS


class Lookup(Strict):
    """Where a text such as the line or the start time is found; a plain string in YAML is a constant."""

    constant: str | None = Field(None, description="the value itself")
    filename: str | None = Field(None, description="regular expression on the path inside the source's folder")
    header: str | None = Field(None, description="regular expression on the lines above the column names")
    column: str | None = Field(None, description="column with the value; a change of value starts a new recording")
    metadata: str | None = Field(None, description="attribute or property of the file")
    pattern: str | None = Field(None, description="regular expression on what a column or metadata gives")
    template: str = Field("{value}", description="text made from the value found, for example 'fi-{value}'")
    translate: dict[str, str] = Field(default_factory=dict, description="value found -> value meant")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: object) -> object:
        return {"constant": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_place(self) -> Lookup:
        places = (self.constant, self.filename, self.header, self.column, self.metadata)
        if sum(place is not None for place in places) != 1:
            raise ValueError("state exactly one of constant, filename, header, column, metadata")
        for pattern in (self.filename, self.header, self.pattern):
            if pattern is not None:
                _compiles(pattern)
        return self


class ChannelMap(Strict):
    """One channel: where it is in the file, in which unit, and what it is called here."""

    name: str = Field(description="canonical channel of contracts/channels.py")
    column: tuple[str, ...] = Field(description="name in the file, or several a source has used; unit bracket optional")
    unit: str = Field(description="unit in the file, as Pint reads it")
    unit_label: str | None = Field(None, description="unit as the file writes it, where Pint cannot read that")
    form: Literal["number", "hemisphere"] = Field("number", description="hemisphere: '60.97 N' or '5.1 W'")
    scale: float = Field(1.0, description="value = number * scale + offset, in 'unit'")
    offset: float = Field(0.0, description="see scale; in 'unit'")
    sentinels: tuple[float, ...] = Field((), description="numbers that mean: no value")
    required: bool = Field(True, description="whether a file without the column is refused")

    @field_validator("column", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("name")
    @classmethod
    def _canonical(cls, value: str) -> str:
        if value not in CHANNELS:
            raise ValueError(f"{value!r} is no canonical channel; see contracts/channels.py")
        return value

    @property
    def canonical_unit(self) -> str:
        """Unit of the channel in every table."""
        return CHANNELS[self.name][0]


class Chainage(Strict):
    """Columns that say where a sample lies.

    ``number``: one column in ``unit``. ``km_plus_m``: one column such as ``130+0663.25``. ``km_and_m``: two columns.
    Without columns the axis counts from ``start`` by the step.
    """

    form: Literal["number", "km_plus_m", "km_and_m"] = Field("number", description="how the chainage is written")
    columns: tuple[str, ...] = Field(min_length=1, max_length=2, description="one column, or two for km_and_m")
    unit: Literal["m", "km", "ft", "mi"] = Field("m", description="unit of form 'number'")
    unit_label: str | None = Field(None, description="what the file writes as its unit, where Pint cannot read that")
    offset_m: float = Field(0.0, description="added to the stated chainage")

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _enough(self) -> Chainage:
        wanted = 2 if self.form == "km_and_m" else 1
        if len(self.columns) != wanted:
            raise ValueError(f"chainage of form {self.form} needs {wanted} column(s)")
        return self


class Gps(Strict):
    """Columns of a satellite receiver (WGS 84), matched to ``reference.line_geometry``.

    A position too far from every track, beyond the end of one, or between two is not guessed: its row has no place.
    """

    latitude: str = Field(description="column with the latitude")
    longitude: str = Field(description="column with the longitude")
    form: Literal["number", "hemisphere"] = Field("number", description="degrees; hemisphere: '60.97 N' or '5.1 W'")
    max_distance_m: float = Field(25.0, gt=0, description="a position further from every track is on none")
    margin_m: float = Field(
        10.0, ge=0, description="the second nearest track (or leg of a loop) must be further away by this"
    )
    bridge_m: float = Field(200.0, gt=0, description="rows between two fixes not more than this apart are interpolated")


class Locate(Strict):
    """Which line, track, vehicle or fixed asset a recording belongs to."""

    line: Lookup | None = Field(None, description="line; may be left to gps")
    track: Lookup | None = Field(None, description="track of the line")
    vehicle_or_sensor: Lookup | None = Field(None, description="source_id where nothing is stated")
    asset: Lookup | None = Field(None, description="asset a fixed sensor watches")
    chainage: Chainage | None = Field(None, description="columns with the place of each sample")
    gps: Gps | None = Field(None, description="columns of a satellite receiver, in place of chainage")

    @model_validator(mode="after")
    def _somewhere(self) -> Locate:
        if self.line is None and self.gps is None:
            raise ValueError("line: say which line, or gps")
        if self.gps is not None and self.chainage is not None:
            raise ValueError("state chainage or gps, not both")
        return self


class StartTime(Lookup):
    """Where the start of the recording is stated, and how it is written."""

    fallback: bool = Field(False, description="look here only where the file's own metadata state no start")
    more_columns: tuple[str, ...] = Field((), description="columns joined to 'column' with blanks, such as h, m, s")
    format: tuple[str, ...] = Field(
        ("%Y-%m-%dT%H:%M:%S",), description="strptime formats, or unix_s, unix_ms, unix_us, unix_ns; tried in order"
    )

    @field_validator("format", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class SampleTimes(Strict):
    """Column with the time of each sample."""

    column: str = Field(description="column with the times")
    unit: Literal["s", "ms", "us", "ns", "datetime", "clock"] = Field(
        "s", description="datetime: text read by 'format'; clock: hh:mm:ss.ffffff since the start"
    )
    unit_label: str | None = Field(None, description="what the file writes as its unit, where Pint cannot read that")
    format: str = Field("%Y-%m-%d %H:%M:%S", description="strptime format of datetime texts")
    epoch: Literal["start", "unix"] = Field("start", description="unix: counts from 1970 and gives the start itself")
    rate_error: float = Field(0.0, gt=-0.5, lt=0.5, description="share by which the sensor's clock runs fast")


class Time(Strict):
    """Zone and start of recordings, and times of samples."""

    zone: str = Field("UTC", description="IANA time zone of times without an offset")
    started_at: StartTime | None = Field(None, description="where the start is stated")
    samples: SampleTimes | None = Field(None, description="column with the time of each sample")

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        from zoneinfo import ZoneInfo  # noqa: PLC0415

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r}") from error
        return value


class AxisRule(Strict):
    """The uniform axis the samples are put on."""

    kind: Literal["distance", "time"] = Field(description="distance: chainage in m; time: seconds")
    step: float | None = Field(None, gt=0, description="m or s between samples; missing: as the file states")
    start: float = Field(0.0, description="position of the first sample where the file has no positions")
    max_gap: float | None = Field(None, gt=0, description="longer holes start a new recording; default 10 steps")
    bridge: float | None = Field(None, gt=0, description="holes up to this are interpolated; default 1.5 steps")
    tolerance: float = Field(0.1, gt=0, lt=0.5, description="jitter, as a share of the step, that needs no resampling")
    min_samples: int = Field(2, ge=1, description="shorter stretches are dropped with a note")
    counter: str | None = Field(None, description="column that rises by one a row; where it jumps, records were lost")


def _compiles(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"regular expression {pattern!r}: {error}") from error
