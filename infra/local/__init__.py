"""Airflow, MLflow and the report site on this machine: what `make run`, `make up` and `make down` do."""
