"""`visloop track -- COMMAND`: any command as a run, with what it printed, what it cost, how it ended."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click
import msgspec

from visloop import app, deploy
from visloop.errors import NotFound, Unavailable
from visloop.faces import sdk
from visloop.faces.cli import output

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from visloop.faces.sdk import Connection

_TAIL_BYTES: Final = 1 << 20
_PIECE: Final = 1 << 16
_SIGNALLED: Final = 128
_SECRET: Final = re.compile(r"(?i)(token|secret|passw|api_?key|access_?key|credential)")


class CommandNotFound(NotFound):
    """The command to track cannot be started."""

    code = "track.command_not_found"


@dataclass
class _Tail:
    """The last of what was printed, both streams as they came."""

    size: int = 0
    pieces: deque[bytes] = field(default_factory=deque[bytes])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, piece: bytes) -> None:
        with self.lock:
            self.pieces.append(piece)
            self.size += len(piece)
            while self.size - len(self.pieces[0]) > _TAIL_BYTES:
                self.size -= len(self.pieces.popleft())

    def last_line(self) -> str:
        lines = b"".join(list(self.pieces)[-4:]).decode(errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else ""


@click.command(
    params=output.common_options(),
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
@click.option("--name", default="", help="a name for people; default: the script's")
@click.option("--experiment", default="", help="the experiment that it belongs to")
@click.option("--parent", default=None, help="the run of which it is a part")
@click.option("--data", default="", help="the data version that it reads: photos@v3:train")
@click.option("--seed", type=int, default=0, help="given to it as VISLOOP_SEED")
@click.option("--param", "params", multiple=True, help="a parameter: --param lr=0.1")
@click.option("--tag", "tags", multiple=True, help="a tag: --tag who=me")
@click.option("--notes", "-m", default="", help="what it is for")
@click.option(
    "--alive-s", type=click.FloatRange(1), default=30.0, help="lost after so long silence"
)
def track(command: tuple[str, ...], **given: Any) -> None:
    """Run any command as a tracked run: `visloop track -- python train.py --lr 0.1`.

    It finds the run in VISLOOP_RUN; in Python `visloop.run()` is it. MLflow's client logs to it too
    while `visloop up` runs here. The exit code is the command's.
    """
    settings = output.Settings.taken_from(given)
    with output.connected(settings) as connection:
        run = connection.call(app.runs_start, _asked(command, given)).run
        sdk.keep_surroundings(connection, run, Path.cwd())
        if not settings.json and not settings.quiet:
            click.echo(f"run {run}", err=True)
        code = _tracked(connection, run, command, given, settings)
    if settings.json:
        told = {"run": run, "status": "failed" if code else "done", "exit_code": code}
        click.echo(msgspec.json.encode(told).decode())
    raise SystemExit(code)


def _asked(command: tuple[str, ...], given: Mapping[str, Any]) -> app.RunsStart:
    script = next((word for word in command if word.endswith((".py", ".sh", ".ipynb"))), command[0])
    return app.RunsStart(
        name=given["name"] or Path(script).name,
        experiment=given["experiment"],
        parent=given["parent"],
        data=given["data"],
        seed=given["seed"],
        params=_pairs(given["params"], "--param"),
        tags={"command": shown_command(command), **_pairs(given["tags"], "--tag")},
        notes=given["notes"],
        alive_s=given["alive_s"],
        about=msgspec.json.encode(app.about(Path.cwd())).decode(),
    )


def _pairs(given: tuple[str, ...], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        key, sign, value = each.partition("=")
        if not sign or not key:
            raise click.BadParameter(f"{each!r} is not name=value", param_hint=option)
        found[key] = value
    return found


def shown_command(command: tuple[str, ...]) -> str:
    """The command as it may be kept: values of what is called token, password, … are left out."""
    shown: list[str] = []
    hide = False
    for word in command:
        name, sign, _ = word.partition("=")
        if hide and not word.startswith("-"):
            shown.append("…")
        elif sign and _SECRET.search(name):
            shown.append(f"{name}=…")
        else:
            shown.append(word)
        hide = not sign and word.startswith("-") and bool(_SECRET.search(word))
    return " ".join(shown)[:2_000]


def _tracked(
    connection: Connection,
    run: str,
    command: tuple[str, ...],
    given: Mapping[str, Any],
    settings: output.Settings,
) -> int:
    tail = _Tail()
    try:
        child = subprocess.Popen(  # noqa: S603 - what the user asked to run
            command,
            env={**os.environ, **_environment(run, given, settings)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        said = f"{command[0]!r} cannot be started: {error.strerror}"
        ask = app.RunsEnd(run=run, status="failed", code="not_started", what=said)
        connection.call(app.runs_end, ask)
        raise CommandNotFound(said, fix="visloop track -- python train.py") from error
    with _signals_to(child), _alive(connection, run, given["alive_s"]):
        _pass_on(child, tail, to_stderr=settings.json)
        status = child.wait()
    _end(connection, run, status, tail)
    return _SIGNALLED - status if status < 0 else status


def _environment(run: str, given: Mapping[str, Any], settings: output.Settings) -> dict[str, str]:
    """How the command finds its run; MLflow's names too, where a server runs."""
    told = {"VISLOOP_RUN": run, "PYTHONUNBUFFERED": "1", "VISLOOP_SEED": str(given["seed"])}
    if settings.server:
        token = os.environ.get("VISLOOP_TOKEN", "")
        return {**told, "VISLOOP_SERVER": settings.server, **_mlflow(settings.server, token, run)}
    root = app.find(Path(settings.workspace) if settings.workspace else Path.cwd())
    told["VISLOOP_WORKSPACE"] = str(root)
    folder = root / app.INNER / "run"
    if deploy.running(folder) is not None:
        with suppress(OSError):
            url = (folder / "url").read_text("utf-8").strip()
            told |= _mlflow(url, app.token_of(root), run)
    return told


