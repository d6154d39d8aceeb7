"""Searches by the real Optuna: what is found, stopped, kept, told; killed for real, and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import optuna
import pytest

from tests.unit import tuning_parts
from tests.unit.train_parts import SCOPE, draw_splits
from visloop import app, evaluate, registry, store, train
from visloop.errors import Refused, UsageError
from visloop.faces import sdk
from visloop.ids import Ref
from visloop.train.truth import FrozenSplit

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def plugged(tmp_path_factory):
    """The recipes are found by name, here and in child processes."""
    folder = tuning_parts.installed(tmp_path_factory.mktemp("plug"))
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A workspace with shapes@v1: 24 pictures in `train`, 18 in `test`."""
    folder = tmp_path_factory.mktemp("shop")
    pictures = draw_splits(folder / "pictures")
    app.create(folder / "ws")
    with sdk.open(folder / "ws") as ws:
        data = ws.dataset("shapes")
        data.add(pictures / "train", split="train", add_classes=True)
        data.add(pictures / "test", split="test")
        data.commit("shapes")
        yield ws


def trials_of(ws, run):
    return ws.call(app.tune_show, app.TuneShow(run=run, importance="none")).rows


def rows_of(ws, run):
    return [(r["state"], r["params"], r["value"], r["steps"]) for r in trials_of(ws, run)]


@pytest.fixture(scope="module")
def search(shop):
    return shop.tune("shapes@v1", recipe="ladder", trials=20, seed=3, model="climber")


def test_the_best_trial_is_registered_and_no_other(shop, search):
    shown = search.show()
    assert shown.trials["done"] + shown.trials["pruned"] == 20
    assert shown.trials["pruned"] > 3, "hopeless ones are stopped by their curves"
    assert shown.value > 0.995
    assert abs(shown.trial["params"]["height"] - tuning_parts.TOP) < 0.1
    assert shown.model == search.model == "climber@v1"
    ports = shop.connection.ports
    version = registry.resolve(ports.registry, SCOPE, Ref.parse("climber@v1"))
    assert version.run == shown.trial["run"], (
        "its model is that run's, as if it had been trained alone"
    )
    report = evaluate.evaluate(
        ports.evaluate, SCOPE, Ref.parse("climber"), Ref.parse("shapes@v1:test")
    )
    assert report.n == 18
    assert len(registry.versions(ports.registry, SCOPE, "climber")) == 1
    assert shop.call(app.reproduce, app.Reproduce(model="climber@v1")).equal


def test_every_trial_is_a_run_of_the_search(shop, search):
    listed = shop.call(app.runs_list, app.RunsList(parent=search.id, limit=100)).rows
    by_id = {row["id"]: row for row in listed}
    shown = search.show()
    assert {row["run"] for row in shown.rows} == set(by_id)
    assert all(by_id[row["run"]]["status"] == row["state"] for row in shown.rows)
    for row in listed:
        told = shop.call(app.runs_show, app.RunsShow(run=row["id"])).run
        assert told["data"] == "shapes@v1:train"
        assert told["pictures"] == {"used": 24}, "the test split is never read"
        files = shop.call(app.runs_artifacts, app.RunsArtifacts(run=row["id"])).rows
        assert not [each["path"] for each in files if each["path"].startswith("package")]
    mine = shop.call(app.runs_show, app.RunsShow(run=search.id))
    assert mine.run["status"] == "done"
    best = [each["value"] for each in mine.metrics if each["key"] == "best"]
    assert best == sorted(best), "the best so far is a curve of the search"


def test_what_was_stopped_early_stopped_early(search):
    rows = search.show().rows
    assert {len(row["steps"]) for row in rows if row["state"] == "done"} == {4}
    cut = [row for row in rows if row["state"] == "pruned"]
    assert all(len(row["steps"]) < 4 for row in cut)
    assert max(row["params"]["height"] for row in rows) > min(
        row["params"]["height"] for row in rows
    )


def test_importance_knows_what_mattered(search):
    for by in ("fanova", "ped-anova"):
        rows = search.show(importance=by).importance
        assert [row["parameter"] for row in rows] == ["height", "colour"]
        assert sum(row["share"] for row in rows) == pytest.approx(1, abs=0.01)
        assert rows[0]["share"] > 0.8


