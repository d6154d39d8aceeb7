from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.unit.train_parts import KINDS, SCOPE, Workspace, draw_splits, folder, opened
from visloop import data, infer, registry, store, train
from visloop.errors import Refused, UsageError
from visloop.ids import Ref
from visloop.progress import Silent


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return draw_splits(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def ready(pictures, tmp_path):
    workspace = opened(tmp_path / "ws", pictures, store.FakeClock())
    yield workspace
    workspace.close()


def test_a_run_is_recorded_with_all_that_it_depends_on(ready):
    done = ready.train("shapes@v2", params={"folds": "4"}, model_name="net", seed=7)
    assert done.model == "net@v1"
    assert done.metrics["cv_accuracy"] > 0.6
    detail = train.show_run(ready.training, SCOPE, done.run)
    run = detail.run
    assert (run.status, run.model, run.attempt) == ("done", "net@v1", 1)
    assert (run.seed, run.threads, run.params["folds"]) == (7, 1, 4)
    assert run.data == "shapes@v2:train"
    assert run.data_root == data.open(ready.data, Ref.parse("shapes@v2")).version.root
    assert run.pictures == {"used": 24}
    assert run.environment["packages"]["onnxruntime"]
    assert run.commit is None
    keys = {m.key for m in detail.metrics}
    assert {"cv.accuracy", "cv.c", "cv_accuracy", "time.embed_s", "images_per_s"} <= keys
    assert [m.step for m in detail.metrics if m.key == "cv.c"] == list(range(9))
    assert [r.id for r in train.list_runs(ready.training, SCOPE)] == [done.run]
    assert train.list_runs(ready.training, SCOPE, model="other") == []
    assert ready.kinds() == ["run.started", "run.finished"]


def test_the_model_is_one_network_with_its_contract_and_reference(ready):
    ready.train("shapes@v2", model_name="net")
    package = registry.load(ready.registry, ready.model("net"))
    assert package.contract.classes == KINDS
    snapshot = data.open(ready.data, Ref.parse("shapes@v2"))
    assert package.contract.class_dictionary == snapshot.classes.digest
    predictor = infer.Predictor.load(package.onnx, package.contract, threads=1)
    sample = next(iter(snapshot.samples("train")))
    outputs = predictor.run(predictor.prepare(ready.blobs.get(sample.image))[None])
    assert outputs.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert outputs.embedding.min() >= 0
    held = train.Reference.from_bytes(package.reference)
    assert held.probabilities.shape == (24, 3)
    assert held.embeddings.shape == (24, outputs.embedding.shape[1])
    assert held.statistics.shape == (24, 8)
    assert np.isfinite(held.statistics).all()
    place = held.images.index(sample.image)
    assert held.embeddings[place] == pytest.approx(outputs.embedding[0], abs=2e-2)
    assert set(held.images) == {s.image for s in snapshot.samples("train")}
    assert "shapes@v2:train" in package.card
    assert "| disc | 8 |" in package.card


def test_same_data_seed_and_threads_give_the_same_model(ready, pictures, tmp_path):
    first = ready.model(ready.train("shapes@v2", model_name="net").model)
    again = ready.model(ready.train("shapes@v2", model_name="net").model)
    assert (again.number, again.digest) == (2, first.digest)
    (tmp_path / "other").mkdir()
    other = Workspace(tmp_path / "other", store.FakeClock())
    try:
        other.add(pictures / "train", split="train")
        elsewhere = other.model(other.train("shapes@v1", model_name="net").model)
    finally:
        other.close()
    assert elsewhere.onnx == first.onnx


def test_training_never_reads_the_test_split(ready):
    with pytest.raises(train.FrozenSplit, match="kept for testing"):
        ready.train("shapes@v2:test")
    ready.train("shapes@v2", model_name="net")
    package = registry.load(ready.registry, ready.model("net"))
    tested = {s.image for s in data.open(ready.data, Ref.parse("shapes@v2:test")).samples()}
    assert tested
    assert not tested & set(train.Reference.from_bytes(package.reference).images)


def test_a_test_picture_that_is_also_in_train_is_left_out(ready, pictures, tmp_path):
    copies = tmp_path / "copies" / "disc"
    copies.mkdir(parents=True)
    leaked = (pictures / "test" / "disc" / "100.png").read_bytes()
    (copies / "leak.png").write_bytes(leaked)
    version = ready.add(copies.parent, split="train")
    done = ready.train(version.ref, model_name="net")
    run = train.show_run(ready.training, SCOPE, done.run).run
    assert run.pictures == {"used": 24, "same picture is in the test split": 1}


def test_a_question_that_cannot_be_answered_says_why(ready, tmp_path):
    with pytest.raises(UsageError, match="no recipe 'classify-liner'") as caught:
        ready.train(recipe="classify-liner")
    assert "classify-linear" in caught.value.fix
    with pytest.raises(UsageError, match="no parameter 'fold'"):
        ready.train(params={"fold": 3})
    with pytest.raises(UsageError, match="folds"):
        ready.train(params={"folds": "many"})
    assert train.list_runs(ready.training, SCOPE) == []
    with pytest.raises(train.RunNotFound):
        train.show_run(ready.training, SCOPE, "run-0")
    lonely = ready.add(folder(tmp_path / "lonely", kinds=("disc",)), name="lonely")
    with pytest.raises(Refused, match="only class 'disc'"):
        ready.train(lonely.ref)
    listed = train.list_runs(ready.training, SCOPE)[0]
    failed = train.show_run(ready.training, SCOPE, listed.id).run
    assert failed.status == "failed"
    assert failed.error["code"] == "refused"
    assert ready.kinds() == ["run.started", "run.failed"]


def test_a_key_is_finished_once(ready):
    first = ready.train("shapes@v2", model_name="net", key="cycle-1")
    assert ready.train("shapes@v2", model_name="net", key="cycle-1") == first
    assert len(registry.versions(ready.registry, SCOPE, "net")) == 1
    assert ready.kinds() == ["run.started", "run.finished"]
    with pytest.raises(train.RunKeyTaken, match="seed"):
        ready.train("shapes@v2", model_name="net", key="cycle-1", seed=1)


def test_a_run_whose_process_died_is_shown_as_lost(ready):
    with pytest.raises(KeyboardInterrupt):
        _interrupted(ready)
    assert train.list_runs(ready.training, SCOPE)[0].status == "failed"
    ready.train("shapes@v2", model_name="net", key="k")
    assert ready.kinds() == ["run.started", "run.failed", "run.resumed", "run.finished"]
    again = train.list_runs(ready.training, SCOPE)[0]
    assert train.show_run(ready.training, SCOPE, again.id).run.attempt == 2


def _interrupted(at) -> None:
    class Impatient(Silent):
        def track(self, items, *, doing, unit, total=None):
            del items, doing, unit, total
            raise KeyboardInterrupt
            yield

    ports = train.TrainPorts(at.ledger, at.blobs, Impatient(), code=at.training.code)
    train.train(ports, SCOPE, Ref.parse("shapes@v2"), model_name="net", key="k", threads=1)


SCRIPT = """
import sys
from pathlib import Path
from tests.unit.train_parts import Workspace
from visloop import store

at = Workspace(Path(sys.argv[1]), store.SystemClock())
print("ready", flush=True)
done = at.train("shapes@v2", model_name="net", key="cycle-1")
print(done.model, flush=True)
at.close()
"""


@pytest.mark.slow
def test_training_killed_at_any_moment_ends_the_same(pictures, tmp_path):
    root = tmp_path / "ws"
    at = opened(root, pictures, store.SystemClock())
    rng = random.Random(1)
    for _ in range(6):
        child = _start(root)
        assert child.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 1.5))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert len(registry.list_models(at.registry, SCOPE)) <= 1
    runs = train.list_runs(at.training, SCOPE)
    if runs and runs[0].status != "done":
        time.sleep(at.training.lease_s)
        assert train.list_runs(at.training, SCOPE)[0].status == "lost"
    child = _start(root)
    out, _ = child.communicate(timeout=120)
    assert out == "ready\nnet@v1\n"
    assert [m.ref for m in registry.list_models(at.registry, SCOPE)] == ["net@v1"]
    finished = train.list_runs(at.training, SCOPE)
    assert [(r.status, r.model) for r in finished] == [("done", "net@v1")]
    undisturbed = at.model(at.train("shapes@v2", model_name="net").model)
    assert undisturbed.digest == at.model("net@v1").digest
    assert at.ledger.verify().ok
    at.close()


def _start(root: Path) -> subprocess.Popen[str]:
    home = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(root)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home)},
    )
