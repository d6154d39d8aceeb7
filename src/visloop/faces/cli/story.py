"""`visloop quickstart`: the whole circle on a virtual factory line, told as it happens.

Every line that begins with `$` is a public command; it is parsed and run just as printed.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visloop import app
from visloop.errors import Conflict, Unavailable
from visloop.faces import sdk
from visloop.faces.cli import bars, parsing, render

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from visloop.app import Operation
    from visloop.faces.cli.output import Settings

_PATIENCE_S = 120.0
_LABELS = 150
_SETTINGS = """\
format: 1
gate:
  checks:
    - {metric: accuracy, at_least: 0.6}
  better_than_champion: not_worse
monitor: {window: 50, alpha: 0.01}
capture: {below_confidence: 0.5, daily_limit: 160}
loop: {dataset: line, deployment: belt, model: inspector, labels: 150, every_s: 0.3}
"""


@dataclass(frozen=True)
class Story:
    """What the quickstart measured, for machines."""

    accuracy_before: float
    accuracy_drifted: float
    accuracy_healed: float
    recovered_share: float
    labels_used: int
    time_to_heal_s: float
    alarm_after_images: int
    seconds: float
    directory: str
    page: str


class Teller:
    """Prints a command, runs it, shows the answer."""

    def __init__(self, root: Path, settings: Settings, commands: click.Command) -> None:
        self.root = root
        self._commands = commands
        self._json = settings.json
        self._quiet = settings.quiet or settings.json

    def say(self, text: str) -> None:
        """A sentence of the story."""
        click.echo(click.style(f"\n{text}", bold=True), err=self._json)

    def run(self, command: str, *, shown: bool = True) -> Any:
        """Run one public command, given as it would be typed inside the workspace."""
        click.echo(click.style("$ visloop ", fg="cyan") + command, err=self._json)
        operation, ask = parsing.parse(self._commands, shlex.split(command), base=self.root)
        with (
            bars.progress(quiet=self._quiet) as progress,
            sdk.local(self.root, progress=progress) as connection,
        ):
            answer = connection.call(operation, ask)
        if shown and not self._json:
            render.answer(operation.name, answer)
        return answer


def tell(
    directory: Path,
    settings: Settings,
    commands: click.Command,
    *,
    port: int,
    seed: int,
    stay: bool,
) -> Story:
    """Tell the whole story; ends with the page open, or (`stay` False) with everything stopped.

    `commands` is the root of the command line, under which the story's own commands are found.

    Raises:
        Conflict: the directory holds something already.
        Unavailable: a step took longer than it ever should.
    """
    started = time.monotonic()
    root = directory.resolve()
    _make(root)
    teller = Teller(root, settings, commands)
    teller.say("1. A camera looks at a factory line. Its first pictures come with labels.")
    click.echo(click.style("$ visloop ", fg="cyan") + f"init {directory}", err=settings.json)
    _first_model(teller, seed)
    with _up(root, port, settings) as page:
        before, drifted, alarm_after = _production(teller, page, seed)
        cycle = _heal(teller)
        healed = _check(teller, page, seed)
        story = Story(
            accuracy_before=before,
            accuracy_drifted=drifted,
            accuracy_healed=healed,
            recovered_share=_recovered(before, drifted, healed),
            labels_used=int(cycle["because"]["labels"]),
            time_to_heal_s=float(cycle["time_to_heal_s"]),
            alarm_after_images=alarm_after,
            seconds=round(time.monotonic() - started, 1),
            directory=str(root),
            page=page,
        )
        _moral(teller, story)
        if stay:
            _wait_for_person(teller, page)
    return story


def _make(root: Path) -> None:
    if root.exists() and any(root.iterdir()):
        raise Conflict(
            f"{root} is not empty", fix="name another folder: visloop quickstart my-line"
        )
    app.create(root)
    (root / "visloop.yaml").write_text(_SETTINGS, "utf-8")


def _first_model(teller: Teller, seed: int) -> None:
    teller.run(f"demo images parts --count 480 --seed {seed}")
    teller.run("add parts --to line")
    teller.run("split line --set train=0.75 --set test=0.25")
    teller.run('commit line -m "first parts"')
    teller.say("2. A first model learns from them, and must pass the gate.")
    teller.run("train line@v1 --model inspector")
    teller.run("gate inspector@v1")
    teller.run("model promote inspector@v1", shown=False)
    teller.say("3. It goes to work.")
    teller.run("deploy inspector@v1 --as belt --wait-s 0", shown=False)
    teller.run("loop start", shown=False)


def _production(teller: Teller, page: str, seed: int) -> tuple[float, float, int]:
    url = page.partition("/?")[0]
    stream = f"demo stream {url}/predict/belt --seed {seed + 1} --truth truth.csv"
    calm = teller.run(f"{stream} --count 200")
    _wait(teller, lambda: _seen(teller) >= calm.sent, "the monitor to look at the calm traffic")
    teller.say("4. The lamp above the belt grows old. Nobody tells the model.")
    drifted = teller.run(f"{stream} --start 200 --count 300 --drift lamp")
    alert = _wait(teller, lambda: _alert(teller), "the alarm")
    teller.say(f"5. Alarm: {alert['what']}")
    teller.run("monitor belt --windows 12")
    return calm.accuracy, drifted.accuracy, int(alert["last_image"]) - calm.sent


def _heal(teller: Teller) -> dict[str, Any]:
    teller.say("6. The telling pictures wait for a person, who labels them.")
    _wait(teller, lambda: _queued(teller) >= _LABELS, "the queue to fill")
    teller.run("label list --dataset line --limit 5")
    teller.run("label import truth.csv --dataset line")
    teller.say("7. Enough labels: the loop commits, trains, judges, switches, all by itself.")
    cycle = _wait(teller, lambda: _done(teller), "the loop")
    teller.run("loop status")
    if cycle["state"] != "done":
        raise Unavailable("the gate refused the new model", fix="visloop loop status")
    return cycle


def _check(teller: Teller, page: str, seed: int) -> float:
    teller.say("8. Fresh pictures under the same old lamp:")
    url = page.partition("/?")[0]
    healed = teller.run(
        f"demo stream {url}/predict/belt --seed {seed + 1} --start 500 --count 200 "
        "--drift lamp --truth truth.csv"
    )
    return healed.accuracy


def _recovered(before: float, drifted: float, healed: float) -> float:
    lost = before - drifted
    return round((healed - drifted) / lost, 3) if lost > 0 else 0.0


def _moral(teller: Teller, story: Story) -> None:
    teller.say(
        f"Healed. Accuracy {story.accuracy_before:.3f}, under the old lamp "
        f"{story.accuracy_drifted:.3f}, now {story.accuracy_healed:.3f}: "
        f"{story.recovered_share:.0%} of the loss is back."
    )
    teller.say(
        f"Alarm {story.alarm_after_images} pictures after the lamp aged; "
        f"{story.labels_used} labels; {story.time_to_heal_s:.0f} s from alarm to healed; "
        f"{story.seconds:.0f} s in all."
    )


def _wait_for_person(teller: Teller, page: str) -> None:
    teller.say(f"Look around: {page}\nCtrl-C ends it; come back with: visloop up")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


@contextmanager
def _up(root: Path, port: int, settings: Settings) -> Generator[str]:
    """`visloop up` as a process of its own, ready to answer; the page's address."""
    command = [sys.executable, "-m", "visloop", "up", "--json", "--port", str(port)]
    click.echo(click.style("$ visloop ", fg="cyan") + "up &", err=settings.json)
    process = subprocess.Popen(  # noqa: S603 - our own command line
        [*command, "--workspace", str(root)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Unavailable("`visloop up` ended at once", fix=f"visloop up --workspace {root}")
        yield parsing.decode(line)["page"]
    finally:
        process.terminate()
        process.wait()


def _wait(teller: Teller, look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise Unavailable(
        f"{what} did not happen within {_PATIENCE_S:.0f} s",
        fix=f"look at the logs in {teller.root / app.INNER / 'run'}",
    )


def _ask(teller: Teller, operation: Operation[Any, Any], ask: object) -> Any:
    with sdk.local(teller.root) as connection:
        return connection.call(operation, ask)


def _seen(teller: Teller) -> int:
    rows = _ask(teller, app.monitor, app.Monitor(name="belt")).windows
    return int(rows[-1]["last_image"]) if rows else 0


def _alert(teller: Teller) -> dict[str, Any] | None:
    rows = _ask(teller, app.alerts_list, app.AlertsList(state="open")).rows
    return rows[-1] if rows else None


def _queued(teller: Teller) -> int:
    return _ask(teller, app.label_list, app.LabelList(dataset="line", limit=1000)).count


def _done(teller: Teller) -> dict[str, Any] | None:
    history = _ask(teller, app.loop_status, app.LoopShow()).history
    return history[0] if history and history[0]["ended"] else None
