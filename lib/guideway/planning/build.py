"""From forecast frames to the planning problem: tasks of useful length, their windows and what waiting costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.planning.catalogue import Catalogue
from guideway.planning.crossing import crossing_probability, days_beyond
from guideway.planning.needs import NetworkFacts, find_needs, is_severe
from guideway.planning.problem import PlanningProblem
from guideway.planning.windows import DEPOT, window_of, window_starts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_DAY = np.timedelta64(1, "D")
_SCORE_DAYS = 91.0


@dataclass(frozen=True)
class Planning:
    """A problem and what its numbers stand for.

    Attributes:
        problem: the arrays.
        needs: forecast rows behind the tasks, with a column ``task``.
        tasks: one row a task: line_id, track_id, work_type, from_m, to_m, asset_ids; where the asset moves the track is
            empty and the chainages are NaN.
        probability: crossing probability of each need at each window's start and at the horizon, shape (n, W + 1).
        starts: start of the windows of each line, then of each depot with work, UTC, shape (L, W).
        currency: ISO 4217 code of every cost.
        alpha: the chance constraint.
    """

    problem: PlanningProblem
    needs: pd.DataFrame
    tasks: pd.DataFrame
    probability: Floats
    starts: npt.NDArray[np.datetime64]
    currency: str
    alpha: float


def build_planning(
    forecasts: pd.DataFrame, risk: pd.DataFrame, facts: NetworkFacts, catalogue: Catalogue, as_of: date
) -> Planning:
    """The planning problem of a day; without needs it has no tasks.

    Args:
        forecasts: ``gold.limit_forecast`` of ``as_of``.
        risk: ``gold.failure_risk`` of ``as_of``; may be empty.
        facts: the network.
        catalogue: works, machines, windows, costs.
        as_of: last day known; windows lie after it.

    Raises:
        ConfigurationError: the data lacks a row, or has one that makes no sense.
    """
    weeks = int(catalogue.number("horizon_weeks"))
    needs = find_needs(forecasts, risk, facts, catalogue)
    needs, tasks = _tasks(needs, catalogue)
    places, line = _places(tasks, facts.lines)
    rows = [window_of(catalogue, line_id, mode) for line_id, mode, _ in places]
    starts = np.empty((len(rows), weeks), dtype="datetime64[m]")
    for k, (row, (_, _, zone)) in enumerate(zip(rows, places, strict=True)):
        starts[k] = window_starts(row, zone, as_of, weeks)
    minutes = np.repeat(np.array([float(row["minutes"]) for row in rows])[:, None], weeks, axis=1)
    probability, value, deadline, own = _values(needs, tasks, catalogue, line, starts, minutes, as_of)
    problem = _problem(tasks, catalogue, line, minutes, rows, value, deadline, own)
    return Planning(problem, needs, tasks, probability, starts, catalogue.text("currency"), catalogue.number("alpha"))


def _places(tasks: pd.DataFrame, lines: pd.DataFrame) -> tuple[list[tuple[str, str, str]], Ints]:
    """Where windows are: (line_id, mode, time zone) of each line, then of the depots with work; the place of each task.

    What moves is worked on in the depot, beside the possessions of its line: a place of its own, so that neither takes
    the other's minutes or teams.
    """
    ordered = lines.sort_values("line_id")
    places = [(str(r.line_id), str(r.mode), str(r.time_zone)) for r in ordered.itertuples()]
    moving = set(tasks.loc[tasks["from_m"].isna(), "line_id"])
    track_of = {line_id: k for k, (line_id, _, _) in enumerate(places)}
    depots = [(line_id, DEPOT, zone) for line_id, _, zone in places if line_id in moving]
    depot_of = {line_id: len(places) + k for k, (line_id, _, _) in enumerate(depots)}
    own = [
        (depot_of if moves else track_of)[line_id]
        for line_id, moves in zip(tasks["line_id"], tasks["from_m"].isna(), strict=True)
    ]
    return places + depots, np.array(own, dtype=np.int64)


def _tasks(needs: pd.DataFrame, catalogue: Catalogue) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Merge neighbouring assets until each task has its least length; a short one alone is lengthened both ways."""
    works = catalogue.works.set_index("work_type")
    least_of, gap_of = works["min_length_m"].to_dict(), works["merge_gap_m"].to_dict()
    columns = ["line_id", "track_id", "work_type", "asset_id", "from_m", "to_m"]
    task_of: dict[tuple[str, str], int] = {}
    places: list[tuple[str, str, str]] = []
    extents: list[list[float]] = []
    assets: list[list[str]] = []
    near: list[bool] = []
    for line, track, kind, asset, start, end in needs[columns].drop_duplicates().itertuples(index=False, name=None):
        beside = bool(places) and places[-1] == (line, track, kind) and start - extents[-1][1] <= gap_of[kind]
        if beside and extents[-1][1] - extents[-1][0] < least_of[kind]:
            extents[-1][1] = max(extents[-1][1], float(end))
            assets[-1].append(asset)
        else:
            places.append((line, track, kind))
            extents.append([float(start), float(end)])
            assets.append([asset])
            near.append(beside)
        task_of[asset, kind] = len(places) - 1
    frame = pd.DataFrame(places, columns=["line_id", "track_id", "work_type"])
    bounds = np.array(extents, dtype=float).reshape(-1, 2)
    frame["from_m"], frame["to_m"] = bounds[:, 0], bounds[:, 1]
    frame["asset_ids"] = pd.Series([tuple(names) for names in assets], dtype=object)
    frame["near"] = np.array(near, dtype=bool)
    least = frame["work_type"].map(works["min_length_m"]).astype(float)
    missing = (least - (frame["to_m"] - frame["from_m"])).clip(lower=0.0)
    frame["from_m"] = (frame["from_m"] - missing / 2).clip(lower=0.0)
    frame["to_m"] = np.maximum(frame["to_m"] + missing / 2, frame["from_m"] + least)
    keys = zip(needs["asset_id"], needs["work_type"], strict=True)
    return needs.assign(task=np.array([task_of[key] for key in keys], dtype=np.int64)), frame


