"""The loop takes its time: shadow, canary, champion; stopped where the judge says no, killed on the way."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.journey import killing, worlds
from tests.journey.killing import Nursery, Span
from tests.journey.victims import ROUND, ROUNDS, Victim
from visloop import app, serve
from visloop.events import Scope
from visloop.faces import sdk
from visloop.ids import new_id
from visloop.serve import tables

# nothing but the loop's own way is tested here: the judge's tests are in test_serve_switching
JUDGE = "{steps: [0.5], min_requests: 5, margin: 0.99, slower: 1000, disagreement: 1}"
A_ROUND = Span(took_s=0.8, writes=8, facts=2)


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory, world: worlds.World) -> Path:
    """A cycle whose candidate passed the gate, and a loop that switches through a shadow."""
    root = world.copy(tmp_path_factory.mktemp("approved") / "ws")
    settings = (root / "visloop.yaml").read_text("utf-8")
    for before, after in (
        ("labels: 40", "labels: 20, switch: shadow"),
        ("every_s: 0.2}", f"every_s: 0.02}}\ncanary: {JUDGE}"),
        ("limit: 60", "limit: 500"),
    ):
        assert before in settings
        settings = settings.replace(before, after)
    (root / "visloop.yaml").write_text(settings, "utf-8")
    with sdk.local(root) as here:
        here.call(app.label_import, app.LabelImport(file=str(world.truth), dataset="line"))
        while here.call(app.loop_step, app.LoopStep()).state != "approved":
            pass
    return root


@contextmanager
def home(approved: Path, to: Path) -> Iterator[sdk.Local]:
    with sdk.local(shutil.copytree(approved, to)) as here:
        yield here


@contextmanager
def traffic(url: str, parts: Path) -> Iterator[Counter[int]]:
    """Pictures, one after the other, until the block ends; how often each status was answered."""
    seen: Counter[int] = Counter()
    over = threading.Event()
    pictures = itertools.cycle([each.read_bytes() for each in sorted(parts.rglob("*.jpg"))[:40]])

    def ask() -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not over.wait(0.01):
                seen[client.post(f"{url}/predict/belt", content=next(pictures)).status_code] += 1

    thread = worlds.in_background(ask)
    yield seen
    over.set()
    thread.join(60)


def step(here: sdk.Local) -> app.LoopStepped:
    return here.call(app.loop_step, app.LoopStep(force=True))


def turn(here: sdk.Local) -> dict:
    return dict(here.call(app.loop_status, app.LoopShow()).history[0])


def champion(here: sdk.Local) -> str:
    return here.call(app.model_show, app.ModelShow(ref="inspector@champion")).model["version"][
        "ref"
    ]


def answers(here: sdk.Local) -> str:
    (row,) = here.call(app.deployments, app.Deployments()).rows
    return row["model"]


def started(here: sdk.Local) -> list[str]:
    kinds = [each.kind for each in here.ports.ledger.facts()]
    return [kind for kind in kinds if kind.partition(".")[0] in {"shadow", "canary"}]


def test_killed_in_every_step_it_still_goes_through_shadow_and_canary_once(
    tmp_path: Path, approved: Path, world: worlds.World, nursery: Nursery
) -> None:
    draw = killing.draw_for("loop switching")
    victim = Victim(tmp_path / "ws")
    kills: Counter[str] = Counter()
    with home(approved, victim.root) as here, worlds.serving(victim.root) as url:
        here.call(app.loop_start, app.LoopStart())
        with traffic(url, world.parts) as seen:
            for _ in range(ROUNDS):
                at = turn(here)["state"]
                if at == "done":
                    break
                victim.rest()
                child = nursery.command(victim.root, *ROUND)
                if kills[at] == 2:
                    assert child.end() == 0, child.said
                    continue
                first = kills[at] == 0 and at != "canary"
                kill = A_ROUND.kill_behind_fact if first else A_ROUND.kill
                landed = kill(child, victim.root, 1 if first else draw)
                kills[at] += landed
                victim.must_stand()
                victim.begin_rest()
        assert turn(here)["state"] == "done"
        assert set(seen) == {200}, "a request was lost on the way"
        assert {"approved", "shadow", "canary", "promoted"} <= {*kills}
        wanted = ["shadow.started", "canary.started", "shadow.stopped", "canary.promoted"]
        assert sorted(started(here)) == sorted(wanted)
        assert champion(here) == answers(here) == "inspector@v2"
        assert "agrees on" in turn(here)["shadow"]


def reports_failures(here: sdk.Local, kind: str) -> None:
    """What serving processes put down of a candidate that fails on every picture."""
    (found,) = (
        each for each in serve.running_rollouts(here.ports.serve, here.scope) if each.kind == kind
    )
    about = {"project": found.project, "deployment": "belt", "rollout": found.id}
    about |= {"model": found.model, "package": found.package, "time": here.ports.clock.now()}
    about |= {"error": "it cannot"}
    if kind == "canary":
        more = {"share": found.share, "key": None, "server": "server-1"}
        here.ports.ledger.append(tables.failures, [{**about, **more}] * 40)
        return
    more = {"agrees": None, "latency_ms": 1.0}
    rows = [{**about, **more, "prediction": new_id("pred")} for _ in range(40)]
    here.ports.ledger.append(tables.copied_answers, rows)


@pytest.mark.parametrize("kind", ["shadow", "canary"])
def test_a_candidate_that_fails_is_taken_back_and_the_loop_says_why(
    tmp_path: Path, approved: Path, kind: str
) -> None:
    with home(approved, tmp_path / "ws") as here:
        settings = here.ports.root / "visloop.yaml"
        text = settings.read_text("utf-8").replace("switch: shadow", f"switch: {kind}")
        settings.write_text(text.replace("margin: 0.99", "margin: 0.1"), "utf-8")
    with sdk.local(tmp_path / "ws") as here:
        assert step(here).state == kind
        waits = step(here)
        assert (waits.moved, waits.state) == (False, kind)
        assert kind in waits.waiting_for
        assert kind in here.call(app.loop_status, app.LoopShow()).waiting_for
        reports_failures(here, kind)
        serve.judge_rollouts(here.ports.serve, Scope(serve.PART), "belt")
        assert step(here).state == "refused"
        assert turn(here)["why"].startswith(f"stopped as a {kind}: errors: ")
        assert champion(here) == answers(here) == "inspector@v1"
        assert serve.running_rollouts(here.ports.serve, here.scope) == []


def test_stopped_by_hand_it_stays_stopped(tmp_path: Path, approved: Path) -> None:
    with home(approved, tmp_path / "ws") as here:
        assert step(here).state == "shadow"
        here.call(app.rollout_stop, app.RolloutStop(name="belt", because="not today", wait_s=0))
        assert step(here).state == "refused"
        assert turn(here)["why"] == "stopped as a shadow: not today"
        assert answers(here) == "inspector@v1"


def test_promoted_by_hand_it_is_the_champion(tmp_path: Path, approved: Path) -> None:
    with home(approved, tmp_path / "ws") as here:
        assert step(here).state == "shadow"
        here.call(app.rollout_promote, app.RolloutPromote(name="belt", wait_s=0))
        assert step(here).state == "promoted"
        assert champion(here) == answers(here) == "inspector@v2"


def test_an_incident_on_the_way_sends_it_back_to_the_gate(tmp_path: Path, approved: Path) -> None:
    with home(approved, tmp_path / "ws") as here:
        assert step(here).state == "shadow"
        rows = here.call(app.predictions, app.Predictions(name="belt", limit=100)).rows
        sure = max(rows, key=lambda row: row["confidence"])
        here.call(
            app.incident_add,
            app.IncidentAdd(source=sure["id"], expect=(f"class={sure['label']}",)),
        )
        states = [step(here).state for _ in range(4)]
        assert states == ["trained", "gated", "approved", "shadow"]
        assert started(here) == ["shadow.started", "shadow.stopped", "shadow.started"]
        assert answers(here) == "inspector@v1"
