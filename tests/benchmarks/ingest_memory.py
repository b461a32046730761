"""Peak memory of decoding FILE by PROFILE (YAML) into data files beside it, in a process of its own."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from pyarrow import fs

from guideway.archives.profile import parse_profile
from guideway.udfs.data_files import DataFolder
from guideway.udfs.decode import SIGNAL_SCHEMA, store_files


def main(path: Path, profile: Path) -> None:
    """Decode as a Spark task of the ingest does; print status, rows read, samples stored and peak MiB."""
    source = parse_profile(profile.read_text(encoding="utf-8"), profile.name)
    told: list[dict[str, Any]] = []
    row = {"path": path.name, "content_sha256": "0" * 64, "source_id": source.source_id}
    table = path.with_suffix(".table")
    table.mkdir(exist_ok=True)
    folder = DataFolder(fs.LocalFileSystem(), str(table), {"run_id": "run"}, frozenset(SIGNAL_SCHEMA.names))
    store = store_files(str(path.parent), {source.source_id: source}, told.extend, folder)
    files = [file for batch in store([pa.RecordBatch.from_pylist([row])]) for file in batch.to_pylist()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    valid = [pq.read_table(table / file["name"], columns=["n_valid"]).column(0) for file in files]
    samples = sum(pa.compute.sum(column).as_py() for column in valid)
    for file in table.iterdir():
        file.unlink()
    print(told[0]["status"], told[0]["rows_read"], samples, round(peak))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
