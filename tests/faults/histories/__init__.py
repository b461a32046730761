"""Random histories of a landing folder and a lake, checked against a plain model."""
