"""A camera's stream: pictures as they come, stored as JPEG with the time at which they came."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from visloop.config import load_plugin
from visloop.data.intake.add import hand_over
from visloop.data.media.policy import FramePolicy, parse_frames
from visloop.data.origins.handed import Handed
from visloop.data.streams.records import Keeping, Watch, Watched
from visloop.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from visloop.data.media.video import Still
    from visloop.data.records import AddOptions, DataPorts
    from visloop.events import Scope

SCHEMES: Final = ("rtsp", "rtsps", "http", "https", "tcp", "udp")
QUALITY: Final = 95
TIMEOUT_S: Final = 10.0
_STAGE_EVERY_S: Final = 1.0
_AT_ONCE: Final = 100
_LOOK_S: Final = 0.2
_AHEAD: Final = 64
_PAUSES_S: Final = (0.5, 1, 2, 5, 10, 30)
_DEVICE: Final = re.compile(r"/dev/video\d+")


class Live(Protocol):
    """A stream that is open: the entry point `live` of `visloop.video`."""

    def frames(self) -> Iterator[tuple[Still, float | None]]:
        """(frame, seconds on the stream's own clock); Unavailable when it breaks off."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


Opens = Callable[[str, str, float], Live]


def is_live(source: str) -> bool:
    """Whether it is a stream by its name: a URL, or a camera device."""
    return "://" in source or _DEVICE.fullmatch(source) is not None


def without_secrets(source: str) -> str:
    """The address as it may be told and stored: without user, password, query and fragment."""
    if "://" not in source:
        return source
    parts = urlsplit(source)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def scheme_of(source: str) -> str:
    """The scheme of a URL that is allowed, or "" for a device or a file.

    Raises:
        UsageError: a URL of another kind.
    """
    if "://" not in source:
        return ""
    scheme = source.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise UsageError(
            f"streams of the kind {scheme!r} are not opened", fix=f"one of: {', '.join(SCHEMES)}"
        )
    return scheme


def watch_stream(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    source: str,
    options: AddOptions,
    watch: Watch,
) -> Watched:
    """Take frames of a stream (or of a file, played as if it were one) until it is over.

    What came is in the working set within a second. A stream that breaks off is opened again, with
    longer and longer pauses; a file that ends is over.

    Raises:
        UsageError: the address is not allowed, or `options.frames` is no policy for a stream.
        MissingExtra: no reader of streams is installed.
        Unavailable: nothing answers, and `watch.once` or it is a file.
    """
    scheme, policy = scheme_of(source), parse_frames(options.frames or "every:1s")
    if policy.kind in {"key", "scene"}:
        raise UsageError("of a stream, key frames and scenes are not told", fix="--frames every:1s")
    opens: Opens = load_plugin("video", "live", extra="video")
    keeping = Keeping(ports, scope, dataset, watch)
    taking = _Taking(ports, scope, dataset, source, options, keeping)
    failures = 0
    while not keeping.over:
        reading = _Reading(opens, source, scheme, policy)
        came = _pumped(reading, taking, keeping)
        if watch.once or not is_live(source):
            if not came and reading.problem:
                raise Unavailable(
                    f"{without_secrets(source)}: {reading.problem}",
                    fix="check the address, and that the camera is on",
                )
            break
        if keeping.over:
            break
        failures = 0 if came else failures + 1
        pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
        problem = reading.problem or "the stream ended"
        keeping.say(f"{without_secrets(source)}: {problem}; again in {pause_s} s")
        _pause(keeping, pause_s)
    return keeping.answer()


def _pumped(reading: _Reading, taking: _Taking, keeping: Keeping) -> int:
    """Take what comes until the stream ends or it is over; how many frames came."""
    came = 0
    reading.start()
    try:
        while not keeping.over:
            shot = reading.next(_LOOK_S)
            if shot is _END:
                break
            if isinstance(shot, _Shot):
                taking.take(shot)
                came += 1
                if keeping.watch.once:
                    break
            taking.stage_if_due()
    finally:
        reading.stop()
        taking.stage()
    return came


def _pause(keeping: Keeping, pause_s: float) -> None:
    until = time.monotonic() + pause_s
    while not keeping.over and time.monotonic() < until:
        keeping.watch.stop.wait(0.1)


@dataclass(frozen=True)
class _Shot:
    """A frame as JPEG, when it came, and the stream's own clock then."""

    data: bytes
    time: datetime
    stream_s: float | None


_END: Final = _Shot(b"", datetime.min.replace(tzinfo=UTC), None)


class _Reading(threading.Thread):
    """One connection, read by a thread of its own: who waits for a silent camera stays responsive.

    At most `_AHEAD` frames wait here; a camera that sends faster is slowed down.
    """

    def __init__(self, opens: Opens, source: str, scheme: str, policy: FramePolicy) -> None:
        super().__init__(name="watch-stream", daemon=True)
        self._opens, self._source, self._scheme, self._policy = opens, source, scheme, policy
        self._frames: queue.Queue[_Shot | None] = queue.Queue(_AHEAD)
        self._halt = threading.Event()
        self.problem = ""

    def run(self) -> None:
        """Read until the stream ends, breaks off, or nobody wants more."""
        try:
            live = self._opens(self._source, self._scheme, TIMEOUT_S)
            try:
                self._read(live)
            finally:
                live.close()
        except Unavailable as error:
            self.problem = error.what
        finally:
            self._put(None)

    def next(self, patience_s: float) -> _Shot | None:
        """The next frame, None if none came in time, `_END` after the last."""
        try:
            shot = self._frames.get(timeout=patience_s)
        except queue.Empty:
            return None
        return _END if shot is None else shot

    def stop(self) -> None:
        """No more is wanted; a connection that hangs is left to its time limit."""
        self._halt.set()
        self.join(_LOOK_S)

    def _read(self, live: Live) -> None:
        started, first_s = time.monotonic(), None
        for still, stream_s in _chosen(live.frames(), self._policy):
            if not is_live(self._source) and stream_s is not None:  # a file, at its own pace
                first_s = stream_s if first_s is None else first_s
                self._halt.wait(max(0.0, stream_s - first_s - (time.monotonic() - started)))
            if self._halt.is_set():
                return
            self._put(_Shot(still.jpeg(QUALITY), datetime.now(UTC), stream_s))

    def _put(self, shot: _Shot | None) -> None:
        while not self._halt.is_set():
            try:
                self._frames.put(shot, timeout=_LOOK_S)
            except queue.Full:
                continue
            return


def _chosen(
    frames: Iterator[tuple[Still, float | None]], policy: FramePolicy
) -> Iterator[tuple[Still, float | None]]:
    """The frames that the policy takes; time is the stream's, or this machine's where it has none."""
    due: float | None = None
    step_s = float(policy.step_s)
    for number, (still, stream_s) in enumerate(frames):
        if policy.kind != "seconds":
            if number % policy.step == 0:
                yield still, stream_s
            continue
        now_s = time.monotonic() if stream_s is None else stream_s
        if due is None or now_s >= due or now_s < due - 2 * step_s - 1:  # or its clock began anew
            yield still, stream_s
            late_s = now_s - (now_s if due is None or now_s < due else due)
            due = now_s - late_s % step_s + step_s


class _Taking:
    """Frames on their way into the working set, staged every second at least."""

    def __init__(
        self,
        ports: DataPorts,
        scope: Scope,
        dataset: str,
        source: str,
        options: AddOptions,
        keeping: Keeping,
    ) -> None:
        self._ports, self._scope, self._dataset = ports, scope, dataset
        self._options, self._keeping = replace(options, frames=""), keeping
        self._source = without_secrets(source)
        name = self._source.partition("://")[2] or self._source.rpartition("/")[2]
        self._name = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "camera"
        self._waiting: list[Handed] = []
        self._last = datetime.min.replace(tzinfo=UTC)
        self._staged = time.monotonic()

    def take(self, shot: _Shot) -> None:
        """One frame; no two have the same time."""
        self._last = max(shot.time, self._last + timedelta(microseconds=1))
        told = self._last.isoformat(timespec="microseconds").replace("+00:00", "Z")
        metadata: dict[str, object] = {"capture.time": told, "capture.jpeg_quality": QUALITY}
        if shot.stream_s is not None:
            metadata["capture.stream_s"] = round(shot.stream_s, 6)
        path = f"{self._name}/{self._last:%Y%m%dT%H%M%S.%f}Z.jpg"
        self._waiting.append(Handed(shot.data, path, self._source, (), metadata))

    def stage_if_due(self) -> None:
        """Put what waits into the working set, once a second or when it is much."""
        due = time.monotonic() - self._staged >= _STAGE_EVERY_S
        if due or len(self._waiting) >= _AT_ONCE:
            self.stage()

    def stage(self) -> None:
        """Put what waits into the working set."""
        waiting, self._waiting = self._waiting, []
        self._staged = time.monotonic()
        if waiting:
            done = hand_over(self._ports, self._scope, self._dataset, waiting, self._options)
            self._keeping.came(done)
        self._keeping.commit_if_due()
