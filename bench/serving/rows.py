"""The rows V1 to V8 of the budgets; every contender round by round, beside the bound of that minute."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serving import contenders, world
from serving.contenders import Contender
from serving.running import Bare, Server
from visloop import serve

OURS, NO_LOG = "visloop", "visloop, no log"
CONNECTIONS = {"V1": 1, "V2": 8, "V3": 32}
_WARM_S = 0.5


@dataclass(frozen=True)
class Plan:
    """How long and how often; `peers` are the `bin` folders of the others' environments."""

    work: Path
    seconds: float
    rounds: int
    peers: dict[str, Path]


@dataclass
class Seen:
    """What one contender did, turn by turn, by row; `bare` is the bound just before each turn."""

    turns: dict[str, list[dict]] = field(default_factory=dict)
    bare: dict[str, list[dict]] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)

    def middle(self, row: str, key: str) -> float:
        return statistics.median(one[key] for one in self.turns[row])

    def of_bare(self, row: str, key: str) -> float:
        """The median of ratios of turns that stood side by side."""
        pairs = zip(self.turns[row], self.bare[row], strict=True)
        return statistics.median(ours[key] / bare[key] for ours, bare in pairs)

    def figures(self, row: str) -> dict:
        keys = ("rps", "p50_ms", "p99_ms", "cpu_ms", "client_cpu_ms")
        told = {key: round(self.middle(row, key), 2) for key in keys}
        return told | {
            "of_limit": round(self.of_bare(row, "rps"), 3),
            "cpu_of_bare": round(self.of_bare(row, "cpu_ms"), 3),
            "p99_of_p50": round(
                statistics.median(one["p99_ms"] / one["p50_ms"] for one in self.turns[row]), 2
            ),
            "pss_mb": round(statistics.median(self.pss)),
            "start_s": round(statistics.median(self.starts), 2),
        }


def side_by_side(plan: Plan) -> list[dict]:
    """V1, V2, V3, and from the same turns V5 (start), V6 (memory) and V7 (what the log costs)."""
    onnx, contract = world.real_network()
    model = world.write_model(plan.work / "real", onnx, contract, world.photo())
    workspace = world.Workspace(plan.work / "real-ws", onnx, contract)
    field_ = [
        contenders.ours(OURS, workspace),
        contenders.ours(NO_LOG, workspace, log=False),
        *(contenders.peer(name, at, model, plan.work) for name, at in plan.peers.items()),
    ]
    seen = {each.name: Seen() for each in field_}
    with Bare(model, os.cpu_count() or 1) as bare:
        _rounds(plan, field_, model, lambda server: _turn(plan, server, bare, seen))
    seen = {name: each for name, each in seen.items() if len(each.pss) == plan.rounds}
    return [*(_row(row, seen) for row in CONNECTIONS), *_of_the_server(seen)]


def _turn(plan: Plan, server: Server, bare: Bare, seen: dict[str, Seen]) -> None:
    mine = seen[server.contender.name]
    mine.starts.append(server.start_s)
    for row, connections in CONNECTIONS.items():
        server.load(connections, _WARM_S)
        cores = min(connections, os.cpu_count() or 1)
        with server.paused():
            limit = bare.run(cores, plan.seconds / 2)
        mine.bare.setdefault(row, []).append(limit)
        mine.turns.setdefault(row, []).append(server.measured(connections, plan.seconds))
    mine.pss.append(server.pss_mb())


def _rounds(
    plan: Plan, field_: Sequence[Contender], model: Path, turn: Callable[[Server], None]
) -> None:
    """Each contender once a round, another one first each time; who fails is left out, and said."""
    left = list(field_)
    said: set[tuple[str, float]] = set()
    for number in range(plan.rounds):
        first = number % len(left)
        for each in left[first:] + left[:first]:
            try:
                with Server(each, model) as server:
                    said.add(server.answer)
                    turn(server)
            except RuntimeError as problem:
                if each.name in (OURS, NO_LOG):
                    raise
                print(f"skipped: {problem}", file=sys.stderr)
                left.remove(each)
    if "raw ASGI" not in {each.name for each in field_}:
        assert len(said) == 1, f"not all of them answer the same: {said}"


