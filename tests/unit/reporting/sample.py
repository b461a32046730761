"""A seeded network of four lines, as the lake would hold it: content to test and look at the report with."""

# ruff: noqa: E501, SIM905, RUF028, RUF059, PLW2901 (rows read best as rows)
from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.stats import norm

from guideway.planning.catalogue import load_catalogue
from guideway.planning.policies import compare, comparison_rows
from guideway.planning.policy_inputs import case_of, policies_of
from guideway.reporting.content import QUALITY_CLASS_COLUMNS, ModelCard, ReportContent, contract_columns
from guideway.reporting.strips import build_strip_maps, build_trends, days_of

AS_OF = date(2026, 11, 22)
SERIES_DAYS = 28

# line_id: name, mode, rule book, zone, to_m, track form
LINES = {
    "CL1": ("Valley Line", "conventional", "en13848", 12_000.0, "ballasted"),
    "HS2": ("Northern High-Speed", "high_speed", "en13848", 12_000.0, "slab"),
    "M3": ("Harbour Metro", "metro", "metro", 9_000.0, "floating_slab"),
    "MG4": ("Airport Maglev", "maglev", "maglev", 7_500.0, "guideway_beam"),
}
# indicator: unit, start, spread of start, rate a year, noise, limits by mode
INDICATORS = {
    "longitudinal_level_sd": (
        "mm",
        0.95,
        0.15,
        0.24,
        0.06,
        {"conventional": (1.9, 2.4, 2.9), "high_speed": (1.1, 1.5, 1.9)},
    ),
    "alignment_sd": ("mm", 0.65, 0.08, 0.09, 0.04, {"conventional": (1.2, 1.5, 1.9), "high_speed": (0.9, 1.1, 1.4)}),
    "vibration_level_max": ("dB", 60.5, 1.3, 1.0, 0.7, {"metro": (67.0, 70.0, 75.0)}),
    "noise_laeq": ("dB", 33.5, 0.9, 0.6, 0.5, {"metro": (38.0, 41.0, 45.0)}),
    "levitation_gap_sd": ("mm", 0.55, 0.05, 0.07, 0.03, {"maglev": (0.9, 1.1, 1.4)}),
    "girder_frequency": ("Hz", 6.62, 0.05, -0.03, 0.015, {"maglev": (6.35, 6.2, 6.0)}),
}
BY_MODE = {
    "conventional": ("longitudinal_level_sd", "alignment_sd"),
    "high_speed": ("longitudinal_level_sd", "alignment_sd"),
    "metro": ("vibration_level_max", "noise_laeq"),
    "maglev": ("levitation_gap_sd", "girder_frequency"),
}
LEVELS = ("AL", "IL", "IAL")
STRUCTURES = ("earthwork", "embankment", "bridge", "tunnel", "cutting", "viaduct")
TITLES = {
    "longitudinal_level_sd": "Longitudinal level, standard deviation",
    "alignment_sd": "Alignment, standard deviation",
    "vibration_level_max": "Vibration level, highest third-octave",
    "noise_laeq": "Secondary noise, LAeq",
    "levitation_gap_sd": "Levitation gap, standard deviation",
    "girder_frequency": "Girder, first natural frequency",
}
EMPTY = ReportContent(network_name="Empty network", as_of=AS_OF, run_id="run-0", code_version="0.1.0")


def _classes() -> pd.DataFrame:
    rows = [
        ("CL1", "longitudinal_level_class", 6.8, 2.6, 1.4, 0.8, 0.4),
        ("CL1", "alignment_class", 8.2, 2.6, 0.8, 0.4, 0.0),
    ]
    return pd.DataFrame(rows, columns=list(QUALITY_CLASS_COLUMNS))


