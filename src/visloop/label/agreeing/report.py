"""How far the people agree who labelled the same pictures of a data set: all, by pair, by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from sqlalchemy import select

from visloop.label.agreeing.figures import Counts, Figure, cohen, fleiss, krippendorff, mean
from visloop.label.agreeing.matching import classes, f1, match, objects
from visloop.label.queue import COLUMNS, task_of
from visloop.label.tables import answers, tasks
from visloop.label.together.people import ANNOTATOR
from visloop.vision import Annotation

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.label.records import LabelPorts, Task

NOTHING: Final = "(nothing)"
_TWO: Final = 2


@dataclass(frozen=True)
class Pair:
    """Two people: `pictures` that both labelled, the share on which they say the same, kappa, objects.

    `f1` counts objects that both drew with one class; `missed` are those that only the second drew,
    `extra` those that only the first did. Of class tasks the objects' figures are absent, and the
    other way round kappa is of the classes of matched objects.
    """

    first: str
    second: str
    pictures: int
    same: float
    kappa: Figure
    mean_iou: Figure = field(default_factory=Figure)
    f1: Figure = field(default_factory=Figure)
    missed: int = 0
    extra: int = 0


@dataclass(frozen=True)
class Disagreed:
    """A picture on which somebody said something else."""

    task: str
    path: str
    image: str
    state: str
    score: float | None
    said: dict[str, str]


@dataclass(frozen=True)
class Overlap:
    """How much the objects overlap that two people drew and gave this class: mean IoU of `pairs`."""

    mean_iou: Figure
    pairs: int


@dataclass(frozen=True)
class Agreement:
    """What people agree on. `classes`: class → share of its mentions that the other person shares.

    `overlaps`: class → how well the outlines agree of what was drawn. `confused` counts what one said
    where another said something else: one class, other class, how often. Figures are None where they
    are not defined: everybody always said the same.
    """

    dataset: str
    pictures: int
    people: tuple[str, ...]
    fleiss: Figure
    alpha: Figure
    pairs: tuple[Pair, ...]
    classes: dict[str, float]
    overlaps: dict[str, Overlap]
    confused: tuple[tuple[str, str, int], ...]
    disagreed: tuple[Disagreed, ...]


@dataclass(frozen=True)
class _Picture:
    task: Task
    said: dict[str, tuple[Annotation, ...]]

    @property
    def size_hw(self) -> tuple[int, int]:
        return (self.task.candidate.height, self.task.candidate.width)

    @property
    def drawn(self) -> bool:
        return self.task.rules is not None and self.task.rules.question == "objects"

    def units(self, first: str, second: str) -> list[tuple[str, str]]:
        """What both said of each thing: of the picture, or of each object that both drew."""
        a, b = self.said[first], self.said[second]
        if not self.drawn:
            return [(_named(a), _named(b))]
        mine, theirs = objects(a), objects(b)
        pairs = match(mine, theirs, self.size_hw).pairs
        return [(mine[i].label, theirs[j].label) for i, j, _ in pairs]

    def alone(self, first: str, second: str) -> list[str]:
        """The classes of the objects that only one of the two drew."""
        if not self.drawn:
            return []
        mine, theirs = objects(self.said[first]), objects(self.said[second])
        found = match(mine, theirs, self.size_hw)
        return [
            *(mine[i].label for i in found.only_first),
            *(theirs[j].label for j in found.only_second),
        ]


def agreement(ports: LabelPorts, scope: Scope, dataset: str) -> Agreement:
    """Of every picture that two or more have answered; controls and unanswered ones left out.

    Answers count as they were given, whatever was decided since.
    """
    pictures = _pictures(ports, scope, dataset)
    people = sorted({name for each in pictures for name in each.said})
    pairs = [_pair(pictures, a, b) for a, b in combinations(people, 2)]
    whole = [each for each in pictures if not each.drawn]
    full = [each for each in whole if len(each.said) == max(len(e.said) for e in whole)]
    both = Counter[tuple[str, str]]()
    for each in pictures:
        for a, b in combinations(sorted(each.said), 2):
            both.update((min(unit), max(unit)) for unit in each.units(a, b))
            both.update((NOTHING, name) for name in each.alone(a, b))
    return Agreement(
        dataset=dataset,
        pictures=len(pictures),
        people=tuple(people),
        fleiss=fleiss(_table(full)) if full else Figure(),
        alpha=krippendorff(_table(whole)) if whole else Figure(),
        pairs=tuple(each for each in pairs if each.pictures),
        classes=_by_class(both),
        overlaps=_overlaps([each for each in pictures if each.drawn]),
        confused=tuple((a, b, n) for (a, b), n in both.most_common() if a != b),
        disagreed=tuple(sorted(_disagreed(pictures), key=lambda each: each.score or 0.0)),
    )


def _pictures(ports: LabelPorts, scope: Scope, dataset: str) -> list[_Picture]:
    mine = (tasks.c.project == scope.project, tasks.c.dataset == dataset, tasks.c.control.is_(None))
    given = (answers.c.role == ANNOTATOR, answers.c.state == "given")
    joined = select(*COLUMNS, answers.c.actor, answers.c.annotations).join(
        answers, (answers.c.task == tasks.c.id) & (answers.c.project == tasks.c.project)
    )
    found: dict[str, _Picture] = {}
    with ports.ledger.read() as connection:
        for row in connection.execute(joined.where(*mine, *given).order_by(tasks.c.seq)).mappings():
            each = found.setdefault(row["id"], _Picture(task_of(row), {}))
            said = msgspec.convert(row["annotations"] or (), tuple[Annotation, ...])
            each.said[row["actor"].partition(":")[2]] = said
    return [each for each in found.values() if len(each.said) >= _TWO]


def _named(annotations: Sequence[Annotation]) -> str:
    return ", ".join(classes(annotations)) or NOTHING


def _table(pictures: Sequence[_Picture]) -> Counts:
    names = sorted({_named(said) for each in pictures for said in each.said.values()})
    table = np.zeros((len(pictures), len(names)))
    for row, each in enumerate(pictures):
        for said in each.said.values():
            table[row, names.index(_named(said))] += 1
    return table


def _pair(pictures: Sequence[_Picture], first: str, second: str) -> Pair:
    both = [each for each in pictures if first in each.said and second in each.said]
    units = [each.units(first, second) for each in both]
    names = sorted({name for unit in units for pair in unit for name in pair})
    cells = np.zeros((len(both), len(names), len(names)))
    for row, unit in enumerate(units):
        for a, b in unit:
            cells[row, names.index(a), names.index(b)] += 1
    drawn = [each for each in both if each.drawn]
    shapes = [(objects(e.said[first]), objects(e.said[second]), e.size_hw) for e in drawn]
    found = [(a, b, match(a, b, size)) for a, b, size in shapes]
    scores = [f1(a, b, m) for a, b, m in found]
    same = sum(unit[0][0] == unit[0][1] for e, unit in zip(both, units, strict=True) if not e.drawn)
    return Pair(
        first=first,
        second=second,
        pictures=len(both),
        same=(same + sum(score == 1.0 for score in scores)) / max(len(both), 1),
        kappa=cohen(cells) if names else Figure(),
        mean_iou=mean(
            np.array([[sum(o for *_, o in m.pairs), len(m.pairs)] for *_, m in found], float)
        )
        if found
        else Figure(),
        f1=mean(
            np.array(
                [
                    [s * (len(a) + len(b)), len(a) + len(b)]
                    for s, (a, b, _) in zip(scores, found, strict=True)
                ]
            )
        )
        if found
        else Figure(),
        missed=sum(len(m.only_second) for *_, m in found),
        extra=sum(len(m.only_first) for *_, m in found),
    )


def _by_class(both: Counter[tuple[str, str]]) -> dict[str, float]:
    """Of all mentions of a class the share that the other one made, too (Dice 1945).

    An object that only one of them drew is a mention that the other did not make.
    """
    named, shared = Counter[str](), Counter[str]()
    for (a, b), n in both.items():
        named[a] += n
        named[b] += n
        if a == b:
            shared[a] += 2 * n
    names = sorted(name for name in named if name != NOTHING or shared[NOTHING])
    return {name: shared[name] / named[name] for name in names}


def _overlaps(drawn: Sequence[_Picture]) -> dict[str, Overlap]:
    """By class, over all pairs of people; the interval draws pictures, as everywhere."""
    sums: dict[str, dict[int, list[float]]] = {}
    for at, each in enumerate(drawn):
        shown = [objects(each.said[name]) for name in sorted(each.said)]
        for a, b in combinations(shown, 2):
            for i, j, overlap in match(a, b, each.size_hw).pairs:
                if a[i].label == b[j].label:
                    there = sums.setdefault(a[i].label, {}).setdefault(at, [0.0, 0.0])
                    there[0] += overlap
                    there[1] += 1
    return {
        name: Overlap(mean(np.array([*those.values()])), int(sum(n for _, n in those.values())))
        for name, those in sorted(sums.items())
    }


def _disagreed(pictures: Sequence[_Picture]) -> list[Disagreed]:
    found: list[Disagreed] = []
    for each in pictures:
        told = {name: _told(each, said) for name, said in each.said.items()}
        unlike = each.task.score is not None and each.task.score < 1
        if unlike or (not each.drawn and len(set(told.values())) > 1):
            task = each.task
            where = (task.id, task.path, task.image, task.state, task.score)
            found.append(Disagreed(*where, told))
    return found


def _told(picture: _Picture, said: Sequence[Annotation]) -> str:
    if not picture.drawn:
        return _named(said)
    counted = Counter(each.label for each in objects(said))
    return ", ".join(f"{n} {name}" for name, n in sorted(counted.items())) or NOTHING
