"""Putting models away, and back into use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import registry, serve
from visloop.app.operation import arg, operation, opt
from visloop.errors import Conflict
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ModelArchive:
    """Put a model version away: it stays with all its evidence, and cannot be promoted or deployed."""

    ref: str = arg("for example reader@v1")
    undo: bool = opt("take it back into use", default=False)


@dataclass(frozen=True)
class Shelved:
    """The model version and its stage now: `Archived`, or what it is in use."""

    model: str
    stage: str


@operation("model.archive", permission="registry.promote")
def model_archive(ports: Ports, scope: Scope, ask: ModelArchive) -> Shelved:
    """Recorded as a fact; never one that serves, or that an alias points at."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    serving = [
        each.name
        for each in serve.deployments(ports.serve, scope)
        if each.model == version.ref and each.state == "live"
    ]
    if serving and not ask.undo:
        raise Conflict(
            f"{version.ref} serves as {', '.join(serving)}",
            fix=f"another one first: visloop deploy {version.model}@v… --as {serving[0]}",
        )
    done = registry.archive(ports.registry, scope, version, undo=ask.undo)
    return Shelved(model=done.ref, stage=registry.show(ports.registry, scope, done).version.stage)
