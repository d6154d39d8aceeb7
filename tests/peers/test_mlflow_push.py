"""Runs and models pushed to a real MLflow server, read back there by its own client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journey import worlds
from tests.peers import mlflow_world
from visloop import app, infer, registry
from visloop.errors import VisloopError
from visloop.events import Scope
from visloop.faces import sdk
from visloop.ids import Ref

Row = dict[str, Any]


@dataclass(frozen=True)
class Pushed:
    """What was pushed (twice), and what MLflow's client then reads."""

    root: Path
    url: str
    python: Path
    pictures: list[Path]
    trained: str
    parent: str
    child: str
    planned: list[Row]
    first: list[Row]
    again: list[Row]
    later: list[Row]
    models: list[Any]
    seen: Row

    def remote(self, run: str) -> Row:
        (found,) = [each for each in self.seen["runs"] if each["tags"].get("visloop.run") == run]
        return found


def scripts(here: sdk.Local) -> tuple[str, str]:
    start = app.RunsStart(name="parent", experiment="wear", params={"lr": "0.1"}, notes="slow")
    parent = here.call(app.runs_start, start).run
    below = app.RunsStart(name="child", experiment="wear", parent=parent)
    child = here.call(app.runs_start, below).run
    points = ",".join(f'["loss",{1 / (n + 1)},{n},{1_700_000_000 + n}]' for n in range(1500))
    points += ',["odd, name",null,0,1700000000],["far","inf",0,1700000000]'
    here.call(app.runs_log, app.RunsLog(run=parent, points=f"[{points}]", tags={"who": "me"}))
    return parent, child


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory, peers: Path) -> Iterator[Pushed]:
    folder = tmp_path_factory.mktemp("pushed")
    with mlflow_world.real_server(peers, folder) as url:
        root = folder / "ws"
        pictures = mlflow_world.with_model(root)
        with sdk.local(root) as here:
            trained = here.call(app.runs_list, app.RunsList()).rows[0]["id"]
            parent, child = scripts(here)
            note = folder / "note.txt"
            note.write_text("first")
            here.call(app.runs_save, app.RunsSave(run=parent, files=(str(note),), to="notes"))

            def push(**more: Any) -> list[Row]:
                ask = app.RunsPush(runs=(child, trained), experiment="wear", to=url, **more)
                return list(here.call(app.runs_push, ask).rows)

            planned = push(dry_run=True)
            first = push()
            again = push()
            here.call(app.runs_log, app.RunsLog(run=parent, metrics={"loss": 0.5}, step=2000))
            note.write_text("second")
            here.call(app.runs_save, app.RunsSave(run=parent, files=(str(note),), to="notes"))
            here.call(app.runs_end, app.RunsEnd(run=parent))
            later = push()
            model = app.ModelPush(ref="inspector@champion", to=url, as_="Bolt Inspector")
            models = [here.call(app.model_push, model) for _ in range(2)]
        env = {"MLFLOW_TRACKING_URI": url}
        names = [str(each) for each in pictures]
        seen = mlflow_world.run_script(peers, "reading_with_mlflow.py", *names, env=env)
        yield Pushed(
            root,
            url,
            peers,
            pictures,
            trained,
            parent,
            child,
            planned,
            first,
            again,
            later,
            models,
            seen,
        )


def by_run(rows: list[Row]) -> dict[str, Row]:
    return {each["run"]: each for each in rows}


def test_a_dry_run_says_what_then_happens(pushed: Pushed) -> None:
    planned, first = by_run(pushed.planned), by_run(pushed.first)
    assert {each["done"] for each in planned.values()} == {"created"}
    assert {run: each["metrics"] for run, each in planned.items()} == {
        run: each["metrics"] for run, each in first.items()
    }
    assert all(not each["remote"] for each in planned.values())


def test_a_script_s_run_is_there_whole(pushed: Pushed) -> None:
    there = pushed.remote(pushed.parent)
    assert (there["name"], there["status"], there["experiment"]) == ("parent", "FINISHED", "wear")
    assert there["params"] == {"lr": "0.1"}
    assert there["tags"]["who"] == "me"
    assert there["tags"]["mlflow.note.content"] == "slow"
    assert sorted(there["curves"]) == ["far", "loss", "odd_ name"]
    assert there["curves"]["loss"][:1500] == [
        [n, (1_700_000_000 + n) * 1000, 1 / (n + 1)] for n in range(1500)
    ]
    assert there["curves"]["odd_ name"][0][2] == "nan"
    assert any("'odd_ name'" in each for each in by_run(pushed.first)[pushed.parent]["left_out"])


def test_a_child_hangs_below_its_parent(pushed: Pushed) -> None:
    child = pushed.remote(pushed.child)
    assert child["tags"]["mlflow.parentRunId"] == pushed.remote(pushed.parent)["id"]
    assert child["status"] == "RUNNING"


