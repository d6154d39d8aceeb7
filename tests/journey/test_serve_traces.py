"""Traces of requests, at a collector of our own that reads OTLP as the protocol has it."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider

import visloop
from tests.journey.serve_world import RED, World, until
from visloop import config
from visloop.errors import VisloopError
from visloop.serve.settings import ServeSettings

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
STAGES = ["queue", "decode", "infer", "post"]


class Collector(BaseHTTPRequestHandler):
    """POST /v1/traces: keeps the spans, each with the resource that it came from."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        assert self.path == "/v1/traces"
        assert self.headers["content-type"] == "application/x-protobuf"
        for each in ExportTraceServiceRequest.FromString(raw).resource_spans:
            for scope in each.scope_spans:
                self.server.spans += [(each.resource, span) for span in scope.spans]
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def collector():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.spans = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("traces"))
    one.deploy(one.register())
    yield one
    one.close()


@pytest.fixture(scope="module")
def asked(world, collector):
    """What was asked of one traced process, which then ended; every span is at the collector."""
    endpoint = f"http://127.0.0.1:{collector.server_port}/v1/traces"
    server = world.serve(otel=endpoint)
    told = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "shop=7", "x-request-id": "r-1"}
    assert server.ask("POST", "/predict/desk", RED, told).status == 200
    silent = {"traceparent": f"00-{'1' * 32}-{PARENT}-00"}
    assert server.ask("POST", "/predict/desk", RED, silent).status == 200
    assert (
        server.ask("POST", "/predict/desk?as=coco", RED, {"traceparent": "nonsense"}).status == 200
    )
    assert server.ask("POST", "/predict/desk", b"no picture", {"x-request-id": "r-2"}).status == 422
    provider = TracerProvider(shutdown_on_exit=False)
    with (
        provider.get_tracer("shop").start_as_current_span("checkout") as span,
        visloop.Client(server.url, deployment="desk") as client,
    ):
        client.predict(RED)
    assert server.end() == 0
    return span.get_span_context()


def attributes(span):
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def roots(collector, **wanted):
    found = [span for _, span in collector.spans if span.name.startswith("POST")]
    return [span for span in found if wanted.items() <= attributes(span).items()]


@pytest.mark.usefixtures("asked")
def test_a_request_goes_on_with_the_trace_that_it_came_with(collector):
    (root,) = roots(collector, **{"visloop.request_id": "r-1"})
    assert root.trace_id.hex() == TRACE
    assert root.parent_span_id.hex() == PARENT
    assert root.trace_state == "shop=7"
    assert (root.name, root.kind) == ("POST /predict/{name}", root.SPAN_KIND_SERVER)
    said = attributes(root)
    assert said["http.response.status_code"] == 200
    assert (said["visloop.deployment"], said["visloop.model"]) == ("desk", "colours@v1")
    (resource,) = {str(resource) for resource, span in collector.spans if span == root}
    assert "service.name" in resource


@pytest.mark.usefixtures("asked")
def test_the_stages_lie_one_after_the_other_within_the_request(collector):
    (root,) = roots(collector, **{"visloop.request_id": "r-1"})
    parts = [span for _, span in collector.spans if span.parent_span_id == root.span_id]
    parts.sort(key=lambda span: STAGES.index(span.name))
    assert [span.name for span in parts] == STAGES
    times = [root.start_time_unix_nano]
    for span in parts:
        times += [span.start_time_unix_nano, span.end_time_unix_nano]
    times.append(root.end_time_unix_nano)
    assert times == sorted(times)
    assert parts[2].end_time_unix_nano > parts[2].start_time_unix_nano


@pytest.mark.usefixtures("asked")
def test_who_is_not_sampled_is_not_traced_and_who_has_no_trace_begins_one(collector):
    ids = {span.trace_id.hex() for _, span in collector.spans}
    assert "1" * 32 not in ids
    begun = [span for span in roots(collector) if not span.parent_span_id]
    assert {attributes(span)["http.response.status_code"] for span in begun} == {200, 422}


@pytest.mark.usefixtures("asked")
def test_a_refusal_has_its_status_and_no_stages(collector):
    (root,) = roots(collector, **{"visloop.request_id": "r-2"})
    assert attributes(root)["http.response.status_code"] == 422
    assert not [span for _, span in collector.spans if span.parent_span_id == root.span_id]


def test_the_client_hands_its_span_on(collector, asked):
    found = [span for span in roots(collector) if span.trace_id.hex() == f"{asked.trace_id:032x}"]
    assert [span.parent_span_id.hex() for span in found] == [f"{asked.span_id:016x}"]


def test_a_collector_that_is_not_there_costs_no_answer(world):
    server = world.serve(otel="http://127.0.0.1:9/v1/traces")
    assert [server.predict(RED)["label"] for _ in range(20)] == ["red"] * 20
    assert server.end() == 0
    until(lambda: len(world.logged()) >= 20)


def test_nothing_of_it_is_loaded_where_no_endpoint_is_named():
    words = "import sys; from visloop.serve.server import run; from visloop import Client; "
    words += "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert ServeSettings(ledger="", blobs="", state="").otel == ""


def test_an_endpoint_that_is_none_is_refused_with_the_settings(tmp_path):
    (tmp_path / "visloop.yaml").write_text("serve: {otel: collector}\n")
    with pytest.raises(VisloopError, match="otel"):
        config.load(tmp_path / "visloop.yaml")
