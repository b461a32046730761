"""Track geometry: EN 13848, 49 CFR 213, Chinese TQI and national indices."""

from __future__ import annotations

from guideway.monitoring.track_geometry.measure import DOMAIN, INDICATORS, measure

__all__ = ["DOMAIN", "INDICATORS", "measure"]
