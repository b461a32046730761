"""Guideway: condition monitoring for every kind of railway, on Spark, Delta Lake, Airflow and MLflow."""

__version__ = "0.1.0"
