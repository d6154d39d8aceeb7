"""Saved views: questions with a name, kept per project, asked again or used inside other questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from visloop.errors import NotFound, did_you_mean
from visloop.ids import check_name, digest_of
from visloop.query.tables import saved_views as t

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Ledger


class ViewNotFound(NotFound):
    """No question was saved under that name."""

    code = "query.view_not_found"


@dataclass(frozen=True)
class View:
    """A question with a name; `at` is the data set or version that it is about, if it says one."""

    name: str
    of: str
    text: str
    at: str
    changed: datetime
    actor: str


def save_view(ledger: Ledger, scope: Scope, name: str, text: str, *, of: str, at: str = "") -> View:
    """Give a question a name; a view of that name is replaced. The caller has checked the question.

    Recorded as a fact, `view.saved`, which holds the question's digest and not its words.

    Raises:
        UsageError: not a name.
    """
    check_name(name, "view")
    with ledger.write(scope) as write:
        actor = str(scope.actor)
        view = View(name, of, text, at, write.now, actor)
        row = {"of": of, "text": text, "at": at, "changed": write.now, "actor": actor}
        put = insert(t).values(project=scope.project, name=name, **row)
        write.execute(put.on_conflict_do_update(index_elements=["project", "name"], set_=row))
        write.fact("view.saved", name, of=of, question=digest_of(text))
    return view


def list_views(ledger: Ledger, scope: Scope) -> list[View]:
    """Every view of the project by name."""
    columns = [t.c[name] for name in ("name", "of", "text", "at", "changed", "actor")]
    query = select(*columns).where(t.c.project == scope.project).order_by(t.c.name)
    with ledger.read() as connection:
        return [View(*row) for row in connection.execute(query)]


def known_views(ledger: Ledger, scope: Scope) -> dict[str, tuple[str, str]]:
    """Name of each view of the project → what it lists, and its question; see `Schema`."""
    return {each.name: (each.of, each.text) for each in list_views(ledger, scope)}


def find_view(ledger: Ledger, scope: Scope, name: str) -> View:
    """The view of that name.

    Raises:
        ViewNotFound: there is none.
    """
    every = {each.name: each for each in list_views(ledger, scope)}
    if name not in every:
        raise _not_found(name, every)
    return every[name]


def remove_view(ledger: Ledger, scope: Scope, name: str) -> None:
    """Forget a view; recorded as `view.removed`.

    Raises:
        ViewNotFound: there is none.
    """
    find_view(ledger, scope, name)
    with ledger.write(scope) as write:
        write.execute(delete(t).where(t.c.project == scope.project, t.c.name == name))
        write.fact("view.removed", name)


def _not_found(name: str, every: Mapping[str, View]) -> ViewNotFound:
    return ViewNotFound(
        f"no view is called {name!r}",
        fix=did_you_mean(name, every, otherwise=f"visloop view save {name} 'TEXT'"),
    )
