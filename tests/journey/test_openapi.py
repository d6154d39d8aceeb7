"""The description of a serving process, and schemathesis, which asks it whatever the description allows."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.journey.serve_world import RED
from tests.journey.zoo import zoo

EXAMPLES = 3
WITHOUT = "positive_data_acceptance"  # a schema cannot say which bytes are a picture


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = zoo(tmp_path_factory.mktemp("openapi"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(max_body_bytes=1 << 20)


def test_it_names_the_deployments_and_every_route_of_its_own(server):
    said = server.ask("GET", "/openapi.json").json()
    assert said["openapi"] == "3.1.0"
    predict = said["paths"]["/predict/{name}"]
    assert predict["parameters"][0]["schema"]["enum"] == ["desk", "gauge", "parts", "pets"]
    forms = predict["post"]["parameters"][0]["schema"]["enum"]
    assert forms == ["json", "v2", "coco", "picture", "video"]
    for path in said["paths"]:
        method = "POST" if "post" in said["paths"][path] else "GET"
        body = RED if path.startswith("/predict") else None
        reply = server.ask(method, path.replace("{name}", "desk"), body)
        assert reply.status in {200, 400}, (path, reply.body)


def test_a_key_is_told_of_where_one_is_needed(world, server):
    assert server.ask("GET", "/openapi.json").json()["security"] == []
    locked = world.serve(keys="required")
    assert locked.ask("GET", "/openapi.json").json()["security"] == [{"key": []}]
    assert locked.end() == 0


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/predict/desk", "GET", "POST"),
        ("/v2", "DELETE", "GET, HEAD"),
        ("/metrics", "PUT", "GET, HEAD"),
    ],
)
def test_what_may_be_asked_instead_stands_in_allow(server, path, method, allow):
    reply = server.ask(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allow)


def test_numbers_of_any_length_are_answered(server):
    long = "9" * 5000
    assert server.ask("POST", "/predict/desk", RED, {"x-request-timeout-ms": long}).status == 400
    told = {"inference-header-content-length": long}
    assert server.ask("POST", "/v2/models/desk/infer", b"{}", told).status == 400


@pytest.mark.slow
def test_schemathesis_finds_nothing(server, tmp_path):
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
    words += ["--generation-deterministic", "--max-examples", str(EXAMPLES), "--no-color"]
    words += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure"]
    words += ["--exclude-checks", WITHOUT]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SCHEMATHESIS")}
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=tmp_path, env=clean, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    asked = re.search(r"(\d+) generated", done.stdout)
    assert asked is not None
    assert int(asked[1]) > 100
    assert server.predict(RED)["label"] == "red"
