"""Assessments: made once, kept, and loaded when the same is asked again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import and_, insert, select, update

from visloop.errors import Corrupt, NotFound, Refused, UsageError
from visloop.evaluate import tables as t
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.kinds import find_kind, read_settings
from visloop.evaluate.assess.records import Assessment, Assessor, Gathering, Kind
from visloop.evaluate.ports import EvaluatePorts
from visloop.evaluate.resampling import SEED
from visloop.events import Scope
from visloop.ids import Ref, digest_of
from visloop.registry import ModelVersion


class AssessmentNotFound(NotFound):
    """No assessment with that id."""

    code = "evaluate.assessment_not_found"


def make_assessment(
    ports: EvaluatePorts,
    scope: Scope,
    kind_name: str,
    version: ModelVersion,
    ref: Ref | None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = SEED,
    gathering: Gathering | None = None,
    fresh: bool = False,
) -> Assessment:
    """Measure one kind of thing of a model, once.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        kind_name: see `kinds.KINDS`.
        version: the model.
        ref: the labelled pictures; ignored by kinds that look at none.
        settings: what to do otherwise than by default; text is read as the setting's type.
        seed: of everything that is drawn by chance.
        gathering: functions of the kinds that rooms above measure.
        fresh: measure again, even where it is known.

    Raises:
        UsageError: no such kind or setting, or the kind needs data and none was named.
        Refused: uncommitted data, data without a clear truth, or a model of another task.
    """
    kind = find_kind(kind_name)
    told = read_settings(kind, settings or {})
    assessor = kind.assess or (gathering or {}).get(kind.name)
    if assessor is None:
        raise Refused(
            f"{kind.name!r} is measured by a room that was not asked here",
            fix=f"visloop assess {kind.name} {version.ref}",
        )
    case = Case(ports, scope, version, _data_of(kind, ref), told, seed)
    if kind.tasks and case.task not in kind.tasks:
        raise Refused(
            f"{kind.name!r} cannot be measured of {version.ref}: it answers {case.task!r}",
            fix=f"it is of models that answer {', '.join(sorted(kind.tasks))}",
        )
    name = _id_of(kind, case)
    known = None if fresh else _known(ports, scope, name)
    return known or _make(kind, assessor, case, name)


def load_assessment(ports: EvaluatePorts, scope: Scope, name: str) -> Assessment:
    """The assessment of that id.

    Raises:
        AssessmentNotFound: there is none in the project.
    """
    found = _known(ports, scope, name)
    if found is None:
        raise AssessmentNotFound(
            f"there is no assessment {name!r}", fix="make it: visloop assess KIND MODEL"
        )
    return found


def list_assessments(ports: EvaluatePorts, scope: Scope, version: ModelVersion) -> list[Assessment]:
    """All of one model, newest first."""
    table = t.assessments
    query = select(table.c.body).where(
        table.c.project == scope.project, table.c.package == version.package
    )
    with ports.ledger.read() as connection:
        bodies = connection.execute(query.order_by(table.c.seq.desc())).scalars().all()
    return [_read(ports, body) for body in bodies]


def _data_of(kind: Kind, ref: Ref | None) -> Ref | None:
    if not kind.on_data:
        return None
    if ref is None:
        raise UsageError(
            f"{kind.name!r} looks at labelled pictures", fix="name them: --on photos@v1:test"
        )
    return ref


def _id_of(kind: Kind, case: Case[Any]) -> str:
    root, split = "", ""
    if case.ref is not None:
        if not case.snapshot.version.root:
            raise Refused(
                f"{case.ref} is not committed, so an assessment on it could not be repeated",
                fix=f"visloop commit {case.ref.name} -m '…'",
            )
        root, split = case.snapshot.version.root, case.snapshot.split or ""
    settings = msgspec.json.encode(case.settings, order="sorted")
    rules = f"{kind.edition} {case.seed} {kind.here()}"
    parts = (case.scope.project, kind.name, case.version.package, root, split, settings, rules)
    return f"assessment-{digest_of(*parts)[:16]}"


def _known(ports: EvaluatePorts, scope: Scope, name: str) -> Assessment | None:
    table = t.assessments
    query = select(table.c.body).where(table.c.project == scope.project, table.c.id == name)
    with ports.ledger.read() as connection:
        body = connection.execute(query).scalar_one_or_none()
    return None if body is None else _read(ports, body)


def _read(ports: EvaluatePorts, body: str) -> Assessment:
    try:
        return msgspec.json.decode(ports.blobs.get(body), type=Assessment)
    except msgspec.DecodeError as error:
        raise Corrupt(f"a stored assessment cannot be read: {error}") from error


def _make(kind: Kind, assessor: Assessor, case: Case[Any], name: str) -> Assessment:
    started = time.perf_counter()
    outcome = assessor(case)
    ref, root = "", ""
    if case.ref is not None:
        snapshot = case.snapshot
        root = snapshot.version.root
        ref = snapshot.version.ref + (f":{snapshot.split}" if snapshot.split else "")
    made = Assessment(
        id=name,
        kind=kind.name,
        model=case.version.ref,
        package=case.version.package,
        data=ref,
        root=root,
        settings=msgspec.to_builtins(case.settings),
        seed=case.seed,
        outcome=outcome,
        seconds=round(time.perf_counter() - started, 3),
        edition=kind.edition,
    )
    return _save(case, made)


def _save(case: Case[Any], made: Assessment) -> Assessment:
    ports, table = case.ports, t.assessments
    body = ports.blobs.put(msgspec.json.encode(made))
    ports.blobs.flush()
    same = and_(table.c.project == case.scope.project, table.c.id == made.id)
    changing = {"body": body, "figures": msgspec.to_builtins(made.figures)}
    with ports.ledger.write(case.scope) as write:
        when = {"created": write.now, "actor": str(write.scope.actor)}
        if write.execute(select(table.c.id).where(same)).first() is not None:
            write.execute(update(table).where(same).values(**changing, **when))
        else:
            values = {
                "id": made.id,
                "project": case.scope.project,
                "kind": made.kind,
                "model": case.version.model,
                "number": case.version.number,
                "package": made.package,
                "data": made.data,
                "root": made.root,
                "settings": made.settings,
            }
            write.execute(insert(table), {**values, **changing, **when})
        write.fact(
            "model.assessed",
            case.version.ref,
            assessment=made.id,
            what=made.kind,
            data=made.data,
            body=body,
        )
    return made
