"""Reads and runs the examples of a documentation page.

How a page is written, so that its examples run:

- A fenced block ```console is run. Lines that begin with `$ ` are commands (a line that ends in `\\`
  goes on in the next). All of a page's blocks run in order, in one empty folder of its own, which is
  the home folder too; `cd` and exported variables last until the end of the page.
- The other lines of a block are what the command prints: each must be found in the output, in this
  order, others may stand between. `…` stands for anything within a line; runs of spaces count as one.
- A command must end with exit code 0, or with N where it ends in `# exit N`.
- A command that ends in ` &` goes on in the background until the page ends; the block waits until
  it has printed what stands below it. The page's port 8484 is replaced by a free one everywhere.
- A fenced block ```python is run too, in the same folder; later ones know the names of earlier ones.
- A fenced block ```javascript is run by Node as a module of its own; it says that something is wrong by
  throwing.
- `<!-- no-run: reason -->` before a block: it is not run, and counted.
- `<!-- needs: bucket -->` anywhere: the page finds the bucket `s3://factory/line-3` (folders good and
  scratched) on an S3 server of its own, and what reaches it in the environment.
- `<!-- needs: mlflow -->` anywhere: `python` in a console block is one that has MLflow.
- `<!-- needs: pictures -->` anywhere: the page needs the real pictures; `$PICTURES` is their folder.
"""

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.ui import node

