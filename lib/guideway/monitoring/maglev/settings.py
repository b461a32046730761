"""Parameters of the maglev kernels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaglevSettings:
    """Thresholds and lengths; the defaults fit low-speed EMS and Transrapid lines alike.

    Attributes:
        excursion_mm: a sample this far from the nominal gap is an excursion.
        touch_gap_mm: a gap at or below this is a touch-down.
        joint_window_m: length of track on each side of a joint that its step and kink are fitted on.
        joint_clear_m: what is left out on each side of a joint, for the chainage may be off by that much.
        control_hz: natural frequency of the levitation control loop; attribute ``control_hz`` of a recording wins.
        control_damping: its damping ratio; attribute ``control_damping`` wins.
        gap_sign: -1 where the gap shrinks when the guideway rises under the vehicle, +1 where it grows (a magnet that
            hangs below its rail); attribute ``gap_sign`` wins.
        short_wave_m: wavelengths of the short-wave irregularity.
        long_wave_m: wavelengths of the long-wave irregularity.
        speed_bin_kmh: width of the speed bins girders are compared within.
        least_speed_kmh: slower samples are left out: the vehicle starts, stops or stands.
        neighbour_piers: piers on each side whose median is taken as the guideway's regular shape.
        frequency_band_hz: where the first natural frequency of a girder is looked for.
    """

    excursion_mm: float = 4.0
    touch_gap_mm: float = 2.0
    joint_window_m: float = 2.0
    joint_clear_m: float = 0.3
    control_hz: float = 2.0
    control_damping: float = 0.7
    gap_sign: float = -1.0
    short_wave_m: tuple[float, float] = (0.5, 5.0)
    long_wave_m: tuple[float, float] = (5.0, 50.0)
    speed_bin_kmh: float = 20.0
    least_speed_kmh: float = 5.0
    neighbour_piers: int = 8
    frequency_band_hz: tuple[float, float] = (1.0, 40.0)
