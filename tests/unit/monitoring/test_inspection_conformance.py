"""Ride comfort and rail surface against independent references; writes the pages of ``docs/conformance``.

``GUIDEWAY_WRITE_PAGES=1 pytest tests/unit/monitoring/test_inspection_conformance.py`` writes the pages anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.signal import freqs_zpk

from guideway.monitoring import overhead_line, ride_comfort
from guideway.monitoring.rail_surface.roughness import RoughnessSpectrum, above_limit, roughness_spectrum
from guideway.monitoring.ride_comfort.en_12299 import (
    SEATED_EVENT,
    STANDING_EVENT,
    block_rms,
    curve_transitions,
    discrete_events,
    mean_comfort,
    mean_comfort_seated,
    mean_comfort_standing,
)
from guideway.monitoring.ride_comfort.exposure import dose, maximum_transient, weighted_rms
from guideway.monitoring.ride_comfort.sperling import sperling_index, sperling_weighted
from guideway.monitoring.switches import PHASES, read_throw
from guideway.rulebooks.load import load_rulebooks
from guideway.signals.weightings import WEIGHTINGS, weight
from tests.unit.monitoring import borlange_mora, test_track_decay
from tests.unit.monitoring.inspection_records import real, values
from tests.unit.monitoring.ride_comfort.test_measure import paris_stops
from tests.unit.monitoring.rough_rails import STEP_M, niederwangen, rail_with_levels

PAGES = Path(__file__).resolve().parents[3] / "docs" / "conformance"
EN = load_rulebooks()["en_13848"]
Row = tuple[str, str, float]

# ISO 2631-1:1997, table 3, 0.5 to 80 Hz in thousandths, as public code transcribes it
PRINTED = {
    "Wk": (418, 459, 477, 482, 484, 494, 531, 631, 804, 967, 1039, 1054, 1036, 988, 902, 768, 636, 513, 405, 314, 246,
           186, 132),
    "Wd": (853, 944, 992, 1011, 1008, 968, 890, 776, 642, 512, 409, 323, 253, 212, 161, 125, 100, 80, 63.2, 49.4, 38.8,
           29.5, 21.1),
}  # fmt: skip
# (high-pass, low-pass, transition, its Q, upward step) of ISO 8041-1:2017, table 3
POLES = {
    "Wk": (0.4, 100.0, 12.5, 12.5, 0.63, (2.37, 0.91, 3.35, 0.91)),
    "Wd": (0.4, 100.0, 2.0, 2.0, 0.63, None),
    "Wb": (0.4, 100.0, 16.0, 16.0, 0.55, (2.5, 0.9, 4.0, 0.95)),
}
FS = 500.0
_BORLANGE_SAYS = """\
What that says: **from vibration, 0.702 on every segment is out of reach without mixing rides.** In over half of
the segments the train stood, by chance near a joint at 10:00 and away from any at 12:00, and the label is the
distance of one position to an asset; a standing wheel feels neither. What the other ride teaches about standing
trains is wrong on this one, and bounds the accuracy at the third row even if every moving segment were right.
Above 5 km/h the mean of 0.74 is above 0.702, but no better than always saying 'normal': the ranking of segments
carries over weakly, not well enough to name an asset (of three forms of features the best on both rides is
shown, so the curve's area flatters a little; support vectors, forests of trees and nearest neighbours rank no
better). Only 60 features of 10 s (up to 400 m) are published, not the 500 Hz signals in which the product looks
for single impacts. The published figure is beaten on both rides, none mixed, by the join with the register
alone, which is exact because the labels were made from it.
"""


def pair(f: float, q: float) -> list[complex]:
    w = 2 * np.pi * f
    return [w * (-1 / (2 * q) + s * 1j * np.sqrt(1 - 1 / (4 * q * q))) for s in (1, -1)]


def analogue(name: str, hz: np.ndarray) -> np.ndarray:
    """Gain of a weighting from its poles and zeros, independent of the library's sections."""
    f1, f2, f3, f4, q4, step = POLES[name]
    zeros: list[complex] = [0.0, 0.0, -2 * np.pi * f3]
    poles = [*pair(f1, 0.5**0.5), *pair(f2, 0.5**0.5), *pair(f4, q4)]
    gain = (2 * np.pi * f2) ** 2 * (2 * np.pi * f4) ** 2 / (2 * np.pi * f3) * (1.024 if name == "Wb" else 1.0)
    if step:
        zeros += pair(step[0], step[1])
        poles += pair(step[2], step[3])
    _, response = freqs_zpk(zeros, poles, gain, 2 * np.pi * hz)
    return np.abs(response)


