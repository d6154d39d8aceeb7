"""How much a model loses in noise, blur, weather and bad transmission.

Pictures are hurt at the size at which the model sees them, as the paper does it, and only where they
are picture: a letterbox keeps its padding.

Source: Hendrycks & Dietterich 2019; the relative drop is 1 - rPC of Michaelis et al. 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np

from visloop.errors import UsageError, did_you_mean
from visloop.evaluate.answering import ask
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Plot, Shot
from visloop.evaluate.assess.robust.losses import Clean, Loss, figure_of, mean_of
from visloop.evaluate.assess.robust.sheet import Tile, sheet
from visloop.evaluate.assess.robust.views import Pixels, Views, part_of, seed_of, some_of
from visloop.evaluate.kinds.answering import Question
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.records import Answers
from visloop.progress import Silent
from visloop.train import Labelled
from visloop.vision import CORRUPTIONS, SEVERITIES, corrupt

_FIXED_TRUTH: Final = frozenset({"detect", "segment"})
"""Tasks whose truth has places: what moves things would make it wrong."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`pictures` are drawn by the seed; `corruptions` empty: all; `severities` 1 … 5."""

    pictures: Annotated[int, msgspec.Meta(ge=2)] = 200
    severities: tuple[Annotated[int, msgspec.Meta(ge=1, le=5)], ...] = SEVERITIES
    corruptions: tuple[str, ...] = ()


class _Cell(NamedTuple):
    """One corruption at one severity."""

    name: str
    severity: int


class _Seen(NamedTuple):
    """What the model said of the pictures; in each cell, and of the clean ones."""

    clean: AnyAnswers
    cells: Mapping[_Cell, AnyAnswers]


def _assess(case: Case[Settings]) -> Outcome:
    names = _names(case)
    cells = [
        _Cell(name, severity)
        for name in names
        for severity in sorted(set(case.settings.severities))
    ]
    pictures, views = some_of(case, case.settings.pictures), Views(case)
    seen = _look(case, pictures, views, cells)
    clean = Clean(seen.clean)
    losses = {cell: clean.loss(answers) for cell, answers in seen.cells.items()}
    return Outcome(
        figures=_figures(clean, losses),
        rows=tuple(_row(clean, cell, loss) for cell, loss in losses.items()),
        notes=tuple(_notes(case, clean, losses, len(pictures))),
        pictures=(_shot(case, pictures[0], views, seen),),
        plots=_plots(clean.metric, names),
    )


def _names(case: Case[Settings]) -> list[str]:
    """The corruptions to look at."""
    asked = case.settings.corruptions
    for name in asked:
        if name not in CORRUPTIONS:
            fix = did_you_mean(name, CORRUPTIONS, otherwise=f"one of: {', '.join(CORRUPTIONS)}")
            raise UsageError(f"there is no corruption {name!r}", fix=fix)
    names = [name for name in CORRUPTIONS if not asked or name in asked]
    kept = [name for name in names if not (CORRUPTIONS[name].moves and case.task in _FIXED_TRUTH)]
    if not kept or not case.settings.severities:
        raise UsageError(
            "no corruption is left to look at: elastic_transform moves what boxes and masks speak of"
            if names
            else "no severity was named",
            fix="name more: --set corruptions=fog,snow --set severities=1,3,5",
        )
    return kept


def _look(
    case: Case[Settings], pictures: Sequence[Labelled], views: Views, cells: Sequence[_Cell]
) -> _Seen:
    predictor, names = case.predictor, case.names

    def answers(cell: _Cell | None) -> AnyAnswers:
        def change(picture: Labelled, pixels: Pixels) -> Pixels:
            return pixels if cell is None else corrupt(pixels, *cell, seed_of(case, picture))

        question = Question(pictures, names, views.hurt(change), case.threads)
        return ask(predictor, question, Silent())

    clean = answers(None)
    tracked = case.ports.progress.track(cells, doing="corrupt", unit="corruption", total=len(cells))
    return _Seen(clean, {cell: answers(cell) for cell in tracked})