def sample_content(seed: int = 7, *, length_factor: float = 1.0, language: str = "en") -> ReportContent:
    """About 200 assets on four lines, two years of measurements every four weeks; ``length_factor`` scales it."""
    rng = np.random.default_rng(seed)
    lines, assets = _network(rng, length_factor)
    condition, works = _history(rng, lines, assets)
    trend = _trends(condition, works, AS_OF)
    week_ago = AS_OF - timedelta(days=7)
    before = _trends(condition[condition["measured_at"] < pd.Timestamp(week_ago, tz="UTC")], works, week_ago)
    forecast = _forecast(trend, lines)
    plan = _plan(forecast, assets)
    worst = forecast.sort_values("days_p50").drop_duplicates(["asset_id", "indicator"]).head(60)
    intervention = _interventions(works)
    return ReportContent(
        network_name="Harbour Network",
        as_of=AS_OF,
        run_id="weekly__2026-11-23T04:00",
        code_version="0.1.0",
        language=language,  # type: ignore[arg-type]
        lines=lines,
        assets=assets,
        limits=_limits(),
        network_week=_network_week(rng, forecast, lines, assets),
        limit_forecast=forecast,
        last_limit_forecast=_forecast(before, lines),
        degradation_trend=trend,
        last_degradation_trend=before,
        exceedance=_exceedances(rng, assets),
        quality_class=_classes(),
        intervention=intervention,
        work_plan=plan,
        maintenance_plan=_whole_plan(plan),
        deferral=_deferrals(plan),
        policy_comparison=_policies(),
        failure_risk=pd.concat([_risk(forecast), _failures(assets)], ignore_index=True),
        departure=_departures(trend),
        forecast_scorecard=_scorecard(rng),
        source_file=_rejected(),
        misaligned=_misaligned(),
        unmeasured=_unmeasured(),
        table_versions={
            "bronze.source_file": 41,
            "gold.condition": 118,
            "gold.limit_forecast": 37,
            "gold.work_plan": 22,
        },
        model=ModelCard(
            "guideway-condition-13w",
            "6",
            "champion",
            {"error": 0.061, "persistence_error": 0.094, "trend_error": 0.071, "precision_at_budget": 0.93},
            date(2026, 8, 23),
            "7, refused: does not beat the plain trend on later origins (error +1.2 %, interval -0.4 to +2.9 %, 412 assets)",
        ),
        strip_maps=build_strip_maps(condition, assets, forecast),
        trends=build_trends(
            condition, trend, forecast, intervention, zip(worst["asset_id"], worst["indicator"], strict=True)
        ),
        indicator_titles=TITLES,
    )


def _network(rng: np.random.Generator, factor: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    zone = "Europe/Helsinki"
    lines = pd.DataFrame(
        [(i, n, m, b, zone, 0.0, to * factor) for i, (n, m, b, to, _) in LINES.items()],
        columns=list(contract_columns("reference.line")),
    )
    rows = []
    speeds = {"conventional": 140.0, "high_speed": 300.0, "metro": 80.0, "maglev": 120.0}
    kinds = {"metro": "receiver", "maglev": "girder"}
    for line in lines.itertuples():
        step = 150.0 if line.mode == "maglev" else 200.0
        for k, start in enumerate(np.arange(0.0, line.to_m, step)):
            kind = kinds.get(line.mode, "track_section")
            structure = (
                "viaduct" if line.mode == "maglev" else str(rng.choice(STRUCTURES, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1]))
            )
            label = {"receiver": f"Harbour Road {2 * k + 1}", "girder": f"Girder G{k:03d}"}.get(
                kind, f"{line.line_id} section {k:03d}"
            )
            rows.append(
                (
                    f"{line.line_id}-T1-{k:05d}", kind, label, line.line_id, "T1", start, start + step, speeds[line.mode],
                    structure, LINES[line.line_id][4], "zone 1" if kind == "receiver" else None,
                )
            )  # fmt: skip
    names = "asset_id asset_type name line_id track_id from_m to_m speed_kmh structure track_form receiver_zone".split()
    return lines, pd.DataFrame(rows, columns=names)


