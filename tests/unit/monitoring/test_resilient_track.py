"""Insertion loss of floating slab and under-sleeper pads: the loss put into simulated passages is found again.

The measure is a spring under a mass: passages on the treated section are the same ground vibration through the
transmissibility of one degree of freedom. The true loss is the ratio of energies of the two spectra, known without any
passage. Trains of two types pass, on the treated section faster, so that a plain difference of means is wrong.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from guideway.monitoring.noise_control import InsertionLoss, adjusted_insertion_loss

Floats = npt.NDArray[np.float64]

RATE_HZ = 1024.0
SAMPLES = 4096
FREQUENCY = np.fft.rfftfreq(SAMPLES, 1.0 / RATE_HZ)
WHOLE = (4.0, 250.0)
MEASURES = {
    "floating_slab": (10.0, 0.4),  # natural frequency in Hz and loss factor, as a spring-mass system is designed
    "under_sleeper_pads": (40.0, 0.3),
}


def power(frequency: Floats) -> Floats:
    """Power spectrum of ground vibration beside a metro tunnel, arbitrary unit: most of it from 30 to 100 Hz."""
    return np.asarray(np.exp(-((np.log2(np.maximum(frequency, 0.1) / 63.0) / 1.1) ** 2)), dtype=np.float64)


def transmissibility(frequency: Floats, natural_hz: float, loss_factor: float) -> Floats:
    """Squared magnitude for a hysteretically damped mass on a spring."""
    r2 = (frequency / natural_hz) ** 2
    return np.asarray((1.0 + loss_factor**2) / ((1.0 - r2) ** 2 + loss_factor**2), dtype=np.float64)


def true_loss(measure: str, band: tuple[float, float]) -> float:
    """Insertion loss in dB over a band, from the spectra on a fine grid."""
    f = np.linspace(*band, 20001)
    with_measure = power(f) * transmissibility(f, *MEASURES[measure])
    return float(10.0 * np.log10(np.trapezoid(power(f), f) / np.trapezoid(with_measure, f)))


def passages(seed: int, measure: str, band: tuple[float, float], trains: int = 60) -> pd.DataFrame:
    """Levels in a band of simulated time signals of trains past one of two sections."""
    rng = np.random.default_rng(seed)
    f = FREQUENCY
    inside = (f >= band[0]) & (f <= band[1])
    rows = []
    for train in range(trains):
        treated, old = train % 2 == 1, bool(rng.random() < 0.5)
        speed = float(rng.uniform(40.0, 70.0) + 15.0 * treated)
        gain = 20.0 * np.log10(speed / 60.0) + 4.0 * old + rng.normal(0.0, 0.8)
        shape = power(FREQUENCY) * (transmissibility(FREQUENCY, *MEASURES[measure]) if treated else 1.0)
        noise = np.fft.rfft(rng.normal(size=SAMPLES))
        signal = np.fft.irfft(noise * np.sqrt(shape) * inside, SAMPLES) * 10.0 ** (gain / 20.0)
        level = 10.0 * np.log10(np.mean(signal**2))
        rows.append((train, treated, speed, "old" if old else "new", level))
    return pd.DataFrame(rows, columns=["passage_id", "is_treated", "speed_kmh", "train_type", "level_db"])


def losses(measure: str, band: tuple[float, float], seeds: int = 50) -> list[InsertionLoss]:
    return [adjusted_insertion_loss(passages(seed, measure, band)) for seed in range(seeds)]


def check(measure: str, band: tuple[float, float]) -> float:
    """The truth lies in the intervals as often as they promise, and the estimate has no bias; returns the truth."""
    truth, found = true_loss(measure, band), losses(measure, band)
    assert np.mean([loss.low_db < truth < loss.high_db for loss in found]) >= 0.88
    assert np.mean([loss.loss_db for loss in found]) == pytest.approx(truth, abs=0.15)
    assert np.mean([loss.high_db - loss.low_db for loss in found]) < 2.5
    return truth


def test_the_loss_of_a_floating_slab_is_recovered() -> None:
    assert check("floating_slab", WHOLE) > 15.0
    assert all(loss.is_proven for loss in losses("floating_slab", WHOLE, 5))


def test_the_loss_of_under_sleeper_pads_is_recovered() -> None:
    band = (63.0, 250.0)
    assert 3.0 < check("under_sleeper_pads", band) < 15.0
    assert all(loss.is_proven for loss in losses("under_sleeper_pads", band, 5))


@pytest.mark.parametrize(("measure", "band"), [("floating_slab", (8.0, 12.5)), ("under_sleeper_pads", (28.0, 50.0))])
def test_what_a_measure_amplifies_at_its_resonance_is_a_negative_loss(measure: str, band: tuple[float, float]) -> None:
    assert check(measure, band) < -3.0
    assert all(loss.high_db < 0.0 for loss in losses(measure, band, 5))


@pytest.mark.parametrize("measure", MEASURES)
def test_without_adjustment_the_loss_is_wrong(measure: str) -> None:
    rows = passages(0, measure, WHOLE)
    bare = adjusted_insertion_loss(rows.drop(columns=["speed_kmh", "train_type"]))
    assert bare.loss_db < true_loss(measure, WHOLE) - 1.0
