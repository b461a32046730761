"""Seeded archives of a whole network with known truth, in the formats vendors deliver."""
