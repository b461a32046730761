"""From delivered files to the report, on a network whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from guideway.contracts.bronze import RECORDING
from guideway.job import JobSummary
from guideway.monitoring.registry import measure
from guideway.rulebooks.load import load_rulebooks
from guideway.simulate.failures import REGISTER_YEARS
from guideway.transforms.network import load_network
from tests.scenarios.conftest import World

pytestmark = pytest.mark.spark


def test_every_delivered_file_is_accounted_for(delivered: World, first_run: dict[str, JobSummary]) -> None:
    truth = pd.read_csv(delivered.truth / "files.csv").set_index("path")
    ledger = delivered.rows("bronze.source_file").set_index("path")
    landing = Path(delivered.settings.landing)
    on_disk = {p.relative_to(landing).as_posix(): p.stat().st_size for p in landing.rglob("*") if p.is_file()}
    assert set(ledger.index) == set(on_disk)
    assert ledger["size_bytes"].to_dict() == on_disk
    both = truth.join(ledger, rsuffix="_ledger")
    wrong = both[both["expected_status"] != both["status"]]
    assert wrong.empty, wrong[["fault", "expected_status", "status", "reason"]]
    refused = both[both["expected_status"] == "quarantined"]
    assert len(refused) >= 5
    told = list(zip(refused["expected_reason"], refused["reason"], strict=True))
    assert all(got.split(":")[0] in want.split("|") for want, got in told), told
    facts = first_run["ingest_archive"].facts
    assert facts["delivered"] == facts["accepted"] + facts["quarantined"] + facts["duplicate"] == len(on_disk)
    assert facts["bytes"] == sum(on_disk.values())


def test_samples_are_in_the_lake_once(delivered: World, first_run: dict[str, JobSummary]) -> None:
    signals = delivered.lake.spark.read.format("delta").load(f"{delivered.lake.root}/bronze/signal")
    keys = signals.groupBy("recording_id", "channel", "block").count()
    assert keys.where("count > 1").isEmpty()
    stored = signals.groupBy("recording_id", "channel").agg({"values": "count"}).count()
    recordings = delivered.rows("bronze.recording")
    assert stored == recordings["channels"].map(len).sum()
    sizes = (
        signals.selectExpr("recording_id", "channel", "size(values) AS n").groupBy("recording_id", "channel").sum("n")
    )
    by_recording = sizes.toPandas().groupby("recording_id")["sum(n)"].agg(["min", "max"])
    expected = recordings.set_index("recording_id")["n_samples"].sort_index().tolist()
    assert by_recording.sort_index()["min"].tolist() == expected
    assert by_recording.sort_index()["max"].tolist() == expected


def test_spark_measures_what_the_kernel_measures(delivered: World, first_run: dict[str, JobSummary]) -> None:
    """A reference run is not shifted: its indicators are those of the kernel on the decoded file, to the last bit."""
    read = delivered.lake.read
    from guideway.contracts.reference import ASSET, LINE, SECTION

    network = load_network(read(LINE), read(SECTION), read(ASSET))
    books, profiles = load_rulebooks(), load_profiles()
    ledger = delivered.rows("bronze.source_file")
    accepted = ledger[ledger["status"] == "accepted"].set_index("content_sha256")
    recordings = delivered.rows("bronze.recording")
    fixes = set(delivered.rows("silver.position_fix")["recording_id"])
    conditions = delivered.rows("gold.condition").set_index(["recording_id", "asset_id", "indicator"])["value"]
    unshifted = recordings[~recordings["recording_id"].isin(fixes)]
    checked = 0
    for _, facts in unshifted.groupby("source_id").head(2).iterrows():
        path = Path(delivered.settings.landing) / accepted.loc[facts["content_sha256"], "path"]
        number = int(facts["recording_id"].split("-")[1])
        recording = decode_file(path, profiles[facts["source_id"]]).recordings[number]
        stretches = network.stretches(recording.line_id, recording.track_id, recording.asset_id)
        found = measure(recording, stretches, books[network.rulebook_ids[recording.line_id]])
        for condition in found.conditions:
            if np.isfinite(condition.value):
                assert conditions[facts["recording_id"], condition.asset_id, condition.indicator] == condition.value
                checked += 1
    assert checked > 300


def test_odometer_drift_is_taken_out(delivered: World, first_run: dict[str, JobSummary]) -> None:
    """After alignment, the same place of two runs is at the same chainage: shifts differ by the truth's difference."""
    fixes = delivered.rows("silver.position_fix")
    fixes = fixes[fixes["comparable"] & (fixes["method"] == "cross_correlation")]
    recordings = delivered.rows("bronze.recording").set_index("recording_id")
    ledger = delivered.rows("bronze.source_file").query("status == 'accepted'").set_index("content_sha256")["path"]
    truth = pd.concat(pd.read_parquet(path) for path in (delivered.truth / "shifts").rglob("*.parquet"))
    paths = recordings["content_sha256"].map(ledger)
    by_path = {path: rows.sort_values("stated_m") for path, rows in truth.groupby("path")}
    residuals = []
    for fix in fixes.itertuples():
        run, reference = (by_path.get(paths[i]) for i in (fix.recording_id, fix.reference_recording_id))
        if run is None or reference is None:
            continue  # a delivery that a corrected one supersedes has no truth of its own
        middle = (fix.from_m + fix.to_m) / 2
        true_m = np.interp(middle, run["stated_m"], run["true_m"])
        reference_m = np.interp(
            true_m, reference.sort_values("true_m")["true_m"], reference.sort_values("true_m")["stated_m"]
        )
        residuals.append(middle + fix.shift_m - reference_m)
    assert len(residuals) > 50
    assert np.quantile(np.abs(residuals), 0.95) < 0.25


