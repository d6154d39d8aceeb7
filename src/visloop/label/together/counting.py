"""How many pictures the queue holds for one person, by data set."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, case, exists, func, select, type_coerce

from visloop.label.presence import HERE
from visloop.label.records import LabelPorts, Rules
from visloop.label.tables import answers, editors, tasks
from visloop.label.together.people import ANNOTATOR, rights_of

if TYPE_CHECKING:
    from visloop.events import Scope


@dataclass(frozen=True)
class Yours:
    """As many as the views of who asks hold: `mine`, `to_review`, `to_decide` (disputed).

    `given` of `mine` were given to them; the others are for anybody. The last two are 0 of those who
    may not decide about what others labelled.
    """

    mine: int = 0
    given: int = 0
    to_review: int = 0
    to_decide: int = 0


def yours(ports: LabelPorts, scope: Scope) -> dict[str, Yours]:
    """By data set; those of which there is nothing are absent. See `showing.view`."""
    rights = rights_of(ports, scope)
    now = ports.ledger.clock.now()
    waiting = and_(tasks.c.project == scope.project, tasks.c.state == "waiting")
    found: dict[str, Yours] = defaultdict(Yours)
    with ports.ledger.read() as connection:
        for dataset, n in connection.execute(_given(waiting, rights.actor)):
            found[dataset] = replace(found[dataset], mine=n, given=n)
        pool = connection.execute(_pool(waiting, now - HERE))
        anybodys = [(dataset, n) for dataset, n in pool]
        for dataset, rules, having, n in connection.execute(
            _places(waiting, rights.actor, now - HERE)
        ):
            if having < msgspec.json.decode(rules, type=Rules).annotators:
                anybodys.append((dataset, n))
        for dataset, n in anybodys:
            found[dataset] = replace(found[dataset], mine=found[dataset].mine + n)
        if rights.review:
            for dataset, state, n in connection.execute(_others(scope.project, rights.actor)):
                kind = "to_review" if state == "review" else "to_decide"
                found[dataset] = replace(found[dataset], **{kind: n})
    return dict(found)


def _mine(actor: str) -> ColumnElement[bool]:
    here = and_(answers.c.project == tasks.c.project, answers.c.task == tasks.c.id)
    return and_(here, answers.c.actor == actor, answers.c.role == ANNOTATOR)


def _given(waiting: ColumnElement[bool], actor: str) -> Select[str, int]:
    """Given to them, and not answered."""
    joined = tasks.join(answers, and_(_mine(actor), answers.c.state != "given"))
    counted = select(tasks.c.dataset, func.count()).select_from(joined)
    return counted.where(waiting).group_by(tasks.c.dataset)


def _is_open(since: datetime) -> ColumnElement[bool]:
    here = and_(editors.c.project == tasks.c.project, editors.c.seen >= since)
    return exists().where(
        here, editors.c.dataset == tasks.c.dataset, editors.c.path == tasks.c.path
    )


def _pool(waiting: ColumnElement[bool], since: datetime) -> Select[str, int]:
    """For anybody, given to nobody, and nobody has it open."""
    free = (tasks.c.rules.is_(None), tasks.c.control.is_(None), ~_is_open(since))
    counted = select(tasks.c.dataset, func.count()).where(waiting, *free)
    return counted.group_by(tasks.c.dataset)


def _places(
    waiting: ColumnElement[bool], actor: str, since: datetime
) -> Select[str, str, int, int]:
    """Given out and not theirs: data set, rules, how many have it, how many such pictures."""
    on = and_(answers.c.project == tasks.c.project, answers.c.task == tasks.c.id)
    joined = tasks.outerjoin(answers, and_(on, answers.c.role == ANNOTATOR))
    rules = type_coerce(tasks.c.rules, Text).label("rules")
    each = select(
        tasks.c.dataset,
        rules,
        func.count(answers.c.task).label("having"),
        func.max(case((answers.c.actor == actor, 1), else_=0)).label("theirs"),
    ).select_from(joined)
    out = each.where(waiting, tasks.c.rules.is_not(None), ~_is_open(since))
    those = out.group_by(tasks.c.id, tasks.c.dataset, tasks.c.rules).subquery()
    by = (those.c.dataset, those.c.rules, those.c.having)
    return select(*by, func.count()).where(those.c.theirs == 0).group_by(*by)


def _others(project: str, actor: str) -> Select[str, str, int]:
    """What others labelled, to review or disputed."""
    theirs = exists().where(_mine(actor), answers.c.state == "given")
    those = (tasks.c.state.in_(("review", "disputed")), tasks.c.control.is_(None), ~theirs)
    counted = select(tasks.c.dataset, tasks.c.state, func.count())
    return counted.where(tasks.c.project == project, *those).group_by(
        tasks.c.dataset, tasks.c.state
    )
