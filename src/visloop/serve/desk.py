"""From a complete request to its reply: checks, the model's turn, figures. On the event loop only.

Both ways in end here: the short one of the protocol (`wire.direct`) and ASGI (`asgi`). A model that needs
half a millisecond for everything is asked right here, on the event loop: handing a picture to a thread and
back takes longer than the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

from visloop import infer
from visloop.errors import VisloopError
from visloop.serve.errors import BadRequest, DeploymentNotFound, Hung, InternalError
from visloop.serve.forms.asking import Form
from visloop.serve.keys.ring import Holder, Keyring, Visit
from visloop.serve.lineup import KEY_HEADER, Lineup, Slot
from visloop.serve.model import Model
from visloop.serve.switching.failures import Request, Work
from visloop.serve.wire import v2
from visloop.serve.wire.guard import Guard
from visloop.serve.wire.http import BodyBound, Headers
from visloop.serve.wire.metrics import Histogram, Metrics
from visloop.serve.wire.reply import Reply, error_reply
from visloop.serve.wire.tracing import Tracer, traced
from visloop.serve.work.answers import Answers
from visloop.serve.work.lane import Answer, Done, Task
from visloop.serve.work.pool import Workers

log = logging.getLogger("visloop.serve")

REQUEST_ID: Final = b"x-request-id"
PATIENCE: Final = b"x-request-timeout-ms"
TIMING: Final = b"x-server-timing"
_LONGEST_ID: Final = 128
_LONGEST_PATIENCE: Final = 9
_SOON_S: Final = 0.05
_BATCHES: Final = (1, 2, 4, 8, 16, 32)
_STAGES: Final = ("decode", "queue", "infer", "post")

Replies: TypeAlias = Callable[[Reply], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for an answer, complete; `version` is what V2 named, `started` is `perf_counter`'s.

    `entered`: it was let in before its body was read, with the key of `holder` where it has one.
    `form` of its answer, where it is not plain JSON.
    """

    name: str
    headers: Headers
    body: bytes
    started: float
    v2: bool = False
    version: str = ""
    entered: bool = False
    holder: Holder | None = None
    form: Form | None = None