def _row(row: str, seen: dict[str, Seen]) -> dict:
    ours = seen[OURS]
    bare = [turn for each in seen.values() for turn in each.bare[row]]
    return {
        "row": row,
        "connections": CONNECTIONS[row],
        "limit_rps": round(statistics.median(one["rps"] for one in bare), 1),
        "limit_cpu_ms": round(statistics.median(one["cpu_ms"] for one in bare), 2),
        "client": ours.turns[row][0]["client"],
        "servers": {name: each.figures(row) for name, each in seen.items()},
        "times": {
            name: round(ours.of_bare(row, "rps") / each.of_bare(row, "rps"), 2)
            for name, each in seen.items()
            if name not in (OURS, NO_LOG)
        },
        "rounds": len(ours.turns[row]),
    }


def _of_the_server(seen: dict[str, Seen]) -> list[dict]:
    ours, quiet, row = seen[OURS], seen[NO_LOG], "V2"
    shown = {name: each for name, each in seen.items() if name != NO_LOG}
    starts = {name: round(statistics.median(each.starts), 2) for name, each in shown.items()}
    memory = {name: round(statistics.median(each.pss)) for name, each in shown.items()}
    cost = 1 - ours.of_bare(row, "rps") / quiet.of_bare(row, "rps")
    return [
        {"row": "V5", "start_s": starts, "best_s": round(min(ours.starts), 2)},
        {"row": "V6", "connections": CONNECTIONS["V3"], "pss_mb": memory},
        {
            "row": "V7",
            "connections": CONNECTIONS[row],
            "costs": round(cost, 3),
            "cpu_us": round((ours.middle(row, "cpu_ms") - quiet.middle(row, "cpu_ms")) * 1e3),
        },
    ]


def nothing_to_do(plan: Plan) -> dict:
    """V4: a network that does nothing, against raw ASGI with the same body."""
    onnx, contract = world.nothing()
    model = world.write_model(plan.work / "idle", onnx, contract, world.dot())
    workspace = world.Workspace(plan.work / "idle-ws", onnx, contract)
    field_ = [
        contenders.raw(),
        contenders.ours(OURS, workspace),
        contenders.ours(NO_LOG, workspace, log=False),
        *(contenders.peer(name, at, model, plan.work) for name, at in plan.peers.items()),
    ]
    seen: dict[str, list[float]] = {}

    def turn(server: Server) -> None:
        server.load(1, _WARM_S)
        told = server.load(1, plan.seconds)
        seen.setdefault(server.contender.name, []).append(told["p50_ms"])

    _rounds(plan, field_, model, turn)
    middle = {name: round(statistics.median(each), 3) for name, each in seen.items()}
    raw = middle["raw ASGI"]
    of_raw = {name: round(each / raw, 2) for name, each in middle.items()}
    return {"row": "V4", "p50_ms": middle, "of_limit": of_raw}


def switch(plan: Plan) -> dict:
    """V8: three switches of the model under eight connections."""
    onnx, contract = world.real_network()
    model = world.write_model(plan.work / "switched", onnx, contract, world.photo())
    workspace = world.Workspace(plan.work / "switched-ws", onnx, contract)
    with Server(contenders.ours(OURS, workspace), model) as server:
        server.load(8, _WARM_S)
        calm = server.load(8, plan.seconds)
        clients = server.clients(8, max(plan.seconds, 4))
        time.sleep(1)
        waited = []
        for _ in range(3):
            started = time.perf_counter()
            done = workspace.deploy()
            serve.wait_ready(workspace.ports, "bench", done.generation, 20)
            waited.append(time.perf_counter() - started)
        during = json.loads(clients.communicate()[0])
    return {
        "row": "V8",
        "answers": during["answers"],
        "failed": during["failed"],
        "switch_s": round(statistics.median(waited), 3),
        "calm_p99_ms": round(calm["p99_ms"], 1),
        "switch_p99_ms": round(during["p99_ms"], 1),
        "ratio": round(during["p99_ms"] / calm["p99_ms"], 2),
    }
