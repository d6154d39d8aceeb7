"""Model inversion: drawing classes out of a model by its answers alone, and looking whom they show.

The attacker knows pictures of other classes, asks about mixtures of them, and keeps what the model is
surest of. The figure compares his drawing with the training pictures of the class and with as good held-out
ones: a drawing of the class in general is as near to both. Source: Fredrikson 2015.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import infer
from visloop.errors import Refused
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.pictures.sheets import side_by_side
from visloop.evaluate.assess.privacy import inversion as v
from visloop.evaluate.assess.privacy.membership import sureness
from visloop.evaluate.assess.privacy.roc import clopper_pearson
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Shot
from visloop.train import Labelled
from visloop.vision import Contract

Floats: TypeAlias = NDArray[np.float32]

_LEAST: Final = 5
_MOST: Final = 60
_NEAREST: Final = 3
_WAVES: Final = 3


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`classes`: so many are drawn at most. `generations` of about `4 + 3 ln dimensions` questions each
    are asked for a class. `known`: what the attacker has, `pictures` of other classes or only `waves`
    (low frequencies).
    """

    classes: Annotated[int, msgspec.Meta(ge=2, le=100)] = 8
    generations: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 40
    dimensions: Annotated[int, msgspec.Meta(ge=2, le=100)] = 24
    known: Literal["pictures", "waves"] = "pictures"


class _Material(NamedTuple):
    """N pictures as the model sees them, float32 (N, C, 32, 32); what each is of; which were learnt from."""

    pictures: tuple[Labelled, ...]
    small: Floats
    labels: NDArray[np.str_]
    learnt: NDArray[np.bool_]


class _Range(NamedTuple):
    """What black and white become for the model, float32 (C, 1, 1) each."""

    low: Floats
    high: Floats


def _assess(case: Case[Settings]) -> Outcome:
    material = _material(case)
    chosen = _chosen(case, material)
    limits = _limits(case.package.contract)
    drawn = np.stack(list(_drawings(case, material, chosen, limits)))
    mine = np.isin(material.labels, chosen)
    place = {name: number for number, name in enumerate(chosen)}
    of_class = np.array([place[name] for name in material.labels[mine].tolist()], np.int64)
    like = v.similarity(drawn, material.small[mine])
    found = v.nearness(like, of_class, material.learnt[mine])
    right, count = int(found.recognised.sum()), len(chosen)
    low, high = clopper_pearson(right, count)
    nearer = Figure(
        value=found.nearer, low=found.interval[0], high=found.interval[1], n=int(mine.sum())
    )
    rows = [
        {
            "class": name,
            "nearer": float(found.by_class[row]),
            "recognised": bool(found.recognised[row]),
            "learnt_from": int((material.learnt[mine] & (of_class == row)).sum()),
            "held_out": int((~material.learnt[mine] & (of_class == row)).sum()),
        }
        for row, name in enumerate(chosen)
    ]
    shown = _shown(case, material, chosen, drawn, limits)
    return Outcome(
        figures={
            "nearer": nearer,
            "recognised": Figure(value=right / count, low=low, high=high, n=count),
            "chance": Figure(value=1 / count, n=count),
        },
        rows=tuple(rows),
        notes=(
            (
                "nearer: how likely a picture that was learnt from is more like its class's drawing than "
                "a held-out one; .5 says that the drawing is of the class, not of a training picture"
            ),
            (
                f"recognised: for {right} of {count} classes the held-out pictures are more like their own "
                f"drawing than like another's; 1 in {count} is chance"
            ),
        ),
        pictures=tuple(shown),
    )


def _material(case: Case[Settings]) -> _Material:
    learnt = {each.sample.image for each in case.learnt}
    others = {e.sample.image: e for e in case.pictures if e.sample.image not in learnt}
    rng = np.random.default_rng(case.seed)
    kept: list[Labelled] = []
    taught: list[bool] = []
    for side, flag in ((case.learnt, True), (tuple(others.values()), False)):
        counts: dict[str, int] = {}
        for place in rng.permutation(len(side)).tolist():
            each = side[place]
            counts[each.label] = counts.get(each.label, 0) + 1
            if counts[each.label] <= _MOST:
                kept.append(each)
                taught.append(flag)
    track = case.ports.progress.track(kept, doing="prepare", unit="picture", total=len(kept))
    small = [
        _shrunk(case.predictor.prepare(case.ports.blobs.get(each.sample.image)), v.COMPARED)
        for each in track
    ]
    shape = (0, 3, v.COMPARED, v.COMPARED)
    return _Material(
        tuple(kept),
        np.stack(small) if small else np.zeros(shape, np.float32),
        np.array([each.label for each in kept]),
        np.array(taught, np.bool_),
    )


