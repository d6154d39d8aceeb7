"""The verb that puts doubted labels before a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from visloop import label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_AUTHOR = "assessment:labels"


@dataclass(frozen=True)
class LabelDoubt:
    """Put the labels that are probably wrong on the queue, each with the class that fits.

    They are those of `visloop assess labels`: made first where that was not asked yet. Accepted, a
    sample's class is changed; where the label was right, accept with --label as it was, or skip.
    """

    model: str = arg("for example reader@v1")
    on: str | None = opt("the data; default: that which the model was trained on", default=None)
    limit: int = opt("at most so many, the least believable first", default=50)


@dataclass(frozen=True)
class LabelsDoubted:
    """New tasks; how many suspects there are, are or were on the queue, and why others were left."""

    tasks: tuple[str, ...]
    suspects: int
    known: int
    left: dict[str, str]
    assessment: str


@operation("label.doubt", permission="label.write")
def label_doubt(ports: Ports, scope: Scope, ask: LabelDoubt) -> LabelsDoubted:
    """Nothing in the data changes before somebody accepts."""
    made = handlers.assess(ports, scope, "labels", ask.model, ask.on, {}, seed=None, fresh=False)
    rows = made.outcome.rows
    doubted = [
        label.Doubted(row["path"], row["label"], row["suggested"], row["belief"])
        for row in rows[: ask.limit]
    ]
    dataset = made.data.partition("@")[0]
    done = label.doubt(ports.label, scope, dataset, doubted, author=_AUTHOR)
    return LabelsDoubted(
        tasks=done.tasks,
        suspects=len(rows),
        known=done.known,
        left=done.left,
        assessment=made.id,
    )
