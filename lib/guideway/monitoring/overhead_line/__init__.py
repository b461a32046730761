"""Overhead line and pantograph: wire height and stagger, contact force, hard points and arcs felt by the pantograph."""

from guideway.monitoring.overhead_line.measure import DOMAIN, INDICATORS, measure
from guideway.monitoring.overhead_line.pantograph import ContactEvent, find_contact_events

__all__ = ["DOMAIN", "INDICATORS", "ContactEvent", "find_contact_events", "measure"]
