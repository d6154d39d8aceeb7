"""One serving process: parts put together, uvicorn around them, an orderly end.

One process with a worker thread for each core is the default: decoding and inference leave
Python's lock, and one process holds each model once. Several processes share a socket.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

import uvicorn
import uvloop

from visloop import infer, serve
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import new_id
from visloop.serve.asgi import App, Parts
from visloop.serve.desk import Desk
from visloop.serve.forms.addresses import Fetcher
from visloop.serve.forms.longer import Longer, LongerLimits
from visloop.serve.journal.clerk import Allowance, Clerk
from visloop.serve.journal.counter import Counter, Counts
from visloop.serve.journal.log import PredictionLog
from visloop.serve.keys.ring import Keyring
from visloop.serve.lineup import Lineup
from visloop.serve.model import Model
from visloop.serve.ports import ServePorts
from visloop.serve.processes import PART, finish, register, settle
from visloop.serve.rollout import Deployment
from visloop.serve.settings import ServeSettings
from visloop.serve.shadow.aside import Aside
from visloop.serve.switch import Switch
from visloop.serve.switching.beside import Beside, load_package
from visloop.serve.switching.failures import Failures
from visloop.serve.wire.direct import protocol
from visloop.serve.wire.guard import Guard
from visloop.serve.wire.http import BodyBound, BodyReader
from visloop.serve.wire.metrics import Metrics
from visloop.serve.wire.pages import Pages
from visloop.serve.wire.tracing import tracer_to
from visloop.serve.work.answers import Answers, Limits
from visloop.serve.work.batching import Curves
from visloop.serve.work.pool import Workers
from visloop.store import Ledger, PackBlobs, Spool, SystemClock

log = logging.getLogger("visloop.serve")

BACKLOG: Final = 2048
LONG_THREADS: Final = 2
LONG_QUEUE: Final = 16
# threads that hold Python's lock for long make the event loop wait: hand it over sooner than 5 ms
SWITCH_INTERVAL_S: Final = 0.001


def run(settings: ServeSettings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is in flight and drain the prediction log.

    Args:
        settings: where the state is, where to listen, the limits.
        on_ready: called with the server's URL when the first request can be answered.

    Raises:
        UsageError: the port is taken.
        Unavailable: this installation cannot use the device.
    """
    infer.providers(settings.device)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    listening = listen(settings)
    clock = SystemClock()
    ledger = Ledger.open(settings.ledger, clock=clock)
    ports = ServePorts(ledger, PackBlobs(Path(settings.blobs)), Path(settings.state))
    scope = Scope(PART, settings.project)
    settle(ports, scope)
    one = Process(settings, ports, scope, address_of(listening))
    try:
        one.serve(listening, on_ready)
    finally:
        one.close()
        ports.blobs.close()
        ledger.close()


def listen(settings: ServeSettings) -> socket.socket:
    """The listening socket: inherited, or bound here; a supervisor may bind it for its children.

    Raises:
        UsageError: the address is taken or cannot be bound.
    """
    if settings.fd is not None:
        return socket.socket(fileno=settings.fd)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise UsageError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            fix="choose another port: --port 0 takes a free one",
        ) from error
    listening.listen(BACKLOG)
    return listening


