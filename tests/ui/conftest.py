"""A small workspace behind `visloop up`, and Chromium looking at it."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.journey import worlds
from tests.ui.node import lacking
from visloop import app
from visloop.faces import sdk

expect.set_options(timeout=20_000)  # of what is to come; five seconds are short on a busy machine
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
)
_VIOLATIONS = """
addEventListener("securitypolicyviolation",
  (event) => console.error("policy: " + event.violatedDirective + " " + event.blockedURI))
"""
RED_XYXY = (40, 30, 90, 100)
UPRIGHT = (120, 160)
WIDE = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Site:
    """A running workspace: where it answers, and the way in."""

    root: Path
    url: str
    token: str

    @property
    def way_in(self) -> str:
        return f"{self.url}/?token={self.token}"

    def ask(self, verb: str, **ask: Any) -> Any:
        """A verb, as any other client asks it."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{verb.replace('.', '/')}",
            data=json.dumps(ask).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def newest_fact(self, kind: str) -> dict[str, Any]:
        rows = self.ask("facts", kind=[kind], limit=1)["rows"]
        return rows[-1] if rows else {}


@dataclass
class Seen:
    """What a page did beside what it showed."""

    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(_VIOLATIONS)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("weberror", lambda error: self.said.append(str(error.error)))
        context.on(
            "console",
            lambda line: self.said.append(line.text) if line.type in ("error", "warning") else None,
        )

    def foreign(self, home: str) -> list[str]:
        """Requests that went anywhere but home."""
        own = urlsplit(home).netloc
        return [
            each
            for each in self.asked
            if urlsplit(each).scheme not in ("data", "blob") and urlsplit(each).netloc != own
        ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        lacking("Chromium is not here: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two data sets, a champion that is served, an alarm, a queue; made by the public calls."""
    del browser  # nothing is built where nobody can look
    folder = tmp_path_factory.mktemp("site")
    world = worlds.build(folder, count=90)
    _add_boxes(world.root, folder / "boxes")
    _search(world.root)
    with up(world.root) as running:
        yield running


class up:  # noqa: N801 - reads as the command
    """`visloop up` on a free port; stopped by its own process id."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> Site:
        port = worlds.free_port()
        self._process = worlds.start(self._root, "up", "--port", str(port))
        url = f"http://127.0.0.1:{port}"
        worlds.wait_for(f"{url}/", self._process)
        site = Site(self._root, url, app.token_of(self._root))
        worlds.until(lambda: _settled(site), what="the worker's first look at everything")
        return site

    def __exit__(self, *_: object) -> None:
        worlds.stop(self._process)


def _settled(site: Site) -> bool:
    """Whether the queue stands still."""
    before = site.ask("label.status")
    time.sleep(1.0)
    return before == site.ask("label.status")


def _search(root: Path) -> None:
    """A search with too few trials to tell what mattered, and another figure in each."""
    with sdk.local(root) as here:
        space = {"c": "0.001..0.01", "balanced": "true,false"}
        here.call(app.tune, app.Tune("line@v1", space=space, trials=2, model="tuned"))


def _add_boxes(root: Path, folder: Path) -> None:
    """The line with boxes; and a picture that lies on its side, with one box around what is red."""
    turned = folder / "turned"
    turned.mkdir(parents=True)
    upright = Image.new("RGB", UPRIGHT, "white")
    ImageDraw.Draw(upright).rectangle((*RED_XYXY[:2], RED_XYXY[2] - 1, RED_XYXY[3] - 1), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    stored.save(turned / "turned.png", exif=exif)
    x1, y1, x2, y2 = RED_XYXY
    coco = {
        "images": [{"id": 1, "file_name": "turned.png", "width": 160, "height": 120}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [y1, 120 - x2, y2 - y1, x2 - x1]}
        ],
        "categories": [{"id": 1, "name": "red"}],
    }
    (turned / "annotations.json").write_text(json.dumps(coco))
    with sdk.local(root) as here:
        lines = folder / "line"
        here.call(app.demo_images, app.DemoImages(str(lines), count=12, layout="coco"))
        here.call(app.add, app.Add(paths=(str(lines),), to="boxed"))
        here.call(app.commit, app.Commit(dataset="boxed", message="with boxes"))
        here.call(app.add, app.Add(paths=(str(turned),), to="turned"))


@dataclass(frozen=True)
class Visit:
    """One browser that came in by the token."""

    page: Page
    context: BrowserContext
    site: Site
    seen: Seen

    def go(self, *address: str) -> Page:
        """A view, when it shows what it has."""
        where = "/".join(address)
        self.page.goto(f"{self.site.url}/#/{where}")
        self.page.wait_for_selector(f'main[data-address="{where}"] h1')
        self.page.wait_for_function("() => !document.querySelector('.loading, .waiting')")
        return self.page


@contextmanager
def visiting(browser: Browser, site: Site) -> Iterator[Visit]:
    """A fresh browser; afterwards nothing may have been said on its console, nobody else asked."""
    seen = Seen()
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    seen.watch(context)
    context.request.get(site.way_in, max_redirects=0)  # brings the cookie, draws nothing
    yield Visit(context.new_page(), context, site, seen)
    context.close()
    assert seen.said == []
    assert seen.asked
    assert seen.foreign(site.url) == []


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """A visit to the site that everything is in."""
    with visiting(browser, site) as visit:
        yield visit
