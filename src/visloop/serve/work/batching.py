"""Whether a model answers several pictures faster in one run than one by one: measured here, once.

A convolutional network on a processor seldom does; one whose weights are read anew for each picture does.
The curve belongs to the model, the provider and the machine, so it is measured where it will be used.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from math import comb
from pathlib import Path
from statistics import median
from typing import Final, Literal, TypeAlias
from uuid import uuid4

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.ids import digest_of
from visloop.infer import Outputs, Predictor, providers

Floats: TypeAlias = NDArray[np.float32]
Wanted: TypeAlias = Literal["auto", "off"] | int

ALLOWANCE_S: Final = 0.2
LONGEST: Final = 10.0
LARGEST: Final = 8
ROUNDS: Final = 5
MOST_ROUNDS: Final = 25
GAIN: Final = 0.10
LEVEL: Final = 0.05
SAME: Final = 1e-3


class Batching(msgspec.Struct, frozen=True):
    """How many pictures go through the network in one run at most, and why.

    `ms_per_picture`: medians by the number of pictures in a run. `cut`: the machine was too busy to measure
    all that was meant to be, so the next process tries again.
    """

    limit: int = 1
    because: str = "not measured"
    ms_per_picture: dict[str, float] = {}
    cut: bool = False


ALONE: Final = Batching()


class Curves:
    """The measured curves of a machine, a file each: processes that start again need not measure.

    Args:
        folder: where they lie.
        device: as of `infer.providers`.
        threads: so many answer at a time here.
        wanted: `auto` measures; `off`: one by one; a number: so many where that gives the same answers.
    """

    def __init__(self, folder: Path, device: str, threads: int, wanted: Wanted = "auto") -> None:
        self._folder = folder
        self._wanted: Wanted = wanted
        chosen = providers(device)
        # a busy machine interrupts; what one thread computes itself is told by its own clock
        own = chosen[0] == "CPUExecutionProvider"
        self._clock = time.thread_time if own else time.perf_counter
        place = (*chosen, str(threads), platform.node(), version("onnxruntime"))
        self._place = "|".join(place)

    def of(self, package: str, predictor: Predictor) -> Batching:
        """The package's, measured unless it was before."""
        if self._wanted == "off":
            return Batching(because="serve.batch is off")
        if isinstance(self._wanted, int):
            return fixed(predictor, self._wanted)
        name = digest_of(package.encode(), self._place.encode())[:32]
        path = self._folder / f"{name}.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Batching)
        except (OSError, msgspec.DecodeError):
            found = measure(predictor, self._clock)
        if not found.cut:
            self._keep(path, found)
        return found

    def _keep(self, path: Path, found: Batching) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{uuid4().hex}")
        fresh.write_bytes(msgspec.json.encode(found))
        fresh.replace(path)


def fixed(predictor: Predictor, limit: int) -> Batching:
    """As somebody said, unless the answers would be others."""
    why = _unfit(predictor) or (limit > 1 and _differs(predictor, _pictures(predictor, limit)))
    return Batching(because=why) if why else Batching(limit, f"serve.batch is {limit}")


def measure(
    predictor: Predictor,
    clock: Callable[[], float] = time.thread_time,
    allowance_s: float = ALLOWANCE_S,
) -> Batching:
    """The curve at 1, 2, 4 and 8 pictures, as far as the allowance goes, and what follows from it.

    A larger batch is taken when a picture in it takes at least a tenth less time, by the median of rounds
    that stand side by side, and less in so many of them that chance does it once in twenty times (sign
    test; five rounds or more). Pictures in it must get the answers that they get alone, to one part in a
    thousand.

    Args:
        predictor: the model, warm.
        clock: seconds; `time.thread_time` where the calling thread computes everything itself.
        allowance_s: about how long it may take by that clock, and ten times as long by the wall's.
    """
    why = _unfit(predictor)
    if why:
        return Batching(because=why)
    curve = _Curve(predictor, clock, allowance_s)
    curve.draw()
    limit = 1
    for size in curve.sizes[1:]:
        if curve.helps(limit, size):
            limit = size
    return Batching(limit, curve.told(limit), curve.ms_per_picture, curve.cut)