def _history(rng: np.random.Generator, lines: pd.DataFrame, assets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    modes = dict(zip(lines["line_id"], lines["mode"], strict=True))
    days = np.arange(-728 + 6, 1, SERIES_DAYS)
    stamps = pd.Timestamp(AS_OF, tz="UTC") + pd.to_timedelta(days, unit="D") + pd.Timedelta(hours=1)
    values, works = [], []
    worked_at = {a: int(rng.choice(days[6:-6])) for a in assets["asset_id"] if rng.random() < 0.3}
    bed = {line: _smooth(rng, int((assets["line_id"] == line).sum())) for line in assets["line_id"].unique()}
    place = assets.groupby("line_id").cumcount().to_numpy()
    for asset, line, k in zip(assets["asset_id"], assets["line_id"], place, strict=True):
        for indicator in BY_MODE[modes[line]]:
            unit, start, spread, rate, noise, limits = INDICATORS[indicator]
            scale = 0.55 if modes[line] == "high_speed" else 1.0
            slope = rate * scale * np.exp(0.35 * rng.standard_normal() + 0.45 * bed[line][k])
            level = start * (0.75 if scale < 1 else 1.0) + spread * (rng.standard_normal() + bed[line][k])
            series = level + slope * (days - days[0]) / 365.25 + noise * scale * rng.standard_normal(len(days))
            if asset in worked_at and indicator == BY_MODE[modes[line]][0]:
                after = days > worked_at[asset]
                series[after] -= 0.75 * slope * (worked_at[asset] - days[0]) / 365.25
            values.append((asset, indicator, line, unit, series))
        if asset in worked_at:
            kind = {
                "conventional": "tamping",
                "high_speed": "tamping",
                "metro": "grinding",
                "maglev": "girder_adjustment",
            }
            recorded = rng.random() < 0.8
            works.append((asset, worked_at[asset], kind[modes[line]] if recorded else "unknown", recorded))
    frames = []
    for asset, indicator, line, unit, series in values:
        seen = rng.random(len(days)) > 0.04
        frames.append(
            pd.DataFrame(
                {
                    "asset_id": asset,
                    "indicator": indicator,
                    "recording_id": [f"r{d}" for d in days[seen]],
                    "line_id": line,
                    "measured_at": stamps[seen],
                    "value": series[seen],
                    "unit": unit,
                    "n_samples": 800,
                    "coverage": 1.0,
                    "quality": np.where(rng.random(int(seen.sum())) < 0.02, "suspect", "good"),
                }
            )  # fmt: skip
        )
    return pd.concat(frames, ignore_index=True), pd.DataFrame(
        works, columns=["asset_id", "day", "work_type", "recorded"]
    )


def _smooth(rng: np.random.Generator, n: int) -> np.ndarray:
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2.2) ** 2)
    field = np.convolve(rng.standard_normal(n + 12), kernel / np.sqrt((kernel**2).sum()), mode="valid")
    return field[:n]


def _trends(condition: pd.DataFrame, works: pd.DataFrame, as_of: date) -> pd.DataFrame:
    since = dict(zip(works["asset_id"], works["day"], strict=True))
    zero = np.datetime64(as_of, "D")
    rows = []
    for (asset, indicator), group in condition.groupby(["asset_id", "indicator"], sort=False):
        day = (days_of(group["measured_at"]) - zero).astype(float)
        first = indicator in {"longitudinal_level_sd", "vibration_level_max", "levitation_gap_sd"}
        use = day > (since.get(asset, -9e9) if first else -9e9)
        t, y = day[use] / 365.25, group["value"].to_numpy()[use]
        rate, level = np.polyfit(t, y, 1)
        residual = y - level - rate * t
        sigma = float(np.sqrt((residual**2).sum() / max(len(t) - 2, 1)))
        se = sigma / np.sqrt(((t - t.mean()) ** 2).sum())
        begin = group["measured_at"][use].min()
        rows.append(
            (
                asset, indicator, as_of, group["line_id"].iloc[0], "linear", rate, rate - 1.2816 * se,
                rate + 1.2816 * se, level, sigma, group["unit"].iloc[0], len(t), begin, "ok",
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("gold.degradation_trend")))


