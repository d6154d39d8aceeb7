"""Pictures that wait together are answered together, where that is measured to be faster."""

from __future__ import annotations

import contextlib
import socket
import threading

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.journey.serve_world import CLASSES, World, ask, picture, until
from tests.journey.switching_world import register_odd
from visloop.vision import Contract, Resize

PX = 32
# small JPEGs of such a quick network would be answered at once, without waiting in any line
PICTURES = tuple(picture(c, "PNG") for c in ((250, 10, 10), (10, 250, 10), (10, 10, 250)))
RED, GREEN, BLUE = PICTURES


def of_large_weights(rows: int = 1024) -> bytes:
    """Flatten and two layers: 12 MB of weights are read for each run, however many pictures it has."""
    random = np.random.default_rng(1)
    size = 3 * PX * PX
    weights = random.normal(0, 0.01, (size, rows)).astype(np.float32)
    last = random.normal(0, 0.01, (rows, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("MatMul", ["active", "last"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    return _model(nodes, {"weights": weights, "last": last})


def of_many_steps(steps: int = 24) -> bytes:
    """Sine upon sine of every pixel: each picture costs the same in company."""
    nodes = [
        helper.make_node("Resize", ["input", "", "scales"], ["x0"], mode="nearest"),
        *(helper.make_node("Sin", [f"x{n}"], [f"x{n + 1}"]) for n in range(steps)),
        helper.make_node("GlobalAveragePool", [f"x{steps}"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    return _model(nodes, {"scales": np.array([1, 1, 4, 4], np.float32)})


def _model(nodes: list, constants: dict[str, np.ndarray]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "batches",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, PX, PX])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("batches"))
    contract = Contract(resize=Resize(mode="squash", size_px=PX, crop_px=None), classes=CLASSES)
    one.deploy(one.register_bytes("weighty", of_large_weights(), contract), "weighty")
    one.deploy(one.register_bytes("steps", of_many_steps(), contract), "steps")
    one.deploy(register_odd(one, "blue", "hangs"), "stuck")
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(threads=1, queue=16, timeout_s=60.0)


def batching(server, name: str) -> dict:
    return server.ask("GET", f"/v2/models/{name}").json()["parameters"]["batching"]


def figure(server, start: str) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    return sum(float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(start))


@contextlib.contextmanager
def held(server):
    """The only worker computes for ever, until who asked hangs up."""
    head = f"POST /predict/stuck HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(BLUE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head.encode() + BLUE)
        until(lambda: figure(server, "visloop_queue_length") == 1)
        yield


def together(server, bodies, headers=None) -> list:
    """The replies to requests that wait in line when the worker becomes free."""
    replies: list = [None] * len(bodies)

    def send(at: int) -> None:
        told = (headers or {}).get(at)
        replies[at] = ask(server.port, "POST", "/predict/weighty", bodies[at], told)

    threads = [threading.Thread(target=send, args=(at,)) for at in range(len(bodies))]
    with held(server):
        for thread in threads:
            thread.start()
        late = len(headers or ())
        until(lambda: figure(server, "visloop_queue_length") == 1 + len(bodies) - late)
        until(lambda: sum(reply is not None for reply in replies) == late)
    for thread in threads:
        thread.join(60)
    return replies


def test_the_curve_decides_and_everybody_can_see_it(server, world):
    weighty, steps = batching(server, "weighty"), batching(server, "steps")
    assert weighty["limit"] >= 2, weighty
    assert weighty["because"].startswith(f"{weighty['limit']} together take")
    assert set(weighty["ms_per_picture"]) >= {"1", "2"}
    assert steps["limit"] == 1, steps
    assert steps["because"].startswith(("no gain: ", "a picture takes ")), steps
    assert (
        figure(server, "visloop_batch_limit")
        == weighty["limit"] + 1 + batching(server, "stuck")["limit"]
    )
    before = {path.name: path.stat().st_mtime_ns for path in world.ports.curves.iterdir()}
    again = world.serve(threads=1)
    assert batching(again, "weighty") == weighty
    again.end()
    kept = {path.name: path.stat().st_mtime_ns for path in world.ports.curves.iterdir()}
    assert kept == before, "a process that starts again does not measure again"


def test_what_waits_goes_together_and_gets_the_answers_that_it_gets_alone(server):
    alone = [server.predict(image, "weighty") for image in PICTURES]
    single = figure(server, "visloop_batch_pictures_sum")
    replies = together(server, [PICTURES[n % 3] for n in range(8)])
    for number, reply in enumerate(replies):
        said, expected = reply.json(), alone[number % 3]
        assert said["label"] == expected["label"]
        for name, value in expected["probabilities"].items():
            assert said["probabilities"][name] == pytest.approx(value, abs=1e-5)
    assert len({reply.json()["id"] for reply in replies}) == 8
    more = figure(server, "visloop_batch_pictures_sum") - single
    assert more >= 2 * 8, "each went through the network with another one"


def test_one_that_is_no_picture_and_one_that_nobody_waits_for_harm_no_other(server):
    bodies = [RED, b"junk", GREEN, BLUE, RED]
    replies = together(server, bodies, {4: {"X-Request-Timeout-Ms": "150"}})
    assert [reply.status for reply in replies] == [200, 422, 200, 200, 503]
    assert replies[4].code == "serve.timed_out"
    labels = [replies[at].json()["label"] for at in (0, 2, 3)]
    assert labels == [server.predict(image, "weighty")["label"] for image in PICTURES]


def test_a_full_queue_says_so_as_before(server):
    replies = []

    def send() -> None:
        replies.append(ask(server.port, "POST", "/predict/weighty", RED))

    threads = [threading.Thread(target=send) for _ in range(24)]
    with held(server):
        for thread in threads:
            thread.start()
        until(lambda: len(replies) == 8)
        assert {(reply.status, reply.code) for reply in replies} == {(429, "serve.busy")}
    for thread in threads:
        thread.join(60)
    assert sorted(reply.status for reply in replies) == [200] * 16 + [429] * 8
