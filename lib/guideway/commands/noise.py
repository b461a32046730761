"""``guideway noise``: what a measure brings and which source to treat first, from files alone, without Spark."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guideway.archives.recording import Recording
from guideway.commands.archive import decode_recordings, require_file
from guideway.commands.command import Commands, add_command, add_json
from guideway.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd

    from guideway.monitoring.noise_control import InsertionLoss, RankedSource
    from guideway.monitoring.noise_control.sources import Candidate

_CHANNELS = ("sound_pressure", "vibration_acceleration_z", "vibration_velocity_z")


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    noise = add_command(
        commands, "noise", "judge measures and sources of noise and vibration", _none, "guideway noise rank pass.wav"
    )
    actions = noise.add_subparsers(dest="action", metavar="ACTION", required=True)
    loss = add_command(
        actions,
        "insertion-loss",
        "effect of a measure in dB with its interval, from levels of train passages",
        _insertion_loss,
        "guideway noise insertion-loss passages.csv --reference B5 --treated B4 --json",
    )
    loss.add_argument("file", type=Path, help="CSV with a row a passage and place")
    loss.add_argument("--reference", required=True, help="value of the place column without the measure")
    loss.add_argument("--treated", required=True, help="value of the place column with the measure")
    loss.add_argument("--place", default="place", help="column of the place (default: place)")
    loss.add_argument("--passage", default="passage_id", help="column of the train passage (default: passage_id)")
    loss.add_argument("--level", default="level_db", help="column of the level in dB (default: level_db)")
    loss.add_argument(
        "--speed",
        help="column of the speed in km/h, to adjust for; a passage without it at one place has that of the others",
    )
    loss.add_argument("--train-type", help="column of the train type, to adjust for")
    loss.add_argument("--where", action="append", default=[], metavar="COLUMN=VALUE", help="keep these rows only")
    loss.add_argument("--method", choices=("paired", "adjusted"), default="paired", help="default: paired")
    loss.add_argument("--confidence", type=float, default=0.95, help="coverage of the interval (default: 0.95)")

    rank = add_command(
        actions,
        "rank",
        "which of the candidate sources makes the level of each passage in a record",
        _rank,
        "guideway noise rank pass.wav --source my-microphone --corrugation KM12=0.13 --wheel T07=0.84 --json",
    )
    rank.add_argument("file", type=Path)
    rank.add_argument("--source", required=True, help="source profile, or a YAML file")
    rank.add_argument("--profiles", help="folder of source profiles besides the packaged ones")
    rank.add_argument(
        "--corrugation", action="append", default=[], metavar="ASSET=METRES", help="wavelength of a stretch"
    )
    rank.add_argument(
        "--wheel", action="append", default=[], metavar="VEHICLE=METRES", help="wheel diameter of a vehicle"
    )
    rank.add_argument("--speed-kmh", type=float, help="speed of the trains (default: as the file states)")
    rank.add_argument("--channel", choices=_CHANNELS, help="channel to look at (default: the first there is)")
    for parser in (loss, rank):
        add_json(parser)


def _none(options: argparse.Namespace) -> int:
    raise ConfigurationError("say `insertion-loss` or `rank`")


def _insertion_loss(options: argparse.Namespace) -> int:
    from guideway.monitoring.noise_control import adjusted_insertion_loss, paired_insertion_loss  # noqa: PLC0415

    if not 0.0 < options.confidence < 1.0:
        raise ConfigurationError(f"--confidence must lie between 0 and 1, not {options.confidence}")
    rows = _passages(options)
    if options.method == "paired":
        levels = rows.pivot_table(index="passage_id", columns="place", values="level_db", aggfunc="mean")
        loss = paired_insertion_loss(levels[options.reference], levels[options.treated], options.confidence)
    else:
        loss = adjusted_insertion_loss(
            rows.assign(is_treated=rows["place"] == options.treated), confidence=options.confidence
        )
    if math.isnan(loss.loss_db):
        counts = rows.dropna().groupby("place")["passage_id"].nunique()
        there = " and ".join(f"{counts.get(place, 0)} at {place!r}" for place in (options.reference, options.treated))
        raise ConfigurationError(
            f"{options.file} has too few passages for an effect: {there} with a value in every column named"
        )
    told = {"reference": options.reference, "treated": options.treated, **asdict(loss), "is_proven": loss.is_proven}
    print(json.dumps(_finite(told)) if options.json else _sentence(loss))
    return 0


def _passages(options: argparse.Namespace) -> pd.DataFrame:
    """Rows of both places, columns renamed to those of the kernels."""
    import pandas as pd  # noqa: PLC0415

    try:
        table = pd.read_csv(require_file(options.file))
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{options.file} is no CSV table: {' '.join(str(error).split())}") from error
    for condition in options.where:
        column, value = _pair(condition, "--where")
        table = table[_column(table, column, options.file).astype(str) == value]
    names = {
        "place": options.place,
        "passage_id": options.passage,
        "level_db": options.level,
        "speed_kmh": options.speed,
        "train_type": options.train_type,
    }
    rows = pd.DataFrame({to: _column(table, name, options.file) for to, name in names.items() if name})
    for name in ("level_db", "speed_kmh"):
        if name in rows:
            rows[name] = pd.to_numeric(rows[name], errors="coerce")
    if "speed_kmh" in rows:  # one train drives past all places
        of_train = rows.groupby("passage_id")["speed_kmh"].transform("mean")
        rows["speed_kmh"] = rows["speed_kmh"].fillna(of_train)
    rows["place"] = rows["place"].astype(str)
    for place in (options.reference, options.treated):
        if not rows.loc[rows["place"] == place, "level_db"].notna().any():
            places = ", ".join(sorted(rows["place"].unique())) or "none"
            raise ConfigurationError(f"{options.file} has no level at {place!r}; places are {places}")
    return rows[rows["place"].isin([options.reference, options.treated])]


def _column(table: pd.DataFrame, name: str, path: Path) -> pd.Series:
    if name not in table.columns:
        raise ConfigurationError(f"{path} has no column {name!r}; it has {', '.join(map(str, table.columns))}")
    return table[name]


def _sentence(loss: InsertionLoss) -> str:
    verdict = "proven" if loss.is_proven else "not proven"
    interval = f"{loss.low_db:+.2f} to {loss.high_db:+.2f} dB at {loss.confidence:.0%}"
    return f"insertion loss {loss.loss_db:+.2f} dB ({interval}; {loss.n_clusters} passages, {loss.method}): {verdict}"


def _rank(options: argparse.Namespace) -> int:
    told: list[dict[str, Any]] = []
    for recording in decode_recordings(options.file, options.source, options.profiles):
        told += _ranked_passages(recording, options)
    if options.json:
        print(json.dumps(told))
        return 0
    for passage in told:
        print(f"{passage['asset_id']} {passage['started_at']} +{passage['from_s']:.1f} s, {passage['channel']}")
        for source in passage["sources"]:
            share = f"{source['share']:>6.1%} of the energy"
            print(f"  {source['asset_id']:<24} {source['kind']:<12} {source['frequency_hz']:>8.1f} Hz {share}")
    return 0


def _ranked_passages(recording: Recording, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every passage of a recording with its sources, largest share first; sound is A-weighted before."""
    import numpy as np  # noqa: PLC0415

    from guideway.monitoring.noise_control import rank_sources  # noqa: PLC0415
    from guideway.signals.passages import find_passages  # noqa: PLC0415
    from guideway.signals.weightings import weight  # noqa: PLC0415

    channel = options.channel or next((name for name in _CHANNELS if recording.has(name)), None)
    if channel is None or not recording.has(channel) or recording.axis != "time":
        raise ConfigurationError(f"{options.file} has no {channel or ' or '.join(_CHANNELS)} over time")
    signal = recording.values(channel).astype(np.float64)
    signal = np.where(np.isfinite(signal), signal, 0.0)
    fs = 1.0 / recording.step
    candidates = _candidates(recording, options)
    heard = weight(signal, fs, "A") if channel == "sound_pressure" else signal
    found = []
    for passage in find_passages(signal, fs):
        first, last = (round(second * fs) for second in passage.train)
        sources: Sequence[RankedSource] = rank_sources(heard[first:last], fs, candidates)
        found.append(
            {
                "asset_id": recording.asset_id or recording.vehicle_or_sensor_id,
                "started_at": recording.started_at.isoformat(),
                "channel": channel,
                "from_s": passage.train[0],
                "to_s": passage.train[1],
                "sources": [asdict(source) for source in sources],
            }
        )
    return found