def _forecast(trend: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    modes = dict(zip(lines["line_id"], lines["mode"], strict=True))
    rows = []
    for t in trend.itertuples():
        limits = INDICATORS[t.indicator][5].get(modes[t.line_id])
        sign = -1.0 if t.indicator == "girder_frequency" else 1.0
        spread = (t.rate_high - t.rate_low) / 2.563
        for level, limit in zip(LEVELS, limits, strict=True):
            gap = sign * (limit - t.level_now)
            quantiles = []
            for q in (0.9, 0.5, 0.1):
                rate = sign * t.rate_per_year + norm.ppf(q) * np.hypot(spread, 0.25 * abs(t.rate_per_year))
                days = 0.0 if gap <= 0 else (gap / rate * 365.25 if rate > 0 else np.nan)
                quantiles.append(days if days <= 3653 else np.nan)

            def chance(weeks: int, gap: float = gap, t=t, sign: float = sign, spread: float = spread) -> float:
                h = weeks * 7 / 365.25
                width = np.hypot(t.sigma / np.sqrt(t.n_points), np.hypot(spread, 0.25 * abs(t.rate_per_year)) * h)
                return float(norm.sf((gap - sign * t.rate_per_year * h) / max(width, 1e-9)))

            row = [t.asset_id, t.indicator, level, t.as_of, t.line_id, limit, t.unit, t.level_now, *quantiles]
            probabilities = np.maximum.accumulate([chance(w) for w in (4, 13, 26, 52)])
            rows.append((*row, *probabilities, "unverified default"))
    return pd.DataFrame(rows, columns=list(contract_columns("gold.limit_forecast")))


def _limits() -> pd.DataFrame:
    rows = []
    for indicator, (unit, *_, by_mode) in INDICATORS.items():
        direction = "below" if indicator == "girder_frequency" else "above"
        for mode, values in by_mode.items():
            book = {"metro": "metro", "maglev": "maglev"}.get(mode, "en13848")
            standard, edition = {
                "metro": ("JGJ/T 170", "2009"), "maglev": ("CJJ/T 262", "2017"), "en13848": ("EN 13848-5", "2017"),
            }[book]  # fmt: skip
            for k, (level, value) in enumerate(zip(LEVELS, values, strict=True)):
                source = "handbook, table 4" if indicator == "longitudinal_level_sd" else "unverified default"
                rows.append(
                    (book, indicator, mode, 0.0, 500.0, level, k + 1, value, unit, direction, standard, edition,
                     "table 4", source, date(2025, 1, 1))
                )  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("reference.limit")))


def _network_week(rng, forecast: pd.DataFrame, lines: pd.DataFrame, assets: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for line in lines.itertuples():
        here = forecast[forecast["line_id"] == line.line_id]
        count = {w: here.loc[here[f"probability_{w}w"] >= 0.5, "asset_id"].nunique() for w in (4, 13, 52)}
        rows.append(
            (AS_OF, line.line_id, line.mode, (line.to_m - line.from_m) / 1000, int(rng.integers(4, 30)),
             int(rng.integers(0, 3)), int((assets["line_id"] == line.line_id).sum()), int(rng.integers(0, 6)),
             count[4], count[13], count[52], int(rng.integers(-2, 4)))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("gold.network_week")))


