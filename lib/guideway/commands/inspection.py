"""``guideway inspect`` and ``guideway align``: a quick look at files by the kernels alone, without Spark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guideway.archives.recording import Recording
from guideway.commands.archive import choose_profile, decode_recordings
from guideway.commands.command import Commands, add_command, add_json, positive
from guideway.contracts.reference import MODES
from guideway.errors import ConfigurationError
from guideway.settings import load_settings

if TYPE_CHECKING:
    from guideway.monitoring.definition import Measurement
    from guideway.network.stretches import Stretch
    from guideway.rulebooks.rulebook import Rulebook


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    inspect = add_command(
        commands,
        "inspect",
        "decode one file and print its indicators per section, without Spark",
        _inspect,
        "guideway inspect run.csv --source fi-tg --json",
    )
    inspect.add_argument("file", type=Path)
    inspect.add_argument("--section-m", type=positive, default=200.0, help="length of a section (default: 200)")
    inspect.add_argument("--speed-kmh", type=positive, default=120.0, help="speed for limits (default: 120)")
    inspect.add_argument(
        "--mode", choices=MODES, default="conventional", help="mode of the line (default: conventional)"
    )
    inspect.add_argument("--zone", help="zone of a receiver, such as residential: its limits by day and night")
    inspect.add_argument("--structure", default="earthwork", help="what the track lies on (default: earthwork)")
    inspect.add_argument("--rulebook", default="en_13848", help="rule book (default: en_13848)")
    inspect.add_argument("--rulebooks", help="folder of rule books besides the packaged ones")
    inspect.add_argument(
        "--all-indices",
        action="store_true",
        help="track geometry: the indices of other railways and 49 CFR 213 as well",
    )

    inspect.add_argument(
        "--twist-base-m", type=int, nargs="+", default=[], metavar="M", help="track geometry: twist on these bases, too"
    )

    align = add_command(
        commands,
        "align",
        "align a run to another, stretch by stretch",
        _align,
        "guideway align run_a.txt run_b.txt --source cn-hsr --json",
    )
    align.add_argument("run", type=Path, help="run to be corrected")
    align.add_argument("reference", type=Path, help="run that sets the chainage")
    for parser in (inspect, align):
        parser.add_argument("--source", required=True, help="source profile, or a YAML file")
        parser.add_argument("--profiles", help="folder of source profiles besides the packaged ones")
        add_json(parser)


def _inspect(options: argparse.Namespace) -> int:
    from guideway.monitoring.track_geometry.definitions import TWIST_BASES_M  # noqa: PLC0415
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415

    books = load_rulebooks(*load_settings(rulebooks=options.rulebooks).rulebook_folders)
    if options.rulebook not in books:
        raise ConfigurationError(f"no rule book {options.rulebook!r}; there are {', '.join(books)}")
    unknown = [base for base in options.twist_base_m if base not in (3, *TWIST_BASES_M)]
    if unknown:
        raise ConfigurationError(f"--twist-base-m {unknown[0]}: there are 3, {', '.join(map(str, TWIST_BASES_M))} m")
    recordings = decode_recordings(options.file, options.source, options.profiles)
    book = books[options.rulebook]
    zones = sorted({row.asset_class.partition(".")[0] for row in book.rows} - {"*"})
    if options.zone and options.zone not in zones:
        raise ConfigurationError(f"--zone: rule book {options.rulebook!r} has no class {options.zone!r} of {zones}")
    like = _like(options)
    told = [_told(recording, book, like, options) for recording in recordings]
    if options.json:
        print(json.dumps(told))
        return 0
    for recording_told in told:
        _print(recording_told)
    return 0


def _like(options: argparse.Namespace) -> Stretch:
    """What every asset is like; day and night are those of the source's clock."""
    from guideway.network.stretches import Stretch  # noqa: PLC0415

    clock = choose_profile(options.source, options.profiles).time.zone
    return Stretch(
        "", "", "", "", options.mode, 0.0, 0.0, options.speed_kmh,
        structure=options.structure, receiver_zone=options.zone, time_zone=clock,
    )  # fmt: skip


