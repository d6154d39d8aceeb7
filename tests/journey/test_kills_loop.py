"""The worker killed in every step of the loop: it ends as without the kills."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journey import killing, worlds
from tests.journey.endings import ending
from tests.journey.killing import Nursery, Span, Tally
from tests.journey.victims import ROUND, ROUNDS, Victim, copied, in_turns, quick
from visloop import app
from visloop.faces import sdk

STATES = ("labelled", "committed", "trained", "gated", "approved", "promoted")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, world: worlds.World) -> Path:
    """Enough accepted labels, and the loop switched on."""
    root = quick(world, tmp_path_factory.mktemp("labelled") / "ws")
    with sdk.local(root) as here:
        truth = app.LabelImport(file=str(world.truth), dataset="line")
        assert here.call(app.label_import, truth).accepted >= 20
        here.call(app.loop_start, app.LoopStart())
    return root


Place = tuple[str | None, int, str]


def _place(root: Path) -> Place:
    """How far the loop is: the cycle's state; where a person is asked, the model's number and state."""
    with contextlib.closing(sqlite3.connect(root / app.INNER / "ledger.db")) as ledger:
        cycle = ledger.execute("SELECT state FROM cycles ORDER BY number DESC").fetchone()
        query = "SELECT number, state FROM model_versions ORDER BY number DESC"
        number, state = ledger.execute(query).fetchone()
    if cycle and cycle[0] == "gated":
        return "gated", number, state
    return (cycle[0] if cycle else None), 0, ""


@dataclass(frozen=True)
class Course:
    """How the loop goes when nobody is killed: its places, and what moves it on from each."""

    places: tuple[Place, ...]
    spans: tuple[Span, ...]

    def command(self, at: int) -> tuple[str, ...]:
        """A round of the worker, or the person's yes."""
        cycle, number, state = self.places[at]
        if (cycle, state) == ("gated", "waiting"):
            return ("model", "approve", f"inspector@v{number}")
        return ROUND


def _undisturbed(nursery: Nursery, twin: Path) -> Course:
    places, spans = [_place(twin)], []
    while places[-1][0] not in {"done", "refused"}:
        course = Course(tuple(places), tuple(spans))
        spans.append(nursery.measure(twin, *course.command(len(places) - 1)))
        places.append(_place(twin))
        assert places[-1] != places[-2], f"the loop stands at {places[-1]}"
    return Course(tuple(places), tuple(spans))


def _killed_everywhere(
    nursery: Nursery, victim: Victim, course: Course, fact: int, tally: Tally, draw: random.Random
) -> Iterator[None]:
    """Kill what moves the loop on, twice at each place, and let it go on; yields while it rests.

    Once right behind its first (second, third) `fact`, where a step may have done half of its work.
    """
    struck: Counter[int] = Counter()
    enough = {state for state in STATES if tally.has_enough(f"loop {state}")}
    for _ in range(ROUNDS):
        at = course.places.index(_place(victim.root))
        if at == len(course.spans):
            return
        victim.rest()
        child = nursery.command(victim.root, *course.command(at))
        if struck[at] == 2 or course.places[at][0] in enough:
            assert child.end() == 0, child.said
            continue
        struck[at] += 1
        span = course.spans[at]
        if struck[at] == 1 and fact <= span.facts:
            landed = span.kill_behind_fact(child, victim.root, fact)
        else:
            landed = span.kill(child, victim.root, draw, begin=0.3)
        tally.kills[f"loop {course.places[at][0] or 'begins'}"] += landed
        victim.must_stand()
        victim.begin_rest()
        yield
    raise AssertionError(f"the loop stands at {_place(victim.root)}")


def test_the_worker_killed_in_every_step_of_the_loop(
    tmp_path: Path, labelled: Path, nursery: Nursery, tally: Tally
) -> None:
    draw = killing.draw_for("loop")
    twin = copied(labelled, tmp_path / "twin")
    course = _undisturbed(nursery, twin.root)
    assert [state for state in STATES if state not in {place[0] for place in course.places}] == []
    assert course.places[-1][0] == "done"
    wanted = ending(twin.root)
    for number in range(20):
        if tally.has_enough(*(f"loop {state}" for state in STATES)):
            break
        victims = [copied(labelled, tmp_path / f"ws{number}-{each}") for each in range(3)]
        with worlds.serving(victims[0].root):  # this one's switch is confirmed by a real process
            in_turns(
                *(
                    _killed_everywhere(nursery, each, course, fact, tally, draw)
                    for fact, each in enumerate(victims, start=1)
                )
            )
        for each in victims:
            each.must_stand()
            assert ending(each.root) == wanted
    assert tally.has_enough(*(f"loop {state}" for state in STATES))


def test_real_workers_killed_one_after_another_close_the_loop_all_the_same(
    tmp_path: Path, labelled: Path, tally: Tally
) -> None:
    """`python -m visloop worker`, killed anywhere in its life; the next one begins at once."""
    draw = killing.draw_for("workers")
    victim = copied(labelled, tmp_path / "ws")
    for kill in range(ROUNDS):
        before = _place(victim.root)
        worker = worlds.start(victim.root, "worker", "--lease-s", str(killing.LEASE_S))
        if kill >= 6:  # a slow machine must come to an end as well
            worlds.until(lambda was=before: _place(victim.root) != was, what="a step")
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(draw.uniform(0.2, 3.0))
        assert worker.poll() is None
        worker.kill()
        worker.wait()
        tally.kills["loop, any worker"] += 1
        victim.must_stand()
        cycle, number, state = _place(victim.root)
        if state == "waiting":
            with sdk.local(victim.root) as here:
                here.call(app.model_approve, app.ModelApprove(ref=f"inspector@v{number}"))
        if cycle == "done":
            break
    assert _place(victim.root)[0] == "done"
    with sdk.local(victim.root) as here:
        kinds = Counter(each.kind for each in here.ports.ledger.facts() if "loop." in each.kind)
        champion = here.call(app.model_show, app.ModelShow(ref="inspector@champion"))
        (row,) = here.call(app.loop_status, app.LoopShow()).history
    assert champion.model["version"]["ref"] == row["model"] == "inspector@v2"
    assert kinds == Counter(f"loop.{each}" for each in ("started", "opened", *STATES[1:], "done"))
