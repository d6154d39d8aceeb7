"""Versions of a data set, from Python: `ds.versions.branch("fix")`, `ds.versions.merge("fix")`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from visloop import app

if TYPE_CHECKING:
    from visloop.faces.sdk.connections import Connection

Rule: TypeAlias = Literal["ours", "theirs", "newest", "union"]


@dataclass(frozen=True)
class Merging:
    """Merges and reverts of one data set, and what a person does while one waits."""

    connection: Connection
    dataset: str

    def merge(
        self, branch: str, *, rule: Rule | None = None, message: str = "", dry_run: bool = False
    ) -> app.MergeAnswer:
        """Bring what another branch has into the branch that is worked on."""
        ask = app.Merge(
            dataset=self.dataset, branch=branch, rule=rule, message=message, dry_run=dry_run
        )
        return self.connection.call(app.merge, ask)

    def conflicts(self) -> tuple[dict[str, Any], ...]:
        """A row a conflict of the merge or revert that waits."""
        ask = app.MergeStatus(dataset=self.dataset)
        return self.connection.call(app.merge_status, ask).conflicts

    def conflict(self, conflict: str) -> app.MergeShown:
        """One of them whole: the sample as base, ours and theirs have it."""
        ask = app.MergeShow(dataset=self.dataset, conflict=conflict)
        return self.connection.call(app.merge_show, ask)

    def resolve(
        self,
        *conflicts: str,
        take: Literal["ours", "theirs", "base", "both", "open"] | None = None,
        rule: Rule | None = None,
        hold: bool = False,
    ) -> app.MergeAnswer:
        """Decide conflicts by their ids, or by a rule all that are left; `hold` records nothing yet."""
        ask = app.MergeResolve(
            dataset=self.dataset, conflicts=conflicts, take=take, rule=rule, hold=hold
        )
        return self.connection.call(app.merge_resolve, ask)

    def finish(self) -> app.MergeAnswer:
        """Record the merge or revert whose conflicts are decided."""
        return self.connection.call(app.merge_finish, app.MergeFinish(dataset=self.dataset))

    def abort(self) -> app.MergeAnswer:
        """Give up the merge or revert that waits."""
        return self.connection.call(app.merge_abort, app.MergeAbort(dataset=self.dataset))

    def revert(
        self, version: str, *, rule: Rule | None = None, message: str = "", dry_run: bool = False
    ) -> app.MergeAnswer:
        """Take back what one version changed, as a new version."""
        ask = app.Revert(
            dataset=self.dataset, version=version, rule=rule, message=message, dry_run=dry_run
        )
        return self.connection.call(app.revert, ask)


@dataclass(frozen=True)
class Versions(Merging):
    """Tags, branches, merges of one data set."""

    def tag(self, name: str, version: str = "main", *, move: bool = False) -> app.Tagged:
        """Give a version a name."""
        ask = app.Tag(ref=f"{self.dataset}@{version}", name=name, move=move)
        return self.connection.call(app.tag, ask)

    def tags(self) -> tuple[dict[str, Any], ...]:
        """A row a tag."""
        return self.connection.call(app.tag_list, app.TagList(dataset=self.dataset)).rows

    def branch(
        self, name: str, *, start: str | None = None, switch: bool = False
    ) -> app.BranchAnswer:
        """Begin a branch."""
        ask = app.Branch(dataset=self.dataset, name=name, from_=start, switch=switch)
        return self.connection.call(app.branch, ask)

    def branches(self) -> tuple[dict[str, Any], ...]:
        """A row a branch."""
        return self.connection.call(app.branch_list, app.BranchList(dataset=self.dataset)).rows

    def switch(self, branch: str) -> app.BranchAnswer:
        """Work on another branch."""
        return self.connection.call(app.switch, app.Switch(dataset=self.dataset, branch=branch))

    def checkout(
        self, version: str, directory: str | Path, *, force: bool = False, repair: bool = False
    ) -> app.CheckoutAnswer:
        """Write the pictures of a version into a folder."""
        place = str(Path(directory).expanduser().absolute())
        ask = app.Checkout(
            ref=f"{self.dataset}@{version}", directory=place, force=force, repair=repair
        )
        return self.connection.call(app.checkout, ask)

    def blame(
        self, path: str, *, version: str = "main", object_: str | None = None
    ) -> tuple[dict[str, Any], ...]:
        """A row a field of a sample and its objects: which version set it, who, when, why."""
        ask = app.Blame(ref=f"{self.dataset}@{version}", path=path, object_=object_)
        return self.connection.call(app.blame, ask).rows
