"""A workspace on disk: made once, opened by any process, found from any folder inside it.

cards/
visloop.yaml       what people write
.visloop/
format           1
ledger.db        facts, state, telemetry
blobs/           bytes by digest
spool/           the last served pictures, bounded
cache/           may be deleted at any time
token            who may use the API (readable by the owner alone)
pseudonyms.key   makes the pseudonyms of DICOM's identifiers (the same)
signing.key      signs exported models (the same); made when it is first needed
"""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import config as configuration
from visloop import data, query, registry, store
from visloop.app import schema
from visloop.app.ports import Ports
from visloop.errors import Conflict, NotFound, UsageError, did_you_mean
from visloop.events import OWNER, Actor, Scope
from visloop.ids import DEFAULT_PROJECT, FORMAT, check_name
from visloop.progress import Progress, Silent

if TYPE_CHECKING:
    from visloop.events import Clock

INNER = ".visloop"
_MIB = 2**20
_STARTER = """\
# What this workspace is and does; every section is optional. Reference: docs/reference/visloop-yaml.md
format: 1

# gate:                       # what a new model must show before it may be promoted
#   checks:
#     - {metric: accuracy, at_least: 0.9}
#   better_than_champion: not_worse
#   margin: 0.02
#   approval: false           # true: a person must approve as well

# monitor: {window: 50, alpha: 0.01}
# capture: {below_confidence: 0.4, daily_limit: 500}

# loop:                       # when production's mistakes become the next model
#   dataset: cards
#   deployment: desk
#   model: reader
#   labels: 100
"""


class WorkspaceNotFound(NotFound):
    """No workspace here or in any folder above."""

    code = "workspace.not_found"


class ProjectNotFound(NotFound):
    """Nothing ever happened in a project of that name."""

    code = "workspace.project_not_found"


class WorkspaceFormat(Conflict):
    """The workspace was written by another version of Visloop."""

    code = "workspace.format"


def find(start: Path) -> Path:
    """The workspace that holds `start`: the nearest folder with a `.visloop`, going up.

    Raises:
        WorkspaceNotFound: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / INNER).is_dir():
            return folder
    raise WorkspaceNotFound(
        f"no workspace at {start} or above",
        fix="visloop init .   (or name one: --workspace DIR)",
    )


def create(root: Path, *, clock: Clock | None = None) -> bool:
    """Make a workspace in `root`; again on an existing one changes nothing.

    Returns:
        True when it was made now, False when it was there already.

    Raises:
        UsageError: `root` is a file.
    """
    root = root.resolve()
    if root.is_file():
        raise UsageError(f"{root} is a file", fix="name a folder")
    inner = root / INNER
    root.mkdir(parents=True, exist_ok=True)
    inner.mkdir(mode=0o700, exist_ok=True)
    with _locked(inner / "lock"):
        fresh = not (inner / "format").exists()
        if not (root / configuration.FILE_NAME).exists():
            _write_once(root / configuration.FILE_NAME, _STARTER, mode=0o644)
        if not (inner / "token").exists():
            _write_once(inner / "token", secrets.token_urlsafe(32), mode=0o600)
        _prepare_ledger(inner, clock or store.SystemClock())
        if fresh:
            _write_once(inner / "format", f"{FORMAT}\n", mode=0o644)
    return fresh


def _prepare_ledger(inner: Path, clock: Clock) -> None:
    url = _ledger_url(inner)
    schema.upgrade(url)
    ledger = store.Ledger.open(url, clock=clock)
    try:
        with ledger.write(Scope()) as write:
            store.ensure_owner(write)
    finally:
        ledger.close()


def open_ports(
    root: Path, *, clock: Clock | None = None, progress: Progress | None = None
) -> Ports:
    """Open the workspace in `root` (or above it): ledger, blobs and configuration.

    Raises:
        WorkspaceNotFound: there is none.
        WorkspaceFormat: it was written by a newer Visloop.
        ConfigError: `visloop.yaml` cannot be read.
    """
    root = find(root)
    inner = root / INNER
    _check_format(inner)
    clock = clock or store.SystemClock()
    settings = configuration.Settings(
        root / configuration.FILE_NAME, inner / "cache" / "settings.json"
    )
    url = _ledger_url(inner)
    if not schema.is_current(inner / "ledger.db"):
        with _locked(inner / "lock"):
            schema.upgrade(url)
    ledger = store.Ledger.open(url, clock=clock)
    return Ports(
        root=root,
        inner=inner,
        settings=settings,
        ledger=ledger,
        blobs=data.following(store.PackBlobs(inner / "blobs"), ledger, inner / "cache"),
        spool=store.Spool(inner / "spool", settings.plain["serve"]["spool_limit_mb"] * _MIB),
        clock=clock,
        progress=progress or Silent(),
        secret=_secret(inner),
        columns=query.Kept(inner / "cache" / "columns"),
        finder=data.Finder(inner / "cache" / "search", settings.plain["search"]["encoder"]),
    )


@contextmanager
def opened(root: Path, *, progress: Progress | None = None) -> Generator[Ports]:
    """`open_ports`, closed at the end."""
    ports = open_ports(root, progress=progress)
    try:
        yield ports
    finally:
        close_ports(ports)


def close_ports(ports: Ports) -> None:
    """Flush the bytes, seal the facts, let go of the files."""
    ports.blobs.close()
    ports.ledger.close()


def token_of(root: Path) -> str:
    """The secret that opens this workspace's API."""
    return (root / INNER / "token").read_text("utf-8").strip()


