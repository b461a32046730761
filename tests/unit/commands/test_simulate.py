"""``guideway simulate``: the archive that was asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guideway.cli import app


@pytest.mark.parametrize("size", [[], ["--km", "6"]])
def test_weeks_and_seed_are_those_asked_for(
    size: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--landing", str(tmp_path / "landing"), "--truth", str(tmp_path / "truth")]
    with pytest.raises(SystemExit) as left:
        app(["simulate", *folders, "--weeks", "5", "--seed", "7", "--json", *size])
    assert not left.value.code
    assert json.loads(capsys.readouterr().out)["files"] > 10
    spec = json.loads((tmp_path / "truth" / "spec.json").read_text())
    assert (spec["weeks"], spec["seed"]) == (5, 7)
