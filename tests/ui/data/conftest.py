"""A workspace of data alone: pictures with boxes, broken files, a camera; no models, no workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journey import worlds
from tests.ui.conftest import Site, Visit, visiting
from visloop import app
from visloop.demo import Line, encode
from visloop.faces import sdk


def picture(number: int) -> bytes:
    """A JPEG of the line, like any camera's."""
    return encode(Line(seed=3).frame(number))


@pytest.fixture(scope="session")
def store(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The API over it; tests make data sets of their own, or leave `boxed` and `odd` as they are."""
    del browser
    folder = tmp_path_factory.mktemp("store")
    root = folder / "workspace"
    app.create(root)
    with sdk.local(root) as here:
        here.call(app.demo_images, app.DemoImages(str(folder / "line"), count=12, layout="coco"))
        here.call(app.add, app.Add(paths=(str(folder / "line"),), to="boxed"))
        here.call(app.commit, app.Commit(dataset="boxed", message="with boxes"))
        here.call(app.camera_add, app.CameraAdd(camera="dock-3", place="north door"))
    with worlds.api(root) as url:
        yield Site(root, url, app.token_of(root))


@pytest.fixture
def broken(store: Site, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, Path]:
    """A data set with one good picture, one cut short and one that is none; its name and folder."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "good.jpg").write_bytes(picture(1))
    (folder / "cut.jpg").write_bytes(picture(2)[:-600])
    (folder / "none.jpg").write_text("no picture")
    name = "odd-" + request.node.name.replace("_", "-")[:40].strip("-").lower()
    name = "".join(each for each in name if each.isalnum() or each == "-")
    store.ask("add", paths=[str(folder)], to=name)
    return name, folder


@pytest.fixture
def desk(browser: Browser, store: Site) -> Iterator[Visit]:
    """A visit to it."""
    with visiting(browser, store) as visit:
        yield visit


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A folder of class folders, with what a system left in it."""
    for number, name in enumerate(("gear", "nut", "gear", "nut")):
        file = tmp_path / "parts" / name / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(10 + number))
    (tmp_path / "parts" / ".DS_Store").write_text("x")
    shutil.copy(tmp_path / "parts" / "gear" / "0.jpg", tmp_path / "single.jpg")
    return tmp_path / "parts"