def test_a_training_says_what_it_was_made_of(pushed: Pushed) -> None:
    there = pushed.remote(pushed.trained)
    ((name, digest),) = there["data"]
    assert name == "line@v1:train"
    assert len(digest) == 36
    assert there["tags"]["visloop.recipe"] == "classify-linear"
    assert there["files"] == ["environment.json", "model"]
    assert "cv_accuracy" in there["curves"]


def test_pushed_again_nothing_is_doubled(pushed: Pushed) -> None:
    assert {each["done"] for each in pushed.again} == {"unchanged"}
    assert len(pushed.seen["runs"]) == 3
    rows = by_run(pushed.later)
    assert rows[pushed.parent]["done"] == "updated"
    assert (rows[pushed.parent]["metrics"], rows[pushed.parent]["files"]) == (1, 1)
    assert rows[pushed.trained]["done"] == "unchanged"
    assert len(pushed.remote(pushed.parent)["curves"]["loss"]) == 1501


def test_a_model_is_registered_once_with_its_aliases(pushed: Pushed) -> None:
    created, unchanged = pushed.models
    assert (created.done, unchanged.done) == ("created", "unchanged")
    assert (created.version, unchanged.version) == ("1", "1")
    ((version, tags, run),) = pushed.seen["models"]["Bolt Inspector"]
    assert version == "1"
    assert tags["visloop.model"] == "inspector@v1"
    assert run == pushed.remote(pushed.trained)["id"] == created.run


def test_a_model_without_a_training_brings_a_run_of_its_own(pushed: Pushed) -> None:
    onnx, contract = pushed.root / "net.onnx", pushed.root / "net.json"
    backbone = infer.backbone()
    onnx.write_bytes(backbone.onnx)
    contract.write_bytes(backbone.contract.to_json())
    with sdk.local(pushed.root) as here:
        ask = app.ModelImport(file=str(onnx), contract=str(contract), as_="embedder")
        here.call(app.model_import, ask)
        push = app.ModelPush(ref="embedder@v1", to=pushed.url)
        first, again = (here.call(app.model_push, push) for _ in range(2))
    assert (first.done, first.version, again.done, again.version) == (
        "created",
        "1",
        "unchanged",
        "1",
    )


def ours(root: Path, pictures: list[Path]) -> list[Any]:
    with sdk.local(root) as here:
        version = registry.resolve(here.ports.registry, Scope(), Ref.parse("inspector@champion"))
        package = registry.load(here.ports.registry, version)
        predictor = infer.Predictor.load(package.onnx, package.contract)
        answers = [predictor.predict(each.read_bytes()) for each in pictures]
    return [[round(float(p), 6) for p in each.probabilities] for each in answers]


def test_pyfunc_gives_our_answers(pushed: Pushed) -> None:
    """Loaded from the real server and from ours, with paths and with bytes."""
    token = {"MLFLOW_TRACKING_TOKEN": app.token_of(pushed.root)}
    with worlds.api(pushed.root) as url:
        env = {"MLFLOW_TRACKING_URI": url, **token}
        names = [str(each) for each in pushed.pictures]
        here = mlflow_world.run_script(pushed.python, "reading_with_mlflow.py", *names, env=env)
    wanted = ours(pushed.root, pushed.pictures)
    for loaded in (pushed.seen["loaded"]["champion"], here["loaded"]["champion"]):
        given = [list(each["probabilities"].values()) for each in loaded["answers"]]
        assert given == [pytest.approx(each, abs=1e-5) for each in wanted]
        assert loaded["bytes"]
        assert loaded["bare"] == "ModelProto"
        assert loaded["said"]["visloop.model"] == "inspector@v1"


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://127.0.0.1:9", "mlflow.server_away"),
        ("sqlite:///runs.db", "usage"),
        ("{url}/elsewhere", "mlflow.not_a_server"),
    ],
)
def test_a_wrong_server_is_told(pushed: Pushed, to: str, code: str) -> None:
    ask = app.RunsPush(runs=(pushed.parent,), to=to.format(url=pushed.url))
    with sdk.local(pushed.root) as here, pytest.raises(VisloopError) as told:
        here.call(app.runs_push, ask)
    assert told.value.code == code
    assert told.value.fix


def test_who_we_are_comes_from_the_environment_and_is_never_shown(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own server wants a token and speaks the same protocol."""
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    with worlds.api(pushed.root) as url, sdk.local(pushed.root) as here:
        with pytest.raises(VisloopError) as told:
            here.call(app.runs_push, app.RunsPush(runs=(pushed.parent,), to=url))
        assert told.value.code == "unauthenticated"
        secret = "http://me:hush-hush@" + url.removeprefix("http://")
        with pytest.raises(VisloopError) as told:
            here.call(app.runs_push, app.RunsPush(runs=(pushed.parent,), to=secret))
        assert "hush" not in str(told.value)
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", app.token_of(pushed.root))
        done = here.call(app.runs_push, app.RunsPush(runs=(pushed.child,), to=url))
        assert done.rows[0]["done"] == "created"
        again = here.call(app.runs_push, app.RunsPush(runs=(pushed.child,), to=url))
        assert again.rows[0]["done"] == "unchanged"
    assert "MLFLOW_TRACKING_PASSWORD" in os.environ
