"""Who has a picture open right now. Telemetry: it may be lost, and is nobody's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, insert, select, update

from visloop.label.records import LabelPorts
from visloop.label.tables import editors

if TYPE_CHECKING:
    from visloop.events import Scope

HERE: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Editor:
    """Somebody who has the same picture open: in `tab`, seen `seconds` ago."""

    actor: str
    tab: str
    seconds: float


def present(
    ports: LabelPorts, scope: Scope, dataset: str, path: str, *, tab: str = ""
) -> tuple[Editor, ...]:
    """Who else has the picture open; `tab` says that it is open there too.

    Seen within the last half minute counts; a tab has one picture open.
    """
    here = editors.c
    mine = and_(here.project == scope.project, here.tab == tab)
    with ports.ledger.write(scope) as write:
        gone = write.now - HERE
        if tab:
            write.execute(delete(editors).where(here.project == scope.project, here.seen < gone))
            values = {"dataset": dataset, "path": path, "seen": write.now}
            known = write.execute(update(editors).where(mine).values(values))
            if not known.rowcount:
                who = {"project": scope.project, "tab": tab, "actor": str(scope.actor)}
                write.execute(insert(editors).values({**values, **who}))
        query = select(here.actor, here.tab, here.seen).where(
            here.project == scope.project,
            here.dataset == dataset,
            here.path == path,
            here.tab != tab,
            here.seen >= gone,
        )
        rows = write.connection.execute(query.order_by(here.tab)).all()
        return tuple(
            Editor(actor, other, (write.now - seen).total_seconds()) for actor, other, seen in rows
        )
