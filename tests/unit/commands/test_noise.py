"""``guideway noise`` through the command line: published damper effects, and the sources of simulated passages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from guideway.cli import app
from guideway.monitoring.noise_control import paired_insertion_loss
from guideway.simulate import binaries, wayside
from guideway.simulate.formats import RunHeader
from guideway.simulate.layout import lay_out
from guideway.simulate.network import NetworkSpec, line_of
from guideway.simulate.wayside import Receiver, Train, receivers_of

COLUMNS = ("--level", "leq.tot", "--passage", "passby", "--place", "A", "--reference", "B5")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        app(["noise", *arguments])
    return int(ended.value.code or 0)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(*arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("section", "published_db", "is_proven"), [("B4", 2.4, True), ("B2", 0.0, False)])
def test_published_damper_effects(
    shared_data: Path, capsys: pytest.CaptureFixture[str], section: str, published_db: float, is_proven: bool
) -> None:
    file = shared_data / "ch-niederwangen-passby-noise" / "passby_third_octave.csv"
    loss = told(capsys, "insertion-loss", str(file), *COLUMNS, "--treated", section, "--where", "interval=full")
    assert loss["low_db"] < published_db < loss["high_db"]
    assert loss["is_proven"] is is_proven
    table = pd.read_csv(file)
    full = table[table["interval"] == "full"].pivot(index="passby", columns="A", values="leq.tot")
    assert loss["loss_db"] == pytest.approx(paired_insertion_loss(full["B5"], full[section]).loss_db)
    assert loss["n_clusters"] == 8


def test_wagons_adjusted_for_speed_and_type(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shared_data / "ch-niederwangen-passby-noise" / "passby_third_octave.csv"
    adjusted = ("--method", "adjusted", "--speed", "v", "--train-type", "Zugstyp", "--where", "interval.kat=Wagen")
    loss = told(capsys, "insertion-loss", str(file), *COLUMNS, "--treated", "B2", *adjusted)
    assert loss["method"] == "adjusted"
    assert loss["low_db"] < 0.0 < loss["high_db"]


def test_a_speed_measured_at_one_place_is_the_trains_at_every_place(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(shared_data / "ch-niederwangen-passby-noise" / "passby_third_octave.csv")
    full = (*COLUMNS, "--treated", "B4", "--where", "interval=full")  # no speed was measured at B4
    paired = told(capsys, "insertion-loss", file, *full)
    adjusted = told(capsys, "insertion-loss", file, *full, "--method", "adjusted", "--speed", "v")
    assert adjusted["loss_db"] == pytest.approx(paired["loss_db"], abs=0.1)
    assert adjusted["low_db"] < 2.4 < adjusted["high_db"]
    assert run("insertion-loss", file, *full, "--where", "passby=0", "--method", "adjusted", "--speed", "v") == 2
    assert "too few passages for an effect: 1 at 'B5' and 1 at 'B4'" in capsys.readouterr().err


def test_text_says_whether_it_is_proven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(4)
    own = rng.normal(80.0, 3.0, 30)
    rows = [(i, place, own[i] - loss) for i in range(30) for place, loss in (("plain", 0.0), ("ground", 3.0))]
    file = tmp_path / "p.csv"
    table = pd.DataFrame(rows, columns=["passage_id", "place", "level_db"])
    table["level_db"] += rng.normal(0.0, 0.5, len(table))
    table.to_csv(file, index=False)
    assert run("insertion-loss", str(file), "--reference", "plain", "--treated", "ground") == 0
    text = capsys.readouterr().out
    assert text.startswith("insertion loss +")
    assert text.endswith(": proven\n")
    assert float(text.split()[2]) == pytest.approx(3.0, abs=0.4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--reference", "B5", "--treated", "B9"), "no level at 'B9'; places are B4, B5"),
        (("--reference", "B5", "--treated", "B4", "--level", "laeq"), "no column 'laeq'"),
        (("--reference", "B5", "--treated", "B4", "--where", "interval"), "NAME=VALUE"),
        (("--reference", "B5", "--treated", "B4", "--confidence", "95"), "between 0 and 1"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    file = tmp_path / "p.csv"
    file.write_text("passage_id,place,level_db\n1,B5,80\n1,B4,78\n")
    assert run("insertion-loss", str(file), *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def corrugated() -> tuple[Receiver, str, bytes]:
    """A record beside a corrugated stretch of metro, as delivered."""
    line = line_of("metro", 1, 6.0)
    spec = NetworkSpec(seed=3, weeks=104, lines=(line,))
    layout = lay_out(line, spec.seed)
    receiver = receivers_of(layout, spec)[1]
    velocity, acceleration, passages = wayside.vibration_record(receiver, layout, spec, 40, 560.0)
    train: Train = passages[0].train
    header = RunHeader(line.line_id, "1", pd.Timestamp("2025-07-14 10:00", tz="Europe/Vienna").to_pydatetime(), 1, "R2")
    name, data = binaries.wayside_vibration(
        header,
        receiver.asset_id,
        wayside.VIBRATION_RATE_HZ,
        {"vibration_velocity_z": velocity, "vibration_acceleration_z": acceleration},
        {"train_type": train.train_type, "train_id": train.train_id, "speed_kmh": round(train.speed_kmh, 1)},
    )
    return receiver, name, data


def test_the_corrugated_stretch_ranks_first(
    corrugated: tuple[Receiver, str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver, name, data = corrugated
    file = tmp_path / name
    file.write_bytes(data)
    sources = (
        "--corrugation",
        f"here={receiver.corrugation_m}",
        "--corrugation",
        "elsewhere=0.05",
        "--wheel",
        "T01=0.84",
    )
    passages = told(capsys, "rank", str(file), "--source", "sim_wayside_vibration", *sources)
    assert len(passages) == 2
    for passage in passages:
        first = passage["sources"][0]
        assert (first["asset_id"], first["kind"]) == ("here", "corrugation")
        assert first["share"] > 0.01
        assert "T01" not in [source["asset_id"] for source in passage["sources"]]
    assert run("rank", str(file), "--source", "sim_wayside_vibration") == 2
    assert "--corrugation or --wheel" in capsys.readouterr().err
