"""Incidents in the ledger: opened, closed, opened again, erased; nothing about one is ever changed.

An incident that asks something else is another one: who wants to weaken a test has to close it, which
takes a permission of its own and a reason, and stays on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from visloop.errors import Corrupt, UsageError
from visloop.evaluate.incidents.records import (
    Expected,
    Incident,
    IncidentConflict,
    IncidentNotFound,
    Origin,
    State,
    Turn,
    digest_of_test,
    plain_row,
)
from visloop.evaluate.tables import incidents
from visloop.store import utc_text

if TYPE_CHECKING:
    from visloop.evaluate.ports import EvaluatePorts
    from visloop.events import Scope
    from visloop.store import Write

_SEE: Final = "see: visloop incident list --state all"


def open_incident(
    ports: EvaluatePorts,
    scope: Scope,
    model: str,
    image: str,
    expected: Expected,
    *,
    origin: Origin | None = None,
    why: str = "",
) -> Incident:
    """Make a permanent test of a picture; the same test again is the one that there is.

    Args:
        ports: where state lives; the picture's bytes are in the store already.
        scope: who says so.
        model: the name of the model, whichever version.
        image: digest of the picture.
        expected: what must be said of it.
        origin: where the failure was seen.
        why: in a person's words.

    Raises:
        IncidentConflict: of this picture something else is expected already; the same test was
            closed; or the picture was erased.
    """
    digest = digest_of_test(model, image, expected)
    with ports.ledger.write(scope) as write:
        first = Turn(state="open", actor=str(scope.actor), time=utc_text(write.now), why=why)
        fresh = Incident(
            seq=0,
            id=f"incident-{digest[:16]}",
            project=scope.project,
            model=model,
            image=image,
            expected=expected,
            origin=origin or Origin(),
            state="open",
            digest=digest,
            opened=write.now,
            actor=str(scope.actor),
            why=why,
            history=(first,),
        )
        known = _known(write.connection, fresh)
        if known is not None:
            return known
        write.execute(insert(incidents), plain_row(fresh))
        write.fact(
            "incident.opened",
            fresh.id,
            model=model,
            digest=digest,
            image=image,
            prediction=fresh.origin.prediction,
        )
        return _get(write.connection, scope.project, fresh.id)


def close_incident(
    ports: EvaluatePorts, scope: Scope, incident: str, why: str, *, erase: bool = False
) -> Incident:
    """No gate asks it any more. `erase`: its picture must go, and may never be a test again.

    Raises:
        IncidentNotFound: there is none.
        IncidentConflict: it is closed, or erased.
        UsageError: no reason is given.
    """
    to: State = "erased" if erase else "closed"
    allowed: tuple[State, ...] = ("open", "closed") if erase else ("open",)
    return _turn(ports, scope, incident, to, why, allowed)


def reopen_incident(ports: EvaluatePorts, scope: Scope, incident: str, why: str) -> Incident:
    """Every gate asks it again.

    Raises:
        IncidentNotFound: there is none.
        IncidentConflict: it is open, its picture is gone, or another one asks about its picture.
        UsageError: no reason is given.
    """
    found = show_incident(ports, scope, incident)
    if found.state == "closed" and not ports.blobs.has(found.image):
        raise IncidentConflict(
            f"the picture of {incident} is not kept any more: closed incidents keep none",
            fix="add it again from a file: visloop incident add --image FILE",
        )
    return _turn(ports, scope, incident, "open", why, ("closed",))


def show_incident(ports: EvaluatePorts, scope: Scope, incident: str) -> Incident:
    """One of them.

    Raises:
        IncidentNotFound: the project has none by that id.
    """
    with ports.ledger.read() as connection:
        return _get(connection, scope.project, incident)


def list_incidents(
    ports: EvaluatePorts,
    scope: Scope,
    *,
    model: str | None = None,
    state: State | None = "open",
    limit: int | None = None,
) -> list[Incident]:
    """Those of the project, the newest first; `state` None: whatever became of them."""
    where: list[ColumnElement[bool]] = [incidents.c.project == scope.project]
    if model is not None:
        where.append(incidents.c.model == model)
    if state is not None:
        where.append(incidents.c.state == state)
    query = select(incidents).where(*where).order_by(incidents.c.seq.desc()).limit(limit)
    with ports.ledger.read() as connection:
        return [_incident(row) for row in connection.execute(query).mappings()]


def _known(connection: Connection, fresh: Incident) -> Incident | None:
    """The same test, if it is open.

    Raises:
        IncidentConflict: something else stands in the way.
    """
    same_picture = (incidents.c.project == fresh.project) & (incidents.c.image == fresh.image)
    rows = connection.execute(select(incidents).where(same_picture)).mappings().all()
    for other in map(_incident, rows):
        if other.state == "erased":
            raise IncidentConflict(
                f"this picture was erased with {other.id}, and may not come back",
                fix="take another picture that shows the same failure",
            )
        if other.id == fresh.id and other.state == "closed":
            raise IncidentConflict(
                f"{other.id} asks this already, and was closed: {other.history[-1].why}",
                fix=f"visloop incident reopen {other.id} --why '…'",
            )
    mine = [each for each in map(_incident, rows) if each.model == fresh.model]
    for other in mine:
        if other.state == "open" and other.id != fresh.id:
            raise IncidentConflict(
                f"{other.id} expects something else of this picture: {other.asks}",
                fix=f"if that is wrong: visloop incident close {other.id} --why '…', and add it again",
            )
    return next((each for each in mine if each.id == fresh.id), None)


def _turn(
    ports: EvaluatePorts,
    scope: Scope,
    incident: str,
    to: State,
    why: str,
    allowed: tuple[State, ...],
) -> Incident:
    if not why.strip():
        raise UsageError("a permanent test changes with a reason only", fix="--why '…'")
    with ports.ledger.write(scope) as write:
        found = _get(write.connection, scope.project, incident)
        if found.state not in allowed:
            raise IncidentConflict(f"{incident} is {found.state}", fix=_SEE)
        if to == "open":
            _known(write.connection, msgspec.structs.replace(found, id=""))
        turn = Turn(state=to, actor=str(scope.actor), time=utc_text(write.now), why=why)
        history = msgspec.to_builtins((*found.history, turn))
        change = update(incidents).where(
            incidents.c.project == scope.project, incidents.c.id == incident
        )
        write.execute(change.values(state=to, history=history))
        _tell(write, found, to)
        return _get(write.connection, scope.project, incident)


def _tell(write: Write, found: Incident, to: State) -> None:
    about = {"model": found.model, "digest": found.digest}
    match to:
        case "open":
            write.fact("incident.reopened", found.id, **about)
        case "closed":
            write.fact("incident.closed", found.id, **about)
        case "erased":
            write.fact("incident.erased", found.id, **about)


def _get(connection: Connection, project: str, incident: str) -> Incident:
    query = select(incidents).where(incidents.c.project == project, incidents.c.id == incident)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise IncidentNotFound(f"there is no incident {incident!r}", fix=_SEE)
    return _incident(row)


def _incident(row: RowMapping) -> Incident:
    try:
        found = msgspec.convert({str(key): value for key, value in row.items()}, Incident)
    except msgspec.ValidationError as error:
        raise Corrupt(f"incident {row['id']} cannot be read: {error}") from error
    if found.seal != found.digest:
        raise Corrupt(
            f"incident {found.id} does not ask what it asked when it was opened",
            fix="somebody wrote into the ledger: visloop verify, and restore it from a backup",
        )
    return found
