"""The queue as one person sees it: what is theirs, what is to review, what is disputed, all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec
from sqlalchemy import ColumnElement, Connection, Exists, RowMapping, exists, select

from visloop import data
from visloop.errors import UsageError, did_you_mean
from visloop.label.presence import HERE
from visloop.label.queue import COLUMNS, task_of, with_names
from visloop.label.records import LabelPorts, Task
from visloop.label.tables import answers, editors, tasks
from visloop.label.together.people import (
    ANNOTATOR,
    Answer,
    Rights,
    answer_of,
    people_of,
    rights_of,
)

if TYPE_CHECKING:
    from visloop.events import Scope

View = Literal["mine", "to-review", "disputed", "all"]
VIEWS: Final[tuple[View, ...]] = get_args(View)
_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Shown:
    """A task as one person may see it.

    `people` have it, by name; `answers` are what they said, where who looks may decide about them;
    `mine` is the own answer; `open` says who else has it open now; `control` is True, to those who
    give pictures out, where the right answer was known before.
    """

    task: Task
    people: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    mine: Answer | None = None
    open: tuple[str, ...] = ()
    control: bool = False


def view(
    ports: LabelPorts,
    scope: Scope,
    which: str,
    dataset: str | None = None,
    *,
    limit: int = 50,
    tab: str = "",
    task: str = "",
    person: str = "",
) -> list[Shown]:
    """Tasks of a view, the most urgent first; of `all` the newest; with `task` that one, or none.

    With `person` those that this one was given and has not answered.

    `mine` are those that were given to who looks, then those for anybody that nobody has open.
    `to-review` and `disputed` leave out what they labelled themselves: nobody decides about that.

    Raises:
        UsageError: there is no such view.
    """
    if which not in VIEWS:
        raise UsageError(
            f"there is no view {which!r}",
            fix=did_you_mean(which, VIEWS, otherwise=f"one of: {', '.join(VIEWS)}"),
        )
    rights = rights_of(ports, scope)
    query = select(*COLUMNS, tasks.c.control).where(tasks.c.project == scope.project)
    if dataset is not None:
        query = query.where(tasks.c.dataset == dataset)
    if task:
        query = query.where(tasks.c.id == task)
    if person:
        query = query.where(tasks.c.state == "waiting", _has(f"user:{person}"))
    query = query.where(*_belonging(which, rights))
    query = query.order_by(*_order(which, rights))
    found: list[Shown] = []
    now = ports.ledger.clock.now()
    with ports.ledger.read() as connection:
        for at in range(0, 1 << 40, _AT_ONCE):
            rows = connection.execute(query.offset(at).limit(_AT_ONCE)).mappings().all()
            those = _shown(connection, scope, rows, rights, since=now - HERE, tab=tab)
            found += [each for each in those if which != "mine" or _for_me(each)]
            if len(found) >= limit or len(rows) < _AT_ONCE:
                break
        names = {
            each: data.class_names(connection, ports.data.blobs, scope.project, each)
            for each in {shown.task.dataset for shown in found}
        }
    return [_named(each, names[each.task.dataset]) for each in found[:limit]]


def _belonging(which: str, rights: Rights) -> list[ColumnElement[bool]]:
    having = _having(rights)
    labelled = having.where(answers.c.state == "given")
    uncontrolled = tasks.c.control.is_(None)
    match which:
        case "mine":
            pool = tasks.c.control.is_(None) | tasks.c.rules.is_not(None)
            return [tasks.c.state == "waiting", ~labelled, pool]
        case "to-review":
            return [tasks.c.state == "review", ~labelled, uncontrolled]
        case "disputed":
            return [tasks.c.state == "disputed", ~labelled, uncontrolled]
        case _:
            return [] if rights.manage else [uncontrolled | having]


def _order(which: str, rights: Rights) -> list[ColumnElement[Any]]:
    urgent: list[ColumnElement[Any]] = [tasks.c.priority.desc(), tasks.c.seq.asc()]
    match which:
        case "mine":
            return [_having(rights).desc(), *urgent]
        case "all":
            return [tasks.c.seq.desc()]
        case _:
            return urgent


def _having(rights: Rights) -> Exists:
    """Whether the task was given to who looks."""
    here = (answers.c.project == tasks.c.project) & (answers.c.task == tasks.c.id)
    return exists().where(here, answers.c.actor == rights.actor, answers.c.role == ANNOTATOR)


def _has(actor: str) -> ColumnElement[bool]:
    here = (answers.c.project == tasks.c.project) & (answers.c.task == tasks.c.id)
    ungiven = (answers.c.role == ANNOTATOR, answers.c.state != "given")
    return exists().where(here, answers.c.actor == actor, *ungiven)


def _for_me(shown: Shown) -> bool:
    """Whether the picture is theirs to label, or anybody's, and nobody else has it open."""
    if shown.mine is not None and shown.mine.role == ANNOTATOR:
        return True
    rules = shown.task.rules
    free = rules is None or len(shown.people) < rules.annotators
    return free and not shown.open


def _shown(
    connection: Connection,
    scope: Scope,
    rows: Sequence[RowMapping],
    rights: Rights,
    *,
    since: Any,
    tab: str,
) -> list[Shown]:
    ids = [row["id"] for row in rows]
    said: dict[str, dict[str, Answer]] = {each: {} for each in ids}
    mine = (answers.c.project == scope.project, answers.c.task.in_(ids))
    for row in connection.execute(
        select(answers).where(*mine).order_by(answers.c.actor)
    ).mappings():
        said[row["task"]][row["actor"]] = answer_of(dict(row))
    here = (editors.c.project == scope.project, editors.c.seen >= since, editors.c.tab != tab)
    opened: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(select(editors).where(*here)).mappings():
        opened.setdefault((row["dataset"], row["path"]), []).append(_name(row["actor"]))
    return [
        _one(row, said[row["id"]], opened.get((row["dataset"], row["path"]), []), rights)
        for row in rows
    ]


def _one(row: RowMapping, those: dict[str, Answer], opened: list[str], rights: Rights) -> Shown:
    task = task_of(row)
    decides = rights.review and task.state != "waiting"
    return Shown(
        task=without_hints(task, rights),
        people=tuple(_name(each.actor) for each in people_of(those)),
        answers=tuple(people_of(those, "given")) if decides or rights.manage else (),
        mine=those.get(rights.actor),
        open=tuple(sorted(set(opened))),
        control=rights.manage and row["control"] is not None,
    )


def without_hints(task: Task, rights: Rights) -> Task:
    """The task without what would bias, or tell, those who label blind."""
    if task.rules is None or not task.rules.blind or task.state != "waiting" or rights.manage:
        return task
    candidate = msgspec.structs.replace(task.candidate, annotations=None, split=None, metadata={})
    return msgspec.structs.replace(task, proposed=(), candidate=candidate)


def _name(actor: str) -> str:
    return actor.partition(":")[2]


def _named(shown: Shown, names: Any) -> Shown:
    return replace(shown, task=with_names(shown.task, names))