def address_of(listening: socket.socket) -> str:
    """`http://HOST:PORT` of a bound socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Process:
    """The parts of one serving process, from its row in `servers` to its last log batch."""

    def __init__(self, settings: ServeSettings, ports: ServePorts, scope: Scope, url: str) -> None:
        self._settings = settings
        self._ports = ports
        self._scope = scope
        self._url = url
        self._id = new_id("server")
        self._counter = Counter.create(ports.counters, self._id)
        self._log = self._prediction_log() if settings.log else None
        self._lineup = Lineup()
        aside = Aside()
        self._workers = Workers(
            settings.worker_threads,
            settings.queue,
            settings.max_pending_bytes,
            settings.timeout_s,
            aside.answering,
        )
        self._fetcher = Fetcher(settings.urls, settings.max_body_bytes, settings.url_s)
        self._long_workers = Workers(
            LONG_THREADS, LONG_QUEUE, settings.max_pending_bytes, settings.long_timeout_s
        )
        self._tracer = tracer_to(settings.otel, self._id)
        self._failures = Failures(self._id, ports.ledger.clock)
        self._switch = Switch(
            ports,
            scope,
            self._id,
            self._lineup,
            self._failures,
            Beside(ports, scope, self._id, self._load, settings.copies_per_s, aside),
            self._load,
            settings.poll_s,
        )
        host = urlsplit(url).hostname or ""
        self._keys = Keyring(ports, scope, self._id, settings.keys, host)
        self._proxy = serve.Proxy(settings.fallback) if settings.fallback else None

    def serve(self, listening: socket.socket, on_ready: Callable[[str], None] | None) -> None:
        """Load what is deployed, then answer until a signal says stop."""
        register(self._ports, self._scope, self._id, self._url)
        self._switch.follow()
        self._switch.start()
        self._keys.start()
        if self._log is not None:
            self._log.start()
        server = _Uvicorn(self._config(), self._begin_drain)
        with _signals_stop(server), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._answer(server, listening, on_ready))

    def close(self) -> None:
        """After the last answer: end the threads, drain the log, settle the balance."""
        grace_s = self._settings.grace_s
        self._switch.stop(grace_s)
        self._keys.stop(grace_s)
        self._workers.stop(grace_s)
        self._long_workers.stop(grace_s)
        self._fetcher.close()
        if self._tracer is not None:
            self._tracer.close()
        if self._log is not None:
            self._log.close(grace_s)
        answered = self._counter.answered if self._log is not None else 0
        counts = Counts(answered, self._counter.dropped)
        self._counter.close()
        finish(self._ports, self._scope, self._id, counts)

    async def _answer(
        self,
        server: _Uvicorn,
        listening: socket.socket,
        on_ready: Callable[[str], None] | None,
    ) -> None:
        self._workers.start(asyncio.get_running_loop())
        self._long_workers.start(asyncio.get_running_loop())
        # what is here now stays: the collector need not look through it again and again
        gc.collect()
        gc.freeze()
        if on_ready is not None:
            on_ready(self._url)
        log.info("serve.ready", extra={"url": self._url, "server": self._id})
        await server.serve(sockets=[listening])
        if self._proxy is not None:
            await self._proxy.close()

    def _config(self) -> uvicorn.Config:
        settings = self._settings
        parts = self._parts()
        self._app = App(parts, self._log_state)
        wait_s, most_bytes = settings.body_timeout_s, settings.max_body_bytes
        return uvicorn.Config(
            self._app,
            http=protocol(parts.desk, parts.bodies, wait_s, most_bytes),  # pyright: ignore[reportArgumentType]
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=max(1, round(settings.grace_s)),
        )

    def _parts(self) -> Parts:
        settings = self._settings
        limits = Limits(BodyBound(settings.max_body_bytes), settings.max_batch)
        clock = self._ports.ledger.clock
        allowance = Allowance(settings.statistics_per_s, settings.statistics_burst)
        clerk = Clerk(self._id, self._counter, clock, self._log, allowance)
        guard = Guard(settings.allowed_hosts, settings.allowed_origins)
        metrics = Metrics(self._id)
        answers = Answers(clerk, limits, self._failures, self._longer(clerk))
        desk = Desk(
            guard,
            self._keys,
            self._lineup,
            self._workers,
            self._long_workers,
            answers,
            metrics,
            self._tracer,
        )
        return Parts(
            guard=guard,
            bodies=BodyReader(
                settings.max_body_bytes, settings.max_pending_bytes, settings.body_timeout_s
            ),
            lineup=self._lineup,
            workers=self._workers,
            desk=desk,
            keys=self._keys,
            metrics=metrics,
            takes=("films",) * (settings.video_s > 0) + ("urls",) * bool(settings.urls),
            fallback=Pages(Path(settings.pages), self._proxy) if settings.pages else self._proxy,
        )

    def _longer(self, clerk: Clerk) -> Longer:
        settings = self._settings
        limits = LongerLimits(
            film_s=settings.video_s,
            frames=settings.video_frames,
            urls=settings.max_batch,
            drawn_bytes=settings.max_body_bytes,
        )
        return Longer(clerk, limits, self._fetcher)

    def _prediction_log(self) -> PredictionLog:
        settings = self._settings
        return PredictionLog(
            self._ports.ledger,
            Spool(self._ports.spool, settings.spool_bytes),
            self._counter,
            max_rows=settings.log_rows,
            max_bytes=settings.log_bytes,
        )

    def _load(self, wanted: Deployment) -> Model:
        package = load_package(self._ports, self._scope, wanted.model, wanted.package)
        settings = self._settings
        curves = Curves(
            self._ports.curves, settings.device, settings.worker_threads, settings.batch
        )
        return Model.load(
            package.onnx,
            package.contract,
            settings.max_pixels,
            settings.device,
            lambda predictor: curves.of(wanted.package, predictor),
        )

    def _log_state(self) -> dict[str, int]:
        written = self._log.written if self._log else 0
        waiting = self._log.waiting if self._log else 0
        return {"written": written, "waiting": waiting, "dropped": self._counter.dropped}

    def _begin_drain(self) -> None:
        self._app.draining = True
        if self._proxy is not None:
            self._proxy.end_soon()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that says when it begins to shut down."""

    def __init__(self, config: uvicorn.Config, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then let uvicorn close what is idle and wait for the rest."""
        self._on_drain()
        await super().shutdown(sockets)


@contextmanager
def _signals_stop(server: uvicorn.Server) -> Generator[None]:
    """Uvicorn raises the signal again when it has ended; we still have a log to drain then."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {n: signal.signal(n, ask) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