def _plan(forecast: pd.DataFrame, assets: pd.DataFrame) -> pd.DataFrame:
    due = forecast[(forecast["level"] == "AL") & (forecast["probability_13w"] >= 0.5)].merge(
        assets[["asset_id", "track_id", "from_m", "to_m"]], on="asset_id"
    )
    kinds = {
        "longitudinal_level_sd": ("tamping", 21_000, -0.6), "alignment_sd": ("tamping", 18_000, -0.3),
        "vibration_level_max": ("grinding", 14_500, -3.0), "noise_laeq": ("damper_fitting", 32_000, -2.5),
        "levitation_gap_sd": ("girder_adjustment", 27_000, -0.25), "girder_frequency": ("inspection", 3_200, None),
    }  # fmt: skip
    rows: list[tuple] = []
    for (line, indicator), group in due.groupby(["line_id", "indicator"], sort=False):
        group = group.sort_values("from_m")
        cluster = (group["from_m"].diff() > 900).cumsum()
        kind, cost, effect = kinds[indicator]
        for _, part in group.groupby(cluster):
            soonest = float(part["days_p50"].min())
            start = pd.Timestamp(AS_OF, tz="UTC") + pd.Timedelta(days=max(5, int(soonest * 0.6) // 7 * 7 + 5), hours=22)
            first = part.loc[part["days_p50"].idxmin()]
            reason = _reason(first, len(part))
            rows.append((line, "T1", part["from_m"].min(), part["to_m"].max(), list(part["asset_id"]), kind, start,
                         start + pd.Timedelta(hours=5.5), float(cost + 2_400 * len(part)), "EUR", effect, indicator,
                         float(part["probability_13w"].max()), reason))  # fmt: skip
    rows.sort(key=lambda r: r[6])
    plan = [("harbour-2026-W47", k + 1, AS_OF, *row) for k, row in enumerate(rows)]
    return pd.DataFrame(plan, columns=list(contract_columns("gold.work_plan")))


def _reason(first: pd.Series, stretches: int) -> str:
    """A reason as the planner words it."""
    limit = f"AL limit of {first['limit']:.3g} {first['unit']}"
    low, high = (f"{end:.0f}" if np.isfinite(end) else "3650+" for end in (first["days_p10"], first["days_p90"]))
    crossing = f"crosses the {limit} in {first['days_p50']:.0f} days (80 % interval {low} to {high})."
    if first["days_p50"] <= 0:
        crossing = f"is beyond the {limit} now ({first['level_now']:.3g})."
    says = [
        f"{TITLES[first['indicator']]} {crossing}",
        "Expected to save 9,100 EUR against waiting, the work paid for.",
    ]
    if stretches > 1:
        says.append(f"{stretches} stretches share one site.")
    return " ".join(says)


def _deferrals(plan: pd.DataFrame) -> pd.DataFrame:
    """Four works of the plan as if they were left for later."""
    n = min(4, len(plan))
    rows = plan.head(n).assign(
        deferral_no=np.arange(1, n + 1), risk_52w=np.linspace(0.6, 0.2, n), expected_loss=np.linspace(9000.0, 90.0, n),
        reason="Alignment, standard deviation may cross the AL limit of 1.2 mm: 61% within 52 weeks. Deferred: machine, "
        "possession or budget are better used elsewhere; waiting is expected to cost 9,000 EUR.",
    )  # fmt: skip
    return rows[list(contract_columns("gold.deferral"))]


def _whole_plan(plan: pd.DataFrame) -> pd.DataFrame:
    cost = float(plan["cost"].sum())
    row = ("harbour-2026-W47", AS_OF, "feasible", 52, len(plan), min(4, len(plan)), 0, 0.05, cost, 400_000.0, "EUR",
           cost + 21_000.0, cost + 13_500.0, 7_500.0 / (cost + 21_000.0))  # fmt: skip
    return pd.DataFrame([row], columns=list(contract_columns("gold.maintenance_plan")))


def _policies() -> pd.DataFrame:
    """A small history replayed by the real comparison."""
    n = 24
    sections = pd.DataFrame({"from_m": 200.0 * np.arange(n), "to_m": 200.0 * np.arange(n) + 200.0})
    sections = sections.assign(line_id="CL1", track_id="T1", mode="conventional", start=np.linspace(0.9, 1.7, n))
    sections = sections.assign(rate_per_year=np.linspace(0.02, 0.7, n), sigma=0.05, limit=1.9, restriction=2.4)
    data = load_catalogue()
    result = compare(case_of(sections, data, "longitudinal_level_sd"), policies_of(data), 3.0, seed=1, resamples=40)
    return comparison_rows(result, AS_OF, "EUR", "mm")


def _interventions(works: pd.DataFrame) -> pd.DataFrame:
    at = pd.Timestamp(AS_OF, tz="UTC") + pd.to_timedelta(works["day"], unit="D")
    return pd.DataFrame(
        {
            "asset_id": works["asset_id"], "at": at, "work_type": works["work_type"],
            "source": np.where(works["recorded"], "recorded", "inferred"),
            "confidence": np.where(works["recorded"], 1.0, 0.87), "indicator": "longitudinal_level_sd",
            "effect": -0.31, "work_id": [f"W{k}" if r else None for k, r in enumerate(works["recorded"])],
        }
    )  # fmt: skip


def _exceedances(rng: np.random.Generator, assets: pd.DataFrame) -> pd.DataFrame:
    rows = []
    spec = {
        "CL1": ("twist_3m_peak", "mm/m", 4.0, "AL"), "HS2": ("longitudinal_level_peak", "mm", 8.0, "IL"),
        "M3": ("vibration_level_max", "dB", 67.0, "AL"), "MG4": ("levitation_gap_peak", "mm", 4.0, "IL"),
    }  # fmt: skip
    for line, (indicator, unit, limit, level) in spec.items():
        here = assets[assets["line_id"] == line]
        for k in rng.choice(len(here), size=3, replace=False):
            a = here.iloc[int(k)]
            start = float(a["from_m"] + rng.uniform(0, 150))
            severe = rng.random() < 0.2
            rows.append(
                (f"rec-{line}-{k}", indicator, start, start + rng.uniform(1, 9), a["asset_id"], line,
                 pd.Timestamp(AS_OF, tz="UTC") - pd.Timedelta(days=int(rng.integers(0, 6)), hours=3),
                 limit * rng.uniform(1.01, 1.02 if unit == "dB" else 1.3), unit, "IAL" if severe else level, 3 if severe else LEVELS.index(level) + 1,
                 limit, "EN 13848-5 2017, table 4; unverified default")
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("gold.exceedance")))


def _risk(forecast: pd.DataFrame) -> pd.DataFrame:
    al = forecast[forecast["level"] == "AL"]
    return pd.DataFrame(
        {
            "asset_id": al["asset_id"], "target": "exceeds_al_13w:" + al["indicator"], "as_of": AS_OF,
            "line_id": al["line_id"], "score": al["probability_13w"], "predicted_value": al["level_now"] * 1.03,
            "model_name": "guideway-condition-13w", "model_version": "6",
            "reason_codes": [["0.21 mm below the alert limit", "poor drainage", "14 months since tamping"]] * len(al),
        }
    )  # fmt: skip


def _failures(assets: pd.DataFrame) -> pd.DataFrame:
    own = assets.head(3).reset_index(drop=True)
    rows = []
    for k, asset in enumerate(own.itertuples()):
        for weeks in (4, 13, 26, 52):
            score = 1 - 0.5 ** (weeks / (80.0 - 30 * k))
            rows.append((asset.asset_id, f"fails_{weeks}w", AS_OF, asset.line_id, score, 7 * (80.0 - 30 * k),
                         "guideway-failures", "2", ["14 years old", "3 failures in three years"]))  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("gold.failure_risk")))


