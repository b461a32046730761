"""The Delta lake: session, read, write, locks and upkeep. The only importer of delta."""
