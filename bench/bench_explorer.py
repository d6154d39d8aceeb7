"""Looking at many pictures with boxes: our grid, and FiftyOne's with the same pictures, in turns.

    python bench/bench_explorer.py --install       makes FiftyOne's environment: 1.2 GB, from PyPI
    python bench/bench_explorer.py [--samples 20000] [--turns 3] [--keep DIR]

Without its environment this is skipped. FiftyOne is under Apache-2.0; what it keeps its data in is
`mongod` (Server Side Public License), which it gets from PyPI too: both are only measured here, in
an environment of their own, and nothing of them is shipped. LightlyStudio is not here: with the
CPU's torch 2.13 its import of boxes ends in `operator torchvision::nms does not exist`.

In each turn each side has a new browser: first pictures, again with what the browser kept, the
wheel, a question. Asked is for a box of a class, at least 50 px wide; FiftyOne's are saved views.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import figures
import grid
import numpy as np
import peers
import sets
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright
from traced import Watched

from visloop import app

STEPS = 60
_FRAME = "a frame of scrolling, main thread, ms"
SIDE = Path(__file__).with_name("fiftyone_side.py")
LEAST_PX = 50


@dataclass
class Explorer:
    """One side: its grid's address, and what a person does there."""

    name: str
    home: str
    shown: str
    """Whether the first pictures are drawn, as JavaScript."""
    ask: Callable[[Page, int], None]
    """Put the k-th question, and wait for its first pictures."""
    enter: Callable[[BrowserContext], object]
    aim: Callable[[Page], object] = lambda _: None
    """What a person does before a question, and what is not timed."""
    told: dict[str, list[float]] = field(default_factory=dict[str, list[float]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="make both there, or use those that are")
    asked = parser.parse_args()
    found = peers.peer("fiftyone", peers.FIFTYONE, install=asked.install, within_s=3600)
    if found is None:
        print(
            "skipped: FiftyOne is not here. It is made by: python bench/bench_explorer.py --install"
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        place = (asked.keep or Path(folder)).resolve()
        place.mkdir(parents=True, exist_ok=True)
        if not (place / "ws").exists():
            grid.fill(place / "ws", asked.samples)
        filled = fill(place, found, asked.samples)
        with ours(place) as us, fiftyone(place, found) as them, sync_playwright() as playwright:
            for turn in range(asked.turns):
                for each in (us, them):
                    look(playwright, each, turn)
            tell(asked.samples, us, them, filled)


def fill(place: Path, found: Path, n: int) -> dict[str, Any]:
    """What FiftyOne says of its data set, with the same files and boxes."""
    shown = place / "pictures"
    shown.mkdir(exist_ok=True)
    for k, raw in enumerate(grid.photos()):
        (shown / f"{k:04d}.jpg").write_bytes(raw)
    rows = place / "rows.jsonl"
    with rows.open("w", encoding="utf-8") as out:
        for at, each in enumerate(grid.samples(n)):
            w, h = each.width, each.height
            boxes = [
                (
                    b.label,
                    (
                        b.xyxy[0] / w,
                        b.xyxy[1] / h,
                        (b.xyxy[2] - b.xyxy[0]) / w,
                        (b.xyxy[3] - b.xyxy[1]) / h,
                    ),
                )
                for b in each.annotations
            ]
            file = str(shown / f"{at % grid.DIFFERENT:04d}.jpg")
            row = {"file": file, "width": w, "height": h, "split": each.split or "", "boxes": boxes}
            out.write(json.dumps(row) + "\n")
    line = [str(found / "python"), str(SIDE), "fill", str(rows)]
    done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=at_home(place))
    return json.loads(done.stdout.splitlines()[-1])


def at_home(place: Path) -> dict[str, str]:
    """FiftyOne's files below `place`, and no word to anybody."""
    own = place / "fiftyone"
    own.mkdir(exist_ok=True)
    return {
        **os.environ,
        "FIFTYONE_DO_NOT_TRACK": "1",
        "FIFTYONE_DATABASE_DIR": str(own / "db"),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(own / "sets"),
        "FIFTYONE_CONFIG_PATH": str(own / "config.json"),
        "FIFTYONE_APP_CONFIG_PATH": str(own / "app.json"),
        "FIFTYONE_PLUGINS_DIR": str(own / "plugins"),
    }


@contextmanager
def ours(place: Path) -> Generator[Explorer]:
    """`visloop up`."""
    port, root = grid.free_port(), place / "ws"
    line = [sys.executable, "-m", "visloop", "up", "--port", str(port), "--workspace", str(root)]
    with running(line, port) as url:
        token = app.token_of(root)
        yield Explorer(
            "visloop",
            f"{url}/#/data/{sets.DATASET}",
            "() => [...document.querySelectorAll('.card img')].some((i) => i.complete && i.naturalWidth)",
            asked_of_us,
            lambda context: context.request.get(f"{url}/?token={token}", max_redirects=0),
        )


def asked_of_us(page: Page, k: int) -> None:
    question = f"box(label = c{k:02d} and width >= {LEAST_PX})"
    page.evaluate(
        "(q) => { location.hash = `/data/many/work/all/find/${encodeURIComponent(q)}`; }", question
    )
    page.wait_for_function(
        "() => document.querySelector('main').innerText.includes('found')"
        " && [...document.querySelectorAll('.card img')].some((i) => i.complete && i.naturalWidth)"
    )


@contextmanager
def fiftyone(place: Path, found: Path) -> Generator[Explorer]:
    """Its app."""
    port = grid.free_port()
    line = [str(found / "python"), str(SIDE), "serve", str(port)]
    with running(line, port, at_home(place)) as url:
        yield Explorer(
            peers.FIFTYONE.partition(" ")[0].replace("==", " "),
            f"{url}/datasets/{sets.DATASET}",
            _MEDIA,
            asked_of_fiftyone,
            lambda context: context.add_init_script(
                "performance.setResourceTimingBufferSize(9999)"
            ),
            lambda page: page.locator("[data-cy=saved-views-selection] [role=combobox]").click(),
        )


def asked_of_fiftyone(page: Page, k: int) -> None:
    """The saved view is chosen from the open list."""
    page.evaluate("performance.clearResourceTimings()")
    page.locator("[data-cy=saved-views-selection-view] li", has_text=f"c{k:02d}").click()
    page.wait_for_function(f"location.search.includes('view=c{k:02d}')")
    page.wait_for_function(_MEDIA)


@contextmanager
def running(line: list[str], port: int, env: dict[str, str] | None = None) -> Generator[str]:
    """A server on loopback, until it is no longer wanted."""
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(line, stdout=quiet, stderr=quiet, env=env)
    try:
        url = f"http://127.0.0.1:{port}"
        grid.wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait()


def look(playwright: Playwright, each: Explorer, turn: int) -> None:
    """One turn of one side."""
    browser = grid.chromium(playwright)
    context = browser.new_context(viewport=grid.WIDE, reduced_motion="reduce")
    context.set_default_timeout(120_000)
    each.enter(context)
    page = context.new_page()

    def note(name: str, *values: float) -> None:
        each.told.setdefault(name, []).extend(values)

    def opened() -> None:
        page.goto(each.home)
        page.wait_for_function(each.shown)

    note("first pictures, nothing kept, s", figures.timed(opened))
    for _ in range(2):
        page.goto("about:blank")
        note("first pictures, again, s", figures.timed(opened))
    page.wait_for_timeout(3000)
    page.keyboard.press("Escape")  # FiftyOne may lay a popover over its grid, which takes the wheel
    watched = Watched(page)
    page.mouse.move(700, 600)
    for _ in range(20):
        watched.busy_ms(watched.wheel)
    note(_FRAME, *(watched.busy_ms(watched.wheel) / 2 for _ in range(STEPS)))
    note("scrolled, px", page.evaluate(_SCROLLED))
    note("heap, MB", watched.heap_mb())
    for k in (2 * turn, 2 * turn + 1):
        opened()
        page.wait_for_timeout(3000)
        page.keyboard.press("Escape")
        each.aim(page)
        page.wait_for_timeout(1000)
        note("a question's first screen, s", figures.timed(lambda k=k: each.ask(page, k)))
    browser.close()


_MEDIA = """() => document.querySelector("[data-cy=fo-grid] canvas") &&
  performance.getEntriesByType("resource").some((e) => e.name.includes("/media?") && e.responseEnd)"""
"""A picture has come, and there is something to draw it on."""
_SCROLLED = """() =>
  Math.max(scrollY, ...[...document.querySelectorAll("*")].map((each) => each.scrollTop))"""


def tell(n: int, us: Explorer, them: Explorer, filled: dict[str, Any]) -> None:
    """A row for each figure, kept; and all as a table."""
    table = [f"| {n + 1:,} pictures | {us.name} | {them.name} |", "|---|---|---|"]
    for name in us.told:
        ways: dict[str, Callable[[Any], Any]] = {name: np.median}
        if name == _FRAME:
            ways = {f"{name}, median": np.median, f"{name}, p95": lambda v: np.percentile(v, 95)}
        for told, of in ways.items():
            ours, peer = (float(f"{of(each.told[name]):.3g}") for each in (us, them))
            row = {"row": "explorer", "n": n, "work": told, "ours": ours, "peer": them.name}
            figures.keep({**row, "peer_is": peer, "turns": len(us.told[name])})
            table.append(f"| {told} | {ours:g} | {peer:g} |")
    if filled["added"]:
        added = f"{filled['added']:,} of them brought in, s"
        figures.keep(
            {
                "row": "explorer",
                "n": n,
                "work": added,
                "peer": them.name,
                "peer_is": filled["fill_s"],
            }
        )
    print("\n" + "\n".join(table))


if __name__ == "__main__":
    main()
