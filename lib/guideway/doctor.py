"""What is wrong with this installation, and how to mend it.

Looks at versions, JARs, folders, memory and disk; starts nothing, changes nothing and needs no network.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from packaging.specifiers import SpecifierSet

from guideway.errors import ConfigurationError
from guideway.object_store import is_object_store
from guideway.settings import Settings, local_path

GIB = 1024**3

_PACKAGES = {
    # what resolves and runs together, and the floors below which known holes are open
    "pyspark": "==4.2.0",
    "delta-spark": "==4.4.0",
    "mlflow": ">=3.15,<4",
    "pandas": ">=2.3,<3",
    "numpy": ">=2.2,<3",
    "pyarrow": ">=14.0.1",
    "scipy": ">=1.15",
    "scikit-learn": ">=1.6",
    "lightgbm": ">=4.6",
}
_AIRFLOW_PACKAGES = {
    "apache-airflow": ">=3.3.0,<4",
    "apache-airflow-providers-apache-spark": ">=5.3",
    # shares its files with pyspark: the one installed last wins, so both must be of one version
    "pyspark-client": "==4.2.0",
}
_REINSTALL = "run `make setup`, which installs the locked versions"


@dataclass(frozen=True)
class Finding:
    """One fact about the installation.

    Args:
        subject: what was looked at, for example ``java`` or ``setting lake``.
        status: ``ok``, ``warning`` (works, with a drawback) or ``error`` (will not work, or is unsafe).
        fact: what was found.
        remedy: what to do about it; empty where nothing is wrong.
    """

    subject: str
    status: str
    fact: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether the jobs work all the same."""
        return self.status != "error"

    def __str__(self) -> str:
        """One line for a terminal."""
        mend = f": {self.remedy}" if self.remedy else ""
        return f"{self.status:<8} {self.subject:<40} {self.fact}{mend}"


def diagnose(settings: Settings) -> list[Finding]:
    """Everything that was looked at, in the order a person would mend it."""
    return [
        _python(),
        _java(),
        *(_package(name, wanted, "error") for name, wanted in _PACKAGES.items()),
        *(_package(name, wanted, "warning") for name, wanted in _AIRFLOW_PACKAGES.items()),
        *_jars(settings),
        *_folders(settings),
        _tracking(settings),
        _memory(settings),
        *_disk(settings),
    ]


def require_floors() -> None:
    """Let nothing start on packages that do not work together or have known holes.

    Raises:
        ConfigurationError: a package is below its floor; the message names it.
    """
    for name, wanted in _PACKAGES.items():
        if not (found := _package(name, wanted, "error")).ok:
            raise ConfigurationError(f"{name} {found.fact}: {found.remedy}")


def _python() -> Finding:
    fact = f"{platform.python_version()} at {sys.executable}"
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        return Finding("python", "ok", fact)
    return Finding("python", "error", fact, "install Python 3.10 to 3.13, remove .venv and run `make setup`")


