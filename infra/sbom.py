"""What the product is made of, as CycloneDX 1.6, and an audit of it: ``python -m infra.sbom [--audit] FILE``.

Components are the hash-locked Python packages and the pinned JARs, with those only an object store needs.
The document has no time and no random number: the same inputs give the same bytes. The audit needs no network: what is
installed must be what is locked, everything locked must have a hash, everything shipped must say its licence, and the
floors of ``guideway doctor`` must hold. Known holes are looked up in the document by a scanner that has their list.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from guideway import __version__

ROOT = Path(__file__).resolve().parents[1]
LOCKS = (ROOT / "infra" / "requirements.lock", ROOT / "infra" / "object_store.lock")
JARS = (ROOT / "lib" / "guideway" / "jars.txt", ROOT / "lib" / "guideway" / "jars_s3.txt")


@dataclass(frozen=True)
class Component:
    """A part by package address, with the sha256 of every file that may be installed as it."""

    name: str
    version: str
    purl: str
    sha256: tuple[str, ...]
    licence: str | None


def components() -> list[Component]:
    """Every locked package and JAR, by package address; what both locks name is of one version and counts once."""
    locked = [part for lock in LOCKS for part in _packages(lock.read_text(encoding="utf-8"))]
    jars = [part for listing in JARS for part in _jars(listing.read_text(encoding="utf-8"))]
    return sorted({part.purl: part for part in (*locked, *jars)}.values(), key=lambda part: part.purl)


def _packages(lock: str) -> Iterator[Component]:
    for block in re.split(r"\n(?=\S)", lock):
        found = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", block)
        if found:
            name, version = re.sub(r"[-_.]+", "-", found[1]).lower(), found[2]
            hashes = tuple(sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", block)))
            yield Component(name, version, f"pkg:pypi/{name}@{version}", hashes, _licence(name))


def _jars(listing: str) -> Iterator[Component]:
    for line in listing.splitlines():
        coordinate, _, sha256 = line.split("#")[0].strip().partition(" ")
        if coordinate:
            group, name, version = coordinate.split(":")
            yield Component(name, version, f"pkg:maven/{group}/{name}@{version}", (sha256.strip(),), "Apache-2.0")


def _licence(name: str) -> str | None:
    try:
        facts = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    trove = [line.split(" :: ")[-1] for line in facts.get_all("Classifier") or [] if line.startswith("License ::")]
    text = (facts.get("License") or "").strip().splitlines()
    files = [f"see its file {name}" for name in facts.get_all("License-File") or []]
    return facts.get("License-Expression") or " AND ".join(trove) or next(iter([*text, *files]), None)


def document(parts: list[Component]) -> dict[str, Any]:
    """The bill of materials as CycloneDX 1.6 words it."""
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([[part.purl, part.sha256] for part in parts]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "guideway", "version": __version__}},
        "components": [
            {
                "type": "library",
                "bom-ref": part.purl,
                "name": part.name,
                "version": part.version,
                "purl": part.purl,
                "hashes": [{"alg": "SHA-256", "content": content} for content in part.sha256],
            }
            | ({"licenses": [{"license": {"name": part.licence}}]} if part.licence else {})
            for part in parts
        ],
    }


def audit(parts: list[Component]) -> list[str]:
    """What is wrong, a line each; nothing where all is right. Packages locked for other systems are not installed."""
    wrong = [f"{part.purl}: no hash" for part in parts if not part.sha256]
    # the lock holds several versions of a package where Pythons or systems need different ones
    locked: dict[str, set[str]] = {}
    for part in parts:
        locked.setdefault(part.name, set()).add(part.version)
    for installed in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", installed.metadata["Name"]).lower()
        if name in ("guideway", "pip", "setuptools", "uv"):
            continue
        if name not in locked:
            wrong.append(f"{name} {installed.version} is installed and not locked")
        elif installed.version not in locked[name]:
            wrong.append(f"{name} {installed.version} is installed, {' or '.join(sorted(locked[name]))} is locked")
        elif not _licence(name):
            wrong.append(f"{name} {installed.version} does not say its licence")
    return sorted(wrong) + _below_floors()


def _below_floors() -> list[str]:
    from guideway.doctor import diagnose  # noqa: PLC0415 - not needed for the document
    from guideway.settings import load_settings  # noqa: PLC0415

    return [
        f"{f.subject}: {f.fact}" for f in diagnose(load_settings()) if f.status == "error" and "is needed" in f.fact
    ]


def main() -> int:
    """Write the document; with ``--audit`` say what is wrong and exit with 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m infra.sbom", description=__doc__)
    parser.add_argument("file", type=Path, help="file to write")
    parser.add_argument("--audit", action="store_true", help="also compare with what is installed")
    options = parser.parse_args()
    parts = components()
    options.file.write_text(json.dumps(document(parts), indent=1) + "\n", encoding="utf-8")
    wrong = audit(parts) if options.audit else []
    print(*wrong, f"{len(parts)} components in {options.file}", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
