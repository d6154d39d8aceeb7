"""Canaries, shadows, rolling and going back, under load: each answer is checked."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from tests.journey.serve_world import BLUE, GREEN, RED, World, ask, free_socket, under_load, until
from tests.journey.switching_world import POLICY, begin, checked, judge, patiently, register_odd
from visloop import observe, registry, serve
from visloop.errors import Unavailable, UsageError
from visloop.events import Scope
from visloop.observe import tables as observe_tables
from visloop.serve import tables
from visloop.serve.processes import PART
from visloop.vision import Contract


@pytest.fixture
def world(tmp_path):
    assert observe_tables.alerts is not None
    one = World.create(tmp_path)
    yield one
    one.close()


def until_ended(world: World) -> serve.Rollout:
    def ended():
        judge(world)
        newest = serve.rollouts(world.ports, world.scope, "desk")[0]
        return newest if newest.state != "running" else None

    return patiently(ended)


def facts(world: World, *kinds: str) -> list:
    return world.ledger.facts(kinds=kinds, subject="desk")


def test_a_good_canary_gets_its_share_and_is_promoted(world):
    old, new = world.register(), world.register()
    world.deploy(old)
    server = world.serve()
    clients = checked(server.port, 3, {old.ref: 0, new.ref: 0})
    until(lambda: len(world.logged()) > 120)
    begin(world, new)
    ended = until_ended(world)
    assert ended.state == "promoted", ended.because
    now = serve.deployment(world.ports, world.scope, "desk")
    assert (now.model, now.previous) == (new.ref, old.ref)
    assert serve.wait_ready(world.ports, "desk", now.generation, 20)
    for client in clients:
        client.stop()
    assert [client.wrong + client.lost + client.refused for client in clients] == [[]] * 3
    answers = {key: model for client in clients for key, model in client.answers}
    server.end()
    rows = {row.id: row for row in world.logged()}
    missing = answers.keys() - rows.keys()
    assert len(missing) <= serve.lost(world.ports, world.scope).dropped, (
        "a slow disk drops, and counts"
    )
    assert all(rows[key].model == answers[key] for key in answers.keys() - missing)
    both = [row for row in rows.values() if row.rollout == ended.id]
    assert {row.model for row in both} == {old.ref, new.ref}
    assert {row.share for row in both} == {0.3, 0.5}
    (stepped,) = facts(world, "canary.stepped")
    assert stepped.payload["share"] == 0.5
    assert [fact.kind for fact in facts(world, "canary.started", "canary.promoted")] == [
        "canary.started",
        "canary.promoted",
    ]
    assert facts(world, "deployment.changed")[-1].payload["reason"] == "canary"


def test_where_a_canary_fails_the_champion_answers_and_the_canary_is_stopped(world):
    good, bad = world.register(), register_odd(world, "green", "fails")
    world.deploy(good)
    server = world.serve()
    clients = checked(server.port, 2, {good.ref: 0, bad.ref: 0})
    begin(world, bad, share=0.2)
    ended = until_ended(world)
    for client in clients:
        client.stop()
    assert ended.state == "stopped"
    assert ended.because.startswith("errors: "), ended.because
    assert ended.evidence.candidate.errors > 0
    assert ended.evidence.champion.errors == 0
    assert [client.wrong + client.lost + client.refused for client in clients] == [[]] * 2
    assert serve.deployment(world.ports, world.scope, "desk").model == good.ref
    with world.ledger.read() as connection:
        failed = connection.execute(select(tables.failures.c.model, tables.failures.c.error)).all()
    assert {model for model, _ in failed} == {bad.ref}
    assert all("out of data bounds" in error for _, error in failed)


def keys_of(server, model: registry.ModelVersion, count: int, image: bytes = RED) -> list[str]:
    """So many request keys that meet this model."""
    found = []
    for number in range(400):
        answer = ask(
            server.port, "POST", "/predict/desk", image, {"X-Visloop-Key": f"user-{number}"}
        )
        if answer.json()["model"] == model.ref:
            found.append(f"user-{number}")
        if len(found) == count:
            return found
    raise AssertionError(f"{model.ref} answers nobody")


def test_a_canary_that_hangs_holds_no_thread_of_the_champion(world):
    good, bad = world.register(), register_odd(world, "blue", "hangs")
    world.deploy(good)
    server = world.serve(threads=2, timeout_s=120.0)
    begin(world, bad, share=0.5)
    unlucky = keys_of(server, bad, 4)
    (lucky,) = keys_of(server, good, 1)
    hung = []

    def send(key: str) -> None:
        with suppress(OSError, http.client.HTTPException):  # the server is killed at last
            hung.append(ask(server.port, "POST", "/predict/desk", BLUE, {"X-Visloop-Key": key}))

    threads = [threading.Thread(target=send, args=(key,), daemon=True) for key in unlucky]
    for thread in threads:
        thread.start()
    until(lambda: waiting(server) == 4)
    for _ in range(50):
        said = ask(server.port, "POST", "/predict/desk", GREEN, {"X-Visloop-Key": lucky}).json()
        assert (said["label"], said["model"]) == ("green", good.ref)
    assert waiting(server) == 4
    assert hung == [], "they hang still, all of them"
    server.end(signal.SIGKILL)
    for thread in threads:
        thread.join(30)


def test_what_hangs_in_a_canary_is_answered_by_the_champion_and_its_threads_come_back(world):
    good, bad = world.register(), register_odd(world, "blue", "hangs")
    world.deploy(good)
    server = world.serve(threads=1, timeout_s=2.0)
    begin(world, bad, share=0.5)
    (unlucky,) = keys_of(server, bad, 1)
    headers = {"X-Visloop-Key": unlucky}
    said = ask(server.port, "POST", "/predict/desk", BLUE, headers)
    assert (said.status, said.json()["label"]) == (200, "blue")
    assert said.json()["model"] == good.ref, "the champion, in its place"
    until(lambda: waiting(server) == 0)
    answer = ask(server.port, "POST", "/predict/desk", RED, headers).json()
    assert (answer["label"], answer["model"]) == ("red", bad.ref), "its thread is free again"
    server.end()
    with world.ledger.read() as connection:
        failed = connection.execute(select(tables.failures.c.model, tables.failures.c.error)).all()
    assert [(model, error.partition(":")[0]) for model, error in failed] == [(bad.ref, "Hung")]


def metrics(server) -> str:
    return server.ask("GET", "/metrics").body.decode()


def waiting(server) -> int:
    """Requests that wait or are computed."""
    (line,) = [
        each for each in metrics(server).splitlines() if each.startswith("visloop_queue_length")
    ]
    return int(line.rpartition(" ")[2])


def test_a_key_always_meets_the_same_model(world):
    old, new = world.register(), world.register(turned=1)
    world.deploy(old)
    server = world.serve()
    # not decided while the copies begin, however long that takes
    endless = msgspec.structs.replace(POLICY, disagreement=1.0, min_requests=10**6)
    begin(world, new, share=0.5, policy=endless)
    met = {}
    for number in range(24):
        headers = {"X-Visloop-Key": f"user-{number}"}
        answers = [ask(server.port, "POST", "/predict/desk", RED, headers).json() for _ in range(3)]
        (met[number],) = {answer["model"] for answer in answers}
    assert set(met.values()) == {old.ref, new.ref}
    version = ask(server.port, "GET", "/v2/models/desk/versions/2").json()
    assert version["parameters"]["model"] == new.ref
    assert ask(server.port, "GET", "/v2/models/desk/versions/3").status == 404
    # whoever answers, the other looks at the same picture
    patiently(lambda: server.predict(RED) and judge(world)[0].evidence.compared > 5)
    (seen,) = judge(world)
    assert seen.evidence.disagreed == seen.evidence.compared
    stopped = serve.rollback(world.ports, world.scope, "desk")
    assert stopped.model == old.ref
    assert serve.wait_ready(world.ports, "desk", stopped.generation, 10)
    assert {server.predict(RED)["model"] for _ in range(20)} == {old.ref}
    assert serve.rollouts(world.ports, world.scope, "desk")[0].state == "stopped"
    assert serve.deployment(world.ports, world.scope, "desk").previous is None, "nothing else"


def test_what_may_not_be_a_candidate_is_refused(world):
    old, new, third = world.register(), world.register(), world.register()
    with pytest.raises(serve.DeploymentNotFound):
        begin(world, new)
    world.deploy(old)
    with pytest.raises(UsageError, match="answers under 'desk' already"):
        begin(world, old)
    with pytest.raises(UsageError, match="100%"):
        begin(world, new, share=1.0)
    begin(world, new)
    with pytest.raises(serve.RolloutRunning, match="is the canary"):
        begin(world, third)
    ports = registry.RegistryPorts(world.ledger, world.ports.blobs)
    registry.reject(ports, world.scope, new, reason="no")
    ended = until_ended(world)
    assert (ended.state, ended.because) == ("stopped", f"{new.ref} was rejected")
    with pytest.raises(serve.RolloutNotFound, match="no canary"):
        serve.stop_rollout(world.ports, world.scope, "desk", "canary")
    begin(world, third, "shadow", 1.0)
    world.deploy(third)
    assert (
        serve.rollouts(world.ports, world.scope, "desk")[0].because == f"{third.ref} was deployed"
    )


def test_a_candidate_that_does_not_load_ends_its_trial_and_says_why(world):
    old = world.register()
    bad = world.register_bytes("broken", b"not a network", Contract(classes=("a",)))
    world.deploy(old)
    server = world.serve()
    with pytest.raises(Unavailable, match="cannot be loaded"):
        begin(world, bad)
    begin(world, bad, "shadow", 1.0)
    patiently(lambda: server.predict(RED) and not serve.running_rollouts(world.ports, world.scope))
    assert "cannot be loaded" in serve.rollouts(world.ports, world.scope, "desk")[0].because
    assert server.predict(RED)["model"] == old.ref


# --- one after another, and back --------------------------------------------------------------------


def test_processes_take_up_a_model_one_after_another(world):
    first, second = world.register(), world.register(turned=1)
    world.deploy(first)
    with closing(free_socket()) as listening:
        older = world.serve(fd=listening.fileno())
        with closing(free_socket()) as own:
            younger = world.serve(fd=own.fileno())
            os.kill(older.process.pid, signal.SIGSTOP)
            done = world.deploy(second)
            time.sleep(1.0)
            assert younger.predict(RED)["model"] == first.ref, "it is not its turn"
            os.kill(older.process.pid, signal.SIGCONT)
            assert serve.wait_ready(world.ports, "desk", done.generation, 20)
            assert younger.predict(RED)["model"] == second.ref
            back = serve.rollback(world.ports, world.scope, "desk")
            os.kill(older.process.pid, signal.SIGSTOP)
            until(lambda: younger.predict(RED)["model"] == first.ref)
            os.kill(older.process.pid, signal.SIGCONT)
            assert serve.wait_ready(world.ports, "desk", back.generation, 20)


def test_a_model_that_no_process_loads_is_taken_back_with_an_alert(world):
    good = world.register()
    world.deploy(good)
    world.serve()
    bad = world.register_bytes("broken", b"not a network", Contract(classes=("a",)))
    done = world.deploy(bad)
    with pytest.raises(Unavailable, match="went back to colours@v1"):
        serve.wait_ready(world.ports, "desk", done.generation, 20)
    ports = observe.ObservePorts(
        ledger=world.ledger,
        blobs=world.ports.blobs,
        spool=None,  # pyright: ignore[reportArgumentType]
        serve=world.ports,
        registry=registry.RegistryPorts(world.ledger, world.ports.blobs),
        label=None,  # pyright: ignore[reportArgumentType]
    )
    assert observe.heed(ports, world.scope) == 1
    assert observe.heed(ports, world.scope) == 0, "told once"
    (alert,) = observe.list_alerts(ports, world.scope)
    assert (alert.deployment, alert.model, alert.severity) == ("desk", bad.ref, "critical")
    assert alert.what.startswith(f"{bad.ref} was taken back, {good.ref} answers: ")
    assert observe.open_alert(ports, world.scope, "desk") is None, "no window alarmed"
    told = {"model": bad.ref, "against": good.ref, "because": "it fails"}
    with world.ledger.write(world.scope) as write:
        for _ in range(101):
            write.fact("canary.stopped", "desk", **told)
    with world.ledger.write(Scope(PART)) as write:
        write.fact("canary.stopped", "desk", **told)
    assert observe.heed(ports, world.scope) == 1, "however many were stopped by people before"


def test_a_process_that_starts_with_a_broken_model_goes_back_too(world):
    good = world.register()
    world.deploy(good)
    bad = world.register_bytes("broken", b"not a network", Contract(classes=("a",)))
    world.deploy(bad)
    server = world.serve()
    until(lambda: ask(server.port, "POST", "/predict/desk", RED).status == 200)
    assert server.predict(RED)["model"] == good.ref


def test_a_full_disk_costs_log_rows_never_an_answer(world):
    version = world.register()
    world.deploy(version)
    server = world.serve(log_rows=200)
    until(lambda: server.predict(RED) and world.logged())
    limits = resource.prlimit(
        server.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY)
    )
    loads = under_load(server.port, 2)
    until(lambda: sum(len(load.answers) for load in loads) > 1500)
    at_most = len(world.logged())
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)
    until(lambda: len(world.logged()) > at_most)
    for load in loads:
        load.stop()
    assert [load.broken + load.refused for load in loads] == [[], []]
    assert all(answer["label"] == "red" for load in loads for answer in load.answers)
    assert server.end() == 0
    balance = serve.lost(world.ports, world.scope)
    assert balance.dropped > 0
    assert balance.answered == balance.logged + balance.dropped + balance.lost
    assert balance.lost == 0, Path(server.log).read_text()
