"""``guideway derive-limits``: a rule book from the network's own percentiles, where no standard covers it."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

from guideway.commands.command import Commands, add_command, add_json
from guideway.errors import ConfigurationError
from guideway.job import today
from guideway.settings import load_settings

_BEIJING = ("tqi_cn", "longitudinal_level_sd", "alignment_sd", "gauge_sd", "cross_level_sd", "tqi_cn_twist_sd")


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    derive = add_command(
        commands,
        "derive-limits",
        "write a rule book whose limits are percentiles of the network's own sections, as Beijing's metro did",
        _derive,
        "guideway derive-limits --mode metro --rulebook my_metro --out rulebooks/my_metro.csv",
    )
    derive.add_argument(
        "--mode", default="metro", help="mode of the lines; also the class of the rows (default: metro)"
    )
    derive.add_argument("--rulebook", required=True, help="id of the new rule book")
    derive.add_argument("--out", type=Path, required=True, help="CSV file to write; its folder serves as --rulebooks")
    derive.add_argument(
        "--indicators",
        nargs="+",
        default=_BEIJING,
        help=f"indicators (default: those of Beijing, {' '.join(_BEIJING)})",
    )
    derive.add_argument(
        "--shares",
        type=float,
        nargs=3,
        default=(0.70, 0.90, 0.99),
        metavar=("AL", "IL", "IAL"),
        help="shares of sections no worse than each level (default: 0.70 0.90 0.99; Beijing took 0.70)",
    )
    derive.add_argument("--speed-to-kmh", type=float, default=160.0, help="upper end of the speed band (default: 160)")
    derive.add_argument("--lake", help="folder or s3a:// address of the lake")
    derive.add_argument("--as-of", type=date.fromisoformat, help="last day of measurements used (default: today, UTC)")
    add_json(derive)


def _derive(options: argparse.Namespace) -> int:
    from guideway.contracts.bronze import RECORDING  # noqa: PLC0415
    from guideway.contracts.gold import CONDITION  # noqa: PLC0415
    from guideway.contracts.reference import ASSET, LINE  # noqa: PLC0415
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415
    from guideway.monitoring.registry import indicators  # noqa: PLC0415
    from guideway.rulebooks.derive import derive_limits  # noqa: PLC0415
    from guideway.rulebooks.save import write_rulebook  # noqa: PLC0415
    from guideway.transforms.latest_values import latest_section_values  # noqa: PLC0415
    from guideway.transforms.recording import latest_revisions  # noqa: PLC0415
    from guideway.transforms.series import end_of  # noqa: PLC0415

    defined = indicators()
    if unknown := [name for name in options.indicators if name not in defined]:
        raise ConfigurationError(f"--indicators: no indicator {unknown[0]!r}")
    if not 0 < options.shares[0] < options.shares[1] < options.shares[2] < 1:
        raise ConfigurationError(f"--shares: {options.shares} do not rise between 0 and 1")
    settings = load_settings(lake=options.lake)
    lake = Lake(open_session(settings, "guideway derive-limits"), settings.lake)
    as_of = options.as_of or today()
    found = latest_section_values(
        lake.read(CONDITION),
        latest_revisions(lake.read(RECORDING)),
        lake.read(ASSET),
        lake.read(LINE),
        mode=options.mode,
        indicators=options.indicators,
        until=end_of(as_of),
    ).toPandas()
    values = {str(name): rows["value"].to_numpy() for name, rows in found.groupby("indicator")}
    limits = derive_limits(
        values,
        {name: defined[name].unit for name in values},
        rulebook_id=options.rulebook,
        as_of=as_of,
        directions={name: defined[name].direction for name in values},
        shares=dict(zip(("AL", "IL", "IAL"), options.shares, strict=True)),
        asset_class=options.mode,
        speed_band_kmh=(0.0, options.speed_to_kmh),
    )
    if not limits:
        counts = ", ".join(f"{name} {len(values.get(name, ()))}" for name in options.indicators)
        raise ConfigurationError(
            f"too few {options.mode} sections measured up to {as_of} in {settings.lake} for any level: {counts}"
        )
    write_rulebook(options.out, limits)
    if options.json:
        print(json.dumps([asdict(row) for row in limits], default=str))
        return 0
    for row in limits:
        print(f"{row.indicator:<28} {row.level:<4} {row.value:>9.3f} {row.unit:<5} {row.clause}")
    print(f"{options.out}: {len(limits)} limits; set rulebook_id of the lines to {options.rulebook!r} to apply them")
    return 0
