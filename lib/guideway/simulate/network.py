"""What network to simulate: lines, weeks and how badly its data behave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Mode = Literal["conventional", "high_speed", "metro", "maglev"]

DAYS_PER_YEAR = 365.25

_SHARE_OF_KM = {"conventional": 0.70, "high_speed": 0.20, "metro": 0.08, "maglev": 0.02}
_LONGEST_KM = {"conventional": 60.0, "high_speed": 60.0, "metro": 20.0, "maglev": 20.0}
_LETTER = {"conventional": "C", "high_speed": "H", "metro": "M", "maglev": "G"}
_TITLE = {"conventional": "Main line", "high_speed": "High-speed line", "metro": "Metro line", "maglev": "Maglev line"}
_SPEED_KMH = {"conventional": 140.0, "high_speed": 300.0, "metro": 70.0, "maglev": 200.0}
_ZONE = {
    "conventional": "Europe/Helsinki",
    "high_speed": "Asia/Shanghai",
    "metro": "Europe/Vienna",
    "maglev": "Asia/Shanghai",
}
_RULEBOOK = {"conventional": "en_13848", "high_speed": "en_13848", "metro": "metro", "maglev": "maglev"}


class LineSpec(BaseModel):
    """A line to simulate: one track, one mode.

    Attributes:
        line_id: identifier, letters and digits only (it becomes part of file names).
        mode: kind of railway; decides physics, sensors and file formats.
        km: length, km.
        start_km: chainage of the line's first metre, whole km.
        speed_kmh: highest permitted speed, km/h.
        run_every_weeks: weeks between two inspection runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    line_id: str = Field(pattern=r"^[A-Z][0-9]{2,4}$")
    mode: Mode
    km: float = Field(ge=0.4, le=500.0)
    start_km: int = Field(default=0, ge=0, le=3000)
    speed_kmh: float = Field(gt=0.0, le=600.0)
    run_every_weeks: int = Field(default=4, ge=1, le=52)

    @property
    def name(self) -> str:
        """Name people use."""
        return f"{_TITLE[self.mode]} {int(self.line_id[1:])}"

    @property
    def track_id(self) -> str:
        """The line's one track."""
        return "1"

    @property
    def time_zone(self) -> str:
        """IANA time zone of the line."""
        return _ZONE[self.mode]

    @property
    def rulebook_id(self) -> str:
        """Rule book whose limits apply."""
        return _RULEBOOK[self.mode]

    @property
    def from_m(self) -> float:
        """First chainage, m."""
        return self.start_km * 1000.0

    @property
    def to_m(self) -> float:
        """Last chainage, m."""
        return self.from_m + round(self.km * 1000.0 / 200.0) * 200.0


class NetworkSpec(BaseModel):
    """A network to simulate.

    Attributes:
        seed: seed of everything random.
        first_day: first day of the archive.
        weeks: length of the archive, weeks.
        lines: lines of the network.
        max_drift_m: bound of the odometer error of a run, m.
        share_of_works_missing: share of works the railway's history does not know.
        faults: whether sensors fail and deliveries go wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 1
    first_day: date = date(2024, 1, 1)
    weeks: int = Field(default=104, ge=1, le=2000)
    lines: tuple[LineSpec, ...] = Field(min_length=1)
    max_drift_m: float = Field(default=10.0, ge=0.0, le=30.0)
    share_of_works_missing: float = Field(default=0.3, ge=0.0, le=1.0)
    faults: bool = True

    @model_validator(mode="after")
    def _lines_are_distinct(self) -> NetworkSpec:
        ids = [line.line_id for line in self.lines]
        if len(set(ids)) < len(ids):
            raise ValueError(f"line_id must be distinct; got {ids}")
        return self

    @property
    def last_day(self) -> date:
        """Last day of the archive."""
        return self.first_day + timedelta(weeks=self.weeks) - timedelta(days=1)

    @classmethod
    def small(cls, seed: int = 1, weeks: int = 104) -> NetworkSpec:
        """Lines of every mode, two years: what ``make run`` uses. Two of the usual modes, to test one by the other."""
        lines = (
            line_of("conventional", 1, 6.0, start_km=130),
            line_of("conventional", 2, 5.0, start_km=40),
            line_of("high_speed", 1, 5.6, start_km=90),
            line_of("high_speed", 2, 4.6, start_km=210),
            line_of("metro", 1, 4.4),
            line_of("maglev", 1, 2.6),
        )
        return cls(seed=seed, weeks=weeks, lines=lines)

    @classmethod
    def sized(cls, km: float, weeks: int = 104, seed: int = 1) -> NetworkSpec:
        """A network of about ``km`` kilometres: 70 % conventional, 20 % high-speed, 8 % metro, 2 % maglev."""
        lines: list[LineSpec] = []
        modes: tuple[Mode, ...] = ("conventional", "high_speed", "metro", "maglev")
        for mode in modes:
            left = max(1.0, km * _SHARE_OF_KM[mode])
            count = int(-(-left // _LONGEST_KM[mode]))
            lines += [line_of(mode, i, left / count, start_km=10 * ((7 * i) % 40)) for i in range(1, count + 1)]
        return cls(seed=seed, weeks=weeks, lines=tuple(lines))


def line_of(mode: Mode, number: int, km: float, start_km: int = 0) -> LineSpec:
    """The usual line of a mode."""
    return LineSpec(
        line_id=f"{_LETTER[mode]}{number:02d}", mode=mode, km=km, start_km=start_km, speed_kmh=_SPEED_KMH[mode]
    )
