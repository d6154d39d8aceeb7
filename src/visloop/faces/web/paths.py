"""Which files of this machine somebody who asks over HTTP may name.

A verb that takes a path reads or writes it as the server. The owner of a server that only this
machine can reach may do so anywhere: whoever holds the owner's token can read the workspace's folder,
so it is the same person. Everybody else stays within the workspace's folder, less what steers it
(`.visloop`, `visloop.yaml`), and the folders of `serve.folders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import app, config
from visloop.errors import Forbidden
from visloop.events import OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.app import Operation, Ports
    from visloop.events import Actor


class PathForbidden(Forbidden):
    """A file of the server that this user may not name over HTTP."""

    code = "web.path_forbidden"


@dataclass(frozen=True)
class Places:
    """Where paths may lead: `folders` and the workspace's own; `here`: only this machine can ask."""

    root: Path
    folders: Sequence[Path]
    here: bool

    @classmethod
    def of(cls, ports: Ports, *, here: bool) -> Places:
        """As `visloop.yaml` says; relative folders are the workspace's."""
        named = [Path(each).expanduser() for each in ports.config.serve.folders]
        folders = [(ports.root / each).resolve() for each in named]
        return cls(ports.root.resolve(), folders, here and not ports.config.serve.allowed_hosts)

    def check(self, operation: Operation[Any, Any], ask: object, actor: Actor) -> None:
        """Return when every path of the request may be named.

        Raises:
            PathForbidden: one may not.
        """
        if self.here and actor == OWNER:
            return
        for text in _paths(operation, ask):
            if not self._allows(text):
                raise PathForbidden(
                    f"over HTTP {actor} may not name {text!r} on the server",
                    fix="send the files themselves (drop them on the page, or POST /api/v1/push/DATASET),"
                    " or let its folder be named: serve.folders in visloop.yaml",
                )

    def _allows(self, text: str) -> bool:
        if "://" in text or ("@" in text and "/" not in text):  # a URL; a version, photos@v3
            return True
        place = Path(text).expanduser().resolve()
        if any(place.is_relative_to(each) for each in self.folders):
            return True
        own = place.is_relative_to(self.root)
        steering = (self.root / app.INNER, self.root / config.FILE_NAME)
        return own and not any(place.is_relative_to(each) for each in steering)


def _paths(operation: Operation[Any, Any], ask: object) -> Iterator[str]:
    for each in app.parameters(operation.request):
        value = getattr(ask, each.name) if each.path else None
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from map(str, value)  # pyright: ignore[reportUnknownArgumentType]
