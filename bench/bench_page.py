"""The page: a grid of 100,000 pictures with boxes, a question's first screen, the editor with 300 boxes.

    python bench/bench_page.py [--samples 100000] [--keep DIR]

Busy is the CPU time that Chromium itself says its main thread worked, between two frames (`traced.py`
says which tasks, and why); so a busy machine makes it longer by its caches only. The physical limit
beside it is one frame of a display of 60 Hz, 16.7 ms. Pictures: 1,000 different JPEGs, each a hundred
times over.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import figures
import grid
import numpy as np
import sets
from playwright.sync_api import CDPSession, Page, sync_playwright
from traced import Watched, taken_apart, wheeled

from visloop import app

STEPS = 240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument(
        "--keep", type=Path, help="make the workspace there, or use the one that is"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = asked.keep or Path(folder) / "ws"
        if not root.exists():
            grid.fill(root, asked.samples)
        port = grid.free_port()
        line = [
            sys.executable,
            "-m",
            "visloop",
            "up",
            "--port",
            str(port),
            "--workspace",
            str(root),
        ]
        server = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            look(f"http://127.0.0.1:{port}", app.token_of(root), asked.samples)
        finally:
            server.terminate()
            server.wait()


def look(url: str, token: str, n: int) -> None:
    """Everything that is measured, in one run."""
    grid.wait_for(url)
    with sync_playwright() as playwright:
        browser = grid.chromium(playwright)
        context = browser.new_context(viewport=grid.WIDE, reduced_motion="reduce")
        context.set_default_timeout(60_000)
        context.request.get(f"{url}/?token={token}", max_redirects=0)
        page = context.new_page()
        page.goto(f"{url}/#/data/{sets.DATASET}")
        page.wait_for_selector(".card img")
        for measure in (paint, scroll, question, editor):
            tell(n, **measure(Watched(page), url))
        browser.close()


def tell(n: int, **told: Any) -> None:
    told = {"row": "page", "n": n, **told}
    figures.keep(told)


def paint(watched: Watched, url: str) -> dict[str, Any]:
    """From the address to the first pictures: in a browser that was never here, and again in the same.

    Requests and bytes (as they came) are those of the page itself, without data and pictures.
    """
    browser = watched.page.context.browser
    assert browser is not None
    cold, warm = [], []
    kept = watched.page.context.storage_state()
    asked = Asked()
    for _ in range(3):
        context = browser.new_context(viewport=grid.WIDE, storage_state=kept)
        page = context.new_page()
        asked.watch(context.new_cdp_session(page))
        cold.append((first_pictures(page, url), asked.told()))
        for _ in range(3):
            page.goto("about:blank")
            warm.append((first_pictures(page, url), asked.told()))
        context.close()
    return {
        "work": "first pictures, warm",
        "ours_s": round(statistics.median(seconds for seconds, _ in warm), 3),
        **{f"warm_{name}": each for name, each in warm[-1][1].items()},
        "cold_s": round(statistics.median(seconds for seconds, _ in cold), 3),
        **{f"cold_{name}": each for name, each in cold[-1][1].items()},
        "bar": "≤ 1 s",
    }


def first_pictures(page: Page, url: str) -> float:
    """Seconds."""
    started = time.perf_counter()
    page.goto(f"{url}/#/data/{sets.DATASET}")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.card img')].some((i) => i.complete && i.naturalWidth)"
    )
    return time.perf_counter() - started


class Asked:
    """What a browser asked the server for: the page's own files, not those that it had kept."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._kept: set[str] = set()
        self._bytes: dict[str, float] = {}

    def watch(self, cdp: CDPSession) -> None:
        cdp.on("Network.requestWillBeSent", self._sent)
        cdp.on("Network.requestServedFromCache", lambda e: self._kept.add(e["requestId"]))
        cdp.on("Network.responseReceived", self._answered)
        cdp.on("Network.loadingFinished", self._finished)
        cdp.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"].partition("#")[0]

    def _answered(self, event: dict[str, Any]) -> None:
        if event["response"]["fromDiskCache"]:
            self._kept.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self._bytes[event["requestId"]] = event["encodedDataLength"]

    def told(self) -> dict[str, float]:
        """Since the last time."""
        own = [
            self._bytes.get(each, 0)
            for each, url in self._urls.items()
            if each not in self._kept and (url.endswith("/") or "/ui/" in url)
        ]
        for each in (self._urls, self._kept, self._bytes):
            each.clear()
        return {"requests": len(own), "kb": round(sum(own) / 1000, 1)}


