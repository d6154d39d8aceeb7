"""A serving process as its clients and its operator see it."""

import gzip
import http.client
import json
import socket
import threading
import time

import httpx
import numpy as np
import pytest

from tests.journey.serve_world import BLUE, GREEN, RED, World, picture, until
from visloop import serve
from visloop.errors import Unavailable
from visloop.ids import digest_of
from visloop.store import Spool
from visloop.vision import Contract


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("served"))
    one.deploy(one.register())
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(
        max_body_bytes=200_000, allowed_hosts=("dock.example",), max_batch=8, max_pixels=2_000_000
    )


def test_a_picture_posted_as_it_is_gets_a_json_answer(server):
    said = server.predict(GREEN)
    assert said["label"] == "green"
    assert said["model"] == "colours@v1"
    assert said["deployment"] == "desk"
    assert said["confidence"] == said["probabilities"]["green"] > 0.9
    assert list(said["probabilities"]) == ["red", "green", "blue"]
    assert sum(said["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert 0 < said["latency_ms"] < 1000
    assert said["id"].startswith("pred-")


def test_a_form_with_a_file_and_a_compressed_body_mean_the_same_picture(server):
    form = httpx.post(f"{server.url}/predict/desk", files={"file": ("a.jpg", BLUE)}).json()
    packed = server.ask(
        "POST", "/predict/desk", gzip.compress(BLUE), {"content-encoding": "gzip"}
    ).json()
    assert form["label"] == packed["label"] == "blue"
    assert form["probabilities"] == packed["probabilities"]


def test_png_is_answered_like_jpeg(server):
    assert server.predict(picture((10, 250, 10), "PNG"))["label"] == "green"


def test_the_row_in_the_log_matches_the_answer_and_the_spool_has_the_picture(server, world):
    said = server.predict(RED)
    (row,) = until(lambda: [r for r in world.logged() if r.id == said["id"]])
    assert (row.label, row.confidence) == (said["label"], said["confidence"])
    assert row.answer.top == (said["label"], pytest.approx(said["confidence"], abs=1e-6))
    assert row.image == digest_of(RED)
    assert row.answer.image == row.image
    assert row.answer.contract == row.contract
    assert row.latency_ms == said["latency_ms"]
    assert serve.prediction(world.ports, world.scope, said["id"]) == row
    spool = Spool(world.ports.spool, 1 << 20)
    kept = serve.captured(spool, row)
    assert kept is not None
    assert kept.image == RED
    assert kept.statistics_array().shape == (8,)
    assert kept.probabilities_array().tolist() == pytest.approx(
        list(said["probabilities"].values()), abs=1e-6
    )
    assert kept.embedding_array().shape == (3,)


def test_errors_say_what_and_how_to_mend_it(server):
    cases = [
        ("POST", "/predict/desc", RED, {}, 404, "serve.deployment_not_found"),
        ("GET", "/predict/desk", None, {}, 405, "serve.wrong_method"),
        ("POST", "/predict/desk", b"", {}, 400, "serve.bad_request"),
        ("GET", "/nowhere", None, {}, 404, "serve.no_such_route"),
        ("POST", "/predict/desk", RED, {"host": "evil.example"}, 403, "serve.strange_origin"),
        (
            "POST",
            "/predict/desk",
            RED,
            {"origin": "http://evil.example"},
            403,
            "serve.strange_origin",
        ),
        ("POST", "/predict/desk", b"x", {"content-encoding": "br"}, 400, "serve.bad_request"),
    ]
    for method, path, body, headers, status, code in cases:
        reply = server.ask(method, path, body, headers)
        assert (reply.status, reply.code) == (status, code), reply.body
        assert reply.json()["error"]["what"]
        assert reply.json()["error"]["fix"]
    assert "did you mean 'desk'" in server.ask("POST", "/predict/desc", RED).body.decode()
    assert server.ask("POST", "/predict/desk", RED, {"host": "dock.example:80"}).status == 200


@pytest.mark.parametrize("junk", [b"not a picture", RED[: len(RED) // 2], b"\xff\xd8\xff"])
def test_what_is_not_a_picture_is_refused_and_the_server_goes_on(server, junk):
    reply = server.ask("POST", "/predict/desk", junk)
    assert 400 <= reply.status < 500, reply.body
    assert reply.json()["error"]["fix"]
    assert server.predict(RED)["label"] == "red"


def test_more_pixels_than_allowed_are_refused(server):
    reply = server.ask("POST", "/predict/desk", picture(px=1500))
    assert reply.status in {413, 422}
    assert "pixels" in reply.body.decode()


def test_a_body_over_the_limit_gets_413_by_its_word_and_by_count(server):
    assert server.ask("POST", "/predict/desk", bytes(200_001)).code == "serve.too_large"

    def chunks():
        for _ in range(30):
            yield bytes(10_000)

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request(
        "POST",
        "/predict/desk",
        chunks(),
        encode_chunked=True,
        headers={"transfer-encoding": "chunked"},
    )
    assert connection.getresponse().status == 413
    packed = gzip.compress(bytes(10_000_000))
    reply = server.ask("POST", "/predict/desk", packed, {"content-encoding": "gzip"})
    assert reply.status == 413


def test_a_client_that_promises_too_much_is_told_before_it_sends(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(
            b"POST /predict/desk HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n"
            b"expect: 100-continue\r\n\r\n"
        )
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_a_client_that_goes_away_in_the_middle_harms_nobody(server):
    for _ in range(5):
        raw = socket.create_connection(("127.0.0.1", server.port))
        raw.sendall(
            b"POST /predict/desk HTTP/1.1\r\nhost: localhost\r\ncontent-length: 999\r\n\r\nabc"
        )
        raw.close()
    assert server.predict(RED)["label"] == "red"


def test_health_and_metrics(server):
    assert server.ask("GET", "/health/live").json() == {"live": True}
    assert server.ask("GET", "/health/ready").json()["ready"] is True
    before = server.ask("GET", "/metrics").body.decode()
    server.predict(RED)
    server.ask("POST", "/predict/desk", b"junk")

    def figure(text, start):
        return sum(
            float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(start)
        )

    after = server.ask("GET", "/metrics").body.decode()
    assert (
        figure(after, "visloop_predictions_total")
        == figure(before, "visloop_predictions_total") + 1
    )
    for stage in ("decode", "queue", "infer", "post"):
        assert f'stage="{stage}",le="+Inf"' in after
    assert 'code="200"' in after
    assert 'code="4' in after
    assert 'model="colours@v1"' in after
    assert "visloop_log_dropped_total" in after


# --- V2 -----------------------------------------------------------------------------------------


def test_v2_tells_about_server_and_model(server):
    assert "binary_tensor_data" in server.ask("GET", "/v2").json()["extensions"]
    assert server.ask("GET", "/v2/health/live").status == 200
    assert server.ask("GET", "/v2/health/ready").status == 200
    said = server.ask("GET", "/v2/models/desk").json()
    assert said["versions"] == ["1"]
    assert {t["name"]: (t["datatype"], t["shape"]) for t in said["inputs"]} == {
        "input": ("FP32", [-1, 3, 32, 32]),
        "image": ("BYTES", [-1]),
    }
    assert {t["name"] for t in said["outputs"]} == {"probabilities", "embedding", "label"}
    assert server.ask("GET", "/v2/models/desk/versions/1/ready").json()["ready"] is True
    assert server.ask("GET", "/v2/models/desk/versions/2").status == 404
    assert server.ask("GET", "/v2/models/desk/config").json()["max_batch_size"] == 0
    assert server.ask("POST", "/v2/repository/index").json()[0]["state"] == "READY"


def test_v2_errors_are_strings_as_the_protocol_says(server):
    reply = server.ask("POST", "/v2/models/nobody/infer", b"{}")
    assert reply.status == 404
    assert "nobody" in reply.json()["error"]
    assert reply.json()["code"] == "serve.deployment_not_found"
    assert server.ask("POST", "/v2/models/desk/infer", b"{]").status == 400


def test_v2_refuses_wrong_shapes_and_too_many(server):
    def post(shape, count):
        tensor = {"name": "input", "shape": shape, "datatype": "FP32", "data": [0.0] * count}
        return server.ask(
            "POST", "/v2/models/desk/infer", json.dumps({"inputs": [tensor]}).encode()
        )

    assert "needs [-1, 3, 32, 32]" in post([1, 3, 2, 2], 12).json()["error"]
    assert post([9, 3, 1, 1], 27).status == 413
    assert post([0, 3, 32, 32], 0).status == 400


triton = pytest.importorskip("tritonclient.http")


@pytest.fixture
def client(server):
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as one:
        yield one


def test_the_official_client_reads_metadata(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("desk")
    assert client.is_model_ready("desk", "1")
    assert not client.is_model_ready("nobody")
    assert client.get_server_metadata()["name"] == "visloop"
    assert client.get_model_metadata("desk")["name"] == "desk"
    assert client.get_model_config("desk")["backend"] == "onnxruntime"
    assert client.get_model_repository_index()[0]["name"] == "desk"


@pytest.mark.parametrize("raw_in", [True, False])
@pytest.mark.parametrize("raw_out", [True, False, None])
def test_the_official_client_infers_tensors_raw_and_as_json(client, raw_in, raw_out):
    batch = np.full((5, 3, 32, 32), -1, np.float32)
    batch[range(5), [0, 1, 2, 1, 0]] = 1
    tensor = triton.InferInput("input", list(batch.shape), "FP32")
    tensor.set_data_from_numpy(batch, binary_data=raw_in)
    outputs = None
    if raw_out is not None:
        outputs = [
            triton.InferRequestedOutput(name, binary_data=raw_out)
            for name in ("probabilities", "embedding", "label")
        ]
    result = client.infer("desk", [tensor], outputs=outputs, request_id="r1")
    assert result.get_response()["id"] == "r1"
    assert result.get_response()["model_version"] == "1"
    assert result.as_numpy("probabilities").shape == (5, 3)
    assert result.as_numpy("probabilities").argmax(1).tolist() == [0, 1, 2, 1, 0]
    assert result.as_numpy("embedding").shape == (5, 3)
    labels = [x if isinstance(x, str) else x.decode() for x in result.as_numpy("label")]
    assert labels == ["red", "green", "blue", "green", "red"]


@pytest.mark.parametrize("packing", [None, "gzip", "deflate"])
def test_the_official_client_sends_encoded_pictures(client, server, packing):
    tensor = triton.InferInput("image", [3], "BYTES")
    tensor.set_data_from_numpy(np.array([RED, GREEN, BLUE], dtype=object))
    result = client.infer(
        "desk", [tensor], model_version="1", request_compression_algorithm=packing,
        response_compression_algorithm=packing,
    )  # fmt: skip
    assert [label.decode() for label in result.as_numpy("label")] == ["red", "green", "blue"]
    alone = server.predict(GREEN)["probabilities"]["green"]
    assert result.as_numpy("probabilities")[1, 1] == pytest.approx(alone, abs=1e-6)


def test_the_official_client_sees_our_errors(client):
    tensor = triton.InferInput("image", [1], "BYTES")
    tensor.set_data_from_numpy(np.array([b"junk"], dtype=object))
    with pytest.raises(triton.InferenceServerException) as caught:
        client.infer("desk", [tensor])
    assert str(caught.value.status()).startswith("4")
    assert str(caught.value)


def test_pictures_sent_by_v2_are_in_the_log_tensors_without_a_picture(client, world):
    pictures = triton.InferInput("image", [2], "BYTES")
    pictures.set_data_from_numpy(np.array([RED, GREEN], dtype=object))
    client.infer("desk", [pictures])
    ready = triton.InferInput("input", [1, 3, 32, 32], "FP32")
    ready.set_data_from_numpy(np.zeros((1, 3, 32, 32), np.float32))
    client.infer("desk", [ready])
    expected = [digest_of(RED), digest_of(GREEN), ""]
    until(lambda: [row.image for row in world.logged()][-3:] == expected)


# --- limits, models that do not load --------------------------------------------------------------


def test_a_full_queue_answers_429_at_once_and_says_when_to_come_back(tmp_path):
    world = World.create(tmp_path)
    try:
        world.deploy(world.register(slow=2, size_px=96))
        server = world.serve(threads=1, queue=2)
        replies = []

        def send():
            started = time.monotonic()
            replies.append((server.ask("POST", "/predict/desk", RED), time.monotonic() - started))

        threads = [threading.Thread(target=send) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answered = [reply for reply, _ in replies if reply.status == 200]
        refused = [(reply, s) for reply, s in replies if reply.status == 429]
        assert len(answered) + len(refused) == 12
        assert len(answered) >= 3
        assert len(refused) >= 5
        assert all(reply.headers["retry-after"] == "1" for reply, _ in refused)
        assert all(reply.code == "serve.busy" for reply, _ in refused)
        assert server.predict(RED)["label"] == "red"
    finally:
        world.close()


def test_a_request_that_waits_too_long_gets_503_and_is_not_computed_for_nobody(tmp_path):
    world = World.create(tmp_path)
    try:
        world.deploy(world.register(slow=3, size_px=128))
        server = world.serve(threads=1, timeout_s=0.05)
        reply = server.ask("POST", "/predict/desk", RED)
        assert (reply.status, reply.code) == (503, "serve.timed_out")
        assert server.ask("GET", "/health/live").status == 200
    finally:
        world.close()


def test_a_model_that_does_not_load_is_taken_back_and_the_old_one_goes_on_serving(tmp_path):
    world = World.create(tmp_path)
    try:
        good = world.register()
        world.deploy(good)
        server = world.serve()
        bad = world.register_bytes("broken", b"not a network", Contract(classes=("a",)))
        done = world.deploy(bad)
        with pytest.raises(Unavailable, match="cannot load"):
            serve.wait_ready(world.ports, "desk", done.generation, 10)
        assert server.predict(RED)["model"] == good.ref
        back = serve.deployment(world.ports, world.scope, "desk")
        assert (back.model, back.previous) == (good.ref, None)
        assert serve.wait_ready(world.ports, "desk", back.generation, 10)
        (fact,) = world.ledger.facts(kinds=["deployment.reverted"])
        assert (fact.payload["model"], fact.payload["failed"]) == (good.ref, bad.ref)
        assert "network" in fact.payload["because"] or "model" in fact.payload["because"]
        first = world.deploy(bad, "fresh")
        with pytest.raises(Unavailable):
            serve.wait_ready(world.ports, "fresh", first.generation, 10)
        assert server.ask("POST", "/predict/fresh", RED).code == "serve.not_loaded"
        assert server.ask("GET", "/health/ready").status == 503
        serve.undeploy(world.ports, world.scope, "fresh")
        until(lambda: server.ask("GET", "/health/ready").status == 200)
        assert server.ask("POST", "/predict/fresh", RED).status == 404
    finally:
        world.close()


def test_a_taken_port_is_an_error_with_a_fix(tmp_path, server):
    world = World.create(tmp_path)
    try:
        with pytest.raises(AssertionError, match="another port"):
            world.serve(port=server.port)
    finally:
        world.close()


def test_a_device_that_is_not_here_is_an_error_with_a_fix_before_anything_is_served(tmp_path):
    world = World.create(tmp_path)
    try:
        with pytest.raises(AssertionError, match="onnxruntime-openvino"):
            world.serve(device="openvino")
    finally:
        world.close()
