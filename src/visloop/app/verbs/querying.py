"""Verbs that ask: questions over data sets and over what the rooms above keep; what could stand next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from visloop import data
from visloop import query as asking
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

OF: Final = (
    "what is listed: samples (default), objects; runs, models, predictions, deployments, reports, alerts, "
    "tasks, jobs, facts"
)


@dataclass(frozen=True)
class Query:
    """Find samples, objects, runs, models … by anything known: 'box(label = cat and width >= 50)'.

    The language: docs/reference/query.md. Without --at: everything of the only data set, committed
    or not; only samples and objects are of a data set. A question that cannot be understood is
    answered with the place and what was expected.
    """

    text: str = arg("the question; '' is everything", default="")
    of: str = opt(OF, default="")
    at: str = opt("a data set or version: photos, photos@v1:test", default="")
    offset: int = opt("skip so many", default=0)
    limit: int = opt("at most so many, 1000 at once", default=50)
    facets: str = opt("count values of these fields: label,split,folder", default="")
    histograms: str = opt(
        "how numbers and times are spread: width,exif.taken; '*' is those that differ, 12 at most",
        default="",
    )
    view: str = opt("ask a saved view; inside a question: view(NAME)", default="")
    mark: str = opt(
        "tell the places in the answer of those on which this holds as well: 'pick(s0a1…)'",
        default="",
    )


@dataclass(frozen=True)
class QueryAnswer:
    """How many fit, one page of them, and the facets: field, values with counts, `without` a value.

    A row of objects has beside the object its sample's path, id, picture and size (`picture_wh`), and
    the box around it (`around`: x1 y1 x2 y2 in the upright picture, null where it lies nowhere).

    `histograms`: `edges` of bars, `counts` of what was found and of `everything` between each and the
    next, and how many lie `below` and `above` them.

    `ref` is the version that samples and objects are of, empty for anything else; `state` is another
    word as soon as a sample of it is another. `marked` are places like '0-99,105', the first is 0.
    """

    count: int
    ref: str
    of: str
    rows: tuple[dict[str, Any], ...]
    facets: tuple[dict[str, Any], ...]
    state: str = ""
    marked: str = ""
    histograms: tuple[dict[str, Any], ...] = ()


@operation("query", permission="data.read")
def query(ports: Ports, scope: Scope, ask: Query) -> QueryAnswer:
    """One page."""
    page: dict[str, Any] = {
        "offset": ask.offset,
        "limit": ask.limit,
        "facets": _names(ask.facets),
        "histograms": _names(ask.histograms),
    }
    found: data.Answer | asking.Answer
    ref, of, text, at = "", ask.of or "samples", ask.text, ask.at
    more: dict[str, str] = {}
    if ask.view:
        if text:
            raise UsageError(
                "a question and a view", fix=f"ask: 'view({ask.view}) and …', without --view"
            )
        view = asking.find_view(ports.ledger, scope, ask.view)
        of, at = ask.of or view.of, ask.at or view.at
        text = view.text if of == view.of else f"view({view.name})"
    if of in handlers.OF_DATA:
        version, parts = asked_of(ports, scope, at), of == "objects"
        found = data.query(
            ports.data, scope, version, text, of_objects=parts, mark=ask.mark, **page
        )
        ref, more = found.ref, {"state": found.state, "marked": found.marked}
    else:
        found = asking.ask(_relation(ports, scope, of, at), text, **page)
    return QueryAnswer(
        count=found.count,
        ref=ref,
        of=found.of,
        rows=tuple(map(plain, found.rows)),
        facets=tuple(map(vars, found.facets)),
        histograms=tuple(map(vars, found.histograms)),
        **more,
    )


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _relation(ports: Ports, scope: Scope, of: str, at: str) -> asking.Relation:
    if at and of in handlers.RELATIONS:
        raise UsageError(
            f"{of} are not of a data set's version",
            fix=f"leave --at out; where they name one, ask: 'data like \"{at}%\"'",
        )
    return handlers.relation(ports, scope, of)


@dataclass(frozen=True)
class Complete:
    """What could stand next in a question, for shells and pages: 'box(lab'.

    Also says what is wrong with the question so far, and where.
    """

    text: str = arg("the question so far", default="")
    cursor: int | None = opt("the place, in characters; default: the end", default=None)
    of: str = opt(OF, default="")
    at: str = opt("a data set or version: photos, photos@v1:test", default="")


@dataclass(frozen=True)
class Completed:
    """Candidates that could replace the characters from `start` to `end`; `problem` so far."""

    count: int
    start: int
    end: int
    rows: tuple[dict[str, Any], ...]
    problem: str
    fix: str
    problem_start: int
    problem_end: int


@operation("complete", permission="data.read")
def complete(ports: Ports, scope: Scope, ask: Complete) -> Completed:
    """Candidates in the order of the reference page."""
    place = len(ask.text) if ask.cursor is None else ask.cursor
    of = ask.of or "samples"
    if of in handlers.OF_DATA:
        ref, parts = asked_of(ports, scope, ask.at), of == "objects"
        found = data.completed(ports.data, scope, ref, ask.text, place, of_objects=parts)
    else:
        listed = asking.Listed(_relation(ports, scope, of, ask.at))
        found = asking.complete(ask.text, place, listed)
    return Completed(
        count=len(found.candidates),
        start=found.start,
        end=found.end,
        rows=tuple(asdict(each) for each in found.candidates),
        problem=found.problem,
        fix=found.fix,
        problem_start=found.problem_start,
        problem_end=found.problem_end,
    )


def asked_of(ports: Ports, scope: Scope, at: str) -> Ref:
    """The reference; without a version the working state, without a name the only data set.

    Raises:
        UsageError: there is not exactly one data set.
    """
    if at:
        ref = Ref.parse(at)
        return ref if ref.version else Ref(ref.name, "work", ref.split, ref.project)
    names = [each.name for each in data.datasets(ports.data, scope)]
    if len(names) != 1:
        known = ", ".join(names[:8]) or "none; visloop add PATH --to NAME"
        raise UsageError("which data set?", fix=f"--at NAME; there are: {known}")
    return Ref(names[0], "work")


# --- saved views ---------------------------------------------------------------------------------


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
