"""Profiles: strict, found by path, named in errors; check, draft and pages speak of the same thing."""

from __future__ import annotations

import ast
from pathlib import Path

import jsonschema
import pytest
import yaml

import guideway.archives
from guideway.archives.check import explain
from guideway.archives.decode import decode_file
from guideway.archives.draft import draft_profile
from guideway.archives.pages import documents
from guideway.archives.profile import Profile, find_profile, is_sidecar, load_profiles, parse_profile
from guideway.archives.reasons import REASONS
from guideway.errors import ConfigurationError
from tests.unit.archives.helpers import HEADER, lines, profile, rows, write

ROOT = Path(__file__).resolve().parents[3]
GOOD = profile().model_dump(mode="json", exclude_defaults=True)


def user_folder(tmp_path: Path, **changes) -> Path:
    write(tmp_path, yaml.safe_dump(GOOD | changes), "mine.yaml")
    return tmp_path


def test_users_profiles_join_and_replace_the_packaged_ones(tmp_path):
    assert "test-car" in load_profiles(user_folder(tmp_path))
    replaced = load_profiles(user_folder(tmp_path, source_id="cn-hsr", title="mine"))
    assert replaced["cn-hsr"].title == "mine"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"domain": "weather"}, "domain"),
        ({"channels": [{"name": "gage", "column": "x", "unit": "mm"}]}, "channels.0.name"),
        ({"axis": {"kind": "distance"}}, "axis"),
        ({"time": {"zone": "Mars/Olympus", "started_at": "x"}}, "time.zone"),
        ({"time": {}}, "started_at"),
        ({"locate": {"line": {"constant": "a", "column": "b"}}}, "locate.line"),
        ({"locate": {"line": {"filename": "("}}}, "regular expression"),
        ({"decode": {"format": "text", "delimiter": ",", "decimal": ","}}, "decimal"),
        ({"decode": {"format": "text", "header": False}}, "decode"),
        ({"decode": {"format": "magic"}}, "decode"),
        ({"quality": {"rules": [{"rule": "range", "channels": ["gauge"], "low": 2, "high": 1}]}}, "quality.rules.0"),
        ({"source_id": "../up"}, "source_id"),
    ],
)
def test_an_error_names_the_file_and_the_field(tmp_path, changes, field):
    with pytest.raises(ConfigurationError) as caught:
        load_profiles(user_folder(tmp_path, **changes))
    assert "mine.yaml" in str(caught.value)
    assert field in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["a: [", "- a\n- b", "!!python/object/apply:os.system ['true']", "{a: " * 5000, "x: " + "y" * 300_000, "\x00"],
)
def test_hostile_yaml_is_a_configuration_error(text):
    with pytest.raises(ConfigurationError):
        parse_profile(text, "bad.yaml")


def test_two_profiles_of_one_name_are_refused(tmp_path):
    user_folder(tmp_path)
    write(tmp_path, yaml.safe_dump(GOOD), "other.yaml")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        load_profiles(tmp_path)


def test_the_hash_sees_meaning_and_not_spelling():
    one = profile()
    assert one.hash == profile(axis={"step": 0.25, "kind": "distance", "start": 0.0}).hash
    assert one.hash != profile(axis__step=0.5).hash
    assert one.hash != profile(channels=[dict(GOOD["channels"][0]) | {"scale": 2.0}]).hash
    assert Profile.model_validate(one.model_dump(mode="json")).hash == one.hash


def test_files_are_claimed_by_folder_and_glob():
    profiles = {"a": profile(source_id="a", files=["**/*.csv"], sidecars=["**/notes.txt"]), "b": profile(source_id="b")}
    claimed = {
        "a/run.csv": "a", "a/2024/05/run.csv": "a", "a/notes.txt": "a", "a/run.dat": None, "b/any/thing": "b",
        "c/run.csv": None, "run.csv": None,
    }  # fmt: skip
    for path, source in claimed.items():
        found = find_profile(path, profiles)
        assert (found.source_id if found else None) == source, path
    assert is_sidecar(Path("landing/a/x/notes.txt"), profiles["a"])
    assert not is_sidecar(Path("landing/a/run.csv"), profiles["a"])


