"""Verbs that give pictures to people, and take them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError
from visloop.events import Actor

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class LabelAssign:
    """Give pictures to people: those of a question, of paths, or those that wait for anybody.

    In turn, or by shares (--to ana=2 --to ben); without --to whoever comes first has them. With
    --annotators 2 each picture goes to two people who do not see each other's answers: where they
    agree their merged answer is taken, else it is disputed and somebody else decides. With --review
    somebody else looks at each. With --controls some pictures whose labels are known look like the
    others and measure who labels. Again gives out only what nobody has.
    """

    dataset: str = arg("the data set")
    question: str = arg("which of its pictures; '' is all", default="")
    to: tuple[str, ...] = opt("who labels, or who=share; again for more", default=())
    path: tuple[str, ...] = opt("these pictures; again for more", default=())
    queued: bool = opt("those that wait on the queue for anybody", default=False)
    limit: int = opt("at most so many (0: all)", default=0)
    ask: str | None = opt(
        "class or objects; default: objects where any picture has one", default=None
    )
    annotators: int = opt("so many people for each picture", default=1)
    bar: float | None = opt(
        "agreement from which on the merged answer is taken; default: 0.6 for classes, 0.8 for objects",
        default=None,
    )
    review: bool = opt("somebody else looks before a label is taken", default=False)
    blind: bool = opt(
        "propose nothing (always so of several people, or with controls)", default=False
    )
    controls: float = opt("share of what each sees whose labels are known, up to 0.5", default=0.0)
    reason: tuple[str, ...] = opt("why: shown to who labels; again for more", default=())
    seed: int = opt("another seed draws other controls", default=0)
    dry_run: bool = opt("only say what would be given to whom", default=False)


@dataclass(frozen=True)
class LabelAssigned:
    """How many tasks, how many of them controls, how many each person has, and what was left and why."""

    batch: str
    count: int
    controls: int
    question: str
    annotators: int
    bar: float
    people: dict[str, int]
    left: dict[str, str]


@operation("label.assign", permission="label.manage")
def label_assign(ports: Ports, scope: Scope, ask: LabelAssign) -> LabelAssigned:
    """One transaction: all of it or nothing."""
    if ask.queued and (ask.question or ask.path or ask.controls):
        raise UsageError(
            "what waits for anybody is asked by no question, and has no controls",
            fix="--queued alone, or a question without it",
        )
    samples = (
        []
        if ask.queued
        else handlers.samples_asked(ports, scope, ask.dataset, ask.question, ask.path, ask.limit)
    )
    question = handlers.question_of(samples, ask.ask)
    known = handlers.controls_among(
        ports,
        scope,
        ask.dataset,
        {each.image for each in samples},
        question,
        share=ask.controls,
        seed=ask.seed,
    )
    bar = label.BARS[question] if ask.bar is None else ask.bar
    rules = label.Rules(
        question=question,
        annotators=ask.annotators,
        review=ask.review,
        bar=bar,
        blind=ask.blind or ask.annotators > 1 or bool(known),
    )
    wanted = label.Wanted(
        to=handlers.people_named(ports, scope, ask.to),
        rules=rules,
        reasons=ask.reason or ((f"asked: {ask.question}",) if ask.question else ("given out",)),
        seed=ask.seed,
    )
    done = (
        label.assign_queued(
            ports.label, scope, ask.dataset, wanted, limit=ask.limit, dry=ask.dry_run
        )
        if ask.queued
        else label.assign(
            ports.label, scope, ask.dataset, samples, wanted, controls=known, dry=ask.dry_run
        )
    )
    return LabelAssigned(
        batch=done.batch,
        count=len(done.tasks),
        controls=done.controls,
        question=question,
        annotators=ask.annotators,
        bar=bar,
        people={name.partition(":")[2]: n for name, n in done.people.items()},
        left=done.left,
    )


@dataclass(frozen=True)
class LabelUnassign:
    """Take pictures back from people who have not answered; anybody may label them then.

    With --to somebody else has them instead. They can also be given out anew: visloop label assign.
    """

    dataset: str = arg("the data set")
    person: str = opt("only from this one", default="")
    task: str = opt("only this one", default="")
    to: str = opt("who has what this person had", default="")


@dataclass(frozen=True)
class LabelUnassigned:
    """How many pictures were taken back."""

    count: int


@operation("label.unassign", permission="label.manage")
def label_unassign(ports: Ports, scope: Scope, ask: LabelUnassign) -> LabelUnassigned:
    """Answers that were given stay."""
    who = str(Actor("user", ask.person)) if ask.person else ""
    to = next(iter(handlers.people_named(ports, scope, (ask.to,))), "") if ask.to else ""
    gone = label.unassign(ports.label, scope, ask.dataset, person=who, task=ask.task, to=to)
    return LabelUnassigned(gone)


@dataclass(frozen=True)
class LabelBack:
    """Send a picture back to those who labelled it, with a comment."""

    task: str = arg("its id")
    comment: str = opt("what is wrong")
    key: str = opt(
        "a name of your own for this deed: sent again under it, it is done once", default=""
    )


@operation("label.back", permission="label.review")
def label_back(ports: Ports, scope: Scope, ask: LabelBack) -> Rows:
    """They see the comment with the picture."""
    return rows_of([label.back(ports.label, scope, ask.task, ask.comment, key=ask.key)])


@dataclass(frozen=True)
class LabelQueue:
    """Show the queue as you have it: yours, what is to review, what is disputed, or all.

    `all --person ana` is what ana has and has not answered.
    """

    view: str = arg("mine, to-review, disputed or all", default="mine")
    dataset: str | None = opt("only for this data set", default=None)
    limit: int = opt("at most so many", default=50)
    tab: str = opt("which of your windows asks; what others have open is left out", default="")
    task: str = opt("only this one", default="")
    person: str = opt("only what this person has, and has not answered", default="")


@operation("label.queue", permission="label.read")
def label_queue(ports: Ports, scope: Scope, ask: LabelQueue) -> Rows:
    """One row a task."""
    how = {"tab": ask.tab, "task": ask.task, "person": ask.person}
    found = label.view(ports.label, scope, ask.view, ask.dataset, limit=ask.limit, **how)
    return rows_of(_row(each) for each in found)


def _row(shown: label.Shown) -> dict[str, object]:
    beside = {key: value for key, value in vars(shown).items() if key != "task"}
    return plain(shown.task) | plain(beside)
