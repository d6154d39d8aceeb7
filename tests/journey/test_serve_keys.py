"""API keys of a running server: who is let in, how much they may ask, what their questions look like."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from tests.films import film
from tests.journey.serve_world import BLUE, GREEN, RED, World, picture, until
from visloop import app, observe, serve
from visloop.errors import UsageError
from visloop.faces import sdk
from visloop.ids import digest_of
from visloop.observe.probing import suspicion
from visloop.serve import tables
from visloop.serve.keys.keeping import KeyExists, KeyNotFound
from visloop.serve.keys.ring import Keyring
from visloop.serve.keys.signs import Counts, Signs


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("keys"))
    one.deploy(one.register())
    one.deploy(one.register("other"), "other")
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(keys="required", max_body_bytes=8 << 20, urls=("http://127.0.0.1:9/",))


@pytest.fixture
def key(world, server):
    """`key("shop", per_day=3)`: its secret, once the server knows it."""
    made = []

    def add(name, **quotas):
        _, secret = serve.add_key(world.ports, world.scope, name, **quotas)
        made.append(name)
        until(lambda: f'key="{name}"' in server.ask("GET", "/metrics").body.decode())
        return secret

    yield add
    for name in made:
        serve.remove_key(world.ports, world.scope, name)


def ask(server, secret="", body=RED, path="/predict/desk", header="authorization"):
    value = f"Bearer {secret}" if header == "authorization" else secret
    return server.ask("POST", path, body, {header: value} if secret else {})


def test_without_a_key_nobody_is_answered_and_a_large_body_is_not_even_read(server):
    for body in (RED, bytes(2 << 20)):
        reply = ask(server, body=body)
        assert (reply.status, reply.code) == (401, "serve.key_needed")
    assert ask(server, "vlk_guessed").status == 401
    said = server.ask("POST", "/v2/models/desk/infer", b"{}")
    assert (said.status, said.json()["code"]) == (401, "serve.key_needed")
    assert server.ask("GET", "/health/ready").status == 200


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_a_key_lets_in_until_it_is_removed(server, world, header):
    _, secret = serve.add_key(world.ports, world.scope, "gone")
    until(lambda: ask(server, secret, header=header).status == 200)
    serve.remove_key(world.ports, world.scope, "gone")
    until(lambda: ask(server, secret, header=header).status == 401)


def test_a_key_is_for_its_deployments_only(server, key):
    secret = key("desk-only", deployments=("desk",))
    assert ask(server, secret).status == 200
    reply = ask(server, secret, path="/predict/other")
    assert (reply.status, reply.code) == (403, "serve.not_for_this_key")
    assert "desk" in reply.json()["error"]["fix"]


def test_quotas_answer_429_and_say_when_to_come_back(server, key):
    daily = key("daily", per_day=2)
    assert [ask(server, daily).status for _ in range(3)] == [200, 200, 429]
    hasty = key("hasty", per_minute=1)
    assert ask(server, hasty).status == 200
    reply = ask(server, hasty)
    assert (reply.status, reply.code) == (429, "serve.quota_spent")
    assert 1 <= int(reply.headers["retry-after"]) <= 61


def test_each_picture_of_a_request_counts(server, key, tmp_path):
    clip = film(tmp_path / "clip.mp4", 20).read_bytes()
    four = "/predict/desk?every=0.2"
    daily = key("films", per_day=6)
    assert len(ask(server, daily, body=clip, path=four).json()["frames"]) == 4
    reply = ask(server, daily, body=clip, path=four)
    assert (reply.status, reply.code) == (429, "serve.quota_spent")
    assert "1 are left" in reply.json()["error"]["what"]
    assert [ask(server, daily).status for _ in range(2)] == [200, 429]
    few = key("few", per_minute=3)
    reply = ask(server, few, body=clip, path=four)
    assert (reply.status, reply.code) == (413, "serve.too_large")
    assert "every=" in reply.json()["error"]["fix"]
    addresses = json.dumps({"urls": [f"http://127.0.0.1:9/{each}.jpg" for each in range(4)]})
    assert ask(server, few, body=addresses.encode()).status == 413
    batch = {"name": "image", "shape": [4], "datatype": "BYTES"}
    data = [base64.b64encode(RED).decode()] * 4
    asked = json.dumps({"inputs": [{**batch, "data": data}]}).encode()
    assert ask(server, few, body=asked, path="/v2/models/desk/infer").status == 413
    batched = key("batched", per_day=5)
    assert ask(server, batched, body=asked, path="/v2/models/desk/infer").status == 200
    assert [ask(server, batched).status for _ in range(2)] == [200, 429]


def listed(world, name):
    (found,) = (one for one in serve.list_keys(world.ports, world.scope) if one.name == name)
    return found


def test_use_and_its_signs_are_counted_and_outlive_the_process(world):
    _, secret = serve.add_key(world.ports, world.scope, "prober")
    server = world.serve(keys="required")
    until(lambda: ask(server, secret).status == 200)
    for body in (RED, RED, GREEN, BLUE, BLUE):
        assert ask(server, secret, body=body).status == 200
    server.end()
    used = listed(world, "prober")
    assert used.asked == used.looked_at == 6
    assert used.repeated == 3
    assert used.near == 0
    assert 0 <= used.entropy < 0.2
    again = Keyring(world.ports, world.scope, "server-next", "required", "127.0.0.1")
    again.start()
    (holder,) = (one for one in again._holders.values() if one.name == "prober")
    again.stop(5)
    assert holder.elsewhere == 6
    serve.remove_key(world.ports, world.scope, "prober")


def beside(colour: tuple[int, int, int], noise: np.random.Generator) -> bytes:
    """Almost that colour: coarse noise that leaves the mean where it is."""
    coarse = noise.integers(-4, 5, (8, 8)).repeat(8, 0).repeat(8, 1)
    pixels = np.clip(np.array(colour) + coarse[:, :, None], 0, 255).astype(np.uint8)
    raw = io.BytesIO()
    Image.fromarray(pixels).save(raw, "PNG")
    return raw.getvalue()


def test_a_client_that_searches_for_the_borders_is_told_of_once_a_day(tmp_path):
    root = tmp_path / "shop"
    app.create(root)
    (root / "visloop.yaml").write_text("format: 1\nmonitor: {probing: {after: 40}}\n", "utf-8")
    with sdk.local(root) as here:
        world = World(root / app.INNER, here.ports.ledger, here.ports.serve)
        world.deploy(world.register())
        secrets = {
            name: serve.add_key(world.ports, world.scope, name)[1] for name in ("prober", "shop")
        }
        server = world.serve(keys="required")
        until(lambda: ask(server, secrets["shop"]).status == 200)
        noise = np.random.default_rng(3)
        low, high = 0, 240  # halving the way from red to green, then small steps along the border
        for _ in range(8):
            at = (low + high) // 2
            reply = ask(server, secrets["prober"], body=picture((250 - at, 10 + at, 10), "PNG"))
            low, high = (at, high) if reply.json()["label"] == "red" else (low, at)
        for _ in range(52):
            asked = beside((250 - low, 10 + low, 10), noise)
            assert ask(server, secrets["prober"], body=asked).status == 200
        for number in range(60):
            colour = np.roll((250 - 3 * number, 10, 10), number).tolist()
            assert ask(server, secrets["shop"], body=picture(tuple(colour))).status == 200
        server.end()
        worker = app.Worker(here.ports, "watch", 30.0)
        for _ in range(2):
            worker.once()
        (alert,) = here.call(app.alerts_list, app.AlertsList()).rows
        assert (alert["state"], alert["severity"], alert["deployment"]) == ("open", "warning", "")
        assert "key 'prober'" in alert["what"]
        assert "border" in alert["what"]
        (fact,) = here.ports.ledger.facts(kinds=["alert.opened"])
        assert fact.payload["key"] == "prober"
        here.call(app.alerts_close, app.AlertsClose(alert=alert["id"]))
        worker.once()
        assert len(here.call(app.alerts_list, app.AlertsList()).rows) == 1
        worker.let_go()


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"looked_at": 199, "near": 199, "unsure": 199}, ""),
        ({"looked_at": 200, "near": 60, "unsure": 60}, "borders"),
        ({"looked_at": 200, "near": 0, "unsure": 120}, "copies a model"),
        ({"looked_at": 200, "near": 180, "unsure": 0}, "trained on"),
        ({"looked_at": 200, "near": 170, "unsure": 59}, ""),
        ({"looked_at": 200, "repeated": 200}, ""),
    ],
)
def test_what_is_an_alarm_about_a_key(counts, said):
    when = datetime(2026, 1, 1, tzinfo=UTC)
    limits = {"per_minute": None, "per_day": None, "deployments": (), "created": when}
    used = serve.KeyUse(name="shop", hint="abcd", **limits, **counts)
    found = suspicion(used, observe.ProbingPolicy())
    assert (said in found) if said else not found


def test_only_the_digest_of_a_secret_is_kept_and_names_are_taken_once(world):
    key, secret = serve.add_key(world.ports, world.scope, "kept", per_day=5)
    with world.ledger.read() as connection:
        rows = connection.execute(tables.serve_keys.select()).mappings().all()
        facts = world.ledger.facts(kinds=["key.added"], subject="kept")
    (row,) = (dict(one) for one in rows if one["name"] == "kept")
    assert row["digest"] == digest_of(secret)
    assert secret not in json.dumps([row, [str(fact) for fact in facts]], default=str)
    assert secret.endswith(key.hint)
    with pytest.raises(KeyExists):
        serve.add_key(world.ports, world.scope, "kept")
    with pytest.raises(UsageError):
        serve.add_key(world.ports, world.scope, "never", per_day=0)
    serve.remove_key(world.ports, world.scope, "kept")
    with pytest.raises(KeyNotFound):
        serve.remove_key(world.ports, world.scope, "kept")


@pytest.mark.parametrize(
    ("policy", "host", "needed"),
    [
        ("auto", "127.0.0.1", False),
        ("auto", "::1", False),
        ("auto", "0.0.0.0", True),
        ("auto", "192.168.1.5", True),
        ("required", "127.0.0.1", True),
        ("off", "0.0.0.0", False),
    ],
)
def test_keys_are_needed_where_other_machines_can_ask(world, policy, host, needed):
    ring = Keyring(world.ports, world.scope, "server-x", policy, host)
    assert ring.needed is needed


def test_small_steps_around_a_picture_are_near_and_other_pictures_are_not():
    random = np.random.default_rng(7)
    signs, counts = Signs(), Counts()
    start = random.integers(0, 255, (60, 80, 3), np.uint8)
    for _ in range(10):
        step = np.clip(start.astype(int) + random.integers(-25, 26, start.shape), 0, 255)
        signs.look(counts, step.astype(np.uint8), np.array([0.51, 0.49], np.float32))
    assert (counts.looked_at, counts.near + counts.repeated, counts.unsure) == (10, 9, 10)
    assert counts.entropy == pytest.approx(10, abs=0.1)
    calm = Counts()
    for level in range(0, 250, 25):
        other = np.full((60, 80, 3), level, np.uint8)
        signs.look(calm, other, np.array([0.95, 0.05], np.float32))
    assert (calm.near, calm.unsure) == (0, 0)
