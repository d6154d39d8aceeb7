"""Labels that are probably wrong, found by confident learning over the backbone's embeddings.

Source: Northcutt 2021. How much of what is wrong is found is measured here, by turning some labels into
others on purpose.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data, infer, train
from visloop.errors import Refused
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.pictures.doubts import Doubts, doubts, planted
from visloop.evaluate.assess.privacy.roc import clopper_pearson
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Shot
from visloop.ids import Ref
from visloop.train import Labelled

if TYPE_CHECKING:
    from visloop.data import Version
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.events import Scope

Labels: TypeAlias = NDArray[np.int64]

_LEAST: Final = 40
_LEAST_OF_A_CLASS: Final = 5
_SHOWN: Final = 24


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`flips`: the share of labels that is turned on purpose to measure what is found, `redraws` times."""

    flips: Annotated[float, msgspec.Meta(gt=0, lt=0.5)] = 0.05
    redraws: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3


class Material(NamedTuple):
    """N pictures, their embeddings (N, D), their labels (N,) in [0, C), the classes' names."""

    pictures: tuple[Labelled, ...]
    vectors: NDArray[np.float32]
    given: Labels
    classes: tuple[str, ...]


def _assess(case: Case[Settings]) -> Outcome:
    stuff, notes = material(case.ports, case.scope, case.snapshot.version, case.threads)
    head = train.fit_head(stuff.vectors, stuff.given, seed=case.seed)
    found = doubts(head.held_out, stuff.given)
    n, suspects = len(stuff.given), int(found.suspect.sum())
    low, high = clopper_pearson(suspects, n)
    hits, flips, right = _planted(case, stuff, found, head.chosen.c)
    figures = {
        "suspects": Figure(value=suspects / n, low=low, high=high, n=n),
        "planted_found": _share(hits, flips),
        "planted_named": _share(right, max(1, hits)),
        "agreement": _share(int((head.held_out.argmax(axis=1) == stuff.given).sum()), n),
    }
    order = sorted(np.flatnonzero(found.suspect).tolist(), key=lambda row: found.belief[row])
    notes.append(
        f"{n:,} labels, each held against a model that had not seen its picture; of labels turned on "
        f"purpose it found {hits} of {flips}. A suspect is not always wrong: look before you change"
    )
    if suspects:
        notes.append(
            f"put them on the labelling queue, each with the class suggested: visloop label doubt "
            f"{case.version.ref} --on {case.snapshot.version.ref}"
        )
    return Outcome(
        figures=figures,
        rows=tuple(_row(stuff, found, row) for row in order),
        notes=tuple(notes),
        pictures=tuple(_shot(stuff, found, row) for row in order[:_SHOWN]),
    )


def material(
    ports: EvaluatePorts, scope: Scope, version: Version, threads: int
) -> tuple[Material, list[str]]:
    """The labelled pictures of the whole version, every split of it.

    Raises:
        Refused: too few pictures with one class each.
    """
    ref = Ref(version.dataset, version.name, project=version.project)
    whole = data.open(ports.data, ref, scope.project)
    chosen = train.choose(whole.samples(), whole.classes, "classify").pictures
    counts = Counter(each.label for each in chosen)
    classes = tuple(sorted(name for name, n in counts.items() if n >= _LEAST_OF_A_CLASS))
    pictures = tuple(each for each in chosen if each.label in classes)
    if len(pictures) < _LEAST or len(classes) < 2:  # noqa: PLR2004 - one and another
        raise Refused(
            f"{version.ref} has {len(pictures)} pictures of {len(classes)} classes with at least "
            f"{_LEAST_OF_A_CLASS} each; labels can be doubted from {_LEAST} pictures of 2 classes on",
            fix="this looks at one class a picture; boxes and outlines are not covered",
        )
    rare = len(chosen) - len(pictures)
    notes = [f"{rare} pictures of classes with fewer than {_LEAST_OF_A_CLASS} were left out"]
    place = {name: number for number, name in enumerate(classes)}
    given = np.array([place[each.label] for each in pictures], np.int64)
    network = infer.backbone()
    predictor = infer.Predictor.load(network.onnx, network.contract, threads=threads)
    images = [each.sample.image for each in pictures]
    vectors = data.embeddings(ports.data, scope, predictor, images)
    return Material(pictures, vectors, given, classes), notes if rare else []


def _planted(
    case: Case[Settings], material: Material, before: Doubts, c: float
) -> tuple[int, int, int]:
    """Flips found, flips planted, and found ones whose true class was suggested.

    Suspects are left out first: what is already doubted cannot show what is found.
    """
    sound = ~before.suspect
    vectors, truth = material.vectors[sound], material.given[sound]
    counts = np.bincount(truth, minlength=len(material.classes))
    kept = np.isin(truth, np.flatnonzero(counts >= _LEAST_OF_A_CLASS))
    _, truth = np.unique(truth[kept], return_inverse=True)
    vectors, classes = vectors[kept], int(truth.max()) + 1
    rng = np.random.default_rng(case.seed)
    hits = flips = right = 0
    rounds = range(case.settings.redraws)
    for _ in case.ports.progress.track(rounds, doing="plant", unit="draw", total=len(rounds)):
        given = planted(truth.astype(np.int64), classes, case.settings.flips, rng)
        head = train.fit_head(vectors, given, seed=int(rng.integers(1 << 31)), strengths=(c,))
        found, turned = doubts(head.held_out, given), given != truth
        hits += int((found.suspect & turned).sum())
        flips += int(turned.sum())
        right += int((found.suspect & turned & (found.suggested == truth)).sum())
    return hits, flips, right


def _share(hits: int, n: int) -> Figure:
    low, high = clopper_pearson(hits, n)
    return Figure(value=hits / n, low=low, high=high, n=n)


def _row(material: Material, found: Doubts, row: int) -> dict[str, Any]:
    sample = material.pictures[row].sample
    return {
        "path": sample.path,
        "split": sample.split or "",
        "label": material.classes[material.given[row]],
        "suggested": material.classes[found.suggested[row]],
        "belief": round(float(found.belief[row]), 4),
    }


def _shot(material: Material, found: Doubts, row: int) -> Shot:
    told = _row(material, found, row)
    said = f"labelled {told['label']}, looks like {told['suggested']}: {told['path']}"
    return Shot(image=material.pictures[row].sample.image, said=said)


KIND: Final = Kind(
    name="labels",
    about="labels that are probably wrong, and how many of such this finds",
    headline=Bound(
        "suspects",
        at_most=0.08,
        why="clothes sorted by volunteers show .05; each 5 % of labels turned at random add .04",
    ),
    assess=_assess,
    settings=Settings,
)
