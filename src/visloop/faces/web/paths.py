"""Which files of this machine somebody who asks over HTTP may name.

A verb that takes a path reads or writes it as the server. The owner of a server that only this
machine can reach may do so anywhere: whoever holds the owner's token can read the workspace's folder,
so it is the same person. Everybody else stays within the workspace's folder and the folders of
`serve.folders`, less what steers it (`.visloop`, `visloop.yaml`, and whatever folder holds these); of a
verb that only reads they name a file where they may export data, for it would be written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import app, config
from visloop.errors import Forbidden
from visloop.events import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.app import Operation, Ports
    from visloop.events import Scope

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_EXPORTS: Final = {"registry.read": "registry.export"}


class PathForbidden(Forbidden):
    """A file of the server that this user may not name over HTTP."""

    code = "web.path_forbidden"


@dataclass(frozen=True)
class Places:
    """Where paths may lead: `folders` and the workspace's own; `here`: only this machine can ask."""

    ports: Ports
    folders: Sequence[Path]
    here: bool

    @classmethod
    def of(cls, ports: Ports, *, here: bool) -> Places:
        """As `visloop.yaml` says; relative folders are the workspace's."""
        named = [Path(each).expanduser() for each in ports.config.serve.folders]
        folders = [(ports.root / each).resolve() for each in named]
        return cls(ports, folders, here and not ports.config.serve.allowed_hosts)

    def check(self, operation: Operation[Any, Any], ask: object, scope: Scope) -> None:
        """Return when every path of the request may be named.

        Raises:
            PathForbidden: one may not.
            Forbidden: of this verb, none may be named by who asks.
        """
        if self.here and scope.actor == OWNER:
            return
        for text, surely in _paths(operation, ask):
            if not (self._allows(text) or (not surely and _is_no_file(text))):
                raise PathForbidden(
                    f"over HTTP {scope.actor} may not name {text!r} on the server",
                    fix="send the files themselves (drop them on the page, or POST /api/v1/push/DATASET),"
                    " or let its folder be named: serve.folders in visloop.yaml",
                )
            if surely and operation.permission.endswith(".read"):
                app.authorise(self.ports, scope, _EXPORTS.get(operation.permission, "data.export"))

    def _allows(self, text: str) -> bool:
        if _URL.match(text) and ".." not in text.split("/"):
            return True
        place, root = _place(text), self.ports.root.resolve()
        if place is None:
            return False
        for each in (root / app.INNER, root / config.FILE_NAME):
            if place.is_relative_to(each) or each.is_relative_to(place):
                return False
        return any(place.is_relative_to(each) for each in (root, *self.folders))


def _is_no_file(text: str) -> bool:
    """Whether what may be a path, or the name of something else, leads to nothing on this machine."""
    if text.startswith(("/", "~")) or ".." in text.split("/"):
        return False
    place = _place(text)
    return place is not None and not place.exists()


def _place(text: str) -> Path | None:
    """Where a path leads, links followed; None: it cannot be told."""
    parts = text.split("/")
    if has_magic(text) and any(each.startswith(".") for each in parts):
        return None  # a pattern finds `.visloop` only where it says a dot
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _paths(operation: Operation[Any, Any], ask: object) -> Iterator[tuple[str, bool]]:
    """Each text of the request that is a path, or (False) may be one; sources may be versions: photos@v3."""
    for each in app.parameters(operation.request):
        value = getattr(ask, each.name) if each.path or each.file else None
        if isinstance(value, str) and value:
            yield value, each.path
        elif isinstance(value, tuple):
            texts = map(str, value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            yield from ((text, each.path) for text in texts if "@" not in text or "/" in text)
