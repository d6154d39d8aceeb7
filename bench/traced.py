"""What a frame costs a page's main thread, by Chromium's own account; the same for us and for others.

Counted is the CPU time (thread clock) of every task of the renderer's main thread: script, garbage,
style, layout, hit tests, pre-paint, paint (recording what is to be drawn), layerizing, commit, and
what arriving pictures need. Not counted: the time in which the thread stands still (in a commit it
waits for the compositor's thread, and on a busy machine for a core), and what other threads do:
decoding, raster, compositing. Those run on threads of their own with and without a GPU; they are
told beside it. `Performance.getMetrics` sums the same tasks, and is read between frames without the
cost of a trace; a trace, in a pass of its own, says what they are made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page

TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CATEGORIES = ["toplevel", "devtools.timeline", "blink", "cc", "v8"]
_TASK = "ThreadControllerImpl::RunTask"
_KINDS = (
    ("script", ("v8", "V8", "FunctionCall", "FireAnimationFrame", "TimerFire", "BlinkScheduler")),
    ("commit", ("Commit", "ProxyMain", "LayerTreeHost::")),
    ("paint", ("Paint", "PrePaint", "Blink.", "CullRect", "Layerize", "LocalFrameView::R")),
    ("layout", ("Layout", "LocalFrameView::performLayout", "InlineNode", "HitTest")),
    ("style", ("Document::", "UpdateLayoutTree", "ParseAuthorStyleSheet")),
    ("pictures", ("Resource", "ResponseBody", "Image", "Decode")),
)


class Watched:
    """A page, and what its main thread did."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def metrics(self) -> dict[str, float]:
        told = self.cdp.send("Performance.getMetrics")["metrics"]
        return {each["name"]: each["value"] for each in told}

    def busy_ms(self, deed: Callable[[], object]) -> float:
        """Milliseconds of the main thread from a deed to the second frame behind it."""
        before = self.metrics()["TaskDuration"]
        deed()
        self.page.evaluate(TWO_FRAMES)
        return 1000 * (self.metrics()["TaskDuration"] - before)

    def heap_mb(self) -> float:
        """The page's JavaScript heap, collected."""
        self.cdp.send("HeapProfiler.collectGarbage")
        return self.metrics()["JSHeapUsedSize"] / 1e6

    def wheel(self, px: int = 300) -> None:
        self.page.mouse.wheel(0, px)


def wheeled(watched: Watched, steps: int) -> dict[str, float]:
    """The wheel, a third of a screen every two frames: milliseconds a frame."""
    for _ in range(20):
        watched.busy_ms(watched.wheel)
    busy = [watched.busy_ms(watched.wheel) / 2 for _ in range(steps)]
    return {
        "median_ms": round(float(np.median(busy)), 2),
        "p95_ms": round(float(np.percentile(busy, 95)), 2),
    }


def taken_apart(browser: Browser, watched: Watched, steps: int) -> dict[str, Any]:
    """The same under a trace: CPU milliseconds a step of two frames on the main thread, by kind;
    the single frame's distribution; and what other threads did meanwhile."""
    events: list[dict[str, Any]] = []
    ended: list[bool] = []
    cdp = browser.new_browser_cdp_session()
    cdp.on("Tracing.dataCollected", lambda told: events.extend(told["value"]))
    cdp.on("Tracing.tracingComplete", lambda _: ended.append(True))
    config = {"includedCategories": _CATEGORIES, "excludedCategories": ["*"]}
    cdp.send("Tracing.start", {"traceConfig": config, "transferMode": "ReportEvents"})
    for _ in range(steps):
        watched.wheel()
        watched.page.evaluate(TWO_FRAMES)
    cdp.send("Tracing.end")
    while not ended:
        watched.page.wait_for_timeout(50)
    return _told(events, steps)


def _told(events: list[dict[str, Any]], steps: int) -> dict[str, Any]:
    names = {
        (each["pid"], each["tid"]): each["args"]["name"]
        for each in events
        if each["ph"] == "M" and each["name"] == "thread_name"
    }
    spans: dict[tuple[int, int], list[dict[str, Any]]] = {key: [] for key in names}
    for each in events:
        if each["ph"] == "X" and (each["pid"], each["tid"]) in spans:
            spans[each["pid"], each["tid"]].append(each)
    main = max(
        (key for key in names if names[key] == "CrRendererMain"), key=lambda k: len(spans[k])
    )
    others: Counter[str] = Counter()
    for key, found in spans.items():
        if key != main and (key[0] == main[0] or names[key].startswith("Viz")):
            others[names[key]] += sum(
                _cpu(each) for each in found if each["name"].endswith("RunTask")
            )
    kinds: Counter[str] = Counter()
    for name, cpu in _own(spans[main]).items():
        kinds[_kind(name)] += cpu
    return {
        "cpu_ms_a_step": {name: round(cpu / steps, 2) for name, cpu in kinds.most_common()},
        "other_threads": {n: round(c / steps, 2) for n, c in others.most_common(4)},
        **_frames(spans[main]),
    }


def _cpu(span: dict[str, Any]) -> float:
    return span.get("tdur", 0) / 1000


def _own(spans: Iterable[dict[str, Any]]) -> Counter[str]:
    """CPU time of each name, less what lies inside it."""
    own: Counter[str] = Counter()
    open_: list[dict[str, Any]] = []
    for each in sorted(spans, key=lambda e: (e["ts"], -e.get("dur", 0))):
        while open_ and open_[-1]["ts"] + open_[-1].get("dur", 0) <= each["ts"]:
            open_.pop()
        if open_:
            own[open_[-1]["name"]] -= _cpu(each)
        own[each["name"]] += _cpu(each)
        open_.append(each)
    return own


def _kind(name: str) -> str:
    return next((kind for kind, starts in _KINDS if name.startswith(starts)), "other tasks")


def _frames(spans: list[dict[str, Any]]) -> dict[str, float]:
    """CPU milliseconds of all tasks from one frame's begin to the next one's."""
    begins = sorted(each["ts"] for each in spans if each["name"] == "ProxyMain::BeginMainFrame")
    tasks = [each for each in spans if each["name"] == _TASK]
    ends = np.array([each["ts"] + each.get("dur", 0) for each in tasks])
    frame = np.searchsorted(np.array(begins), ends)
    busy = np.bincount(frame, [_cpu(each) for each in tasks], minlength=len(begins) + 1)[1:]
    return {
        "frame_median_ms": round(float(np.median(busy)), 2),
        "frame_p95_ms": round(float(np.percentile(busy, 95)), 2),
        "frames": len(begins),
    }
