"""Killing for real: commands in processes that `SIGKILL` ends at any moment, and what must be true then.

A child is the real command line in a process of its own, forked from one that has every module
imported already, so that a kill lands in the work and not in the interpreter's start.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import Connection, Engine, event

from tests import preloading
from visloop import app
from visloop.data.intake import add as intake
from visloop.faces import cli

SEED = int(os.environ.get("VISLOOP_KILL_SEED", "1"))
LEASE_S = 1.0
LEAST = {
    "init": 5,
    "add": 20,
    "add beside add": 5,
    "commit": 10,
    "rename": 6,
    "export": 5,
    "train": 10,
    "label import": 5,
    "observe tick": 5,
    "loop labelled": 3,
    "loop committed": 3,
    "loop trained": 3,
    "loop gated": 3,
    "loop approved": 3,
    "loop promoted": 3,
    "serve": 10,
    "gc": 6,
    "merge": 4,
    "resolve": 4,
    "revert": 3,
    "switch": 3,
    "checkout": 5,
}
"""What a full run kills at least; more land, and are told at the end."""
_LOOK_S = 0.001
_BREATH_S = 0.005
_DATABASES = ("ledger.db", "blobs/index.db")


def draw_for(test: str) -> random.Random:
    """Random moments, the same ones for the same `VISLOOP_KILL_SEED`."""
    return random.Random(f"{SEED} {test}")


def _child(arguments: tuple[str, ...], log: str, batch: int | None) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if batch is not None:  # a small folder is staged in many transactions, as a big one would be
        intake.BATCH = batch
    event.listen(Engine, "begin", _breathe)
    sys.exit(cli.run(arguments))


def _breathe(connection: Connection) -> None:
    """A moment before each write: transactions that follow each other can be told apart."""
    if connection.get_execution_options().get("visloop_mode") != "read":
        time.sleep(_BREATH_S)


class Child:
    """One command at work."""

    def __init__(self, process: Any, log: Path) -> None:
        self._process = process
        self._log = log
        process.start()
        self.started = time.monotonic()

    def kill_after(self, delay_s: float) -> bool:
        """SIGKILL after that long; False when it had ended by itself."""
        self._process.join(max(0.0, self.started + delay_s - time.monotonic()))
        return self.kill()

    def kill_at(self, look: Callable[[], object], number: int) -> bool:
        """SIGKILL as soon as what `look` sees has changed for the `number`-th time."""
        for changes in self.changes(look):
            if changes == number:
                break
        return self.kill()

    def changes(self, look: Callable[[], object]) -> Iterator[int]:
        """Look for as long as it runs: how often what is seen has changed so far."""
        deadline, before, changes = time.monotonic() + 60, look(), 0
        while self._process.exitcode is None and time.monotonic() < deadline:
            now = look()
            changes += now != before
            before = now
            yield changes
            time.sleep(_LOOK_S)

    def kill(self) -> bool:
        """SIGKILL now."""
        self._process.kill()
        self._process.join(30)
        return self._exit_code() == -signal.SIGKILL

    def end(self, timeout_s: float = 120) -> int:
        """Wait for its own end; the exit code."""
        self._process.join(timeout_s)
        if self._process.exitcode is None:
            self.kill()
            raise AssertionError(f"it did not end within {timeout_s} s: {self.said}")
        return self._exit_code()

    def _exit_code(self) -> int:
        """A good end, an error told, a no or the kill; nothing crashed on the way."""
        assert self._process.exitcode in {0, 1, 3, -signal.SIGKILL}, self.said
        assert "Traceback" not in self.said, self.said
        return self._process.exitcode

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8") if self._log.exists() else ""


class Nursery:
    """Forks children from a process that has imported everything and started no thread."""

    def __init__(self, logs: Path) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([*preloading.names(), "pytest", __name__])
        self._logs = logs
        self._number = 0
        assert self.command(logs, "--version").end() == 0  # the first one waits for the imports

    def command(self, root: Path, *arguments: str, batch: int | None = None) -> Child:
        """`visloop ARGUMENTS --json` on that workspace; `init` names it itself, `worker` answers nothing."""
        self._number += 1
        log = self._logs / f"{self._number:04d}-{arguments[0]}.log"
        whole = arguments
        if not arguments[0].startswith("-"):
            where = () if arguments[0] == "init" else ("--workspace", str(root))
            whole = (*arguments, *where, *(() if arguments[0] == "worker" else ("--json",)))
        target = self._context.Process(target=_child, args=(whole, str(log), batch))
        return Child(target, log)

    def run(self, root: Path, *arguments: str, batch: int | None = None) -> dict[str, Any]:
        """The same to its end, which must be a good one; what it answered."""
        child = self.command(root, *arguments, batch=batch)
        assert child.end() == 0, child.said
        return msgspec.json.decode(child.said.strip().splitlines()[-1])

    def measure(self, root: Path, *arguments: str, batch: int | None = None) -> Span:
        """Run it undisturbed, and watch it."""
        child = self.command(root, *arguments, batch=batch)
        with Watch(root) as watch:
            first = watch.facts()
            writes = max(child.changes(watch.writes), default=0)
            took_s = time.monotonic() - child.started
            assert child.end() == 0, child.said
            return Span(took_s, max(1, writes), watch.facts() - first)


class Watch:
    """What a command has done so far, seen from outside: transactions, packs that grew, facts."""

    def __init__(self, root: Path) -> None:
        self._inner = root / app.INNER
        self._open: dict[str, sqlite3.Connection] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open.values():
            each.close()

    def writes(self) -> tuple[int, ...]:
        """Differs after every transaction of the ledger or the index, and every write to a pack."""
        transactions = (self._ask(each, "PRAGMA data_version") for each in _DATABASES)
        return (*transactions, *self._pack_sizes())

    def _pack_sizes(self) -> Iterator[int]:
        for each in sorted((self._inner / "blobs").glob("*.pack")):
            with suppress(FileNotFoundError):  # gc has just removed it
                yield each.stat().st_size

    def facts(self) -> int:
        """How many facts there are."""
        return self._ask(_DATABASES[0], "SELECT max(seq) FROM facts")

    def _ask(self, database: str, query: str) -> int:
        path = self._inner / database
        try:
            if database not in self._open and path.exists():
                self._open[database] = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            return self._open[database].execute(query).fetchone()[0] or 0
        except (KeyError, sqlite3.Error):  # nothing there yet
            return 0


@dataclass(frozen=True)
class Span:
    """What a command does undisturbed: how long it takes, what a `Watch` sees of it."""

    took_s: float
    writes: int
    facts: int

    def kill(self, child: Child, root: Path, draw: random.Random, *, begin: float = 0.05) -> bool:
        """SIGKILL at a random moment behind a share of the span, at one of its writes, or of its facts."""
        way = draw.choice(("time", "write", "fact") if self.facts else ("time", "write"))
        if way == "time":
            return child.kill_after(self.took_s * draw.uniform(begin, 1.0))
        if way == "fact":
            return self.kill_behind_fact(child, root, draw.randint(1, self.facts))
        with Watch(root) as watch:
            return child.kill_at(watch.writes, draw.randint(1, self.writes))

    def kill_behind_fact(self, child: Child, root: Path, number: int) -> bool:
        """SIGKILL as soon as its `number`-th fact is seen: before whatever is to come next."""
        with Watch(root) as watch:
            first = watch.facts()
            return child.kill_at(lambda: watch.facts() >= first + number, 1)


@dataclass
class Tally:
    """Kills that landed, by what they hit."""

    kills: Counter[str] = field(default_factory=Counter)

    def has_enough(self, *kinds: str) -> bool:
        """Whether each of them was killed as often as it must be."""
        return all(self.kills[each] >= LEAST[each] for each in kinds)

    def __str__(self) -> str:
        rows = "".join(f"\n  {count:4d}  {what}" for what, count in sorted(self.kills.items()))
        return f"kills with SIGKILL that landed: {self.kills.total()}{rows}"


KILLS = Tally()
