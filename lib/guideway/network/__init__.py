"""Lines, tracks, assets and where things are on them."""
