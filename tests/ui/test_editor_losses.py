"""Random edits while tabs are killed, the server is killed with SIGKILL and the network is cut.

Every edit that was drawn is there in the end, in its order; and the editor says what is not saved yet.
`VISLOOP_EDITS=500` draws that many.
"""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journey import worlds
from tests.ui.conftest import WIDE, Site
from tests.ui.test_editor import drag
from visloop import app
from visloop.faces import sdk

EDITS = int(os.environ.get("VISLOOP_EDITS", "40"))
PATHS = ("a.png", "b.png")
# what the page writes into the browser before it sends it: each edit that a person was shown as drawn
_WRITTEN = """
window.drawn = [];
const set = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  if (key.startsWith("visloop.edit.")) drawn.push(JSON.parse(value));
  return set.call(this, key, value);
};
"""
_WAITING = "() => Object.keys(localStorage).filter((k) => k.startsWith('visloop.edit.')).length"


class Server:
    """`visloop api` on one port, killed and begun again."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, worlds.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.begin()

    def begin(self) -> None:
        self.process = worlds.start(self.root, "api", "--port", str(self.port))
        worlds.wait_for(f"{self.url}/", self.process)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for k, path in enumerate(PATHS):
        Image.new("RGB", (200, 150), (90, 60 + 50 * k, 200)).save(pictures / path)
    app.create(tmp_path / "ws")
    with sdk.local(tmp_path / "ws") as here:
        here.call(app.add, app.Add(paths=(str(pictures),), to="pets"))
        here.call(app.classes_add, app.ClassesAdd(dataset="pets", names=("cat", "dog", "red")))
    running = Server(tmp_path / "ws")
    yield running
    worlds.stop(running.process)


def site_of(server: Server) -> Site:
    return Site(server.root, server.url, app.token_of(server.root))


class Person:
    """Somebody who labels in a browser that misbehaves; `drawn` is every edit that was shown as done."""

    def __init__(self, context: BrowserContext, server: Server, seed: int) -> None:
        self.context, self.server, self.draw = context, server, random.Random(seed)
        self.drawn: list[dict[str, Any]] = []
        self.deeds: Counter[str] = Counter()
        self.page = self.tab(PATHS[0])

    def tab(self, path: str) -> Page:
        page = self.context.new_page()
        page.add_init_script(_WRITTEN)
        page.goto(f"{self.server.url}/#/data/pets/work/all/edit/{path}")
        expect(page.locator(".edit-bar .path")).to_have_text(path)
        expect(page.locator(".edit-side .choice")).to_have_count(3)
        page.keyboard.press("b")
        return page

    def edit(self) -> None:
        page = self.page
        deed = self.draw.choice(("draw", "draw", "move", "name", "remove", "undo", "redo"))
        if deed == "draw":
            x, y = self.draw.randint(0, 120), self.draw.randint(0, 80)
            drag(page, (x, y), (x + self.draw.randint(15, 70), y + self.draw.randint(15, 60)))
        else:
            keys = {
                "move": self.draw.choice(("ArrowLeft", "Shift+ArrowDown", "Control+ArrowUp")),
                "name": self.draw.choice("123"),
                "remove": "Delete",
                "undo": "Control+z",
                "redo": "Control+y",
            }
            page.keyboard.press(keys[deed])
            if deed == "move":
                page.keyboard.press("Escape")  # of a crosshair, where nothing was selected
                page.keyboard.press("n")
        self.drawn += page.evaluate("() => drawn.splice(0)")

    def suffer(self) -> None:
        """One of what happens to people."""
        event = self.draw.choice(("tab", "server", "network", "other picture"))
        self.deeds[event] += 1
        if event == "tab":
            self.page.close(run_before_unload=False)
            self.page = self.tab(self.draw.choice(PATHS))
        elif event == "other picture":
            self.page.keyboard.press(self.draw.choice("da"))
        elif event == "server":
            self.server.kill()
            for _ in range(self.draw.randint(0, 3)):
                self.edit()
            self.says_what_waits()
            self.server.begin()
        else:
            self.context.set_offline(True)
            for _ in range(self.draw.randint(1, 4)):
                self.edit()
            self.says_what_waits()
            self.context.set_offline(False)

    def says_what_waits(self) -> None:
        """Nobody answers: the badge names as many edits as the browser keeps."""
        bar = self.page.locator(".edit-bar").first

        def honest() -> bool:
            waiting = self.page.evaluate(_WAITING)
            told = re.search(r"(\d+) edits? not saved yet", bar.inner_text())
            return (int(told[1]) if told else 0) == waiting

        worlds.until(honest, timeout_s=20, what="the badge that tells what waits")


def said(edits: list[dict[str, Any]], path: str) -> dict[str, dict[str, Any]]:
    """What a picture shows after these edits, one after another."""
    held: dict[str, dict[str, Any]] = {}
    for each in edits:
        if each["ask"]["path"] != path:
            continue
        for change in each["ask"]["edits"]:
            if "put" in change:
                held[change["put"]["id"]] = bare(change["put"])
            elif "remove" in change:
                held.pop(change["remove"], None)
    return held


def bare(annotation: dict[str, Any]) -> dict[str, Any]:
    return {
        k: v for k, v in annotation.items() if k not in {"author", "score", "review"} and v != {}
    }


def test_random_edits_in_a_bad_world_are_all_there(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    context.request.get(site_of(server).way_in, max_redirects=0)
    person = Person(context, server, seed=EDITS)
    while len(person.drawn) < EDITS:
        person.edit()
        if person.draw.random() < 0.12:
            person.suffer()
    worlds.until(lambda: not person.page.evaluate(_WAITING), what="everything sent")
    assert person.page.locator(".failure").count() == 0
    assert sum(person.deeds.values()) >= 3, person.deeds
    for path in PATHS:
        sample = site_of(server).ask("label.open", dataset="pets", path=path)["sample"]
        there = {each["id"]: bare(each) for each in sample.get("annotations", ())}
        assert there == said(person.drawn, path), path
    context.close()
