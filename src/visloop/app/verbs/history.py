"""Verbs that name versions (tags, branches), and that write one out as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, rows_of
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Tag:
    """Give a version a name that stays with it: visloop tag photos@v3 gold, then photos@gold."""

    ref: str = arg("the version; without one: the newest of main")
    name: str = arg("the tag")
    move: bool = opt("take the tag off another version", default=False)


@dataclass(frozen=True)
class Tagged:
    """The tag, and the version that it names."""

    name: str
    version: str


@operation("tag", permission="data.write")
def tag(ports: Ports, scope: Scope, ask: Tag) -> Tagged:
    """A name for a version."""
    made = data.tag(ports.data, scope, Ref.parse(ask.ref), ask.name, move=ask.move)
    return Tagged(made.name, made.version)


@dataclass(frozen=True)
class TagList:
    """List the tags of a data set."""

    dataset: str = arg("the data set")


@operation("tag.list", permission="data.read")
def tag_list(ports: Ports, scope: Scope, ask: TagList) -> Rows:
    """One row a tag, by name."""
    return rows_of(data.tag_list(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class TagRemove:
    """Take a tag away; its version stays."""

    dataset: str = arg("the data set")
    name: str = arg("the tag")


@operation("tag.remove", permission="data.write")
def tag_remove(ports: Ports, scope: Scope, ask: TagRemove) -> Tagged:
    """The version that it named is said once more."""
    gone = data.tag_remove(ports.data, scope, ask.dataset, ask.name)
    return Tagged(gone.name, gone.version)


@dataclass(frozen=True)
class Branch:
    """Begin a branch of a data set: versions beside main, to be merged when they are good."""

    dataset: str = arg("the data set")
    name: str = arg("the branch")
    from_: str | None = opt(
        "version, tag, branch or date (2026-10) to start at; default: the branch that is worked on",
        default=None,
        name="from",
    )
    switch: bool = opt("work on it from now on", default=False)


@dataclass(frozen=True)
class BranchAnswer:
    """A branch and the version where it ends; `working`: what is committed goes there."""

    name: str
    version: str
    samples: int
    working: bool


def _answer(found: data.Branch) -> BranchAnswer:
    return BranchAnswer(found.name, found.version, found.samples, found.working)


@operation("branch", permission="data.write")
def branch(ports: Ports, scope: Scope, ask: Branch) -> BranchAnswer:
    """It ends where it starts until something is committed to it."""
    start = Ref.parse(ask.from_).version or ask.from_ if ask.from_ else None
    made = data.branch(ports.data, scope, ask.dataset, ask.name, start=start)
    if ask.switch:
        made = data.switch(ports.data, scope, ask.dataset, ask.name)
    return _answer(made)


@dataclass(frozen=True)
class BranchList:
    """List the branches of a data set, and how far each is from main."""

    dataset: str = arg("the data set")


@operation("branch.list", permission="data.read")
def branch_list(ports: Ports, scope: Scope, ask: BranchList) -> Rows:
    """One row a branch, by name."""
    return rows_of(data.branch_list(ports.data, scope, ask.dataset))


@dataclass(frozen=True)
class BranchRemove:
    """Take a branch away; its versions stay, by their numbers."""

    dataset: str = arg("the data set")
    name: str = arg("the branch")


@operation("branch.remove", permission="data.write")
def branch_remove(ports: Ports, scope: Scope, ask: BranchRemove) -> BranchAnswer:
    """The version where it ended is said once more."""
    return _answer(data.branch_remove(ports.data, scope, ask.dataset, ask.name))


@dataclass(frozen=True)
class Switch:
    """Work on another branch: what is added and committed from now on goes there."""

    dataset: str = arg("the data set")
    branch: str = arg("the branch")


@operation("switch", permission="data.write")
def switch(ports: Ports, scope: Scope, ask: Switch) -> BranchAnswer:
    """Refused while something is staged."""
    return _answer(data.switch(ports.data, scope, ask.dataset, ask.branch))


@dataclass(frozen=True)
class Checkout:
    """Write the pictures of a version into a folder; the next checkout touches only what differs.

    Files lie at their logical paths, byte for byte as they were added. Files of others in the
    folder are left alone, and a file that somebody changed is never overwritten without --force.
    For labels in another tool's format: visloop export.
    """

    ref: str = arg("the version, or a split of it: photos@v3:test")
    directory: str = arg("the folder", path=True)
    force: bool = opt("overwrite and remove files that somebody changed", default=False)
    repair: bool = opt("look at every file, write missing ones again", default=False)


@dataclass(frozen=True)
class CheckoutAnswer:
    """Files written, removed, left as they were; `renamed` have a name that every system takes."""

    ref: str
    directory: str
    written: int
    removed: int
    unchanged: int
    renamed: int


@operation("checkout", permission="data.export")
def checkout(ports: Ports, scope: Scope, ask: Checkout) -> CheckoutAnswer:
    """Counts of files."""
    done = data.checkout(
        ports.data,
        scope,
        Ref.parse(ask.ref),
        Path(ask.directory),
        force=ask.force,
        repair=ask.repair,
    )
    return CheckoutAnswer(
        ref=done.ref,
        directory=done.directory,
        written=done.written,
        removed=done.removed,
        unchanged=done.unchanged,
        renamed=done.renamed,
    )
