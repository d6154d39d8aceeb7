"""Pictures and videos that somebody sends: no verb, because their bytes are no JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from shutil import disk_usage
from typing import TYPE_CHECKING, Final

from visloop import data, store
from visloop.app import handlers
from visloop.errors import Refused, VisloopError
from visloop.events import Actor, Scope
from visloop.ids import check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports

_SPARE_BYTES: Final = 256 << 20


class UploadTooLarge(Refused):
    """The file is larger than `serve.upload_limit_mb`."""

    code, http_status = "upload.too_large", 413


class NoRoom(Refused):
    """The disk has no room for the file."""

    code, http_status = "upload.no_room", 507


def push(
    ports: Ports,
    scope: Scope,
    dataset: str,
    handed: Sequence[data.Handed],
    options: data.AddOptions,
) -> data.Added:
    """Bring the bytes into the data set's working state; when it returns they are on the disk.

    Raises:
        Forbidden: the actor may not write data.
        UsageError: a name, a path or a policy of frames is wrong.
        UnknownClass: a label is no class of the data set.
    """
    store.authorise(ports.ledger, scope, "data.write")
    name = handlers.free_for_data(ports, scope, check_name(dataset, "data set name"))
    with ports.blobs.upkeep.at_work():
        return data.hand_over(ports.data, scope, name, handed, options)


def push_missing(
    ports: Ports,
    scope: Scope,
    dataset: str,
    promised: Sequence[data.Promised],
    options: data.AddOptions,
) -> data.Missing:
    """Which files of those that somebody has need not be sent: they came before.

    Raises:
        As `push`.
    """
    store.authorise(ports.ledger, scope, "data.write")
    name = handlers.free_for_data(ports, scope, check_name(dataset, "data set name"))
    return data.missing(ports.data, scope, name, promised, options)


def upload_begin(ports: Ports, scope: Scope, about: data.About) -> data.Arriving:
    """Room for a file that comes in pieces; one that was cut off goes on where it stopped.

    Raises:
        Forbidden: the actor may not write data.
        UploadTooLarge: it is larger than the limit.
        NoRoom: the disk is too full.
        UsageError: a name or a path is wrong.
    """
    store.authorise(ports.ledger, scope, "data.write")
    handlers.free_for_data(ports, scope, check_name(about.dataset, "data set name"))
    limit = ports.config.serve.upload_limit_mb << 20
    if about.size_bytes > limit:
        raise UploadTooLarge(
            f"{about.path} has {about.size_bytes >> 20} MiB; the limit is {limit >> 20}",
            fix="bring it in from a folder of the server's own, or raise serve.upload_limit_mb in"
            " visloop.yaml",
        )
    data.check_handed((_handed(about),), data.AddOptions(**about.options))
    found = _arrivals(ports).begin(about)
    if about.size_bytes - found.offset > disk_usage(ports.inner).free - _SPARE_BYTES:
        raise NoRoom(
            f"the disk has no room for {about.path}", fix="make room where the server runs"
        )
    return found


def upload_find(ports: Ports, scope: Scope, dataset: str, name: str) -> data.Arriving:
    """An upload of this actor.

    Raises:
        UploadNotFound: there is none.
    """
    store.authorise(ports.ledger, scope, "data.write")
    found = _arrivals(ports).find(name)
    if (found.about.actor, found.about.project, found.about.dataset) != (
        str(scope.actor),
        scope.project,
        dataset,
    ):
        return _arrivals(ports).find("")
    return found


def upload_taken(ports: Ports, scope: Scope, upload: data.Arriving) -> data.Added:
    """Bring a file that is whole into its data set; again, it says what became of it.

    Raises:
        As `push`; the bytes stay then, until somebody drops them or sends them otherwise.
    """
    with upload.alone():
        if (done := upload.outcome()) is not None:
            return done
        about = upload.about
        options = data.AddOptions(**about.options)
        done = push(ports, scope, about.dataset, [_handed(about, upload)], options)
        upload.took(done)
        return done


def uploads_settle(ports: Ports) -> int:
    """Take every upload whose last piece came right before the server ended; how many there were."""
    return sum(1 for _ in _settled(ports))


def _settled(ports: Ports) -> Iterator[str]:
    for upload in _arrivals(ports):
        if upload.whole and upload.outcome() is None:
            scope = Scope(Actor.parse(upload.about.actor), upload.about.project)
            with suppress(VisloopError):  # who sent it is told when asking
                upload_taken(ports, scope, upload)
                yield upload.id


def _arrivals(ports: Ports) -> data.Arrivals:
    return data.Arrivals(ports.inner / "uploads")


def _handed(about: data.About, upload: data.Arriving | None = None) -> data.Handed:
    return data.Handed(
        b"" if upload is None else upload.file,
        about.path,
        labels=about.labels,
        modified_ns=about.modified_ns,
    )