class _Meter:
    """The figures of one deployment with one model."""

    def __init__(self, metrics: Metrics, slot: Slot) -> None:
        deployment = ("deployment", slot.deployment.name)
        self._metrics = metrics
        self._model = (deployment, ("model", slot.deployment.model))
        self._answered = (deployment, ("code", "200"))
        self._request: Histogram = metrics.histogram("visloop_request_seconds", (deployment,))
        self._stages = [
            metrics.histogram("visloop_stage_seconds", (deployment, ("stage", stage)))
            for stage in _STAGES
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


class Desk:
    """Takes requests and sees that each gets one reply."""

    def __init__(
        self,
        guard: Guard,
        keys: Keyring,
        lineup: Lineup,
        workers: Workers,
        long_workers: Workers,
        answers: Answers,
        metrics: Metrics,
        tracer: Tracer | None = None,
    ) -> None:
        self._tracer = tracer
        self._guard = guard
        self._keys = keys
        self._lineup = lineup
        self._workers = workers
        self._long_workers = long_workers
        self._answers = answers
        self._metrics = metrics
        self._meters: dict[tuple[str, str], _Meter] = {}

    def ask(self, asked: Asked, reply: Replies) -> Task | None:
        """Answer a request, now or later; `reply` is called once, unless the returned task is given up."""
        try:
            holder = asked.holder if asked.entered else self._let_in(asked)
            slot, model = self._chosen(asked)
            patience_s = _shorter(_patience_s(asked.headers), slot.limits.time_s)
        except VisloopError as error:
            reply(self._marked(asked, error_reply(error, as_text=asked.v2)))
            self._trace(asked, error.http_status)
            return None

        visit = None if holder is None else Visit(holder)
        request = Request(slot, model, asked.headers, asked.body, asked.started, visit, asked.form)
        return self._put(asked, request, patience_s, reply)

    def _put(
        self, asked: Asked, request: Request, patience_s: float | None, reply: Replies
    ) -> Task | None:
        """Have a request computed: here and now where that is quick, else by a worker."""
        slot, model = request.slot, request.model

        def done(answer: Answer | None, error: BaseException | None) -> None:
            if answer is None:
                if isinstance(error, infer.NotAnImage) and self._several(
                    asked, request, work, task, done
                ):
                    return
                self._answers.failures.failed(slot, error)
                champion = slot.instead
                if isinstance(error, Hung) and champion is not None and champion.model is not None:
                    other = replace(request, slot=champion, model=champion.model)
                    spent_s = time.perf_counter() - asked.started
                    left_s = (patience_s or self._workers.timeout_s) - spent_s
                    self._put(asked, other, max(left_s, _SOON_S), reply)
                else:
                    reply(self._failed(asked, slot, error))
                return
            told = Reply(200, answer.body, answer.content_type, answer.headers)
            if TIMING in asked.headers:
                told = told._replace(headers=(*told.headers, _timing(answer)))
            reply(self._marked(asked, told))
            self._meter(slot).count(answer, time.perf_counter() - asked.started)
            self._workers.behind(answer.after)
            self._trace(asked, told.status, slot, answer)

        task: Task | None = None
        work = self._answers.tensors(request) if asked.v2 else self._answers.picture(request)
        try:
            # a canary is timed against the champion on the same way, and must not stop the event loop
            if model.quick and not slot.rollout and _light(asked, model):
                done(work.alone(Task(work, slot.lane)), None)
                return None
            task = self._workers.submit(work, slot.lane, len(asked.body), done, patience_s)
        except Exception as error:  # noqa: BLE001 - told and logged there
            done(None, error)
            return None
        return task

    def _several(
        self, asked: Asked, request: Request, tried: Work, task: Task | None, done: Done
    ) -> bool:
        """What is no picture may be a film or a list of addresses: whether it is, and is being answered."""
        if asked.v2 or task is None or task.then is not None:
            return False
        task.then = task
        try:
            work = self._answers.several(request, tried)
            if work is None:
                return False
            size, limits = len(asked.body), request.slot.limits
            patience_s = _shorter(_patience_s(asked.headers), limits.time_s)
            lane = request.slot.long_lane
            task.then = self._long_workers.submit(work, lane, size, done, patience_s)
        except VisloopError as error:
            done(None, error)
        return True

    def enter(self, asked: Asked) -> Asked:
        """Let a request in before its body is read.

        Raises:
            VisloopError: what `ask` would reply.
        """
        holder = self._let_in(asked)
        self.slot(asked.name, asked.version)
        return replace(asked, entered=True, holder=holder)

    def _trace(
        self, asked: Asked, status: int, slot: Slot | None = None, answer: Answer | None = None
    ) -> None:
        """Tell who traces, once the reply is on its way."""
        if self._tracer is None:
            return
        model = slot.deployment.model if slot else ""
        told = traced(
            asked.name,
            asked.headers,
            asked.started,
            status,
            v2=asked.v2,
            model=model,
            answer=answer,
        )
        self._workers.behind(partial(self._tracer.record, told))

    def _let_in(self, asked: Asked) -> Holder | None:
        self._guard.check(asked.headers.get(b"host"), asked.headers.get(b"origin"))
        return self._keys.admit(asked.headers, asked.name)

    def give_up(self, task: Task) -> None:
        """The client has hung up."""
        if task.then is None:
            self._workers.give_up(task)
        else:
            self._long_workers.give_up(task.then)

    def slot(self, name: str, version: str = "") -> tuple[Slot, Model]:
        """Who answers.

        Raises:
            DeploymentNotFound, NotLoaded: nobody by that name or of that version does.
        """
        slot, model = self._lineup.loaded(name)
        canary = slot.canary
        if version and canary and canary.candidate.version == version.removeprefix("v"):
            return canary.named, canary.candidate.model or model
        if version and version.removeprefix("v") != slot.version:
            raise DeploymentNotFound(
                f"{slot.deployment.name!r} serves version {slot.version}, not {version!r}",
                fix="leave the version out, or deploy the one that you mean",
            )
        return slot, model

    def _chosen(self, asked: Asked) -> tuple[Slot, Model]:
        """Who answers this request; a canary has its share of those that name no version."""
        if asked.version:
            return self.slot(asked.name, asked.version)
        return self._lineup.chosen(asked.name, asked.headers.get(KEY_HEADER))

    def bound(self, name: str) -> BodyBound | None:
        """How large a request to `name` may be, where the deployment says so."""
        slot = self._lineup.find(name)
        return None if slot is None else slot.body

    def refused(self, name: str, error: VisloopError) -> None:
        """Count a request that was refused before it was complete."""
        if self._lineup.find(name) is not None:
            self._count_error(name, error.http_status)

    def _failed(self, asked: Asked, slot: Slot, error: BaseException | None) -> Reply:
        if not isinstance(error, VisloopError):
            log.error("serve.failed", exc_info=error, extra={"deployment": asked.name})
            error = InternalError(
                "the server failed on this request", fix="see the log of the serving process"
            )
        self._count_error(slot.deployment.name, error.http_status)
        self._trace(asked, error.http_status, slot)
        return self._marked(asked, error_reply(error, as_text=asked.v2))

    def _count_error(self, name: str, status: int) -> None:
        labels = (("deployment", name), ("code", str(status)))
        self._metrics.count("visloop_requests_total", labels)

    def _meter(self, slot: Slot) -> _Meter:
        key = slot.deployment.name, slot.deployment.model
        meter = self._meters.get(key)
        if meter is None:
            meter = self._meters[key] = _Meter(self._metrics, slot)
        return meter

    def _marked(self, asked: Asked, reply: Reply) -> Reply:
        """With the request's own id, where it has one."""
        mark = asked.headers.get(REQUEST_ID)
        if mark is None or len(mark) > _LONGEST_ID:
            return reply
        return reply._replace(headers=(*reply.headers, (REQUEST_ID, mark)))


def _timing(answer: Answer) -> tuple[bytes, bytes]:
    """How long each stage took, as browsers read it (W3C Server Timing)."""
    spent = (answer.decode_s, answer.queue_s, answer.infer_s, answer.post_s)
    told = (f"{stage};dur={each * 1e3:.2f}" for stage, each in zip(_STAGES, spent, strict=True))
    return b"server-timing", ", ".join(told).encode()


def _light(asked: Asked, model: Model) -> bool:
    """Whether there is next to nothing to decode: a small baseline JPEG, or one tensor as raw bytes."""
    if not asked.v2:
        return infer.is_light(asked.body)
    length = asked.headers.get(v2.HEADER_LENGTH)
    packed = b"content-encoding" in asked.headers
    return not packed and v2.is_light(asked.body, length, model.input_bytes)


def _shorter(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)


def _patience_s(headers: Headers) -> float | None:
    """How long the client waits.

    Raises:
        BadRequest: not a number of milliseconds above 0.
    """
    told = headers.get(PATIENCE)
    if told is None:
        return None
    if not told.isdigit() or len(told) > _LONGEST_PATIENCE or not int(told):
        raise BadRequest(
            f"{PATIENCE.decode()} is {told[:40].decode('latin-1')!r}",
            fix="send whole milliseconds, 1 to 999999999",
        )
    return int(told) / 1e3
