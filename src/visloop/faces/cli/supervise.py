"""`visloop up`: serving processes in front, behind them the page and the API, beside them a worker."""

from __future__ import annotations

import ipaddress
import signal
import socket
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from visloop import app, deploy, logs
from visloop import serve as serving
from visloop.errors import Conflict

if TYPE_CHECKING:
    from types import FrameType

    from visloop.app import Ports
    from visloop.faces.cli.output import Settings

_UI = Path(__file__).resolve().parent.parent / "ui"
_MIB = 2**20
_BACKLOG = 512


class PortTaken(Conflict):
    """Somebody else listens on that port."""

    code = "up.port_taken"


def root_of(settings: Settings) -> Path:
    """The workspace that the options name."""
    return app.find(Path(settings.workspace) if settings.workspace else Path.cwd())


def up(root: Path, *, host: str | None, port: int, as_json: bool) -> None:
    """Run until told to stop; whatever dies is started again."""
    with app.opened(root) as ports:
        config = ports.config.serve
    front = _listen(host or config.host, port)
    back = _listen("127.0.0.1", 0)
    address = f"http://{_shown(front)}"
    fallback = f"http://{_shown(back)}"
    here = ["--here"] if ipaddress.ip_address(front.getsockname()[0]).is_loopback else []
    children = [
        _child("api", root, ["api", "--fd", str(back.fileno()), *here], back),
        *(
            _child(f"serve-{number}", root, _serve_argv(front, fallback), front)
            for number in range(config.processes)
        ),
        _child("worker", root, ["worker"]),
    ]
    _announce(root, address, as_json=as_json)
    folder = root / app.INNER / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "url").write_text(address, "utf-8")
    logs.to_file(folder / "up.log")
    try:
        deploy.Supervisor(children, folder).run()
    finally:
        (folder / "url").unlink(missing_ok=True)


def _serve_argv(front: socket.socket, fallback: str) -> list[str]:
    return ["serve", "--fd", str(front.fileno()), "--fallback", fallback]


def _child(
    name: str, root: Path, arguments: list[str], listening: socket.socket | None = None
) -> deploy.Child:
    return deploy.Child(
        name=name,
        argv=(sys.executable, "-m", "visloop", *arguments, "--workspace", str(root)),
        fds=(listening.fileno(),) if listening else (),
        env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"cannot listen on {host}:{port}: {error.strerror}",
            fix=f"another port: visloop up --port {port + 1 if port else 8485}",
        ) from error
    listening.listen(_BACKLOG)
    return listening


def _shown(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:  # listens everywhere, and answers to this name
        host = "::1" if ":" in host else "127.0.0.1"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _announce(root: Path, address: str, *, as_json: bool) -> None:
    page = f"{address}/?token={app.token_of(root)}"
    if as_json:
        click.echo(msgspec.json.encode({"url": address, "page": page}).decode())
    else:
        click.echo(f"page     {page}\nserving  {address}/predict/NAME\nCtrl-C ends it")
    sys.stdout.flush()


def serve(root: Path, *, host: str | None, port: int, fd: int | None, fallback: str | None) -> None:
    """Answer requests in this process until SIGTERM."""
    logs.to_stderr()
    with logs.last_words() if fd is not None else nullcontext():
        with app.opened(root) as ports:
            settings = settings_for(ports, host=host, port=port, fd=fd, fallback=fallback)
        serving.run(settings)


def settings_for(
    ports: Ports, *, host: str | None, port: int, fd: int | None, fallback: str | None
) -> serving.ServeSettings:
    """What `visloop.yaml` says, as a serving process takes it."""
    config = ports.config.serve
    inner = ports.root / app.INNER
    return serving.ServeSettings(
        ledger=f"sqlite:///{inner / 'ledger.db'}",
        blobs=str(inner / "blobs"),
        state=str(inner),
        project=ports.config.project,
        host=host or config.host,
        port=port,
        fd=fd,
        threads=config.threads,
        device=config.device,
        batch=config.batch,
        queue=config.queue,
        timeout_s=config.time_limit_s,
        max_pixels=round(config.megapixels * 1e6),
        max_body_bytes=config.body_limit_mb * _MIB,
        allowed_hosts=config.allowed_hosts,
        fallback=fallback,
        pages=str(_UI),
        copies_per_s=ports.config.shadow.per_s,
        keys=config.keys,
        urls=config.urls,
        url_s=config.url_seconds,
        video_s=config.video_seconds,
        video_frames=config.video_frames,
        otel=config.otel,
        spool_bytes=config.spool_limit_mb * _MIB,
    )


def worker(root: Path, *, lease_s: float, once: bool) -> None:
    """Go round until SIGTERM."""
    logs.to_stderr()
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    with app.opened(root) as ports:
        hands = app.Worker(ports, app.worker_name(), lease_s)
        if once:
            hands.once()
            hands.let_go()
        else:
            hands.run(stop)
