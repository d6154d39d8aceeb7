"""Garbage and damage, over every room: who keeps what, who is hurt, what mends it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import data, evaluate, label, loop, observe, registry, serve, store, train

if TYPE_CHECKING:
    from visloop.app.ports import Ports

ROOTS: Final[tuple[store.Roots, ...]] = (
    store.STORE_ROOTS,
    registry.REGISTRY_ROOTS,
    data.DATA_ROOTS,
    label.LABEL_ROOTS,
    train.TRAIN_ROOTS,
    evaluate.EVALUATE_ROOTS,
    serve.SERVE_ROOTS,
    observe.OBSERVE_ROOTS,
    loop.LOOP_ROOTS,
)
"""What every room keeps alive: a table with a digest in it that none of them names is a mistake."""

_BACKUP: Final = "restore .visloop/blobs from a backup"


_KINDS: Final = {
    "data": "data set",
    "registry": "model",
    "label": "queue",
    "train": "files of runs",
    "evaluate": "reports",
    "observe": "captured pictures",
    "loop": "the loop",
    "store": "jobs",
    "": "nothing",
}
_PLACES: Final = {
    "packs": ("blobs",),
    "ledger": ("ledger.db", "ledger.db-wal"),
    "served pictures": ("spool",),
    "cache": ("cache",),
}


def parts(ports: Ports) -> list[store.Share]:
    """What each data set, model … needs, the most first; last what nothing needs."""
    found, garbage = store.shares(ports.ledger, ports.blobs, ROOTS, ports.progress)
    return [each._replace(room=_KINDS[each.room]) for each in (*found, garbage)]


def places(ports: Ports) -> dict[str, int]:
    """Part of the workspace on the disk → its bytes."""
    return {
        words: sum(_size(ports.inner / name) for name in names) for words, names in _PLACES.items()
    }


def _size(path: Path) -> int:
    try:
        if not path.is_dir():
            return path.stat().st_size
        with os.scandir(path) as inside:
            return sum(_size(Path(each.path)) for each in inside)
    except FileNotFoundError:  # not made yet, or gone while we looked
        return 0


def findings(ports: Ports, *, quick: bool) -> store.Findings:
    """Everything checked once."""

    def elsewhere(digest: str) -> str | None:
        return data.left_in_place(ports.data, digest, quick=quick)

    return store.check(ports.ledger, ports.blobs, ROOTS, elsewhere, ports.progress, quick=quick)


def originals(ports: Ports, hurt: list[data.HurtSamples]) -> dict[str, Path]:
    """Damaged picture → a file that still has its bytes."""
    named: dict[str, set[str]] = {}
    for each in hurt:
        if not each.whole:
            named.setdefault(each.digest, set()).add(each.source)
    return data.originals(ports.data, named)


def problems(
    found: store.Findings, hurt: list[data.HurtSamples], files: dict[str, Path]
) -> list[dict[str, Any]]:
    """One row a problem: its kind, where, what is wrong, what mends it."""
    rows = [_sample(each, found.bad[each.digest], files.get(each.digest)) for each in hurt]
    told = {each.digest for each in hurt}
    for digest in sorted(found.owners.keys() - told):
        where = ", ".join(sorted(found.owners[digest])[:3])
        rows.append(_row("blob", where, found.bad[digest], _BACKUP, digest))
    rest = ("unneeded", "nothing", "visloop gc")
    if found.cut_off:
        rest = ("blob", "not known: what leads to it is damaged too", _BACKUP)
    kind, where, fix = rest
    rows += [_row(kind, where, found.bad[digest], fix, digest) for digest in found.unneeded]
    if found.facts.broken:
        rows.insert(0, _row("ledger", "the chain of facts", found.facts.broken, _LEDGER))
    if found.ledger:
        rows.insert(0, _row("ledger", "the ledger's file", found.ledger, _LEDGER))
    return rows


_LEDGER: Final = "restore .visloop/ledger.db from a backup"


def _sample(each: data.HurtSamples, what: str, file: Path | None) -> dict[str, Any]:
    first, last = each.versions[0], each.versions[-1]
    named = first if first == last else f"{first}…{last}"
    project = "" if each.project == "default" else f"{each.project}/"
    part = each.path if not each.whole else f"all samples up to {each.path!r}" * bool(each.path)
    where = f"{project}{each.dataset}@{named}: {part or 'the whole version'}"
    fix = _BACKUP
    if file is not None:
        fix = f"visloop verify --repair   (reads {shlex.quote(str(file))} again)"
    elif not each.whole and each.source:
        fix = f"put {each.source} back as it was, then: visloop verify --repair; or {_BACKUP}"
    row = _row("part" if each.whole else "sample", where, what, fix, each.digest)
    return {**row, "dataset": each.dataset, "versions": list(each.versions), "path": each.path}


def _row(kind: str, where: str, what: str, fix: str, digest: str = "") -> dict[str, Any]:
    return {"kind": kind, "where": where, "what": what, "fix": fix, "digest": digest}