class _Curve:
    """Seconds of runs with so many pictures, round by round."""

    def __init__(
        self, predictor: Predictor, clock: Callable[[], float], allowance_s: float
    ) -> None:
        self._pictures = _pictures(predictor, LARGEST)
        self._predictor = predictor
        self._clock = clock
        self._allowance_s = allowance_s
        self._seconds: dict[int, list[float]] = {1: []}
        self._why = ""
        self.cut = False

    @property
    def sizes(self) -> list[int]:
        """Those that were measured often enough."""
        return [size for size, seen in self._seconds.items() if size == 1 or len(seen) >= ROUNDS]

    @property
    def ms_per_picture(self) -> dict[str, float]:
        """Medians."""
        return {
            str(size): round(median(self._seconds[size]) / size * 1e3, 4) for size in self.sizes
        }

    def draw(self) -> None:
        """Round after round, with one size more in each, until the time is over."""
        began, end = self._clock(), time.perf_counter() + LONGEST * self._allowance_s
        while True:
            for size, seen in self._seconds.items():
                seen.append(self._run(size))
            left = self._allowance_s - (self._clock() - began)
            largest, round_s = max(self._seconds), sum(each[-1] for each in self._seconds.values())
            next_s = 2 * self._seconds[largest][-1]
            # the first run of a size only warms up, and is compared
            if largest < LARGEST and not self._why and left >= next_s + ROUNDS * (round_s + next_s):
                self._why = _differs(self._predictor, self._pictures[: 2 * largest])
                if not self._why:
                    self._seconds[2 * largest] = []
            elif left < round_s or len(self._seconds[1]) >= MOST_ROUNDS:
                return
            if time.perf_counter() > end:
                self.cut = True
                return

    def _run(self, size: int) -> float:
        started = self._clock()
        self._predictor.run(self._pictures[:size])
        return self._clock() - started

    def helps(self, few: int, many: int) -> bool:
        """Whether a picture among `many` takes less time than among `few`, beyond noise."""
        both = min(len(self._seconds[few]), len(self._seconds[many]))
        ratios = [
            (theirs / many) / (ours / few)
            for ours, theirs in zip(
                self._seconds[few][-both:], self._seconds[many][-both:], strict=True
            )
        ]
        faster = sum(ratio < 1 for ratio in ratios)
        by_chance = sum(comb(both, more) for more in range(faster, both + 1)) / 2**both
        return both >= ROUNDS and by_chance <= LEVEL and median(ratios) <= 1 - GAIN

    def told(self, limit: int) -> str:
        """The reason in words."""
        ms = self.ms_per_picture
        if limit > 1:
            return f"{limit} together take {ms[str(limit)]:g} ms each, one alone {ms['1']:g} ms"
        if self._why:
            return self._why
        if len(ms) == 1:
            return f"a picture takes {ms['1']:g} ms: too few rounds with more in the time set aside"
        best = min(list(ms)[1:], key=lambda size: ms[size])
        return f"no gain: one alone takes {ms['1']:g} ms, {best} together {ms[best]:g} ms each"


def _unfit(predictor: Predictor) -> str:
    """Why this model can take one picture at a time only; empty where it can take more."""
    if predictor.one_by_one:
        return "the network takes one picture at a time"
    if predictor.contract.tiling:
        return "each picture goes through the network in tiles, several at once"
    return ""


def _pictures(predictor: Predictor, count: int) -> Floats:
    noise = np.random.default_rng(7).standard_normal
    return noise((count, *predictor.contract.input_shape), np.float32)


def _differs(predictor: Predictor, batch: Floats) -> str:
    """Why pictures may not go together: the first and the last get other answers than alone."""
    count = len(batch)
    try:
        joint = predictor.run(batch)
    except Exception as error:  # noqa: BLE001 - whatever a model does with several at once
        return f"{count} together fail: {error}".partition("\n")[0][:300]
    for row in (0, count - 1):
        alone = predictor.run(batch[row : row + 1])
        difference = _difference(alone, joint.part(row, row + 1))
        if not difference <= SAME:
            return f"{count} together get other answers than alone (off by {difference:.2g})"
    return ""


def _difference(one: Outputs, other: Outputs) -> float:
    """The largest of any number, as a part of its size and one; infinite for other shapes."""
    worst = 0.0
    for mine, theirs in zip(_arrays(one), _arrays(other), strict=True):
        if mine.shape != theirs.shape:
            return float("inf")
        if mine.size:
            worst = max(worst, float(np.max(np.abs(mine - theirs) / (1 + np.abs(mine)))))
    return worst


def _arrays(outputs: Outputs) -> list[Floats]:
    both = (outputs.probabilities, outputs.embedding)
    return [*(each for each in both if each is not None), *outputs.raw.values()]