def _java() -> Finding:
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home, "bin", "java")) if home else "java"
    remedy = "install Java 17 or newer (Debian, Ubuntu: apt install openjdk-17-jre-headless) or set JAVA_HOME"
    try:
        answer = subprocess.run([command, "-version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("java", "error", f"{command}: {error}", remedy)
    found = re.search(r'version "((\d+)[^"]*)"', answer.stderr)
    if not found:
        return Finding("java", "error", f"{command} does not tell its version", remedy)
    fact = f"{found[1]} at {shutil.which(command) or command}"
    return Finding("java", "ok", fact) if int(found[2]) >= 17 else Finding("java", "error", fact, remedy)


def _package(name: str, wanted: str, severity: str) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, severity, f"not installed, {wanted} is needed", _REINSTALL)
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return Finding(name, "ok", version)
    return Finding(name, "error", f"{version}, {wanted} is needed", _REINSTALL)


def pinned_jars(settings: Settings | None = None) -> dict[str, str]:
    """The JARs Spark needs besides its own, and for an object store where settings name one: file name to sha256."""
    addresses = (settings.lake, settings.landing) if settings else ()
    names = ("jars.txt", "jars_s3.txt") if any(map(is_object_store, addresses)) else ("jars.txt",)
    listings = [(resources.files("guideway") / name).read_text(encoding="utf-8") for name in names]
    rows = filter(None, (line.split("#")[0].split() for listing in listings for line in listing.splitlines()))
    return {"-".join(coordinate.split(":")[1:]) + ".jar": sha256 for coordinate, sha256 in rows}


def _jars(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.jars)
    for name, sha256 in pinned_jars(settings).items():
        path = folder / name
        if not path.is_file():
            yield Finding(f"jar {name}", "error", f"not in {folder}", "run `make setup`, or set GUIDEWAY_JARS")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield Finding(f"jar {name}", "error", f"{path} has another checksum", f"remove {path}, run `make setup`")
        else:
            yield Finding(f"jar {name}", "ok", f"{path}, checksum right")


def _folders(settings: Settings) -> Iterator[Finding]:
    for name in ("lake", "landing", "reports"):
        yield _folder(f"setting {name}", str(getattr(settings, name)))
    for name in ("profiles", "rulebooks"):
        value = getattr(settings, name)
        if value and not Path(value).is_dir():
            yield Finding(
                f"setting {name}", "error", f"no folder {value}", f"make it, or unset GUIDEWAY_{name.upper()}"
            )


def _folder(subject: str, address: str) -> Finding:
    path = local_path(address)
    if path is None:
        return Finding(subject, "ok", f"{address} (object store, not looked into)")
    base = _existing(path)
    if not base.is_dir():
        return Finding(subject, "error", f"{base} is not a folder", "name another folder")
    if not os.access(base, os.R_OK | os.W_OK | os.X_OK):
        return Finding(subject, "error", f"no right to write in {base}", "give the right, or name another folder")
    return Finding(subject, "ok", str(path) if base == path else f"{path} (will be made)")


def _tracking(settings: Settings) -> Finding:
    uri = settings.mlflow_uri
    if "://" in uri and not uri.startswith("file:"):
        # an address may carry a password
        return Finding("setting mlflow_uri", "ok", re.sub(r"//[^/@]*@", "//***@", uri))
    return Finding("setting mlflow_uri", "error", f"{uri} is a file store", "use sqlite:///FILE or a server's address")


def _memory(settings: Settings) -> Finding:
    free = _available_memory()
    wanted = _bytes(settings.driver_memory) + 2 * GIB
    if free is None:
        return Finding("memory", "warning", "cannot tell what is free", "")
    fact = f"{free / GIB:.1f} GiB free, {os.cpu_count()} processors"
    if free >= wanted:
        return Finding("memory", "ok", fact)
    remedy = f"a job wants {wanted / GIB:.1f} GiB: end other programs or lower GUIDEWAY_DRIVER_MEMORY"
    return Finding("memory", "warning", fact, remedy)


def _available_memory() -> int | None:
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", info.read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _bytes(size: str) -> int:
    """A size as Spark writes it: ``3g``, ``512m``."""
    found = re.fullmatch(r"(\d+)([kmgt])b?", size.strip().lower())
    return int(found[1]) * 1024 ** ("kmgt".index(found[2]) + 1) if found else 0


def _disk(settings: Settings) -> Iterator[Finding]:
    seen: set[int] = set()
    for name in ("lake", "landing", "reports"):
        path = local_path(str(getattr(settings, name)))
        if path is None:
            continue
        base = _existing(path)
        device = base.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(base).free
        status = "ok" if free >= 5 * GIB else "warning" if free >= GIB else "error"
        remedy = "" if status == "ok" else f"make room, or move setting {name} to another disk"
        yield Finding(f"disk of {name}", status, f"{free / GIB:.1f} GiB free", remedy)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that is there."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())
