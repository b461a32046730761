"""One real MLflow store, used as the jobs use it. Only record-keeping is under test, so the model is a tiny one."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guideway.contracts.models import FAILURE_MODEL
from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.failures import COVARIATES, FailureModels, landmarks, register_quarters
from guideway.prognostics.gate import Decision, decide, unasked
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import Training
from guideway.prognostics.training import train
from guideway.tracking.champion_card import champion_card
from guideway.tracking.condition import condition_record
from guideway.tracking.latest import last_training
from guideway.tracking.origin import Origin
from guideway.tracking.outbox import deliver, pending, replay
from guideway.tracking.quiet import hushed, pyfunc
from guideway.tracking.record import Promotion, TableVersion, read_record, write_record
from guideway.tracking.registration import Registration
from guideway.tracking.registry import PromotionError, ledger, promote, rollback
from guideway.tracking.renewal import renew_failures
from guideway.tracking.serving import ModelIntegrityError, failures_in_service, in_service, load_champion
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect
from tests.unit.prognostics import fleet

WHEN = datetime(2026, 1, 7, 3, 12, tzinfo=timezone.utc)
BY_HAND = Promotion("a planner", "2026-02-01T08:00:00+00:00", "agreed in the weekly meeting")


def origin(run_id, promoted_by=None):
    return Origin(
        run_id=run_id,
        code_version="0.1.0+test",
        as_of=date(2026, 1, 5),
        started_at=WHEN,
        ended_at=WHEN + timedelta(seconds=90),
        inputs=(TableVersion("gold.condition", "lake/gold/condition", 0),),
        promoted_by=promoted_by,
    )


@pytest.fixture(scope="module")
def table():
    return fleet.table(60, seed=2)


@pytest.fixture(scope="module")
def records(table):
    """Three training runs, the first promoted by its job, the others waiting for a person."""
    parameters = ModelParameters(rounds=5, bootstrap=50)
    evaluation = evaluate(table, parameters, seed=1)
    decision = replace(decide(evaluation), promote=True)
    made = [
        condition_record(
            train(table, parameters, seed=seed),
            evaluation,
            decision,
            table,
            origin(f"run-{seed}", promoted_by="train_models" if seed == 1 else None),
        )
        for seed in (1, 2, 3)
    ]
    # One full record is enough; the others are there to be promoted and rolled back.
    return [made[0], *(replace(record, plots={}, example={}) for record in made[1:])]


@pytest.fixture(scope="module")
def store(tmp_path_factory, records):
    settings = TrackingSettings.local(tmp_path_factory.mktemp("mlflow"))
    receipts = [deliver(record, settings).receipts[0] for record in records]
    return settings, receipts


def test_each_run_becomes_one_version_however_often_it_is_delivered(store, records):
    settings, receipts = store
    assert [receipt.model_version for receipt in receipts] == ["1", "2", "3"]
    assert deliver(records[1], settings).receipts == (receipts[1],)
    assert pending(settings) == []


def test_the_run_says_where_it_came_from(store, records):
    settings, receipts = store
    with connect(settings) as (client, _):
        run = client.get_run(receipts[0].mlflow_run_id)
        version = client.get_model_version(settings.model_name, "1")
        files = {item.path for item in client.list_artifacts(run.info.run_id)}
        alias = client.get_registered_model(settings.model_name).aliases
    assert run.data.tags["guideway.code_version"] == "0.1.0+test"
    assert run.data.params["horizon_weeks"] == "13"
    assert run.data.tags["guideway.as_of"] == "2026-01-05"
    assert (run.info.end_time - run.info.start_time) == 90_000, "a run lasts as long as the training did"
    assert run.info.start_time == WHEN.timestamp() * 1000
    assert run.data.metrics["time.model.mae"] == pytest.approx(records[0].metrics["time.model.mae"])
    (dataset,) = run.inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("gold.condition", "v0")
    assert '"delta_table_version": "0"' in dataset.dataset.source
    assert files == {"model", "model_card.md", "plots", "text_model"}
    assert version.tags["guideway.sha256.change.txt"]
    assert {name: int(version) for name, version in alias.items()} == {"champion": 1, "challenger": 3}


def test_the_report_is_told_what_serves_and_what_the_gate_said_of_the_newest(store, records):
    settings, _ = store
    card = champion_card(settings)
    assert card.version == load_champion(settings).version
    assert card.gate == f"3, {records[2].tags['guideway.gate_reason']}"
    assert card.metrics["error"] == records[0].metrics["time.model.mae"]
    assert card.metrics["trend_error"] == records[0].metrics["time.trend.mae"]


def test_the_champion_answers_as_the_model_that_was_trained(store, table):
    settings, _ = store
    champion = load_champion(settings)
    direct = train(table, ModelParameters(rounds=5, bootstrap=50), seed=1).predict(table)
    assert (champion.version, champion.is_copy) == ("1", False)
    np.testing.assert_array_equal(champion.model.predict(table).value, direct.value)


def test_mlflow_loads_the_same_model_by_its_own_means_and_minds_the_signature(store, table):
    settings, receipts = store
    rows = table[["indicator", *FEATURE_NAMES]].head(50)
    with connect(settings) as (client, _):
        folder = client.download_artifacts(receipts[0].mlflow_run_id, "model")
    with hushed():
        loaded = pyfunc.load_model(folder)
    np.testing.assert_array_equal(loaded.predict(rows)["value"], load_champion(settings).model.predict(rows).value)
    assert len(loaded.predict(loaded.input_example)) == 3
    with pytest.raises(Exception, match="level"):
        loaded.predict(rows.drop(columns="level"))


def test_nothing_in_the_model_is_a_pickle(store):
    settings, receipts = store
    with connect(settings) as (client, _):
        folder = client.download_artifacts(receipts[0].mlflow_run_id, "")
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert not [path.name for path in files if path.suffix in {".pkl", ".pickle", ".cloudpickle", ".joblib", ".bin"}]
    assert not [path.name for path in files if path.read_bytes()[:1] == b"\x80"]


def test_promotion_is_remembered_and_can_be_undone(store):
    settings, _ = store
    for version in ("2", "2", "3"):
        promote(settings, version, BY_HAND)
    assert load_champion(settings).version == "3"
    assert rollback(settings, BY_HAND).version == "2"
    assert rollback(settings, BY_HAND).version == "1"
    assert load_champion(settings).version == "1"
    with pytest.raises(PromotionError, match="no earlier champion"):
        rollback(settings, BY_HAND)
    story = [(entry.action, entry.version, entry.previous, entry.by) for entry in ledger(settings)]
    assert story == [
        ("promote", "1", None, "train_models"),
        ("promote", "2", "1", "a planner"),
        ("promote", "3", "2", "a planner"),
        ("rollback", "2", "3", "a planner"),
        ("rollback", "1", "2", "a planner"),
    ]
    with pytest.raises(PromotionError, match="no version 99"):
        promote(settings, "99", BY_HAND)


def test_a_swapped_file_is_refused(store):
    settings, receipts = store
    with connect(settings) as (client, _):
        folder = client.get_run(receipts[0].mlflow_run_id).info.artifact_uri.removeprefix("file://")
    file = Path(folder) / "text_model" / "spread.txt"
    before = file.read_text()
    file.write_text(before + "\n")
    try:
        with pytest.raises(ModelIntegrityError, match="spread"):
            load_champion(settings)
    finally:
        file.write_text(before)


def test_with_mlflow_down_the_run_waits_and_the_last_champion_serves(store, records, tmp_path):
    settings, _ = store
    load_champion(settings)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    down = settings.model_copy(update={"uri": f"http://127.0.0.1:{port}", "max_wait_s": 8.0})
    delivery = deliver(records[0], down)
    assert delivery.receipts == ()
    assert delivery.waiting == (records[0].record_id,)
    assert "does not answer" in delivery.problem
    assert load_champion(down).is_copy
    with pytest.raises(TrackingUnavailableError):
        load_champion(down.model_copy(update={"folder": tmp_path}))
    # Up again: the run that waited is delivered, and as the run it always was.
    assert replay(settings).receipts[0].model_version == "1"
    assert pending(settings) == []


def test_with_mlflow_down_and_no_copy_the_run_waits_and_passes_no_champion_by(store, records, tmp_path):
    """A machine that never saw the champion trains while MLflow is away: its challenger must not be promoted."""
    settings, _ = store
    before = load_champion(settings).version
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
    down = settings.model_copy(update={"uri": uri, "folder": tmp_path / "fresh", "max_wait_s": 8.0})
    serves = in_service(down)
    assert (serves.champion, serves.is_unasked) == (None, True)
    assert "does not answer" in str(serves.problem)
    assert last_training(down) is None
    decision = unasked(Decision(True, ("beats the plain trend",)))
    assert not decision.promote
    record = replace(
        records[2], record_id="while-away", promotion=None, tags=records[2].tags | {"guideway.as_of": "2026-01-12"}
    )
    assert deliver(record, down).waiting == ("while-away",)
    # the job of next week knows that this training was done
    assert last_training(down) == Training(date(2026, 1, 12), "")
    up = settings.model_copy(update={"folder": tmp_path / "fresh"})
    assert [receipt.record_id for receipt in replay(up).receipts] == ["while-away"]
    assert pending(up) == []
    assert load_champion(settings).version == before
    assert last_training(settings) == Training(date(2026, 1, 12), "")


def test_a_damaged_record_is_set_aside_and_stops_no_other(store, records):
    settings, _ = store
    write_record(records[2], settings.outbox / "000-damaged")
    (settings.outbox / "000-damaged" / "text_model" / "change.txt").write_text("tree")
    assert replay(settings).waiting == ()
    assert pending(settings) == []
    assert (settings.outbox / ".000-damaged.damaged").is_dir()


def test_a_record_survives_its_folder(records, tmp_path):
    write_record(records[0], tmp_path / "record")
    assert read_record(tmp_path / "record") == records[0]


def test_a_store_without_a_champion_has_none(tmp_path_factory, store):
    settings, _ = store
    assert load_champion(settings.model_copy(update={"model_name": "another"})) is None


def test_failures_and_condition_have_gates_champions_and_ways_back_of_their_own(records, tmp_path):
    """A refused condition model holds no failures back, and what becomes of them changes nothing for the condition."""
    settings = TrackingSettings.local(tmp_path)
    failures = settings.of_model(FAILURE_MODEL)
    rows = register(40, seed=3)
    refused = replace(records[0], promotion=None)
    assert deliver(refused, settings).receipts[0].model_version == "1"

    def renew(as_of, table):
        registration = Registration(settings, dict, f"run of {as_of}", as_of)
        return renew_failures(lambda: (table, float((as_of - date(1970, 1, 1)).days)), 1, registration, every_days=28.0)

    made = renew(date(2026, 1, 5), rows)
    assert made.registered == "guideway-failures version 1"
    assert made.facts["promoted"]
    assert in_service(settings).champion is None
    champion = failures_in_service(settings).champion
    assert (champion.name, champion.version) == ("guideway-failures", "1")
    assert champion.model == FailureModels.fit(rows, 20458.0, 1)
    # due by its own schedule only, and no condition model's training counts
    assert "goes on" in renew(date(2026, 1, 12), rows).told
    again = renew(date(2026, 2, 9), rows)
    assert not again.facts["promoted"], "the same rows again are no better"
    promote(settings, "1", BY_HAND)
    promote(failures, "2", BY_HAND)
    assert rollback(failures, BY_HAND).version == "1"
    assert [entry.version for entry in ledger(settings)] == ["1"]
    assert [entry.version for entry in ledger(failures)] == ["1", "2", "1"]
    assert load_champion(settings).version == "1"


def test_mlflow_loads_the_models_of_failures_by_its_own_means(tmp_path):
    settings, rows = TrackingSettings.local(tmp_path), register(40, seed=3)
    registration = Registration(settings, dict, "run", date(2026, 1, 5), approval=True)
    made = renew_failures(lambda: (rows, 20458.0), 1, registration, every_days=28.0)
    assert made.awaits_approval == {FAILURE_MODEL: {"version": "1", "gate": made.facts["gate"]}}
    assert failures_in_service(settings).champion is None, "a person has to say so"
    with connect(settings) as (client, _):
        run_id = client.get_model_version(FAILURE_MODEL, "1").run_id
        folder = client.download_artifacts(run_id, "model")
        card = Path(client.download_artifacts(run_id, "model_card.md")).read_text()
    with hushed():
        loaded = pyfunc.load_model(folder)
    today = rows.groupby("asset_id").tail(1).reset_index(drop=True)
    told = loaded.predict(today[["asset_type", *COVARIATES]])
    own = FailureModels.fit(rows, 20458.0, 1).predict(today)
    quarter = own[own["weeks"] == 13].set_index("asset_id").loc[today["asset_id"]]
    np.testing.assert_allclose(told["probability_13w"], quarter["probability"])
    np.testing.assert_allclose(told["median_days"], quarter["median_days"])
    assert len(loaded.predict(loaded.input_example)) == 3
    assert "- pump:" in card


def register(n, seed):
    """Landmarks of pumps, half of which are old and fail five times as often."""
    rng = np.random.default_rng(seed)
    names, start = [f"P{k:02d}" for k in range(n)], 20458.0 - 1460
    old = np.arange(n) % 2 == 1
    assets = pd.DataFrame({"asset_id": names, "line_id": "L1", "asset_type": "pump"})
    assets["installed_days"] = start - np.where(old, 5000.0, 500.0)
    failed = [
        {"asset_id": name, "failed_days": at}
        for name, is_old in zip(names, old, strict=True)
        for at in start + np.sort(rng.uniform(0, 1460, rng.poisson(10 if is_old else 2)))
    ]
    failures = pd.DataFrame(failed)
    nothing = pd.DataFrame({"asset_id": pd.Series([], dtype=object), "origin_days": [], "limit_share": []})
    nothing = nothing.assign(passes_per_day=[]).astype({"origin_days": float})
    return landmarks(assets, failures, nothing, register_quarters(failures, 20458.0), 20458.0)
