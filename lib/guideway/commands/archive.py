"""``guideway source check`` and ``guideway source new``: understand a file, draft a profile."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from guideway.archives.profile import Profile, load_profiles, read_profile
from guideway.archives.recording import Recording
from guideway.commands.command import Commands, add_command, add_json
from guideway.errors import ConfigurationError, DecodeError
from guideway.settings import load_settings


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    source = add_command(
        commands, "source", "explain or draft a source profile", _none, "guideway source check fi-tg run.csv"
    )
    actions = source.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = add_command(
        actions, "check", "explain what a profile understands of a file", _check, "guideway source check fi-tg run.csv"
    )
    check.add_argument("profile", help="source id, or a YAML file")
    check.add_argument("file", type=Path)
    check.add_argument("--profiles", help="folder of source profiles besides the packaged ones")
    check.add_argument(
        "--geometry", type=Path, metavar="CSV", help="line_geometry.csv, where the profile locates by GPS"
    )
    add_json(check)
    new = add_command(
        actions, "new", "draft a profile by looking at a file", _new, "guideway source new run.csv > p.yaml"
    )
    new.add_argument("file", type=Path)


def choose_profile(name: str, folder: str | None) -> Profile:
    """The profile of that id, or the one in that YAML file.

    Raises:
        ConfigurationError: there is neither.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise ConfigurationError(f"no profile file {path}")
        return read_profile(path)
    profiles = load_profiles(*load_settings(profiles=folder).profile_folders)
    if name not in profiles:
        raise ConfigurationError(f"no source profile {name!r}; there are {', '.join(profiles)}")
    return profiles[name]


def require_file(path: Path) -> Path:
    """The file itself; an error that names it where it is not there."""
    if not path.is_file():
        raise ConfigurationError(f"no file {path}")
    return path


def decode_recordings(path: Path, source: str, profiles: str | None) -> Sequence[Recording]:
    """The recordings of a file, at least one.

    Args:
        path: the file.
        source: source id, or a YAML file.
        profiles: folder of source profiles besides the packaged ones.

    Raises:
        ConfigurationError: there is no such file or profile.
        DecodeError: the file cannot be read or holds no recording; names it.
    """
    from guideway.archives.decode import decode_file  # noqa: PLC0415

    profile = choose_profile(source, profiles)
    try:
        decoded = decode_file(require_file(path), profile)
    except DecodeError as error:
        raise DecodeError(error.reason, f"{path}: {error.detail}") from error
    if not decoded.recordings:
        raise DecodeError("empty", f"{path}: {'; '.join(decoded.notes) or 'no recording'}")
    return decoded.recordings


def _none(options: argparse.Namespace) -> int:
    raise ConfigurationError("say `check` or `new`")


def _check(options: argparse.Namespace) -> int:
    from guideway.archives.check import explain  # noqa: PLC0415
    from guideway.archives.reference import read_geometry  # noqa: PLC0415

    geometry = read_geometry(require_file(options.geometry)) if options.geometry else None
    explanation = explain(choose_profile(options.profile, options.profiles), require_file(options.file), geometry)
    if options.json:
        findings = [asdict(finding) for finding in explanation.findings]
        print(json.dumps({"understood": explanation.understood, "findings": findings}))
    else:
        print(explanation)
    return 0 if explanation.understood else DecodeError.exit_code


def _new(options: argparse.Namespace) -> int:
    from guideway.archives.draft import draft_profile  # noqa: PLC0415

    print(draft_profile(require_file(options.file)))
    return 0