def scroll(watched: Watched, url: str) -> dict[str, Any]:
    """The wheel, a third of a screen at a time: through the beginning, then leaps across all of it."""
    del url
    page = watched.page
    page.mouse.move(600, 600)
    idle = [watched.busy_ms(lambda: None) for _ in range(40)]
    told = wheeled(watched, STEPS)
    browser = page.context.browser
    assert browser is not None
    apart = taken_apart(browser, watched, STEPS // 2)
    leaps = []
    for k in range(40):
        to = f"() => scrollTo(0, {(k * 37 % 40) / 40} * document.body.scrollHeight)"
        leaps.append(watched.busy_ms(partial(page.evaluate, to)))
        page.wait_for_timeout(150)
    return {
        "work": "scroll, main thread a frame",
        **told,
        "idle_ms": round(statistics.median(idle) / 2, 2),
        "leap_median_ms": round(statistics.median(leaps), 1),
        "heap_mb": round(watched.heap_mb(), 1),
        "ratio_to_frame": round(told["p95_ms"] / 16.7, 2),
        **apart,
        "bar": "≤ 8 ms median, ≤ 16 ms p95, ≤ 150 MB",
    }


def question(watched: Watched, url: str) -> dict[str, Any]:
    """From a question's address to its first pictures."""
    times = []
    for k in range(7):
        watched.page.goto(f"{url}/#/data/{sets.DATASET}")
        watched.page.wait_for_selector(".card img")
        asked = f"box(label = c{k:02d} and width >= 50)"
        started = time.perf_counter()
        watched.page.evaluate(
            "(q) => { location.hash = `/data/many/work/all/find/${encodeURIComponent(q)}`; }", asked
        )
        watched.page.wait_for_function(
            "() => document.querySelector('main').innerText.includes('found')"
            " && document.querySelector('.card img')"
        )
        times.append(time.perf_counter() - started)
    return {
        "work": "a question's first screen",
        "ours_s": round(statistics.median(times), 3),
        "worst_s": round(max(times), 3),
        "bar": "≤ 0.3 s",
    }


def editor(watched: Watched, url: str) -> dict[str, Any]:
    """300 boxes: what a frame of a drag, and what letting go, cost; and the way to the next picture."""
    page = watched.page
    page.goto(f"{url}/#/data/{sets.DATASET}/work/all/edit/{grid.CROWDED}")
    page.wait_for_selector(".edit-objects li:nth-child(300)")
    frame = page.locator(".edit-frame").bounding_box() or {}
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.keyboard.press("b")
    drags, drops = [], []
    for k in range(12):
        page.mouse.move(x - 200 + 9 * k, y - 150)
        page.mouse.down()
        drags += [
            watched.busy_ms(lambda j=j: page.mouse.move(x - 180 + 5 * j, y - 120 + 4 * j)) / 2
            for j in range(8)
        ]
        drops.append(watched.busy_ms(page.mouse.up))
    first = path_of(page)
    nexts = []
    page.goto(f"{url}/#/data/{sets.DATASET}/work/all/edit/{sets.path_of(10).replace('/', '%2F')}")
    page.wait_for_function(
        "(was) => document.querySelector('.edit-bar .path')?.textContent !== was", arg=first
    )
    for _ in range(8):
        page.wait_for_timeout(
            1500
        )  # as long as somebody looks; the next ones are fetched meanwhile
        was = path_of(page)
        started = time.perf_counter()
        page.keyboard.press("d")
        page.wait_for_function(_NEXT, arg=was)
        nexts.append(time.perf_counter() - started)
    return {
        "work": f"editor, {grid.BOXES} boxes: a frame of a drag",
        "median_ms": round(statistics.median(drags), 2),
        "p95_ms": round(float(np.percentile(drags, 95)), 2),
        "let_go_ms": round(statistics.median(drops), 1),
        "next_picture_s": round(statistics.median(nexts), 3),
        "bar": "edit to drawn ≤ 16 ms; next picture ≤ 0.1 s",
    }


_NEXT = """(was) => {
  const now = document.querySelector(".edit-bar .path")?.textContent;
  const img = document.querySelector(".edit-picture img");
  return now !== was && img?.complete && img.naturalWidth > 0;
}"""


def path_of(page: Page) -> str:
    return page.locator(".edit-bar .path").inner_text()


if __name__ == "__main__":
    main()
