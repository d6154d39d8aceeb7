"""Labels killed on their way in, and the worker killed while it watches: nothing is lost or doubled."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from tests.journey import killing, worlds
from tests.journey.endings import ending
from tests.journey.killing import Nursery, Span, Tally
from tests.journey.victims import ROUND, ROUNDS, Victim, copied, in_turns, quick
from visloop import app
from visloop.faces import sdk


def test_labels_killed_on_their_way_in_are_all_there_in_the_end(
    tmp_path: Path, world: worlds.World, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("labels")
    ask = ("label", "import", str(world.truth), "--dataset", "line")
    template, twin = quick(world, tmp_path / "template"), tmp_path / "twin"
    span = nursery.measure(copied(template, twin).root, *ask)
    wanted = ending(twin)
    for number in range(100):
        if tally.has_enough("label import"):
            break
        victim = copied(template, tmp_path / f"ws{number}")
        for _ in range(2):
            tally.kills["label import"] += span.kill(
                nursery.command(victim.root, *ask), victim.root, draw
            )
            victim.must_stand()
        nursery.run(victim.root, *ask)
        assert ending(victim.root) == wanted
    assert tally.has_enough("label import")


class Receiver(ThreadingHTTPServer):
    """Takes news and remembers which alerts they were about."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _News)
        self.alerts: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/news"


class _News(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.alerts.append(msgspec.json.decode(body)["subject"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        thread = worlds.in_background(listening.serve_forever)
        yield listening
        listening.shutdown()
        thread.join(30)


@pytest.fixture(scope="module")
def unwatched(
    tmp_path_factory: pytest.TempPathFactory,
    world: worlds.World,
    nursery: Nursery,
    receiver: Receiver,
) -> Path:
    """Two deployments under an old lamp, whose answers nobody has looked at yet; a webhook."""
    root = quick(world, tmp_path_factory.mktemp("unwatched") / "ws")
    with (root / "visloop.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"webhooks: [{{url: '{receiver.url}', kinds: [alert.opened]}}]\n")
    with sdk.local(root) as here:
        for alert in here.call(app.alerts_list, app.AlertsList()).rows:
            here.call(app.alerts_close, app.AlertsClose(alert=alert["id"]))
        assert (
            nursery.command(root, *ROUND).end() == 0
        )  # the hook begins with what comes from now on
        here.call(app.deploy, app.Deploy(model="inspector@v1", as_="desk", wait_s=0))
        with worlds.serving(root) as url:
            for name, start in (("belt", 200), ("desk", 260)):
                ask = app.DemoStream(
                    url=f"{url}/predict/{name}", start=start, count=55, drift=("lamp",)
                )
                assert here.call(app.demo_stream, ask).failed == 0
    return root


def _watched(root: Path) -> tuple[int, ...]:
    """How far watching is: monitors, what they have looked at, windows, captures, news told."""
    figures = ("monitors", "windows", "captures", "label_tasks")
    with contextlib.closing(sqlite3.connect(root / app.INNER / "ledger.db")) as ledger:
        moved = ledger.execute("SELECT sum(cursor), sum(tested) FROM monitors").fetchone()
        (told,) = ledger.execute("SELECT sum(delivered) FROM webhooks").fetchone()
        counts = (ledger.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in figures)
        return (*moved, told, *counts)


def _killed_while_watching(
    nursery: Nursery, victim: Victim, end: tuple[int, ...], span: Span, tally: Tally, seed: str
) -> Iterator[None]:
    draw = killing.draw_for(seed)
    for attempt in range(ROUNDS):
        if _watched(victim.root) == end:
            return
        victim.rest()
        child = nursery.command(victim.root, *ROUND)
        if attempt >= 4:
            assert child.end() == 0, child.said
            continue
        tally.kills["observe tick"] += span.kill(child, victim.root, draw, begin=0.2)
        victim.must_stand()
        victim.begin_rest()
        yield
    raise AssertionError(f"watching stands at {_watched(victim.root)}, not {end}")


def test_the_worker_killed_while_it_watches_sees_everything_once(
    tmp_path: Path, unwatched: Path, nursery: Nursery, receiver: Receiver, tally: Tally
) -> None:
    twin = copied(unwatched, tmp_path / "twin")
    before = _watched(twin.root)
    span = nursery.measure(twin.root, *ROUND)
    end, wanted = _watched(twin.root), ending(twin.root)
    assert [now > was for was, now in zip(before, end, strict=True)] == [True] * len(end)
    assert sum("alert.opened" in each for each in wanted["facts"]) == 3  # the world's, and two
    for number in range(20):
        if tally.has_enough("observe tick"):
            break
        victims = [copied(unwatched, tmp_path / f"ws{number}-{each}") for each in range(2)]
        in_turns(
            *(
                _killed_while_watching(nursery, each, end, span, tally, each.root.name)
                for each in victims
            )
        )
        for each in victims:
            assert ending(each.root) == wanted
            assert _opened(each.root, unwatched) <= {*receiver.alerts}
    assert tally.has_enough("observe tick")


def _opened(root: Path, template: Path) -> set[str]:
    """Alerts opened since the template, by their random ids."""
    known: list[set[str]] = []
    for each in (root, template):
        with sdk.local(each) as here:
            known.append({row["id"] for row in here.call(app.alerts_list, app.AlertsList()).rows})
    assert len(known[0] - known[1]) == 2
    return known[0] - known[1]
