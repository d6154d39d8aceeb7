"""A folder that fills: what is written completely comes in, also what came while nobody watched."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import watch as changes_in

from visloop.data.dictionary import class_names
from visloop.data.ingest.scan import SourceNotFound
from visloop.data.ingest.walk import STILL_WRITTEN
from visloop.data.intake.add import add
from visloop.data.streams.records import Keeping, Watch, Watched

if TYPE_CHECKING:
    from visloop.data.records import AddOptions, DataPorts
    from visloop.events import Scope

_LOOK_MS = 500


def watch_folder(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    source: str,
    options: AddOptions,
    watch: Watch,
) -> Watched:
    """Add the folder, and again whenever something in it changed, until it is over.

    A file is taken once it was left alone for `watch.settle_s`. One that was taken too early (a
    writer that paused) is read again when it changes, and leaves the quarantine then. A data set
    that has no class yet learns them from all that comes, not from the first files alone.

    Raises:
        SourceNotFound: there is no such folder.
        As `add`.
    """
    folder = Path(source)
    if not folder.is_dir():
        raise SourceNotFound(
            f"no folder lies at '{folder}'", fix="make it first, or check the path"
        )
    with ports.ledger.read() as connection:
        fresh = not class_names(connection, ports.blobs, scope.project, dataset)
    learns = options.add_classes or fresh
    options = replace(options, settle_s=watch.settle_s, add_classes=learns)
    keeping = Keeping(ports, scope, dataset, watch)
    waiting = _look(keeping, ports, scope, dataset, folder, options)
    if watch.once:
        while waiting and not keeping.over:
            watch.stop.wait(watch.settle_s / 2)
            waiting = _look(keeping, ports, scope, dataset, folder, options)
        return keeping.answer()
    looked = changed = time.monotonic()
    for events in changes_in(
        folder,
        watch_filter=None,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        stop_event=watch.stop,
        raise_interrupt=False,
    ):
        now = time.monotonic()
        if events:
            waiting, changed = True, now
        settled = now - changed >= watch.settle_s or now - looked >= max(1.0, watch.settle_s)
        if (waiting and settled) or now - looked >= watch.every_s:
            waiting = _look(keeping, ports, scope, dataset, folder, options)
            looked = time.monotonic()
        keeping.commit_if_due()
        if keeping.over:
            break
    return keeping.answer()


def _look(
    keeping: Keeping,
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    folder: Path,
    options: AddOptions,
) -> bool:
    """Add what is there; whether something must be looked at again because it is still written."""
    done = add(ports, scope, dataset, [folder], options)
    young = [note for note in done.notes if STILL_WRITTEN in note]
    keeping.came(replace(done, notes=tuple(note for note in done.notes if note not in young)))
    keeping.commit_if_due()
    return bool(young)
