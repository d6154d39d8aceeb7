"""Assessments: what is measured of a model beyond its report."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop.app import handlers
from visloop.app.operation import arg, operation, opt

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Assess:
    """Measure one kind of thing of a model beyond its report: size, scan, corruption, load …

    The same question is measured once; asked again, the answer is read. A gate asks the same by
    `{assess: KIND}` among its checks.
    """

    kind: str = arg("for example size; the reference of assessments lists all")
    model: str = arg("for example reader@v2")
    on: str | None = opt(
        "pictures to look at; default: test of the data that it was trained on", default=None
    )
    set: dict[str, str] = opt("a setting of the kind: --set severities=1,3,5", default={})
    seed: int | None = opt("of what is drawn by chance", default=None)
    fresh: bool = opt("measure again, even where it is known", default=False)
    html: str | None = opt("write it, one file with its pictures", default=None, path=True)


@dataclass(frozen=True)
class Assessed:
    """Named figures (`value`, 95 % interval `low` to `high`, `n`), rows, notes and pictures.

    `headline` is the bound that holds in a gate unless the policy says another, and why.
    """

    assessment: str
    kind: str
    about: str
    model: str
    on: str
    settings: dict[str, Any]
    seed: int
    figures: dict[str, dict[str, Any]]
    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    pictures: tuple[dict[str, Any], ...]
    plots: tuple[dict[str, Any], ...]
    caveat: str
    headline: dict[str, Any]
    seconds: float
    edition: int
    html: str | None = field(default=None)


@operation("assess", permission="evaluate.run")
def assess(ports: Ports, scope: Scope, ask: Assess) -> Assessed:
    """Recorded as a fact."""
    made = handlers.assess(
        ports, scope, ask.kind, ask.model, ask.on, ask.set, seed=ask.seed, fresh=ask.fresh
    )
    if ask.html is not None:
        handlers.write_assessment(ports, made, Path(ask.html))
    return Assessed(**handlers.told_assessment(made), html=ask.html)
