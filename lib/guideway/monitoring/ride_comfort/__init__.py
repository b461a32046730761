"""Ride comfort and vibration exposure in the car body: ISO 2631-1, EN 12299 and Sperling."""

from guideway.monitoring.ride_comfort.indicators import DOMAIN, INDICATORS
from guideway.monitoring.ride_comfort.measure import measure
from guideway.monitoring.ride_comfort.ride import stops_of
from guideway.monitoring.ride_comfort.stops import Stop, find_stops

__all__ = ["DOMAIN", "INDICATORS", "Stop", "find_stops", "measure", "stops_of"]
