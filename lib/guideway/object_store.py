"""Object stores: how an ``s3a://`` address is reached, by Spark and without it, from the ``AWS_*`` environment alone.

Endpoint and region are ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``, and ``AWS_REGION`` or ``AWS_DEFAULT_REGION``.
Credentials are never settings of Guideway: Spark, Arrow and boto3 each take them from the environment, a profile or the
machine's role, so they pass through no command line, no log and no table.
"""

from __future__ import annotations

import os

from pyarrow import fs

from guideway.errors import ConfigurationError

SCHEME = "s3a://"
CHECKSUMS = "AWS_REQUEST_CHECKSUM_CALCULATION"


def is_object_store(address: str) -> bool:
    """Whether the address is one of an object store."""
    return address.startswith(SCHEME)


def endpoint() -> str | None:
    """Address of the store's server; None: AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def region() -> str:
    """Region of the store."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def spark_settings() -> dict[str, str]:
    """What S3A, and Arrow in the tasks, must be told besides the credentials they find themselves."""
    settings = {"fs.s3a.endpoint.region": region()}
    if address := endpoint():
        tls = str(address.startswith("https://")).lower()
        settings |= {"fs.s3a.endpoint": address, "fs.s3a.connection.ssl.enabled": tls}
        # servers of one's own rarely have a host name a bucket
        settings["fs.s3a.path.style.access"] = "true"
    named = {f"spark.hadoop.{name}": value for name, value in settings.items()}
    if address:
        # a checksum behind the body makes Arrow send bodies of no stated length, which many such servers refuse
        named[f"spark.executorEnv.{CHECKSUMS}"] = os.environ.get(CHECKSUMS, "when_required")
    return named


def open_store(address: str) -> tuple[fs.S3FileSystem, str]:
    """The file system behind an address, and the path ``bucket/key`` in it.

    Raises:
        ConfigurationError: the address is none of an object store, or names no bucket.
    """
    path = address.removeprefix(SCHEME).strip("/")
    if not is_object_store(address) or not path:
        raise ConfigurationError(f"{address} is no address of an object store: s3a://bucket/path is")
    where, scheme = endpoint(), None
    if where:
        scheme, _, where = where.rpartition("://")
    return fs.S3FileSystem(region=region(), endpoint_override=where, scheme=scheme or None), path


def open_place(address: str) -> tuple[fs.FileSystem, str]:
    """The file system behind a path of a folder or file, or an address of an object store, and the path in it."""
    return open_store(address) if is_object_store(address) else (fs.LocalFileSystem(), address)