def _departures(trend: pd.DataFrame) -> pd.DataFrame:
    own = trend.drop_duplicates("indicator").head(2)
    return own[["asset_id", "indicator", "line_id", "unit"]].assign(departure=[0.42, 0.31], departure_sigmas=[6.2, 8.9])


def _scorecard(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for indicator, (_, start, *_rest) in INDICATORS.items():
        for weeks in (4, 13, 26, 52):
            base = 0.02 * start * np.sqrt(weeks / 4)
            rows.append(
                (AS_OF, indicator, weeks, int(rng.integers(200, 4000)), rng.uniform(0.77, 0.83), rng.uniform(0.93, 0.96),
                 base * 0.7, base * rng.normal(0, 0.05), base, base * 1.3, base)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("gold.forecast_scorecard")))


def _rejected() -> pd.DataFrame:
    at = pd.Timestamp(AS_OF, tz="UTC") - pd.Timedelta(days=2)
    rows = [
        ("a" * 64, "CL1/2026-11-19/run_1.csv", 1_204_331, "track_car", "quarantined", "truncated: row 48 211 ends early",
         48_210, 0, at, "h"),
        ("b" * 64, "HS2/2026-11-20/EM250.csv", 5_204_331, "em250", "quarantined", "unknown_unit: column 7 is in 'inch/100'",
         0, 0, at, "h"),
        ("c" * 64, "M3/wayside/rx07.wav", 904_331, "wayside", "duplicate", "same bytes as M3/wayside/rx07_copy.wav",
         0, 0, at, None),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(contract_columns("bronze.source_file")))


def _misaligned() -> pd.DataFrame:
    at = pd.Timestamp(AS_OF, tz="UTC") - pd.Timedelta(days=3)
    rows = [("rec-CL1-77", "CL1", "T1", at, 4000.0, 5000.0, np.nan, 0.31, "none")]
    names = "recording_id line_id track_id started_at from_m to_m shift_m correlation method".split()
    return pd.DataFrame(rows, columns=names)


def _unmeasured() -> pd.DataFrame:
    at = pd.Timestamp(AS_OF, tz="UTC") - pd.Timedelta(days=4)
    rows = [
        (
            "rec-MG4-12",
            "MG4",
            at,
            "no_indicator",
            "no indicator could be computed from 40 s of levitation_gap_left: docs/indicators says which channels and how "
            "much of them each one needs",
        )
    ]
    return pd.DataFrame(rows, columns=["recording_id", "line_id", "started_at", "status", "reason"])
