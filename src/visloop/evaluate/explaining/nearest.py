"""The pictures that a model learnt from which lie nearest to one, in the model's own embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from visloop import data, infer, train
from visloop.evaluate.explaining.records import Floats, Neighbour
from visloop.evaluate.explaining.subject import Subject
from visloop.evaluate.ports import EvaluatePorts
from visloop.events import Scope
from visloop.ids import Ref
from visloop.infer import Predictor
from visloop.registry import Package
from visloop.train import Labelled
from visloop.vision import Task


class Learnt(NamedTuple):
    """What a model was trained on: pictures with what is true of them."""

    ref: str
    pictures: tuple[Labelled, ...]

    def paths(self) -> dict[str, str]:
        """Digest of a picture → its path."""
        return {each.sample.image: each.sample.path for each in self.pictures}


def learnt(ports: EvaluatePorts, scope: Scope, package: Package) -> Learnt | None:
    """The pictures of the version that the model was trained on; None where none is known here.

    Raises:
        DatasetNotFound, VersionNotFound: that version is gone.
    """
    if not package.data or package.contract.decode.task == "embed":
        return None
    snapshot = data.open(ports.data, Ref.parse(package.data), scope.project)
    chosen = train.choose(snapshot.samples(), snapshot.classes, package.contract.decode.task)
    return Learnt(package.data, tuple(chosen.pictures))


def neighbours(
    ports: EvaluatePorts, scope: Scope, subject: Subject, known: Learnt, most: int
) -> tuple[tuple[Neighbour, ...], str]:
    """The nearest training pictures by the cosine of embeddings, and whose embedding it was.

    The model's own where it gives one; else that of the backbone which search compares with. Vectors of
    training pictures are computed once and kept. The picture itself is left out.
    """
    predictor, vector, by = _embedder(subject)
    images = list(dict.fromkeys(each.sample.image for each in known.pictures))
    rows = _vectors(ports, scope, subject.package, predictor, images)
    near = _units(rows) @ _units(vector[None])[0]
    place = {image: at for at, image in enumerate(images)}
    ranked = sorted(known.pictures, key=lambda each: -float(near[place[each.sample.image]]))
    found = [
        Neighbour(
            each.sample.path,
            each.sample.image,
            round(float(near[place[each.sample.image]]), 4),
            _labels(each, subject.task),
        )
        for each in ranked[: most + 1]
        if near[place[each.sample.image]] < _SAME
    ]
    return tuple(found[:most]), by


_SAME = 0.99999


def _embedder(subject: Subject) -> tuple[Predictor, Floats, str]:
    own = subject.outputs.embedding
    if own is not None:
        return subject.predictor, own[0], "the model's own embedding"
    start = infer.backbone()
    predictor = Predictor.load(start.onnx, start.contract)
    vector = predictor.predict(subject.data).embedding
    assert vector is not None
    return predictor, vector, "the backbone's embedding, since the model gives none"


def _vectors(
    ports: EvaluatePorts,
    scope: Scope,
    package: Package,
    predictor: Predictor,
    images: Sequence[str],
) -> Floats:
    """One row a picture; what the package holds of them need not be computed again."""
    if package.reference is not None and predictor.contract == package.contract:
        reference = train.Reference.from_bytes(package.reference)
        row = {image: at for at, image in enumerate(reference.images)}
        if reference.embeddings.shape[1] and all(image in row for image in images):
            return reference.embeddings[[row[image] for image in images]].astype(np.float32)
    return data.embeddings(ports.data, scope, predictor, images)


def _units(rows: Floats) -> Floats:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def _labels(picture: Labelled, task: Task) -> tuple[str, ...]:
    """Its class, its number, or the classes of its objects."""
    if task == "regress":
        return (f"{picture.value:g} {picture.unit}".strip(),)
    if picture.label:
        return (picture.label,)
    return tuple(sorted({each.label for each in picture.objects}))
