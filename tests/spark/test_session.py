"""The session: plans of many rows are compiled where those of few are interpreted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from guideway.lake.session import compiled_plans
from guideway.settings import INTERPRETED

pytestmark = pytest.mark.spark


@pytest.fixture
def interpreting(spark: SparkSession) -> Iterator[SparkSession]:
    options = dict(option.removeprefix("-D").split("=") for option in INTERPRETED.split())
    for name, value in options.items():
        spark.conf.set(name, value)
    yield spark
    for name in options:
        spark.conf.unset(name)


def test_plans_are_compiled_inside_only(interpreting: SparkSession) -> None:
    assert not is_compiled(interpreting)
    with compiled_plans(interpreting):
        assert is_compiled(interpreting)
    assert not is_compiled(interpreting)


def is_compiled(spark: SparkSession) -> bool:
    """Whether Java was made of a plan: Spark marks such parts of it with a star."""
    plan = spark.range(5).where("id > 1")._jdf.queryExecution().executedPlan().toString()
    return "*(1)" in plan
