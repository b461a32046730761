"""Hostile and broken settings: profiles, rule books, command lines; and secrets that must not come out again."""

from __future__ import annotations

import csv
import json
import os
import pickle
from pathlib import Path

import pytest
import yaml

from guideway.archives.profile import MAX_PROFILE_BYTES, load_profiles, parse_profile
from guideway.cli import app
from guideway.doctor import diagnose
from guideway.errors import ConfigurationError
from guideway.rulebooks.load import BOOKS, load_rulebooks
from guideway.settings import load_settings
from guideway.tracking.outbox import pending, replay
from guideway.tracking.store import TrackingSettings
from tests.faults.catalogue import check_told
from tests.unit.archives.helpers import profile

INJECTED = ["1 OR 1=1", "'; DROP TABLE gold.condition; --", "`id`", "$(touch pwned)", "a'b\"c", ":x",
            "../../etc/passwd", "%s%s%s", "{0.__class__}", "x\ny", "", "-", "é" * 300]  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error of the command."""
    with pytest.raises(SystemExit) as caught:
        app(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code, capsys.readouterr().err


@pytest.mark.fault(33)
@pytest.mark.parametrize("text", INJECTED, ids=ascii)
def test_a_source_is_looked_up_literally(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    code, error = told(capsys, "inspect", "run.csv", f"--source={text}")
    check_told(33, "no_source", error, code)
    assert [path.name for path in tmp_path.iterdir()] == ["run.csv"], "nothing was run, nothing was made"


@pytest.mark.fault(33)
@pytest.mark.parametrize("option", ["--rulebook", "--mode", "--section-m", "--speed-kmh"])
@pytest.mark.parametrize("text", INJECTED[:4], ids=ascii)
def test_other_filters_take_no_code(option: str, text: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text(
        yaml.safe_dump(profile().model_dump(mode="json", exclude_defaults=True)), encoding="utf-8"
    )
    code, error = told(capsys, "inspect", "run.csv", "--source", "p.yaml", f"{option}={text}")
    assert code in (2, 3), error
    assert "Traceback" not in error
    assert {path.name for path in tmp_path.iterdir()} == {"run.csv", "p.yaml"}


@pytest.mark.fault(33)
@pytest.mark.parametrize("text", ["today", "2025-02-30", "2025-1-1'; DROP", "20251301", "9999999-01-01"])
def test_a_date_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, error = told(capsys, "ingest", "--as-of", text)
    assert code == 2
    assert "--as-of" in error


YAML = {
    "python-object": "!!python/object/apply:os.system ['touch pwned']",
    "python-name": "a: !!python/name:os.system",
    "unknown-tag": "a: !vault secret",
    "laughs": "\n".join(["a: &a [x,x,x,x,x,x,x,x,x]", *(f"{c}: &{c} [{','.join(['*' + p] * 9)}]" for p, c in zip(
        "abcdefgh", "bcdefghi", strict=True))]),
    "deep": "[" * 20_000,
    "tabs": "a:\n\t- b",
    "cut": 'a: "b',
    "zero-bytes": "a: \0",
    "two-documents": "a: 1\n---\nb: 2",
    "self-reference": "&a [*a]",
    "a-list": "- 1",
    "a-number": "7",
    "nothing": "",
    "too-long": "a: " + "x" * MAX_PROFILE_BYTES,
    "binary": "a: !!binary 'x'",
    "merge-bomb": "a: &a {x: 1}\nb: {<<: [" + ",".join(["*a"] * 5000) + "]}",
}  # fmt: skip


@pytest.mark.fault(34)
@pytest.mark.parametrize("case", YAML)
def test_a_hostile_profile_is_refused_before_it_means_anything(case: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        parse_profile(YAML[case], "evil.yaml")
    assert str(caught.value).startswith("evil.yaml: ")
    assert len(str(caught.value)) < 5000
    assert not list(tmp_path.iterdir())


@pytest.mark.fault(34)
def test_a_profile_that_is_no_yaml_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("a: [1", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(tmp_path)
    check_told(34, "wrong_profile", str(caught.value), caught.value.exit_code)


@pytest.mark.fault(34)
def test_a_profile_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes("title: Spurweite für alle".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        load_profiles(tmp_path)


@pytest.mark.fault(34)
@pytest.mark.parametrize("pattern", ["(", "[a", "(?P<x>", "*"])
def test_a_regular_expression_that_is_none_is_named(pattern: str) -> None:
    data = profile().model_dump(mode="json", exclude_defaults=True) | {"attributes": {"k": {"filename": pattern}}}
    with pytest.raises(ConfigurationError, match="k"):
        parse_profile(yaml.safe_dump(data), "mine.yaml")


CELLS = {
    ("value", "nan"), ("value", "inf"), ("value", "1,5"), ("value", "1e999"), ("value", ""), ("value", "=1+1"),
    ("severity", "4"), ("severity", "1.5"), ("direction", "up"), ("valid_from", "2025-02-30"),
    ("speed_to_kmh", "-1"), ("speed_from_kmh", "x"), ("unit", ""), ("provenance", " "),
}  # fmt: skip


@pytest.mark.fault(34)
@pytest.mark.parametrize(("column", "text"), sorted(CELLS))
def test_a_wrong_cell_of_a_rule_book_is_named(tmp_path: Path, column: str, text: str) -> None:
    with (BOOKS / sorted(path.name for path in BOOKS.glob("*.csv"))[0]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:1]
    rows[0][column] = text
    with (tmp_path / "own.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(ConfigurationError) as caught:
        load_rulebooks(tmp_path)
    check_told(34, "wrong_rulebook", str(caught.value), caught.value.exit_code)
    assert f"column {column!r}" in str(caught.value) or column.startswith("speed")
    assert "own.csv" in str(caught.value)


@pytest.mark.fault(34)
@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"PK\x03\x04", "ü".encode("latin-1"), b'"a\nb', b"\0"])
def test_a_rule_book_that_is_no_text_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "own.csv").write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"own\.csv"):
        load_rulebooks(tmp_path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("pwned"),)  # type: ignore[return-value]


@pytest.mark.fault(34, 24)
@pytest.mark.parametrize("name", ["record.json", "model.pkl", "text_model/spread.txt", "MLmodel"])
def test_a_pickle_in_the_outbox_is_set_aside_and_never_loaded(tmp_path: Path, name: str, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = TrackingSettings.local(tmp_path / "mlflow")
    file = store.outbox / "000000000000001-evil" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(pickle.dumps(Evil()))
    assert replay(store).waiting == ()
    assert pending(store) == []
    assert not (tmp_path / "pwned").exists()
    assert (store.outbox / ".000000000000001-evil.damaged").is_dir(), "kept, for a person to look at"


CANARY = "canary-4711"


@pytest.mark.fault(35)
@pytest.mark.parametrize(
    "uri",
    [f"postgresql+psycopg2://user:{CANARY}@db.example/mlflow", f"http://user:{CANARY}@mlflow.example:5000",
     f"https://{CANARY}@mlflow.example", f"mysql://user:{CANARY}@db/mlflow?ssl=1"],
)  # fmt: skip
def test_the_doctor_shows_no_password(uri: str, tmp_path: Path) -> None:
    settings = load_settings(mlflow_uri=uri, lake=str(tmp_path), landing=str(tmp_path), reports=str(tmp_path))
    findings = "\n".join(map(str, diagnose(settings)))
    assert CANARY not in findings
    assert "mlflow_uri" in findings


@pytest.mark.fault(35)
def test_a_setting_that_is_wrong_is_told_without_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDEWAY_MLFLOW_URI", f"postgresql://u:{CANARY}@db/x")
    monkeypatch.setenv("GUIDEWAY_SHUFFLE_PARTITIONS", "0")
    with pytest.raises(ConfigurationError, match="shuffle_partitions") as caught:
        load_settings()
    assert CANARY not in str(caught.value)


@pytest.mark.fault(35)
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_the_environment_does_not_reach_a_receipt(kind: str, tmp_path: Path, monkeypatch) -> None:
    from guideway.job import JobSummary, write_receipt

    monkeypatch.setenv("GUIDEWAY_MLFLOW_URI", f"{kind}://u:{CANARY}@db/x")
    path = tmp_path / "receipt.json"
    write_receipt(path, JobSummary("ingest_archive", "r1", "2026-01-05", {}, {}, {}, "done", 1.0))
    assert CANARY not in path.read_text(encoding="utf-8")
    assert set(json.loads(path.read_text(encoding="utf-8"))) == set(JobSummary.__dataclass_fields__)
    assert CANARY in os.environ["GUIDEWAY_MLFLOW_URI"]