PORT = "8484"
_FENCE = re.compile(
    r"(?:<!-- no-run:(?P<reason>.*?)-->\s*\n)?"
    r"^```(?P<kind>console|python|javascript)[^\n]*\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_EXIT = re.compile(r"#\s*exit (\d+)\s*$")
_START_PATIENCE_S = 60
_COMMAND_PATIENCE_S = 300

_PYTHON = """
import contextlib, io, json, os, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    said, wrong = io.StringIO(), ""
    ask = json.loads(line)
    os.chdir(ask["folder"])
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exec(compile(ask["code"], ask["place"], "exec"), names)
        except BaseException:
            wrong = traceback.format_exc()
    print(json.dumps({"said": said.getvalue(), "wrong": wrong}), file=sys.__stdout__, flush=True)
"""


class ExampleFailed(AssertionError):
    """An example does not do what the page says."""


@dataclass(frozen=True)
class Step:
    """A command and what the page says that it prints."""

    command: str
    expected: tuple[str, ...]
    exit_code: int = 0
    background: bool = False


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    kind: str
    body: str
    line: int
    no_run: str | None = None

    @property
    def steps(self) -> list[Step]:
        """The commands of a console block."""
        steps: list[Step] = []
        lines = iter(self.body.splitlines())
        for line in lines:
            if line.startswith("$ "):
                command = line[2:]
                while command.endswith("\\"):
                    command = f"{command[:-1]}{next(lines, '').lstrip('> ')}"
                found = _EXIT.search(command)
                bare = _EXIT.sub("", command).rstrip()
                background = bare.endswith(" &")
                bare = bare.removesuffix(" &") if background else bare
                steps.append(Step(bare, (), int(found[1]) if found else 0, background))
            elif line.strip():
                if not steps:
                    raise ExampleFailed(f"line {self.line}: output before the first `$ `: {line!r}")
                last = steps.pop()
                expected = (*last.expected, line)
                steps.append(Step(last.command, expected, last.exit_code, last.background))
        return steps


def blocks(text: str) -> list[Block]:
    """The blocks of a page that can be run, in order."""
    return [
        Block(
            kind=found["kind"],
            body=found["body"],
            line=text[: found.start("kind")].count("\n") + 1,
            no_run=None if found["reason"] is None else found["reason"].strip(),
        )
        for found in _FENCE.finditer(text)
    ]


def needs_pictures(text: str) -> bool:
    """Whether the page asks for the real pictures."""
    return "<!-- needs: pictures -->" in text


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def missing(expected: tuple[str, ...], output: str) -> str | None:
    """The first expected line that the output does not have, in this order; none when all are there."""
    said = iter([_squeezed(line) for line in output.splitlines()])
    for line in expected:
        wanted = ".*".join(re.escape(piece) for piece in _squeezed(line).split("…"))
        if not any(re.search(wanted, each) for each in said):
            return line
    return None


class Shell:
    """Where a page's examples run: one folder, one set of variables, one Python.

    Args:
        folder: empty; becomes the home folder too.
        extra: variables that the page may use.
        quick: a folder whose `visloop` starts sooner; what runs in the background does without.
    """

    def __init__(self, folder: Path, extra: dict[str, str], quick: Path | None = None) -> None:
        self._home = folder / "home"
        self._home.mkdir()
        self._state = folder / "state.sh"
        self._state.write_text(f"cd '{self._home}'\n", encoding="utf-8")
        self._logs = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._python: subprocess.Popen[str] | None = None
        self._port = _free_port()
        tools = str(Path(sys.executable).parent)
        self._variables = {
            **{k: v for k, v in os.environ.items() if not k.startswith("VISLOOP_")},
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(self._home),
            "NO_COLOR": "1",
            "COLUMNS": "120",
            **extra,
        }
        self._quick = f"{quick}{os.pathsep}" if quick else ""
        self._variables["PATH"] = self._quick + self._variables["PATH"]

    def run(self, block: Block, place: str) -> None:
        """Run one block.

        Raises:
            ExampleFailed: it did not do what the page says.
        """
        if block.kind == "python":
            self._exec(block, place)
            return
        if block.kind == "javascript":
            module = self._logs / "example.mjs"
            module.write_text(self._on_own_port(block.body), encoding="utf-8")
            self._finish(f"{shlex.join(node.command('node'))} '{module}'", (), 0, place)
            return
        for step in block.steps:
            command = self._on_own_port(step.command)
            expected = tuple(line.replace(PORT, self._port) for line in step.expected)
            if step.background:
                self._start(command, expected, place)
            else:
                self._finish(command, expected, step.exit_code, place)

    def _on_own_port(self, command: str) -> str:
        command = command.replace(PORT, self._port)
        listens = re.match(r"visloop (up|serve|web)\b", command)
        if listens and "--port" not in command:
            command += f" --port {self._port}"
        return command

    def _finish(self, command: str, expected: tuple[str, ...], code: int, place: str) -> None:
        script = f"source {self._state}\n{command}\ncode=$?\n"
        script += f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {self._state}\nexit $code\n"
        done = subprocess.run(
            ["bash", "-c", script],
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_PATIENCE_S,
            check=False,
        )
        if done.returncode != code:
            raise ExampleFailed(
                f"{place}: $ {command}\nended with {done.returncode}, not {code}\n{done.stdout}"
            )
        if (lost := missing(expected, done.stdout)) is not None:
            raise ExampleFailed(f"{place}: $ {command}\ndid not say {lost!r}\n{done.stdout}")

    def _start(self, command: str, expected: tuple[str, ...], place: str) -> None:
        log = self._logs / f"background-{len(self._running)}.log"
        usual = f"PATH=${{PATH#'{self._quick}'}}"
        with log.open("wb") as out:
            started = subprocess.Popen(
                ["bash", "-c", f"source {self._state}\n{usual}\nexec {command}"],
                env=self._variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(started)
        deadline = time.monotonic() + _START_PATIENCE_S
        while missing(expected, log.read_text(encoding="utf-8", errors="replace")) is not None:
            if started.poll() is not None or time.monotonic() > deadline:
                raise ExampleFailed(f"{place}: $ {command} &\nnever said so\n{log.read_text()}")
            time.sleep(0.1)

    def _exec(self, block: Block, place: str) -> None:
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, "-c", _PYTHON],
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        folder = subprocess.run(
            ["bash", "-c", f"source {self._state}; pwd"],
            env=self._variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        code = block.body.replace(PORT, self._port)
        ask = {"code": code, "place": place, "folder": folder}
        self._python.stdin.write(json.dumps(ask) + "\n")
        self._python.stdin.flush()
        answer = json.loads(self._python.stdout.readline() or '{"said": "", "wrong": "it died"}')
        if answer["wrong"]:
            raise ExampleFailed(f"{place}:\n{answer['said']}{answer['wrong']}")

    def close(self) -> None:
        """End what still runs."""
        if self._python is not None:
            self._python.communicate()
        for each in self._running:
            for how in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    each.wait(timeout=10)
                    break


@contextlib.contextmanager
def shell(
    folder: Path, extra: dict[str, str] | None = None, quick: Path | None = None
) -> Iterator[Shell]:
    """A `Shell` that is closed at the end."""
    opened = Shell(folder, extra or {}, quick)
    try:
        yield opened
    finally:
        opened.close()


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