def actor_for(ports: Ports, token: str, own: str) -> Actor | None:
    """Whose token it is: the local owner's for the workspace's `own`, a user's; None for a wrong one."""
    if hmac.compare_digest(token.encode(), own.encode()):
        return OWNER
    return store.token_holder(ports.ledger, token)


def scope_for(project: str | None, ports: Ports, actor: Actor = OWNER) -> Scope:
    """The actor, in the named project or the configured one.

    Raises:
        ProjectNotFound: nothing ever happened in the named project, so it is likely a slip.
    """
    own = ports.settings.plain["project"] or DEFAULT_PROJECT
    name = check_name(project or own, "project")
    if name not in {own, DEFAULT_PROJECT} and not ports.ledger.facts(project=name, limit=1):
        raise ProjectNotFound(
            f"there is no project {name!r} in this workspace",
            fix=did_you_mean(
                name,
                store.projects_in_use(ports.ledger),
                otherwise=f"to begin it: write `project: {name}` into visloop.yaml",
            ),
        )
    return Scope(actor=actor, project=name)


def worker_name() -> str:
    """A name that no other worker has."""
    return store.worker_name()


def _secret(inner: Path) -> str:
    """What pseudonyms are made with; made once, readable by the owner alone, never shown."""
    file = inner / "pseudonyms.key"
    if not file.exists():
        with _locked(inner / "lock"):
            if not file.exists():
                _write_once(file, secrets.token_hex(32), mode=0o600)
    return file.read_text("utf-8").strip()


def signing_key(inner: Path, *, make: bool = True) -> bytes:
    """The private key that signs exported models, PEM; made once, readable by the owner alone.

    With `make=False` it is empty where none was made yet.
    """
    file = inner / "signing.key"
    if make and not file.exists():
        with _locked(inner / "lock"):
            if not file.exists():
                _write_once(file, registry.new_key(), mode=0o600)
    return file.read_bytes() if file.exists() else b""


def _ledger_url(inner: Path) -> str:
    return f"sqlite:///{inner / 'ledger.db'}"


def _check_format(inner: Path) -> None:
    marker = inner / "format"
    if not marker.exists():
        raise WorkspaceNotFound(
            f"{inner.parent} was not fully set up",
            fix=f"visloop init {inner.parent}   (it goes on where it stopped)",
        )
    written = marker.read_text("utf-8").strip()
    if written != str(FORMAT):
        raise WorkspaceFormat(
            f"{inner.parent} has format {written}, this Visloop reads format {FORMAT}",
            fix="pip install -U visloop",
        )


def _write_once(path: Path, text: str, *, mode: int) -> None:
    write_whole(path, text.encode(), mode=mode)


def write_whole(path: Path, raw: bytes, *, mode: int = 0o644) -> None:
    """Write through a temporary name, so that a killed process leaves all or nothing."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
