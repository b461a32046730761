"""``guideway sql``, ``backtest`` and ``evaluate``: questions to the lake, and how good the answers are."""

from __future__ import annotations

import argparse
import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guideway.commands.command import Commands, add_command, add_json
from guideway.errors import ConfigurationError
from guideway.job import today
from guideway.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd

_BENCHMARKS = ("cmapss", "bearings", "survival", "network")


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
        "measure the models on a public benchmark, or on a network: of a lake, or simulated track sections of any size",
        _evaluate,
        "guideway evaluate cmapss --data cmapss --subset FD001 --json\n"
        "  guideway evaluate network --lake var/lake --as-of 2025-12-29 --json\n"
        "  guideway evaluate network --km 150 --weeks 156 --seed 1",
    )
    evaluate.add_argument("benchmark", choices=_BENCHMARKS)
    evaluate.add_argument("--data", type=Path, help="folder of the benchmark's files; not for network")
    evaluate.add_argument("--subset", default="FD001", help="subset of cmapss (default: FD001)")
    evaluate.add_argument("--lake", help="network: the lake whose history is learned from; without it one is simulated")
    evaluate.add_argument(
        "--as-of", type=date.fromisoformat, help="network: last day of the lake (default: today, UTC)"
    )
    evaluate.add_argument("--km", type=float, default=150.0, help="network: kilometres to simulate (default: 150)")
    evaluate.add_argument("--weeks", type=int, default=156, help="network: weeks to simulate (default: 156)")
    evaluate.add_argument("--seed", type=int, default=1, help="network: seed of the simulation (default: 1)")
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
    from guideway.transforms.degradation import arrow_batch  # noqa: PLC0415
    from guideway.transforms.history import History  # noqa: PLC0415
    from guideway.transforms.scorecard import learn_from_sample, scorecard_rows  # noqa: PLC0415

    settings = load_settings(lake=options.lake, rulebooks=options.rulebooks)
    spark = open_session(settings, "guideway backtest")
    as_of = options.as_of or today()
    history = History(Lake(spark, settings.lake).read, load_rulebooks(*settings.rulebook_folders), as_of)
    ((learned, _),) = learn_from_sample(arrow_batch(history.sample(options.sample)), history.work_types, as_of)
    rows = scorecard_rows(spark, learned, as_of).drop("as_of").toPandas()
    print(rows.to_json(orient="records") if options.json else rows.round(4).to_string(index=False))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.benchmark == "network":
        result = _network(options)
    else:
        if options.data is None or not options.data.is_dir():
            raise ConfigurationError(f"--data: no folder {options.data}")
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


def _network(options: argparse.Namespace) -> dict[str, Any]:
    from guideway.prognostics.evaluation import evaluate  # noqa: PLC0415
    from guideway.prognostics.parameters import ModelParameters  # noqa: PLC0415
    from guideway.prognostics.statement import statement  # noqa: PLC0415

    frame = _simulated_rows(options) if options.lake is None else _rows_of_lake(options)
    parameters = ModelParameters()
    return statement(evaluate(frame, parameters, seed=1, others=parameters.alternatives), parameters)


def _simulated_rows(options: argparse.Namespace) -> pd.DataFrame:
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415
    from guideway.simulate.network import NetworkSpec  # noqa: PLC0415
    from guideway.simulate.series import WORK_TYPES, network_series  # noqa: PLC0415
    from guideway.udfs.degradation import epoch_days  # noqa: PLC0415
    from guideway.udfs.features import rows_at_origins  # noqa: PLC0415

    spec = NetworkSpec.sized(options.km, weeks=options.weeks, seed=options.seed)
    series = network_series(spec, load_rulebooks()["en_13848"])
    return _learnable(rows_at_origins(series, WORK_TYPES, epoch_days(spec.last_day)))


def _rows_of_lake(options: argparse.Namespace) -> pd.DataFrame:
    from guideway.contracts.models import ASSET_FEATURE  # noqa: PLC0415
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415
    from guideway.transforms.history import History  # noqa: PLC0415
    from guideway.transforms.training import training_rows  # noqa: PLC0415

    settings, as_of = load_settings(lake=options.lake), options.as_of or today()
    lake = Lake(open_session(settings, "guideway evaluate"), settings.lake)
    rows = training_rows(
        History(lake.read, load_rulebooks(*settings.rulebook_folders), as_of), lake.read(ASSET_FEATURE), as_of
    )
    return _learnable(None if rows is None else rows.frame)


def _learnable(frame: pd.DataFrame | None) -> pd.DataFrame:
    if frame is None or not len(frame):
        raise ConfigurationError("the network has too short a history to learn from")
    return frame
