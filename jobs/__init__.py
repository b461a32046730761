"""Spark entry points, one a file: arguments, read, transform, write."""
