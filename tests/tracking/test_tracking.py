"""One real MLflow store, used as the jobs use it. Only record-keeping is under test, so the model is a tiny one."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from guideway.prognostics.definitions import FEATURE_NAMES
from guideway.prognostics.evaluation import evaluate
from guideway.prognostics.gate import Decision, decide, unasked
from guideway.prognostics.parameters import ModelParameters
from guideway.prognostics.retraining import Training
from guideway.prognostics.training import train
from guideway.tracking.champion_card import champion_card
from guideway.tracking.condition import condition_record
from guideway.tracking.latest import last_training
from guideway.tracking.outbox import deliver, pending, replay
from guideway.tracking.quiet import hushed, pyfunc
from guideway.tracking.record import Promotion, TableVersion, read_record, write_record
from guideway.tracking.registry import PromotionError, ledger, promote, rollback
from guideway.tracking.serving import ModelIntegrityError, in_service, load_champion
from guideway.tracking.store import TrackingSettings, TrackingUnavailableError, connect
from tests.unit.prognostics import fleet

WHEN = datetime(2026, 1, 5, tzinfo=timezone.utc)
BY_HAND = Promotion("a planner", "2026-02-01T08:00:00+00:00", "agreed in the weekly meeting")


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
            inputs=(TableVersion("gold.condition", "lake/gold/condition", 0),),
            run_id=f"run-{seed}",
            code_version="0.1.0+test",
            as_of=WHEN,
            ended_at=WHEN,
            promoted_by="train_models" if seed == 1 else None,
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
    np.testing.assert_array_equal(champion.predict(table).value, direct.value)


def test_mlflow_loads_the_same_model_by_its_own_means_and_minds_the_signature(store, table):
    settings, receipts = store
    rows = table[["indicator", *FEATURE_NAMES]].head(50)
    with connect(settings) as (client, _):
        folder = client.download_artifacts(receipts[0].mlflow_run_id, "model")
    with hushed():
        loaded = pyfunc.load_model(folder)
    np.testing.assert_array_equal(loaded.predict(rows)["value"], load_champion(settings).predict(rows).value)
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
