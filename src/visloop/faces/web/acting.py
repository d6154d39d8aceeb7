"""Who asks, in which project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop import app

if TYPE_CHECKING:
    from starlette.requests import Request

    from visloop.app import Ports
    from visloop.events import Scope

ACTOR: Final = "visloop.actor"
"""Where the doorkeeper leaves whose token it was."""


def acting(request: Request, ports: Ports) -> Scope:
    """The holder of the request's token, in the project of its header or the configured one.

    Raises:
        ProjectNotFound: no such project.
    """
    project = request.headers.get("x-visloop-project")
    return app.scope_for(project, ports, request.scope[ACTOR])
