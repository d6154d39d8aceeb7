"""How requests pass through a network: one by one, or several in one run where that is faster."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop.infer import Halt, Outputs
from visloop.serve.errors import TimedOut

if TYPE_CHECKING:
    from visloop.serve.model import Model
    from visloop.serve.work.lane import Answer, Task

Floats: TypeAlias = NDArray[np.float32]


class Job(ABC):
    """One request to one model: `prepare` reads it, `answer` is told what the network said."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.decode_s = 0.0

    @abstractmethod
    def prepare(self) -> Sequence[Floats]:
        """The network's inputs, float32 (C, H, W) each; at least one."""

    @abstractmethod
    def answer(self, outputs: Outputs) -> Answer:
        """The answer, of the outputs to those inputs, in their order."""

    def alone(self, task: Task) -> Answer:
        """The answer to this request.

        Raises:
            TimedOut: nobody waits for it any more.
            VisloopError: whatever is wrong with the request.
        """
        rows = self.read()
        begun = time.perf_counter()
        outputs = _run(self.model, rows, [task])
        return self.told(outputs, time.perf_counter() - begun, len(rows))

    def read(self) -> Sequence[Floats]:
        """As `prepare`, and how long it took."""
        begun = time.perf_counter()
        rows = self.prepare()
        self.decode_s = time.perf_counter() - begun
        return rows

    def told(self, outputs: Outputs, infer_s: float, together: int) -> Answer:
        """As `answer`, with how long each stage took."""
        begun = time.perf_counter()
        answer = self.answer(outputs)
        answer.decode_s, answer.infer_s = self.decode_s, infer_s
        answer.post_s = time.perf_counter() - begun
        answer.together = min(together, self.model.batching.limit)
        return answer


class OfOne:
    """A job that no other one can join."""

    def __init__(self, work: Callable[[Task], Answer]) -> None:
        self.alone = work


def together(jobs: Sequence[Job], tasks: Sequence[Task]) -> list[Answer | Exception]:
    """The answers to several requests of one model, or what came instead; each waited for the whole run.

    Raises:
        Exception: one of them cannot be read or run, and nothing is answered yet: ask them one by one.
    """
    rows = [job.read() for job in jobs]
    begun = time.perf_counter()
    outputs = _run(jobs[0].model, [row for each in rows for row in each], tasks)
    infer_s = time.perf_counter() - begun
    answers: list[Answer | Exception] = []
    at = 0
    for job, mine in zip(jobs, rows, strict=True):
        part = outputs.part(at, at + len(mine))
        at += len(mine)
        try:
            answers.append(job.told(part, infer_s, sum(map(len, rows))))
        except Exception as error:  # noqa: BLE001 - told to that one's client
            answers.append(error)
    return answers


def _run(model: Model, rows: Sequence[Floats], tasks: Sequence[Task]) -> Outputs:
    """All rows, as many in one run as are known to be faster; time-outs are noticed between."""
    size = model.batching.limit
    # a run for several must go on while anybody waits for it
    halt = tasks[0].halt if len(tasks) == 1 else Halt()
    if len(rows) == 1:
        return model.predictor.run(rows[0][None], halt)
    parts: list[Outputs] = []
    for start in range(0, len(rows), size):
        if all(task.abandoned for task in tasks):
            raise TimedOut("nobody waits for this answer any more")
        parts.append(model.predictor.run(np.stack(rows[start : start + size]), halt))
    return Outputs.joined(parts)
