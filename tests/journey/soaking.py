"""Everything that can happen to a deployment, one after another, under load; each answer is checked."""

from __future__ import annotations

import os
import random
import resource
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.journey.serve_world import World, free_socket, until
from tests.journey.switching_world import Checked, checked, register_odd
from visloop import deploy, serve
from visloop.errors import Unavailable
from visloop.events import Scope
from visloop.serve.processes import PART
from visloop.vision import Contract

POLICY = serve.CanaryPolicy(
    steps=(0.3, 0.5), min_requests=60, margin=0.6, slower=15.0, disagreement=0.3
)
_PATIENCE_S = 120


class Soak:
    """A workspace with two serving processes under a supervisor, and clients that check every answer."""

    def __init__(self, root: Path, clients: int, seed: int = 7) -> None:
        self.world = World.create(root)
        self.draw = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._ending = threading.Event()
        self.turned: dict[str, int] = {}
        self.versions = [self._registered(n) for n in range(3)]
        self._same = {n: self._registered(n) for n in range(3)}
        self._bad = {n: self._odd("green", "fails", n) for n in range(3)}
        self._hanging = self._odd("blue", "hangs", 0)
        broken = Contract(classes=("a",))
        self._broken = self.world.register_bytes("broken", b"not a network", broken)
        self.world.deploy(self.versions[0])
        self._listening = free_socket()
        self._port = self._listening.getsockname()[1]
        self._supervisor = self._started(root)
        self._threads = [threading.Thread(target=each) for each in (self._supervise, self._judge)]
        for each in self._threads:
            each.start()
        until(lambda: len(self._live()) == 2, _PATIENCE_S)
        self.clients: list[Checked] = checked(
            self._port, clients, self.turned, patience_s=60, pause_s=0.01
        )

    # --- what happens -----------------------------------------------------------------------------

    def switch(self) -> None:
        """Another version is deployed; every process confirms."""
        now = self._now().model
        version = self.draw.choice([each for each in self.versions if each.ref != now])
        self._confirmed(lambda: self.world.deploy(version))
        self.done["switches"] += 1

    def roll_back(self) -> None:
        """The model before answers again."""
        if self._now().previous is not None:
            self._confirmed(lambda: serve.rollback(self.world.ports, self.world.scope, "desk"))
            self.done["rollbacks"] += 1

    def kill(self) -> None:
        """One serving process is killed; the supervisor starts another one."""
        victim = self.draw.choice(self._live())
        os.kill(victim.pid, signal.SIGKILL)
        self.done["killed processes"] += 1
        until(lambda: victim.id not in {each.id for each in self._live()}, _PATIENCE_S)
        until(lambda: len(self._live()) == 2, _PATIENCE_S)

    def take_back(self) -> None:
        """A model that cannot be loaded is deployed: the one before goes on."""
        before = self._now().model
        try:
            self._confirmed(lambda: self.world.deploy(self._broken))
        except Unavailable:
            assert self._now().model == before
            self.done["models taken back"] += 1

    def good_canary(self) -> None:
        """One that gives the same answers: promoted."""
        self._canary(self._same[self.turned[self._now().model]], "promoted")

    def bad_canary(self) -> None:
        """One that fails on a third of the pictures: stopped."""
        self._canary(self._bad[self.turned[self._now().model]], "stopped")

    def hanging_shadow(self) -> None:
        """A shadow that computes for ever on a third of the pictures."""
        begun = self._begin(self._hanging, "shadow", 1.0)
        until(lambda: self._copied(begun).hung >= 1, _PATIENCE_S)
        self._stop_shadow()

    def crashing_shadow(self) -> None:
        """A shadow whose process is killed."""
        begun = self._begin(self._bad[0], "shadow", 1.0)
        until(lambda: self._copied(begun).answered >= 1, _PATIENCE_S)
        children = [pid for one in self._live() for pid in _children(one.pid)]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        until(lambda: self._copied(begun).crashed >= 1, _PATIENCE_S)
        self._stop_shadow()

    def full_disk(self, seconds: float) -> None:
        """No serving process can write a byte into any file for a while."""
        pids = [each.pid for each in self._live()]
        infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        time.sleep(seconds)
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, infinite)
        self.done["full disks"] += 1

    def finish(self) -> dict[str, Any]:
        """Stop everything, and tell what was seen."""
        for each in self.clients:
            each.stop()
        self._ending.set()
        for each in self._threads:
            each.join()
        self._supervisor.stop()
        self._listening.close()
        balance = serve.lost(self.world.ports, self.world.scope)
        rows = {row.id: row.model for row in self.world.logged()}
        answers = {key: model for each in self.clients for key, model in each.answers}
        milliseconds = sorted(1e3 * took for each in self.clients for _, took in each.seconds)
        said = {
            "answers": sum(len(each.answers) for each in self.clients),
            "wrong": sum(len(each.wrong) for each in self.clients),
            "lost": sum(len(each.lost) for each in self.clients),
            "refused": sum(len(each.refused) for each in self.clients),
            "sent again": sum(each.resent for each in self.clients),
            "same id twice": sum(len(each.answers) for each in self.clients) - len(answers),
            "rows that name another model": sum(
                rows[key] != model for key, model in answers.items() if key in rows
            ),
            "answers without a row": len(answers.keys() - rows.keys()),
            "log": msgspec.to_builtins(balance) | {"killed": len(balance.killed)},
            "median_ms": round(statistics.median(milliseconds), 2),
            "p99_ms": round(milliseconds[int(0.99 * len(milliseconds))], 2),
            "longest_ms": round(milliseconds[-1], 1),
            **self.done,
        }
        self.world.close()
        return said

    # --- how ---------------------------------------------------------------------------------------

    def _registered(self, turned: int):
        version = self.world.register(turned=turned)
        self.turned[version.ref] = turned
        return version

    def _odd(self, colour: str, how: str, turned: int):
        version = register_odd(self.world, colour, how, turned=turned)
        self.turned[version.ref] = turned
        return version

    def _started(self, root: Path) -> deploy.Supervisor:
        settings = self.world.settings(fd=self._listening.fileno(), threads=2)
        argv = (sys.executable, "-m", "visloop.serve", settings.to_json())
        env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        fds = (self._listening.fileno(),)
        children = [deploy.Child(f"serve-{n}", argv, env, fds) for n in range(2)]
        return deploy.Supervisor(
            children, root / "run", policy=deploy.RestartPolicy(first_s=0.05, give_up_after=1000)
        )

    def _supervise(self) -> None:
        self._supervisor.start()
        while not self._ending.wait(0.05):
            self._supervisor.step()

    def _judge(self) -> None:
        while not self._ending.wait(0.5):
            serve.judge_rollouts(self.world.ports, Scope(PART), "desk")

    def _live(self) -> list[serve.Server]:
        live = serve.servers(self.world.ports, self.world.scope, live_only=True)
        return [each for each in live if each.loaded]

    def _now(self) -> serve.Deployment:
        return serve.deployment(self.world.ports, self.world.scope, "desk")

    def _copied(self, rollout: serve.Rollout) -> serve.Copied:
        return serve.copied(self.world.ports, rollout.id)

    def _confirmed(self, change: Any) -> None:
        serve.wait_ready(self.world.ports, "desk", change().generation, _PATIENCE_S)

    def _begin(self, model: Any, kind: Any, share: float) -> serve.Rollout:
        ports, scope = self.world.ports, self.world.scope
        begun = serve.begin_rollout(ports, scope, "desk", model, kind, share, POLICY)
        serve.wait_ready(ports, "desk", begun.generation, _PATIENCE_S)
        return begun

    def _canary(self, model: Any, expected: str) -> None:
        if self._now().model == model.ref:
            self.switch()
            return
        begun = self._begin(model, "canary", 0.3)

        def ended() -> serve.Rollout | None:
            found = serve.rollouts(self.world.ports, self.world.scope, "desk", limit=3)
            one = next(each for each in found if each.id == begun.id)
            return one if one.state != "running" else None

        found = until(ended, _PATIENCE_S)
        self.done[f"canaries {found.state}"] += 1
        assert found.state == expected, found.because

    def _stop_shadow(self) -> None:
        found = serve.running_rollouts(self.world.ports, self.world.scope)
        assert [each.kind for each in found] == ["shadow"]
        counts = self._copied(found[0])
        self.done["shadows that hung"] += counts.hung
        self.done["shadows that crashed"] += counts.crashed
        serve.stop_rollout(self.world.ports, self.world.scope, "desk", "shadow")


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    every = [int(each) for each in text.split()]
    for task in Path(f"/proc/{pid}/task").iterdir():
        every += [int(each) for each in (task / "children").read_text("ascii").split()]
    return sorted(set(every))


@contextmanager
def soaking(root: Path, clients: int):
    """A soak that is ended whatever happens in it."""
    soak = Soak(root, clients)
    with closing(_Ended(soak)):
        yield soak


class _Ended:
    def __init__(self, soak: Soak) -> None:
        self._soak = soak

    def close(self) -> None:
        self._soak._ending.set()
        for each in self._soak._threads:
            each.join()
        self._soak._supervisor.stop()
