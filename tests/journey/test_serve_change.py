"""Change and violence under load: switches, kills, drains, the proxy, several processes on one port."""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.journey.serve_world import CLASSES, RED, World, free_socket, under_load, until
from visloop import deploy, registry, serve
from visloop.ids import Ref


@pytest.fixture
def world(tmp_path):
    one = World.create(tmp_path)
    yield one
    one.close()


def test_a_switch_under_load_loses_nothing_and_every_answer_names_its_model(world):
    versions = [world.register(turned=n % 3) for n in range(6)]
    label_of = {version.ref: CLASSES[n % 3] for n, version in enumerate(versions)}
    world.deploy(versions[0])
    server = world.serve()
    loads = under_load(server.port, 8)
    time.sleep(0.5)
    for version in versions[1:]:
        done = world.deploy(version)
        assert serve.wait_ready(world.ports, "desk", done.generation, 60)
        reply = server.predict(RED)
        assert reply["model"] == version.ref, "ready means: from now on the new one answers"
        time.sleep(0.1)
    back = serve.rollback(world.ports, world.scope, "desk")
    assert back.model == versions[-2].ref
    assert serve.wait_ready(world.ports, "desk", back.generation, 60)
    assert server.predict(RED)["model"] == versions[-2].ref
    for load in loads:
        load.stop()
    answers = [answer for load in loads for answer in load.answers]
    assert [load.broken + load.refused for load in loads] == [[]] * 8
    assert {answer["model"] for answer in answers} == set(label_of)
    assert all(answer["label"] == label_of[answer["model"]] for answer in answers)
    assert len({answer["id"] for answer in answers}) == len(answers)
    server.end()
    by_id = {row.id: row for row in world.logged()}
    assert all(by_id[answer["id"]].model == answer["model"] for answer in answers)
    facts = world.ledger.facts(kinds=["deployment.changed"], subject="desk")
    assert len(facts) == 7
    assert facts[-1].payload["reason"] == "rollback"


def test_replaced_models_are_freed(world):
    def memory(pid):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

    versions = [world.register(slow=25, size_px=32, turned=n) for n in range(2)]
    assert (
        len(
            registry.load(registry.RegistryPorts(world.ledger, world.ports.blobs), versions[0]).onnx
        )
        > 15e6
    )
    world.deploy(versions[0])
    server = world.serve()
    used = []
    for n in range(1, 13):
        done = world.deploy(versions[n % 2])
        assert serve.wait_ready(world.ports, "desk", done.generation, 20)
        server.predict(RED)
        server.predict(RED)
        used.append(memory(server.process.pid))
    assert max(used[6:]) - used[3] < 60_000, used


def test_sigterm_under_load_finishes_what_was_begun_and_drains_the_log(world):
    world.deploy(world.register())
    server = world.serve()
    loads = under_load(server.port, 4)
    time.sleep(1)
    assert server.end(signal.SIGTERM) == 0
    for load in loads:
        load.stop()
    answered = {answer["id"] for load in loads for answer in load.answers}
    logged = {row.id for row in world.logged()}
    assert answered <= logged
    balance = serve.lost(world.ports, world.scope)
    assert (balance.lost, balance.dropped, balance.killed) == (0, 0, ())
    assert balance.answered == balance.logged == len(logged)
    assert serve.servers(world.ports, world.scope)[0].state == "stopped"


def test_kill_9_under_load_loses_at_most_the_last_second_and_counts_it(world):
    world.deploy(world.register())
    seen: dict[str, float] = {}
    killed_at = []
    for _ in range(4):
        server = world.serve()
        loads = under_load(server.port, 4)
        time.sleep(0.8)
        server.process.kill()
        killed_at.append(time.time())
        server.process.wait()
        for load in loads:
            load.stop()
        for load in loads:
            for answer, (started, took) in zip(load.answers, load.seconds, strict=False):
                seen[answer["id"]] = started + took - time.monotonic() + time.time()
    rows = {row.id: row for row in world.logged()}
    missing = {one: when for one, when in seen.items() if one not in rows}
    for when in missing.values():
        assert min(abs(kill - when) for kill in killed_at) < 1.0
    before = serve.lost(world.ports, world.scope)
    assert len(before.killed) == 4
    assert before.answered == before.logged + before.lost
    assert before.logged == len(rows)
    assert len(missing) <= before.lost <= len(missing) + 4 * 4  # answered, on the way to the client
    world.serve().end()  # the next process enters the loss for good
    after = serve.lost(world.ports, world.scope)
    assert (after.lost, after.killed) == (before.lost, before.killed)
    assert list(world.ports.counters.iterdir()) == []
    states = [one.state for one in serve.servers(world.ports, world.scope)]
    assert Counter(states) == {"dead": 4, "stopped": 1}
    assert serve.servers(world.ports, world.scope, live_only=True) == []


