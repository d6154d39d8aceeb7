"""Leakage: pictures that training and judging share, so that the figures flatter.

Near-duplicates are sought by thumbprint and by the backbone's embedding, and every candidate is laid
over the other picture before it is believed (`vision.likeness`).
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data, infer, vision
from visloop.data import Sample
from visloop.errors import Refused, VisloopError
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.pictures.sheets import side_by_side
from visloop.evaluate.assess.pictures.twins import HOW, Look, Twin, twins
from visloop.evaluate.assess.privacy.roc import clopper_pearson
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Shot
from visloop.ids import Ref, digest_of
from visloop.vision import Contract, Sketch

Floats: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]

_MOST_ROWS: Final = 2000
_SHOWN: Final = 12
_SKETCHES: Final = 4096
_NO_SPLIT: Final = "no split"
_TRAIN: Final = "train"
_LEARNT: Final = "learnt from"
_TOLD: Final = 3


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`mirror`: mirror images are twins, too. `group`: the metadata field whose pictures belong
    together (a video, a patient, a burst); empty: none.
    """

    mirror: bool = True
    group: str = "video.digest"


class _Seen(NamedTuple):
    """A picture, the split that it is in, the digest of its pixels, its thumbprint."""

    sample: Sample
    split: str
    pixels: str
    print: Floats


def _assess(case: Case[Settings]) -> Outcome:
    eyes = infer.backbone().contract
    gathered = _gathered(case)
    seen = _look(case, gathered, eyes)
    splits = Counter(each.split for each in seen)
    if len(splits) < 2:  # noqa: PLR2004 - between one and another
        raise Refused(
            f"all pictures of {case.snapshot.version.ref} are in one split: nothing can leak",
            fix=f"visloop split {case.snapshot.version.dataset} --set train=0.8 --set test=0.2",
        )
    found = _twins(case, seen, eyes)
    judged = _judged(case, splits)
    hit = {p for twin in found for p in (twin.first, twin.second) if seen[p].split in judged}
    n = sum(splits[name] for name in judged)
    low, high = clopper_pearson(len(hit), n)
    counts = Counter(twin.how for twin in found)
    figures = {"share": Figure(value=len(hit) / n, low=low, high=high, n=n)}
    figures |= {f"pairs_{how}": Figure(value=counts[how], n=len(seen)) for how in HOW}
    told = ", ".join(f"{count:,} in {name}" for name, count in sorted(splits.items()))
    notes = [f"{told}; share is of those in {' and '.join(sorted(judged))}"]
    if len(seen) < len(gathered):
        notes.append(f"{len(gathered) - len(seen)} pictures cannot be read and were left out")
    return Outcome(
        figures=figures,
        rows=tuple(_row(seen, twin) for twin in found[:_MOST_ROWS]),
        notes=(*notes, *_advice(case, seen, found)),
        pictures=tuple(_shown(case, seen, found, eyes)),
    )


def _gathered(case: Case[Settings]) -> list[tuple[Sample, str]]:
    """All pictures of the version that is judged by, and what the model learnt from elsewhere."""
    version = case.snapshot.version
    ref = Ref(version.dataset, version.name, project=version.project)
    whole = data.open(case.ports.data, ref, case.scope.project)
    placed = [(each, each.split or _NO_SPLIT) for each in whole.samples()]
    if case.package.data and Ref.parse(case.package.data).name != version.dataset:
        placed += [(each.sample, f"{_LEARNT} {case.package.data}") for each in case.learnt]
    return placed


def _judged(case: Case[Settings], splits: Iterable[str]) -> set[str]:
    """The splits whose pictures are counted: the one that was named, or all that nothing learns from."""
    named = case.snapshot.split
    taught = any(name.startswith(_LEARNT) for name in splits)
    return (
        {named}
        if named
        else {
            name for name in splits if not name.startswith(_LEARNT) and (taught or name != _TRAIN)
        }
    )


def _pixels(case: Case[Settings], sample: Sample, eyes: Contract) -> Pixels:
    return infer.decode(case.ports.blobs.get(sample.image), eyes)


