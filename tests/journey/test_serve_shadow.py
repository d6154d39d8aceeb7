"""Copies: they look at the same pictures, stand aside, hang, crash and are counted."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.journey.serve_world import BLUE, GREEN, RED, World
from tests.journey.switching_world import POLICY, begin, judge, patiently, register_odd
from visloop import registry, serve
from visloop.observe import tables as observe_tables
from visloop.serve.journal.entry import Entry
from visloop.serve.lineup import Slot
from visloop.serve.shadow import mirror as mirror_module
from visloop.serve.shadow import process, wire
from visloop.serve.shadow.aside import Aside
from visloop.serve.shadow.mirror import Links, Mirror
from visloop.vision import ClassLabel


@pytest.fixture
def world(tmp_path):
    assert observe_tables.alerts is not None
    one = World.create(tmp_path)
    yield one
    one.close()


def test_a_shadow_looks_at_the_same_pictures_and_nobody_meets_it(world):
    old, other = world.register(), world.register(turned=1)
    world.deploy(old)
    server = world.serve()
    begun = begin(world, other, "shadow", 1.0)
    patiently(lambda: server.predict(GREEN) and serve.copied(world.ports, begun.id).answered >= 20)
    patiently(lambda: judge(world)[0].evidence.compared >= 20)
    (seen,) = judge(world)
    assert seen.evidence.disagreed == seen.evidence.compared
    assert seen.because.startswith("agrees on 0.0% of")
    assert {row.model for row in world.logged()} == {old.ref}
    answer = next(row for row in world.logged() if serve.copied_answers(world.ports, row.id))
    (copy,) = serve.copied_answers(world.ports, answer.id)
    assert (answer.label, copy.label, copy.agrees, copy.model) == (
        "green",
        "blue",
        False,
        other.ref,
    )
    serve.promote_rollout(world.ports, world.scope, "desk", "shadow")
    assert serve.deployment(world.ports, world.scope, "desk").model == other.ref


class _Given:
    """What a mirror gave back: rows, and why it was given up."""

    def __init__(self, world: World) -> None:
        self.rows: list[dict] = []
        self.gone: list[str] = []
        self.aside = Aside()
        to = registry.RegistryPorts(world.ledger, world.ports.blobs)
        by_ref = {}
        self.versions = by_ref
        self.links = Links(
            package=lambda ref, _: registry.load(to, by_ref[ref]),
            write=self.rows.extend,
            give_up=self.gone.append,
            clock=world.ledger.clock,
        )


def _entry(world: World, deployment: serve.Deployment, image: bytes, number: int) -> Entry:
    said = (ClassLabel(label="red", author="model:x", score=0.9),)
    return Entry(
        id=f"pred-x-{number}",
        number=number,
        server="server-x",
        slot=Slot(deployment, None),
        model=_Nothing(),  # pyright: ignore[reportArgumentType]
        time=world.ledger.clock.now(),
        latency_ms=1.0,
        image=image,
        statistics=b"",
        probabilities=None,
        embedding=None,
        annotations=said,
    )


class _Nothing:
    contract_digest = ""


@pytest.fixture
def mirrored(world):
    """Makes a mirror for a model, with limits short enough for a test."""
    given = _Given(world)
    started: list[Mirror] = []

    def start(model: registry.ModelVersion):
        deployment = world.deploy(world.register())
        rollout = serve.begin_rollout(
            world.ports, world.scope, "desk", model, "shadow", 1.0, POLICY
        )
        given.versions[model.ref] = model
        limits = {"per_s": 1000, "busy_s": 0.4, "wait_s": 200.0}
        started.append(Mirror(rollout, given.links, given.aside, **limits))

        def offer(image: bytes, number: int) -> None:
            started[-1].offer(_entry(world, deployment, image, number), model.ref, "p", 1.0)

        return started[-1], offer

    yield given, start
    for mirror in started:
        mirror.close()


def test_a_shadow_that_hangs_is_killed_and_goes_on_with_the_next_picture(world, mirrored):
    given, start = mirrored
    mirror, offer = start(register_odd(world, "blue", "hangs"))
    offer(RED, 1)
    patiently(lambda: given.rows)
    offer(BLUE, 2)
    patiently(lambda: mirror.counts.hung == 1)
    patiently(lambda: offer(RED, 3) or mirror.counts.answered >= 2)
    assert {row["prediction"] for row in given.rows} <= {"pred-x-1", "pred-x-3"}
    assert given.gone == []


def test_a_shadow_that_fails_crashes_or_floods_is_counted_to_the_last_picture(world, mirrored):
    given, start = mirrored
    mirror, offer = start(register_odd(world, "green", "fails"))
    offer(GREEN, 1)
    patiently(lambda: given.rows)
    assert "out of data bounds" in given.rows[0]["error"]
    for number in range(500):
        offer(RED, 10 + number)
    assert mirror.counts.dropped > 0
    process = mirror._process
    os.kill(process.pid, signal.SIGKILL)
    patiently(lambda: offer(RED, 900) or mirror.counts.crashed == 1)
    patiently(
        lambda: offer(RED, 901) or given.rows[-1]["prediction"] in {"pred-x-900", "pred-x-901"}
    )
    mirror.close()
    counts = mirror.counts
    lost = counts.dropped + counts.failed + counts.hung + counts.crashed
    assert counts.offered == counts.answered + lost
    assert counts.failed == 1
    with suppress(ProcessLookupError):
        os.kill(process.pid, 0)
        pytest.fail("the copy's process must end with its mirror")


def standing(mirror: Mirror) -> bool:
    """Whether its process has been stopped."""
    process = mirror._process
    stat = Path(f"/proc/{process.pid}/stat").read_text("ascii") if process else ""
    return stat.rpartition(")")[2].split()[:1] == ["T"]


def test_a_shadow_stands_still_while_anything_is_answered(world, mirrored, monkeypatch):
    monkeypatch.setattr(process, "PATIENCE_S", 1e6)
    given, start = mirrored
    mirror, offer = start(register_odd(world, "green", "fails"))
    offer(RED, 1)
    patiently(lambda: given.rows)
    given.aside.answering(True)
    offer(RED, 2)
    patiently(lambda: standing(mirror))
    assert mirror.counts.answered == 1
    given.aside.answering(False)
    patiently(lambda: mirror.counts.answered == 2)


class _Watched(process.Process):
    """Notes what it was when it was first made to stand still."""

    policy = -1

    def stand(self, *, still: bool) -> None:
        if still and self.policy < 0:
            self.policy = os.sched_getscheduler(self.pid)
        super().stand(still=still)


def test_a_shadow_is_not_stopped_before_it_would_die_with_its_server():
    """One that stands still from its first moment would outlive a server that is killed."""
    aside = Aside()
    aside.answering(True)
    shadow = _Watched(aside)
    try:
        assert shadow.ask(wire.Take("none", "none@v1", b"no network", b"{}")).error
        assert shadow.policy == os.SCHED_IDLE, "it had done by then what it does at its beginning"
    finally:
        shadow.kill()


def test_a_shadow_comes_to_it_where_answers_have_no_gap_and_then_rests(
    world, mirrored, monkeypatch
):
    monkeypatch.setattr(process, "PATIENCE_S", 0.1)
    monkeypatch.setattr(mirror_module, "REST", 1e6)
    given, start = mirrored
    mirror, offer = start(register_odd(world, "green", "fails"))
    given.aside.answering(True)
    offer(RED, 1)
    patiently(lambda: mirror.counts.answered == 1)
    offer(RED, 2)
    patiently(lambda: mirror.counts.dropped == 1)
    assert mirror.counts.answered == 1
