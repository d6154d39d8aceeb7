"""Traces by OpenTelemetry, sent by OTLP over HTTP: the entry point `otel` of group `visloop.tracing`.

Attribute names: OpenTelemetry's semantic conventions for HTTP. Nothing global is touched; headers for the
endpoint (a token, say) come from `OTEL_EXPORTER_OTLP_HEADERS`, as its specification has it.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from visloop.serve import Traced

_TIMEOUT_S: Final = 3.0
_FAULTS: Final = 500


class OtelTracer:
    """Spans of one serving process, sent in batches by a thread of their own; a full queue drops them.

    Args:
        endpoint: where traces go: `http://127.0.0.1:4318/v1/traces`.
        server: the process's id.
    """

    def __init__(self, endpoint: str, server: str) -> None:
        resource = Resource.create({"service.name": "visloop", "service.instance.id": server})
        self._provider = TracerProvider(
            resource=resource, sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint, timeout=_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("visloop.serve")
        self._context = TraceContextTextMapPropagator()

    def record(self, traced: Traced) -> None:
        """A span for the request, and one for each of its stages."""
        span = self._tracer.start_span(
            f"POST {traced.route}",
            context=self._context.extract(traced.headers),
            kind=SpanKind.SERVER,
            start_time=traced.started_ns,
            attributes=_attributes(traced),
        )
        if traced.status >= _FAULTS:
            span.set_status(Status(StatusCode.ERROR))
        within = set_span_in_context(span)
        for stage in traced.stages:
            part = self._tracer.start_span(stage.name, within, start_time=stage.started_ns)
            part.end(stage.ended_ns)
        span.end(traced.ended_ns)

    def close(self) -> None:
        """Send what waits, then end the thread."""
        self._provider.shutdown()


def _attributes(traced: Traced) -> dict[str, str | int]:
    told: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.route": traced.route,
        "http.response.status_code": traced.status,
        "visloop.deployment": traced.deployment,
        "visloop.model": traced.model,
        "visloop.pictures": traced.pictures,
    }
    if mark := traced.headers.get("x-request-id"):
        told["visloop.request_id"] = mark
    return told
