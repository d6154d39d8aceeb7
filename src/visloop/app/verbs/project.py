"""The workspace as a whole: what happened, who did it, where an answer came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Fact, Scope


@dataclass(frozen=True)
class Facts:
    """List what happened: commits, labels, promotions, deployments, alarms; newest last."""

    after: int = opt("only facts with a higher sequence number", default=0)
    kind: tuple[str, ...] = opt("only these kinds, for example data.committed", default=())
    subject: str | None = opt("only about this subject", default=None)
    limit: int = opt("at most so many, the newest", default=50)


@dataclass(frozen=True)
class FactList:
    """Facts in the order in which they happened."""

    count: int
    rows: tuple[dict[str, Any], ...]


@operation("facts", permission="audit.read")
def facts(ports: Ports, scope: Scope, ask: Facts) -> FactList:
    """Newest `limit` facts, oldest of them first."""
    found = ports.ledger.facts(
        after=ask.after,
        kinds=ask.kind,
        project=scope.project,
        subject=ask.subject,
        limit=ask.limit,
        newest_first=not ask.after,
    )
    rows = sorted((_row(each) for each in found), key=lambda row: row["seq"])
    return FactList(count=len(rows), rows=tuple(rows))


def _row(fact: Fact) -> dict[str, Any]:
    return {
        "seq": fact.seq,
        "time": fact.time.isoformat(),
        "actor": fact.actor,
        "kind": fact.kind,
        "subject": fact.subject,
        "payload": dict(fact.payload),
    }


@dataclass(frozen=True)
class Audit:
    """Check the hash chain over all facts: an edited, removed or reordered fact is named."""

    head: str | None = opt("a chain digest noted earlier; it must still be part", default=None)


@dataclass(frozen=True)
class Audited:
    """`ok`, or where the chain first breaks; `head` noted elsewhere proves later that all is still there."""

    ok: bool
    facts: int
    seals: int
    head: str
    problem: str


@operation("audit", permission="audit.read", exit_code=lambda answer: 0 if answer.ok else 3)
def audit(ports: Ports, scope: Scope, ask: Audit) -> Audited:
    """Seal what is open, then recompute everything."""
    del scope
    ports.ledger.seal()
    found = ports.ledger.verify(head=ask.head)
    return Audited(
        ok=found.ok,
        facts=found.facts,
        seals=found.seals,
        head=found.head,
        problem=found.broken,
    )


@dataclass(frozen=True)
class Trace:
    """Follow one production answer back: picture, deployment, model, run, data version, samples."""

    prediction: str = arg("the id that came with the answer")


@dataclass(frozen=True)
class Traced:
    """Everything that stands behind one answer."""

    prediction: dict[str, Any]
    image: dict[str, Any]
    deployment: dict[str, Any]
    beside: dict[str, Any]
    model: dict[str, Any]
    run: dict[str, Any]
    data: dict[str, Any]


@operation("trace", permission="audit.read")
def trace(ports: Ports, scope: Scope, ask: Trace) -> Traced:
    """One row per hop."""
    return Traced(**handlers.trace(ports, scope, ask.prediction))
