"""Verbs over many samples at once: picked by hand, changed by a question, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import data, label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref, check_name, new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Pick:
    """Keep samples under a name that questions know: 'pick(s0a1b2c3d4e5f) and split = train'.

    By their ids, or those on which a question holds now, or some places of its answer. Equal samples
    get an equal name, so it can be shared; a later move, label or split leaves them picked.
    """

    dataset: str = arg("the data set")
    ids: tuple[str, ...] = opt("a sample's id; again for more", name="id", default=())
    where: str = opt("those on which it holds now: 'near \"a dog\" limit 50'", default="")
    places: str = opt("only these of the answer: '0-99,105', the first is 0", default="")
    at: str = opt("ask a version or split: photos@v1:test; default: as it is", default="")
    state: str = opt("what `query` said: refused where the data is another by now", default="")


@dataclass(frozen=True)
class PickAnswer:
    """`text` is the question that finds them."""

    pick: str
    text: str
    count: int


@operation("pick", permission="data.read")
def pick(ports: Ports, scope: Scope, ask: Pick) -> PickAnswer:
    """Nothing of the data changes."""
    if bool(ask.ids) == bool(ask.where or ask.places):
        raise UsageError("which samples?", fix="--id ID …, or --where QUESTION: one of them")
    ids = ask.ids or _asked(ports, scope, ask)
    done = data.pick(ports.ledger, scope, ask.dataset, ids)
    return PickAnswer(done.id, done.text, done.count)


def _asked(ports: Ports, scope: Scope, ask: Pick) -> Sequence[str]:
    ref = Ref.parse(ask.at) if ask.at else _work(ask.dataset)
    if ref.name != ask.dataset:
        raise UsageError(f"{ask.at} is no version of {ask.dataset}", fix=f"--at {ask.dataset}@v1")
    found = data.named(ports.data, scope, ref, ask.where, state=ask.state)
    if not ask.places:
        return found.ids
    return [found.ids[at] for at in data.read_places(ask.places, len(found.ids)).tolist()]


@dataclass(frozen=True)
class Bulk:
    """Change all samples on which a question holds: tag, label, split, drop, or send to the queue.

    With `--of objects` the question is about objects, as `query` lists them: `--label` is the class
    that they get, `--drop` takes them off their pictures.

    Staged as one change, or not at all; a commit makes it last. What was done can be taken back whole by
    `bulk undo`, also after a commit, until somebody changes those samples again.
    """

    dataset: str = arg("the data set")
    where: str = opt("the question: 'pick(s0a1…)', 'split = train and tag.dark'; '' is everything")
    of: str = opt("what the question is about: samples or objects", default="samples")
    places: str = opt("only these of the answer: '0-99,105', the first is 0", default="")
    state: str = opt("what `query` said: refused where the data is another by now", default="")
    tag: tuple[str, ...] = opt("put a tag on: the field tag.NAME is true then", default=())
    untag: tuple[str, ...] = opt("take a tag off", default=())
    label: str = opt("the class of the whole picture", default="")
    set: dict[str, str] = opt("the class of one of them: --set a.jpg=gear", default={})
    split: str = opt("the split that they go to", default="")
    drop: bool = opt("take them out of the data set", default=False)
    fix: str = opt("mend them as a finding suggests: labels, doubled …; see `findings`", default="")
    queue: str = opt("put them on the labelling queue, for this reason", default="")
    unfreeze: bool = opt("let committed test samples move, too", default=False)
    dry_run: bool = opt("only say how many would change", default=False)
    key: str = opt(
        "a name of your own for the change: sent again under it, it is made once", default=""
    )


@dataclass(frozen=True)
class BulkAnswer:
    """Samples that were meant, those that changed, new tasks; `key` takes it back: `bulk undo KEY`.

    `objects`: those of them that got another class or were taken off, where single ones were meant.
    `again`: it had been made under that key before, and nothing was done now.
    """

    key: str
    dataset: str
    matched: int
    changed: int
    queued: int
    objects: int = 0
    again: bool = False
    undone: bool = False
    dry_run: bool = False


class _DryRun(Exception):
    """Ends a transaction that is not to last."""

    def __init__(self, answer: BulkAnswer) -> None:
        super().__init__()
        self.answer = answer


@operation("bulk", permission="data.write")
def bulk(ports: Ports, scope: Scope, ask: Bulk) -> BulkAnswer:
    """A dry run does the same in a transaction that is given up."""
    try:
        return _done(ports, scope, ask)
    except _DryRun as tried:
        return tried.answer


def _done(ports: Ports, scope: Scope, ask: Bulk) -> BulkAnswer:
    """All in one transaction; the samples are those on which the question holds before it."""
    key = ask.key or new_id("bulk")
    paths, wish = _meant(ports, scope, ask)
    if ask.fix:
        paths, wish = handlers.mended(ports, scope, _work(ask.dataset), ask.fix, paths, wish)
    with ports.ledger.write(scope) as write:
        known = data.known_bulk(write, key)
        if known is not None:
            return _answer(known, again=True)
        before = data.change_many(
            ports.data, write, ask.dataset, paths, wish, unfreeze=ask.unfreeze
        )
        tasks: list[str] = []
        if ask.queue:
            tasks = label.ask_again(ports.label, write, ask.dataset, paths, ask.queue)
        said = {"queue": ask.queue, "fix": ask.fix, "label": ask.label}
        says = wish.says | {name: words for name, words in said.items() if words}
        done = data.remember(write, ask.dataset, key, says, before, matched=len(paths), tasks=tasks)
        if ask.dry_run:
            raise _DryRun(_answer(done, dry_run=True))
    return _answer(done)


def _meant(ports: Ports, scope: Scope, ask: Bulk) -> tuple[Sequence[str], data.Wish]:
    """The samples that may change, by their paths, and what is to become of them."""
    if ask.of == "objects":
        return _objects_meant(ports, scope, ask)
    if ask.of != "samples":
        raise UsageError(f"{ask.of!r} cannot be changed", fix="--of samples, or objects")
    wish = _wish(ask)
    paths = data.named(ports.data, scope, _work(ask.dataset), ask.where, state=ask.state).paths
    return [paths[at] for at in _places(ask, len(paths))], wish


def _objects_meant(ports: Ports, scope: Scope, ask: Bulk) -> tuple[Sequence[str], data.Wish]:
    others = (ask.tag, ask.untag, ask.set, ask.split, ask.fix, ask.queue)
    if bool(ask.label) == ask.drop or any(others):
        raise UsageError("what is to become of the objects?", fix="--label, or --drop; alone")
    found = data.named_objects(ports.data, scope, _work(ask.dataset), ask.where, state=ask.state)
    places = _places(ask, len(found.ids))
    named: dict[str, dict[str, str]] = {found.paths[at]: {} for at in places}
    for at in places:
        if ask.drop or found.labels[at] != ask.label:
            named[found.paths[at]][found.ids[at]] = ask.label
    if ask.drop:
        return list(named), data.Wish(erase={path: frozenset(ids) for path, ids in named.items()})
    return list(named), data.Wish(relabel=named)


def _places(ask: Bulk, count: int) -> Sequence[int]:
    return data.read_places(ask.places, count).tolist() if ask.places else range(count)


def _wish(ask: Bulk) -> data.Wish:
    for each in (*ask.tag, *ask.untag):
        check_name(each, "tag")
    wish = data.Wish(
        tags=ask.tag,
        untags=ask.untag,
        label=ask.label,
        labels=ask.set,
        split=ask.split,
        drop=ask.drop,
    )
    others = len(wish.says) - ask.drop + bool(ask.queue) + bool(ask.fix)
    if not wish.says and not ask.queue and not ask.fix:
        raise UsageError(
            "what is to become of them?", fix="--tag, --label, --split, --drop, --queue, --fix"
        )
    if ask.fix and (ask.label or ask.set):
        raise UsageError("a finding and a class", fix="--fix, or --label and --set")
    if ask.drop and others:
        raise UsageError("what is dropped cannot be changed as well", fix="--drop alone")
    return wish


def _answer(done: data.Bulk, *, again: bool = False, dry_run: bool = False) -> BulkAnswer:
    return BulkAnswer(
        key="" if dry_run else done.key,
        dataset=done.dataset,
        matched=done.matched,
        changed=done.changed,
        queued=len(done.tasks),
        objects=sum(done.says.get(name, 0) for name in ("relabel", "erase")),
        again=again,
        undone=done.undone is not None,
        dry_run=dry_run,
    )


def _work(dataset: str) -> Ref:
    """The data set as it is, committed or not."""
    return Ref(check_name(dataset, "data set name"), "work")


@dataclass(frozen=True)
class BulkUndo:
    """Take a change of many samples back, whole: they are staged as they were before it.

    Refused when one of them was changed again since. Tasks that still wait leave the queue.
    """

    key: str = arg("the change, as bulk answered it")


@operation("bulk.undo", permission="data.write")
def bulk_undo(ports: Ports, scope: Scope, ask: BulkUndo) -> BulkAnswer:
    """Again: nothing."""
    with ports.ledger.write(scope) as write:
        before = data.known_bulk(write, ask.key)
        done = data.undo_bulk(ports.data, write, ask.key)
        again = before is not None and before.undone is not None
        if not again:
            label.withdraw(write, done.tasks)
    return _answer(done, again=again)


@dataclass(frozen=True)
class BulkList:
    """List the changes of many samples of the last 60 days, the newest first."""

    dataset: str = arg("the data set")
    limit: int = opt("at most so many", default=20)


@operation("bulk.list", permission="data.read")
def bulk_list(ports: Ports, scope: Scope, ask: BulkList) -> Rows:
    """One row a change."""
    return rows_of(
        plain(each) | {"tasks": len(each.tasks)}
        for each in data.list_bulk(ports.ledger, scope, ask.dataset, ask.limit)
    )
