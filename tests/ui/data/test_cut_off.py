"""A large file through a killed server, a cut network and a closed tab: it goes on where it stopped."""

from __future__ import annotations

import os
import re
import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.data_world import picture
from tests.journey import worlds
from tests.ui.conftest import WIDE, Site
from visloop import app

SIDE_PX = 3000  # 27 MB as a BMP: four pieces
PIECE = 8 << 20
WAIT_MS = 30_000


class Wire:
    """What a page sends in pieces; those from `until` on are held back and go nowhere."""

    def __init__(self, page: Page) -> None:
        self.page, self.until = page, 1 << 40
        self.offsets: list[int] = []
        self.held: list[Route] = []
        page.route("**/api/v1/uploads/**", self._pass)

    def _pass(self, route: Route) -> None:
        if route.request.method == "PATCH":
            offset = int(route.request.headers["upload-offset"])
            if offset >= self.until:
                self.held.append(route)
                return
            self.offsets.append(offset)
        route.continue_()

    def hold(self, offset: int, act: Callable[[], object]) -> None:
        """Let it go on until the piece that begins at `offset`."""
        self.until = offset
        act()
        while not self.held:
            self.page.wait_for_timeout(20)  # lets the page's messages in
        assert self.held[0].request.headers["upload-offset"] == str(offset)

    def cut(self) -> None:
        """What is held back is lost."""
        for each in self.held:
            each.abort("connectionfailed")
        self.held.clear()


class Desk:
    """A server that may be killed."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, worlds.free_port()
        self.start()

    def start(self) -> None:
        self.process = worlds.start(self.root, "api", "--port", str(self.port))
        self.site = Site(self.root, f"http://127.0.0.1:{self.port}", app.token_of(self.root))
        worlds.wait_for(f"{self.site.url}/", self.process)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def opened(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(self.site.way_in)
        page.goto(f"{self.site.url}/#/data/+")
        page.get_by_label("Name of the new data set").fill("large")
        return page


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    del browser
    root = tmp_path_factory.mktemp("cut-off")
    app.create(root)
    desk = Desk(root)
    yield desk
    worlds.stop(desk.process)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("files")
    noise = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    Image.fromarray(noise).save(folder / "large.bmp")
    return [folder / "large.bmp", *(picture(folder / f"{n}.jpg", n) for n in range(5))]


def test_a_large_file_goes_on_whatever_is_cut(
    desk: Desk, browser: Browser, files: list[Path]
) -> None:
    context = browser.new_context(viewport=WIDE)
    page = desk.opened(context)
    wire = Wire(page)
    add = page.get_by_role("button", name="Add to large").first
    page.locator("input[type=file]").first.set_input_files(files)
    wire.hold(PIECE, add.click)
    desk.kill()
    wire.cut()
    trouble = page.locator(".failure")
    expect(trouble).to_contain_text("It is tried again by itself", timeout=WAIT_MS)
    wire.hold(2 * PIECE, desk.start)
    expect(trouble).to_be_hidden()
    context.set_offline(True)
    wire.cut()
    expect(trouble).to_contain_text("does not answer")
    wire.hold(2 * PIECE, lambda: context.set_offline(False))
    page.close(run_before_unload=False)
    assert wire.offsets == [0, PIECE]

    page = desk.opened(context)
    wire = Wire(page)
    notice = page.locator(".notice")
    expect(notice).to_contain_text("The page was closed while files went to large: 5 of 6 files")
    expect(notice).to_contain_text("they began with large.bmp")
    page.locator("input[type=file]").first.set_input_files(files)
    wire.hold(3 * PIECE, page.get_by_role("button", name="Add to large").first.click)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".under-way")).to_contain_text("Paused")
    wire.until = 1 << 40
    page.get_by_role("button", name="Go on").click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text(re.compile(r"1\s*added\s*5\s*unchanged"), timeout=WAIT_MS)
    expect(page.locator("main")).to_contain_text("5 files had come before and were not sent again")
    # the last piece of a tab that is closed may still get there, or not
    assert wire.offsets in ([2 * PIECE, 3 * PIECE], [3 * PIECE]), "what was there is sent again"
    page.reload()
    expect(page.get_by_text("From this computer")).to_be_visible()
    expect(page.locator(".notice")).to_be_hidden()
    rows = {each["path"]: each for each in desk.site.ask("samples", ref="large@work")["rows"]}
    assert len(rows) == len(files)
    assert (rows["large.bmp"]["width"], rows["large.bmp"]["height"]) == (SIDE_PX, SIDE_PX)
    raw = urllib.request.Request(
        f"{desk.site.url}/media/image/{rows['large.bmp']['image']}",
        headers={"Authorization": f"Bearer {desk.site.token}"},
    )
    with urllib.request.urlopen(raw) as reply:
        shown = np.asarray(Image.open(reply).convert("RGB"))
    assert np.array_equal(shown, np.asarray(Image.open(files[0]).convert("RGB")))
    context.close()
