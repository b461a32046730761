"""``guideway doctor`` and ``guideway simulate``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from guideway.commands.command import Commands, add_command, add_json
from guideway.commands.progress import progress_bar
from guideway.settings import load_settings, local_path


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    doctor = add_command(
        commands, "doctor", "print versions, paths and resources, and what is wrong", _doctor, "guideway doctor --lake"
    )
    doctor.add_argument(
        "--lake",
        nargs="?",
        const="",
        help="look into the lake, too: missing files, torn logs, orphans (default: the lake of the settings)",
    )
    add_json(doctor)

    simulate = add_command(
        commands,
        "simulate",
        "write the delivered archive of a network with known truth",
        _simulate,
        "guideway simulate --landing var/landing --truth var/truth --seed 1",
    )
    simulate.add_argument("--landing", help="folder the files are delivered to")
    simulate.add_argument(
        "--truth", type=Path, default=Path("var/truth"), help="folder of the truth (default: var/truth)"
    )
    simulate.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default: 1)")
    simulate.add_argument("--km", type=float, help="length of the network (default: the small one, about 28 km)")
    simulate.add_argument("--weeks", type=int, default=104, help="weeks of history (default: 104)")
    add_json(simulate)


def _doctor(options: argparse.Namespace) -> int:
    from guideway.doctor import Finding, diagnose  # noqa: PLC0415
    from guideway.doctor_lake import diagnose_lake  # noqa: PLC0415

    settings = load_settings(lake=options.lake or None)
    findings = diagnose(settings)
    if options.lake is not None:
        folder = local_path(settings.lake)
        not_here = [Finding("lake", "warning", f"{settings.lake} is an object store: not looked into")]
        findings += diagnose_lake(folder) if folder else not_here
    wrong = [finding for finding in findings if not finding.ok]
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], default=str))
    else:
        for finding in findings:
            print(finding)
    return 1 if wrong else 0


def _simulate(options: argparse.Namespace) -> int:
    from guideway.simulate.archive import write_archive  # noqa: PLC0415
    from guideway.simulate.network import NetworkSpec  # noqa: PLC0415

    settings = load_settings(landing=options.landing)
    size = {"weeks": options.weeks, "seed": options.seed}
    spec = NetworkSpec.small(**size) if options.km is None else NetworkSpec.sized(options.km, **size)
    with progress_bar("simulating") as advance:
        summary = write_archive(spec, Path(settings.landing), options.truth, advance)
    print(json.dumps(asdict(summary), default=str) if options.json else summary)
    return 0
