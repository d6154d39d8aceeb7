"""Many samples changed at once: all of them or none, once under a key, and taken back whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
import zstandard
from sqlalchemy import delete, insert, select, update

from visloop.data import catalog
from visloop.data.records import DataPorts, Sample
from visloop.data.removal import forget_files
from visloop.data.staging import stage_over
from visloop.data.tables import bulk_changes as t
from visloop.data.tree.nodes import Nodes
from visloop.data.working import Working, batches, decode_value, encode
from visloop.errors import Conflict, NotFound
from visloop.ids import digest_of
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.store import Ledger, Write

TAG: Final = "tag."
"""Tags are metadata fields of this beginning, true where a sample has them: `tag.night`."""
_AT_ONCE: Final = 500
_REMEMBERED: Final = timedelta(days=60)


class BulkNotFound(NotFound):
    """No such change is remembered."""

    code = "data.bulk_not_found"


class ChangedSince(Conflict):
    """Samples are not as the change left them: taking it back would lose what was done since."""

    code = "data.changed_since"


@dataclass(frozen=True)
class Wish:
    """What is to become of samples.

    `tags` are put on, `untags` taken off; `label` becomes the class of the whole picture, `labels`
    says it of single paths and wins; `relabel` gives annotations of single paths a class, `erase`
    takes some away, both by their ids; `split` is where they go; `drop` takes them out.
    """

    tags: tuple[str, ...] = ()
    untags: tuple[str, ...] = ()
    label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    relabel: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    erase: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    split: str = ""
    drop: bool = False

    @property
    def says(self) -> dict[str, Any]:
        """In words, for facts and lists; of what is said of single ones only how many."""
        told: dict[str, Any] = {
            "tag": list(self.tags),
            "untag": list(self.untags),
            "label": self.label,
            "labels": len(self.labels),
            "relabel": sum(map(len, self.relabel.values())),
            "erase": sum(map(len, self.erase.values())),
            "split": self.split,
            "drop": self.drop,
        }
        return {key: value for key, value in told.items() if value}


class Before(msgspec.Struct, frozen=True, array_like=True):
    """A sample as it was (encoded), and the digest of what became of it; empty: it was taken out."""

    path: str
    was: bytes
    became: str


@dataclass(frozen=True)
class Bulk:
    """A change of many samples: `matched` were meant, `changed` are other than they were."""

    key: str
    dataset: str
    says: dict[str, Any]
    tasks: tuple[str, ...]
    matched: int
    changed: int
    time: datetime
    actor: str
    undone: datetime | None = None


def change_many(
    ports: DataPorts,
    write: Write,
    dataset: str,
    paths: Sequence[str],
    wish: Wish,
    *,
    unfreeze: bool = False,
) -> list[Before]:
    """Stage what is wished of samples, in the caller's transaction: those that it changed.

    Paths that are no longer there are passed over.

    Raises:
        DatasetNotFound: there is no such data set.
        UnknownClass: a label is no class of it.
        FrozenSplit: a committed test sample would leave `test`.
    """
    state = catalog.state(write.connection, write.scope.project, dataset)
    over = Working.load(write.connection, Nodes(ports.blobs), state)
    author = str(write.scope.actor)
    done: list[Before] = []
    track = ports.progress.track(paths, doing="change", unit="picture", total=len(paths))
    for part in batches(track, _AT_ONCE):
        held = over.get_many(part)
        if wish.drop:
            stage_over(write, over, (), removed=list(held))
            forget_files(write, dataset, held.values())
            done += [Before(path, encode(each).value, "") for path, each in held.items()]
            continue
        changed = [new for old in held.values() if (new := _wished(old, wish, author)) != old]
        stage_over(write, over, changed, unfreeze=unfreeze)
        now = over.get_many([each.path for each in changed])
        done += [
            Before(path, encode(held[path]).value, _digest(each)) for path, each in now.items()
        ]
    return done


def _digest(sample: Sample) -> str:
    return digest_of(encode(sample).value)


def _wished(sample: Sample, wish: Wish, author: str) -> Sample:
    metadata = {key: v for key, v in sample.metadata.items() if key not in _fields(wish.untags)}
    metadata |= dict.fromkeys(_fields(wish.tags), True)
    label = wish.labels.get(sample.path, wish.label)
    erased = wish.erase.get(sample.path, frozenset())
    named = wish.relabel.get(sample.path, {})
    annotations = tuple(
        _relabelled(each, named.get(each.id, each.label), author)
        for each in sample.annotations
        if each.id not in erased
    )
    labelled = sample.labelled
    if label:
        whole = [each for each in annotations if isinstance(each, ClassLabel)]
        if [each.label for each in whole] != [label] or whole[0].review != "accepted":
            name = whole[0].id if len(whole) == 1 else ""
            rest = tuple(each for each in annotations if not isinstance(each, ClassLabel))
            annotations = (*rest, ClassLabel(id=name, label=label, author=author))
            labelled = True
    return msgspec.structs.replace(
        sample,
        metadata=metadata,
        annotations=annotations,
        labelled=labelled,
        split=wish.split or sample.split,
    )


def _relabelled(each: Annotation, label: str, author: str) -> Annotation:
    """What somebody says of an object is theirs."""
    if each.label == label:
        return each
    return msgspec.structs.replace(each, label=label, author=author, score=None, review="accepted")


def _fields(tags: Collection[str]) -> list[str]:
    return [TAG + each for each in tags]


# --- remembered ----------------------------------------------------------------------------------


def remember(
    write: Write,
    dataset: str,
    key: str,
    says: Mapping[str, Any],
    before: Sequence[Before],
    *,
    matched: int,
    tasks: Sequence[str] = (),
) -> Bulk:
    """Note a change in the caller's transaction, so that it can be taken back within 60 days."""
    changed = max(len(before), len(tasks))
    packed = zstandard.compress(msgspec.msgpack.encode(list(before)))
    bulk = Bulk(
        key, dataset, dict(says), tuple(tasks), matched, changed, write.now, str(write.scope.actor)
    )
    write.execute(delete(t).where(t.c.time < write.now - _REMEMBERED))
    row = {name: getattr(bulk, name) for name in _SHOWN} | {"before": packed}
    write.execute(insert(t).values(project=write.scope.project, **row))
    write.fact("data.bulk_changed", dataset, change=key, changed=changed, says=dict(says))
    return bulk


