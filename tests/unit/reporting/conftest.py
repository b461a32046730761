"""Content of a small network, built once."""

from __future__ import annotations

import pytest

from guideway.reporting.content import ReportContent
from tests.unit.reporting.sample import sample_content


@pytest.fixture(scope="session")
def small() -> ReportContent:
    """Four short lines, about 40 assets."""
    return sample_content(length_factor=0.2)
