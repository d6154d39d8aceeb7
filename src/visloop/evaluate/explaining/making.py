"""An explanation, put together: the map, the nearest pictures, the pushes of the head."""

from __future__ import annotations

import os

from visloop.errors import NotFound
from visloop.evaluate.explaining.head import pushes
from visloop.evaluate.explaining.looking import look, usual_method
from visloop.evaluate.explaining.nearest import Learnt, learnt, neighbours
from visloop.evaluate.explaining.records import ExplainSettings, Explanation, Method, Pushes
from visloop.evaluate.explaining.subject import Subject
from visloop.evaluate.ports import EvaluatePorts
from visloop.events import Scope
from visloop.registry import Package


def explain(
    ports: EvaluatePorts,
    scope: Scope,
    package: Package,
    picture: bytes,
    *,
    method: Method | None = None,
    label: str = "",
    which: int = 0,
    near: int = 5,
    features: int = 5,
    settings: ExplainSettings | None = None,
) -> tuple[Subject, Explanation]:
    """Why a model answered so about a picture.

    Args:
        ports: where state and bytes live, who watches.
        scope: who asks, in which project.
        package: the model.
        picture: encoded.
        method: default: see `usual_method`.
        label: which class; default: the likeliest.
        which: of several boxes the so manyth likeliest, from 0.
        near: so many training pictures; 0: none are looked for.
        features: so many features of a linear head; 0: none.
        settings: masks, steps, time, seed.

    Raises:
        NothingToExplain: the model says nothing (of that class) of this picture.
        UsageError: no such class, or the method is not for this kind of model.
        MissingExtra, NoGradient: the method needs gradients, and there are none.
    """
    subject = Subject(package, picture, label=label, which=which, threads=os.cpu_count() or 1)
    chosen = method or usual_method(subject)
    saliency = look(subject, chosen, settings or ExplainSettings(), ports.progress)
    notes: list[str] = []
    known = _learnt(ports, scope, package, notes) if near or features else None
    found, by = neighbours(ports, scope, subject, known, near) if known and near else ((), "")
    pushed = _pushes(subject, known, features, notes) if features else None
    return subject, Explanation(subject.target, saliency, found, pushed, tuple(notes), by)


def _learnt(
    ports: EvaluatePorts, scope: Scope, package: Package, notes: list[str]
) -> Learnt | None:
    try:
        found = learnt(ports, scope, package)
    except NotFound as gone:
        notes.append(f"what it learnt from is not here: {gone.what}")
        return None
    if found is None or not found.pictures:
        notes.append("what it learnt from is not known here, so no picture of that is shown")
        return None
    return found


def _pushes(
    subject: Subject, known: Learnt | None, features: int, notes: list[str]
) -> Pushes | None:
    if subject.task != "classify":
        return None
    vector = subject.outputs.embedding
    paths = {} if known is None else known.paths()
    found = (
        None
        if vector is None
        else pushes(subject.package, vector[0], subject.target.label, paths, features)
    )
    if found is None:
        notes.append("no linear head over a known embedding, so no feature is told")
    return found