def test_the_same_seed_makes_the_same_search(shop):
    twins = [
        shop.tune("shapes@v1", recipe="ladder", trials=9, seed=5, prune="hyperband") for _ in "ab"
    ]
    assert rows_of(shop, twins[0].id) == rows_of(shop, twins[1].id)
    other = shop.tune("shapes@v1", recipe="ladder", trials=3, seed=6)
    assert rows_of(shop, other.id) != rows_of(shop, twins[0].id)[:3]


def test_optuna_itself_opens_the_study(search):
    shown = search.show()
    storage = optuna.storages.RDBStorage(f"sqlite:///{shown.file}")
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    assert study.best_value == shown.value
    assert study.metric_names == ["score"]
    storage.remove_session()
    storage.engine.dispose()


def test_recipes_are_searched_together(shop):
    found = shop.tune("shapes@v1", recipe="ladder,rope", trials=12, space={"height": "0.2..1"})
    shown = found.show()
    assert shown.prune == "none"
    assert {row["recipe"] for row in shown.rows} == {"ladder", "rope"}
    assert shown.trial["recipe"] == "ladder"
    assert all(row["params"]["height"] >= 0.2 for row in shown.rows)
    choice = next(row for row in shown.importance if row["recipe"] == "")
    assert choice["parameter"] == "recipe"
    assert choice["share"] > 0.9
    assert {row["recipe"] for row in shown.importance} == {"", "ladder", "rope"}


def test_a_built_in_recipe_needs_no_space(shop):
    told = shop.tune("shapes@v1", trials=2, set_={"folds": "2"}).show()
    assert told.metric == "accuracy"
    assert [row["parameter"] for row in told.space] == ["balanced", "c"]
    assert told.value == pytest.approx(max(row["value"] for row in told.rows))


def test_trials_that_fail_are_told_and_the_rest_goes_on(shop):
    found = shop.tune(
        "shapes@v1", recipe="ladder", space={"broken": "true,false"}, trials=9, seed=2
    )
    shown = found.show()
    assert set(shown.trials) == {"done", "failed"}
    why = {row["why"] for row in shown.rows if row["state"] == "failed"}
    assert why == {"ValueError('a rung broke')"}
    with pytest.raises(ValueError, match="a rung broke"):
        shop.tune("shapes@v1", recipe="ladder", set_={"broken": "true"}, trials=9)


@pytest.mark.parametrize(
    ("ask", "said", "fix"),
    [
        ({"space": {"heigth": "0..1"}}, "no such parameter", "did you mean 'height'"),
        ({"space": {"height": "0..2"}}, "<= 1", "narrow it"),
        ({"space": {"height": "0.9..0.1"}}, "0.9 is not below 0.1", "height=0.1..0.9"),
        ({"space": {"height": "0..1:log"}}, "begins above 0", "1e-5..1:log"),
        ({"space": {"height": "0.1..1:logg"}}, "no 'logg'", "did you mean 'log'"),
        ({"space": {"colour": "a..b"}}, "no number", "colour=A,B"),
        ({"space": {"colour": "red"}}, "nothing to search", "--set colour=red"),
        ({"space": {"rungs": "1.5..4"}}, "int", "narrow it"),
        ({"space": {"height": "0..1"}, "set_": {"height": "1"}}, "both fixed and", "leave out"),
        ({"recipe": "laddr"}, "no recipe 'laddr'", "did you mean 'ladder'"),
        ({"recipe": "ladder,classify-linear"}, "by which figure", "--metric"),
        ({"trials": 0}, "0 trials", "--trials 1"),
        ({"metric": "skore", "trials": 1}, "measured no 'skore'", "did you mean 'score'"),
        ({"recipe": "ladder,rope", "prune": "median"}, "cannot be compared", "--prune none"),
    ],
)
def test_what_cannot_be_is_told(shop, ask, said, fix):
    with pytest.raises(UsageError) as error:
        shop.tune("shapes@v1", **{"recipe": "ladder", **ask})
    assert said in error.value.what
    assert fix in error.value.fix


