"""``guideway align`` and ``guideway inspect`` on real files, as a user calls them; no Spark."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guideway.cli import app
from guideway.signals.filters import band_pass


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        app(arguments)
    assert end.value.code == 0
    return capsys.readouterr().out


def strict(text: str) -> Any:
    """JSON as every reader takes it: no NaN."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_align_tells_shift_and_correlation_of_each_stretch(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(shared_data / "cn-hsr-track-geometry" / f"run_2017{day}.txt") for day in ("0213", "0110")]
    rows = strict(told(capsys, "align", *runs, "--source", "cn-hsr", "--json"))
    assert [set(row) for row in rows] == [{"from_m", "to_m", "shift_m", "correlation", "comparable"}] * len(rows)
    inside = [row for row in rows if row["correlation"] is not None]
    assert {row["comparable"] for row in rows if row["correlation"] is None} <= {False}
    assert len(inside) >= 5
    assert all(row["comparable"] and row["correlation"] >= 0.90 for row in inside)
    assert all(5.4 < -row["shift_m"] < 6.2 for row in inside)
    text = told(capsys, "align", *runs, "--source", "cn-hsr").splitlines()
    assert len(text) == len(rows)


def test_align_knows_both_sides_of_a_missing_stretch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(5)
    stated = 99_000 + 0.25 * np.arange(6000)
    level = band_pass(rng.normal(size=(2, stated.size)), 0.25, 4.0, 40.0, edge_m=0.0)
    drift = np.linspace(-3.0, 5.0, stated.size)
    seen = np.stack([np.interp(stated, stated + drift, row) for row in level])  # shift_m takes it back
    measured = (stated < 99_600) | (stated > 99_900)
    paths = [
        write_run(tmp_path / "run_20180101.txt", stated[measured][::-1], seen[:, measured][:, ::-1]),
        write_run(tmp_path / "run_20180102.txt", stated, level),
    ]
    rows = strict(told(capsys, "align", *map(str, paths), "--source", "cn-hsr", "--json"))
    known = [row for row in rows if row["comparable"]]
    assert min(row["from_m"] for row in known) < 99_200
    assert max(row["to_m"] for row in known) > 100_300
    assert sum(row["to_m"] - row["from_m"] for row in known) >= 1000
    for row in known:
        middle = 0.5 * (row["from_m"] + row["to_m"])
        assert row["shift_m"] == pytest.approx(-np.interp(middle, stated, drift), abs=0.25)


def write_run(path: Path, position_m: np.ndarray, level_mm: np.ndarray) -> Path:
    """A run as the Chinese measuring car writes it."""
    rows = (
        f"{x // 1000:.0f},{x % 1000:.2f},0040,0000,{left:.3f},{right:.3f}"
        for x, left, right in zip(position_m, *level_mm, strict=True)
    )
    path.write_text("\n".join(("里程,Meters,Flags,Event,左高程(mm),右高程(mm)", *rows)) + "\n", encoding="gbk")
    return path


