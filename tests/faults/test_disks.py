"""Which disk is full: told of every job that meets a full one."""

from __future__ import annotations

from pathlib import Path

import pytest

from guideway.disks import explain_full_disk
from guideway.settings import load_settings
from tests.faults.catalogue import check_told
from tests.faults.conftest import fill_disk


@pytest.mark.fault(6)
def test_the_full_disk_is_named_first(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(small_disk)
    for settings, scratch, use in (
        (load_settings(lake=str(small_disk / "lake")), "/", "lake"),
        (load_settings(), f"/,{small_disk}", "Spark's scratch"),
    ):
        monkeypatch.setenv("SPARK_LOCAL_DIRS", scratch)
        told = explain_full_disk(RuntimeError("task failed: java.io.IOException: No space left on device"), settings)
        assert told
        check_told(6, "which_disk", str(told), told.exit_code)
        assert str(told).startswith(f"No space left on device: {use} in {small_disk} has 0.0 MiB free")
        assert explain_full_disk(RuntimeError("something else"), settings) is None