def _candidates(recording: Recording, options: argparse.Namespace) -> list[Candidate]:
    from guideway.monitoring.noise_control import CorrugatedStretch, FlatWheel  # noqa: PLC0415

    stated = recording.attributes.get("speed_kmh")
    speed = options.speed_kmh if options.speed_kmh is not None else _number(stated, "speed_kmh") if stated else 0.0
    if not speed > 0:
        raise ConfigurationError(f"{options.file} does not state the trains' speed; give --speed-kmh")
    candidates: list[Candidate] = [
        CorrugatedStretch(asset, _number(metres, "--corrugation"), speed)
        for asset, metres in (_pair(text, "--corrugation") for text in options.corrugation)
    ]
    candidates += [
        FlatWheel(vehicle, _number(metres, "--wheel"), speed)
        for vehicle, metres in (_pair(text, "--wheel") for text in options.wheel)
    ]
    if not candidates:
        raise ConfigurationError("name at least one source with --corrugation or --wheel")
    return candidates


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigurationError(f"{option} takes NAME=VALUE, not {text!r}")
    return name, value


def _number(text: str, option: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ConfigurationError(f"{option} takes a number above 0, not {text!r}")
    return value


def _finite(told: dict[str, Any]) -> dict[str, Any]:
    """Numbers JSON cannot write become null: an interval without ends, too few passages."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in told.items()}