def test_a_frozen_split_is_never_searched_on(shop):
    with pytest.raises(FrozenSplit):
        shop.tune("shapes@v1:test", recipe="ladder")


def test_a_dry_run_begins_nothing(shop):
    before = len(shop.connection.ports.ledger.facts())
    ask = app.Tune(
        ref="shapes@v1", recipe="ladder", space={"rungs": "1..4", "colour": "a,b,c"}, dry_run=True
    )
    told = shop.call(app.tune, ask)
    assert (told.run, told.budget, told.combinations) == ("", 20, 12)
    assert len(shop.connection.ports.ledger.facts()) == before


def test_a_page_shows_it_without_a_server(shop, search, tmp_path):
    file = tmp_path / "search.html"
    shop.call(app.tune_show, app.TuneShow(run=search.id, html=str(file)))
    page = file.read_text("utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert page.count("<circle") == search.show().trials["done"]
    assert "What mattered" in page
    assert "too good" in page


def test_a_trial_can_be_gone_on_with_only_where_its_model_is(shop, search):
    rows = search.show().rows
    plain = next(r for r in rows if r["state"] == "done" and r["number"] != search.best["number"])
    with pytest.raises(Refused, match="another one was better"):
        shop.call(app.runs_resume, app.RunsResume(run=plain["run"]))
    cut = next(row for row in rows if row["state"] == "pruned")
    done = shop.call(app.runs_resume, app.RunsResume(run=cut["run"]))
    assert done.model.startswith("climber@v")
    with pytest.raises(Refused, match="not the run of a recipe"):
        shop.call(app.runs_resume, app.RunsResume(run=search.id))


class Later(store.SystemClock):
    """When the leases of who was killed have run out."""

    def now(self):
        return super().now() + timedelta(seconds=30)


def states_in(file):
    """How the trials of a study stand, by Optuna itself."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    states = Counter(each.state.name for each in study.get_trials(deepcopy=False))
    storage.remove_session()
    storage.engine.dispose()
    return states


def command(folder, *words):
    path = os.pathsep.join((str(folder), str(ROOT)))
    return subprocess.Popen(
        [sys.executable, "-m", "visloop", *words, "--json"],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(ready, what):
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_killed_it_goes_on_as_if_it_had_not_been(shop, plugged):
    ports, space = shop.connection.ports, {"height": "0..1"}
    asked = {"recipe": "ladder", "space": space, "trials": 7, "seed": 11, "prune": "none"}
    undisturbed = shop.tune("shapes@v1", **asked)
    wanted = train.Wanted(
        "shapes@v1", ("ladder",), space, {"pause_s": "0.15"}, 7, seed=11, pruning="none"
    )
    run = train.begin(ports.train, SCOPE, wanted)

    def ended():
        return [row for row in rows_of(shop, run) if row[0] == "done"]

    words = ("tune", "resume", run, "--workspace", str(ports.root))
    child = command(plugged, *words)
    wait_for(lambda: len(ended()) >= 3, "three trials")
    wait_for(lambda: rows_of(shop, run)[-1][0] == "running", "the fourth")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    kept = len(ended())
    later = app.open_ports(ports.root, clock=Later())
    train.carry_on(later.train, SCOPE, run)
    app.close_ports(later)
    assert kept >= 3
    assert [row["why"] for row in trials_of(shop, run) if row["why"]] == []
    assert states_in(train.file_of(ports.train, run)) == {"COMPLETE": 7, "FAIL": 1}
    assert [row[1:3] for row in rows_of(shop, run)] == [
        row[1:3] for row in rows_of(shop, undisturbed.id)
    ]
    statuses = [row["status"] for row in shop.call(app.runs_list, app.RunsList(parent=run)).rows]
    assert statuses == ["done"] * 7, "the run of the half-run trial went on"
    more = command(plugged, *words, "--trials", "11", "--workers", "2")
    told, wrong = more.communicate(timeout=60)
    assert more.returncode == 0, told + wrong
    assert json.loads(told)["trials"] == {"done": 11}
