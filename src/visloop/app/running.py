"""Running an operation: permission first, then the handler; the same for every face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from visloop import store

if TYPE_CHECKING:
    from visloop.app.operation import Operation
    from visloop.app.ports import Ports
    from visloop.events import Scope

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


def execute(ports: Ports, scope: Scope, operation: Operation[Ask, Answer], ask: Ask) -> Answer:
    """Authorise and run.

    Raises:
        Forbidden: the actor lacks the operation's permission.
        VisloopError: whatever the handler has to say.
    """
    store.authorise(ports.ledger, scope, operation.permission)
    with ports.blobs.upkeep.at_work():
        return operation.handler(ports, scope, ask)


def exit_code_of(operation: Operation[Any, Any], answer: object) -> int:
    """0, or what the operation's answer stands for (3: a gate said no)."""
    return operation.exit_code(answer) if operation.exit_code else 0
