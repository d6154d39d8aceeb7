"""Reading everything again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from visloop import data, store
from visloop.app import handlers
from visloop.app.operation import operation, opt
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_MOST: Final = 500


@dataclass(frozen=True)
class Verify:
    """Read every stored byte again, follow every link, recompute the chain of facts.

    What is hurt is named: which samples of which versions, and what mends them.
    """

    quick: bool = opt(
        "all but the bytes: packs are there and long enough, no link ends in nothing", default=False
    )
    repair: bool = opt(
        "store damaged pictures anew from the files that they came from", default=False
    )


@dataclass(frozen=True)
class VerifyAnswer:
    """`ok`, or the problems (the first 500 of `count`), each with what mends it."""

    ok: bool
    quick: bool
    blobs: int
    blob_bytes: int
    links: int
    facts: int
    seals: int
    repaired: int
    count: int
    problems: tuple[dict[str, Any], ...]


@operation("verify", permission="store.read", exit_code=lambda answer: 0 if answer.ok else 3)
def verify(ports: Ports, scope: Scope, ask: Verify) -> VerifyAnswer:
    """Exit 3 when something is wrong."""
    if ask.quick and ask.repair:
        raise UsageError("a quick look finds no damaged bytes", fix="visloop verify --repair")
    if ask.repair:
        store.authorise(ports.ledger, scope, "store.repair")
    ports.ledger.seal()
    repaired = 0
    found = handlers.findings(ports, quick=ask.quick)
    hurt = data.hurt_samples(ports.data, found.bad)
    files = handlers.originals(ports, hurt)
    if ask.repair and files:
        repaired = data.restore(ports.data, files)
        found = handlers.findings(ports, quick=False)
        hurt = data.hurt_samples(ports.data, found.bad)
        files = {}
    rows = handlers.problems(found, hurt, files)
    with ports.ledger.write(scope) as write:
        said = {"problems": len(rows), "blobs": found.blobs, "repaired": repaired}
        write.fact("store.verified", "blobs", quick=ask.quick, **said)
    return VerifyAnswer(
        ok=not rows,
        quick=ask.quick,
        blobs=found.blobs,
        blob_bytes=found.blob_bytes,
        links=found.links,
        facts=found.facts.facts,
        seals=found.facts.seals,
        repaired=repaired,
        count=len(rows),
        problems=tuple(rows[:_MOST]),
    )