def tones(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    hz, amplitude = np.array([0.8, 1.9, 4.0, 7.3, 15.0, 31.0, 62.0]), rng.uniform(0.2, 1.0, 7)
    t = np.arange(round(120 * FS)) / FS
    return hz, amplitude, (amplitude[:, None] * np.sin(2 * np.pi * hz[:, None] * t)).sum(axis=0)


def comfort_rows() -> Iterator[Row]:
    bands = 10.0 ** (np.arange(-3, 20) / 10.0)
    for name, printed in PRINTED.items():
        apart = np.abs(np.abs(WEIGHTINGS[name].response(bands)) / (np.array(printed) / 1000.0) - 1)
        yield (
            f"{name}, 0.5-80 Hz",
            "factors printed in ISO 2631-1:1997, table 3; relative (tolerance 0.11)",
            apart.max(),
        )
    grid = np.geomspace(0.1, 250.0, 400)
    for name in POLES:
        apart = np.abs(np.abs(WEIGHTINGS[name].response(grid)) / analogue(name, grid) - 1)
        yield f"{name}, 0.1-250 Hz", "scipy freqs_zpk from poles and zeros, relative", apart.max()
    hz, amplitude, x = tones(np.random.default_rng(0))
    inner = slice(round(20 * FS), round(100 * FS))
    for name in POLES:
        expected = np.sqrt(np.sum((amplitude * analogue(name, hz)) ** 2) / 2)
        found = weighted_rms(weight(x, FS, name)[inner])
        yield f"a_w with {name}", "sum of squares of seven tones, relative", abs(found / expected - 1)
    one = np.sin(2 * np.pi * 6.0 * np.arange(round(100 * FS)) / FS)
    yield "VDV", "(3/8 a^4 T)^(1/4) of a tone, relative", abs(dose(one, FS) / (3 / 8 * 100) ** 0.25 - 1)
    blocks = block_rms(0.2 * one, np.ones(one.size, dtype=bool), FS)[1]
    by_hand = 6 * np.sqrt(3 * 0.02)
    yield (
        "N_MV",
        "6 sqrt(3) a / sqrt(2) of one tone on three axes, relative",
        abs(mean_comfort(blocks, blocks, blocks) / by_hand - 1),
    )
    xyz = np.random.default_rng(1).gamma(4.0, 0.02, (3, 81))
    (x50, y50, z50), (x95, y95, z95) = (np.sort(xyz, axis=1)[:, rank] for rank in (40, 76))
    hand = 3 * np.sqrt(16 * x50**2 + 4 * y50**2 + z50**2) + 5 * y95
    yield "N_VD", "formula by hand from ranked blocks, relative", abs(mean_comfort_standing(*xyz) / hand - 1)
    hand = 4 * z95 + 2 * np.sqrt(y95**2 + z95**2) + 4 * x95
    found = mean_comfort_seated(xyz[2], xyz[1], xyz[2], xyz[0])
    yield "N_VA", "formula by hand from ranked blocks, relative", abs(found / hand - 1)
    steady = np.full(round(20 * FS), 2.0)
    for posture, factors, (b, c) in (
        ("standing", STANDING_EVENT, (27.01, 37.0)),
        ("seated", SEATED_EVENT, (13.05, 21.7)),
    ):
        event = discrete_events(steady, FS, factors)[round(10 * FS)] / (2 * b - c)
        yield f"P_DE {posture}", "formula by hand for a steady 2 m/s2, relative", abs(event - 1)
    ramp = np.clip((np.arange(round(40 * FS)) / FS - 15.0) / 4.0, 0.0, 1.0)
    ((_, curve),) = curve_transitions(1.2 * ramp, np.where((ramp > 0) & (ramp < 1), 3.0, 0.0), FS)
    hand = 2.80 * 1.2 / 0.0980665 + 2.03 * 0.3 / 0.0980665 - 11.1 + 0.185 * 3**2.283
    yield "P_CT", "formula by hand for a straight ramp, relative", abs(curve / hand - 1)
    f = 6.0
    b = 0.588 * np.sqrt(
        (1.911 * f**2 + (0.25 * f**2) ** 2) / ((1 - 0.277 * f**2) ** 2 + (1.563 * f - 0.0368 * f**3) ** 2)
    )
    felt = weighted_rms(sperling_weighted(one, FS, lateral=False)[inner])
    yield (
        "Wz",
        "formula by hand for a tone, relative",
        abs(float(sperling_index(felt)) / (100 * b / np.sqrt(2)) ** 0.3 - 1),
    )


def library_rows() -> Iterator[Row]:
    """Against ``phonometry_3_3_0.csv``: what phonometry 3.3.0, which asks for Python 3.13, makes of the same input."""
    table = pd.read_csv(Path(__file__).parent / "ride_comfort" / "phonometry_3_3_0.csv")
    t = np.arange(round(60 * FS)) / FS
    waves = zip((0.8, 1.9, 4.0, 7.3, 15.0, 31.0, 62.0), (0.5, 0.4, 0.8, 0.6, 0.7, 0.9, 0.5), strict=True)
    x = sum(a * np.sin(2 * np.pi * f * t + i) for i, (f, a) in enumerate(waves)) * np.sin(np.pi * t / 60) ** 2
    x = x + 3.0 * np.exp(-(((t - 30.0) / 0.3) ** 2)) * np.sin(2 * np.pi * 5.0 * t)
    for name, rows in table.groupby("weighting", sort=False):
        of = dict(tuple(rows.groupby("quantity")))
        f, factors = of["factor"]["frequency_hz"].to_numpy(), of["factor"]["value"].to_numpy()
        apart = np.abs(np.abs(WEIGHTINGS[str(name)].response(f)) / factors - 1).max()
        yield f"{name}, {f[0]:.2g}-{f[-1]:.3g} Hz", "phonometry 3.3.0, relative (tolerance 0.11)", apart
        if "rms" not in of:
            continue
        weighted = weight(x, FS, str(name))
        found = {"rms": weighted_rms(weighted), "vdv": dose(weighted, FS), "mtvv": maximum_transient(weighted, FS)}
        apart = max(abs(value / float(of[quantity]["value"].iloc[0]) - 1) for quantity, value in found.items())
        yield f"a_w, VDV and MTVV with {name}, tones and a shock", "phonometry 3.3.0, relative", apart


def below(deviation: float) -> str:
    """A rounder number above a deviation, the same on every machine: per cents, then powers of ten."""
    if deviation > 0.01:
        return f"< {np.ceil(100 * deviation) / 100:.2f}"
    return f"< 1e{int(np.ceil(np.log10(max(deviation, 1e-10)) + 1e-9))}"


def heading(title: str, columns: str) -> list[str]:
    note = "<!-- Generated by tests/unit/monitoring/test_inspection_conformance.py -->"
    return [note, "", f"# Conformance: {title}", "", *table_head(columns)]


def table_head(columns: str) -> list[str]:
    return [columns, "|" + "---|" * (columns.count("|") - 1)]


def comfort_page(shared_data: Path) -> str:
    lines = heading("ride comfort", "| formula | independent reference | greatest deviation |")
    lines += [
        f"| {formula} | {reference} | {below(apart)} |"
        for formula, reference, apart in (*comfort_rows(), *library_rows())
    ]
    lines += ["", "## Stops in the Paris metro", "", *table_head("| figure | asked for | found |")]
    stops, starts = (np.abs(part) for part in paris_stops(shared_data))
    lines.append(f"| stops of two rides on line 4 found, of 14 | 14 within 2 s | {np.sum(stops < 2)} |")
    lines.append(f"| greatest deviation of a stop, s | 2 | {stops.max():.1f} |")
    lines.append(f"| departures within 2 s, of 14 | 14 | {np.sum(starts < 2)} |")
    lines.append(f"| greatest deviation of a departure, s | 2 | {starts.max():.1f} |")
    lines += [
        "", "The departures beyond 2 s were stated 3 s before longitudinal acceleration leaves its level at rest;",
        "nothing in the recording supports the stated moments.", "",
        "## Real rides", "", *table_head("| recording | a_v, m/s2 | N_MV | Wz lateral | Wz vertical | quality |"),
    ]  # fmt: skip
    for folder, source in (
        ("fr-paris-metro-acceleration", "fr-paris-metro"),
        ("sk-bratislava-tram-vibration", "sk-bratislava-tram"),
    ):
        for file in sorted((shared_data / folder).rglob("*.csv.gz")):
            recording = real(file, source)
            measured = ride_comfort.measure(recording, [], EN)
            one = values(measured, recording.vehicle_or_sensor_id)
            quality = next(c.quality for c in measured.conditions if c.indicator == "weighted_acceleration_total")
            figures = [
                one[name]
                for name in ("weighted_acceleration_total", "comfort_mean", "sperling_lateral", "sperling_vertical")
            ]
            name = recording.attributes["ride"][:44]
            lines.append(
                f"| {name} | {figures[0]:.3f} | {figures[1]:.2f} | {figures[2]:.2f} | {figures[3]:.2f} | {quality} |"
            )
    failed = real(shared_data / "fi-track-inspection" / "AMS_20221024_251_LHRP_1_130_130.csv", "fi-ams")
    count = len(ride_comfort.measure(failed, [], EN).conditions)
    lines.append("")
    lines.append(f"Finnish axle boxes, a recording in which every acceleration is NaN: {count} figures.")
    return "\n".join([*lines, ""])


def surface_page(shared_data: Path) -> str:
    lines = heading("rail surface, overhead line and switches", "| figure | published or asked for | found |")
    apart, excess = [], []
    for number, (wavelength, level) in niederwangen(shared_data).items():
        spectrum = roughness_spectrum(rail_with_levels(wavelength, level, seed=number), STEP_M)
        nearest = [int(np.argmin(np.abs(np.log(spectrum.wavelength_m / w)))) for w in wavelength]
        apart.append(np.abs(spectrum.level_db[nearest] - level)[1:-1])
        worst = above_limit(RoughnessSpectrum(wavelength, level), EN, "*", 100.0)
        excess.append(worst.excess_db if worst else np.nan)
    every = np.concatenate(apart)
    lines.append(
        f"| Niederwangen, {len(apart)} rails: band levels of a profile made of them, mean deviation, dB "
        f"| 0 | {every.mean():.1f} |"
    )
    lines.append(f"| the same, 95 % of bands within, dB | 0 | {np.percentile(every, 95):.1f} |")
    lines.append(
        "| Niederwangen: rails that keep ISO 3095 in every band | not published "
        f"| {np.sum(np.array(excess) <= 0)} of {len(excess)} |"
    )
    lines.append(f"| Niederwangen: greatest excess over ISO 3095, dB | not published | {np.max(excess):.1f} |")
    apart = np.abs(test_track_decay.deviation(shared_data))
    lines.append(
        f"| Niederwangen, {apart.size} decay rates: found again in responses that decay at them, 95 % within, % "
        f"| 0 | {100 * np.percentile(apart, 95):.0f} |"
    )
    effects = " and ".join(f"{test_track_decay.effect_of_dampers(shared_data, way):.1f}" for way in "vh")
    lines.append(
        "| Niederwangen: decay rate with rail dampers over that without, 500-2000 Hz, vertical and lateral "
        f"| not published | {effects} |"
    )
    throw = read_throw(
        real(shared_data / "fr-railway-switch-power" / "switch_operation_y1.csv", "fr-switch-power").values(
            "motor_power"
        ),
        0.01,
    )
    assert throw is not None
    ends = ", ".join(f"{name} {0.01 * throw.phases[name].stop:.1f}" for name in PHASES)
    lines.append(f"| switch throw: ends of the five regimes, s | five regimes | {ends} |")
    pantograph = real(shared_data / "pantograph-acceleration" / "one.csv.gz", "pantograph")
    one = values(overhead_line.measure(replace(pantograph, domain=overhead_line.DOMAIN), [], EN), "pantograph")
    z1 = pantograph.values("pantograph_acceleration_vertical").astype(np.float64) / 9.80665
    lines.append(f"| pantograph: RMS of sensor 1, vertical, g | 0.3315 | {np.sqrt(np.nanmean(z1**2)):.4f} |")
    lines.append(
        f"| pantograph: shocks per minute, dead sensor left out | not published | {one['pantograph_impact_rate']:.0f} |"
    )
    lines += ["", *borlange_section(shared_data)]
    return "\n".join([*lines, ""])


def borlange_section(shared_data: Path) -> list[str]:
    """Figures of ``borlange_mora``, the ride named being the one that was not learnt from."""
    ten, noon = borlange_mora.across_rides(shared_data)
    joined = borlange_mora.by_position(shared_data)
    mean, sd = borlange_mora.mixed_rides(shared_data)
    apart = borlange_mora.apart_m(shared_data) / 1000
    lines = [
        "## Joints and turnouts between Borlänge and Mora", "",
        "Accuracy over four labels; the author published 0.702 (logistic regression) and 0.654 (always 'normal') on",
        "four rides, mixed 70/30. Two of them are here. Models learn from one ride, their regularisation included, and",
        f"are tested on the other; the rides nowhere come closer than {apart:.1f} km, so no place is met twice.", "",
        *table_head("| way | tested on 10:00 | tested on 12:00 |"),
        f"| the author's kind of model, every segment, rides mixed as published | {mean:.2f} +- {sd:.2f} | |",
        f"| the same model, trained on the other ride | {ten.as_published:.2f} | {noon.as_published:.2f} |",
        "| most a method can reach on every segment that answers for standing trains as the other ride taught it "
        f"| {ten.ceiling:.2f} | {noon.ceiling:.2f} |",
        f"| above 5 km/h, features freed of speed, trained on the other ride | {ten.moving:.2f} | {noon.moving:.2f} |",
        f"| above 5 km/h, always 'normal' | {ten.always_normal:.2f} | {noon.always_normal:.2f} |",
        "| above 5 km/h, area under the ROC curve of an asset against none (90 % interval) "
        + "".join(f"| {one.auc:.2f} ({one.auc_90[0]:.2f}-{one.auc_90[1]:.2f}) " for one in (ten, noon))
        + "|",
        f"| places joined with the asset register, nothing learnt | {joined[0]:.2f} | {joined[1]:.2f} |",
    ]  # fmt: skip
    return [*lines, "", *_BORLANGE_SAYS.splitlines()]


@pytest.mark.parametrize("name", ["ride_comfort", "rail_surface"])
def test_conformance_pages_are_what_the_formulas_give(name: str, shared_data: Path) -> None:
    text = {"ride_comfort": comfort_page, "rail_surface": surface_page}[name](shared_data)
    file = PAGES / f"{name}.md"
    if os.environ.get("GUIDEWAY_WRITE_PAGES"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


def test_weightings_keep_the_tolerance_of_the_standard_by_far() -> None:
    rows = [*comfort_rows(), *library_rows()]
    assert max(apart for _, reference, apart in rows if "printed" in reference) < 0.11
    assert max(apart for _, reference, apart in rows if "printed" not in reference) < 0.02


def test_places_join_the_register(shared_data: Path) -> None:
    assert min(borlange_mora.by_position(shared_data)) > borlange_mora.PUBLISHED


def test_vibration_ranks_assets_of_an_unseen_ride_above_chance_but_cannot_reach_the_published_figure(
    shared_data: Path,
) -> None:
    for held in borlange_mora.across_rides(shared_data):
        assert held.auc > 0.6
        assert held.ceiling < borlange_mora.PUBLISHED