def _values(
    needs: pd.DataFrame,
    tasks: pd.DataFrame,
    catalogue: Catalogue,
    line: Ints,
    starts: npt.NDArray[np.datetime64],
    minutes: Floats,
    as_of: date,
) -> tuple[Floats, Floats, npt.NDArray[np.int64], tuple[Floats, Floats]]:
    weeks = starts.shape[1]
    works = catalogue.works.set_index("work_type").loc[tasks["work_type"]]
    length, count = (
        (tasks["to_m"] - tasks["from_m"]).fillna(0.0).to_numpy(float),
        tasks["asset_ids"].map(len).to_numpy(float),
    )
    speed = works["metres_per_hour"].to_numpy(float)
    hours = np.divide(length, speed, out=np.zeros_like(length), where=speed > 0)
    needed = works["minutes_per_asset"].to_numpy(float) * count + 60.0 * hours
    cost = works["cost_per_asset"].to_numpy(float) * count + works["cost_per_m"].to_numpy(float) * length

    known = np.datetime64(as_of, "m") + _DAY
    horizon = 7.0 * (weeks + 1)
    day = (starts - known) / _DAY
    task = needs["task"].to_numpy(np.int64)
    probability = np.zeros((len(needs), weeks + 1))
    beyond = np.zeros_like(probability)
    for number in range(len(starts)):
        mine = np.flatnonzero(line[task] == number) if len(task) else task
        days = np.append(day[number], horizon)
        curve = _pooled(needs.iloc[mine], np.append(0.0, days), catalogue.number("model_weight"))
        probability[mine] = curve[:, 1:]
        beyond[mine] = days_beyond(curve, np.append(0.0, days))[:, 1:]
    cut = works["risk_cut"].to_numpy(float)[task]
    lost = beyond + (1.0 - cut)[:, None] * (beyond[:, -1:] - beyond)
    value = np.zeros((len(tasks), weeks + 1))
    np.add.at(value, task, lost * needs["cost_per_day"].to_numpy(float)[:, None])
    early = (horizon - day[line]) / works["interval_days"].to_numpy(float)[:, None]
    value[:, :weeks] += cost[:, None] * (1.0 + np.minimum(early, 1.0))
    fits = needed + works["site_minutes"].to_numpy(float) <= minutes[line, 0] if len(tasks) else np.zeros(0, bool)
    value[~fits, :weeks] = np.inf

    safe = np.ones((len(tasks), weeks), dtype=bool)
    hard = np.zeros(len(tasks), dtype=bool)
    severe = is_severe(needs["severity"]).to_numpy(bool)
    alpha = catalogue.number("alpha")
    np.logical_and.at(safe, task[severe], probability[severe, :weeks] <= alpha)
    np.logical_or.at(hard, task[severe], probability[severe, weeks] > alpha)
    deadline = np.where(hard, np.maximum(safe.sum(axis=1) - 1, 0), weeks).astype(np.int64)
    late = np.append(np.arange(weeks), weeks + 1)[None, :] > deadline[:, None]
    late[:, weeks] &= hard
    value += np.where(late, catalogue.number("safety_penalty"), 0.0)
    return probability, value, deadline, (needed, cost)


