"""``guideway plan --what-if`` and ``compare-policies``: what a change does, what planning by condition is worth."""

from __future__ import annotations

import argparse
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from guideway.commands.command import Commands, Run, add_command, add_json
from guideway.errors import ConfigurationError
from guideway.job import today
from guideway.settings import Settings, load_settings, local_path

if TYPE_CHECKING:
    from guideway.planning.what_if import Changes
    from guideway.transforms.planning import Fetch, PlanningFrames

_TRUTH = {"level_start_mm": "start", "level_rate_mm_per_year": "rate_per_year"}

_QUESTIONS = ("defer", "weeks", "budget", "limits")
_DEFER_WEEKS = 13
_WHAT_IF_EXAMPLES = (
    "guideway plan --what-if --budget 20000 --lake var/lake --as-of 2025-12-29",
    "guideway plan --what-if --defer 3 --weeks 26 --lake var/lake --as-of 2025-12-29 --json",
    "guideway plan --what-if --limits stricter --lake var/lake --as-of 2025-12-29",
)


def register(commands: Commands) -> None:
    """Declare the commands of this group."""
    policies = add_command(
        commands,
        "compare-policies",
        "replay one degradation history under fixed-interval, corrective and condition-based maintenance",
        _compare,
        "guideway compare-policies --lake var/lake --as-of 2025-12-29 --json",
    )
    policies.add_argument(
        "--truth", type=Path, help="folder of a simulated network's truth: its rates, not fitted ones"
    )
    policies.add_argument("--years", type=float, help="length of the replay (default: setting replay_years)")
    policies.add_argument("--seed", type=int, default=1, help="seed of noise, effects and bootstrap (default: 1)")
    policies.add_argument("--lake", help="folder or s3a:// address of the lake")
    policies.add_argument("--planning", help="folder of planning data besides the packaged")
    policies.add_argument("--as-of", type=date.fromisoformat, help="day the plan is about (default: today, UTC)")
    add_json(policies)


def add_what_if(parser: argparse.ArgumentParser, run: Run) -> None:
    """Let ``guideway plan`` answer what-if questions, too; ``run`` is what it does when none is asked."""
    asked = parser.add_argument_group("what if", "show what a change does to the plan; nothing is written")
    asked.add_argument("--what-if", action="store_true", help="answer a question instead of writing the plan")
    asked.add_argument("--defer", type=int, metavar="WORK_NO", help="put off this job of the plan")
    asked.add_argument("--weeks", type=int, help=f"by how many weeks (default: {_DEFER_WEEKS})")
    asked.add_argument("--budget", type=float, help="budget of the horizon, in the plan's currency")
    asked.add_argument("--limits", type=Path, metavar="FOLDER", help="folder of rule books with other limits")
    parser.epilog = f"{parser.epilog}\n" + "\n".join(f"  {example}" for example in _WHAT_IF_EXAMPLES)
    parser.set_defaults(execute_command=partial(_plan, run))


def _plan(run: Run, options: argparse.Namespace) -> int:
    given = [name for name in _QUESTIONS if getattr(options, name) is not None]
    if not options.what_if:
        if given:
            raise ConfigurationError(f"--{given[0]} asks a question about the plan: give --what-if, too")
        return run(options)
    if set(given) <= {"weeks"}:
        raise ConfigurationError("nothing to change: give --defer, --budget or --limits")
    if options.weeks is not None and options.defer is None:
        raise ConfigurationError("--weeks says by how much --defer puts a job off: give --defer, too")
    if options.limits is not None and options.limits.is_dir() and not any(options.limits.glob("*.csv")):
        raise ConfigurationError(f"--limits {options.limits}: the folder holds no rule book (a CSV file)")
    if options.receipt is not None:
        raise ConfigurationError("--receipt belongs to a plan that is written; --what-if writes nothing")
    return _what_if(options)


def _what_if(options: argparse.Namespace) -> int:
    from guideway.planning.optimiser import plan  # noqa: PLC0415
    from guideway.planning.what_if import changes, deferred, steady, with_budget  # noqa: PLC0415
    from guideway.planning.works import work_rows  # noqa: PLC0415
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415
    from guideway.transforms.planning import gather_planning  # noqa: PLC0415

    settings = load_settings(lake=options.lake, rulebooks=options.rulebooks)
    as_of = options.as_of or today()
    books = load_rulebooks(*settings.rulebook_folders)
    fetch = _fetch(settings)
    frames = gather_planning(fetch, books, as_of, settings.planning, every=options.limits is not None)
    planning = frames.planning()
    result = plan(planning.problem)
    before = (planning, result, work_rows(planning, result, frames.facts.titles, "before", as_of))
    if options.limits is not None:
        planning = _other_limits(fetch, frames, settings.rulebook_folders, options.limits).planning()
    if options.defer is not None:
        planning = deferred(
            planning, before[2], options.defer, _DEFER_WEEKS if options.weeks is None else options.weeks
        )
    if options.budget is not None:
        planning = with_budget(planning, options.budget)
    if options.limits is None:  # other limits make other tasks
        planning = steady(planning, result, frames.catalogue.number("disturbance_cost"))
    other = plan(planning.problem)
    after = (planning, other, work_rows(planning, other, frames.facts.titles, "after", as_of))
    shown = changes(before, after)
    if options.json:
        said = {"figures": _records(shown.figures), "works": _records(shown.works)}
        print(json.dumps({"as_of": as_of.isoformat(), "status": other.status, "gap": round(other.gap, 4), **said}))
    else:
        _print_changes(shown)
    return 0


