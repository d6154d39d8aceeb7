"""Assessments: one kind of thing measured of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import evaluate, loop, registry
from visloop.app.handlers.judging.evaluating import drawn
from visloop.app.handlers.judging.gating import test_split
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def assess(
    ports: Ports,
    scope: Scope,
    kind: str,
    model: str,
    on: str | None,
    settings: Mapping[str, str],
    *,
    seed: int | None,
    fresh: bool,
) -> evaluate.Assessment:
    """Measure a model, or read what was measured; by default on the test split of its own data."""
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    ref = Ref.parse(on) if on else None
    if ref is None and evaluate.find_kind(kind).on_data:
        ref = test_split(ports, scope, version)
    chance = {} if seed is None else {"seed": seed}
    return evaluate.make_assessment(
        ports.evaluate,
        scope,
        kind,
        version,
        ref,
        settings=settings,
        gathering=loop.GATHERING,
        fresh=fresh,
        **chance,
    )


def write_assessment(ports: Ports, made: evaluate.Assessment, file: Path) -> None:
    """The assessment as one HTML file with its pictures in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    page = evaluate.assessment_page(made, drawn(ports), ports.evaluate.blobs.get)
    file.write_text(page, "utf-8")
