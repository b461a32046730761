"""``guideway sql``, ``backtest`` and ``evaluate``: questions to the lake, and how good the answers are."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from guideway.commands.command import Commands, add_command, add_json
from guideway.errors import ConfigurationError
from guideway.job import today
from guideway.settings import load_settings

_BENCHMARKS = ("cmapss", "bearings", "survival")


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    sql = add_command(
        commands,
        "sql",
        "ask the lake a question in Spark SQL; tables are layer.name, such as gold.limit_forecast",
        _sql,
        'guideway sql "SELECT line_id, count(*) AS n FROM gold.condition GROUP BY line_id"',
    )
    sql.add_argument("query", help="one SELECT statement")
    sql.add_argument("--rows", type=int, default=50, help="rows to print at most (default: 50)")
    when = sql.add_mutually_exclusive_group()
    when.add_argument("--report", metavar="WEEK", help="tables as this week's report read them, such as 2025-W52")
    when.add_argument(
        "--known-at",
        metavar="TIME",
        type=datetime.fromisoformat,
        help="tables as the lake had them at this moment (UTC unless it says otherwise), such as 2025-03-01",
    )

    backtest = add_command(
        commands,
        "backtest",
        "forecast from past days and score what came after, by indicator and horizon",
        _backtest,
        "guideway backtest --lake var/lake --as-of 2025-12-29 --json",
    )
    backtest.add_argument("--as-of", type=date.fromisoformat, help="last day to score (default: today, UTC)")
    backtest.add_argument("--sample", type=int, default=400, help="assets of each mode and type (default: 400)")
    backtest.add_argument("--rulebooks", help="folder of rule books besides the packaged ones")

    evaluate = add_command(
        commands,
        "evaluate",
        "measure the models on a public benchmark",
        _evaluate,
        "guideway evaluate cmapss --data cmapss --subset FD001 --json",
    )
    evaluate.add_argument("benchmark", choices=_BENCHMARKS)
    evaluate.add_argument("--data", type=Path, required=True, help="folder of the benchmark's files")
    evaluate.add_argument("--subset", default="FD001", help="subset of cmapss (default: FD001)")
    for parser in (sql, backtest):
        parser.add_argument("--lake", help="folder or s3a:// address of the lake")
    for parser in (sql, backtest, evaluate):
        add_json(parser)


def _sql(options: argparse.Namespace) -> int:
    from pyspark.errors import AnalysisException, ParseException  # noqa: PLC0415

    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415
    from guideway.lake.travel import versions_known  # noqa: PLC0415

    settings = load_settings(lake=options.lake)
    spark = open_session(settings, "guideway sql")
    lake = Lake(spark, settings.lake)
    lake.register(versions=versions_known(lake, report=options.report, at=options.known_at))
    try:
        rows = spark.sql(options.query).limit(options.rows).toPandas()
    except (AnalysisException, ParseException) as error:
        raise ConfigurationError(f"query: {str(error).splitlines()[0]}") from error
    print(rows.to_json(orient="records", date_format="iso") if options.json else rows.to_string(index=False))
    return 0


def _backtest(options: argparse.Namespace) -> int:
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415
    from guideway.transforms.history import History  # noqa: PLC0415
    from guideway.transforms.scorecard import learn_from_sample, scorecard_rows  # noqa: PLC0415

    settings = load_settings(lake=options.lake, rulebooks=options.rulebooks)
    spark = open_session(settings, "guideway backtest")
    as_of = options.as_of or today()
    history = History(Lake(spark, settings.lake).read, load_rulebooks(*settings.rulebook_folders), as_of)
    learned, _ = learn_from_sample(history.sample(options.sample), as_of, history.work_types)
    rows = scorecard_rows(spark, learned, as_of).drop("as_of").toPandas()
    print(rows.to_json(orient="records") if options.json else rows.round(4).to_string(index=False))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if not options.data.is_dir():
        raise ConfigurationError(f"no folder {options.data}")
    result = _benchmark(options)
    if options.json:
        print(json.dumps(result, default=str))
        return 0
    for name, value in result.items():
        print(f"{name}: {value}")
    return 0


def _benchmark(options: argparse.Namespace) -> dict[str, Any]:
    if options.benchmark == "cmapss":
        from guideway.prognostics.cmapss import evaluate_cmapss  # noqa: PLC0415

        return dict(evaluate_cmapss(options.data, options.subset))
    if options.benchmark == "bearings":
        from guideway.prognostics.bearings import evaluate_bearings  # noqa: PLC0415

        return dict(evaluate_bearings(options.data))
    from guideway.prognostics.locomotives import evaluate_survival  # noqa: PLC0415

    return dict(evaluate_survival(options.data))