def test_a_killed_server_does_not_keep_a_deploy_waiting(world):
    world.deploy(world.register())
    world.serve().end(signal.SIGKILL)
    live = world.serve()
    done = world.deploy(world.register(turned=1))
    started = time.monotonic()
    assert serve.wait_ready(world.ports, "desk", done.generation, 10)
    assert time.monotonic() - started < 3
    assert live.predict(RED)["model"] == "colours@v2"
    assert serve.url_of(world.ports, world.scope, "desk") == f"{live.url}/predict/desk"


def test_deploy_changes_nothing_twice_and_rollback_has_an_end(world):
    first, second = world.register(), world.register(turned=1)
    done = world.deploy(first)
    assert world.deploy(first) == done
    with pytest.raises(serve.NothingToRollBackTo):
        serve.rollback(world.ports, world.scope, "desk")
    world.deploy(second)
    back = serve.rollback(world.ports, world.scope, "desk")
    assert (back.model, back.previous) == (first.ref, second.ref)
    again = serve.rollback(world.ports, world.scope, "desk")
    assert (again.model, again.previous) == (second.ref, first.ref)
    assert [one.name for one in serve.deployments(world.ports, world.scope)] == ["desk"]
    stopped = serve.undeploy(world.ports, world.scope, "desk")
    assert serve.undeploy(world.ports, world.scope, "desk") == stopped
    revived = world.deploy(second)
    assert (revived.state, revived.previous) == ("live", first.ref)
    with pytest.raises(serve.DeploymentNotFound, match="desc"):
        serve.rollback(world.ports, world.scope, "desc")


def test_a_rejected_model_is_not_deployed(world):
    version = world.register()
    ports = registry.RegistryPorts(world.ledger, world.ports.blobs)
    registry.reject(ports, world.scope, version, reason="no")
    with pytest.raises(registry.ApprovalNeeded):
        world.deploy(registry.resolve(ports, world.scope, Ref.parse(version.ref)))


def test_the_switch_is_quick_enough_that_clients_hardly_notice(world):
    versions = [world.register(slow=2, size_px=64, turned=n % 3) for n in range(3)]
    world.deploy(versions[0])
    server = world.serve()
    loads = under_load(server.port, 4)
    time.sleep(2)
    switched = time.monotonic()
    for version in versions[1:]:
        serve.wait_ready(world.ports, "desk", world.deploy(version).generation, 60)
    time.sleep(1)
    for load in loads:
        load.stop()
    waits = [one for load in loads for one in load.seconds]
    calm = sorted(s for at, s in waits if at < switched - 0.3)
    during = sorted(s for at, s in waits if at >= switched - 0.3)
    p99 = lambda values: values[int(0.99 * (len(values) - 1))]  # noqa: E731
    assert p99(during) < 4 * p99(calm) + 0.1, (statistics.median(calm), p99(calm), p99(during))


def test_the_first_answer_comes_soon_after_the_start(world):
    world.deploy(world.register())
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        server = world.serve()
        server.predict(RED)
        seconds.append(time.monotonic() - started)
        server.end()
    assert min(seconds) < 3, seconds  # the budget is 1 s on a quiet machine: bench/bench_serve.py


# --- several processes, a supervisor ---------------------------------------------------------------


def test_two_processes_share_a_port_and_a_killed_one_comes_back(world, tmp_path):
    world.deploy(world.register())
    with closing(free_socket()) as listening:
        port = listening.getsockname()[1]
        settings = world.settings(fd=listening.fileno(), threads=1)
        argv = (sys.executable, "-m", "visloop.serve", settings.to_json())
        children = [deploy.Child(f"serve-{n}", argv, fds=(listening.fileno(),)) for n in range(2)]
        supervisor = deploy.Supervisor(
            children, tmp_path / "run", policy=deploy.RestartPolicy(first_s=0.05)
        )
        supervisor.start()
        try:
            until(lambda: len(serve.servers(world.ports, world.scope, live_only=True)) == 2)
            loads = under_load(port, 6)
            until(lambda: sum(len(load.answers) for load in loads) > 100)
            # whoever answers: with idle processes one may hold every connection
            answering = loads[0].answers[-1]["id"].split("-")[1]
            live = {s.id: s.pid for s in serve.servers(world.ports, world.scope, live_only=True)}
            victim = live[f"server-{answering}"]
            name = next(name for name, pid in supervisor.pids().items() if pid == victim)
            os.kill(victim, signal.SIGKILL)
            until(lambda: supervisor.step() or supervisor.pids().get(name) not in {None, victim})
            until(lambda: len(serve.servers(world.ports, world.scope, live_only=True)) == 2)
            done = world.deploy(world.register(turned=1))
            assert serve.wait_ready(world.ports, "desk", done.generation, 60)
            enough = time.monotonic() + 0.5
            while time.monotonic() < enough:
                supervisor.step()
                time.sleep(0.05)
            for load in loads:
                load.stop()
            after = [answer for load in loads for answer in load.answers[-3:]]
            assert {answer["model"] for answer in after} == {"colours@v2"}
            assert (
                len({answer["id"].split("-")[1] for load in loads for answer in load.answers}) >= 2
            )
            assert sum(len(load.broken) for load in loads) <= 6, "only those on the killed process"
        finally:
            supervisor.stop()
    balance = serve.lost(world.ports, world.scope)
    assert len(balance.killed) == 1
    assert balance.answered == balance.logged + balance.lost
    assert balance.lost < 500


