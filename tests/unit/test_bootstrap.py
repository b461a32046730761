"""The way from a bare machine: what is missing is said in one line, what is brought is checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.spark import fetch_jars

ROOT = Path(__file__).resolve().parents[2]


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def bootstrap(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the bootstrap where nothing has been set up yet."""
    (folder / "checkout" / "infra").mkdir(parents=True)
    script = shutil.copy(ROOT / "infra" / "bootstrap.sh", folder / "checkout" / "infra" / "bootstrap.sh")
    return subprocess.run([script], env=os.environ | environment, capture_output=True, text=True, check=False)


def java(folder: Path, version: str) -> str:
    program(folder / "java" / "bin" / "java", f"echo 'openjdk version \"{version}\" 2020-01-01' >&2")
    return str(folder / "java")


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.22", None])
def test_missing_or_old_java_is_one_line_that_says_what_to_install(tmp_path: Path, version: str | None) -> None:
    home = java(tmp_path, version) if version else str(tmp_path / "nothing")
    result = bootstrap(tmp_path, JAVA_HOME=home)
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: Java 17 or newer is needed")
    assert "openjdk-17" in result.stderr


def test_an_unsuitable_python_is_one_line_that_says_what_to_install(tmp_path: Path) -> None:
    old = program(tmp_path / "python3", "exit 1")
    result = bootstrap(tmp_path, JAVA_HOME=java(tmp_path, "17.0.1"), PYTHON=str(old))
    assert result.returncode != 0
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: Python 3.10 to 3.13 is needed")
    assert not (tmp_path / "checkout" / ".venv").exists()


JAR = fetch_jars.Jar("org.example", "thing", "1.0", hashlib.sha256(b"the pinned bytes").hexdigest())

# stands for `java -cp ivy.jar ...`: writes the file Ivy was asked to retrieve
IVY = f"""exec {sys.executable} - "$@" <<'END'
import sys
pattern = sys.argv[sys.argv.index("-retrieve") + 1]
path = pattern.replace("[artifact]", "thing").replace("[revision]", "1.0").replace("[ext]", "jar")
open(path, "wb").write({{content!r}})
END"""


def test_a_jar_with_the_pinned_checksum_is_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin" / "java", IVY.format(content=b"the pinned bytes"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    fetch_jars.fetch([JAR], tmp_path / "jars")
    assert JAR.is_in(tmp_path / "jars")
    assert [path.name for path in (tmp_path / "jars").iterdir()] == ["thing-1.0.jar"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (IVY.format(content=b"other bytes"), "not the pinned file"),
        ("echo 'UNRESOLVED DEPENDENCY: not found' >&2; exit 1", "UNRESOLVED DEPENDENCY"),
        ("exit 0", "said nothing"),
    ],
    ids=["tampered", "not found", "silent"],
)
def test_a_jar_that_cannot_be_had_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, reason: str
) -> None:
    program(tmp_path / "bin" / "java", body)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(RuntimeError, match=reason):
        fetch_jars.fetch([JAR], tmp_path / "jars")
    assert list((tmp_path / "jars").iterdir()) == []


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin" / "java", "exit 1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(fetch_jars, "pinned_jars", lambda _: [JAR])
    (tmp_path / "thing-1.0.jar").write_bytes(b"the pinned bytes")
    assert fetch_jars.main(tmp_path) == 0
    (tmp_path / "thing-1.0.jar").write_bytes(b"the pinned by")
    assert fetch_jars.main(tmp_path) == 1
