"""Pictures that are in a data set twice, or nearly: within a split, and in two splits (leakage)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import data, infer, vision
from visloop.errors import Refused
from visloop.evaluate.assess.pictures.twins import HOW, Look, twins
from visloop.evaluate.findings.looks import Looks, looks, unread_notes
from visloop.evaluate.findings.records import Fault, Finder, Found, Looking, Row, worst_first

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.vision import Sketch

Floats: TypeAlias = NDArray[np.float32]
Pairs: TypeAlias = Sequence[tuple[int, int, bool]]

_SKETCHES: Final = 4096
_ALIKE: Final = 0.97  # product of thumbprints: plain copies are nearer, crops are left to leakage
_NEAREST: Final = 4
_PRODUCTS: Final = 1 << 23  # of thumbprints held at once: 32 MB
_NO_SPLIT: Final = "no split"
_GROUP: Final = "video.digest"
_TRAIN: Final = "train"

DUPLICATES: Final = Fault(
    name="duplicates",
    title="Copies within a split",
    why="the same shot twice counts twice, and is labelled twice; all but the first are listed",
    measure="likeness of two pictures laid over each other, 1 the same",
    bound=0.85,
    mend="drop",
)
LEAKAGE: Final = Fault(
    name="leakage",
    title="Pictures in two splits",
    why="what training and test share makes every figure flatter; listed is the one to take out",
    measure="likeness of two pictures laid over each other, 1 the same",
    bound=0.5,
    mend="drop",
)


def _duplicates(looking: Looking) -> Mapping[str, Found]:
    seen = looks(looking)
    splits = np.array([each.split or "" for each in seen.samples])
    bound = looking.bounds[DUPLICATES.name]
    likeness: dict[tuple[int, int], float] = dict.fromkeys(_equal(seen.samples), 1.0)
    pairs = [
        (int(places[a]), int(places[b]))
        for split in sorted(set(splits.tolist()))
        for places in [np.flatnonzero(splits == split)]
        for a, b in _near(seen.prints[places])
    ]
    pairs = [pair for pair in pairs if pair not in likeness]
    sketch = _sketches(looking, seen)
    track = looking.ports.progress.track(pairs, doing="compare", unit="pair", total=len(pairs))
    for a, b in track:
        agree = vision.likeness(sketch(a, False), sketch(b, False))
        if agree >= bound:
            likeness[a, b] = agree
    rows = [
        Row(
            path=seen.samples[place].path,
            sample=seen.samples[place].id,
            other=seen.samples[first].path,
            value=round(agree, 3),
            said=f"{'the same file as' if agree == 1 else 'the same shot as'} "
            f"{seen.samples[first].path}",
        )
        for place, (first, agree) in _firsts(likeness).items()
    ]
    found = Found(
        rows=worst_first(DUPLICATES, rows), looked=len(seen.samples), notes=unread_notes(seen)
    )
    return {DUPLICATES.name: found}


def _equal(samples: Sequence[Sample]) -> Iterator[tuple[int, int]]:
    """Pairs of one file in one split: each with the first."""
    first: dict[tuple[str, str | None], int] = {}
    for place, each in enumerate(samples):
        known = first.setdefault((each.image, each.split), place)
        if known != place:
            yield known, place


def _near(prints: Floats) -> Iterator[tuple[int, int]]:
    """Pairs (a < b) of thumbprints (N, 192) worth a closer look, each once."""
    count = min(_NEAREST + 1, len(prints))
    known: set[tuple[int, int]] = set()
    at_once = max(1, _PRODUCTS // max(1, len(prints)))
    for start in range(0, len(prints), at_once):
        near = prints[start : start + at_once] @ prints.T
        alike = near >= _ALIKE
        for row in np.flatnonzero(alike.sum(axis=1) > count).tolist():  # many alike: the nearest do
            alike[row] = False
            alike[row, np.argpartition(-near[row], count - 1)[:count]] = True
        for row, other in np.argwhere(alike).tolist():
            pair = (min(start + row, other), max(start + row, other))
            if start + row != other and pair not in known:
                known.add(pair)
                yield pair


def _firsts(likeness: Mapping[tuple[int, int], float]) -> dict[int, tuple[int, float]]:
    """Each copy → the first picture of those that are the same, and its greatest likeness."""
    leader: dict[int, int] = {}

    def lead(place: int) -> int:
        while (up := leader.get(place, place)) != place:
            place = up
        return place

    for a, b in sorted(likeness):
        low, high = sorted((lead(a), lead(b)))
        leader[high] = low
    agrees: dict[int, float] = {}
    for (a, b), agree in likeness.items():
        for place in (a, b):
            agrees[place] = max(agrees.get(place, 0.0), agree)
    return {place: (lead(place), agree) for place, agree in agrees.items() if lead(place) != place}


def _leakage(looking: Looking) -> Mapping[str, Found]:
    if len(looking.snapshot.splits) + bool(looking.snapshot.unsplit) < 2:  # noqa: PLR2004 - two splits
        name = looking.snapshot.version.dataset
        raise Refused(
            "all pictures are in one split: nothing can leak",
            fix=f"visloop split {name} --set train=0.8 --set test=0.2",
        )
    seen = looks(looking)
    network = infer.backbone()
    predictor = infer.Predictor.load(network.onnx, network.contract, threads=looking.threads)
    images = [each.image for each in seen.samples]
    splits = [each.split or _NO_SPLIT for each in seen.samples]
    look = Look(
        splits=splits,
        images=images,
        pixels=[""] * len(images),
        groups=[str(each.metadata.get(_GROUP) or "") for each in seen.samples],
        prints=seen.prints,
        vectors=data.embeddings(looking.ports.data, looking.scope, predictor, images),
    )

    def track(pairs: Pairs) -> Iterable[tuple[int, int, bool]]:
        return looking.ports.progress.track(pairs, doing="compare", unit="pair", total=len(pairs))

    bound, best = looking.bounds[LEAKAGE.name], dict[int, Row]()
    for twin in twins(look, _sketches(looking, seen), mirror=True, track=track):
        value = 1.0 if twin.how == "group" else twin.likeness
        out, kept = _which(splits, twin.first, twin.second)
        if value < bound or (out in best and best[out].value >= value):
            continue
        sample, other = seen.samples[out], seen.samples[kept]
        best[out] = Row(
            path=sample.path,
            sample=sample.id,
            other=other.path,
            value=round(value, 3),
            said=f"in {splits[out]}, and in {splits[kept]} as {other.path}: {HOW[twin.how]}",
        )
    rows = worst_first(LEAKAGE, list(best.values()))
    return {LEAKAGE.name: Found(rows=rows, looked=len(seen.samples), notes=unread_notes(seen))}


def _which(splits: Sequence[str], first: int, second: int) -> tuple[int, int]:
    """The one that goes: that of training, else that of the split with the later name; and the other."""
    if splits[second] == _TRAIN or (splits[first] != _TRAIN and splits[second] > splits[first]):
        return second, first
    return first, second


def _sketches(looking: Looking, seen: Looks) -> Callable[[int, bool], Sketch]:
    eyes = infer.backbone().contract

    @lru_cache(_SKETCHES)
    def sketch(place: int, mirror: bool) -> Sketch:
        raw = looking.ports.blobs.get(seen.samples[place].image)
        return vision.sketch(infer.decode(raw, eyes), mirror=mirror)

    return sketch


COPIES: Final = Finder(kinds=(DUPLICATES,), find=_duplicates)
LEAKS: Final = Finder(kinds=(LEAKAGE,), find=_leakage)
