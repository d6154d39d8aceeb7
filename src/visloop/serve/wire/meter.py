"""The figures of one deployment: requests, answers, seconds by stage."""

from __future__ import annotations

from typing import Final

from visloop.serve.lineup import Slot
from visloop.serve.wire.metrics import Histogram, Metrics
from visloop.serve.work.lane import Answer

_BATCHES: Final = (1, 2, 4, 8, 16, 32)
STAGES: Final = ("decode", "queue", "infer", "post")


class Meter:
    """The figures of one deployment with one model."""

    def __init__(self, metrics: Metrics, slot: Slot) -> None:
        deployment = ("deployment", slot.deployment.name)
        self._metrics = metrics
        self._model = (deployment, ("model", slot.deployment.model))
        self._answered = (deployment, ("code", "200"))
        self._request: Histogram = metrics.histogram("visloop_request_seconds", (deployment,))
        self._stages = [
            metrics.histogram("visloop_stage_seconds", (deployment, ("stage", stage)))
            for stage in STAGES
        ]
        self._together: Histogram | None = None
        if slot.lane.batch > 1:
            name = "visloop_batch_pictures"
            self._together = metrics.histogram(name, (deployment,), _BATCHES)

    def count(self, answer: Answer, seconds: float) -> None:
        """One answer has gone out."""
        self._metrics.count("visloop_requests_total", self._answered)
        self._metrics.count("visloop_predictions_total", self._model, answer.pictures)
        self._request.observe(seconds)
        if self._together is not None:
            self._together.observe(answer.together)
        decode, queue, infer, post = self._stages
        decode.observe(answer.decode_s)
        queue.observe(answer.queue_s)
        infer.observe(answer.infer_s)
        post.observe(answer.post_s)
