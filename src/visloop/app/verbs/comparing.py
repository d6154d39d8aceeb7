"""What differs between two versions, in figures, in detail, in pictures; and who made it so."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import data, store
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_MOST: Final = 1000


@dataclass(frozen=True)
class Diff:
    """Compare two versions down to one box: photos@v1 photos@v2 (photos@work: not yet committed)."""

    a: str = arg("the older")
    b: str = arg("the newer")
    stat: bool = opt("counts only", default=False)
    kind: data.DiffKind | None = opt("only samples with such a change", default=None)
    label: str | None = opt("only samples with a changed object of this class", default=None)
    most: bool = opt("the most changed first, not by path", default=False)
    offset: int = opt("skip so many", default=0)
    limit: int = opt("tell of so many samples", default=100)
    sides: bool = opt("each sample whole, before and after (with --json)", default=False)
    sheet: str | None = opt(
        "draw the changes, old beside new, into this file: .html or .png", default=None, path=True
    )
    drawn: int = opt("so many samples on the sheet, the most changed first", default=40)


@dataclass(frozen=True)
class DiffAnswer:
    """Counts of what differs, and changes in detail.

    `total` counts the samples that were asked for, `by_class` changed objects of each class.
    """

    samples: dict[str, int]
    objects: dict[str, int]
    classes: tuple[dict[str, Any], ...]
    details: tuple[dict[str, Any], ...]
    truncated: bool
    fields: tuple[dict[str, Any], ...] = ()
    a: str = ""
    b: str = ""
    total: int = 0
    by_class: dict[str, int] = field(default_factory=dict[str, int])
    sheet: str | None = None


@operation("diff", permission="data.read")
def diff(ports: Ports, scope: Scope, ask: Diff) -> DiffAnswer:
    """Walk both trees where they differ."""
    limit = 0 if ask.stat else min(ask.limit, _MOST)
    choice = data.DiffChoice(ask.kind, ask.label, ask.most, ask.offset, limit, ask.sides)
    found = _found(ports, scope, ask, choice)
    if ask.sheet is not None:
        store.authorise(ports.ledger, scope, "data.export")
        data.sheet_ending(Path(ask.sheet))
        limit = min(ask.drawn, _MOST)
        choice = data.DiffChoice(ask.kind, ask.label, most=True, limit=limit, sides=True)
        handlers.draw_sheet(ports, _found(ports, scope, ask, choice), Path(ask.sheet))
    return DiffAnswer(
        samples=asdict(found.samples),
        objects=asdict(found.objects),
        classes=tuple(map(plain, found.classes)),
        details=tuple(map(plain, found.details)),
        truncated=found.truncated and not ask.stat,
        fields=tuple(map(plain, found.fields)),
        a=found.a,
        b=found.b,
        total=found.total,
        by_class=found.by_class,
        sheet=ask.sheet,
    )


def _found(ports: Ports, scope: Scope, ask: Diff, choice: data.DiffChoice) -> data.Diff:
    return data.diff(ports.data, scope, Ref.parse(ask.a), Ref.parse(ask.b), choice=choice)


@dataclass(frozen=True)
class Blame:
    """Say of each field of a sample and its boxes which version set it: who, when, why, which model."""

    ref: str = arg("the data set, or a version of it")
    path: str = arg("the sample's logical path")
    object_: str | None = opt("only this object: its id, or how that begins", default=None)


@operation("blame", permission="data.read")
def blame(ports: Ports, scope: Scope, ask: Blame) -> Rows:
    """One row a field."""
    found = data.blame(ports.data, scope, Ref.parse(ask.ref), ask.path, object_=ask.object_)
    return rows_of(found)
