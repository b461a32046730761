"""Urban-rail vibration and noise at receivers and in cars: levels, passages, limits by zone and by day and night."""

from guideway.monitoring.vibration_noise.indicators import DOMAIN, INDICATORS
from guideway.monitoring.vibration_noise.measure import measure
from guideway.monitoring.vibration_noise.receiver import asset_class

__all__ = ["DOMAIN", "INDICATORS", "asset_class", "measure"]