# --- the proxy -------------------------------------------------------------------------------------


class Page(BaseHTTPRequestHandler):
    """What stands behind the proxy: an echo, a stream without an end, a redirect."""

    protocol_version = "HTTP/1.1"
    gone = threading.Event()

    def _say(self, status, body, **headers):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/events":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.close_connection = True
            try:
                for n in range(10_000):
                    self.wfile.write(f"data: {n}\n\n".encode())
                    self.wfile.flush()
                    time.sleep(0.02)
            except OSError:
                Page.gone.set()
            return
        if self.path == "/moved":
            self._say(302, b"", location="/elsewhere")
            return
        said = {"path": self.path, "headers": dict(self.headers.items())}
        self._say(200, json.dumps(said).encode(), set_cookie="a=1")

    def do_POST(self):
        if "chunked" in self.headers.get("transfer-encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["content-length"]))
        self._say(201, body[::-1])

    def log_message(self, *_):
        return


@pytest.fixture
def page():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Page.gone.clear()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def front(world, page):
    world.deploy(world.register())
    return world.serve(fallback=f"http://127.0.0.1:{page.server_address[1]}")


def test_what_is_not_inference_goes_to_the_page_unchanged(front):
    assert front.predict(RED)["label"] == "red"
    with httpx.Client(base_url=front.url) as client:
        answer = client.get(
            "/a%20b/c?x=1&y=%2F", headers={"x-mine": "1", "accept-encoding": "identity"}
        )
        said = answer.json()
        assert said["path"] == "/a%20b/c?x=1&y=%2F"
        assert answer.headers["set-cookie"] == "a=1"
        sent = {name.lower(): value for name, value in said["headers"].items()}
        assert sent["x-mine"] == "1"
        assert sent["host"] == f"127.0.0.1:{front.port}"
        assert sent["accept-encoding"] == "identity"
        assert sent["x-forwarded-for"] == "127.0.0.1"
        assert client.get("/moved").status_code == 302
        big = os.urandom(3_000_000)
        assert client.post("/echo", content=big).content == big[::-1]
        assert client.post("/echo", content=iter([b"ab", b"cd"])).content == b"dcba"
        assert (
            client.post("/echo", content=b"x", headers={"origin": "http://evil"}).status_code == 403
        )


def test_events_stream_through_and_end_when_the_reader_leaves(front):
    with httpx.stream("GET", f"{front.url}/events") as answer:
        lines = (line for line in answer.iter_lines() if line)
        started = time.monotonic()
        assert [next(lines) for _ in range(10)] == [f"data: {n}" for n in range(10)]
        assert time.monotonic() - started < 5, "they must not be held back"
        assert not Page.gone.is_set()
    assert Page.gone.wait(5), "the stream behind the proxy must end too"


def test_a_page_that_is_not_there_is_a_clear_502(front, page):
    page.shutdown()
    page.server_close()
    reply = front.ask("GET", "/")
    assert (reply.status, reply.code) == (502, "serve.upstream")
    assert front.predict(RED)["label"] == "red"


def test_an_open_stream_does_not_hold_up_the_end(front):
    raw = socket.create_connection(("127.0.0.1", front.port))
    raw.sendall(b"GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert b"data: 0" in raw.recv(10_000) + raw.recv(10_000)
    started = time.monotonic()
    assert front.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 5
    raw.close()


def test_keep_alive_and_http_1_0_both_work(front):
    connection = http.client.HTTPConnection("127.0.0.1", front.port)
    for _ in range(3):
        connection.request("POST", "/predict/desk", RED)
        assert connection.getresponse().read()
    connection.close()
    raw = socket.create_connection(("127.0.0.1", front.port))
    raw.sendall(b"GET /health/live HTTP/1.0\r\n\r\n")
    chunks = b""
    while chunk := raw.recv(1000):
        chunks += chunk
    assert chunks.endswith(b'{"live":true}')
    raw.close()


def test_settings_that_are_wrong_are_an_error_not_a_trace():
    done = subprocess.run(
        [sys.executable, "-m", "visloop.serve", '{"ledger": 3}'], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"ledger" in done.stderr
