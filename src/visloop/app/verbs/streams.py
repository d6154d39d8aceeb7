"""The verb that watches: a folder that fills, a camera's stream."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.errors import UsageError
from visloop.ids import check_name

if TYPE_CHECKING:
    from types import FrameType

    from visloop.app.ports import Ports
    from visloop.events import Scope

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LONGEST_UNSEEN_S = 3600.0


@dataclass(frozen=True)
class Watch:
    """Take in what comes: a folder that fills, a camera's stream, until Ctrl-C.

    SOURCE is a folder, a URL (rtsp, rtsps, http, https, tcp, udp), a camera (/dev/video0), or a
    video file that plays the camera. Files are taken once they are written completely; frames of a
    stream are kept as JPEG with the time at which they came. A new data set learns its classes from
    all that comes; in another a class that it does not have ends the watch, unless --add-classes.
    """

    source: str = arg("a folder, a stream's URL, /dev/video0, or a video file", path=True)
    to: str = opt("the data set; made when it does not exist")
    frames: str = opt(
        "of a stream: every:1s, every:12frames or all; of videos in a folder: as for add",
        default="",
    )
    once: bool = opt("take what is there now (of a stream: one frame), then end", default=False)
    for_: float | None = opt("end after so many seconds", default=None, name="for")
    every: float = opt("look through the folder at least so often, in seconds", default=60.0)
    settle: float = opt("take a file once it was left alone for so many seconds", default=1.0)
    commit_every: str = opt("commit after so many samples (100) or so long (60s)", default="")
    split: str | None = opt("put all of them in this split", default=None)
    camera: str = opt("the camera of the registry that took them", default="")
    licence: str = opt("under which terms the pictures may be used: CC-BY-4.0", default="")
    in_place: bool = opt("leave the folder's files where they lie", default=False)
    map: dict[str, str] = opt("rename a class on the way in: --map old=new", default={})
    add_classes: bool = opt("let class names in that the data set does not have", default=False)
    add_class: tuple[str, ...] = opt("let this new class in; may be repeated", default=())


@dataclass(frozen=True)
class WatchAnswer:
    """What came in, the versions that were committed, the last notes."""

    added: int
    updated: int
    quarantined: int
    versions: tuple[str, ...]
    notes: tuple[str, ...]


@operation("watch", permission="data.write")
def watch(ports: Ports, scope: Scope, ask: Watch) -> WatchAnswer:
    """In the foreground; Ctrl-C and SIGTERM end it once what came is kept."""
    name = handlers.free_for_data(ports, scope, check_name(ask.to, "data set name"))
    if ask.settle < 0 or ask.every <= 0 or (ask.for_ is not None and ask.for_ < 0):
        raise UsageError("times are not negative", fix="--settle 1 --every 60 --for 600")
    samples, seconds = data.parse_commits(ask.commit_every)
    options = data.AddOptions(
        split=ask.split,
        frames=ask.frames,
        camera=ask.camera,
        licence=ask.licence,
        in_place=ask.in_place,
        class_map=ask.map,
        add_classes=ask.add_classes,
        new_classes=ask.add_class,
    )
    with _stopped_by_signals(ask) as stop:
        plan = data.Watch(
            once=ask.once,
            for_s=ask.for_,
            settle_s=ask.settle,
            every_s=ask.every,
            commit_samples=samples,
            commit_s=seconds,
            stop=stop,
        )
        live = data.is_live(ask.source) or Path(ask.source).is_file()
        if live and ask.in_place:
            raise UsageError("a stream has no place to leave it in", fix="leave --in-place away")
        each = data.watch_stream if live else data.watch_folder
        done = each(ports.data, scope, name, ask.source, options, plan)
    return WatchAnswer(done.added, done.updated, done.quarantined, done.versions, done.notes)


@contextmanager
def _stopped_by_signals(ask: Watch) -> Generator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second one does what it usually does.

    Raises:
        UsageError: nobody could stop it, because it runs for somebody else (over HTTP).
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        if not ask.once and not (ask.for_ is not None and ask.for_ <= _LONGEST_UNSEEN_S):
            raise UsageError(
                "watching without end is for a terminal or a service: nobody could stop it here",
                fix="visloop watch in a shell, or say --once or --for SECONDS (3600 at most)",
            )
        yield stop
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def end(number: int, _: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in _SIGNALS:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
