"""Who answers, and what they may do beside answering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Connection, insert, select, update

from visloop import store
from visloop.errors import Forbidden
from visloop.ids import FORMAT
from visloop.label.records import GivenToOthers, LabelPorts, OwnWork, Task
from visloop.label.tables import answers
from visloop.vision import Annotation

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Write

ANNOTATOR: Final = "annotator"
REVIEWER: Final = "reviewer"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one person says of one task.

    `role` is annotator, or reviewer for what somebody who decides has drawn so far; `state` is
    `assigned` (a draft, if there are annotations), `given`, or `returned` with a `comment`. `seconds`
    is how long it took, as far as a client measured it.
    """

    project: str
    task: str
    actor: str
    role: str
    state: str
    assigned: datetime
    annotations: tuple[Annotation, ...] | None = None
    labelled: bool = False
    seconds: float = 0.0
    given: datetime | None = None
    comment: str = ""
    returned_by: str = ""
    format: int = FORMAT


@dataclass(frozen=True)
class Rights:
    """Whether somebody may look over what others labelled, and give pictures to people."""

    actor: str
    review: bool
    manage: bool


def rights_of(ports: LabelPorts, scope: Scope) -> Rights:
    """The rights of who acts."""
    role = store.role_of(ports.ledger, scope.actor, scope.project)
    return Rights(
        actor=str(scope.actor),
        review=store.permits(role, "label.review"),
        manage=store.permits(role, "label.manage"),
    )


def answers_of(connection: Connection, project: str, task: str) -> dict[str, Answer]:
    """Everybody's, by who they are, in the order of their names."""
    query = select(answers).where(answers.c.project == project, answers.c.task == task)
    rows = connection.execute(query.order_by(answers.c.actor)).mappings()
    return {row["actor"]: answer_of(dict(row)) for row in rows}


def answer_of(row: dict[str, Any]) -> Answer:
    """A row of the table as the record."""
    return msgspec.convert({str(key): value for key, value in row.items()}, Answer)


def put_answer(write: Write, task: Task, actor: str, **values: Any) -> None:
    """Change somebody's answer, or begin one."""
    mine = (answers.c.project == task.project, answers.c.task == task.id)
    statement = update(answers).where(*mine, answers.c.actor == actor).values(**values)
    if not write.execute(statement).rowcount:
        who = {"project": task.project, "task": task.id, "actor": actor, "assigned": write.now}
        fresh = {"role": ANNOTATOR, "state": "assigned"}
        write.execute(insert(answers).values({**who, **fresh, **values}))


def people_of(those: dict[str, Answer], *states: str) -> list[Answer]:
    """The annotators' answers in these states; without any, all of them."""
    found = [each for each in those.values() if each.role == ANNOTATOR]
    return [each for each in found if each.state in states] if states else found


def check_annotator(task: Task, those: dict[str, Answer], rights: Rights) -> None:
    """Return when who acts may answer.

    Raises:
        GivenToOthers: as many others as are wanted have the picture.
    """
    assert task.rules is not None
    mine = those.get(rights.actor)
    if mine is not None and mine.role == ANNOTATOR:
        return
    having = people_of(those)
    if len(having) >= task.rules.annotators:
        names = ", ".join(each.actor.partition(":")[2] for each in having)
        raise GivenToOthers(
            f"{task.path!r} is given to {names}",
            fix=f"an owner takes it back: visloop label unassign {task.dataset} --task {task.id}",
        )


def check_reviewer(task: Task, those: dict[str, Answer], rights: Rights) -> None:
    """Return when who acts may decide about what others labelled.

    Raises:
        Forbidden: their role does not include it.
        OwnWork: they labelled it themselves.
    """
    mine = those.get(rights.actor)
    if mine is not None and mine.role == ANNOTATOR and mine.annotations is not None:
        raise OwnWork(
            f"{rights.actor} labelled {task.path!r} and may not decide about it",
            fix="somebody else looks over it: visloop user add NAME --role reviewer",
        )
    if not rights.review:
        raise Forbidden(
            f"{rights.actor} may not decide about what others labelled",
            fix="an owner gives a role with 'label.review': visloop user add NAME --role reviewer",
        )