def _mlflow(url: str, token: str, run: str) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_RUN_ID": run,
    }


def _pass_on(child: subprocess.Popen[bytes], tail: _Tail, *, to_stderr: bool) -> None:
    """What it prints, at once and in both streams, until it closes them."""
    out = sys.stderr if to_stderr else sys.stdout
    assert child.stdout is not None
    assert child.stderr is not None
    threads = [
        threading.Thread(target=_copy, args=(child.stdout, out.buffer, tail)),
        threading.Thread(target=_copy, args=(child.stderr, sys.stderr.buffer, tail)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _copy(source: IO[bytes], target: Any, tail: _Tail) -> None:
    while piece := os.read(source.fileno(), _PIECE):
        tail.add(piece)
        with suppress(OSError, ValueError):  # nobody looks any more: the command goes on
            target.write(piece)
            target.flush()


@contextmanager
def _signals_to(child: subprocess.Popen[bytes]) -> Generator[None]:
    """SIGTERM goes to the command; Ctrl-C reaches it by itself, and must not end us before it."""

    def forward(number: int, _frame: object) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            child.send_signal(number)

    before = {each: signal.signal(each, forward) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _alive(connection: Connection, run: str, alive_s: float) -> Generator[None]:
    """Say that the run lives, three times as often as it would be taken for lost."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(alive_s / 3):
            with suppress(Unavailable):
                connection.call(app.runs_log, app.RunsLog(run=run, alive_s=alive_s))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _end(connection: Connection, run: str, status: int, tail: _Tail) -> None:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    if tail.pieces:
        connection.keep_bytes(run, "output.log", b"".join(tail.pieces))
    code, what = "", ""
    if status:
        code = "exit" if status > 0 else "killed"
        how = f"exit code {status}" if status > 0 else signal.Signals(-status).name
        what = f"{how}: {tail.last_line()}" if tail.last_line() else how
    ask = app.RunsEnd(
        run=run,
        status="failed" if status else "done",
        code=code,
        what=what,
        cpu_s=spent.ru_utime + spent.ru_stime,
    )
    connection.call(app.runs_end, ask)
