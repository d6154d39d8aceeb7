"""Asking a model about labelled pictures: the same path from bytes to answer as in serving."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visloop.errors import Refused
from visloop.evaluate.kinds.answering import (
    Asked,
    Question,
    answer_boxes,
    answer_masks,
    answer_numbers,
)
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.records import Answers
from visloop.infer import Outputs, Predictor, Prepared

if TYPE_CHECKING:
    from visloop.progress import Progress
    from visloop.registry import Package
    from visloop.store import Blobs
    from visloop.train import Labelled

_OTHERS: Final = {"detect": answer_boxes, "segment": answer_masks, "regress": answer_numbers}
BATCH: Final = 4
"""Larger batches bought nothing for a network of this size on a CPU."""


class Answered(NamedTuple):
    """Answers to N pictures, and their embeddings, float16 (N, D), where the model gives any."""

    answers: AnyAnswers
    vectors: NDArray[np.float16] | None


def answer(
    package: Package,
    pictures: Sequence[Labelled],
    names: Mapping[str, str],
    blobs: Blobs,
    progress: Progress,
    *,
    threads: int | None = None,
) -> Answered:
    """What the model says of every picture, beside what is true.

    Args:
        package: the model.
        pictures: with what is true of them, for the model's task.
        names: every class name and alias of the data → class name, so that a class which was
            renamed since the model was trained is still the same class. Of classes that were
            merged since, the one that the model is surest of speaks for the merged class: so it is
            judged by what it says in production, where its own best class is its answer.
        blobs: where the pictures' bytes are.
        progress: who watches.
        threads: default: the cores.

    Raises:
        Refused: the model answers nothing that can be judged.
    """
    cores = threads or os.cpu_count() or 1
    predictor = Predictor.load(package.onnx, package.contract, threads=cores)
    seen: list[NDArray[np.float16]] = []

    def place(predictor: Predictor, picture: Labelled) -> Prepared:
        return predictor.place(blobs.get(picture.sample.image))

    def keep(outputs: Outputs) -> None:
        if outputs.embedding is not None:
            seen.append(outputs.embedding.reshape(len(outputs.embedding), -1).astype(np.float16))

    answers = ask(predictor, Question(pictures, names, place, cores, keep), progress)
    return Answered(answers, np.concatenate(seen) if seen else None)


def ask(predictor: Predictor, question: Question, progress: Progress) -> AnyAnswers:
    """What the model says of every picture, however those are made ready for it.

    Raises:
        Refused: the model answers nothing that can be judged.
    """
    asking = _OTHERS.get(predictor.contract.decode.task)
    if asking is None:
        return _probabilities(predictor, question, progress)

    def track(asked: Asked) -> Asked:
        return progress.track(asked, doing="evaluate", unit="image", total=len(question.pictures))

    return asking(question, predictor, track)


def _probabilities(predictor: Predictor, question: Question, progress: Progress) -> Answers:
    """A classifier's answers, by the present names of its classes."""
    pictures = question.pictures
    renamed = [question.names.get(name, name) for name in predictor.contract.classes]
    known = list(dict.fromkeys(renamed))
    of_class = np.array([known.index(name) for name in renamed], np.int64)
    classes = tuple(dict.fromkeys((*known, *sorted({p.label for p in pictures}))))
    place = {name: i for i, name in enumerate(classes)}
    probabilities = np.zeros((len(pictures), len(classes)), np.float32)
    tracked = progress.track(
        _batches(predictor, question),
        doing="evaluate",
        unit="batch",
        total=-(-len(pictures) // BATCH),
    )
    for start, batch in tracked:
        outputs = predictor.run(batch)
        question.keep(outputs)
        found = outputs.probabilities
        if found is None:
            raise Refused("the model gives no class probabilities, so it cannot be evaluated")
        for column, name in enumerate(of_class):
            best = probabilities[start : start + len(batch), name]
            np.maximum(best, found[:, column], out=best)
    return Answers(
        classes=classes,
        known=len(known),
        samples=tuple(p.sample.id for p in pictures),
        paths=tuple(p.sample.path for p in pictures),
        images=tuple(p.sample.image for p in pictures),
        truth=np.array([place[p.label] for p in pictures], np.int64),
        probabilities=probabilities,
    )


def _batches(predictor: Predictor, question: Question) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(first place, float32 (N, C, H, W)); pictures are decoded while the network works."""

    def prepare(picture: Labelled) -> NDArray[np.float32]:
        return question.place(predictor, picture).array

    pictures = question.pictures
    with ThreadPoolExecutor(max_workers=question.cores) as pool:
        ahead = 4 * BATCH * question.cores
        for window in range(0, len(pictures), ahead):
            ready = list(pool.map(prepare, pictures[window : window + ahead]))
            for start in range(0, len(ready), BATCH):
                yield window + start, np.stack(ready[start : start + BATCH])
