"""Vendor-like formats of maglev and wayside sensors: HDF5, UTF-16 text, TDMS with scaled integers, 24 bit WAV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timezone
from io import BytesIO
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import soundfile
from nptdms import ChannelObject, RootObject, TdmsWriter

from guideway.simulate.formats import RunHeader
from guideway.simulate.text import fixed_point, join_rows

Floats = npt.NDArray[np.float64]

# channel -> data set, unit written, factor from the canonical unit
_HDF5 = {
    "position": ("loc/chainage", "km", 1e-3),
    "speed": ("loc/speed", "m/s", 1 / 3.6),
    "levitation_gap_left": ("lev/gap_l", "mm", 1.0),
    "levitation_gap_right": ("lev/gap_r", "mm", 1.0),
    "guidance_gap": ("gui/gap", "um", 1e3),
    "magnet_current": ("lev/current", "A", 1.0),
    "magnet_temperature": ("lev/temperature", "degC", 1.0),
}
_TDMS = {"vibration_velocity_z": ("geophone_z", "m/s", 1e-3), "vibration_acceleration_z": ("accel_z", "m/s^2", 1.0)}


def maglev_vehicle(
    header: RunHeader, magnet_id: str, rate_hz: float, channels: Mapping[str, Floats], facts: Mapping[str, float]
) -> tuple[str, bytes]:
    """On-board recorder of one magnet unit: HDF5, single precision, quantised to what the converters resolve.

    Returns:
        File name and content.
    """
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["line"], file.attrs["track"] = header.line_id, header.track_id
        file.attrs["vehicle"], file.attrs["unit"] = header.vehicle, magnet_id
        file.attrs["start"] = f"{header.started_local:%Y-%m-%d %H:%M:%S}"
        file.attrs["rate_hz"] = rate_hz
        for name, fact in facts.items():
            file.attrs[name] = fact
        for name, (path, unit, factor) in _HDF5.items():
            if name in channels:
                values = channels[name] * factor
                data = file.create_dataset(path, data=_quantised(values, name), compression=1, shuffle=True)
                data.attrs["unit"] = unit
    return f"MLV_{magnet_id}_{header.track_id}_{header.stamp}{header.suffix}.h5", buffer.getvalue()


def maglev_girder(
    header: RunHeader, girder_id: str, rate_hz: float, channels: Mapping[str, Floats]
) -> tuple[str, bytes]:
    """Wayside logger of one girder: UTF-16 text, semicolons, decimal commas, deflection in µm, acceleration in g."""
    titles = ["Zeit [s]"]
    n = next(iter(channels.values())).size
    columns = [fixed_point(np.arange(n) / rate_hz, 3, ",")]
    if "girder_deflection" in channels:
        titles.append("Durchbiegung Mitte [µm]")
        columns.append(fixed_point(channels["girder_deflection"] * 1e3, 0, ",", "---"))
    if "girder_acceleration" in channels:
        titles.append("Beschleunigung Mitte [g]")
        columns.append(fixed_point(channels["girder_acceleration"] / 9.80665, 6, ",", "---"))
    head = (
        f"Träger;{girder_id}\r\nStrecke;{header.line_id};Fahrweg;{header.track_id}\r\n"
        f"Beginn;{header.started_local:%d.%m.%Y %H:%M:%S}\r\n" + ";".join(titles) + "\r\n"
    )
    text = head + join_rows(columns, ";", "\r\n").decode("ascii")
    return f"TRG_{girder_id}_{header.stamp}{header.suffix}.txt", text.encode("utf-16")


def wayside_vibration(
    header: RunHeader,
    receiver_id: str,
    rate_hz: float,
    channels: Mapping[str, Floats],
    properties: Mapping[str, str | float],
) -> tuple[str, bytes]:
    """Monitoring station: TDMS with 16 bit integers and linear scaling, waveform properties, velocity in m/s."""
    root = RootObject(
        properties={"line": header.line_id, "track": header.track_id, "station": receiver_id, **properties}
    )
    objects = [root]
    start = np.datetime64(header.started_local.astimezone(timezone.utc).replace(tzinfo=None), "us")
    for name, (title, unit, factor) in _TDMS.items():
        if name in channels:
            counts, slope = _counts(channels[name] * factor)
            scaling = {
                "NI_Scaling_Status": "unscaled",
                "NI_Number_Of_Scales": 1,
                "NI_Scale[0]_Scale_Type": "Linear",
                "NI_Scale[0]_Linear_Slope": slope,
                "NI_Scale[0]_Linear_Y_Intercept": 0.0,
                "NI_Scale[0]_Linear_Input_Source": np.uint32(0xFFFFFFFF),
            }
            wave = {"wf_increment": 1.0 / rate_hz, "wf_start_time": start, "wf_start_offset": 0.0, "unit_string": unit}
            objects.append(ChannelObject("station", title, counts, properties={**wave, **scaling}))
    buffer = BytesIO()
    with TdmsWriter(buffer) as writer:
        writer.write_segment(objects)
    return f"ERS_{receiver_id}_{header.stamp}{header.suffix}.tdms", buffer.getvalue()


def wayside_noise(
    header: RunHeader,
    receiver_id: str,
    rate_hz: int,
    pressure_pa: Floats,
    *,
    full_scale_pa: float,
    train: str,
    speed_kmh: float,
) -> tuple[str, bytes]:
    """Microphone beside the track: mono WAV of 24 bit, full scale stated by the station's calibration."""
    buffer = BytesIO()
    samples = np.clip(np.nan_to_num(pressure_pa) / full_scale_pa, -1.0, 1.0 - 2.0**-23)
    soundfile.write(buffer, samples, rate_hz, format="WAV", subtype="PCM_24")
    name = f"LRM_{receiver_id}_{header.stamp}_{train}_{speed_kmh:.0f}kmh{header.suffix}.wav"
    return name, buffer.getvalue()


def _quantised(values: Floats, name: str) -> npt.NDArray[np.floating[Any]]:
    """Steps of a power of two: 1/128 of the unit; chainage (in km) 1/131072, in double precision."""
    if name == "position":
        return np.asarray(np.rint(values * 2.0**17) / 2.0**17, dtype=np.float64)
    return np.asarray(np.rint(values * 128.0) / 128.0, dtype=np.float32)


def _counts(values: Floats) -> tuple[npt.NDArray[np.int16], float]:
    """Integers of 16 bit and the value of one count; missing samples become 0, as a converter without signal gives."""
    kept = np.nan_to_num(values)
    slope = max(float(np.abs(kept).max()), 1e-12) / 32000.0
    return np.rint(kept / slope).astype(np.int16), slope