def _look(
    case: Case[Settings], gathered: Sequence[tuple[Sample, str]], eyes: Contract
) -> list[_Seen]:
    """Those that can be read."""
    found: list[_Seen] = []
    track = case.ports.progress.track(gathered, doing="look", unit="picture", total=len(gathered))
    for sample, split in track:
        with suppress(VisloopError):
            rgb = _pixels(case, sample, eyes)
            same = digest_of(str(rgb.shape), rgb.tobytes())
            found.append(_Seen(sample, split, same, vision.thumbprint(rgb)))
    return found


def _twins(case: Case[Settings], seen: Sequence[_Seen], eyes: Contract) -> list[Twin]:
    network = infer.backbone()
    predictor = infer.Predictor.load(network.onnx, network.contract, threads=case.threads)
    images = [each.sample.image for each in seen]
    group = case.settings.group
    look = Look(
        splits=[each.split for each in seen],
        images=images,
        pixels=[each.pixels for each in seen],
        groups=[str(each.sample.metadata.get(group) or "") for each in seen],
        prints=np.stack([each.print for each in seen]),
        vectors=data.embeddings(case.ports.data, case.scope, predictor, images),
    )

    @lru_cache(_SKETCHES)
    def sketch(place: int, mirror: bool) -> Sketch:
        return vision.sketch(_pixels(case, seen[place].sample, eyes), mirror=mirror)

    def track(pairs: Sequence[tuple[int, int, bool]]) -> Iterable[tuple[int, int, bool]]:
        return case.ports.progress.track(pairs, doing="compare", unit="pair", total=len(pairs))

    return twins(look, sketch, mirror=case.settings.mirror, track=track)


def _row(seen: Sequence[_Seen], twin: Twin) -> dict[str, Any]:
    first, second = seen[twin.first], seen[twin.second]
    return {
        "how": twin.how,
        "likeness": round(twin.likeness, 3),
        "first": first.sample.path,
        "first_split": first.split,
        "second": second.sample.path,
        "second_split": second.split,
    }


def _advice(case: Case[Settings], seen: Sequence[_Seen], found: Sequence[Twin]) -> list[str]:
    """What mends it."""
    dataset = case.snapshot.version.dataset
    notes: list[str] = []
    grouped = sum(twin.how == "group" for twin in found)
    if grouped:
        notes.append(
            f"{grouped} pairs are of one {case.settings.group}: keep them together with visloop split "
            f"{dataset} --group-by {case.settings.group} --redo, commit, and train again"
        )
    taught = {
        seen[place].sample.path
        for twin in found
        for place in (twin.first, twin.second)
        if twin.how != "group" and seen[place].split == _TRAIN
    }
    if taught:
        some = " ".join(shlex.quote(path) for path in sorted(taught)[:_TOLD])
        more = f" … ({len(taught)} in all, see --json)" if len(taught) > _TOLD else ""
        notes.append(
            f"take the twins out of training: visloop remove {dataset} {some}{more}; commit, and "
            "train again"
        )
    if len(found) > _MOST_ROWS:
        notes.append(f"the table has the first {_MOST_ROWS:,} of {len(found):,} pairs")
    return notes


def _shown(
    case: Case[Settings], seen: Sequence[_Seen], found: Sequence[Twin], eyes: Contract
) -> Iterable[Shot]:
    for twin in found[:_SHOWN]:
        pair = (seen[twin.first], seen[twin.second])
        sheet = side_by_side([_pixels(case, each.sample, eyes) for each in pair])
        said = ", ".join(f"{each.split}: {each.sample.path}" for each in pair)
        yield Shot(image=case.keep(sheet), said=f"{HOW[twin.how]}. {said}")


KIND: Final = Kind(
    name="leakage",
    about="pictures that are in training and in the pictures judged by, or nearly",
    headline=Bound(
        "share",
        at_most=0.01,
        why="if one held-out picture in a hundred has a twin, accuracy flatters by a point at most",
    ),
    assess=_assess,
    settings=Settings,
)
