"""Vendor-like file formats of the track-geometry cars: encodings, delimiters, units and headers of the field.

Every writer takes rows in the order they were driven and leaves out channels that are not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from guideway.simulate.text import Bytes, constant, fixed_point, join_rows

Floats = npt.NDArray[np.float64]

MM_PER_INCH = 25.4


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a file says about the run it holds; times are local to the line."""

    line_id: str
    track_id: str
    started_local: datetime
    direction: int
    vehicle: str
    revision: int = 1

    @property
    def stamp(self) -> str:
        """Date and time as file names carry them."""
        return f"{self.started_local:%Y%m%d_%H%M%S}"

    @property
    def suffix(self) -> str:
        """Suffix of a corrected delivery's name."""
        return "" if self.revision == 1 else f"_rev{self.revision}"


_FINNISH = {
    "speed": ("Ajonopeus [Km/h]", 1),
    "gauge": ("TG Master.Raideleveys [mm]", 2),
    "cross_level": ("TG Master.Kallistus [mm]", 2),
    "twist_3m": ("TG Master.Kierous [mm/m]", 2),
    "longitudinal_level_left": ("TG Master.Vasen Korkeuspoikkeama [mm]", 2),
    "longitudinal_level_right": ("TG Master.Oikea Korkeuspoikkeama [mm]", 2),
    "alignment_left": ("TG Master.Vasen Nuolikorkeus [mm]", 2),
    "alignment_right": ("TG Master.Oikea Nuolikorkeus [mm]", 2),
}


def measuring_train(header: RunHeader, stated_m: Floats, channels: Mapping[str, Floats]) -> tuple[str, bytes]:
    """Finnish-like export: UTF-8 with BOM, semicolons, decimal commas, ``km+m`` location.

    Returns:
        File name and content.
    """
    n = stated_m.size
    kept = {name: column for name, column in _FINNISH.items() if name in channels}
    started = header.started_local
    stamp = f"{started:%d/%m/%Y} {started.hour % 12 or 12}:{started:%M:%S %p}"
    titles = ["Track", "Location [km+m]", *(title for title, _ in kept.values())]
    head = f'"Running Date";"{stamp}"\r\n' + ";".join(f'"{title}"' for title in titles) + "\r\n"
    km = np.floor(stated_m / 1000.0)
    location = np.hstack(
        [
            constant('"', n),
            fixed_point(km, 0, zeros=3),
            constant("+", n),
            fixed_point(stated_m - 1000.0 * km, 2, ",", zeros=4),
            constant('"', n),
        ]
    )
    columns: list[Bytes] = [constant(f'"{header.track_id}"', n), location]
    columns += [fixed_point(channels[name], decimals, ",", "NaN") for name, (_, decimals) in kept.items()]
    first, last = sorted((int(km[0]), int(km[-1])))
    name = f"TG_{header.stamp}_{header.line_id}_RATA_{header.track_id}_{first:03d}_{last:03d}{header.suffix}.csv"
    return name, head.encode("utf-8-sig") + join_rows(columns, ";", "\r\n")


_CHINESE = {
    "speed": ("速度(km/h)", 1),
    "longitudinal_level_left": ("左高低(mm)", 2),
    "longitudinal_level_right": ("右高低(mm)", 2),
    "alignment_left": ("左轨向(mm)", 2),
    "alignment_right": ("右轨向(mm)", 2),
    "gauge": ("轨距(mm)", 2),
    "cross_level": ("水平(mm)", 2),
    "twist_3m": ("三角坑(mm)", 2),
}


def hsr_inspection(header: RunHeader, stated_m: Floats, channels: Mapping[str, Floats]) -> tuple[str, bytes]:
    """Chinese inspection-train export: GBK header, commas, chainage as km and metres, date in the file name.

    Twist is in mm over the base of 3 m, as Chinese practice states it.
    """
    n = stated_m.size
    kept = {name: column for name, column in _CHINESE.items() if name in channels}
    head = ",".join(["里程", "Meters", "Flags", "Event", *(title for title, _ in kept.values())]) + "\r\n"
    km = np.floor(stated_m / 1000.0)
    columns: list[Bytes] = [
        fixed_point(km, 0),
        fixed_point(stated_m - 1000.0 * km, 2),
        constant("0040", n),
        constant("0000", n),
    ]
    for name, (_, decimals) in kept.items():
        values = 3.0 * channels[name] if name == "twist_3m" else channels[name]
        columns.append(fixed_point(values, decimals, missing=""))
    name = f"{header.line_id}_{header.track_id}_{header.stamp}{header.suffix}.txt"
    return name, head.encode("gbk") + join_rows(columns, ",", "\r\n")


_METRO = {
    "longitudinal_level_left": ("Längshöhe links [mm]", 1.0, 2),
    "longitudinal_level_right": ("Längshöhe rechts [mm]", 1.0, 2),
    "alignment_left": ("Pfeilhöhe links [mm]", 1.0, 2),
    "alignment_right": ("Pfeilhöhe rechts [mm]", 1.0, 2),
    "gauge": ("Spurabweichung [0,1 mm]", 10.0, 0),
    "cross_level": ("Überhöhung [Zoll]", 1.0 / MM_PER_INCH, 4),
    "twist_3m": ("Verwindung 3 m [‰]", 1.0, 2),
    "speed": ("Geschwindigkeit [km/h]", 1.0, 1),
}


def metro_geometry(header: RunHeader, stated_m: Floats, channels: Mapping[str, Floats]) -> tuple[str, bytes]:
    """Trolley export of a metro: windows-1252, tabs, gauge in 0.1 mm beyond 1435, cross level in inches."""
    kept = {name: column for name, column in _METRO.items() if name in channels}
    titles = ["Station [m]", *(title for title, _, _ in kept.values())]
    head = (
        f"Gleisgeometrie-Prüfbericht\t{header.vehicle}\n"
        f"Linie\t{header.line_id}\tGleis\t{header.track_id}\n"
        f"Messbeginn\t{header.started_local:%d.%m.%Y %H:%M:%S}\n" + "\t".join(titles) + "\n"
    )
    columns: list[Bytes] = [fixed_point(stated_m, 2)]
    for name, (_, factor, decimals) in kept.items():
        values = channels[name] - 1435.0 if name == "gauge" else channels[name]
        columns.append(fixed_point(values * factor, decimals, missing="-9999"))
    name = f"GG_{header.line_id}_{header.track_id}_{header.stamp}{header.suffix}.dat"
    return name, head.encode("cp1252") + join_rows(columns, "\t", "\n")


TRACK_FORMATS = {
    "conventional": ("sim_measuring_train", measuring_train),
    "high_speed": ("sim_hsr_inspection", hsr_inspection),
    "metro": ("sim_metro_geometry", metro_geometry),
}
