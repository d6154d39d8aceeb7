"""How much of a model's right answers is left to an attacker of a small budget.

By its answers alone (the Square attack), and, where the extra `torch` is installed, by its gradients
(FGSM, PGD): who has the model's file has those. What is left under an attack is an upper bound: a
longer or cleverer attack leaves less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
import numpy as np

from visloop.errors import Refused
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Plot, Shot
from visloop.evaluate.assess.robust.attacks import Oracle, Victim, descend, noise, square
from visloop.evaluate.assess.robust.losses import CONFIDENCE
from visloop.evaluate.assess.robust.sheet import Tile, sheet
from visloop.evaluate.assess.robust.targets import Standing, target_of
from visloop.evaluate.assess.robust.views import Pixels, Views, seed_of, some_of
from visloop.evaluate.estimates import Estimate, share
from visloop.infer import Differentiable, NoGradient, differentiable, gradients_here
from visloop.train import Labelled
from visloop.vision import ShapeError

Attack: TypeAlias = Literal["noise", "square", "fgsm", "pgd"]
_BY_GRADIENT: Final[frozenset[Attack]] = frozenset({"fgsm", "pgd"})
_METRICS: Final = {"classify": "accuracy", "detect": "recall"}
_SHOWN: Final = 4
_MAGNIFIED: Final = 100
_GREY: Final = 128


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`eps` are levels of 255 by which a value may change; `queries` those of the Square attack, and
    `steps` those of PGD, for each picture. `pictures` are drawn by the seed.

    `attacks` empty: all that can be run here. `noise` is no attack: what chance alone takes away.
    """

    pictures: Annotated[int, msgspec.Meta(ge=2)] = 50
    eps: tuple[Annotated[int, msgspec.Meta(ge=1, le=64)], ...] = (2, 4)
    queries: Annotated[int, msgspec.Meta(ge=2)] = 100
    steps: Annotated[int, msgspec.Meta(ge=1)] = 10
    attacks: tuple[Attack, ...] = ()


@dataclass
class _Tried:
    """One attack at one budget: what it made of every picture that is answered rightly."""

    attack: Attack
    eps: int
    victims: list[Victim]


@dataclass
class _Round:
    """All that is needed to attack, and what was found."""

    case: Case[Settings]
    pictures: Sequence[Labelled]
    oracle: Oracle
    clean: list[Victim]
    network: Differentiable | None = None
    notes: list[str] = field(default_factory=list[str])
    caveat: str = ""
    tried: list[_Tried] = field(default_factory=list[_Tried])

    @property
    def metric(self) -> str:
        """What is counted."""
        return _METRICS[self.case.task]

    def weaken(self, why: str) -> None:
        """Say that not all was tried, and why."""
        self.caveat = (
            f"only the attack by queries was run; {why}. That is a weaker statement: who has the "
            "model's file can do more than was tried here"
        )
        self.notes.append(self.caveat)

    def run(self, attack: Attack) -> None:
        """One attack, from the smallest budget to the largest; who fell to less is not asked again.

        Raises:
            NoGradient, ShapeError: it cannot be run on this network.
        """
        before = self.clean
        for eps in sorted(set(self.case.settings.eps)):
            victims = [
                each if each.standing.fooled else self._fresh(at) for at, each in enumerate(before)
            ]
            left = [each for each in victims if not each.standing.fooled]
            if left:
                self._attack(attack, left, eps)
            if attack != "noise":  # what a smaller budget took, a larger one takes
                pairs = zip(before, victims, strict=True)
                before = victims = [min(pair, key=lambda one: one.standing.kept) for pair in pairs]
            self.tried.append(_Tried(attack, eps, victims))

    def _fresh(self, at: int) -> Victim:
        one, picture = self.clean[at], self.pictures[at]
        rng = np.random.default_rng(seed_of(self.case, picture))
        return Victim(one.view, one.target, rng, one.view.pixels, one.standing)

    def _attack(self, attack: Attack, victims: list[Victim], eps: int) -> None:
        settings = self.case.settings

        def steps(count: int) -> Iterable[int]:
            doing, track = f"{attack} {eps}/255", self.case.ports.progress.track
            return track(range(count), doing=doing, unit="step", total=count)

        if attack == "noise":
            noise(self.oracle, victims, eps)
        elif attack == "square":
            square(self.oracle, victims, eps, settings.queries, steps)
        else:
            assert self.network is not None
            count = 1 if attack == "fgsm" else settings.steps
            descend(self.oracle, self.network, victims, eps, steps(count), of=count)


