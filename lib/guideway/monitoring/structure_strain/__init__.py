"""Strain of structures: fibre Bragg gratings and strain gauges, live load, temperature, drift, uncertainty."""

from guideway.monitoring.structure_strain.indicators import DOMAIN, INDICATORS
from guideway.monitoring.structure_strain.measure import measure

__all__ = ["DOMAIN", "INDICATORS", "measure"]
