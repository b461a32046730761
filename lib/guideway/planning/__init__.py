"""Works in possession windows: optimiser, costs and the comparison of maintenance policies."""