def _print_changes(shown: Changes) -> None:
    """Figures with their units, works by their windows in UTC; the reasons are sentences and in --json only."""
    figures = shown.figures.assign(unit=shown.figures["unit"].replace("1", ""))
    print(figures.to_string(index=False, float_format="{:,.0f}".format))
    works = shown.works.drop(columns="reason")
    for name in ("window_before", "window_after"):
        opens = pd.to_datetime(works[name], utc=True)
        works[name] = opens.dt.strftime("%Y-%m-%d %H:%M UTC").fillna("-")
    if works.empty:
        print("no work comes, goes or moves")
    else:
        print(works.to_string(index=False, float_format="{:,.0f}".format, na_rep="-"))


def _fetch(settings: Settings) -> Fetch:
    """Rows from the lake's files, in a moment; by Spark where they are not in a folder."""
    from guideway.lake.direct import DirectLake  # noqa: PLC0415

    folder = local_path(settings.lake)
    if folder is not None:
        return DirectLake(folder).fetch
    from guideway.lake.lake import Lake  # noqa: PLC0415
    from guideway.lake.session import open_session  # noqa: PLC0415
    from guideway.transforms.planning import through_spark  # noqa: PLC0415

    return through_spark(Lake(open_session(settings, "guideway planning"), settings.lake).read)


def _other_limits(fetch: Fetch, frames: PlanningFrames, folders: tuple[Path, ...], limits: Path) -> PlanningFrames:
    from dataclasses import replace  # noqa: PLC0415

    from guideway.contracts.gold import DEGRADATION_TREND  # noqa: PLC0415
    from guideway.planning.what_if import TREND, with_limits  # noqa: PLC0415
    from guideway.rulebooks.load import load_rulebooks  # noqa: PLC0415
    from guideway.transforms.planning import limits_by_asset, network_facts  # noqa: PLC0415

    books = load_rulebooks(*folders, limits)
    trends = fetch(DEGRADATION_TREND, *TREND, as_of=frames.as_of)
    facts = network_facts(fetch, books)
    signs = frames.forecasts["indicator"].map(dict(facts.directions)).fillna(1)
    forecasts = with_limits(frames.forecasts.assign(sign=signs), trends, limits_by_asset(fetch, books))
    return replace(frames, forecasts=forecasts.drop(columns="sign"), facts=facts)


def _compare(options: argparse.Namespace) -> int:
    from guideway.planning.catalogue import load_catalogue  # noqa: PLC0415
    from guideway.planning.policies import compare  # noqa: PLC0415
    from guideway.planning.policy_inputs import case_of, policies_of  # noqa: PLC0415
    from guideway.transforms.planning import REPLAYED, replayed_sections  # noqa: PLC0415

    settings = load_settings(lake=options.lake, planning=options.planning)
    catalogue = load_catalogue(settings.planning)
    sections = replayed_sections(_fetch(settings), REPLAYED, options.as_of or today())
    if options.truth is not None:
        sections = _with_truth(sections, options.truth)
    years = catalogue.number("replay_years") if options.years is None else options.years
    result = compare(case_of(sections, catalogue, REPLAYED), policies_of(catalogue), years, options.seed)
    if options.json:
        frames = {name: _records(getattr(result, name)) for name in ("totals", "differences", "groups")}
        facts = {"sections": result.sections, "years": result.years, "seed": result.seed}
        print(json.dumps({**facts, "currency": catalogue.text("currency"), **frames, "does_not_help": result.says}))
        return 0
    print(f"{result.sections} sections, {result.years:g} years, costs in {catalogue.text('currency')}")
    wide = result.totals.pivot_table(index="measure", columns="policy", values="value", sort=False)
    print(wide.round(1).to_string())
    print("where it does not help:", *result.says, sep="\n- ")
    return 0


def _with_truth(sections: pd.DataFrame, folder: Path) -> pd.DataFrame:
    file = folder / "sections.csv"
    if not file.is_file():
        raise ConfigurationError(f"no file {file}: a truth folder comes from guideway simulate")
    truth = pd.read_csv(file)[["asset_id", *_TRUTH]].rename(columns=_TRUTH)
    return sections.drop(columns=["start", "rate_per_year"]).merge(truth, on="asset_id")


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return rows
