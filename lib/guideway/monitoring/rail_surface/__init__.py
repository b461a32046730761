"""Rail surface and wheel-rail contact: roughness, corrugation, joints and squats, wheels, bearings."""

from guideway.monitoring.rail_surface.indicators import DOMAIN, INDICATORS
from guideway.monitoring.rail_surface.measure import measure

__all__ = ["DOMAIN", "INDICATORS", "measure"]
