"""The monitoring domains there are, found by name and imported when first used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType, ModuleType

from guideway.archives.recording import Recording
from guideway.errors import ConfigurationError
from guideway.monitoring.definition import Indicator, Measurement
from guideway.network.stretches import Stretch
from guideway.rulebooks.rulebook import Rulebook

_PACKAGE = "guideway.monitoring"
_DOMAINS = (
    "track_geometry",
    "ride_comfort",
    "rail_surface",
    "overhead_line",
    "switches",
    "vibration_noise",
    "maglev",
    "structure_strain",
)


@lru_cache(maxsize=1)
def domains() -> tuple[str, ...]:
    """Domains this installation can measure."""
    return tuple(name for name in _DOMAINS if find_spec(f"{_PACKAGE}.{name}") is not None)


def measure(recording: Recording, stretches: Sequence[Stretch], rulebook: Rulebook) -> Measurement:
    """What a recording says about the assets it passed, by the module of its domain; nothing where there is none."""
    if recording.domain not in domains():
        return Measurement()
    found: Measurement = _module(recording.domain).measure(recording, stretches, rulebook)
    return found


def why_nothing(recording: Recording) -> str:
    """Why a recording gave no indicator, in one sentence."""
    if recording.domain not in domains():
        return f"no module measures the domain {recording.domain!r}"
    unit = "m" if recording.axis == "distance" else "s"
    names = ", ".join(channel.name for channel in recording.channels) or "no channel"
    return (
        f"no indicator could be computed from {recording.n_samples * recording.step:.4g} {unit} of {names}: "
        f"docs/indicators says which channels and how much of them each one needs"
    )


@lru_cache(maxsize=1)
def indicators() -> Mapping[str, Indicator]:
    """Every indicator of every domain, by name.

    Raises:
        ConfigurationError: two domains define an indicator of the same name.
    """
    found: dict[str, Indicator] = {}
    for domain in domains():
        for indicator in domain_indicators(domain):
            if indicator.name in found:
                raise ConfigurationError(f"{_PACKAGE}.{domain}: indicator {indicator.name!r} is defined twice")
            found[indicator.name] = indicator
    return MappingProxyType(found)


def domain_indicators(domain: str) -> tuple[Indicator, ...]:
    """Indicators one domain defines."""
    found: tuple[Indicator, ...] = _module(domain).INDICATORS
    return found


@lru_cache(maxsize=len(_DOMAINS))
def _module(domain: str) -> ModuleType:
    if domain not in domains():
        raise ConfigurationError(f"no module measures the domain {domain!r}; there are {', '.join(domains())}")
    return import_module(f"{_PACKAGE}.{domain}")
