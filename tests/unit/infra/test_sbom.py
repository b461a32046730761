"""The bill of materials names what is locked, and the audit notices what is not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from infra.sbom import JARS, LOCKS, audit, components, document

PARTS = components()


def test_every_locked_package_and_jar_is_there_with_its_hashes() -> None:
    hashes = {hash_ for lock in LOCKS for hash_ in re.findall(r"sha256:([0-9a-f]{64})", lock.read_text("utf-8"))}
    told = [hash_ for part in PARTS if part.purl.startswith("pkg:pypi/") for hash_ in part.sha256]
    assert sorted(told) == sorted(hashes), "no hash is lost or doubled"
    jars = {part.name: part.sha256 for part in PARTS if part.purl.startswith("pkg:maven/")}
    pinned = [line.split() for listing in JARS for line in listing.read_text("utf-8").splitlines() if "#" not in line]
    assert jars == {coordinate.split(":")[1]: (sha256,) for coordinate, sha256 in pinned}
    assert {"delta-spark_4.2_2.13", "delta-storage", "hadoop-aws"} <= set(jars)


def test_the_document_is_cyclonedx_and_the_same_every_time() -> None:
    one, other = document(PARTS), document(components())
    assert json.dumps(one) == json.dumps(other)
    assert (one["bomFormat"], one["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one["serialNumber"])
    references = [component["bom-ref"] for component in one["components"]]
    assert len(set(references)) == len(references)
    assert {f"pkg:pypi/{name}@{metadata.version(name)}" for name in ("pyspark", "numpy", "mlflow")} <= set(references)


def test_the_audit_passes_here_and_names_each_kind_of_fault() -> None:
    assert audit(PARTS) == []
    spark = next(part for part in PARTS if part.name == "pyspark")
    others = [part for part in PARTS if part is not spark]
    assert audit(others) == [f"pyspark {spark.version} is installed and not locked"]
    assert audit([*others, replace(spark, version="4.1.0")]) == [
        f"pyspark {spark.version} is installed, 4.1.0 is locked"
    ]
    assert audit([*others, replace(spark, sha256=())]) == [f"{spark.purl}: no hash"]


def test_another_lock_is_another_document(tmp_path: Path) -> None:
    fewer = document(PARTS[1:])
    assert fewer["serialNumber"] != document(PARTS)["serialNumber"]
