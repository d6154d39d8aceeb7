"""The course of a training: epochs of steps, the same whether or not it is killed on the way.

Everything random is drawn from (seed, epoch, picture), and everything that a step changes is in the
checkpoint; so a training that goes on from one ends with the same bits as one that was never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from visloop.adapters.torch.determined import generator, number_of
from visloop.adapters.torch.state import State, changing
from visloop.errors import Refused

if TYPE_CHECKING:
    from visloop.train import Bench

Batch = Any
Losses = Mapping[str, Tensor]
_WARM: Final = 0.1
_START, _END = 0.05, 0.01
_CLIP: Final = 35.0
_MOST_STEPS_TOLD: Final = 2_000
_BREATH_S: Final = 5.0
"""An epoch ends with a checkpoint unless the last one is younger."""


@dataclass(frozen=True)
class Course:
    """How long and how fast to learn.

    `rates` are the highest learning rates of each group of parameters; they rise over the first
    tenth and fall along a cosine. `mean` is how slowly the running mean of the weights, which is
    what counts in the end, forgets.

    Source: Smith 2018 (one cycle), Loshchilov 2019 (AdamW), Polyak 1992 (averaging).
    """

    epochs: int
    batch: int
    rates: tuple[float, ...]
    weight_decay: float = 0.02
    mean: float = 0.998

    def rate(self, step: int, steps: int) -> float:
        """Share of the highest rate at a step."""
        warm = max(1.0, _WARM * steps)
        if step < warm:
            return _START + (1 - _START) * step / warm
        turn = math.pi * (step - warm) / max(1.0, steps - warm)
        return _END + (1 - _END) * (1 + math.cos(turn)) / 2

    def steps(self, pictures: int) -> int:
        """Steps of an epoch: whole batches, but at least one."""
        return max(1, pictures // self.batch)


@dataclass(frozen=True)
class Teaching:
    """What is to be learnt: a module, its parameters in groups, and how wrong it is.

    `load` makes the batch of an epoch from places of pictures; `losses` what it costs by name: the
    sum is what falls; `look` is shown the mean's weights after each epoch, the first is 1.
    """

    module: nn.Module
    groups: Sequence[Sequence[nn.Parameter]]
    pictures: int
    load: Callable[[int, Sequence[int]], Batch]
    losses: Callable[[Batch], Losses]
    look: Callable[[int, Mapping[str, Tensor]], None]


def teach(teaching: Teaching, course: Course, bench: Bench, *, seed: int, fingerprint: str) -> None:
    """Train, from the last checkpoint where there is one; the module ends with the mean's weights.

    Raises:
        LeaseLost: another process has taken the run over.
        Refused: the loss is no number any more.
    """
    state = _begin(teaching, course)
    kept = bench.checkpoints.load()
    if kept is not None and state.restore(kept, fingerprint):
        bench.ports.progress.note(f"goes on from step {state.step}")
        for key, step, value in state.curve:
            bench.log(key, value, step)
    per_epoch = course.steps(teaching.pictures)
    saved, every_s = time.monotonic(), bench.checkpoints.every_s
    for epoch in range(state.step // per_epoch, course.epochs):
        todo = _batches(teaching, course, epoch, seed)[state.step % per_epoch :]
        started = time.monotonic()
        doing = f"epoch {epoch + 1} of {course.epochs}"
        for places in bench.track(todo, doing=doing, unit="step", total=len(todo)):
            torch.manual_seed(number_of(seed, "step", state.step))  # dropout and its like
            _step(state, teaching, course, epoch, places, bench)
            whole = state.step % per_epoch == 0  # is kept when it has been told of, see below
            if not whole and time.monotonic() - saved >= every_s:
                bench.checkpoints.save(state.to_bytes(fingerprint))
                saved = time.monotonic()
        speed = len(todo) * course.batch / max(1e-9, time.monotonic() - started)
        _tell(state, bench, epoch, per_epoch, speed)
        teaching.look(epoch + 1, state.mean)
        if time.monotonic() - saved >= min(every_s, _BREATH_S):
            bench.checkpoints.save(state.to_bytes(fingerprint))
            saved = time.monotonic()
    with torch.no_grad():
        for name, each in changing(teaching.module).items():
            each.copy_(state.mean[name])


def _begin(teaching: Teaching, course: Course) -> State:
    groups = [
        {"params": [p for p in group if p.requires_grad], "lr": rate}
        for group, rate in zip(teaching.groups, course.rates, strict=True)
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=course.weight_decay)
    mean = {name: each.clone() for name, each in changing(teaching.module).items()}
    return State(teaching.module, mean, optimiser, 0, [])


def _batches(teaching: Teaching, course: Course, epoch: int, seed: int) -> list[list[int]]:
    """The pictures of an epoch in a new order, in whole batches."""
    order = generator(seed, "order", epoch).permutation(teaching.pictures).tolist()
    size = min(course.batch, teaching.pictures)
    return [order[i * size : (i + 1) * size] for i in range(course.steps(teaching.pictures))]


def _step(
    state: State,
    teaching: Teaching,
    course: Course,
    epoch: int,
    places: Sequence[int],
    bench: Bench,
) -> None:
    steps = course.epochs * course.steps(teaching.pictures)
    share = course.rate(state.step, steps)
    for group, rate in zip(state.optimiser.param_groups, course.rates, strict=True):
        group["lr"] = rate * share
    teaching.module.train()
    losses = teaching.losses(teaching.load(epoch, places))
    loss = torch.stack(list(losses.values())).sum()
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(list(_learning(state)), _CLIP)
    state.optimiser.step()
    state.step += 1
    forget = min(course.mean, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for name, each in changing(teaching.module).items():
            state.mean[name].lerp_(each, 1 - forget)
    if not math.isfinite(loss.item()):
        raise Refused(
            f"the loss is {loss.item()} after {state.step} steps", fix="--set rate=… lower"
        )
    if state.step % max(1, steps // _MOST_STEPS_TOLD) == 0:
        for name, each in {"loss": loss, **losses}.items():
            _log(state, bench, f"step.{name}", state.step, each.item())


def _learning(state: State) -> Iterable[nn.Parameter]:
    for group in state.optimiser.param_groups:
        yield from group["params"]


def _tell(state: State, bench: Bench, epoch: int, per_epoch: int, speed: float) -> None:
    """Numbers of an epoch: means of its losses, pictures a second."""
    recent: dict[str, list[float]] = {}
    for key, step, value in state.curve:
        if step > epoch * per_epoch and key.startswith("step."):
            recent.setdefault(key.removeprefix("step."), []).append(value)
    for name, values in recent.items():
        _log(state, bench, name, epoch + 1, sum(values) / len(values))
    bench.log("images_per_s", speed, epoch + 1)


def _log(state: State, bench: Bench, key: str, step: int, value: float) -> None:
    state.curve.append((key, step, value))
    bench.log(key, value, step)
