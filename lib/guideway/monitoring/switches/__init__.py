"""Switches: regimes of a throw's power trace, and how a throw departs from the asset's own baseline."""

from guideway.monitoring.switches.baseline import ThrowBaseline, deviations, learn_baseline
from guideway.monitoring.switches.measure import DOMAIN, INDICATORS, measure
from guideway.monitoring.switches.regimes import PHASES, Regime, find_regimes
from guideway.monitoring.switches.throw import Throw, read_throw

__all__ = [
    "DOMAIN",
    "INDICATORS",
    "PHASES",
    "Regime",
    "Throw",
    "ThrowBaseline",
    "deviations",
    "find_regimes",
    "learn_baseline",
    "measure",
    "read_throw",
]
