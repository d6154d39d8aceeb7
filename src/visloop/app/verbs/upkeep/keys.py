"""API keys: who may ask the models that are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import serve
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class KeyAdd:
    """Make an API key for whoever asks served models; prints it, once.

    Who is reached by this machine alone needs none; `serve.keys: required` in visloop.yaml asks for
    one even then. A client sends `Authorization: Bearer KEY` or `X-API-Key: KEY`.
    """

    name: str = arg("who uses it, for example warehouse")
    per_minute: int | None = opt("pictures a minute, in each serving process", default=None)
    per_day: int | None = opt("pictures a day (UTC), in all of them", default=None)
    for_: tuple[str, ...] = opt("deployments that it is for; default: all", name="for", default=())


@dataclass(frozen=True)
class KeyAdded:
    """The key's name, its quotas, and the secret to hand over."""

    name: str
    secret: str
    per_minute: int | None
    per_day: int | None
    deployments: tuple[str, ...]


@operation("key.add", permission="serve.keys")
def key_add(ports: Ports, scope: Scope, ask: KeyAdd) -> KeyAdded:
    """Recorded as a fact; only the secret's digest is kept."""
    key, secret = serve.add_key(
        ports.serve,
        scope,
        ask.name,
        per_minute=ask.per_minute,
        per_day=ask.per_day,
        deployments=ask.for_,
    )
    return KeyAdded(
        name=key.name,
        secret=secret,
        per_minute=key.per_minute,
        per_day=key.per_day,
        deployments=key.deployments,
    )


@dataclass(frozen=True)
class KeyList:
    """List the API keys: quotas, use today, and signs that somebody copies or probes a model."""


@operation("key.list", permission="serve.read")
def key_list(ports: Ports, scope: Scope, ask: KeyList) -> Rows:
    """One row a key, by name."""
    del ask
    return rows_of(serve.list_keys(ports.serve, scope))


@dataclass(frozen=True)
class KeyRemove:
    """End an API key: it is refused within a second."""

    name: str = arg("the key's name")


@dataclass(frozen=True)
class KeyRemoved:
    """Whose key ended."""

    name: str


@operation("key.remove", permission="serve.keys")
def key_remove(ports: Ports, scope: Scope, ask: KeyRemove) -> KeyRemoved:
    """Recorded as a fact; what it asked stays counted."""
    serve.remove_key(ports.serve, scope, ask.name)
    return KeyRemoved(name=ask.name)