def _figures(clean: Clean, losses: Mapping[_Cell, Loss]) -> dict[str, Figure]:
    """The mean over cells and over those of a group; the worst."""
    low, high = clean.interval(clean.figure)
    hurt = mean_of([loss.figure for loss in losses.values()])
    hurt_low, hurt_high = clean.interval(hurt)
    n = len(clean.figure.slope)
    worst = max(losses.values(), key=lambda loss: loss.relative.value)
    groups: dict[str, list[Loss]] = {}
    for cell, loss in losses.items():
        groups.setdefault(CORRUPTIONS[cell.name].group, []).append(loss)
    return {
        "relative_drop": clean.relative(mean_of([loss.relative for loss in losses.values()])),
        "worst_drop": clean.relative(worst.relative),
        clean.metric: Figure(value=float(clean.figure.value), low=low, high=high, n=n),
        f"{clean.metric}_corrupted": Figure(
            value=float(hurt.value), low=hurt_low, high=hurt_high, n=n
        ),
        **{
            f"relative_drop.{group}": clean.relative(mean_of([loss.relative for loss in its]))
            for group, its in groups.items()
        },
    }


def _plots(metric: str, names: Sequence[str]) -> tuple[Plot, ...]:
    """A chart for each group."""
    groups = dict.fromkeys(CORRUPTIONS[name].group for name in names)
    return tuple(
        Plot(
            x="severity", y=metric, by="corruption", low="low", high="high", part="group", of=group
        )
        for group in groups
    )


def _row(clean: Clean, cell: _Cell, loss: Loss) -> dict[str, Any]:
    low, high = clean.interval(loss.figure)
    drop, relative = figure_of(loss.drop), clean.relative(loss.relative)
    numbers = {
        clean.metric: loss.figure.value,
        "low": low,
        "high": high,
        "drop": drop.value,
        "drop_low": drop.low,
        "drop_high": drop.high,
        "relative_drop": relative.value,
    }
    return {
        "corruption": cell.name,
        "group": CORRUPTIONS[cell.name].group,
        "severity": cell.severity,
        **{name: round(float(value or 0.0), 4) for name, value in numbers.items()},
    }


def _notes(
    case: Case[Settings], clean: Clean, losses: Mapping[_Cell, Loss], taken: int
) -> list[str]:
    cell = max(losses, key=lambda each: losses[each].relative.value)
    worst = (
        f"worst of {len(losses)}: {cell.name} at severity {cell.severity}, {clean.metric} "
        f"{losses[cell].figure.value:.3f} instead of {clean.figure.value:.3f}"
    )
    found = [worst]
    if taken < len(case.pictures):
        found.append(
            f"{taken:,} of {len(case.pictures):,} pictures, drawn by seed {case.seed}: the intervals "
            "say what that costs; --set pictures=… takes more"
        )
    if case.task in _FIXED_TRUTH:
        found.append("elastic_transform is left out: it moves what boxes and masks speak of")
    if case.task == "regress":
        found.append("a drop is added error, as a part of the error of always saying the median")
    return found


def _shot(case: Case[Settings], picture: Labelled, views: Views, seen: _Seen) -> Shot:
    """One picture in every cell."""
    view = views.of(picture)
    pixels = view.pixels[part_of(view)]
    names = list(dict.fromkeys(cell.name for cell in seen.cells))
    severities = sorted({cell.severity for cell in seen.cells})
    rows: list[tuple[str, list[Tile]]] = []
    for name in names:
        tiles = [Tile(pixels, _right(seen.clean, 0))]
        for severity in severities:
            hurt = corrupt(pixels, name, severity, seed_of(case, picture))
            tiles.append(Tile(hurt, _right(seen.cells[_Cell(name, severity)], 0)))
        rows.append((name.replace("_", " "), tiles))
    raw = sheet(["clean", *(f"severity {each}" for each in severities)], rows)
    framed = "; green: answered rightly, red: wrongly" if case.task == "classify" else ""
    return Shot(
        image=case.keep(raw), said=f"{picture.sample.path} in every corruption{framed}", whole=True
    )


def _right(answers: AnyAnswers, at: int) -> bool | None:
    if not isinstance(answers, Answers):
        return None
    return bool(np.equal(answers.predicted[at], answers.truth[at]))


KIND: Final = Kind(
    name="corruption",
    about="what is lost in noise, blur, weather and bad transmission",
    headline=Bound(
        "relative_drop",
        at_most=0.3,
        why="measured here: a linear head loses 0.23 on photographs of clothing, a detector 0.21 on "
        "blood cells; on ImageNet's thousand classes a ResNet-50 loses 0.48 (Schneider et al. 2020)",
    ),
    assess=_assess,
    settings=Settings,
)
