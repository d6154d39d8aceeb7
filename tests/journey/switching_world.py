"""Candidates that misbehave on pictures of one colour, and clients that check every answer."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.journey.serve_world import BLUE, CLASSES, GREEN, RED, SIZE_PX, World, until
from visloop import registry, serve
from visloop.events import Scope
from visloop.serve.processes import PART
from visloop.vision import Contract, Resize

PICTURES = {"red": RED, "green": GREEN, "blue": BLUE}
_EVER: float = 1e15
POLICY = serve.CanaryPolicy(steps=(0.3, 0.5), min_requests=60, margin=0.6, slower=15.0)


def odd_network(colour: str, how: str, *, turned: int = 0) -> bytes:
    """As `serve_world.network`, but on pictures of `colour` it fails, or computes for ever.

    Args:
        colour: red, green or blue.
        how: `fails` (an index out of bounds) or `hangs` (a loop of 10¹⁵ rounds).
        turned: shifts the answers.
    """
    mine = CLASSES.index(colour)
    pick = np.full((3, 1), -0.5, np.float32)
    pick[mine] = 1.0
    weights = np.roll(np.eye(3, dtype=np.float32) * 8, turned, axis=1)
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "weights"], ["scores"]),
        helper.make_node("MatMul", ["embedding", "pick"], ["that"]),
        helper.make_node("ReduceMax", ["that"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", "enough"], ["odd"]),
        *(_failing() if how == "fails" else _hanging()),
        helper.make_node("Add", ["scores", "nothing"], ["all_scores"]),
        helper.make_node("Softmax", ["all_scores"], ["probabilities"], axis=1),
    ]
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(pick, "pick"),
        numpy_helper.from_array(np.array(0.6, np.float32), "enough"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zeros"),
        numpy_helper.from_array(np.array(7, np.int64), "seven"),
        numpy_helper.from_array(np.array(_EVER, np.float32), "ever"),
        numpy_helper.from_array(np.array(True), "yes"),
        numpy_helper.from_array(np.array(0, np.float32), "start"),
    ]
    shape = ["n", 3, SIZE_PX, SIZE_PX]
    graph = helper.make_graph(
        nodes,
        "odd",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def _failing() -> list:
    return [
        helper.make_node("Cast", ["odd"], ["as_number"], to=TensorProto.INT64),
        helper.make_node("Mul", ["as_number", "seven"], ["index"]),
        helper.make_node("Gather", ["zeros", "index"], ["nothing"]),
    ]


def _hanging() -> list:
    step = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Abs", ["value"], ["next"]),
        ],
        "step",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, []),
        ],
    )
    return [
        helper.make_node("Cast", ["odd"], ["as_number"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["as_number", "ever"], ["rounds_as_number"]),
        helper.make_node("Cast", ["rounds_as_number"], ["rounds"], to=TensorProto.INT64),
        helper.make_node("Loop", ["rounds", "yes", "start"], ["nothing"], body=step),
    ]


def register_odd(world: World, colour: str, how: str, **options: int) -> registry.ModelVersion:
    """A version of `colours` that misbehaves on pictures of that colour."""
    contract = Contract(
        resize=Resize(mode="squash", size_px=SIZE_PX, crop_px=None), classes=CLASSES
    )
    return world.register_bytes("colours", odd_network(colour, how, **options), contract)


class Checked(threading.Thread):
    """One client: posts pictures one after another, sends again what got no answer, checks each answer.

    `turned` says by how much each model version shifts its answers; a version that is not in there is
    a wrong answer too. `lost` are pictures that got no answer in `patience_s`.
    """

    def __init__(
        self,
        port: int,
        turned: dict[str, int],
        *,
        key: str = "",
        patience_s: float = 20.0,
        pause_s: float = 0.002,
    ) -> None:
        super().__init__(daemon=True)
        self.answers: list[tuple[str, str]] = []
        self.wrong: list[dict] = []
        self.lost: list[str] = []
        self.resent = 0
        self.refused: list[int] = []
        self.seconds: list[tuple[float, float]] = []
        self._port = port
        self._turned = turned
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._headers = {"X-Visloop-Key": key} if key else {}
        self._ending = threading.Event()
        self._connection = self._connect()

    def run(self) -> None:
        for colour in itertools.cycle(PICTURES):
            if self._ending.is_set():
                break
            self._one(colour)
            time.sleep(self._pause_s)
        self._connection.close()

    def stop(self) -> Checked:
        self._ending.set()
        self.join(60)
        return self

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def _one(self, colour: str) -> None:
        begun = time.monotonic()
        while time.monotonic() - begun < self._patience_s:
            started = time.monotonic()
            try:
                self._connection.request("POST", "/predict/desk", PICTURES[colour], self._headers)
                reply = self._connection.getresponse()
                body = reply.read()
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._connection = self._connect()
                self.resent += 1
                time.sleep(0.01)
                continue
            if reply.status != 200:
                self.refused.append(reply.status)
                time.sleep(0.01)
                continue
            self.seconds.append((started, time.monotonic() - started))
            self._check(colour, json.loads(body))
            return
        self.lost.append(colour)

    def _check(self, colour: str, answer: dict) -> None:
        turned = self._turned.get(answer["model"])
        place = CLASSES.index(colour)
        wanted = None if turned is None else CLASSES[(place + turned) % len(CLASSES)]
        if answer["label"] != wanted:
            self.wrong.append(answer)
        self.answers.append((answer["id"], answer["model"]))


def checked(port: int, clients: int, turned: dict[str, int], **options) -> list[Checked]:
    """So many of them, at work."""
    found = [Checked(port, turned, **options) for _ in range(clients)]
    for each in found:
        each.start()
    return found


def begin(world: World, model, kind="canary", share=0.3, policy=POLICY) -> serve.Rollout:
    begun = serve.begin_rollout(world.ports, world.scope, "desk", model, kind, share, policy)
    assert serve.wait_ready(world.ports, "desk", begun.generation, 20)
    return begun


def judge(world: World) -> list[serve.Rollout]:
    return serve.judge_rollouts(world.ports, Scope(PART), "desk")


def patiently(check):
    """A copy's process runs when nobody else wants the processor: on a busy machine that takes long."""
    return until(check, 240)
