"""Peak memory of decoding FILE by PROFILE (YAML), in a process of its own."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from guideway.archives.profile import parse_profile
from guideway.udfs.decode import decode_files


def main(path: Path, profile: Path) -> None:
    """Decode as a Spark task does and let every batch go; print status, samples and peak MiB."""
    source = parse_profile(profile.read_text(encoding="utf-8"), profile.name)
    told: list[dict[str, Any]] = []
    row = {"path": path.name, "content_sha256": "0" * 64, "source_id": source.source_id}
    decode = decode_files(str(path.parent), {source.source_id: source}, told.extend)
    samples = sum(len(batch.column("values").flatten()) for batch in decode([pa.RecordBatch.from_pylist([row])]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(told[0]["status"], told[0]["rows_read"], samples, round(peak))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
