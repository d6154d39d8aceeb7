"""Verbs that bring lines of versions together, or take a version back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import plain

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_MOST: Final = 1000
_RULES = (
    "for what both sides changed: ours (the branch worked on wins), theirs, newest (the side that "
    "touched the sample in the later version), union (keep what either has)"
)


@dataclass(frozen=True)
class Merge:
    """Bring what another branch has into the branch that is worked on, as one version.

    Samples and objects are merged by their ids, each field by itself. What both sides changed
    differently is a conflict: nothing is recorded then; see merge status, merge resolve.
    """

    dataset: str = arg("the data set")
    branch: str = arg("the branch, tag or version to merge")
    rule: Literal["ours", "theirs", "newest", "union"] | None = opt(_RULES, default=None)
    message: str = opt("why", short="-m", default="")
    dry_run: bool = opt("say what would come of it, change nothing", default=False)


@dataclass(frozen=True)
class MergeAnswer:
    """The new version, or `open` conflicts that wait; `samples` differ from the branch before.

    A row a conflict: sample, object, field, and its three values (null: absent); at most a thousand,
    of `total`. `base`, `ours` and `theirs` are the versions that were compared.
    """

    what: str
    version: str | None
    dataset: str
    samples: int
    open: int
    conflicts: tuple[dict[str, Any], ...]
    dry_run: bool
    total: int = 0
    base: str | None = None
    ours: str | None = None
    theirs: str | None = None


def _answer(
    dataset: str, done: data.Merged, offset: int = 0, limit: int = _MOST, *, open_: bool = False
) -> MergeAnswer:
    base, ours, theirs = (each.name if each else None for each in done.sides)
    listed = done.open if open_ else done.conflicts
    page = listed[max(offset, 0) :][: min(max(limit, 0), _MOST)]
    return MergeAnswer(
        what=done.words,
        version=done.version.name if done.version else None,
        dataset=dataset,
        samples=done.samples,
        open=len(done.open),
        conflicts=tuple(asdict(each) for each in page),
        dry_run=done.dry_run,
        total=len(done.conflicts),
        base=base,
        ours=ours,
        theirs=theirs,
    )


def _code(answer: MergeAnswer) -> int:
    return 3 if answer.open else 0


@operation("merge", permission="data.write", exit_code=_code)
def merge(ports: Ports, scope: Scope, ask: Merge) -> MergeAnswer:
    """All or nothing."""
    done = data.merge(
        ports.data,
        scope,
        ask.dataset,
        ask.branch,
        rule=ask.rule,
        message=ask.message,
        dry_run=ask.dry_run,
    )
    return _answer(ask.dataset, done)


@dataclass(frozen=True)
class MergeStatus:
    """Show the merge or revert that waits, and its conflicts."""

    dataset: str = arg("the data set")
    open_: bool = opt("only those that nobody decided", default=False)
    offset: int = opt("skip so many", default=0)
    limit: int = opt("at most so many", default=1000)


@operation("merge.status", permission="data.read")
def merge_status(ports: Ports, scope: Scope, ask: MergeStatus) -> MergeAnswer:
    """Worked out against the branch as it is now."""
    found = data.merge_status(ports.data, scope, ask.dataset)
    return _answer(ask.dataset, found, ask.offset, ask.limit, open_=ask.open_)


@dataclass(frozen=True)
class MergeShow:
    """Show one conflict of the merge that waits, with its sample as each side has it."""

    dataset: str = arg("the data set")
    conflict: str = arg("its id, as merge status shows it")


@dataclass(frozen=True)
class MergeShown:
    """The conflict, and the whole sample as base, ours and theirs have it (null: not there)."""

    conflict: dict[str, Any]
    base: dict[str, Any] | None
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None


@operation("merge.show", permission="data.read")
def merge_show(ports: Ports, scope: Scope, ask: MergeShow) -> MergeShown:
    """For people to look at before they decide."""
    conflict, sides = data.merge_show(ports.data, scope, ask.dataset, ask.conflict)
    base, ours, theirs = (plain(each) if each else None for each in sides)
    return MergeShown(asdict(conflict), base, ours, theirs)


@dataclass(frozen=True)
class MergeResolve:
    """Decide conflicts one by one, or by a rule all that are left; the last one records the version.

    With --hold nothing is recorded before `merge finish`, and every decision can be changed, or
    taken back with --take open.
    """

    dataset: str = arg("the data set")
    conflicts: tuple[str, ...] = arg("their ids, as merge status shows them", default=())
    take: Literal["ours", "theirs", "base", "both", "open"] | None = opt(
        "what to keep; open: undecided again", default=None
    )
    rule: Literal["ours", "theirs", "newest", "union"] | None = opt(_RULES, default=None)
    hold: bool = opt("decide, but record nothing yet", default=False)


@operation("merge.resolve", permission="data.write", exit_code=_code)
def merge_resolve(ports: Ports, scope: Scope, ask: MergeResolve) -> MergeAnswer:
    """What is still open then is said."""
    done = data.merge_resolve(
        ports.data, scope, ask.dataset, ask.conflicts, ask.take, rule=ask.rule, hold=ask.hold
    )
    return _answer(ask.dataset, done)


@dataclass(frozen=True)
class MergeFinish:
    """Record the merge or revert that waits, when no conflict is open."""

    dataset: str = arg("the data set")


@operation("merge.finish", permission="data.write", exit_code=_code)
def merge_finish(ports: Ports, scope: Scope, ask: MergeFinish) -> MergeAnswer:
    """What is still open is said."""
    return _answer(ask.dataset, data.merge_finish(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class MergeAbort:
    """Give up the merge or revert that waits; the branch is as it was."""

    dataset: str = arg("the data set")


@operation("merge.abort", permission="data.write")
def merge_abort(ports: Ports, scope: Scope, ask: MergeAbort) -> MergeAnswer:
    """What was given up is said once more."""
    return _answer(ask.dataset, data.merge_abort(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class Revert:
    """Take back what one version changed, as a new version; later changes stay.

    What was changed again since is a conflict, as in merge: theirs is the state before that version.
    """

    dataset: str = arg("the data set")
    version: str = arg("the version: v3, or a tag")
    rule: Literal["ours", "theirs", "newest", "union"] | None = opt(_RULES, default=None)
    message: str = opt("why", short="-m", default="")
    dry_run: bool = opt("say what would come of it, change nothing", default=False)


@operation("revert", permission="data.write", exit_code=_code)
def revert(ports: Ports, scope: Scope, ask: Revert) -> MergeAnswer:
    """All or nothing."""
    done = data.revert(
        ports.data,
        scope,
        ask.dataset,
        ask.version,
        rule=ask.rule,
        message=ask.message,
        dry_run=ask.dry_run,
    )
    return _answer(ask.dataset, done)
