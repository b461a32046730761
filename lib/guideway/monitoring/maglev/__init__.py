"""Maglev: levitation gap and guideway girder by girder, magnets, girder vibration."""

from guideway.monitoring.maglev.indicators import DOMAIN, INDICATORS
from guideway.monitoring.maglev.measure import measure
from guideway.monitoring.maglev.settings import MaglevSettings

__all__ = ["DOMAIN", "INDICATORS", "MaglevSettings", "measure"]
