"""The analyst's way in: a session on the Spark Connect endpoint that knows the lake's tables by name."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from guideway.errors import ConfigurationError
from guideway.lake.lake import Lake
from guideway.settings import load_settings

TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the name of the variable, as Spark reads it


def open_endpoint(
    address: str = "sc://localhost:15002", lake: str | None = None, versions: Mapping[str, int] | None = None
) -> SparkSession:
    """A remote session in which ``gold.condition`` and all other tables and views are known.

    Args:
        address: the endpoint, as ``make up`` prints it. The token is taken from the variable
            ``SPARK_CONNECT_AUTHENTICATE_TOKEN``, so that it stands in no notebook.
        lake: folder or address of the lake; the setting ``lake`` where it is not given.
        versions: see ``guideway.lake.travel``; the tables as they are where not given.

    Raises:
        ConfigurationError: there is no token, or the endpoint does not let it in.
    """
    if not os.environ.get(TOKEN):
        raise ConfigurationError(f"variable {TOKEN} is not set: `make up` prints the endpoint's token")
    # the client sends a token without TLS to the name localhost only
    session = SparkSession.builder.remote(address.replace("127.0.0.1", "localhost")).getOrCreate()
    try:
        Lake(session, lake or load_settings().lake).register(versions=versions)
    except PySparkException as error:
        told = re.search(r'details = "(.*)"', str(error))
        raise ConfigurationError(f"{address}: {told[1] if told else str(error).splitlines()[0]}") from error
    return session
