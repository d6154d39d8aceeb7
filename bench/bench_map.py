"""A map of 100,000 pictures: how long it takes to make, and what a frame of moving it costs the page.

Vectors are drawn around 300 middles, 1280 numbers each, as those of real pictures are; frames are drawn
by the page's own module, in Chromium without a graphics card, where every pixel is the main thread's.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import figures
import numpy as np
from playwright.sync_api import sync_playwright

import visloop
from visloop.data.mapping.faithful import faithful
from visloop.data.mapping.projecting import project
from visloop.progress import Silent

WIDE, MIDDLES, BLOCK, FRAMES = 1280, 300, 4096, 200
MODULES = Path(visloop.__file__).parent / "faces" / "ui" / "views" / "dataset" / "map"
_FRAMES_JS = """async ([n, frames]) => {
  const { drawer } = await import("http://map.test/drawing.js");
  const { inside } = await import("http://map.test/places.js");
  const points = new Float32Array(2 * n), colours = new Uint8Array(4 * n).fill(255);
  let seed = 1;
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let at = 0; at < 2 * n; at++) points[at] = 2 * next() - 1;
  const canvas = document.body.appendChild(document.createElement("canvas"));
  [canvas.width, canvas.height] = [1040, 650];
  const pen = drawer(canvas);
  pen.points(points);
  pen.colours(colours);
  const times = [];
  for (let k = 0; k < frames; k++) {
    const began = performance.now();
    pen.draw({ x: 0.3 * Math.sin(k / 20), y: 0, scale: 300 * (1 + k / 40) }, 3);
    times.push(performance.now() - began);
    await new Promise(requestAnimationFrame);
  }
  const line = Array.from({ length: 120 }, (_, k) => [Math.cos(k / 19.1) / 2, Math.sin(k / 19.1) / 2]);
  const began = performance.now();
  const found = inside(points, line).length;
  return { times: times.sort((a, b) => a - b), lasso_ms: performance.now() - began, found };
}"""


def main(count: int) -> None:
    """Both rows."""
    figures.keep({"row": "map", "n": count, "work": "made by t-SNE, and judged", **made(count)})
    figures.keep({"row": "map", "n": count, "work": "moved, main thread a frame", **moved(count)})


def made(count: int) -> dict[str, Any]:
    """Seconds, and how far the map can be believed."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(MIDDLES, WIDE)).astype(np.float32)
    found = middles[random.integers(0, MIDDLES, count)]
    found += 0.6 * random.normal(size=found.shape).astype(np.float32)
    found /= np.linalg.norm(found, axis=1)[:, None]

    def blocks() -> Iterator[Any]:
        return (found[at : at + BLOCK] for at in range(0, count, BLOCK))

    told: dict[str, Any] = {}
    for by in ("pca", "tsne"):
        began, cpu = time.perf_counter(), time.process_time()
        points = project(by, count, blocks, seed=0, progress=Silent())
        told[f"{by}_s"] = round(time.perf_counter() - began, 1)
        told[f"{by}_cpu_s"] = round(time.process_time() - cpu, 1)
        told[f"{by}_kept"] = faithful(points, found.__getitem__, blocks, seed=0).kept
    return told


def moved(count: int) -> dict[str, Any]:
    """Milliseconds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.route(
            "http://map.test/**",
            lambda route: route.fulfill(
                body=(MODULES / route.request.url.rpartition("/")[2]).read_text("utf-8")
                if route.request.url.endswith(".js")
                else "<!doctype html><body>",
                content_type="text/javascript"
                if route.request.url.endswith(".js")
                else "text/html",
            ),
        )
        page.goto("http://map.test/")
        found = page.evaluate(_FRAMES_JS, [count, FRAMES])
        browser.close()
    times = found["times"]
    return {
        "median_ms": round(times[FRAMES // 2], 1),
        "p95_ms": round(times[FRAMES * 95 // 100], 1),
        "lasso_ms": round(found["lasso_ms"], 1),
        "bar": "≤ 8 ms median, ≤ 16 ms p95",
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
