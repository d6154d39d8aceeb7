"""Files that were not taken on the way in, and wait in the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from visloop import data
from visloop.evaluate.findings.records import Fault, Finder, Found, Looking, Row

QUARANTINE: Final = Fault(
    name="quarantine",
    title="Files that were refused",
    why="they could not be taken on the way in, and wait for a repair or a last word",
)


def _find(looking: Looking) -> Mapping[str, Found]:
    ports, dataset = looking.ports.data, looking.snapshot.version.dataset
    waiting = data.quarantine_list(ports, looking.scope, dataset)
    rows = tuple(Row(path=each.path, value=1.0, said=each.reason) for each in waiting)
    return {QUARANTINE.name: Found(rows=rows, looked=looking.snapshot.count + len(rows))}


REFUSED: Final = Finder(kinds=(QUARANTINE,), find=_find, live=True)