_SHOWN: Final = (
    *("key", "dataset", "says", "tasks", "matched", "changed", "time", "actor", "undone"),
)


def known_bulk(write: Write, key: str) -> Bulk | None:
    """The change that was made under that key; None: there is none."""
    return next(iter(_found(write.connection, write.scope.project, key=key)), None)


def list_bulk(ledger: Ledger, scope: Scope, dataset: str, limit: int) -> list[Bulk]:
    """Changes of a data set, the newest first."""
    with ledger.read() as connection:
        return _found(connection, scope.project, dataset=dataset, limit=limit)


def _found(
    connection: Any, project: str, *, key: str = "", dataset: str = "", limit: int = 1
) -> list[Bulk]:
    query = select(*(t.c[name] for name in _SHOWN)).where(t.c.project == project)
    query = query.where(t.c.key == key) if key else query.where(t.c.dataset == dataset)
    rows = connection.execute(query.order_by(t.c.time.desc()).limit(limit)).mappings()
    return [replace(Bulk(**row), tasks=tuple(row["tasks"])) for row in rows]


def undo_bulk(ports: DataPorts, write: Write, key: str) -> Bulk:
    """Stage the samples as they were before a change, in the caller's transaction; again: nothing.

    Raises:
        BulkNotFound: no such change is remembered.
        ChangedSince: some are not as the change left them; nothing is taken back then.
    """
    bulk = known_bulk(write, key)
    if bulk is None:
        raise BulkNotFound(f"no change {key!r} is remembered", fix="see: visloop bulk list DATASET")
    if bulk.undone is not None:
        return bulk
    state = catalog.state(write.connection, write.scope.project, bulk.dataset)
    over = Working.load(write.connection, Nodes(ports.blobs), state)
    before = _before(write, key)
    _check_untouched(over, before, key)
    for part in batches(before, _AT_ONCE):
        stage_over(write, over, [decode_value(each.was) for each in part], unfreeze=True)
    here = (t.c.project == write.scope.project) & (t.c.key == key)
    write.execute(update(t).where(here).values(undone=write.now))
    write.fact("data.bulk_undone", bulk.dataset, change=key, changed=bulk.changed)
    return replace(bulk, undone=write.now)


def _before(write: Write, key: str) -> list[Before]:
    query = select(t.c.before).where(t.c.project == write.scope.project, t.c.key == key)
    return unpacked(write.connection.scalar(query) or b"")


def unpacked(raw: bytes) -> list[Before]:
    """What a change remembers of its samples."""
    return msgspec.msgpack.decode(zstandard.decompress(raw), type=list[Before])


def _check_untouched(over: Working, before: Sequence[Before], key: str) -> None:
    other: list[str] = []
    for part in batches(before, _AT_ONCE):
        now = over.get_many([each.path for each in part])
        for each in part:
            here = now.get(each.path)
            if ("" if here is None else _digest(here)) != each.became:
                other.append(each.path)
    if other:
        raise ChangedSince(
            f"{len(other)} of {len(before)} samples were changed again after {key}: {other[0]!r} …",
            fix="take the later changes back first, or mend those samples by hand",
        )


def remembered_samples(packed: bytes) -> Iterator[bytes]:
    """The encoded samples that a change could bring back."""
    return (each.was for each in unpacked(packed))