def _assess(case: Case[Settings]) -> Outcome:
    going = _started(case)
    for attack in _attacks(going):
        try:
            going.run(attack)
        except (NoGradient, ShapeError) as refused:
            if attack in case.settings.attacks:
                raise
            going.weaken(f"the gradients of this network cannot be had: {refused.what}")
            break
    rows = [_row(going, None), *(_row(going, tried) for tried in going.tried)]
    if len(going.pictures) < len(case.pictures):
        taken = (
            f"{len(going.pictures):,} of {len(case.pictures):,} pictures, drawn by seed {case.seed}"
        )
        going.notes.append(f"{taken}: the intervals say what that costs")
    return Outcome(
        figures=_figures(going),
        rows=tuple(rows),
        notes=tuple(going.notes),
        pictures=tuple(_shots(going)),
        caveat=going.caveat,
        plots=(Plot(x="eps", y=f"robust_{going.metric}", by="attack", low="low", high="high"),),
    )


def _started(case: Case[Settings]) -> _Round:
    """The pictures with what is said of them before anybody attacks.

    Raises:
        Refused: nothing is answered rightly, so there is nothing to attack.
    """
    pictures, views, predictor = some_of(case, case.settings.pictures), Views(case), case.predictor
    oracle = Oracle(predictor)
    clean: list[Victim] = []
    for picture in pictures:
        view = views.of(picture)
        target = target_of(predictor, picture, case.names, view.placement)
        standing = target.standing(oracle.outputs([view.pixels]), 0)
        clean.append(Victim(view, target, np.random.default_rng(0), view.pixels, standing))
    if all(each.standing.fooled for each in clean):
        raise Refused(
            f"none of {len(clean)} pictures is answered rightly: there is nothing to attack",
            fix="look at its report first: visloop evaluate",
        )
    return _Round(case, pictures, oracle, clean)


def _attacks(going: _Round) -> list[Attack]:
    """Which to run, weakest first; what is not run is said.

    Raises:
        MissingExtra, NoGradient: an attack was asked for that cannot be run.
    """
    asked = going.case.settings.attacks
    wanted: list[Attack] = [
        a for a in ("noise", "square", "fgsm", "pgd") if not asked or a in asked
    ]
    if not _BY_GRADIENT & set(wanted):
        return wanted
    why = ""
    if not asked and not gradients_here():
        why = "gradients need the extra torch: pip install 'visloop[torch]'"
    elif going.case.package.contract.tiling:
        why = "the gradients of a model that looks at tiles are not taken"
    else:
        try:
            going.network = differentiable(going.case.package.onnx)
        except NoGradient as refused:
            if asked:
                raise
            why = f"the gradients of this network cannot be had: {refused.what}"
    if not why:
        return wanted
    going.weaken(why)
    return [attack for attack in wanted if attack not in _BY_GRADIENT]


def _kept(going: _Round, tried: _Tried | None) -> tuple[Estimate, Estimate]:
    """Right answers that are left: of all there is to answer, and of those before the attack."""
    before = np.array([each.standing.kept for each in going.clean])
    objects = np.array([each.target.objects for each in going.clean])
    left = before if tried is None else _left(going, tried)
    return share(left, objects), share(left, before)


def _left(going: _Round, tried: _Tried) -> Any:
    """Nothing is won by an attack: it may leave the picture alone."""
    return np.array(
        [
            min(one.standing.kept, other.standing.kept)
            for one, other in zip(going.clean, tried.victims, strict=True)
        ]
    )


