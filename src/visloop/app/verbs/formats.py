"""The verb that says which formats there are, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import data
from visloop.app.operation import operation
from visloop.app.rows import Rows, rows_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Formats:
    """List the formats that `add` reads and `export` writes, and what each of them cannot hold."""


@dataclass(frozen=True)
class FormatLine:
    """One format; of those that are written, what does not come back equal from them."""

    name: str
    title: str
    writes: bool
    lacks: tuple[str, ...]


@operation("formats", permission="data.read")
def formats(ports: Ports, scope: Scope, ask: Formats) -> Rows:
    """In the order in which `auto` asks them."""
    del ports, scope, ask
    return rows_of(_line(each) for each in data.FORMATS.values())


def _line(each: data.Format) -> FormatLine:
    writes = each.write is not None
    return FormatLine(
        name=each.name,
        title=each.title,
        writes=writes,
        lacks=tuple(what for what in data.CARRIED if writes and what not in each.carries),
    )
