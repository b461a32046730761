"""Source profiles: YAML files that say how a source's files are found, read, named, located and judged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from guideway.archives.fields import AxisRule, ChannelMap, Locate, Lookup, Time
from guideway.archives.options import Options, Strict, Zipped
from guideway.archives.rules import AuditRules, QualityRules
from guideway.errors import ConfigurationError

MAX_PROFILE_BYTES = 256 * 1024
DOMAINS = (
    "track_geometry",
    "ride_comfort",
    "vibration_noise",
    "maglev",
    "rail_surface",
    "structure_strain",
    "overhead_line",
    "switches",
    "positioning",
    "bearing",
)


class Profile(Strict):
    """Everything Guideway knows about one source; see ``docs/sources``."""

    source_id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="name of the source, in every table")
    domain: str = Field(description="monitoring domain that measures the recordings: " + ", ".join(DOMAINS))
    title: str = Field(description="what the source is, in a line")
    description: str = Field("", description="more about it, for its page")
    folders: tuple[str, ...] = Field((), description="folders below the landing folder; default: source_id")
    files: tuple[str, ...] = Field(("**/*",), description="globs inside the source's folder")
    sidecars: tuple[str, ...] = Field((), description="globs of files that come along and hold no signals")
    decode: Options = Field(description="format of the files and how to read it")
    container: Zipped = Field(Zipped(), description="members and limits of packed files")
    channels: tuple[ChannelMap, ...] = Field(
        min_length=1, description="columns of the file and what they are called here"
    )
    locate: Locate = Field(description="line, track, vehicle, asset and chainage")
    time: Time = Field(description="zone, start and times of samples")
    axis: AxisRule = Field(description="the uniform axis samples are put on")
    quality: QualityRules = Field(QualityRules(), description="rules that take samples, channels or the whole file")
    audit: AuditRules = Field(AuditRules(), description="rules that hold back all that is delivered at once")
    attributes: dict[str, Lookup] = Field(default_factory=dict, description="further facts to keep with a recording")

    @field_validator("domain")
    @classmethod
    def _known_domain(cls, value: str) -> str:
        if value not in DOMAINS:
            raise ValueError(f"{value!r} is no domain; there are {', '.join(DOMAINS)}")
        return value

    @model_validator(mode="after")
    def _coherent(self) -> Profile:
        names = [channel.name for channel in self.channels]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(f"channels named twice: {sorted(doubled)}")
        if self.axis.kind == "distance" and self.axis.step is None:
            raise ValueError("axis: a distance axis needs a step")
        if self.axis.kind != "distance" and self.locate.gps is not None:
            raise ValueError("locate: gps gives chainage, so the axis must be a distance")
        if self.time.started_at is None and (self.time.samples is None or self.time.samples.epoch != "unix"):
            states_start = self.decode.format in {"tdms", "mdf4", "miniseed", "ubx"}
            if not states_start and (self.time.samples is None or self.time.samples.unit != "datetime"):
                raise ValueError("time: nothing says when a recording started (started_at, or samples with epoch unix)")
        if any(lookup.column for lookup in self.attributes.values()):
            raise ValueError("attributes: a column cannot be an attribute; use constant, filename, header or metadata")
        return self

    @property
    def hash(self) -> str:
        """SHA-256 of what the profile says; unchanged by comments, order of keys or spelling of defaults."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def landing_folders(self) -> tuple[str, ...]:
        """Folders below the landing folder whose files this source claims."""
        return self.folders or (self.source_id,)


def load_profiles(*folders: Path) -> dict[str, Profile]:
    """Packaged profiles and those in ``folders``; a user's profile replaces a packaged one of the same ``source_id``.

    Raises:
        ConfigurationError: names the first three files and fields that are wrong.
    """
    profiles = dict(_read_all(_packaged()))
    for folder in folders:
        if not folder.is_dir():
            raise ConfigurationError(f"no folder of profiles: {folder}")
        profiles.update(_read_all(sorted(folder.glob("*.y*ml"))))
    return dict(sorted(profiles.items()))


def parse_profile(text: str, name: str) -> Profile:
    """The profile in a YAML text; ``name`` is the file for error messages."""
    if len(text) > MAX_PROFILE_BYTES:
        raise ConfigurationError(f"{name}: larger than {MAX_PROFILE_BYTES} bytes")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"{name}: a profile is a mapping of keys to values")
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(f"{name}: {_explain(error)}") from error


def read_profile(path: Path) -> Profile:
    """The profile in a YAML file.

    Raises:
        ConfigurationError: it is no UTF-8, no YAML or no profile; names file and key.
    """
    return parse_profile(_read(path), str(path))


def find_profile(path: str | PurePosixPath, profiles: Mapping[str, Profile]) -> Profile | None:
    """The profile that claims a file, by its path relative to the landing folder; ``None``: unknown source."""
    relative = PurePosixPath(path)
    if len(relative.parts) < 2:
        return None
    inside = PurePosixPath(*relative.parts[1:])
    for profile in profiles.values():
        if relative.parts[0] in profile.landing_folders and matches(inside, profile.files + profile.sidecars):
            return profile
    return None


def is_sidecar(path: PurePosixPath, profile: Profile) -> bool:
    """Whether the file comes along with recordings and holds no signals; ``path`` may be absolute."""
    tails = (PurePosixPath(*path.parts[i:]) for i in range(len(path.parts)))
    return bool(profile.sidecars) and any(matches(tail, profile.sidecars) for tail in tails)


def matches(path: PurePosixPath, globs: Iterable[str]) -> bool:
    """Whether a relative path matches one of the globs; ``**/`` matches any folders, or none."""
    text = path.as_posix()
    return any(fnmatchcase(text, glob) or fnmatchcase("/" + text, glob.replace("**/", "*/")) for glob in globs)


def _packaged() -> Iterator[Traversable]:
    folder = resources.files("guideway.archives") / "profiles"
    return (entry for entry in sorted(folder.iterdir(), key=lambda e: e.name) if entry.name.endswith(".yaml"))


def _read_all(files: Iterable[Traversable]) -> Iterator[tuple[str, Profile]]:
    problems: list[str] = []
    seen: dict[str, str] = {}
    for file in files:
        try:
            profile = parse_profile(_read(file), str(file.name))
        except ConfigurationError as error:
            problems.append(str(error))
            continue
        if profile.source_id in seen:
            problems.append(f"{file.name}: source_id {profile.source_id!r} is also in {seen[profile.source_id]}")
        seen[profile.source_id] = str(file.name)
        yield profile.source_id, profile
    if problems:
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise ConfigurationError("; ".join(problems[:3]) + more)


def _read(file: Traversable) -> str:
    with file.open("rb") as stream:
        data = stream.read(MAX_PROFILE_BYTES + 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file.name}: not UTF-8 at byte {error.start}") from error


def _explain(error: ValidationError) -> str:
    parts = []
    for item in error.errors()[:3]:
        place = ".".join(str(part) for part in item["loc"]) or "profile"
        parts.append(f"{place}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(parts)
