"""Which pictures say clearly what is true of them, and which of those training may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from visloop.data import ClassDictionary, Sample
from visloop.errors import Refused
from visloop.ids import Ref
from visloop.train.objects import (
    IGNORED,
    NO_LABEL,
    NOT_REVIEWED,
    Labelled,
    boxes_of,
    number_of,
    outlines_of,
)
from visloop.vision import ClassLabel, Task

FROZEN: Final = frozenset({"test"})
TRAINING: Final = "train"
HELD_OUT: Final = ("val", "validation", "valid")

SEVERAL: Final = "several classes"
REPEATED: Final = "same picture again"
CONTRADICTED: Final = "same picture with another class"
IN_TEST: Final = "same picture is in the test split"


class FrozenSplit(Refused):
    """Training was asked to read a split that it must never see."""

    code = "train.frozen_split"


@dataclass(frozen=True)
class Chosen:
    """Pictures with a clear truth, and how many were left out, by reason."""

    pictures: tuple[Labelled, ...]
    left_out: Mapping[str, int]


def class_of(sample: Sample, names: Mapping[str, str]) -> tuple[str, str]:
    """(class, "") where a picture has one clear, accepted class, else ("", why not).

    Args:
        sample: the picture.
        names: every name and alias → class name (`ClassDictionary.lookup`).
    """
    labels = [a for a in sample.annotations if isinstance(a, ClassLabel)]
    if any(a.ignore for a in labels):
        return "", IGNORED
    accepted = {names.get(a.label, a.label) for a in labels if a.review == "accepted"}
    if len(accepted) == 1:
        return accepted.pop(), ""
    if accepted:
        return "", SEVERAL
    return "", NOT_REVIEWED if any(a.review != "rejected" for a in labels) else NO_LABEL


def truth_of(task: Task, sample: Sample, names: Mapping[str, str]) -> Labelled | str:
    """What is true of a picture for a task, or the reason why that is not clear.

    Args:
        task: `classify`, `detect`, `segment` or `regress`.
        sample: the picture.
        names: every name and alias → class name (`ClassDictionary.lookup`).
    """
    match task:
        case "detect":
            return boxes_of(sample, names)
        case "segment":
            return outlines_of(sample, names)
        case "regress":
            return number_of(sample)
        case _:
            label, why_not = class_of(sample, names)
            return why_not or Labelled(sample, label)


def choose(samples: Iterable[Sample], classes: ClassDictionary, task: Task = "classify") -> Chosen:
    """Pictures with a clear truth for the task, in the order given."""
    names = classes.lookup()
    left_out: Counter[str] = Counter()
    pictures: list[Labelled] = []
    for sample in samples:
        found = truth_of(task, sample, names)
        if isinstance(found, str):
            left_out[found] += 1
        else:
            pictures.append(found)
    return Chosen(tuple(pictures), dict(sorted(left_out.items())))


def choose_for_training(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    forbidden: Mapping[str, str],
    task: Task = "classify",
) -> Chosen:
    """As `choose`, each picture once, without those of `forbidden`, ordered by image digest.

    The order depends on the pictures alone, so that renaming files does not change the model.

    Args:
        samples: of the split that is trained on.
        classes: the data version's dictionary.
        forbidden: image digest → why it may not be learnt from.
        task: what is to be learnt.
    """
    found = choose(samples, classes, task)
    left_out = Counter(found.left_out)
    by_image: dict[str, list[Labelled]] = {}
    for picture in found.pictures:
        if (why_not := forbidden.get(picture.sample.image)) is not None:
            left_out[why_not] += 1
        else:
            by_image.setdefault(picture.sample.image, []).append(picture)
    pictures: list[Labelled] = []
    for image in sorted(by_image):
        same = by_image[image]
        if len({p.said for p in same}) > 1:
            left_out[CONTRADICTED] += len(same)
            continue
        pictures.append(min(same, key=lambda p: p.sample.id))
        left_out[REPEATED] += len(same) - 1
    return Chosen(tuple(pictures), {k: v for k, v in sorted(left_out.items()) if v})


def held_out_split(split: str | None, splits: Mapping[str, int]) -> str | None:
    """The split whose pictures measure a training on `split`, where the version has one."""
    named = (name for name in HELD_OUT if splits.get(name) and name != split)
    return next(named, None) if split == TRAINING else None


def training_split(ref: Ref, splits: Mapping[str, int]) -> str | None:
    """The split that training reads: the one asked for, `train`, or everything where there is none.

    Args:
        ref: what was asked for.
        splits: name → pictures, of the version.

    Raises:
        FrozenSplit: a test split was asked for.
        Refused: the version has splits but none to train on, or not the one asked for.
    """
    bare = Ref(ref.name, ref.version, project=ref.project)
    if ref.split in FROZEN:
        raise FrozenSplit(
            f"{ref} is kept for testing: training never reads it",
            fix=f"train on {bare}:{TRAINING}",
        )
    if ref.split is not None and not splits.get(ref.split):
        known = ", ".join(sorted(s for s in splits if s)) or "none"
        raise Refused(f"{bare} has no split {ref.split!r}", fix=f"its splits: {known}")
    named = {name for name, count in splits.items() if name and count}
    if ref.split is not None or not named:
        return ref.split
    if TRAINING not in named:
        raise Refused(
            f"{bare} has splits ({', '.join(sorted(named))}) but none called {TRAINING!r}",
            fix=f"visloop split {ref.name} …   (or name one: {bare}:{min(named - FROZEN, default=TRAINING)})",
        )
    return TRAINING
