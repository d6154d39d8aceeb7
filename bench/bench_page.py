"""The page: a grid of 100,000 pictures with boxes, a question's first screen, the editor with 300 boxes.

    python bench/bench_page.py [--samples 100000] [--keep DIR]

Busy is the CPU time that Chromium itself says its main thread worked, between two frames (`traced.py`
says which tasks, and why); so a busy machine makes it longer by its caches only. The physical limit
beside it is one frame of a display of 60 Hz, 16.7 ms. Pictures: 1,000 different JPEGs, each a hundred
times over.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import figures
import msgspec
import numpy as np
import pictures
import sets
from playwright.sync_api import Page, sync_playwright
from traced import Watched, taken_apart, wheeled

from visloop import app, data
from visloop.vision import Box

DIFFERENT = 1000
WIDE = {"width": 1440, "height": 900}
STEPS = 240
SHAPE = (120, 160)
BOXES = 300


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
            fill(root, asked.samples)
        port = free_port()
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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def fill(root: Path, n: int) -> None:
    """Samples of five boxes each over a thousand real pictures; and one picture with 300 boxes."""
    columns = sets.drawn(n)
    columns["corner"] %= 100
    columns["size"] = 5 + columns["size"] % 50
    app.create(root)
    rng = np.random.default_rng(0)
    with app.opened(root) as ports:
        scope = app.scope_for(None, ports)
        raws = [
            pictures.photo(rng.integers(0, 255, (*SHAPE, 3), np.uint8), k) for k in range(DIFFERENT)
        ]
        digests = [ports.blobs.put(raw) for raw in raws]
        ports.blobs.flush()
        with ports.ledger.write(scope) as write:
            data.stage(ports.data, write, sets.DATASET, [])
        data.add_classes(ports.data, scope, sets.DATASET, sets.NAMES)
        for start in range(0, n, 10_000):
            part = [sets.sample(at, columns) for at in range(start, min(n, start + 10_000))]
            sets.staged(ports, [real(each, at, digests) for at, each in enumerate(part, start)])
        crowded = real(sets.sample(0, columns), 0, digests)
        boxes = tuple(crowd(k) for k in range(BOXES))
        sets.staged(
            ports,
            [
                msgspec.structs.replace(
                    crowded, id="f" * 32, path="zz-crowded.jpg", annotations=boxes
                )
            ],
        )
        data.commit(ports.data, scope, sets.DATASET, "bench")


def crowd(k: int) -> Box:
    """One of many boxes, side by side."""
    x, y = 8.0 * (k % 20), 8.0 * (k // 20)
    return Box(id=f"b{k}", label=sets.NAMES[k % 20], xyxy=(x, y, x + 6, y + 6))


def real(sample: data.Sample, at: int, digests: list[str]) -> data.Sample:
    """The sample with a picture that is there."""
    image = digests[at % len(digests)]
    return msgspec.structs.replace(sample, image=image, width=SHAPE[1], height=SHAPE[0])


def look(url: str, token: str, n: int) -> None:
    """Everything that is measured, in one run."""
    wait_for(url)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
        context.set_default_timeout(60_000)
        context.request.get(f"{url}/?token={token}", max_redirects=0)
        page = context.new_page()
        page.goto(f"{url}/#/data/{sets.DATASET}")
        page.wait_for_selector(".card img")
        for measure in (paint, scroll, question, editor):
            tell(n, **measure(Watched(page), url))
        browser.close()


def wait_for(url: str) -> None:
    for _ in range(600):
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.1)


def tell(n: int, **told: Any) -> None:
    told = {"row": "page", "n": n, **told}
    figures.keep(told)


def paint(watched: Watched, url: str) -> dict[str, Any]:
    """From the address to the first pictures, the page's modules in the browser's cache."""
    times = []
    for _ in range(5):
        watched.page.goto("about:blank")
        started = time.perf_counter()
        watched.page.goto(f"{url}/#/data/{sets.DATASET}")
        watched.page.wait_for_function(
            "() => [...document.querySelectorAll('.card img')].some((i) => i.complete && i.naturalWidth)"
        )
        times.append(time.perf_counter() - started)
    return {
        "work": "first pictures, warm",
        "ours_s": round(statistics.median(times), 3),
        "bar": "≤ 1 s",
    }


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
    page.goto(f"{url}/#/data/{sets.DATASET}/work/all/edit/zz-crowded.jpg")
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
        "work": f"editor, {BOXES} boxes: a frame of a drag",
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