def _chosen(case: Case[Settings], material: _Material) -> tuple[str, ...]:
    """The classes to draw: the model's, with enough pictures on both sides."""
    known = [case.names.get(name, name) for name in case.package.contract.classes]
    wide = [
        name
        for name in dict.fromkeys(known)
        if min(
            int((material.learnt & (material.labels == name)).sum()),
            int((~material.learnt & (material.labels == name)).sum()),
        )
        >= _LEAST
    ]
    public = int((~material.learnt).sum())
    if len(wide) < 2 or public < 2 * _LEAST:  # noqa: PLR2004 - one and another
        raise Refused(
            f"{len(wide)} classes of {case.version.ref} have {_LEAST} pictures that it learnt from and "
            f"{_LEAST} of {case.ref} that it did not; a drawing is compared with both, of two classes",
            fix="name held-out pictures of the same classes: --on photos@v1:test",
        )
    rng = np.random.default_rng(case.seed)
    drawn = rng.permutation(len(wide))[: case.settings.classes]
    return tuple(wide[place] for place in sorted(drawn.tolist()))


def _limits(contract: Contract) -> _Range:
    black, white = (
        infer.to_tensor(np.full((8, 8, 3), value, np.uint8), contract) for value in (0, 255)
    )
    at = (slice(None), slice(black.shape[1] // 2, None), slice(black.shape[2] // 2, None))
    ends = np.stack([each[at][:, :1, :1] for each in (black, white)])
    return _Range(ends.min(axis=0), ends.max(axis=0))


def _drawings(
    case: Case[Settings], material: _Material, chosen: Sequence[str], limits: _Range
) -> Iterable[Floats]:
    """Of each class, float32 (C, 16, 16)."""
    settings, predictor = case.settings, case.predictor
    known = [case.names.get(name, name) for name in predictor.contract.classes]
    _, high, wide = predictor.contract.input_shape
    track = case.ports.progress.track(chosen, doing="invert", unit="class", total=len(chosen))
    for number, name in enumerate(track):
        column = known.index(name)

        def ask(batch: Floats, column: int = column) -> NDArray[np.float64]:
            sized = np.stack([_grown(each, high, wide) for each in batch])
            said = predictor.run(np.clip(sized, limits.low, limits.high)).probabilities
            assert said is not None
            return sureness(said, np.full(len(batch), column, np.int64))

        space = _space(settings, material, name, limits)
        rng = np.random.default_rng((case.seed, number))
        yield v.draw_out(ask, space, *limits, range(settings.generations), rng)


def _space(settings: Settings, material: _Material, name: str, limits: _Range) -> v.Subspace:
    if settings.known == "waves":
        return v.smooth_subspace(*limits, _WAVES)
    public = material.small[~material.learnt & (material.labels != name)]
    return v.learn_subspace(
        np.stack([_shrunk(each, v.SIDE) for each in public]), settings.dimensions
    )


def _shrunk(planes: Floats, side: int) -> Floats:
    sized = [cv2.resize(p, (side, side), interpolation=cv2.INTER_AREA) for p in planes]
    return np.stack([np.asarray(each, np.float32) for each in sized])


def _grown(planes: Floats, high: int, wide: int) -> Floats:
    sized = [cv2.resize(p, (wide, high), interpolation=cv2.INTER_CUBIC) for p in planes]
    return np.stack([np.asarray(each, np.float32) for each in sized])


def _shown(
    case: Case[Settings],
    material: _Material,
    chosen: Sequence[str],
    drawn: Floats,
    limits: _Range,
) -> Iterable[Shot]:
    """Each drawing beside the training pictures of its class that are most like it."""
    contract = case.package.contract
    for name, planes in zip(chosen, drawn, strict=True):
        mine = np.flatnonzero(material.learnt & (material.labels == name))
        like = v.similarity(planes[None], material.small[mine])[0]
        best = mine[np.argsort(-like)[:_NEAREST]].tolist()
        sheet: list[Any] = [_seen(planes, limits, contract)]
        sheet += [
            infer.decode(case.ports.blobs.get(material.pictures[at].sample.image), contract)
            for at in best
        ]
        said = f"{name}: what was drawn out, and the {len(best)} training pictures most like it"
        yield Shot(image=case.keep(side_by_side(sheet)), said=said)


def _seen(planes: Floats, limits: _Range, contract: Contract) -> NDArray[np.uint8]:
    """What the model sees as people see it, uint8 (H, W, 3)."""
    share = (planes - limits.low) / np.maximum(limits.high - limits.low, 1e-6)
    pixels = np.clip(share * 255, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    if contract.decoder.colour == "grey":
        pixels = np.repeat(pixels, 3, axis=2)
    elif contract.decoder.colour == "bgr":
        pixels = pixels[..., ::-1]
    side = 8 * v.SIDE
    sized = cv2.resize(np.ascontiguousarray(pixels), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(sized, np.uint8)


KIND: Final = Kind(
    name="inversion",
    about="whether what can be drawn out of the model is of pictures that it learnt from",
    headline=Bound(
        "nearer",
        at_most=0.65,
        why="drawings of the class in general give .5; above .65 they lean on single training pictures",
    ),
    assess=_assess,
    settings=Settings,
    tasks=frozenset({"classify"}),
)
