"""Scheduled, corrective and condition-based maintenance on the same history: totals, differences and where it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.planning.catalogue import ANY, Catalogue
from guideway.planning.replay import MEASURES, Policy, SectionHistory, WorkData, replay

Floats = npt.NDArray[np.float64]
_LEVELS = (10.0, 90.0)
TOTAL_COST = "total_cost"


@dataclass(frozen=True)
class PolicyComparison:
    """Totals of each policy with 80 % bootstrap intervals over sections.

    Attributes:
        sections: sections replayed.
        years: length of the replay.
        seed: of noise, effects and bootstrap.
        totals: policy, measure, value, low, high.
        differences: the condition-based policy minus each other one: against, measure, value, low, high.
        groups: the same of the total cost within each group: group, sections, against, value, low, high, helps.
        says: where it does not help, in sentences.
    """

    sections: int
    years: float
    seed: int
    totals: pd.DataFrame
    differences: pd.DataFrame
    groups: pd.DataFrame
    says: tuple[str, ...]


def policies_of(catalogue: Catalogue) -> tuple[Policy, ...]:
    """The policies in the data."""
    columns = ["policy", "kind", "title", "interval_days", "inspection_days", "lead_days", "join_days"]
    return tuple(Policy(*row) for row in catalogue.policies[columns].itertuples(index=False, name=None))


def work_data(catalogue: Catalogue, mode: str, indicator: str = "longitudinal_level_sd") -> WorkData:
    """Effect and cost of tamping, and of a restriction, from the same data the plan uses."""
    work = catalogue.works.set_index("work_type").loc["tamping"]
    machine = catalogue.machines.set_index("machine").loc[str(work["machine"])]
    remedies = catalogue.remedies
    effect = float(
        remedies.loc[(remedies["indicator"] == indicator) & (remedies["work_type"] == "tamping"), "effect_share"].max()
    )
    costs = catalogue.consequences[catalogue.consequences["indicator"] == ANY]
    costs = costs[costs["mode"].isin([mode, ANY])].sort_values("mode")  # a mode's own row comes last
    mild, cost = costs[costs["severity"] == 1].iloc[-1], costs[costs["severity"] == 2].iloc[-1]
    return WorkData(
        effect=effect,
        spread=effect / 3.0,
        memory=catalogue.number("memory"),
        site_cost=float(work["cost_per_site"]) + float(machine["mobilisation_cost"]),
        site_minutes=float(work["site_minutes"]),
        cost_per_m=float(work["cost_per_m"]),
        minutes_per_m=60.0 / float(work["metres_per_hour"]),
        cost_per_day=float(cost["cost_per_day"])
        + catalogue.number("delay_minute_cost") * float(cost["delay_minutes_per_day"]),
        delay_per_day=float(cost["delay_minutes_per_day"]),
        cost_beyond=float(mild["cost_per_day"]),
        alpha=catalogue.number("replay_alpha"),
    )


def compare(
    history: SectionHistory, policies: tuple[Policy, ...], work: WorkData, years: float, seed: int, resamples: int = 500
) -> PolicyComparison:
    """Replay every policy and say what differs; an empty history gives empty frames and says so."""
    outcomes = {policy.name: _with_total(replay(history, policy, work, years, seed)) for policy in policies}
    n = len(history.start)
    own = next((policy.name for policy in policies if policy.kind == "forecast"), None)
    if n == 0 or own is None:
        return PolicyComparison(
            n, years, seed, _frame([], "policy"), _frame([], "against"), _groups([]), ("nothing to replay",)
        )
    picks = np.random.default_rng((seed, 3)).integers(0, n, (resamples, n))
    names = (*MEASURES, TOTAL_COST)
    totals = [(p, m, *_interval(outcomes[p][m], picks, m)) for p in outcomes for m in names]
    others = [policy.name for policy in policies if policy.name != own]
    differences = [(o, m, *_interval(outcomes[own][m] - outcomes[o][m], picks, m)) for o in others for m in names]
    groups = _groups([row for other in others for row in _by_group(history, outcomes, own, other, seed, resamples)])
    return PolicyComparison(
        n,
        years,
        seed,
        _frame(totals, "policy"),
        _frame(differences, "against"),
        groups,
        _sentences(groups, differences),
    )


def _with_total(outcome: dict[str, Floats]) -> dict[str, Floats]:
    return outcome | {TOTAL_COST: outcome["works_cost"] + outcome["exceedance_cost"] + outcome["restriction_cost"]}


def _interval(values: Floats, picks: npt.NDArray[np.int64], measure: str) -> tuple[float, float, float]:
    drawn = values[picks]
    sums = drawn.mean(axis=1) if measure == "mean_level" else drawn.sum(axis=1)
    low, high = np.percentile(sums, _LEVELS)
    value = values.mean() if measure == "mean_level" else values.sum()
    return float(value), float(low), float(high)


def _by_group(
    history: SectionHistory, outcomes: dict[str, dict[str, Floats]], own: str, other: str, seed: int, resamples: int
) -> list[tuple[str, int, str, float, float, float, bool]]:
    rows = []
    labels = np.asarray(history.group)
    for number, group in enumerate(sorted(set(history.group))):
        mine = np.flatnonzero(labels == group)
        picks = np.random.default_rng((seed, 4, number)).integers(0, len(mine), (resamples, len(mine)))
        gain = outcomes[own][TOTAL_COST][mine] - outcomes[other][TOTAL_COST][mine]
        value, low, high = _interval(gain, picks, TOTAL_COST)
        rows.append((group, len(mine), other, value, low, high, high < 0.0))
    return rows


def _sentences(groups: pd.DataFrame, differences: list[tuple[str, str, float, float, float]]) -> tuple[str, ...]:
    says = [
        f"{row.group} ({row.sections} sections): no lower cost than {row.against} "
        f"(difference {row.value:,.0f}, 80 % interval {row.low:,.0f} to {row.high:,.0f})"
        for row in groups[~groups["helps"].astype(bool)].itertuples(index=False)
    ]
    says += [
        f"network: {measure} is not lower than under {against} ({value:,.1f}, 80 % interval {low:,.1f} to {high:,.1f})"
        for against, measure, value, low, high in differences
        if high >= 0.0
    ]
    return tuple(says + _break_even(differences)) or ("it helps in every group and measure",)


def _break_even(differences: list[tuple[str, str, float, float, float]]) -> list[str]:
    """What a day beyond the limit must be worth, where only fewer such days pay for dearer works."""
    value = {(against, measure): total for against, measure, total, _, _ in differences}
    says = []
    for against in dict.fromkeys(row[0] for row in differences):
        dearer = value[against, "works_cost"] + value[against, "restriction_cost"]
        fewer = -value[against, "exceedance_days"]
        if dearer > 0 and fewer > 0:
            says.append(
                f"network: cheaper than {against} only if a day beyond the limit costs more than {dearer / fewer:,.2f}"
            )
    return says


def _frame(rows: list[tuple[str, str, float, float, float]], first: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[first, "measure", "value", "low", "high"])


def _groups(rows: list[tuple[str, int, str, float, float, float, bool]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["group", "sections", "against", "value", "low", "high", "helps"])


def history_of(sections: pd.DataFrame, restriction_share: float) -> SectionHistory:
    """The history of sections with a limit, from frames.

    Args:
        sections: line_id, track_id, from_m, to_m, start, rate_per_year, sigma, limit, and restriction (may be missing).
        restriction_share: level of a restriction as a multiple of the limit, where ``restriction`` is missing.
    """
    rows = sections.dropna(subset=["start", "rate_per_year", "limit"]).sort_values(["line_id", "track_id", "from_m"])
    rate = rows["rate_per_year"].clip(lower=0.0)
    ranks = rate.groupby(rows["line_id"]).rank(pct=True)
    words = np.where(ranks <= 1 / 3, "slow", np.where(ranks <= 2 / 3, "medium", "fast"))
    tracks = rows["line_id"].astype(str) + "|" + rows["track_id"].astype(str)
    return SectionHistory(
        start=rows["start"].to_numpy(float),
        rate_per_year=rate.to_numpy(float),
        sigma=rows["sigma"].fillna(rows["sigma"].median()).fillna(0.1).to_numpy(float),
        limit=rows["limit"].to_numpy(float),
        restriction=rows["restriction"].fillna(restriction_share * rows["limit"]).to_numpy(float),
        track=np.unique(tracks, return_inverse=True)[1].astype(np.int64),
        length_m=(rows["to_m"] - rows["from_m"]).to_numpy(float),
        group=tuple(f"{line}, {word} growth" for line, word in zip(rows["line_id"], words, strict=True)),
    )
