"""Who changed what, down to one field of one box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


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
