"""What the queue holds and answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from visloop.data import Candidate
from visloop.errors import Conflict, NotFound, Refused
from visloop.ids import FORMAT
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
    from visloop.data import DataPorts
    from visloop.store import Ledger

State = Literal["waiting", "review", "disputed", "accepted", "rejected", "skipped"]
STATES: Final[tuple[State, ...]] = get_args(State)


class TaskNotFound(NotFound):
    """The queue has no such task."""

    code = "label.task_not_found"


class NothingProposed(Refused):
    """A task was accepted as it is, and no model has proposed anything for it."""

    code = "label.nothing_proposed"


class OwnWork(Refused):
    """Somebody would look over, or decide on, what they labelled themselves."""

    code = "label.own_work"


class GivenToOthers(Conflict):
    """The picture was given to other people, who have not all answered."""

    code = "label.given_to_others"


class NotWaiting(Conflict):
    """What should be done to a task does not fit where it stands."""

    code = "label.not_waiting"


class TaskCommitted(Conflict):
    """A decision that is in a version already cannot be taken back."""

    code = "label.committed"


Question = Literal["class", "objects"]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture is labelled that was given to people.

    `question` says whether classes are asked for, or objects are drawn; `annotators` so many people
    answer, each without seeing another's answer; where their agreement is at least `bar` their merged
    answer is taken. With `review` somebody else looks before it is. `blind`: nothing is proposed.
    """

    question: Question
    annotators: int = 1
    review: bool = False
    bar: float = 0.0
    blind: bool = False


@dataclass(frozen=True)
class LabelPorts:
    """What the label room needs from outside."""

    ledger: Ledger
    data: DataPorts


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a person should look at, before it is a task.

    `candidate` says what the picture is (its bytes are in the blob store) and, as `annotations`,
    what the model believes. `reasons` are short and start with a word (`uncertain 0.31`,
    `outlier 0.998`, `alarm alert-…`, `random`); the higher `priority`, the sooner it is shown.
    """

    candidate: Candidate
    reasons: tuple[str, ...]
    priority: float = 0.0
    prediction: str | None = None
    model: str | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One picture in the queue, unique by (data set, image, batch).

    `path` is where the sample will be in the data set. `final` is what the person decided, `split`
    where the sample went; `decided_by` an actor (`user:owner`). Where it was given to people by
    `rules`, `batch` says when with which others, and `score` how far they agreed, in [0, 1].
    """

    seq: int
    id: str
    project: str
    dataset: str
    image: str
    path: str
    candidate: Candidate
    proposed: tuple[Annotation, ...]
    reasons: tuple[str, ...]
    priority: float
    state: State
    created: datetime
    prediction: str | None = None
    model: str | None = None
    decided_by: str | None = None
    decided: datetime | None = None
    final: tuple[Annotation, ...] | None = None
    split: str | None = None
    batch: str = ""
    rules: Rules | None = None
    score: float | None = None
    format: int = FORMAT

    @property
    def proposed_label(self) -> str | None:
        """The class that the model believes in most, where the picture as a whole has one."""
        labels = [each for each in self.proposed if isinstance(each, ClassLabel)]
        best = max(labels, key=lambda each: each.score or 0.0, default=None)
        return best.label if best else None


@dataclass(frozen=True)
class Counts:
    """How the queue of a data set stands.

    `review` are labelled and wait for a second look, `disputed` are those of which people disagree;
    `uncommitted` are accepted labels that are staged and in no version yet; `agreed` accepted ones
    that say what the model had proposed.
    """

    waiting: int = 0
    review: int = 0
    disputed: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    uncommitted: int = 0
    agreed: int = 0
