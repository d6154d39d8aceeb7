"""A model made again: with the packages that its run had, and with the code that it had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey import wheelhouse, worlds
from tests.unit.train_parts import folder as shapes
from visloop import app, train
from visloop.errors import Refused, UsageError
from visloop.faces import sdk
from visloop.train.reproducing.code import kept_code
from visloop.train.reproducing.wheels import recipe_wheel

RECIPE = '''
"""The linear head, by another name."""

from dataclasses import replace

import numpy as np

from visloop.train import as_recipe
from visloop.train.recipes import ClassifyLinear


@as_recipe(task="classify", threads=1)
def mine(lesson, bench, *, folds: int = 3):
    """Learn as `classify-linear` does."""
    params = ClassifyLinear.parameters(folds=int(np.int64(folds)))
    return ClassifyLinear().fit(replace(lesson, params=params), bench)
'''


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("reproduce")
    app.create(root / "ws")
    shapes(root / "shapes")
    with sdk.local(root / "ws") as here:
        here.call(app.add, app.Add(paths=(str(root / "shapes"),), to="shapes"))
        here.call(app.commit, app.Commit(dataset="shapes", message="drawn"))
        here.call(app.train, app.Train(ref="shapes@v1", model="net", seed=4))
    return root / "ws"


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Pip finds what is installed here, and nothing else."""
    wheels = wheelhouse.fill(tmp_path / "wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    yield wheels
    shutil.rmtree(wheels)


def reproduced(root: Path, *words: str, **variables: str) -> tuple[int, dict]:
    done = subprocess.run(
        worlds.command("reproduce", *words, "--workspace", str(root), "--json"),
        stdout=subprocess.PIPE,
        env={**os.environ, **variables},
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.usefixtures("offline")
def test_in_a_fresh_environment_a_model_gets_the_same_bytes(workspace: Path) -> None:
    with sdk.local(workspace) as here:
        paths = tuple(row["path"] for row in here.call(app.samples, app.Samples("shapes")).rows)
        here.call(app.remove, app.Remove(dataset="shapes", paths=paths))
        here.call(app.commit, app.Commit(dataset="shapes", message="last year's are gone"))
        about = here.call(app.runs_list, app.RunsList()).rows[0]
        told = here.call(app.runs_show, app.RunsShow(run=about["id"])).run["environment"]
    code, done = reproduced(workspace, "net@v1", "--environment", "fresh")
    assert (code, done["equal"], done["same_contract"]) == (0, True, True)
    place = Path(done["environment"])
    found = {each.name.partition("-")[0] for each in place.glob("lib/*/site-packages/*.dist-info")}
    assert {"visloop", "onnxruntime", "scikit_learn"} <= found
    assert not {"torch", "pytest", "albumentations"} & found, "only what the recipe needs"
    assert all(each["now"].startswith("left out") for each in done["differs"]), done["differs"]
    numpy = f"lib/*/site-packages/numpy-{told['packages']['numpy']}.dist-info"
    assert list(place.glob(numpy)), "in the version that the run had"
    shutil.rmtree(place)


def test_a_package_that_cannot_be_had_is_named(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    code, done = reproduced(workspace, "net@v1", "--dry-run")
    assert code == 1
    assert done["error"]["code"] == "train.environment_not_built"
    assert "cannot be had where pip looks" in done["error"]["what"]
    assert "PIP_EXTRA_INDEX_URL" in done["error"]["fix"]


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own recipe that is installed as a package is."""
    plug = tmp_path / "plug"
    about = plug / "mine-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[visloop.recipes]\nmine = own_recipe:mine\n")
    (plug / "own_recipe.py").write_text(RECIPE)
    monkeypatch.syspath_prepend(str(plug))
    return plug


def test_an_own_recipes_code_is_kept_and_trains_again_when_it_is_gone(
    workspace: Path, plugged: Path, tmp_path: Path
) -> None:
    with sdk.local(workspace) as here:
        made = here.call(app.train, app.Train(ref="shapes@v1", recipe="mine", model="own"))
        run = train.show_run(here.ports.train, here.scope, made.run).run
        sources = kept_code(here.ports.train, here.scope, run)
    assert sources == {"own_recipe.py": RECIPE.encode()}
    told = run.environment["code"]["recipe"]
    assert told["needs"] == {"numpy": run.environment["packages"]["numpy"]}
    code, done = reproduced(workspace, "own@v1", PYTHONPATH=str(plugged))
    assert (code, done["differs"]) == (0, [])

    (plugged / "own_recipe.py").write_text(RECIPE.replace("def mine", "\ndef mine"))
    code, done = reproduced(workspace, "own@v1", PYTHONPATH=str(plugged))
    assert done["equal"], "it computes the same"
    (only,) = done["differs"]
    assert only["what"] == "code.recipe.digest"

    code, done = reproduced(workspace, "own@v1", PYTHONPATH="")
    assert done["error"]["code"] == "train.code_missing"
    assert "--environment fresh" in done["error"]["fix"]

    wheel = recipe_wheel(tmp_path, "mine", told["entry"], told["needs"], sources)
    code, done = reproduced(workspace, "own@v1", PYTHONPATH=str(wheel))
    assert (code, done["equal"]) == (0, True)


def test_a_run_is_cloned_with_one_thing_changed(workspace: Path) -> None:
    with sdk.local(workspace) as here:
        first = here.call(app.runs_list, app.RunsList(where='model = "net@v1"')).rows[0]
        ask = app.RunsClone(run=first["id"], set={"folds": "4"}, model="net")
        done = here.call(app.runs_clone, ask)
        told = here.call(app.runs_show, app.RunsShow(run=done.run)).run
        assert done.changed == ({"what": "folds", "was": "5", "now": "4"},)
        assert (told["params"]["folds"], told["seed"], told["data"]) == (4, 4, "shapes@v1")
        assert told["tags"] == {"cloned_from": first["id"]}
        with pytest.raises(UsageError, match="nothing would be otherwise"):
            here.call(app.runs_clone, app.RunsClone(run=first["id"], set={"folds": "5"}))
        with pytest.raises(UsageError, match="has no parameter 'fold'"):
            here.call(app.runs_clone, app.RunsClone(run=first["id"], set={"fold": "4"}))


def test_a_failed_run_says_how_it_goes_on(workspace: Path) -> None:
    with sdk.local(workspace) as here, pytest.raises(Refused):
        here.call(app.train, app.Train(ref="shapes@v1", recipe="detect", model="boxes"))
    with sdk.local(workspace) as here:
        run = here.call(app.runs_list, app.RunsList(where="status = failed")).rows[0]["id"]
    shown = worlds.command("runs", "show", run, "--workspace", str(workspace))
    said = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    assert f"visloop runs resume {run}" in said
