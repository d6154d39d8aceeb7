"""Verbs over the class dictionary of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import data
from visloop.app.operation import arg, operation
from visloop.app.rows import Rows, rows_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ClassesList:
    """List the classes of a data set."""

    dataset: str = arg("the data set")


@operation("classes.list", permission="data.read")
def classes_list(ports: Ports, scope: Scope, ask: ClassesList) -> Rows:
    """The dictionary, committed or not."""
    known = data.classes(ports.data, scope, ask.dataset)
    return rows_of(known.entries)


@dataclass(frozen=True)
class ClassesAdd:
    """Add classes to a data set's dictionary."""

    dataset: str = arg("the data set")
    names: tuple[str, ...] = arg("their names")


@operation("classes.add", permission="data.write")
def classes_add(ports: Ports, scope: Scope, ask: ClassesAdd) -> Rows:
    """Staged; commit makes it last."""
    known = data.add_classes(ports.data, scope, ask.dataset, ask.names)
    return rows_of(known.entries)
