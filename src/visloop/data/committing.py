"""Committing: what is staged becomes a version, whole or not at all, whatever is killed when."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from visloop.data import catalog
from visloop.data.history.clean import forget_files
from visloop.data.history.names import NameInUse, check_free
from visloop.data.tables import working
from visloop.data.tree.nodes import Nodes, Tree
from visloop.data.versions import Proposal, record
from visloop.data.working import Working
from visloop.errors import Conflict, Refused, UsageError
from visloop.ids import Ref
from visloop.store import Claim

if TYPE_CHECKING:
    from visloop.data.records import DataPorts, Version
    from visloop.events import Scope

_TRIES: Final = 8


class NothingToCommit(Refused):
    """Nothing is staged that differs from the newest version."""

    code = "data.nothing_to_commit"


class MovedOn(Conflict):
    """Somebody else committed to the branch meanwhile."""

    code = "data.moved_on"


def commit(
    ports: DataPorts,
    scope: Scope,
    dataset: str,
    message: str,
    *,
    base: str | None = None,
    branch: str | None = None,
    fence: Claim | None = None,
) -> Version:
    """Record everything staged as a new version of the working branch.

    The tree is built beside the ledger and flushed; then one transaction checks that nobody
    committed meanwhile or took a change back, adds the version, moves the head and takes what it
    holds off the staging. What is staged meanwhile stays staged.

    Args:
        ports: where state and bytes live.
        scope: who asks.
        dataset: the data set.
        message: what changed.
        base: the version that the changes were made on; refused when the branch moved on since.
        branch: a new branch for the version, which begins at `base`; the working branch stays.
        fence: the claim that must still hold.

    Raises:
        LeaseLost: `fence` was taken over.
        DatasetNotFound, VersionNotFound: there is no such data set, or no such base.
        NothingToCommit: nothing staged differs from the newest version.
        MovedOn: the branch is not at `base` any more, or what was staged is committed already.
        NameInUse: the branch is there already.
        Conflict: others committed faster, again and again.
    """
    asked = _Asked(ports, scope, dataset, message, base, branch)
    lost: Version | None = None
    for _ in range(_TRIES):
        try:
            proposal = asked.propose()
        except NothingToCommit as nothing:
            raise asked.taken_along(lost) if lost else nothing from None
        ports.blobs.flush()
        with ports.ledger.write(scope, fence=fence) as write:
            here = (write.connection, scope.project, dataset)
            as_it_was = _staged(*here, up_to=proposal.sequence) == proposal.staged
            now = catalog.head(*here)
            if as_it_was and (now == proposal.base or branch):
                asked.check_branch(write.connection)
                made = record(write, dataset, proposal, message)
                if branch:  # of the working set it is no part any more: look at the files anew
                    forget_files(write, ports.blobs, dataset, now, made)
                return made
            lost = now
    raise Conflict(f"others kept changing {dataset!r} first", fix="run the same command again")


class _Asked:
    """One wish to commit, worked out against the data set as it is."""

    def __init__(
        self,
        ports: DataPorts,
        scope: Scope,
        dataset: str,
        message: str,
        base: str | None,
        branch: str | None,
    ) -> None:
        self._ports, self._dataset, self._message = ports, dataset, message
        self._project = scope.project
        self._base = (Ref.parse(base).version or base) if base and "@" in base else base
        self._branch = branch
        if branch is not None:
            check_free(branch, "branch")

    def propose(self) -> Proposal:
        """Build and store the tree and root object of what is staged, in one snapshot of the ledger."""
        nodes = Nodes(self._ports.blobs)
        with self._ports.ledger.read() as connection:
            state = catalog.state(connection, self._project, self._dataset)
            self.check_branch(connection)
            over = Working.load(connection, nodes, state, self._below(connection, state.branch))
            tree = over.merged()
            here = (connection, self._project, self._dataset)
            staged = _staged(*here, up_to=state.sequence)
        if not tree.digest:
            tree = Tree.empty(nodes)
        root = catalog.store_root(
            self._ports.blobs, tree.digest, tree.count, over.classes, over.fields
        )
        nothing = (
            over.head is None
            and tree.count == 0
            and not over.classes.entries
            and not over.fields.entries
        )
        if nothing or (over.head is not None and over.head.root == root):
            raise self._nothing(over.head)
        return Proposal(
            over.head, root, tree.count, state.sequence, staged, branch=self._branch or ""
        )

    def check_branch(self, connection: Connection) -> None:
        """A branch to be made is not there yet."""
        here = (connection, self._project, self._dataset)
        if self._branch and self._branch in {*catalog.branch_heads(*here), *catalog.tagged(*here)}:
            raise NameInUse(
                f"{self._dataset!r} has a branch or tag {self._branch!r} already",
                fix="take another name",
            )

    def _below(self, connection: Connection, working_branch: str) -> Version | None:
        """The version to build on: the one named, which must be the head unless a branch begins there."""
        here = (connection, self._project, self._dataset)
        head = catalog.head(*here)
        if self._branch and head is None:
            raise UsageError(
                f"{self._dataset!r} has no version that a branch could begin at",
                fix=f"commit to {working_branch} first: visloop commit {self._dataset} -m TEXT",
            )
        if self._base is None:
            return head
        named = catalog.resolve(*here, self._base)
        if self._branch is None and named != head:
            raise self._moved_on(working_branch, named, head)
        return named

    def _moved_on(self, branch: str, named: Version, head: Version | None) -> MovedOn:
        at = f"is at {head.name} ({_said(head)})" if head else "has no version"
        beside = f"from-{named.name}"
        words = f"-m {shlex.quote(self._message)}"
        return MovedOn(
            f"{branch!r} of {self._dataset!r} {at}, not at {named.name} any more:"
            " nothing was committed, what is staged stays staged",
            fix=f"visloop commit {self._dataset} {words} --base {named.name} --branch {beside}"
            f" && visloop merge {self._dataset} {beside}"
            f"   (first look: visloop diff {named.ref} {head.ref if head else named.ref})",
        )

    def _nothing(self, head: Version | None) -> NothingToCommit:
        newest = f"; {head.name} is the newest version ({_said(head)})" if head else ""
        return NothingToCommit(
            f"nothing is staged in {self._dataset!r}{newest}",
            fix=f"stage something first: visloop add PATH --to {self._dataset}"
            "   (see: visloop status)",
        )

    def taken_along(self, lost: Version) -> NothingToCommit:
        """Staging is one for all: who commits takes what others staged along."""
        before = f"{self._dataset}@v{lost.parent}" if lost.parent else ""
        look = f"diff {before} {lost.ref}" if before else f"samples {lost.ref}"
        return NothingToCommit(
            f"{self._dataset!r} moved on while this commit was made: {lost.name} ({_said(lost)})"
            " took along all that was staged, nothing is left to commit",
            fix=f"see what it holds: visloop {look}",
        )


def _said(version: Version) -> str:
    return f"{version.message!r}, by {version.actor}"


def _staged(connection: Connection, project: str, dataset: str, *, up_to: int) -> int:
    """How many paths are staged since before the change of that number."""
    mine = (working.c.project == project) & (working.c.dataset == dataset)
    query = select(func.count()).select_from(working).where(mine, working.c.seq <= up_to)
    return connection.scalar(query) or 0