def test_every_packaged_profile_fits_the_published_schema():
    validator = jsonschema.Draft202012Validator(Profile.model_json_schema())
    profiles = load_profiles()
    assert len(profiles) >= 14
    for one in profiles.values():
        validator.validate(one.model_dump(mode="json", exclude_defaults=True))


def test_the_pages_in_docs_are_those_of_the_profiles():
    folder = ROOT / "docs" / "sources"
    pages = documents(load_profiles())
    stale = [
        name for name, text in pages.items() if not (folder / name).is_file() or (folder / name).read_text() != text
    ]
    orphans = {p.name for p in folder.iterdir()} - set(pages)
    assert not stale, f"run: guideway docs, or write_pages(load_profiles(), 'docs/sources'): {stale}"
    assert not orphans


def test_a_page_shows_the_profile_itself():
    page = documents({"cn-hsr": load_profiles()["cn-hsr"]})["cn-hsr.md"]
    shown = page.split("```yaml\n")[1].split("```")[0]
    assert parse_profile(shown, "page").hash == load_profiles()["cn-hsr"].hash


def test_every_reason_the_decoders_give_is_documented():
    used = set()
    for source in Path(guideway.archives.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DecodeError":
                used |= {n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)}
    assert {reason for reason in used if isinstance(reason, str)} <= set(REASONS)


def test_check_says_what_was_understood(tmp_path):
    body = rows()
    body[3] = body[3].replace(";1435", ";?")
    path = write(tmp_path, lines(HEADER + ";Remark", *(row + ";x" for row in body)))
    text = str(explain(profile(), path))
    for part in (
        "40 rows, 1 of them rejected",
        "line L1, track 1",
        "1000.00 m to 1009.75 m",
        "rising",
        "gauge",
        "Remark",
    ):
        assert part in text
    assert "!" not in text


def test_check_names_the_nearest_column_where_one_is_missing(tmp_path):
    path = write(tmp_path, lines(HEADER.replace("Gauge", "Gauge2"), *rows()))
    text = str(explain(profile(), path))
    assert "! missing_column" in text
    assert "nearest is 'Gauge2 [mm]'" in text


def test_check_never_raises(tmp_path):
    for data in (b"", b"\xff\xfe", b"PK\x03\x04", b"{" * 1000, b"\x00" * 100, b'"' * 7):
        for name in ("a.csv", "a.zip", "a.gz", "a.tar.xz"):
            assert not explain(profile(), write(tmp_path, data, name)).understood


@pytest.mark.parametrize(
    "text",
    [
        lines(HEADER, *rows()),
        lines(HEADER.replace(";", "\t"), *(row.replace(";", "\t") for row in rows())),
        lines("Line;4000", "Date;today", HEADER, *rows()),
        lines(HEADER.replace("Gauge", "Spurweite"), *rows()),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_draft_reads_the_file_it_was_drafted_from(tmp_path, text, encoding):
    path = write(tmp_path, text.encode(encoding), "20240501_run.csv")
    drafted = parse_profile(draft_profile(path), "draft")
    explanation = explain(drafted, path)
    assert explanation.understood
    text = str(explanation)
    assert "every 0.25 m" in text
    assert "longitudinal_level_left" in text
    assert "gauge" in text


def test_a_draft_knows_a_phone_and_times_since_1970(shared_data):
    (ride,) = (shared_data / "fr-paris-metro-acceleration").glob("L13*")
    path = ride / "Accelerometer.csv.gz"
    drafted = parse_profile(draft_profile(path), "draft")
    (recording,) = decode_file(path, drafted).recordings
    assert recording.started_at.isoformat() == "2024-01-24T18:23:07.153001+00:00"  # as the packaged profile says
    assert {c.name for c in recording.channels} == {
        f"car_body_acceleration_{way}" for way in ("longitudinal", "lateral", "vertical")
    }
    assert recording.n_samples * recording.step == pytest.approx(155.45, abs=0.05)


def test_drafts_of_real_runs_read_them(shared_data):
    for name in ("cn-hsr-track-geometry/run_20170110.txt", "fi-track-inspection/samples/tgCsv.csv"):
        path = shared_data / name
        explanation = explain(parse_profile(draft_profile(path), "draft"), path)
        assert explanation.understood
        assert "longitudinal_level" in str(explanation)
