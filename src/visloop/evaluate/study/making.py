"""A study: everything that is looked at beyond the figures, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.evaluate.kinds.averages import RECALLS, curve, ranked_precision
from visloop.evaluate.kinds.box_table import HALF, Table
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.every import AnyAnswers, task_of
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.metrics import confusion_matrix
from visloop.evaluate.records import Answers
from visloop.evaluate.study import errors, slices
from visloop.evaluate.study import pictures as p
from visloop.evaluate.study.errors import MEANINGS, Confusion
from visloop.evaluate.study.facets import Facet, facets, looks_of
from visloop.evaluate.study.losses import MEANING, losses
from visloop.evaluate.study.records import Confused, ErrorType, PrecisionRecall, Slice, Study

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.store import Blobs

Floats = NDArray[np.float64]

_CURVES: Final = 20
_POINTS: Final = 100
_WORST_OF_A_SLICE: Final = 8


@dataclass(frozen=True)
class Material:
    """A model's answers, the samples that they are to, and embeddings (N, D) where it gives any."""

    answers: AnyAnswers
    samples: Sequence[Sample]
    vectors: NDArray[np.floating] | None = None


def study(material: Material, blobs: Blobs, threads: int) -> Study:
    """Slices, failing slices, errors, confusions, curves and the worst pictures."""
    answers, lost = material.answers, losses(material.answers)
    table = Table.of(answers) if isinstance(answers, BoxAnswers) else None
    confusion = errors.confusion(table) if table else None
    shown = p.shower(answers, material.samples, lost, table, confusion)
    looks = looks_of(material.samples, blobs, threads)
    vectors = None if material.vectors is None else material.vectors.astype(np.float64)
    tried = facets(material.samples, looks, _objects(answers), vectors)
    searched = slices.searched(answers, lost, tried)
    labels, counts = _confusion(answers, confusion)
    return Study(
        slices=_with_pictures(slices.told(answers, lost, tried), tried, material, lost, shown),
        looked_at=len(tried),
        found=searched.found,
        searched=searched.searched,
        tested=searched.tested,
        errors=_errors(table, shown) if table else (),
        labels=labels,
        confusion=counts,
        confused=_confused(answers, table, confusion, shown),
        curves=_of_detector(table) if table else _of_classifier(answers),
        worst=p.worst(answers, lost, shown),
        loss=MEANING[task_of(answers)],
    )


def asked_slices(material: Material, asked: Sequence[Facet]) -> tuple[Slice, ...]:
    """The same of slices that a person names, each with its worst pictures."""
    lost = losses(material.answers)
    shown = p.shower(material.answers, material.samples, lost, None, None)
    made = slices.told(material.answers, lost, asked, asked=True)
    return _with_pictures(made, asked, material, lost, shown)


def _with_pictures(
    made: tuple[Slice, ...],
    of: Sequence[Facet],
    material: Material,
    lost: Floats,
    shown: p.Shown,
) -> tuple[Slice, ...]:
    """Slices that fail, or were asked for, with the worst of their pictures."""
    masks = {each.name: each.mask for each in of}
    order = p.severity(material.answers, lost)

    def filled(each: Slice) -> Slice:
        if each.kind == "facet" and not each.fails:
            return each
        inside = order[masks[each.name][order]][:_WORST_OF_A_SLICE]
        return msgspec.structs.replace(
            each, worst=tuple(shown(int(at)) for at in inside if lost[at] > 0)
        )

    return tuple(filled(each) for each in made)


def _objects(answers: AnyAnswers) -> Floats | None:
    """How many objects (of masks: classes) each picture holds."""
    match answers:
        case BoxAnswers():
            sure = answers.true_picture[~answers.crowd]
            return np.bincount(sure, minlength=answers.n).astype(np.float64)
        case MaskAnswers():
            return (answers.true > 0).sum(axis=1).astype(np.float64)
        case _:
            return None


def _confusion(
    answers: AnyAnswers, confusion: Confusion | None
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    if confusion is not None:
        return confusion.labels, tuple(tuple(row) for row in confusion.counts.tolist())
    if not isinstance(answers, Answers):
        return (), ()
    counts = confusion_matrix(answers.truth, answers.predicted, len(answers.classes))
    return answers.classes, tuple(tuple(row) for row in counts.tolist())


def _confused(
    answers: AnyAnswers, table: Table | None, confusion: Confusion | None, shown: p.Shown
) -> tuple[Confused, ...]:
    if table is not None and confusion is not None:
        return p.confused_boxes(table, confusion, shown)
    return p.confused_classes(answers, shown) if isinstance(answers, Answers) else ()


def _errors(table: Table, shown: p.Shown) -> tuple[ErrorType, ...]:
    """Kinds of error, the dearest first; counted and shown where production shows them."""
    found = errors.wrong(table)
    sure = table.score >= table.answers.threshold
    made: list[ErrorType] = []
    for name, which in found.of.items():
        missed = name == "missed"
        pictures = table.answers.true_picture[which] if missed else table.picture[which & sure]
        commonest, counts = np.unique(pictures, return_counts=True)
        worst = commonest[np.argsort(-counts, kind="stable")][:_WORST_OF_A_SLICE]
        made.append(
            ErrorType(
                name=name,
                meaning=MEANINGS[name],
                count=len(pictures),
                gain=found.gain[name],
                pictures=tuple(shown(int(at)) for at in worst),
            )
        )
    return tuple(sorted(made, key=lambda each: -each.gain))


def _of_detector(table: Table) -> tuple[PrecisionRecall, ...]:
    sought = table.sought()
    precision = curve(table.ranked(table.judged(HALF, sought), sought)).precision
    total = sought.wanted.total
    kinds = np.argsort(-total, kind="stable")[:_CURVES]
    return tuple(
        PrecisionRecall(
            name=table.answers.classes[kind],
            recall=_rounded(RECALLS),
            precision=_rounded(precision[kind]),
            average=float(precision[kind].mean()),
        )
        for kind in kinds
        if total[kind]
    )


def _of_classifier(answers: AnyAnswers) -> tuple[PrecisionRecall, ...]:
    """Each class against all others, over thresholds of its probability."""
    if not isinstance(answers, Answers) or not answers.n:
        return ()
    support = np.bincount(answers.truth, minlength=len(answers.classes))
    made: list[PrecisionRecall] = []
    for kind in np.argsort(-support, kind="stable")[:_CURVES]:
        if not support[kind]:
            continue
        scores = answers.probabilities[:, kind].astype(np.float64)
        right = answers.truth == kind
        order = np.argsort(-scores, kind="stable")
        last = np.r_[np.flatnonzero(np.diff(scores[order])), len(order) - 1]
        hits = np.cumsum(right[order])[last]
        places = np.unique(np.linspace(0, len(last) - 1, _POINTS).astype(int))
        made.append(
            PrecisionRecall(
                name=answers.classes[kind],
                recall=_rounded(hits[places] / support[kind]),
                precision=_rounded(hits[places] / (last[places] + 1)),
                average=ranked_precision(scores, right)[0],
            )
        )
    return tuple(made)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(np.round(values, 4).tolist())
