"""Bring the JARs of a listing into a folder, by Maven coordinate and checked against their sha256.

Uses the Ivy that ships inside pyspark, so neither Maven nor a filled local repository is needed; a JAR that is already
there with the right checksum is left alone, so a second call works offline. Standard library only.

Usage: ``python infra/spark/fetch_jars.py FOLDER [LISTING]`` (default: ``lib/guideway/jars.txt``)
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTING = HERE.parents[1] / "lib" / "guideway" / "jars.txt"


@dataclass(frozen=True)
class Jar:
    """A JAR by Maven coordinate, and the checksum it must have."""

    organisation: str
    module: str
    revision: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The file's name in a Maven repository."""
        return f"{self.module}-{self.revision}.jar"

    def is_in(self, folder: Path) -> bool:
        """Whether the folder holds this JAR with this checksum."""
        path = folder / self.file_name
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def pinned_jars(listing: Path = LISTING) -> list[Jar]:
    """The JARs a listing names: ``organisation:module:revision sha256`` a line, ``#`` starts a comment."""
    rows = filter(None, (line.split("#")[0].split() for line in listing.read_text().splitlines()))
    return [Jar(*coordinate.split(":", 2), sha256) for coordinate, sha256 in rows]  # type: ignore[call-arg]


def fetch(jars: Sequence[Jar], folder: Path) -> None:
    """Resolve JARs with one call of Ivy into the folder; each appears there whole and checked, or not at all.

    Raises:
        RuntimeError: Ivy failed, or a file it brought is not the pinned one.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wanted = Path(scratch, "ivy.xml")
        wanted.write_text(_ivy_file(jars), encoding="utf-8")
        command = [_java(), f"-Dguideway.ivy.cache={scratch}/cache", "-cp", str(_ivy()), "org.apache.ivy.Main"]
        command += ["-settings", str(HERE / "ivysettings.xml"), "-types", "jar", "-error", "-ivy", str(wanted)]
        command += ["-retrieve", f"{scratch}/[artifact]-[revision].[ext]"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        missing = [jar.file_name for jar in jars if not (Path(scratch) / jar.file_name).is_file()]
        if result.returncode != 0 or missing:
            names = ", ".join((missing or [jar.file_name for jar in jars])[:3])
            raise RuntimeError(f"cannot bring {names}: {_last_line(result.stderr + result.stdout)}")
        for jar in jars:
            if not jar.is_in(Path(scratch)):
                raise RuntimeError(f"{jar.file_name} is not the pinned file: its sha256 differs from the listing's")
            (Path(scratch) / jar.file_name).replace(folder / jar.file_name)


def _ivy_file(jars: Sequence[Jar]) -> str:
    """Exactly these, without what they need."""
    wanted = "".join(
        f'<dependency org="{jar.organisation}" name="{jar.module}" rev="{jar.revision}" transitive="false"'
        ' conf="default->default"/>'
        for jar in jars
    )
    return (
        '<ivy-module version="2.0"><info organisation="guideway" module="jars"/>'
        f'<configurations><conf name="default"/></configurations><dependencies>{wanted}</dependencies></ivy-module>'
    )


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _ivy() -> Path:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise RuntimeError("pyspark is not installed in this environment")
    return next(Path(spec.origin).parent.glob("jars/ivy-*.jar"))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    messages = [line for line in lines if "::" not in line and not line.startswith(("at ", "..."))]
    return (messages or lines or ["Ivy said nothing"])[-1]


def main(folder: Path, listing: Path = LISTING) -> int:
    """Bring every pinned JAR that is missing; 0, or 1 with one line of error."""
    missing = [jar for jar in pinned_jars(listing) if not jar.is_in(folder)]
    try:
        if missing:
            print(f"jars: {', '.join(jar.file_name for jar in missing)}", file=sys.stderr)
            fetch(missing, folder)
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:3])))
