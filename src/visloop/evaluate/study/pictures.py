"""Pictures to look at: the worst answered, those behind a cell of the confusion matrix or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.evaluate import metrics as m
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.evaluate.records import Answers
from visloop.evaluate.study.errors import Confusion
from visloop.evaluate.study.records import Confused, Picture

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.evaluate.kinds.box_table import Table

Floats = NDArray[np.float64]
Mark = tuple[str, str, tuple[float, ...]]
Shown = Callable[[int], Picture]

WORST: Final = 24
_OF_A_CELL: Final = 12
_CELLS: Final = 100
_MARKS: Final = 60


def worst(
    answers: AnyAnswers, losses: Floats, shown: Shown, most: int = WORST
) -> tuple[Picture, ...]:
    """The pictures with the greatest loss; of wrong classes the surest mistakes first."""
    order = severity(answers, losses)
    return tuple(shown(int(at)) for at in order[:most] if losses[at] > 0)


def severity(answers: AnyAnswers, losses: Floats) -> NDArray[np.int64]:
    """Places of pictures, the worst answered first."""
    second = losses
    if isinstance(answers, Answers):
        second = m.sample_log_loss(answers.probabilities, answers.truth)
    return np.lexsort((-second, -losses))


def shower(
    answers: AnyAnswers,
    samples: Sequence[Sample],
    losses: Floats,
    table: Table | None,
    confusion: Confusion | None,
) -> Shown:
    """How the picture at a place is told."""
    marks = _marks(table, confusion) if table and confusion else {}

    def shown(at: int) -> Picture:
        sample = samples[at]
        return Picture(
            sample=sample.id,
            path=sample.path,
            image=sample.image,
            loss=float(losses[at]),
            said=_said(answers, at, marks.get(at, ())),
            width=sample.width,
            height=sample.height,
            boxes=tuple(marks.get(at, ()))[:_MARKS],
        )

    return shown


def confused_classes(answers: Answers, shown: Shown) -> tuple[Confused, ...]:
    """Every mistake of a classifier by truth and answer, the commonest first."""
    said, sure = answers.predicted, answers.confidence
    wrong = np.flatnonzero(said != answers.truth)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    cells = ((int(answers.truth[at]), int(said[at]), int(at)) for at in wrong)
    return _cells(cells, answers.classes, shown)


def confused_boxes(table: Table, confusion: Confusion, shown: Shown) -> tuple[Confused, ...]:
    """Every mistake of a detector: taken for another, found where nothing is, missed."""
    answers, nothing = table.answers, len(table.answers.classes)
    found = np.flatnonzero((confusion.row >= 0) & (confusion.row != table.kind))
    found = found[np.argsort(-table.score[found], kind="stable")]
    cells = [(int(confusion.row[k]), int(table.kind[k]), int(table.picture[k])) for k in found]
    missed = np.flatnonzero(confusion.column == nothing)
    cells += [(int(answers.true_class[g]), nothing, int(answers.true_picture[g])) for g in missed]
    return _cells(cells, confusion.labels, shown)


def _cells(
    cells: Iterable[tuple[int, int, int]], labels: Sequence[str], shown: Shown
) -> tuple[Confused, ...]:
    of: dict[tuple[int, int], list[int]] = {}
    for truth, said, at in cells:
        of.setdefault((truth, said), []).append(at)
    ranked = sorted(of.items(), key=lambda pair: -len(pair[1]))[:_CELLS]
    return tuple(
        Confused(
            truth=labels[truth],
            answered=labels[said],
            n=len(places),
            pictures=tuple(
                msgspec.structs.replace(shown(at), boxes=())
                for at in list(dict.fromkeys(places))[:_OF_A_CELL]
            ),
        )
        for (truth, said), places in ranked
    )


def _marks(table: Table, confusion: Confusion) -> dict[int, list[Mark]]:
    """What is drawn of each picture: missed objects, wrong boxes, right ones."""
    answers, labels = table.answers, confusion.labels
    marks: dict[int, list[Mark]] = {}
    for g in np.flatnonzero(confusion.column == len(answers.classes)):
        mark = "missed", labels[answers.true_class[g]], tuple(answers.true_xyxy[g].tolist())
        marks.setdefault(int(answers.true_picture[g]), []).append(mark)
    shown = np.flatnonzero(confusion.row >= 0)
    for k in sorted(shown, key=lambda k: confusion.row[k] == table.kind[k]):
        box = tuple(table.boxes.found_xyxy[k].tolist())
        right = confusion.row[k] == table.kind[k]
        words = f"{labels[table.kind[k]]} {table.score[k]:.2f}"
        if not right and confusion.row[k] < len(answers.classes):
            words += f", is {labels[confusion.row[k]]}"
        mark = "right" if right else "wrong", words, box
        marks.setdefault(int(table.picture[k]), []).append(mark)
    return marks


def _said(answers: AnyAnswers, at: int, marks: Sequence[Mark]) -> str:
    match answers:
        case Answers():
            names, truth, said = answers.classes, answers.truth[at], answers.predicted[at]
            sure = answers.probabilities[at]
            return f"is {names[truth]} ({sure[truth]:.2f}), said {names[said]} ({sure[said]:.2f})"
        case BoxAnswers():
            counts = {
                kind: sum(mark[0] == kind for mark in marks)
                for kind in ("missed", "wrong", "right")
            }
            return ", ".join(f"{n} {kind}" for kind, n in counts.items() if n) or "nothing there"
        case MaskAnswers():
            true, found, both = answers.true[at], answers.found[at], answers.both[at]
            there = np.flatnonzero(true + found)
            shares = both[there] / (true + found - both)[there]
            names = [answers.classes[i] for i in there]
            return ", ".join(f"{n} IoU {x:.2f}" for n, x in zip(names, shares, strict=True))
        case NumberAnswers():
            return f"is {answers.true[at]:.4g}, said {answers.found[at]:.4g} {answers.unit}".strip()
