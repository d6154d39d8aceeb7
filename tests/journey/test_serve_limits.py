"""A deployment's own limits: each one refuses with its own word, and leaves the others alone."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading

import pytest

from tests.journey.serve_world import BLUE, RED, World, ask, picture, until
from tests.journey.switching_world import register_odd
from visloop import registry, serve
from visloop.errors import UsageError
from visloop.ids import Ref


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("limits"))
    good = one.register()
    one.deploy(good)
    given = ("body_mb=0.05", "megapixels=0.01", "time_s=0.2", "queue=1", "at_once=1")
    odd = register_odd(one, "blue", "hangs")
    serve.deploy(one.ports, one.scope, "tight", odd, limits=given)
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(threads=2, timeout_s=60.0)


def limits_of(server, name: str) -> dict:
    return server.ask("GET", f"/v2/models/{name}").json()["parameters"]["limits"]


def test_limits_are_shown_and_the_others_have_none(server):
    assert limits_of(server, "desk") == {}
    assert limits_of(server, "tight") == {
        "body_mb": 0.05,
        "megapixels": 0.01,
        "time_s": 0.2,
        "queue": 1,
        "at_once": 1,
    }


@pytest.mark.parametrize("packed", [False, True])
def test_a_larger_body_is_refused_there_only(server, packed):
    body = RED + bytes(60_000)
    headers = {"content-encoding": "gzip"} if packed else {}
    sent = gzip.compress(body) if packed else body
    reply = server.ask("POST", "/predict/tight", sent, headers)
    assert (reply.status, reply.code) == (413, "serve.too_large")
    assert "--as tight --limit body_mb=" in reply.json()["error"]["fix"]
    assert server.ask("POST", "/predict/desk", sent, headers).status == 200
    chunked = ask(server.port, "POST", "/predict/tight", iter([body]))
    assert chunked.code == "serve.too_large"


def test_a_larger_picture_is_refused_there_only(server):
    large = picture(px=128)
    reply = server.ask("POST", "/predict/tight", large)
    assert (reply.status, reply.code) == (422, "infer.too_many_pixels")
    assert "megapixels" in reply.json()["error"]["fix"]
    assert server.ask("POST", "/predict/desk", large).status == 200


def test_what_takes_longer_than_the_deployment_allows_is_told_so_and_ended(server):
    reply = server.ask("POST", "/predict/tight", BLUE)
    assert (reply.status, reply.code) == (503, "serve.timed_out")
    assert "0.2 s" in reply.json()["error"]["what"]
    until(lambda: server.ask("POST", "/predict/tight", RED).status == 200)


@contextlib.contextmanager
def hanging(server):
    head = f"POST /predict/tight HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(BLUE)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head.encode() + BLUE)
        yield


def test_one_at_a_time_one_waits_the_next_is_told_to_come_back(server, world):
    version = register_odd(world, "blue", "hangs")
    now = serve.deploy(world.ports, world.scope, "tight", version, limits=("time_s=none",))
    assert serve.wait_ready(world.ports, "tight", now.generation, 20)
    assert limits_of(server, "tight").keys() == {"body_mb", "megapixels", "queue", "at_once"}, (
        "kept with the next model"
    )
    second: list = []
    with hanging(server):
        until(lambda: in_flight(server) == 1)
        thread = threading.Thread(
            target=lambda: second.append(server.ask("POST", "/predict/tight", RED))
        )
        thread.start()
        until(lambda: in_flight(server) == 2)
        third = server.ask("POST", "/predict/tight", RED)
        assert (third.status, third.code) == (429, "serve.busy")
        assert third.headers["retry-after"] == "1"
        assert "'tight'" in third.json()["error"]["what"]
        assert server.predict(RED)["label"] == "red", "the other thread is free for the others"
        assert second == [], "it waits its turn"
    thread.join(30)
    assert second[0].status == 200, "the one that hung up has made room"


def test_bodies_on_their_way_share_the_memory_set_aside(world):
    server = world.serve(max_pending_bytes=600_000)
    body = RED + bytes(400_000)
    head = f"POST /predict/desk HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as slow:
        slow.sendall(head.encode() + body[:-1])
        until(lambda: server.ask("POST", "/predict/desk", body).code == "serve.busy")
        assert server.predict(RED)["label"] == "red", "there is room for a small one"
    until(lambda: server.ask("POST", "/predict/desk", body).status == 200)


def in_flight(server) -> int:
    text = server.ask("GET", "/metrics").body.decode()
    (line,) = [row for row in text.splitlines() if row.startswith("visloop_queue_length")]
    return int(line.rpartition(" ")[2])


def test_the_same_model_with_another_limit_is_no_new_model(world, server):
    before = serve.deployment(world.ports, world.scope, "desk")
    ports = world.ports
    good = _version(world, before.model)
    after = serve.deploy(ports, world.scope, "desk", good, limits=("queue=5",))
    assert (after.model, after.previous) == (before.model, before.previous)
    assert serve.wait_ready(ports, "desk", after.generation, 20)
    assert limits_of(server, "desk") == {"queue": 5}
    assert serve.deploy(ports, world.scope, "desk", good, limits=("queue=5",)) == after
    (fact,) = world.ledger.facts(kinds=["deployment.limited"], subject="desk")
    assert fact.payload["limits"] == {"queue": 5}


def _version(world, ref: str):
    to = registry.RegistryPorts(world.ledger, world.ports.blobs)
    return registry.resolve(to, world.scope, Ref.parse(ref))


@pytest.mark.parametrize(
    ("given", "says"),
    [("quee=3", "no limit 'quee'"), ("queue=-1", "queue"), ("body_mb=lots", "body_mb")],
)
def test_what_is_no_limit_is_refused_with_a_word(world, given, says):
    good = _version(world, serve.deployment(world.ports, world.scope, "desk").model)
    with pytest.raises(UsageError, match=says):
        serve.deploy(world.ports, world.scope, "desk", good, limits=(given,))