def test_degradation_rates_are_recovered(delivered: World, first_run: dict[str, JobSummary]) -> None:
    trends = delivered.rows("gold.degradation_trend")
    trends = trends[(trends["indicator"] == "longitudinal_level_sd") & (trends["as_of"] == delivered.as_of)]
    truth = pd.read_csv(delivered.truth / "sections.csv")
    both = trends.merge(truth, on="asset_id")
    assert len(both) >= 30
    error = (both["rate_per_year"] - both["level_rate_mm_per_year"]).abs()
    assert error.median() < 0.10 * both["level_rate_mm_per_year"].std()
    inside = both["level_rate_mm_per_year"].between(both["rate_low"], both["rate_high"])
    assert inside.mean() > 0.6


def test_every_series_has_one_status(delivered: World, first_run: dict[str, JobSummary]) -> None:
    trends = delivered.rows("gold.degradation_trend").query("as_of == @delivered.as_of")
    assert sum(first_run["fit_degradation"].facts.values()) == len(trends)
    assert set(trends["status"]) <= {"ok", "pooled", "too_few_points", "constant", "no_data", "failed"}
    assert not trends.duplicated(["asset_id", "indicator", "as_of"]).any()


def test_forecasts_are_ordered(delivered: World, first_run: dict[str, JobSummary]) -> None:
    forecasts = delivered.rows("gold.limit_forecast")
    assert len(forecasts) > 100
    probabilities = forecasts[[f"probability_{weeks}w" for weeks in (4, 13, 26, 52)]].to_numpy()
    assert (np.diff(probabilities, axis=1) >= 0).all()
    days = forecasts[["days_p10", "days_p50", "days_p90"]].dropna()
    assert (days["days_p10"] <= days["days_p50"]).all()
    assert (days["days_p50"] <= days["days_p90"]).all()


def test_faults_and_weather_are_taken_in_and_used(delivered: World, first_run: dict[str, JobSummary]) -> None:
    truth = pd.read_csv(delivered.truth / "failures.csv").set_index("asset_id")
    register = delivered.rows("reference.failure")
    assert register.groupby("asset_id").size().to_dict() == truth.query("n_failures > 0")["n_failures"].to_dict()
    assert first_run["train_models"].facts["failures"]["registered"] == "guideway-failures version 1"
    risk = delivered.rows("gold.failure_risk")
    fails = risk[risk["target"] == "fails_13w"]
    assert set(fails["asset_id"]) == set(truth.query("asset_type == 'magnet'").index), "there is no station here"
    assert set(fails["model_name"]) == {"guideway-failures"}
    known = register.shape[0] / (len(truth) * (REGISTER_YEARS + 60 * 7 / 365.25))  # three magnets have one rate
    assert fails["score"].mean() == pytest.approx(-np.expm1(-known * 91 / 365.25), rel=0.4)
    features = delivered.rows("gold.asset_feature").query("as_of == @delivered.as_of")
    weather = delivered.rows("reference.weather")
    assert set(weather["line_id"]) == set(features["line_id"])
    last = weather[(weather["line_id"] == "C01") & (weather["day"] <= delivered.as_of)].sort_values("day").tail(91)
    told = features.loc[features["line_id"] == "C01", ["rain_mm_13w", "frost_days_13w"]].drop_duplicates()
    assert told["rain_mm_13w"].tolist() == pytest.approx([last["rain_mm"].sum()])
    assert told["frost_days_13w"].tolist() == [float((last["lowest_temperature_c"] < 0).sum())]
    assert features["departure_sigmas"].notna().any(), "whether anything stands out was looked at"


def test_a_second_run_changes_nothing(delivered: World, first_run: dict[str, JobSummary]) -> None:
    before, versions = delivered.content(), delivered.lake.versions()
    again = delivered.run(
        "ingest_archive", "measure_condition", "fit_degradation", "score_assets", "plan_maintenance", run_id="second"
    )
    assert delivered.content() == before
    assert delivered.lake.versions() == versions
    assert all(changed == 0 for summary in again.values() for changed in summary.rows.values())


def test_the_report_names_what_it_was_made_of(delivered: World, first_run: dict[str, JobSummary]) -> None:
    page = Path(str(first_run["publish_report"].facts["report"]))
    text = page.read_text(encoding="utf-8")
    assert "Test network" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    versions = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))["table_versions"]
    now = delivered.lake.versions()
    assert versions["gold.limit_forecast"] == now["gold.limit_forecast"]
    assert delivered.lake.read(RECORDING, versions["bronze.recording"]).count() == len(
        delivered.rows("bronze.recording")
    )