def _pooled(needs: pd.DataFrame, days: Floats, weight: float) -> Floats:
    """Crossing probability; for limits that are not of safety drawn to the champion's score at 13 weeks."""
    forecast = crossing_probability(needs, days)
    score = needs["score"].to_numpy(float)
    share = np.where(np.isfinite(score) & ~is_severe(needs["severity"]).to_numpy(bool), weight, 0.0)
    at_score = crossing_probability(needs, np.array([_SCORE_DAYS]))[:, 0]
    shift = (share * (np.nan_to_num(score) - at_score))[:, None] * np.minimum(days / _SCORE_DAYS, 1.0)[None, :]
    known = (needs["days_p90"] <= 0.0).to_numpy(bool)[:, None]
    return np.maximum.accumulate(np.clip(np.where(known, forecast, forecast + shift), 0.0, 1.0), axis=1)


def _problem(
    tasks: pd.DataFrame,
    catalogue: Catalogue,
    line: Ints,
    minutes: Floats,
    rows: list[pd.Series],
    value: Floats,
    deadline: npt.NDArray[np.int64],
    own: tuple[Floats, Floats],
) -> PlanningProblem:
    kinds, machines = list(catalogue.works["work_type"]), list(catalogue.machines["machine"])
    near = tasks["near"].to_numpy(bool)
    index = np.arange(len(tasks), dtype=np.int64)
    return PlanningProblem(
        line=line,
        kind=np.array([kinds.index(name) for name in tasks["work_type"]], dtype=np.int64),
        before=np.where(near, index - 1, -1),
        minutes=own[0],
        cost=own[1],
        value=value,
        deadline=deadline,
        site_minutes=catalogue.works["site_minutes"].to_numpy(float),
        site_cost=catalogue.works["cost_per_site"].to_numpy(float),
        machine=np.array([machines.index(name) for name in catalogue.works["machine"]], dtype=np.int64),
        count=catalogue.machines["count"].to_numpy(float).astype(np.int64),
        crew=catalogue.machines["crew"].to_numpy(float).astype(np.int64),
        mobilisation=catalogue.machines["mobilisation_cost"].to_numpy(float),
        window_minutes=minutes,
        teams=np.array([int(row["teams"]) for row in rows], dtype=np.int64),
        crew_total=int(catalogue.number("crew")),
        budget=catalogue.number("budget"),
        penalty=catalogue.number("safety_penalty"),
    )
