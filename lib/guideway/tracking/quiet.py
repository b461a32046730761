"""MLflow's model flavour, imported without the warnings MLflow and SQLAlchemy give about their own insides."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hushed() -> Iterator[None]:
    """No warnings for users, deprecations or changes to come: nobody here can act on a library's own."""
    with warnings.catch_warnings():
        for category in (UserWarning, DeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
        yield


with hushed():
    from mlflow import pyfunc
    from mlflow.pyfunc.model import PythonModel

__all__ = ["PythonModel", "hushed", "pyfunc"]
