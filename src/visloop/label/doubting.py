"""Labels that are doubted: pictures of a data set that somebody should look at once more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop import data
from visloop.ids import sample_id
from visloop.label.asking import candidate_of
from visloop.label.queue import enqueue
from visloop.label.records import LabelPorts, Proposal
from visloop.vision import ClassLabel

if TYPE_CHECKING:
    from visloop.events import Scope

SINCE: Final = "its label has changed since"
MOVED: Final = "it has moved since it came: correct it in the editor"


class Doubted(NamedTuple):
    """A picture by its path, the class that it has, the one that fits, and how believable the first is."""

    path: str
    label: str
    suggested: str
    belief: float


class Doubts(NamedTuple):
    """Ids of the new tasks, how many pictures are or were on the queue already, and why others were left:
    path → reason.
    """

    tasks: tuple[str, ...]
    known: int
    left: dict[str, str]


def doubt(
    ports: LabelPorts, scope: Scope, dataset: str, doubted: Sequence[Doubted], *, author: str
) -> Doubts:
    """Put doubted pictures on the queue, each with the class that fits; the least believable first.

    Accepted, the class of the sample is changed in place; a picture that is as it should be is
    accepted with `--label` as it was, or skipped.

    Args:
        ports: the queue and the data set.
        scope: who asks.
        dataset: where the pictures are.
        doubted: which, and what of them.
        author: who says so, as `assessment:labels`.

    Raises:
        SampleNotFound: the data set has no such picture any more.
    """
    left: dict[str, str] = {}
    proposals: list[Proposal] = []
    with ports.ledger.write(scope) as write:
        for each in doubted:
            sample = data.working_sample(
                ports.data, write.connection, scope.project, dataset, each.path
            )
            said = {a.label for a in sample.annotations if isinstance(a, ClassLabel)}
            if said != {each.label}:
                left[each.path] = SINCE
            elif sample.id != sample_id(dataset, sample.path, sample.image):
                left[each.path] = MOVED
            else:
                proposals.append(_proposal(sample, each, author))
        tasks = enqueue(write, dataset, proposals)
    return Doubts(tuple(tasks), len(proposals) - len(tasks), left)


def _proposal(sample: data.Sample, doubted: Doubted, author: str) -> Proposal:
    label = ClassLabel(
        label=doubted.suggested, author=author, score=1 - doubted.belief, review="proposed"
    )
    candidate = candidate_of(sample, (label,))
    reason = f"doubted {doubted.belief:.3f}: labelled {doubted.label}"
    return Proposal(candidate=candidate, reasons=(reason,), priority=1 - doubted.belief)
