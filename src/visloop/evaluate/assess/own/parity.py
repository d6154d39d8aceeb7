"""Whether the exported network answers alike however it is computed, on real pictures.

As it is served (ONNX Runtime, one thread, one picture) against: node by node as the file is written; on
all threads; several pictures at once; and by another library, torch, where that is installed. Recipes
compare their exports with the network that they trained before they register a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.errors import MissingExtra
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome
from visloop.evaluate.assess.robust.views import some_of
from visloop.evaluate.estimates import wilson
from visloop.infer import Differentiable, NoGradient, Outputs, Predictor, Prepared, differentiable
from visloop.vision import Annotation, Box, ClassLabel, Mask, NumberValue

Floats = NDArray[np.float32]

_SCORE: Final = 0.01
_PX: Final = 1.0
_PART: Final = 1e-3
_MEANING: Final = (
    "changed: pictures with another class, a box off by a pixel, or a score by 0.01; difference: the "
    "largest of any number of the network, as a part of its size and one"
)
_LIBRARY: Final = "another library (torch)"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """So many `pictures`, drawn by the seed; `batch` of them at once."""

    pictures: Annotated[int, msgspec.Meta(ge=1)] = 48
    batch: Annotated[int, msgspec.Meta(ge=2, le=64)] = 4


class _Twin:
    """A network computed by another library, in the place of ONNX Runtime's session."""

    def __init__(self, network: Differentiable) -> None:
        self._network = network

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> list[Floats]:
        (inputs,) = input_feed.values()
        found = self._network.values(inputs, output_names)
        return [found[name] for name in output_names]

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(shape=("N",))]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self._network.outputs]


class _Said(NamedTuple):
    """A picture's outputs, and what the model says of it."""

    outputs: Outputs
    told: tuple[Annotation, ...]


def _assess(case: Case[Settings]) -> Outcome:
    package, chosen = case.package, some_of(case, case.settings.pictures)
    served = Predictor.load(package.onnx, package.contract)
    ready = [served.place(case.ports.blobs.get(each.sample.image)) for each in chosen]
    first = _ask(case, served, ready, 1, "as served")
    rows: list[dict[str, Any]] = []
    notes: list[str] = []
    for name, predictor, batch in _ways(case, served):
        if predictor is None:
            notes.append(
                f"not computed by {name}: it is not installed, or does not know the network"
            )
        else:
            rows.append(_row(name, first, _ask(case, predictor, ready, batch, name)))
    n = len(chosen)
    changed = max(row["changed"] for row in rows)
    low, high = wilson(changed / n, n)
    return Outcome(
        figures={
            "changed": Figure(value=changed / n, low=low, high=high, n=n),
            "difference": Figure(value=max(row["difference"] for row in rows), n=n),
        },
        rows=tuple(rows),
        notes=(_MEANING, *notes),
    )


def _ways(case: Case[Settings], served: Predictor) -> Iterator[tuple[str, Predictor | None, int]]:
    """Name, what computes it (None: cannot be), how many pictures at once."""
    onnx, contract = case.package.onnx, case.package.contract
    yield "as written", Predictor.load(onnx, contract, as_written=True), 1
    yield f"{case.threads} threads", case.predictor, 1
    yield f"{case.settings.batch} pictures at once", served, case.settings.batch
    try:
        twin = _Twin(differentiable(onnx))
        yield _LIBRARY, Predictor(twin, contract, served.digest), 1
    except (MissingExtra, NoGradient):
        yield _LIBRARY, None, 1


def _ask(
    case: Case[Settings], predictor: Predictor, ready: Sequence[Prepared], batch: int, name: str
) -> list[_Said]:
    said: list[_Said] = []
    starts = range(0, len(ready), batch)
    for start in case.ports.progress.track(starts, doing=name, unit="batch", total=len(starts)):
        part = ready[start : start + batch]
        outputs = predictor.run(np.stack([each.array for each in part]))
        for row, each in enumerate(part):
            told = predictor.say(outputs, row, each.placement, author="")
            said.append(_Said(_of(outputs, row), told))
    return said


def _of(outputs: Outputs, row: int) -> Outputs:
    def one(values: Floats | None) -> Floats | None:
        return None if values is None else values[row : row + 1]

    raw = {name: values[row : row + 1] for name, values in outputs.raw.items()}
    return Outputs(one(outputs.probabilities), one(outputs.embedding), raw)


def _row(name: str, first: Sequence[_Said], second: Sequence[_Said]) -> dict[str, Any]:
    pairs = list(zip(first, second, strict=True))
    return {
        "computed": name,
        "changed": sum(not _alike(a.told, b.told) for a, b in pairs),
        "pictures": len(pairs),
        "difference": max(_apart(a.outputs, b.outputs) for a, b in pairs),
    }


def _apart(a: Outputs, b: Outputs) -> float:
    """The largest difference of two numbers, as a part of their size and one."""
    pairs = [(a.probabilities, b.probabilities), (a.embedding, b.embedding)]
    pairs += [(a.raw[name], b.raw[name]) for name in a.raw]
    return max(
        float((np.abs(x - y) / (1 + np.abs(x))).max())
        for x, y in pairs
        if x is not None and y is not None
    )


def _alike(a: Sequence[Annotation], b: Sequence[Annotation]) -> bool:
    """The same things said, each found once in the other."""
    if len(a) != len(b):
        return False
    left = list(b)
    for each in a:
        found = next((other for other in left if _same(each, other)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _same(a: Annotation, b: Annotation) -> bool:
    match a, b:
        case (ClassLabel(), ClassLabel()):
            return a.label == b.label and _near(a.score, b.score, _SCORE)
        case (Box(), Box()):
            off = max(abs(x - y) for x, y in zip(a.xyxy, b.xyxy, strict=True))
            return a.label == b.label and off <= _PX and _near(a.score, b.score, _SCORE)
        case (Mask(), Mask()):
            areas = [sum(each.counts[1::2]) for each in (a, b)]
            return a.label == b.label and abs(areas[0] - areas[1]) <= _PART * max(1, *areas)
        case (NumberValue(), NumberValue()):
            return abs(a.value - b.value) <= _PART * (1 + abs(a.value))
        case _:
            return False


def _near(a: float | None, b: float | None, most: float) -> bool:
    return abs((a or 0.0) - (b or 0.0)) <= most


KIND: Final = Kind(
    name="parity",
    about="whether the network answers alike however it is computed",
    headline=Bound(
        "changed",
        at_most=0.02,
        why="of the 48 pictures of the default none: whoever serves it elsewhere gets other answers",
    ),
    assess=_assess,
    settings=Settings,
)
