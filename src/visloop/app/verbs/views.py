"""Verbs over saved views: questions with a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import data
from visloop import query as asking
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.app.verbs.querying import OF, Query, query

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ViewSave:
    """Give a question a name: ask it again by --view NAME, use it in others as view(NAME).

    A view of that name is replaced. With --at it is about that data set or version, else about
    whatever it is asked of.
    """

    name: str = arg("how it is called")
    text: str = arg("the question")
    of: str = opt(OF, default="")
    at: str = opt("a data set or version: photos, photos@v1:test", default="")


@operation("view.save", permission="data.write")
def view_save(ports: Ports, scope: Scope, ask: ViewSave) -> Rows:
    """The view as it is kept; a question that cannot be asked is not."""
    of = ask.of or "samples"
    any_set = of in handlers.OF_DATA and not ask.at
    if any_set and len(data.datasets(ports.data, scope)) != 1:
        asking.parse(ask.text)
    else:
        query.handler(ports, scope, Query(text=ask.text, of=of, at=ask.at, limit=0))
    view = asking.save_view(ports.ledger, scope, ask.name, ask.text, of=of, at=ask.at)
    return rows_of([view])


@dataclass(frozen=True)
class ViewList:
    """List the saved views: what they list, and their questions."""


@operation("view.list", permission="data.read")
def view_list(ports: Ports, scope: Scope, ask: ViewList) -> Rows:
    """One row a view, by name."""
    del ask
    return rows_of(asking.list_views(ports.ledger, scope))


@dataclass(frozen=True)
class ViewRemove:
    """Forget a saved view; what it found stays as it is."""

    name: str = arg("how it is called")


@operation("view.remove", permission="data.write")
def view_remove(ports: Ports, scope: Scope, ask: ViewRemove) -> Rows:
    """The views that are left."""
    asking.remove_view(ports.ledger, scope, ask.name)
    return rows_of(asking.list_views(ports.ledger, scope))