def test_neither_command_loads_spark() -> None:
    program = (
        "import sys\n"
        "from guideway.cli import app\n"
        "for words in (['align', 'a', 'b', '--source', 'cn-hsr'], ['inspect', 'a', '--source', 'cn-hsr']):\n"
        "    try:\n        app(words)\n    except SystemExit as end:\n        assert end.code == 2\n"
        "from guideway.monitoring.registry import measure\nfrom guideway.signals.alignment import align\n"
        "assert 'pyspark' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def inspected(capsys: pytest.CaptureFixture[str], file: Path, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = strict(told(capsys, "inspect", str(file), "--source", "cn-hsr", "--json", *more))
    return found


def test_inspect_tells_indicators_of_each_section(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = shared_data / "cn-hsr-track-geometry" / "run_20170110.txt"
    (run,) = inspected(capsys, file, "--speed-kmh", "300")
    values = {row["indicator"]: row["value"] for row in run["conditions"]}
    assert 0.1 < values["longitudinal_level_sd"] < 1.0
    assert {row["asset_id"] for row in run["conditions"]} <= {section["asset_id"] for section in run["sections"]}
    (every,) = inspected(capsys, file, "--speed-kmh", "300", "--all-indices")
    more = {row["indicator"]: row["value"] for row in every["conditions"]}
    assert {"n_nl", "uk_top_sd", "normalised_tqi"} <= more.keys() - values.keys()
    assert values.items() <= more.items()


def test_inspect_judges_by_a_rule_book_of_ones_own(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "own,longitudinal_level_sd,*,0,400,AL,1,0.01,mm,above,own,1,1,own,2024-01-01"
    columns = (
        "rulebook_id,indicator,asset_class,speed_from_kmh,speed_to_kmh,level,severity,value,unit,direction,standard,"
        "edition,clause,provenance,valid_from"
    )
    (tmp_path / "own.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    file = shared_data / "cn-hsr-track-geometry" / "run_20170110.txt"
    (run,) = inspected(capsys, file, "--rulebook", "own", "--rulebooks", str(tmp_path))
    assert {e["indicator"] for e in run["exceedances"]} == {"longitudinal_level_sd"}
    assert all(e["limit"] == 0.01 and e["peak"] > 0.01 and e["to_m"] > e["from_m"] for e in run["exceedances"])


def test_inspect_lists_the_stops_a_person_checked(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ride,) = (shared_data / "fr-paris-metro-acceleration").glob("L4_*17-40-28")
    file = ride / "Accelerometer.csv.gz"
    (run,) = strict(told(capsys, "inspect", str(file), "--source", "fr-paris-metro", "--json"))
    checked = [line.split() for line in (ride / "timestamps_valid.txt").read_text().splitlines()[1:]]
    stops = [float(moment) for moment, what in checked if what == "stop"]
    assert [stop["stop_s"] for stop in run["stops"]] == pytest.approx(stops, abs=2.0)


def test_inspect_says_why_nothing_was_measured(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = (
        ("fi-ams", "fi-track-inspection/AMS_20221024_251_LHRP_1_130_130.csv", "from 292.8 m of speed, latitude"),
        ("se-borlange", "se-borlange-mora-vibration/segments_2024-12-10_10-00-00.csv", "the domain 'positioning'"),
    )
    for source, file, why in cases:
        (run,) = strict(told(capsys, "inspect", str(shared_data / file), "--source", source, "--json"))
        assert (run["status"], run["conditions"], why in run["reason"]) == ("no_indicator", [], True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["inspect", "{se}/features_60.csv.gz", "--source", "se-borlange"], 3, "features_60.csv.gz: a file that comes"),
        (["inspect", "{cn}/run_20170110.txt", "--source", "fi-tg"], 3, "run_20170110.txt: "),
        (["inspect", "{cn}/run_20170110.txt", "--source", "cn-hrs"], 2, "no source profile 'cn-hrs'"),
        (["inspect", "{cn}/run_20170110.txt", "--source", "cn-hsr", "--section-m", "nan"], 2, "--section-m: 'nan'"),
        (["inspect", "{cn}/run_20170110.txt", "--source", "cn-hsr", "--speed-kmh", "0"], 2, "--speed-kmh: '0'"),
        (["align", "{cn}/run_20170110.txt", "{cn}/none.txt", "--source", "cn-hsr"], 2, "none.txt"),
        (["inspect", "{cn}/run_20170110.txt", "--source", "{bad}"], 2, "bad.yaml: not UTF-8 at byte 0"),
        (["align", "{gap}", "{gap}", "--source", "maglev-gap"], 2, "testnew_processed.csv.gz is a record over time"),
        (["source", "check", "fi-tg", "{cn}/run_20170110.txt", "--json"], 3, ""),
    ],
)
def test_what_cannot_be_read_ends_in_one_line_and_a_code(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, says: str
) -> None:
    folders = {"se": "se-borlange-mora-vibration", "cn": "cn-hsr-track-geometry"}
    places = {key: str(shared_data / folder) for key, folder in folders.items()}
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    places["bad"] = str(tmp_path / "bad.yaml")
    places["gap"] = str(shared_data / "maglev-gap" / "testnew_processed.csv.gz")
    with pytest.raises(SystemExit) as end:
        app([word.format(**places) for word in words])
    shown = capsys.readouterr()
    assert end.value.code == code
    if says:
        assert says in shown.err.splitlines()[-1]
    else:
        assert not strict(shown.out)["understood"]


PROFILE = """
source_id: own
domain: vibration_noise
title: a sensor of one's own
files: ["**/*.csv"]
decode: {format: text}
channels:
  - {name: vibration_acceleration_z, column: a, unit: m/s**2}
  - {name: vibration_velocity_z, column: v, unit: m/s}
locate: {line: M1, asset: R1, vehicle_or_sensor: own}
time: {zone: Europe/Vienna, started_at: {filename: '([0-9]{8}_[0-9]{4})', format: "%Y%m%d_%H%M"}}
axis: {kind: time, step: 0.002}
"""


def test_inspect_judges_a_receiver_by_its_zone_and_the_local_clock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = tmp_path / "own.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    t = 0.002 * np.arange(20_000)
    train = np.where((t > 15) & (t < 25), 1.0, 1e-4)
    rms, omega = 10 ** (69 / 20 - 6), 2 * np.pi * 8  # 69 dB re 1e-6 m/s2 at 8 Hz, where no weighting acts
    a, v = 2**0.5 * rms * train * np.sin(omega * t), -(2**0.5) * rms / omega * train * np.cos(omega * t)
    for name, period, limit in (("20250303_0530", "night", 67.0), ("20250303_0600", "day", 70.0)):
        file = tmp_path / f"{name}.csv"
        rows = "\n".join(f"{x:.7g},{y:.7g}" for x, y in zip(a, v, strict=True))
        file.write_text(f"a,v\n{rows}\n", encoding="utf-8")
        words = ("--source", str(profile), "--mode", "metro", "--rulebook", "metro", "--zone", "residential")
        (run,) = strict(told(capsys, "inspect", str(file), *words, "--json"))
        found = {row["indicator"]: row for row in run["conditions"]}
        level = found[f"vibration_level_z_{period}"]
        assert (level["value"], level["unit"]) == (pytest.approx(69.0, abs=0.1), "dB re 1e-6 m/s**2")
        velocity = found["passage_velocity_level"]  # over the train, edges included
        assert (velocity["value"], velocity["unit"]) == (
            pytest.approx(20 * np.log10(rms / omega / 5e-8), abs=0.3),
            "dB re 5e-8 m/s",
        )
        beyond = {row["indicator"]: row["limit"] for row in run["exceedances"]}
        assert (f"vibration_level_z_{period}" in beyond) == (limit < 69.0)
    assert "no class 'elsewhere'" in refused(capsys, "inspect", str(file), *words[:-1], "elsewhere")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        app(arguments)
    assert end.value.code == 2
    return capsys.readouterr().err


def test_a_file_nobody_may_read_is_named(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, _: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("guideway.archives.decode.open_members", refuse)
    file = shared_data / "cn-hsr-track-geometry" / "run_20170110.txt"
    with pytest.raises(SystemExit) as end:
        app(["inspect", str(file), "--source", "cn-hsr"])
    assert end.value.code == 1
    assert capsys.readouterr().err == f"guideway inspect: [Errno 13] Permission denied: '{file}'\n"


def test_a_reader_that_leaves_early_is_no_error_of_ours(shared_data: Path) -> None:
    file = shared_data / "cn-hsr-track-geometry" / "run_20170110.txt"
    words = [sys.executable, "-m", "guideway.cli", "source", "check", "cn-hsr", str(file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told_to_stderr = process.stderr.read()
    assert (process.returncode, told_to_stderr) == (141, b"")


CANT_PROFILE = """
source_id: cant
domain: track_geometry
title: A trolley that measures cross level alone
files: ["**/run_*.csv"]
decode: {format: text, encoding: utf-8, delimiter: ","}
channels: [{name: cross_level, column: cl, unit: mm}]
locate: {line: L1, track: T1, vehicle_or_sensor: own, chainage: {columns: x}}
time: {zone: Europe/Vienna, started_at: {filename: 'run_([0-9]{8})', format: "%Y%m%d"}}
axis: {kind: distance, step: 0.25}
"""


def test_inspect_measures_twist_on_the_bases_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile, run = tmp_path / "cant.yaml", tmp_path / "run_20260105.csv"
    x = np.arange(0.0, 1000.0, 0.25)
    wave = 2.0 * np.sin(2 * np.pi * x / 40.0)
    rows = "\n".join(f"{a:.2f},{b:.5f}" for a, b in zip(x, wave, strict=True))
    run.write_text(f"x,cl\n{rows}\n", encoding="utf-8")
    profile.write_text(CANT_PROFILE, encoding="utf-8")
    words = ("inspect", str(run), "--source", str(profile), "--twist-base-m")
    (recording,) = strict(told(capsys, *words, "3", "6", "10", "--json"))
    peaks = {
        base: [row["value"] for row in recording["conditions"] if row["indicator"] == f"twist_{base}m_peak"]
        for base in (2, 3, 6, 10)
    }
    assert not peaks.pop(2)
    for base, values in peaks.items():
        assert values == pytest.approx([4.0 * np.sin(np.pi * base / 40.0) / base] * 5, rel=2e-3)
    with pytest.raises(SystemExit) as end:
        app((*words, "7"))
    assert end.value.code != 0
    assert "--twist-base-m 7: there are 3, 2, 5, 6, 9, 10, 12, 15, 20 m" in capsys.readouterr().err
