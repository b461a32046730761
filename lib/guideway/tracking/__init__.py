"""Experiments, registry and promotion: the only importer of MLflow."""

from __future__ import annotations

import os

# Read by MLflow when it is first imported: nothing is reported to anybody, and no pickle is ever loaded.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
