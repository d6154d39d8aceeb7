"""The merge that waits for a person: what it is, and what was taken so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import Connection, delete, insert, select

from visloop.data import catalog
from visloop.data.history.merging.conflicts import Choice, Rule
from visloop.data.tables import choices, merges
from visloop.errors import NotFound
from visloop.store import Write

Kind: TypeAlias = Literal["merge", "revert"]


class NoMergeWaits(NotFound):
    """No merge waits for a person."""

    code = "data.no_merge_waits"


@dataclass(frozen=True)
class Merging:
    """A merge or revert: what it brings in (`named`), by which rule, under which message."""

    kind: Kind
    named: str
    number: int
    rule: Rule | None
    message: str

    def words(self, branch: str) -> str:
        """What it does to a branch; the message where none was given."""
        if self.kind == "merge":
            return f"merge {self.named} into {branch}"
        return f"revert {self.named}"


def waiting(
    connection: Connection, project: str, dataset: str
) -> tuple[Merging, dict[str, Choice]]:
    """The merge that waits, and conflict → what was taken.

    Raises:
        DatasetNotFound, NoMergeWaits: there is no such data set, or nothing waits in it.
    """
    catalog.state(connection, project, dataset)
    mine = {"project": project, "dataset": dataset}
    row = connection.execute(select(merges).filter_by(**mine)).mappings().first()
    if row is None:
        raise NoMergeWaits(
            f"no merge waits in {dataset!r}", fix=f"begin one: visloop merge {dataset} BRANCH"
        )
    taken = connection.execute(select(choices.c.conflict, choices.c.take).filter_by(**mine))
    number = row["theirs"] if row["kind"] == "merge" else row["base"]
    merging = Merging(row["kind"], row["named"], number, row["rule"] or None, row["message"])
    return merging, {each[0]: each[1] for each in taken}


def note(write: Write, dataset: str, merging: Merging) -> None:
    """Let it wait."""
    mine = {"project": write.scope.project, "dataset": dataset}
    write.execute(delete(merges).filter_by(**mine))
    row = {
        "kind": merging.kind,
        "base": merging.number if merging.kind == "revert" else None,
        "theirs": merging.number if merging.kind == "merge" else None,
        "named": merging.named,
        "rule": merging.rule or "",
        "message": merging.message,
        "actor": str(write.scope.actor),
        "time": write.now,
    }
    write.execute(insert(merges), {**mine, **row})


def take(write: Write, dataset: str, taken: Mapping[str, str]) -> None:
    """Note what was taken for conflicts."""
    mine = {"project": write.scope.project, "dataset": dataset}
    for conflict, side in taken.items():
        write.execute(delete(choices).filter_by(**mine, conflict=conflict))
        write.execute(insert(choices), {**mine, "conflict": conflict, "take": side})


def forget(write: Write, dataset: str) -> None:
    """Nothing waits any more."""
    mine = {"project": write.scope.project, "dataset": dataset}
    write.execute(delete(merges).filter_by(**mine))
    write.execute(delete(choices).filter_by(**mine))
