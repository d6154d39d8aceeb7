"""Verbs over the virtual factory line: pictures, a video, live handlers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from visloop import demo
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_DRIFT = "change on the line: lamp, defocus, dirt, camera, finish, novel, definition, mix; lamp:0.6"


@dataclass(frozen=True)
class DemoImages:
    """Write pictures of the virtual factory line, with the truth beside them."""

    directory: str = arg("a new folder", path=True)
    count: int = opt("how many", default=480)
    seed: int = opt("another seed, another line", default=7)
    start: int = opt("number of the first picture", default=0)
    drift: tuple[str, ...] = opt(_DRIFT, default=())
    layout: Literal["classes", "flat", "coco"] = opt("how to lay the files", default="classes")


@dataclass(frozen=True)
class DemoWritten:
    """What was written, and where the truth is."""

    images: int
    directory: str
    truth: str


@operation("demo.images", permission="demo.write")
def demo_images(ports: Ports, scope: Scope, ask: DemoImages) -> DemoWritten:
    """Seeded: the same pictures every time."""
    del scope
    done = demo.write_images(
        demo.Line(ask.seed),
        Path(ask.directory),
        ask.count,
        start=ask.start,
        layout=ask.layout,
        drifts=handlers.drifts_of(ask.drift),
        progress=ports.progress,
    )
    return DemoWritten(images=done.count, directory=ask.directory, truth=str(done.truth))


@dataclass(frozen=True)
class DemoVideo:
    """Write a video of the virtual factory line (needs the extra `video`)."""

    file: str = arg("for example line.mp4", path=True)
    seconds: float = opt("how long", default=10.0)
    fps: float = opt("frames per second", default=10.0)
    seed: int = opt("another seed, another line", default=7)
    drift: tuple[str, ...] = opt(_DRIFT, default=())


@operation("demo.video", permission="demo.write")
def demo_video(ports: Ports, scope: Scope, ask: DemoVideo) -> DemoWritten:
    """Frame times are exact."""
    del scope
    line = demo.Line(ask.seed, mode="moving", rate_hz=ask.fps)
    count = round(ask.seconds * ask.fps)
    drifts = handlers.drifts_of(ask.drift)
    made = demo.write_video(line, Path(ask.file), count, drifts=drifts, progress=ports.progress)
    return DemoWritten(images=count, directory=str(made.parent), truth="")


@dataclass(frozen=True)
class DemoStream:
    """Send pictures of the line to a deployment, and compare its answers with the truth."""

    url: str = arg("for example http://127.0.0.1:8484/predict/belt")
    count: int = opt("how many", default=200)
    seed: int = opt("another seed, another line", default=8)
    start: int = opt("number of the first picture", default=0)
    rate_hz: float = opt("pictures per second; 0: as fast as they are answered", default=0.0)
    drift: tuple[str, ...] = opt(_DRIFT, default=())
    truth: str | None = opt("append the truth to this CSV file", default=None, path=True)


@dataclass(frozen=True)
class Streamed:
    """Accuracy against the truth of the line."""

    sent: int
    right: int
    accuracy: float
    failed: int


@operation("demo.stream", permission="demo.write")
def demo_stream(ports: Ports, scope: Scope, ask: DemoStream) -> Streamed:
    """Real requests over HTTP."""
    del scope
    drifts = handlers.drifts_of(ask.drift)
    line = demo.Line(ask.seed, rate_hz=ask.rate_hz or 2.0)
    clock = ports.clock if ask.rate_hz else None
    sent, right, failed = handlers.exchange(
        ask.url,
        handlers.frames(line, drifts, ask.start, ask.count, clock=clock),
        count=ask.count,
        truth=Path(ask.truth) if ask.truth else None,
        progress=ports.progress,
    )
    return Streamed(sent=sent, right=right, accuracy=round(right / max(sent, 1), 4), failed=failed)
