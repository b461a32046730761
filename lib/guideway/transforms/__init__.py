"""DataFrame in, DataFrame out: one output table a module."""
