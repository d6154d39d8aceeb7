"""Findings: looked for on demand, kept until they are looked for again, read with what became of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select

from visloop import data
from visloop.data import Snapshot
from visloop.errors import Corrupt, NotFound, Refused, UsageError, did_you_mean
from visloop.evaluate import tables as t
from visloop.evaluate.findings.boxes import BOXES
from visloop.evaluate.findings.copies import COPIES, LEAKS
from visloop.evaluate.findings.labels import LABELS
from visloop.evaluate.findings.looks import LOOKS
from visloop.evaluate.findings.records import Fault, Finder, Finding, Found, Looking, Row
from visloop.evaluate.findings.refused import REFUSED
from visloop.evaluate.ports import EvaluatePorts
from visloop.events import Scope
from visloop.ids import Ref
from visloop.store import utc_text
from visloop.vision import ClassLabel

FINDERS: Final[tuple[Finder, ...]] = (LABELS, LEAKS, COPIES, LOOKS, BOXES, REFUSED)
"""Whoever finds something else adds a finder here: everything that follows knows its kinds by it."""
FAULTS: Final[dict[str, Fault]] = {kind.name: kind for each in FINDERS for kind in each.kinds}


class FindingNotFound(NotFound):
    """That was not looked for yet."""

    code = "evaluate.finding_not_found"


@dataclass(frozen=True)
class Told:
    """A kind with what is known of it: `finding` None: not looked for yet, or `problem` says why not.

    `stale`: the data, or the bound, is another than when it was looked for.
    """

    kind: Fault
    bound: float
    finding: Finding | None
    stale: bool
    problem: Refused | None = None


def look_for(
    ports: EvaluatePorts,
    scope: Scope,
    ref: Ref,
    *,
    kinds: Sequence[str] = (),
    bounds: Mapping[str, float] | None = None,
    kept: bool = False,
    fresh: bool = False,
) -> tuple[Snapshot, list[Told]]:
    """What is wrong with a data set; looked for where the data changed since that was done last.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        ref: the data set as it is (`photos@work`) or a version; all of its splits.
        kinds: see `FAULTS`; none: all.
        bounds: kind → from where on it is a fault, other than usual.
        kept: look for nothing, only tell what is known.
        fresh: look again, even where nothing changed.

    Raises:
        UsageError: no such kind.
        DatasetNotFound, VersionNotFound: the reference names nothing.
    """
    whole = Ref(ref.name, ref.version, project=ref.project)
    snapshot = data.open(ports.data, whole, scope.project)
    asked = tuple(dict.fromkeys(kinds)) or tuple(FAULTS)
    limits = {each: kind.bound for each, kind in FAULTS.items()} | dict(bounds or {})
    for name in (*asked, *limits):
        _known(name)
    known = _load(ports, snapshot)
    problems: dict[str, Refused] = {}
    looking = Looking(ports, scope, snapshot, limits)
    for finder in FINDERS:
        due = [
            name
            for name in (kind.name for kind in finder.kinds)
            if name in asked
            and (fresh or finder.live or _stale(snapshot, limits[name], known.get(name)))
        ]
        if due and (finder.live or not kept):
            try:
                known |= _look(looking, finder)
            except Refused as problem:
                problems |= dict.fromkeys(due, problem)
    told = (
        (FAULTS[name], limits[name], None if name in problems else known.get(name), name)
        for name in asked
    )
    return snapshot, [
        Told(
            kind,
            finding.bound if kept and finding else bound,
            finding,
            finding is not None and _stale(snapshot, finding.bound if kept else bound, finding),
            problems.get(name),
        )
        for kind, bound, finding, name in told
    ]


def load_finding(ports: EvaluatePorts, scope: Scope, ref: Ref, kind: str) -> Finding:
    """What was found of a kind when it was looked for last.

    Raises:
        UsageError: there is no such kind.
        FindingNotFound: it was not looked for yet.
    """
    _known(kind)
    found = _load(ports, data.open(ports.data, ref, scope.project)).get(kind)
    if found is None:
        raise FindingNotFound(
            f"{kind!r} was not looked for in {ref.name} yet",
            fix=f"visloop findings {ref.name} --kind {kind}",
        )
    return found


def forget_findings(ports: EvaluatePorts, scope: Scope, dataset: str) -> None:
    """Of a data set that is no more."""
    table = t.findings
    mine = (table.c.project == scope.project) & (table.c.dataset == dataset)
    with ports.ledger.write(scope) as write:
        write.execute(delete(table).where(mine))


def settled(kind: Fault, row: Row, sample: data.Sample | None) -> bool:
    """Whether what was found is there no more: the picture or object is gone, the class another."""
    if not row.sample:
        return False
    if sample is None or sample.id != row.sample:
        return True
    if kind.mend == "set":
        names = [each.label for each in sample.annotations if isinstance(each, ClassLabel)]
        return names != [row.label]
    return bool(row.object) and all(each.id != row.object for each in sample.annotations)


def _known(name: str) -> Fault:
    if name not in FAULTS:
        raise UsageError(
            f"nothing of the kind {name!r} is looked for",
            fix=did_you_mean(name, FAULTS, otherwise=f"one of: {', '.join(FAULTS)}"),
        )
    return FAULTS[name]


def _stale(snapshot: Snapshot, bound: float, finding: Finding | None) -> bool:
    return finding is None or finding.state != snapshot.state or finding.bound != bound


def _look(looking: Looking, finder: Finder) -> dict[str, Finding]:
    """All kinds of a finder, since they are found at once; kept."""
    started = time.perf_counter()
    found = finder.find(looking)
    seconds = round(time.perf_counter() - started, 2)
    made = {name: _named(looking, name, each, seconds) for name, each in found.items()}
    if not finder.live:
        _keep(looking, list(made.values()))
    return made


def _named(looking: Looking, kind: str, found: Found, seconds: float) -> Finding:
    """What was found, with a question that finds the pictures."""
    samples = {row.sample for row in found.rows if row.sample}
    ledger, dataset = looking.ports.ledger, looking.snapshot.version.dataset
    return Finding(
        kind=kind,
        state=looking.snapshot.state,
        bound=looking.bounds[kind],
        found=found,
        pick=data.pick(ledger, looking.scope, dataset, samples).text if samples else "",
        pictures=len(samples),
        made=utc_text(ledger.clock.now()),
        seconds=seconds,
    )


def _keep(looking: Looking, made: Sequence[Finding]) -> None:
    """In the place of what was kept of these kinds before."""
    ports, version, table = looking.ports, looking.snapshot.version, t.findings
    bodies = [ports.blobs.put(msgspec.json.encode(each)) for each in made]
    ports.blobs.flush()
    whose = {
        "project": looking.scope.project,
        "dataset": version.dataset,
        "version": version.name,
    }
    here = [table.c[key] == value for key, value in whose.items()]
    with ports.ledger.write(looking.scope) as write:
        write.execute(delete(table).where(*here, table.c.kind.in_([each.kind for each in made])))
        when = {"created": write.now, "actor": str(write.scope.actor)}
        for each, body in zip(made, bodies, strict=True):
            write.execute(insert(table).values(**whose, kind=each.kind, body=body, **when))
        counts = {each.kind: len(each.found.rows) for each in made}
        write.fact("data.looked_over", version.dataset, version=version.name, found=counts)


def _load(ports: EvaluatePorts, snapshot: Snapshot) -> dict[str, Finding]:
    table, version = t.findings, snapshot.version
    query = select(table.c.kind, table.c.body).where(
        table.c.project == version.project,
        table.c.dataset == version.dataset,
        table.c.version == version.name,
    )
    with ports.ledger.read() as connection:
        bodies = connection.execute(query).all()
    try:
        return {
            kind: msgspec.json.decode(ports.blobs.get(body), type=Finding)
            for kind, body in bodies
            if kind in FAULTS
        }
    except msgspec.MsgspecError as broken:
        raise Corrupt(
            f"kept findings cannot be read: {broken}",
            fix=f"visloop findings {version.ref} --fresh",
        ) from broken
