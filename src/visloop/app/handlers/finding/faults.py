"""What is wrong with a data set, told with its pictures, and mended as it suggests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data, evaluate
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.ids import Ref


def told_fault(
    told: evaluate.Told, snapshot: data.Snapshot, *, offset: int, limit: int, samples: bool
) -> dict[str, Any]:
    """A kind of fault as a row of the answer, with a page of what was found of it."""
    finding = told.finding
    row: dict[str, Any] = {
        "kind": told.kind.name,
        "title": told.kind.title,
        "why": told.kind.why,
        "measure": told.kind.measure,
        "bound": told.bound,
        "least": told.kind.least,
        "mend": told.kind.mend,
        "count": None,
        "pictures": None,
        "stale": told.stale,
    }
    if told.problem is not None:
        row["problem"] = {"what": told.problem.what, "fix": told.problem.fix}
    if finding is None:
        return row
    start, end = max(offset, 0), max(offset, 0) + max(limit, 0)
    page = finding.found.rows[start:end]
    more: dict[str, Any] = {"found": [_told_row(told.kind, each, snapshot) for each in page]}
    if samples:
        more = {"spotted": _spotted(told.kind, finding.found.rows, snapshot, start, end)}
    return row | {
        "count": len(finding.found.rows),
        "pictures": finding.pictures,
        "looked": finding.found.looked,
        "where": finding.pick,
        "made": finding.made,
        "seconds": finding.seconds,
        "notes": list(finding.found.notes),
        **more,
    }


def _told_row(kind: evaluate.Fault, row: evaluate.Row, snapshot: data.Snapshot) -> dict[str, Any]:
    sample = snapshot.get(row.path) if row.sample else None
    return msgspec.to_builtins(row) | {"settled": evaluate.settled(kind, row, sample)}


def _spotted(
    kind: evaluate.Fault,
    rows: Sequence[evaluate.Row],
    snapshot: data.Snapshot,
    start: int,
    end: int,
) -> list[dict[str, Any]]:
    """Pictures, each with all that was found in it, in the order of their worst."""
    of_path: dict[str, list[evaluate.Row]] = {}
    for row in rows:
        of_path.setdefault(row.path, []).append(row)
    found: list[dict[str, Any]] = []
    for path in list(of_path)[start:end]:
        named = (path, of_path[path][0].other)
        shown, other = (snapshot.get(each) if each else None for each in named)
        found.append(
            {
                "path": path,
                "rows": [_told_row(kind, each, snapshot) for each in of_path[path]],
                "shown": None if shown is None else msgspec.to_builtins(shown),
                "other": None if other is None else msgspec.to_builtins(other),
            }
        )
    return found


def mended(
    ports: Ports, scope: Scope, ref: Ref, kind: str, paths: Sequence[str], wish: data.Wish
) -> tuple[list[str], data.Wish]:
    """Those of some samples that a finding would mend, and the wish with what mends them.

    What is settled by now is left alone.

    Raises:
        UsageError: nothing mends this kind but a person.
        FindingNotFound: it was not looked for yet.
    """
    fault = evaluate.FAULTS.get(kind)
    finding = evaluate.load_finding(ports.evaluate, scope, ref, kind)
    assert fault is not None, "load_finding knows it"
    if not fault.mend:
        raise UsageError(
            f"{fault.title.lower()}: a person has to look",
            fix=f"visloop bulk {ref.name} --where '{finding.pick}' --queue '{fault.title}'",
        )
    snapshot, within = data.open(ports.data, ref, scope.project), set(paths)
    rows = [
        row
        for row in finding.found.rows
        if row.path in within and not evaluate.settled(fault, row, snapshot.get(row.path))
    ]
    chosen = list(dict.fromkeys(row.path for row in rows))
    match fault.mend:
        case "set":
            wish = replace(wish, labels={row.path: row.suggested for row in rows})
        case "erase":
            erased: dict[str, set[str]] = defaultdict(set)
            for row in rows:
                erased[row.path].add(row.object)
            wish = replace(wish, erase={path: frozenset(ids) for path, ids in erased.items()})
        case _:
            wish = replace(wish, drop=True)
    return chosen, wish