def _told(recording: Recording, book: Rulebook, like: Stretch, options: argparse.Namespace) -> dict[str, Any]:
    """What one recording says; ``status`` and ``reason`` are those of ``silver.measurement``."""
    from guideway.monitoring import ride_comfort  # noqa: PLC0415
    from guideway.network.sections import regular_stretches  # noqa: PLC0415

    stretches = regular_stretches(recording, options.section_m, like)
    found, reason = _measured(recording, stretches, book, options)
    told = {
        "line_id": recording.line_id,
        "track_id": recording.track_id,
        "started_at": recording.started_at.isoformat(),
        "domain": recording.domain,
        "channels": [channel.name for channel in recording.channels],
        "status": "no_indicator" if reason else "measured",
        "reason": reason,
        "sections": [{"asset_id": s.asset_id, "from_m": s.from_m, "to_m": s.to_m} for s in stretches],
        "conditions": [asdict(condition) for condition in found.conditions],
        "exceedances": [asdict(exceedance) for exceedance in found.exceedances],
    }
    if recording.domain == ride_comfort.DOMAIN:
        told["stops"] = [asdict(stop) for stop in ride_comfort.stops_of(recording)]
    return told


def _measured(
    recording: Recording, stretches: Sequence[Stretch], book: Rulebook, options: argparse.Namespace
) -> tuple[Measurement, str | None]:
    """Conditions and exceedances; without any, the reason why."""
    from guideway.monitoring import track_geometry  # noqa: PLC0415
    from guideway.monitoring.registry import measure, why_nothing  # noqa: PLC0415
    from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters  # noqa: PLC0415

    if recording.domain == track_geometry.DOMAIN:
        bases = tuple(base for base in options.twist_base_m if base != 3)
        settings = TrackGeometryParameters(all_indices=options.all_indices, twist_bases_m=bases)
        found = track_geometry.measure(recording, stretches, book, settings)
    else:
        found = measure(recording, stretches, book)
    return found, None if found.conditions else why_nothing(recording)


def _print(told: dict[str, Any]) -> None:
    print(f"{told['line_id']} track {told['track_id']}, {told['started_at']}, {len(told['channels'])} channels")
    if told["reason"]:
        print(f"  {told['status']}: {told['reason']}")
    for stop in told.get("stops", ()):
        print(f"  standing from {stop['stop_s']:.1f} s to {stop['start_s']:.1f} s")
    for row in told["conditions"]:
        value = f"{row['value']:>12.4g} {row['unit']:<6}"
        print(f"  {row['asset_id']:<32} {row['indicator']:<28} {value} coverage {row['coverage']:.0%}")
    for row in told["exceedances"]:
        what = f"{row['level']} {row['from_m']:.0f}-{row['to_m']:.0f} m: {row['indicator']}"
        print(f"  {what} {row['peak']:.4g}, limit {row['limit']:g} {row['unit']}: {row['reason']}")


def _align(options: argparse.Namespace) -> int:
    from guideway.monitoring.facing import ReferenceRun, align_either_way  # noqa: PLC0415

    run, reference = (_run(path, options) for path in (options.run, options.reference))
    reference_values = {c.name: c.values for c in reference.channels if c.unit == "mm"}
    if not any(run.has(name) for name in reference_values):
        raise ConfigurationError(f"{options.run} and {options.reference} have no channel in common to align on")
    _, alignment, turned = align_either_way(run, ReferenceRun(reference.positions, reference_values))
    rows = alignment.records()
    if options.json:
        print(json.dumps(rows))
        return 0
    if turned:
        print(f"{options.run}: left and right are those of the other direction; aligned mirrored")
    for row in rows:
        place = f"{row['from_m']:>10.1f} {row['to_m']:>10.1f}"
        if row["shift_m"] is None or row["correlation"] is None:
            print(f"{place}  nothing to compare")
            continue
        verdict = "" if row["comparable"] else "  not comparable"
        print(f"{place}  shift {row['shift_m']:+7.2f} m  r {row['correlation']:.3f}{verdict}")
    return 0


def _run(path: Path, options: argparse.Namespace) -> Recording:
    """The run in a file, its parts joined."""
    from guideway.monitoring.joined import joined  # noqa: PLC0415

    recordings = [r for r in decode_recordings(path, options.source, options.profiles) if r.axis == "distance"]
    if not recordings:
        raise ConfigurationError(f"{path} is a record over time: runs are aligned over distance")
    return joined(recordings)
