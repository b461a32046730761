"""Documentation made from the profiles: the JSON schema and one page a source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from guideway.archives.columns import wanted_columns
from guideway.archives.fields import AxisRule, Chainage, ChannelMap, Gps, Locate, Lookup, SampleTimes, StartTime, Time
from guideway.archives.options import Strict, Text, Zipped
from guideway.archives.profile import Profile
from guideway.archives.reasons import REASONS
from guideway.archives.rules import AuditRules, Dead, Drift, Gap, Jump, Plausible, Range, Stuck
from guideway.contracts.channels import CHANNELS

_EXPLAINED = (
    Profile, Text, Zipped, ChannelMap, Locate, Chainage, Gps, Lookup, Time, StartTime, SampleTimes, AxisRule,
    AuditRules,
)  # fmt: skip


def documents(profiles: Mapping[str, Profile]) -> dict[str, str]:
    """File name -> content of everything below ``docs/sources``."""
    pages = {f"{name}.md": "\n".join(_page(profile)) + "\n" for name, profile in sorted(profiles.items())}
    pages["README.md"] = "\n".join(_index(profiles)) + "\n"
    pages["profile.schema.json"] = (
        json.dumps(Profile.model_json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    )
    return pages


def write_pages(profiles: Mapping[str, Profile], folder: Path) -> tuple[Path, ...]:
    """Write all pages; returns the paths that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in documents(profiles).items():
        target = folder / name
        target.write_text(text, encoding="utf-8")
        written.append(target)
    return tuple(written)


def _index(profiles: Mapping[str, Profile]) -> Iterator[str]:
    yield "# Sources"
    yield ""
    yield "Made from the profiles by `guideway.archives.pages`; do not edit. The schema of a profile is"
    yield "[profile.schema.json](profile.schema.json)."
    yield ""
    yield "| source | domain | format | what |"
    yield "|---|---|---|---|"
    for name, profile in sorted(profiles.items()):
        yield f"| [{name}]({name}.md) | {profile.domain} | {profile.decode.format} | {profile.title} |"
    yield ""
    yield from ("## Keys of a profile", "")
    for model in _EXPLAINED:
        yield from _keys(model)
    yield from ("### Quality rules", "", "Every rule names its `channels`; numbers are in the canonical unit.", "")
    for rule in (Range, Jump, Stuck, Dead, Drift, Gap, Plausible):
        settings = ", ".join(f"`{name}`" for name in rule.model_fields if name not in {"rule", "channels"})
        yield f"- `{rule.__name__.lower()}`" + (f" ({settings})" if settings else "") + f": {_sentence(rule)}"
    yield ""
    yield "## Why a file is refused"
    yield ""
    yield "| reason | meaning | what to do |"
    yield "|---|---|---|"
    for reason, (meaning, remedy) in REASONS.items():
        yield f"| `{reason}` | {meaning} | {remedy} |"


def _keys(model: type[Strict]) -> Iterator[str]:
    """Table of a model's own keys, their defaults and meaning."""
    yield from (f"### {model.__name__}", "", _sentence(model), "", "| key | default | meaning |", "|---|---|---|")
    for name, info in model.model_fields.items():
        if info.is_required():
            default = "required"
        else:
            default = f"`{info.get_default(call_default_factory=True)!r}`" if _is_plain(info.default) else ""
        meaning = (info.description or "").replace("|", "\\|")
        yield f"| `{name}` | {default} | {meaning} |"
    yield ""


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, tuple))


def _sentence(model: type[Strict]) -> str:
    return " ".join((model.__doc__ or "").split())


def _page(profile: Profile) -> Iterator[str]:
    yield f"# {profile.source_id}: {profile.title}"
    yield ""
    if profile.description:
        yield from (profile.description.strip(), "")
    folders = ", ".join(f"`landing/{folder}/`" for folder in profile.landing_folders)
    yield f"- Domain: {profile.domain}"
    yield f"- Files: {', '.join(f'`{glob}`' for glob in profile.files)} in {folders}"
    if profile.locate.line:
        yield f"- Line: {_where(profile.locate.line)}"
    if gps := profile.locate.gps:
        yield f"- Place: `{gps.latitude}`, `{gps.longitude}` matched to `reference.line_geometry`"
    if profile.locate.track:
        yield f"- Track: {_where(profile.locate.track)}"
    if profile.locate.asset:
        yield f"- Asset: {_where(profile.locate.asset)}"
    yield f"- Start: {_start(profile)}; time zone {profile.time.zone}"
    yield f"- Axis: {_axis(profile)}"
    yield f"- Hash: `{profile.hash[:16]}`"
    yield ""
    yield "| channel | column in the file | unit there | unit here | required |"
    yield "|---|---|---|---|---|"
    for channel in profile.channels:
        columns = ", ".join(f"`{column}`".replace("|", "\\|") for column in channel.column)
        linear = f" × {channel.scale:g}" if channel.scale != 1 else ""
        linear += f" {channel.offset:+g}" if channel.offset else ""
        required = "yes" if channel.required else "no"
        yield f"| {channel.name} | {columns} | {channel.unit}{linear} | {CHANNELS[channel.name][0]} | {required} |"
    if profile.quality.rules:
        yield from ("", "| quality rule | channels | parameters |", "|---|---|---|")
        for rule in profile.quality.rules:
            settings = rule.model_dump(exclude={"rule", "channels"}, exclude_none=True)
            text = ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in settings.items()
            )
            yield f"| {rule.rule} | {', '.join(rule.channels)} | {text} |"
    yield from _example(profile)
    yield from ("", "## Profile", "", "```yaml")
    yield yaml.safe_dump(
        profile.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True, width=110
    ).rstrip()
    yield from ("```", "", "## Try it", "", "```", f"guideway source check {profile.source_id} FILE", "```")


def _example(profile: Profile) -> Iterator[str]:
    """The head of a delimited text as the source writes it."""
    options = profile.decode
    if not isinstance(options, Text):
        return
    names = options.columns or tuple(want.key for want in wanted_columns(profile))
    glue = " " if options.delimiter == "whitespace" else options.delimiter
    yield from ("", "## A file of this source", "", "```")
    yield from (
        f"(line {i + 1} of {options.preamble_rows} above the column names)" for i in range(options.preamble_rows)
    )
    if options.header:
        yield glue.join(f'"{name}"' if glue in name else name for name in names)
    yield glue.join("…" for _ in names)
    yield "```"
    yield ""
    yield (
        "Other columns may stand between these, in any order." if options.header else "The columns stand in this order."
    )


def _where(lookup: Lookup) -> str:
    if lookup.constant is not None:
        return f"`{lookup.constant}`"
    for place in ("filename", "header", "column", "metadata"):
        value = getattr(lookup, place)
        if value is not None:
            return f"from the {place}, `{value}`".replace("|", "\\|")
    return ""


def _start(profile: Profile) -> str:
    if profile.time.started_at is not None:
        return _where(profile.time.started_at)
    if profile.time.samples is not None and profile.time.samples.epoch == "unix":
        return f"column `{profile.time.samples.column}`"
    return "as the file states"


def _axis(profile: Profile) -> str:
    axis = profile.axis
    unit = "m" if axis.kind == "distance" else "s"
    return f"{axis.kind}, " + (f"every {axis.step:g} {unit}" if axis.step else "step as in the file")
