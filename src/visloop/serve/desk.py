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
from visloop.serve.switching.failures import Request
from visloop.serve.wire import v2
from visloop.serve.wire.guard import Guard
from visloop.serve.wire.http import BodyBound, Headers
from visloop.serve.wire.meter import STAGES, Meter
from visloop.serve.wire.metrics import Metrics
from visloop.serve.wire.reply import Reply, error_reply
from visloop.serve.wire.tracing import Tracer, traced
from visloop.serve.work.answers import Answers
from visloop.serve.work.lane import Answer, Task
from visloop.serve.work.pool import Workers

log = logging.getLogger("visloop.serve")

REQUEST_ID: Final = b"x-request-id"
PATIENCE: Final = b"x-request-timeout-ms"
TIMING: Final = b"x-server-timing"
_LONGEST_ID: Final = 128
_LONGEST_PATIENCE: Final = 9
_SOON_S: Final = 0.05

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
        self.workers = workers
        self.long_workers = long_workers
        self.answers = answers
        self._metrics = metrics
        self._meters: dict[tuple[str, str], Meter] = {}

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
        return _Turn(self, asked, request, patience_s, reply).begin()

    def answered(self, asked: Asked, slot: Slot, answer: Answer, reply: Replies) -> None:
        """Reply with an answer, then let what comes after it be done."""
        told = Reply(200, answer.body, answer.content_type, answer.headers)
        if TIMING in asked.headers:
            told = told._replace(headers=(*told.headers, _timing(answer)))
        reply(self._marked(asked, told))
        self._meter(slot).count(answer, time.perf_counter() - asked.started)
        self.workers.behind(answer.after)
        self._trace(asked, told.status, slot, answer)

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
        self.workers.behind(partial(self._tracer.record, told))

    def _let_in(self, asked: Asked) -> Holder | None:
        self._guard.check(asked.headers.get(b"host"), asked.headers.get(b"origin"))
        return self._keys.admit(asked.headers, asked.name)

    def give_up(self, task: Task) -> None:
        """The client has hung up."""
        if task.then is None:
            self.workers.give_up(task)
        else:
            self.long_workers.give_up(task.then)

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

    def failed(self, asked: Asked, slot: Slot, error: BaseException | None) -> Reply:
        """What is replied in place of an answer."""
        told = error
        if not isinstance(told, VisloopError):
            log.error("serve.failed", exc_info=error, extra={"deployment": asked.name})
            told = InternalError(
                "the server failed on this request", fix="see the log of the serving process"
            )
        if (
            error is not None
        ):  # where it came from holds the picture, and in a circle the error itself
            error.__traceback__ = None
        self._count_error(slot.deployment.name, told.http_status)
        self._trace(asked, told.http_status, slot)
        return self._marked(asked, error_reply(told, as_text=asked.v2))

    def _count_error(self, name: str, status: int) -> None:
        labels = (("deployment", name), ("code", str(status)))
        self._metrics.count("visloop_requests_total", labels)

    def _meter(self, slot: Slot) -> Meter:
        key = slot.deployment.name, slot.deployment.model
        meter = self._meters.get(key)
        if meter is None:
            meter = self._meters[key] = Meter(self._metrics, slot)
        return meter

    def _marked(self, asked: Asked, reply: Reply) -> Reply:
        """With the request's own id, where it has one."""
        mark = asked.headers.get(REQUEST_ID)
        if mark is None or len(mark) > _LONGEST_ID:
            return reply
        return reply._replace(headers=(*reply.headers, (REQUEST_ID, mark)))


class _Turn:
    """One request that was let in, until its one reply.

    Nothing in here may refer to itself once the reply has gone out: what waits for the collector holds
    the picture and its tensor, a megabyte a request.
    """

    __slots__ = (
        "_asked",
        "_desk",
        "_is_longer",
        "_patience_s",
        "_reply",
        "_request",
        "_task",
        "_work",
    )

    def __init__(
        self, desk: Desk, asked: Asked, request: Request, patience_s: float | None, reply: Replies
    ) -> None:
        self._desk = desk
        self._asked = asked
        self._request = request
        self._patience_s = patience_s
        self._reply = reply
        self._is_longer = False
        self._task: Task | None = None
        answers = desk.answers
        self._work = answers.tensors(request) if asked.v2 else answers.picture(request)

    def begin(self) -> Task | None:
        """Have it computed: here and now where that is quick, else by a worker."""
        slot, model, asked = self._request.slot, self._request.model, self._asked
        try:
            # a canary is timed against the champion on the same way, and must not stop the event loop
            if model.quick and not slot.rollout and _light(asked, model):
                self._done(self._work.alone(Task(self._work, slot.lane)), None)
                return None
            size = len(asked.body)
            self._task = self._desk.workers.submit(
                self._work, slot.lane, size, self._done, self._patience_s
            )
        except Exception as error:  # noqa: BLE001 - told and logged there
            self._done(None, error)
            return None
        return self._task

    def _done(self, answer: Answer | None, error: BaseException | None) -> None:
        desk, slot = self._desk, self._request.slot
        if answer is not None:
            desk.answered(self._asked, slot, answer, self._reply)
        elif not (isinstance(error, infer.NotAnImage) and self._longer()):
            desk.answers.failures.failed(slot, error)
            champion = slot.instead
            if isinstance(error, Hung) and champion is not None and champion.model is not None:
                self._instead(champion, champion.model)
            else:
                self._reply(desk.failed(self._asked, slot, error))

    def _instead(self, champion: Slot, model: Model) -> None:
        """The canary hangs: the champion answers in what is left of the time."""
        other = replace(self._request, slot=champion, model=model)
        spent_s = time.perf_counter() - self._asked.started
        left_s = (self._patience_s or self._desk.workers.timeout_s) - spent_s
        _Turn(self._desk, self._asked, other, max(left_s, _SOON_S), self._reply).begin()

    def _longer(self) -> bool:
        """What is no picture may be a film or a list of addresses: whether it is, and is being answered."""
        asked, request = self._asked, self._request
        if asked.v2 or self._task is None or self._is_longer:
            return False
        self._is_longer = True
        try:
            work = self._desk.answers.several(request, self._work)
            if work is None:
                return False
            patience_s = _shorter(_patience_s(asked.headers), request.slot.limits.time_s)
            self._task.then = self._desk.long_workers.submit(
                work, request.slot.long_lane, len(asked.body), self._done, patience_s
            )
        except VisloopError as error:
            self._done(None, error)
        return True


def _timing(answer: Answer) -> tuple[bytes, bytes]:
    """How long each stage took, as browsers read it (W3C Server Timing)."""
    spent = (answer.decode_s, answer.queue_s, answer.infer_s, answer.post_s)
    told = (f"{stage};dur={each * 1e3:.2f}" for stage, each in zip(STAGES, spent, strict=True))
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
