"""Pictures given to people: shared out, mixed with some whose labels are known, taken back."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, exists, insert, or_, select, update

from visloop import data
from visloop.errors import UsageError
from visloop.ids import new_id
from visloop.label.asking import candidate_of
from visloop.label.queue import COLUMNS, task_of
from visloop.label.records import LabelPorts, Rules, Task
from visloop.label.tables import answers, tasks
from visloop.label.together.answering import Base
from visloop.label.together.people import ANNOTATOR
from visloop.vision import ClassLabel, NumberValue

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Write

BARS: Final = {"class": 0.6, "objects": 0.8}
"""Agreement from which on a merged answer is taken, where none is said."""
OPEN: Final = ("waiting", "review", "disputed")
BUSY: Final = "somebody is labelling it already"
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Wanted:
    """Who labels, and how: `to` is person (`user:ana`) → share; nobody: whoever comes first."""

    to: Mapping[str, float]
    rules: Rules
    reasons: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True)
class Assigned:
    """What was given out: new or adopted tasks, how many are controls, tasks by person, what was left."""

    batch: str
    tasks: tuple[str, ...]
    controls: int
    people: dict[str, int]
    left: dict[str, str] = field(default_factory=dict[str, str])


def assign(
    ports: LabelPorts,
    scope: Scope,
    dataset: str,
    samples: Sequence[data.Sample],
    wanted: Wanted,
    *,
    controls: Sequence[data.Sample] = (),
    dry: bool = False,
) -> Assigned:
    """Give pictures of a data set to people, each to as many as the rules want.

    A picture that waits for anybody is adopted; one that somebody is labelling is left. Controls look
    like the others, in random places among them, and never change the data. `dry`: only says what
    would be.

    Raises:
        UsageError: there are fewer people than each picture wants.
    """
    check_people(wanted)
    batch = new_id("batch")
    left = _twice(samples)
    samples = [each for each in samples if each.path not in left]
    with ports.ledger.write(scope) as write:
        known = _open(write, dataset, [each.image for each in samples])
        busy = _busy(write, known.values())
        left |= {s.path: BUSY for s in samples if s.image in known and known[s.image].id in busy}
        fresh = [s for s in samples if s.image not in known]
        rows = [_row(write, dataset, s, wanted, batch) for s in fresh]
        mixed = _mixed(rows, [_control(write, dataset, s, wanted, batch) for s in controls], wanted)
        if mixed:
            write.execute(insert(tasks), mixed)
        again = (known[s.image] for s in samples if s.image in known)
        waiting = [each for each in again if each.id not in busy]
        _adopt(write, waiting, wanted, batch)
        made = [each.id for each in waiting] + [row["id"] for row in mixed]
        people = _share_out(write, dataset, batch, made, wanted)
        done = Assigned(batch, tuple(made), len(controls), people, left)
        return _left_undone(write, done) if dry else done


def assign_queued(
    ports: LabelPorts,
    scope: Scope,
    dataset: str,
    wanted: Wanted,
    *,
    limit: int,
    dry: bool = False,
) -> Assigned:
    """Give to people what waits on the queue for anybody, the most urgent first."""
    check_people(wanted)
    batch = new_id("batch")
    here = (tasks.c.project == scope.project, tasks.c.dataset == dataset)
    having = exists().where(answers.c.project == scope.project, answers.c.task == tasks.c.id)
    free = ~having.where(answers.c.role == ANNOTATOR)
    anybody = (tasks.c.state == "waiting", tasks.c.control.is_(None), free)
    urgent = select(*COLUMNS).where(*here, *anybody).order_by(tasks.c.priority.desc(), tasks.c.seq)
    with ports.ledger.write(scope) as write:
        rows = write.execute(urgent.limit(limit or None)).mappings()
        waiting = [task_of(row) for row in rows]
        _adopt(write, waiting, wanted, batch)
        made = [each.id for each in waiting]
        people = _share_out(write, dataset, batch, made, wanted)
        done = Assigned(batch, tuple(made), 0, people)
        return _left_undone(write, done) if dry else done


def given_out(ports: LabelPorts, scope: Scope, dataset: str) -> frozenset[str]:
    """Digests of the pictures that somebody has, or that wait for a decision: they are left."""
    here = (tasks.c.project == scope.project, tasks.c.dataset == dataset)
    open_ = (tasks.c.state.in_(OPEN), tasks.c.control.is_(None), tasks.c.rules.is_not(None))
    theirs = exists().where(answers.c.project == tasks.c.project, answers.c.task == tasks.c.id)
    had = or_(tasks.c.state != "waiting", theirs.where(answers.c.role == ANNOTATOR))
    with ports.ledger.read() as connection:
        return frozenset(connection.scalars(select(tasks.c.image).where(*here, *open_, had)))


def _left_undone(write: Write, done: Assigned) -> Assigned:
    """What would be, with nothing of it in the ledger."""
    write.connection.rollback()
    return replace(done, batch="")


def check_people(wanted: Wanted) -> None:
    """Return when there are enough people."""
    n = wanted.rules.annotators
    if n < 1 or (wanted.to and len(wanted.to) < n):
        raise UsageError(
            f"{n} people are to label each picture, and {len(wanted.to)} are named",
            fix="name more: --to ana --to ben",
        )
    if any(share <= 0 for share in wanted.to.values()):
        raise UsageError("a share is more than 0", fix="--to ana=2 --to ben=1")


def unassign(
    ports: LabelPorts,
    scope: Scope,
    dataset: str,
    *,
    person: str = "",
    task: str = "",
    to: str = "",
) -> int:
    """Take pictures back from people who have not answered; anybody may have them then. How many.

    With `to` this person has them instead, but for those that they have already. What was drawn and
    not given in is forgotten.

    Raises:
        UsageError: `to` without `person`.
    """
    if to and not person:
        raise UsageError("from whom?", fix="--person ana --to ben")
    mine = (tasks.c.project == scope.project, tasks.c.dataset == dataset)
    open_ = select(tasks.c.id).where(*mine, tasks.c.state == "waiting", tasks.c.rules.is_not(None))
    if task:
        open_ = open_.where(tasks.c.id == task)
    ungiven = [answers.c.project == scope.project, answers.c.task.in_(open_)]
    ungiven += [answers.c.state != "given", answers.c.role == ANNOTATOR]
    if person:
        ungiven.append(answers.c.actor == person)
    with ports.ledger.write(scope) as write:
        if to:
            theirs = select(answers.c.task).where(answers.c.project == scope.project)
            ungiven.append(answers.c.task.not_in(theirs.where(answers.c.actor == to)))
            fresh = {"state": "assigned", "annotations": None, "labelled": False, "seconds": 0.0}
            change = update(answers).values(actor=to, assigned=write.now, given=None, **fresh)
        else:
            change = delete(answers)
        gone = write.execute(change.where(*ungiven)).rowcount
        if gone:
            write.fact("label.unassigned", dataset, person=person, pictures=gone, to=to)
    return gone


def _twice(samples: Sequence[data.Sample]) -> dict[str, str]:
    """Samples whose very bytes stand under another path before them: path → why they are left."""
    first: dict[str, str] = {}
    for each in samples:
        first.setdefault(each.image, each.path)
    return {
        s.path: f"the same picture as {first[s.image]}" for s in samples if first[s.image] != s.path
    }


def _open(write: Write, dataset: str, images: Sequence[str]) -> dict[str, Task]:
    """Tasks of these pictures that nobody has decided, the newest of each; no controls."""
    here = (tasks.c.project == write.scope.project, tasks.c.dataset == dataset)
    open_ = (tasks.c.state.in_(OPEN), tasks.c.control.is_(None))
    found: dict[str, Task] = {}
    for at in range(0, len(images), _AT_ONCE):
        some = tasks.c.image.in_(images[at : at + _AT_ONCE])
        query = select(*COLUMNS).where(*here, *open_, some).order_by(tasks.c.seq)
        for row in write.execute(query).mappings():
            found[row["image"]] = task_of(row)
    return found


def _busy(write: Write, open_: Iterable[Task]) -> set[str]:
    """Ids of those that somebody has, or that are past waiting: they are labelled already."""
    given = [each for each in open_ if each.rules is not None]
    busy = {each.id for each in given if each.state != "waiting"}
    ids = [each.id for each in given]
    for at in range(0, len(ids), _AT_ONCE):
        some = answers.c.task.in_(ids[at : at + _AT_ONCE])
        query = select(answers.c.task).where(answers.c.project == write.scope.project, some)
        busy.update(write.connection.scalars(query.where(answers.c.role == ANNOTATOR)))
    return busy


def _adopt(write: Write, waiting: Iterable[Task], wanted: Wanted, batch: str) -> None:
    for each in waiting:
        reasons = (*each.reasons, *(r for r in wanted.reasons if r not in each.reasons))
        values = {"rules": wanted.rules, "batch": batch, "reasons": reasons}
        write.execute(update(tasks).where(tasks.c.id == each.id).values(**values))


def _row(
    write: Write, dataset: str, sample: data.Sample, wanted: Wanted, batch: str
) -> dict[str, Any]:
    return {
        "id": new_id("task"),
        "project": write.scope.project,
        "dataset": dataset,
        "image": sample.image,
        "path": sample.path,
        "candidate": candidate_of(sample, ()),
        "proposed": () if wanted.rules.blind else sample.annotations,
        "reasons": wanted.reasons,
        "priority": 0.0,
        "state": "waiting",
        "created": write.now,
        "batch": batch,
        "rules": wanted.rules,
        "base": Base(sample.annotations, sample.labelled),
        "control": None,
    }


def _control(
    write: Write, dataset: str, sample: data.Sample, wanted: Wanted, batch: str
) -> dict[str, Any]:
    row = _row(write, dataset, sample, wanted, batch)
    whole = (ClassLabel,) if wanted.rules.question == "class" else ()
    truth = [each for each in sample.annotations if isinstance(each, whole)]
    if not whole:
        truth = [e for e in sample.annotations if not isinstance(e, ClassLabel | NumberValue)]
    return row | {"proposed": (), "base": None, "control": truth}


def _mixed(
    rows: list[dict[str, Any]], controls: list[dict[str, Any]], wanted: Wanted
) -> list[dict[str, Any]]:
    drawn = random.Random(wanted.seed)
    mixed = list(rows)
    for each in controls:
        mixed.insert(drawn.randint(0, len(mixed)), each)
    return mixed


def _share_out(
    write: Write, dataset: str, batch: str, made: Sequence[str], wanted: Wanted
) -> dict[str, int]:
    """Who gets how many: each picture to those who are farthest below their share, in turn."""
    having = dict.fromkeys(sorted(wanted.to), 0)
    rows: list[dict[str, Any]] = []
    for each in made:
        least = sorted(having, key=lambda who: ((having[who] + 1) / wanted.to[who], who))
        for who in least[: wanted.rules.annotators]:
            having[who] += 1
            mine = {"project": write.scope.project, "task": each, "actor": who}
            rows.append({**mine, "role": ANNOTATOR, "state": "assigned", "assigned": write.now})
    if rows:
        write.execute(insert(answers), rows)
    if made:
        how = {"tasks": list(made), "people": having, "annotators": wanted.rules.annotators}
        write.fact("label.assigned", dataset, batch=batch, **how)
    return having