def _figures(going: _Round) -> dict[str, Figure]:
    n = len(going.pictures)
    least = min(going.case.settings.eps)
    figures: dict[str, Figure] = {}

    def enter(name: str, estimate: Estimate) -> None:
        low, high = estimate.interval(CONFIDENCE)
        figures[name] = Figure(value=float(estimate.value), low=low, high=high, n=n)

    first = {tried.attack: tried for tried in going.tried if tried.eps == least}
    if "square" in first:
        enter("kept_by_queries", _kept(going, first["square"])[1])
    by_gradient = [_kept(going, first[each])[1] for each in ("fgsm", "pgd") if each in first]
    if by_gradient:
        enter("kept_by_gradients", min(by_gradient, key=lambda each: each.value))
    enter(going.metric, _kept(going, None)[0])
    for tried in going.tried:
        enter(f"robust_{going.metric}.{tried.attack}.{tried.eps}", _kept(going, tried)[0])
    spent = [each.queries for each in _fallen(going, first.get("square"))]
    if spent:
        figures["queries"] = Figure(value=float(np.median(spent)), n=len(spent))
    return figures


def _fallen(going: _Round, tried: _Tried | None) -> list[Victim]:
    """Who was answered rightly and is not any more."""
    if tried is None:
        return []
    pairs = zip(going.clean, tried.victims, strict=True)
    return [other for one, other in pairs if other.standing.fooled and not one.standing.fooled]


def _row(going: _Round, tried: _Tried | None) -> dict[str, Any]:
    robust, kept = _kept(going, tried)
    low, high = robust.interval(CONFIDENCE)
    fallen = _fallen(going, tried)
    changed = [np.abs(each.pixels.astype(int) - each.view.pixels).mean() for each in fallen]
    return {
        "attack": tried.attack if tried else "none",
        "eps": tried.eps if tried else 0,
        f"robust_{going.metric}": round(float(robust.value), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "kept": round(float(kept.value), 4),
        "fooled": len(fallen),
        "median_queries": float(np.median([each.queries for each in fallen])) if fallen else None,
        "median_change": float(f"{np.median(changed):.3g}") if changed else None,
    }


def _shots(going: _Round) -> Iterable[Shot]:
    """Some pictures that fell to the least budget that felled any, the strongest attack first."""
    order = ("pgd", "square", "fgsm")
    tried = [each for each in going.tried if each.attack in order and _fallen(going, each)]
    if not tried:
        return
    best = min(tried, key=lambda each: (each.eps, order.index(each.attack)))
    rows: list[tuple[str, list[Tile]]] = []
    for one, other in zip(going.clean, best.victims, strict=True):
        if one.standing.fooled or not other.standing.fooled or len(rows) == _SHOWN:
            continue
        words = f"{_short(one.standing)}\nbecomes\n{_short(other.standing)}"
        tiles = [
            Tile(one.pixels, right=True),
            Tile(other.pixels, right=False),
            Tile(_difference(other, best.eps)),
        ]
        rows.append((words, tiles))
    raw = sheet(["clean", f"changed by {best.eps}/255", "difference, magnified"], rows, side_px=224)
    said = f"felled by {best.attack} at {best.eps}/255: clean, changed, and what was changed"
    yield Shot(image=going.case.keep(raw), said=said, whole=True)


def _short(standing: Standing) -> str:
    return standing.said[:20]


def _difference(victim: Victim, eps: int) -> Pixels:
    by = victim.pixels.astype(int) - victim.view.pixels
    return np.clip(_GREY + by * _MAGNIFIED / eps, 0, 255).astype(np.uint8)


KIND: Final = Kind(
    name="adversarial",
    about="what is left of the right answers to an attacker of a small budget",
    headline=Bound(
        "kept_by_queries",
        at_least=0.5,
        why="at the smallest eps, under the attack that needs only answers: whoever may ask the "
        "model a hundred times must not take half of its right answers by changes that nobody sees",
    ),
    assess=_assess,
    settings=Settings,
    tasks=frozenset({"classify", "detect"}),
    here=lambda: "gradients" if gradients_here() else "",
)
