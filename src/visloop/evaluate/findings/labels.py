"""Labels of whole pictures that are probably wrong, as the assessment of labels finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from visloop import train
from visloop.evaluate.assess.own.labels import material
from visloop.evaluate.assess.pictures.doubts import doubts
from visloop.evaluate.findings.records import Fault, Finder, Found, Looking, Row, worst_first
from visloop.evaluate.resampling import SEED

WRONG: Final = Fault(
    name="labels",
    title="Labels that are probably wrong",
    why="a model that never saw the picture is as sure of another class as it usually is of that one",
    measure="belief in the label as it is, 0 to 1",
    bound=0.5,
    least=False,
    mend="set",
)


def _find(looking: Looking) -> Mapping[str, Found]:
    stuff, notes = material(looking.ports, looking.scope, looking.snapshot.version, looking.threads)
    looking.ports.progress.note("hold labels against a model")
    head = train.fit_head(stuff.vectors, stuff.given, seed=SEED)
    found = doubts(head.held_out, stuff.given)
    suspect = found.suspect & (found.belief <= looking.bounds[WRONG.name])
    rows: list[Row] = []
    for at in np.flatnonzero(suspect).tolist():
        sample = stuff.pictures[at].sample
        given, fits = stuff.classes[stuff.given[at]], stuff.classes[found.suggested[at]]
        rows.append(
            Row(
                path=sample.path,
                sample=sample.id,
                label=given,
                suggested=fits,
                value=round(float(found.belief[at]), 4),
                said=f"labelled {given}, looks like {fits}",
            )
        )
    return {
        WRONG.name: Found(
            rows=worst_first(WRONG, rows), looked=len(stuff.given), notes=tuple(notes)
        )
    }


LABELS: Final = Finder(kinds=(WRONG,), find=_find)
