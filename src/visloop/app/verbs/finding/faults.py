"""The verb that looks for what is wrong with a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import evaluate
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.verbs.querying import asked_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Findings:
    """Look for what is wrong with a data set: labels, leakage, copies, dark or blurred pictures, odd boxes.

    Looked for once for the same data, then read. Each kind says what is measured and from which bound on
    it is a fault, and has a question that finds its pictures, for `bulk`: tag, fix, drop, queue.
    """

    ref: str = arg("a data set or version: photos (committed or not), photos@v1", default="")
    kind: tuple[str, ...] = opt("only this: labels, dark …; again for more", default=())
    bound: dict[str, float] = opt("a fault from there on: --set dark=0.2", name="set", default={})
    kept: bool = opt("look for nothing: only what was found before", default=False)
    fresh: bool = opt("look again, even where nothing changed", default=False)
    offset: int = opt("of what was found of each kind, skip so many", default=0)
    limit: int = opt("of each kind at most so many, the worst first", default=10)
    samples: bool = opt("picture by picture, with the samples (--json)", default=False)


@dataclass(frozen=True)
class FindingsAnswer:
    """One row a kind: how many were `found`, in how many pictures, why, and the worst of them.

    `count` is null where it was not looked for, then `problem` may say why not. `where` is a question
    that finds the pictures. `bound`: a fault is what measures at least that (`least`), or at most.
    `spotted` are pictures with all that was found in them, if asked for. `mend` is what `bulk --fix
    KIND` does: set the class, erase the object, drop the picture. `stale`: the data changed since; what
    is `settled` was mended, or went.
    """

    ref: str
    count: int
    rows: tuple[dict[str, Any], ...]


@operation("findings", permission="data.read")
def findings(ports: Ports, scope: Scope, ask: Findings) -> FindingsAnswer:
    """Pictures are looked at once; their statistics are kept."""
    snapshot, told = evaluate.look_for(
        ports.evaluate,
        scope,
        asked_of(ports, scope, ask.ref),
        kinds=ask.kind,
        bounds=ask.bound,
        kept=ask.kept,
        fresh=ask.fresh,
    )
    rows = tuple(
        handlers.told_fault(
            each, snapshot, offset=ask.offset, limit=min(ask.limit, 1000), samples=ask.samples
        )
        for each in told
    )
    return FindingsAnswer(snapshot.version.ref, sum(row["count"] or 0 for row in rows), rows)
