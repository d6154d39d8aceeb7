"""From a data version to a lesson: which pictures are learnt from, which measure, which classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from visloop import registry
from visloop.data import ClassDictionary, Snapshot
from visloop.errors import Refused
from visloop.events import Scope
from visloop.ids import Ref
from visloop.registry import RegistryPorts
from visloop.train.objects import Labelled
from visloop.train.recipe import Lesson, Start
from visloop.train.runs import Plan
from visloop.train.truth import (
    FROZEN,
    IN_TEST,
    REPEATED,
    choose_for_training,
    held_out_split,
)
from visloop.vision import Task

MIN_CLASSES: Final = 2
MIN_PER_CLASS: Final = 2
MIN_PICTURES: Final[Mapping[str, int]] = {"classify": 1, "detect": 4, "segment": 4, "regress": 8}
_WANTED: Final[Mapping[str, str]] = {
    "classify": "labelled picture",
    "detect": "picture with boxes",
    "segment": "picture with outlines",
    "regress": "picture with a number",
}


@dataclass(frozen=True)
class Material:
    """The pictures of a training: to learn from, to measure by, and the data's class names.

    `left_out` counts by reason what cannot be learnt from.
    """

    pictures: tuple[Labelled, ...]
    held_out: tuple[Labelled, ...]
    left_out: Mapping[str, int]
    classes: ClassDictionary

    @property
    def counts(self) -> dict[str, int]:
        """What a run records: how many pictures are used, and left out by reason."""
        return {"used": len(self.pictures), **self.left_out}

    @property
    def per_class(self) -> Counter[str]:
        """Pictures (classify) or objects of each class."""
        found = Counter(p.label for p in self.pictures if p.label)
        return found + Counter(each.label for p in self.pictures for each in p.objects)


def choose_pictures(snapshot: Snapshot, split: str | None, task: Task) -> Material:
    """What training may read of a version: never a frozen split, nor a picture that is in one too.

    Args:
        snapshot: the whole version.
        split: what is trained on; None: everything.
        task: what is to be learnt.
    """
    forbidden = {
        sample.image: IN_TEST
        for name in sorted(FROZEN & set(snapshot.splits))
        for sample in snapshot.samples(name)
    }
    chosen = choose_for_training(snapshot.samples(split), snapshot.classes, forbidden, task)
    measured = held_out_split(split, snapshot.splits)
    held_out: tuple[Labelled, ...] = ()
    if measured is not None:
        learnt = forbidden | {p.sample.image: REPEATED for p in chosen.pictures}
        inside = snapshot.samples(measured)
        held_out = choose_for_training(inside, snapshot.classes, learnt, task).pictures
    return Material(chosen.pictures, held_out, chosen.left_out, snapshot.classes)


def lesson_of(
    plan: Plan, params: Any, task: Task, material: Material, start: Start | None = None
) -> Lesson:
    """The lesson of a run.

    Raises:
        Refused: too few pictures, objects or classes to learn from.
    """
    counts = material.per_class
    dictionary = material.classes
    known = [name for name in dictionary.names if counts[name]]
    classes = (*known, *sorted(set(counts) - set(known)))
    _check(plan, task, material)
    place = {name: i for i, name in enumerate(classes)}
    truth = [place[p.label] for p in material.pictures] if task == "classify" else []
    measuring = (_known(p, place) for p in material.held_out if not p.label or p.label in place)
    return Lesson(
        pictures=material.pictures,
        truth=np.array(truth, np.int64),
        classes=classes,
        class_dictionary=dictionary.digest,
        params=params,
        seed=plan.seed,
        threads=plan.threads,
        task=task,
        held_out=tuple(measuring),
        start=start,
    )


def _known(picture: Labelled, place: Mapping[str, int]) -> Labelled:
    """Without objects of classes that training has no example of."""
    return replace(picture, objects=tuple(o for o in picture.objects if o.label in place))


def _check(plan: Plan, task: Task, material: Material) -> None:
    counts, dataset = material.per_class, plan.data.split("@")[0]
    add = f"add more: visloop add FOLDER --to {dataset}"
    if task == "classify":
        _check_classes(plan, counts)
        return
    holding = sum(1 for p in material.pictures if p.objects or task == "regress")
    least, wanted = MIN_PICTURES[task], _WANTED[task]
    if holding >= least:
        return
    left_out = ", ".join(f"{n} × {why}" for why, n in material.left_out.items())
    found = f"{holding} {wanted}{'s' * (holding != 1)}" if holding else f"no {wanted}"
    raise Refused(
        f"{plan.data} has {found}; this recipe needs {least}"
        + (f" (left out: {left_out})" if left_out else ""),
        fix=f"draw and accept them on the page (visloop up), or {add}",
    )


def _check_classes(plan: Plan, counts: Mapping[str, int]) -> None:
    if len(counts) < MIN_CLASSES:
        found = f"only class {next(iter(counts))!r}" if counts else "no labelled picture"
        raise Refused(
            f"{plan.data} has {found}; a classifier needs {MIN_CLASSES} classes",
            fix=f"add labelled pictures: visloop add FOLDER --to {plan.data.split('@')[0]}",
        )
    few = sorted(name for name, count in counts.items() if count < MIN_PER_CLASS)
    if few:
        raise Refused(
            f"too few pictures of {', '.join(few)}: each class needs {MIN_PER_CLASS} in training",
            fix="add pictures of them, or take them out of the data set",
        )


def start_of(
    ports: RegistryPorts, scope: Scope, params: Any, classes: ClassDictionary
) -> Start | None:
    """The model that the parameter `start` names; None where the recipe has none, or it is empty.

    Raises:
        ModelNotFound: there is no such model.
    """
    wanted = getattr(params, "start", "")
    if not wanted:
        return None
    version = registry.resolve(ports, scope, Ref.parse(wanted))
    package = registry.load(ports, version)
    names = classes.lookup()
    present = tuple(names.get(name, name) for name in package.contract.classes)
    return Start(version.ref, package.onnx, present, package.contract.classes)
