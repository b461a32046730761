from __future__ import annotations

from pathlib import Path

import pytest

from guideway import doctor
from guideway.doctor import Finding, diagnose, pinned_jars
from guideway.errors import ConfigurationError
from guideway.lake.session import open_session
from guideway.settings import Settings, load_settings


def settings_in(folder: Path, **overrides: object) -> Settings:
    places = {name: str(folder / name) for name in ("lake", "landing", "reports", "jars")}
    return load_settings(**(places | overrides))


def finding(settings: Settings, subject: str) -> Finding:
    return next(found for found in diagnose(settings) if found.subject == subject)


def test_a_missing_and_a_corrupt_jar_are_told_apart(tmp_path: Path) -> None:
    first, second = pinned_jars()
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / second).write_bytes(b"half a download")
    settings = settings_in(tmp_path)
    assert "not in" in finding(settings, f"jar {first}").fact
    assert "another checksum" in finding(settings, f"jar {second}").fact
    assert not finding(settings, f"jar {first}").ok


def test_a_jar_with_the_pinned_checksum_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # sha256 of b"abc", from FIPS 180-2, appendix B.1
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    monkeypatch.setattr(doctor, "pinned_jars", lambda _: {"a.jar": known})
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "a.jar").write_bytes(b"abc")
    assert finding(settings_in(tmp_path), "jar a.jar").status == "ok"


@pytest.mark.parametrize(
    ("home", "text"),
    [("/no/such/java", "No such file"), (None, "1.8.0")],
    ids=["missing", "too old"],
)
def test_missing_or_old_java_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None, text: str
) -> None:
    if home is None:
        java = tmp_path / "bin" / "java"
        java.parent.mkdir()
        java.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
        java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", home or str(tmp_path))
    found = finding(settings_in(tmp_path), "java")
    assert found.status == "error"
    assert text in found.fact
    assert "Java 17" in found.remedy


def test_a_file_where_a_folder_should_be_is_an_error_naming_it(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("not a folder")
    found = finding(settings_in(tmp_path), "setting lake")
    assert found.status == "error"
    assert str(tmp_path / "lake") in found.fact


def test_an_object_store_is_not_taken_for_a_local_folder(tmp_path: Path) -> None:
    assert finding(settings_in(tmp_path, lake="s3a://bucket/lake"), "setting lake").status == "ok"
    assert not (tmp_path / "s3a:").exists()


def test_a_password_in_the_tracking_address_is_not_shown(tmp_path: Path) -> None:
    found = finding(settings_in(tmp_path, mlflow_uri="postgresql://ann:s3cret@db/mlflow"), "setting mlflow_uri")
    assert "s3cret" not in found.fact
    assert "db/mlflow" in found.fact


@pytest.mark.parametrize(
    ("installed", "status"), [("2.3.3", "ok"), ("2.2.9", "error"), ("3.0.0", "error"), (None, "error")]
)
def test_versions_outside_what_works_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str | None, status: str
) -> None:
    def version(name: str) -> str:
        if name == "pandas":
            if installed is None:
                raise doctor.metadata.PackageNotFoundError(name)
            return installed
        return "0"

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert finding(settings_in(tmp_path), "pandas").status == status


def test_no_session_is_opened_below_a_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor._PACKAGES, "mlflow", ">=99")
    with pytest.raises(ConfigurationError, match=r"^mlflow .*, >=99 is needed: run `make setup`"):
        open_session(settings_in(tmp_path))


def test_every_finding_that_is_wrong_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0")
    monkeypatch.setenv("JAVA_HOME", "/no/such/java")
    findings = diagnose(settings_in(tmp_path, mlflow_uri="./mlruns", rulebooks="/no/such/folder"))
    wrong = [found for found in findings if found.status != "ok"]
    assert len(wrong) > 10
    assert all(found.remedy for found in wrong)


@pytest.mark.parametrize(("text", "size"), [("3g", 3 * 2**30), ("512m", 2**29), ("1T", 2**40), ("rubbish", 0)])
def test_memory_sizes_are_read_as_spark_reads_them(text: str, size: int) -> None:
    assert doctor._bytes(text) == size
