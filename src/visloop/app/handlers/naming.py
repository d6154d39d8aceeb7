"""Names are unique in a project across data sets and models, so that a reference has one meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visloop import data, registry
from visloop.errors import Conflict

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


class NameTaken(Conflict):
    """A data set or a model has that name already."""

    code = "name.taken"


def free_for_data(ports: Ports, scope: Scope, name: str) -> str:
    """`name`, when no model has it.

    Raises:
        NameTaken: a model has.
    """
    if any(each.model == name for each in registry.list_models(ports.registry, scope)):
        raise NameTaken(f"{name!r} is a model", fix=f"another name: --to {name}-data")
    return name


def free_for_model(ports: Ports, scope: Scope, name: str) -> str:
    """`name`, when no data set has it.

    Raises:
        NameTaken: a data set has.
    """
    if name in data.names(ports.data, scope):
        raise NameTaken(f"{name!r} is a data set", fix=f"another name: --model {name}-model")
    return name
