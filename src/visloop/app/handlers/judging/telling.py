"""Assessments as answers."""

from __future__ import annotations

from typing import Any

from visloop import evaluate
from visloop.app.rows import plain


def told_assessment(made: evaluate.Assessment) -> dict[str, Any]:
    """An assessment as the fields of the answer; with what its kind's bound says of it."""
    kind, said = evaluate.find_kind(made.kind), plain(made)
    outcome = said.pop("outcome")
    kept = ("kind", "model", "settings", "seed", "seconds", "edition")
    return {
        "assessment": made.id,
        "on": made.data,
        **{key: said[key] for key in kept},
        **outcome,
        "about": kind.about,
        "headline": plain(kind.headline),
    }
