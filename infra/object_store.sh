#!/usr/bin/env bash
# What an object store needs besides `make setup`, which calls this where GUIDEWAY_LAKE or GUIDEWAY_LANDING is an s3a://
# address: the JARs of S3A into var/jars (13 MB), and boto3 for MLflow's artifacts. Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

.venv/bin/python infra/spark/fetch_jars.py var/jars lib/guideway/jars_s3.txt
stamp=.venv/object_store.stamp
if ! cmp -s infra/object_store.lock "$stamp"; then
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r infra/object_store.lock
    cp infra/object_store.lock "$stamp"
fi
