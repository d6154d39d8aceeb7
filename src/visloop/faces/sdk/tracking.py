"""A run from inside a script, in three lines:

import visloop
run = visloop.run()
run.log(loss=0.3, step=5); run.save("weights.onnx")

Under `visloop track -- python train.py` it is that run; alone it begins one in the workspace around
the current folder. It ends with the script: done, or failed with the exception that ended it.
"""

from __future__ import annotations

import atexit
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, SupportsFloat

import msgspec

from visloop import app
from visloop.errors import Unavailable, UsageError
from visloop.faces.sdk.connections import Connection, local, remote

if TYPE_CHECKING:
    from types import TracebackType

RUN_VARIABLE: Final = "VISLOOP_RUN"
EVERY_S: Final = 0.5
ALIVE_S: Final = 30.0
_WAITING: Final = 1_000_000
_AT_ONCE: Final = 20_000
_SAID_CHARACTERS: Final = 2_000


class TrackedRun:
    """A run that this process reports to. Numbers are sent twice a second; `close` sends the rest.

    `lost` counts numbers that could not be sent because the server was gone for too long.
    """

    def __init__(self, connection: Connection, run: str, *, owned: bool, alive_s: float) -> None:
        self.id = run
        self.lost = 0
        self._connection, self._owned, self._alive_s = connection, owned, alive_s
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._points: list[tuple[str, float | str | None, int, float]] = []
        self._said: dict[str, Any] = {}
        self._step = -1
        self._ended = False
        self._heard_at = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_sending, name="track", daemon=True)
        self._thread.start()

    def log(
        self,
        metrics: Mapping[str, SupportsFloat] | None = None,
        /,
        *,
        step: int | None = None,
        **named: SupportsFloat,
    ) -> None:
        """Report numbers of one step; without `step` of the next one.

        Raises:
            UsageError: a value is no number.
        """
        found = {key: _number(key, value) for key, value in {**(metrics or {}), **named}.items()}
        now = time.time()
        with self._lock:
            self._step = self._step + 1 if step is None else int(step)
            self._points += [(key, value, self._step, now) for key, value in found.items()]
            excess = len(self._points) - _WAITING
            if excess > 0:
                del self._points[:excess]
                self.lost += excess

    def params(self, given: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Say with what this runs."""
        self._say("params", {**(given or {}), **named})

    def tag(self, given: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        """Say what else there is to know."""
        self._say("tags", {**(given or {}), **named})

    def progress(self, done: float, total: float | None = None, unit: str = "step") -> None:
        """Say how far the work is: lists and the page show the speed and the time left."""
        with self._lock:
            self._said |= {"done": float(done), "unit": unit}
            if total is not None:
                self._said["total"] = float(total)

    def save(self, file: str | Path, to: str = "") -> None:
        """Keep a file or a folder with the run; the same path again replaces it.

        Raises:
            VisloopError: there is no such file, or it cannot be kept.
        """
        self._connection.keep(self.id, Path(file).expanduser().absolute(), to)

    def flush(self) -> None:
        """Send what waits.

        Raises:
            VisloopError: it could not be sent; what waits is kept.
        """
        with self._sending:
            self._send()

    def end(self, status: str = "done", *, code: str = "", what: str = "") -> None:
        """End the run now; again changes nothing. A run of `visloop track` ends with its command."""
        if self._ended:
            return
        self._ended = True
        self._done.set()
        self._thread.join()
        self.flush()
        if self._owned or status == "failed":
            spent = os.times()
            cpu_s = spent.user + spent.system + spent.children_user + spent.children_system
            how: Any = "failed" if status == "failed" else "done"
            ask = app.RunsEnd(
                run=self.id,
                status=how,
                code=code[:100],
                what=what[:_SAID_CHARACTERS],
                cpu_s=cpu_s if self._owned else None,
            )
            self._connection.call(app.runs_end, ask)
        self._connection.close()

    def fail(self, error: BaseException) -> None:
        """End the run as failed, with what happened."""
        self.end("failed", code=type(error).__name__, what=str(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.end()
        else:
            self.fail(error)

    def _say(self, what: str, values: Mapping[str, Any]) -> None:
        with self._lock:
            known = self._said.setdefault(what, {})
            known |= {key: str(value) for key, value in values.items()}

    def _keep_sending(self) -> None:
        while not self._done.wait(EVERY_S):
            with suppress(Unavailable):  # it may be back the next time
                self.flush()

    def _send(self) -> None:
        while True:
            with self._lock:
                points, said = self._points[:_AT_ONCE], self._said
                self._points, self._said = self._points[_AT_ONCE:], {}
            quiet_s = time.monotonic() - self._heard_at
            if not points and not said and quiet_s < self._alive_s / 3:
                return
            text = msgspec.json.encode(points).decode() if points else ""
            ask = app.RunsLog(run=self.id, points=text, alive_s=self._alive_s, **said)
            try:
                self._connection.call(app.runs_log, ask)
            except Unavailable:
                with self._lock:
                    self._points, self._said = points + self._points, {**said, **self._said}
                raise
            self._heard_at = time.monotonic()


def _number(key: str, value: SupportsFloat) -> float | str:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{key}={value!r} is no number", fix="numbers are logged; run.tag() keeps words"
        ) from error
    return number if math.isfinite(number) else str(number)


class _Current:
    """The run of this process, and how the process is going to end."""

    run: TrackedRun | None = None
    pid = 0
    code: object = None


def run(
    name: str = "",
    *,
    experiment: str = "",
    data: str = "",
    seed: int = 0,
    params: Mapping[str, Any] | None = None,
    alive_s: float = ALIVE_S,
) -> TrackedRun:
    """The run of this script: that of `visloop track`, else a new one; the same one every time.

    Raises:
        WorkspaceNotFound: no workspace here or above, and no VISLOOP_WORKSPACE or VISLOOP_SERVER.
    """
    if _Current.run is not None and _Current.pid == os.getpid():
        return _Current.run
    connection = _connection()
    known = os.environ.get(RUN_VARIABLE)
    if known is None:
        folder = Path(sys.argv[0]).absolute().parent if sys.argv[0] else Path.cwd()
        ask = app.RunsStart(
            name=name or Path(sys.argv[0] or "python").name,
            experiment=experiment,
            data=data,
            seed=seed,
            params={key: str(value) for key, value in (params or {}).items()},
            alive_s=alive_s,
            about=msgspec.json.encode(app.about(folder)).decode(),
        )
        known = connection.call(app.runs_start, ask).run
        keep_surroundings(connection, known, folder)
        owned = True
    else:
        owned = False
    tracked = TrackedRun(connection, known, owned=owned, alive_s=alive_s)
    if not owned and params:
        tracked.params(params)
    _end_with_process(tracked)
    _Current.run, _Current.pid = tracked, os.getpid()
    return tracked


def _connection() -> Connection:
    server = os.environ.get("VISLOOP_SERVER")
    if server:
        return remote(server, token=os.environ.get("VISLOOP_TOKEN"))
    return local(os.environ.get("VISLOOP_WORKSPACE") or Path.cwd())


def keep_surroundings(connection: Connection, run: str, folder: Path) -> None:
    """Keep what a run runs in with it: packages and processor, and the changes of its code."""
    files = {"environment.json": app.environment_file()}
    if patch := app.code_diff(folder):
        files["code.diff"] = patch
    for name, data in files.items():
        connection.keep_bytes(run, name, data)


def _end_with_process(tracked: TrackedRun) -> None:
    """The run ends as the process does: with its exception, its exit code, or well."""
    before, leave = sys.excepthook, sys.exit

    def on_exception(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        with suppress(Exception):  # the script's own exception is what must be seen
            tracked.fail(error)
        before(kind, error, trace)

    def on_exit_call(code: Any = None) -> Any:
        _Current.code = code
        leave(code)

    def at_exit() -> None:
        if os.getpid() != _Current.pid:
            return
        _closing(tracked, _Current.code)

    sys.excepthook, sys.exit = on_exception, on_exit_call
    atexit.register(at_exit)


def _closing(tracked: TrackedRun, code: object) -> None:
    end: Callable[[], None] = tracked.end
    if code not in (None, 0):
        said = f"it exited with {code}"

        def end() -> None:
            tracked.end("failed", code="exit", what=said)

    try:
        end()
    except Exception as error:  # noqa: BLE001 - the script has ended: it can only be told
        print(f"visloop: the end of {tracked.id} was not recorded: {error}", file=sys.stderr)  # noqa: T201
