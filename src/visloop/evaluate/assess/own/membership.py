"""Membership inference: whether the model's answer tells that it learnt from a picture.

Members are the pictures that training read, non-members held-out ones of the same kind. Source: Yeom
2018, Watson 2022, Carlini 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data, train
from visloop.errors import NotFound, Refused, UsageError
from visloop.evaluate.answering import answer
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.privacy import membership as m
from visloop.evaluate.assess.privacy import roc, shadows
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Plot
from visloop.evaluate.records import Answers
from visloop.evaluate.study.losses import losses
from visloop.infer import Predictor, backbone
from visloop.train import Labelled

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

LEAST: Final = 20
_HEADS: Final = "classify-linear"
_LEAST_SHADOWS: Final = 4
_RATES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_NAMED: Final[Mapping[float, str]] = {0.01: "tpr_at_1_percent", 0.001: "tpr_at_0_1_percent"}
_PLAIN: Final = "loss"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`shadows`: how many models like it are trained to attack it by; 0: none.

    Only of `classify-linear`, whose heads train in a moment. `most`: so many members, and others, are
    drawn at most.
    """

    shadows: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 32
    most: Annotated[int, msgspec.Meta(ge=LEAST)] = 2000


class _Pool(NamedTuple):
    """Members, then others: N pictures."""

    pictures: tuple[Labelled, ...]
    member: Mask

    def take(self, rows: Mask) -> _Pool:
        kept = tuple(each for each, row in zip(self.pictures, rows, strict=True) if row)
        return _Pool(kept, self.member[rows])


def _assess(case: Case[Settings]) -> Outcome:
    pool = _pool(case)
    said = answer(
        case.package, pool.pictures, case.names, case.ports.blobs, case.ports.progress
    ).answers
    notes: list[str] = []
    if isinstance(said, Answers):
        known = said.truth < said.known
        pool, said = pool.take(known), said.take(known)
        _enough(case, pool)
        vectors, truth = _vectors(case, pool), said.truth
        sure = m.sureness(said.probabilities, truth)
        scores = {_PLAIN: sure, "confidence": said.confidence.astype(np.float64)}
        scores["loss by class"] = m.by_class(sure, truth)
        scores |= _by_shadows(case, pool, vectors, truth, sure, notes)
    else:
        vectors = _vectors(case, pool)
        scores = {_PLAIN: -losses(said)}
        notes.append(f"each picture's loss is what its {said.task} answer gets wrong of it")
    blind = shadows.told_apart_without_the_model(vectors, pool.member, case.seed)
    return Outcome(
        figures={**_figures(case, pool, scores), "blind_auc": _area(blind, pool.member)},
        rows=tuple(_rows(scores, pool.member)),
        notes=(*_said(pool, blind), *notes),
        plots=(Plot(x="false_alarms", y="found", by="attack", low="low", high="high", log=True),),
    )


def _pool(case: Case[Settings]) -> _Pool:
    learnt = {each.sample.image for each in case.learnt}
    others = {e.sample.image: e for e in case.pictures if e.sample.image not in learnt}
    rng = np.random.default_rng(case.seed)

    def drawn(pictures: tuple[Labelled, ...]) -> tuple[Labelled, ...]:
        chosen = np.sort(rng.permutation(len(pictures))[: case.settings.most])
        return tuple(pictures[place] for place in chosen)

    members, strangers = drawn(case.learnt), drawn(tuple(others.values()))
    pool = _Pool((*members, *strangers), np.arange(len(members) + len(strangers)) < len(members))
    _enough(case, pool)
    return pool


def _enough(case: Case[Settings], pool: _Pool) -> None:
    members, others = int(pool.member.sum()), int((~pool.member).sum())
    if min(members, others) < LEAST:
        raise Refused(
            f"there are {members} pictures that {case.version.ref} learnt from and {others} of "
            f"{case.ref} that it did not; an attack can be judged from {LEAST} of each on",
            fix="name held-out pictures of the same kind: --on photos@v1:test",
        )


def _by_shadows(
    case: Case[Settings],
    pool: _Pool,
    vectors: NDArray[np.float32],
    truth: NDArray[np.int64],
    sure: Floats,
    notes: list[str],
) -> dict[str, Floats]:
    """Scores of the attackers who train models of their own."""
    count, recipe = case.settings.shadows, case.package.recipe
    if not count:
        return {}
    if count < _LEAST_SHADOWS:
        raise UsageError(
            f"{count} shadow models are too few", fix=f"--set shadows={_LEAST_SHADOWS}, or 0"
        )
    if recipe != _HEADS:
        notes.append(
            f"no shadow models: {recipe or 'what was made elsewhere'} takes too long to train many "
            f"times (they are trained of {_HEADS}), so a stronger attacker may find more"
        )
        return {}
    learnt = min(int(pool.member.sum()), int(len(truth) * (1 - 2 / count)))
    lots = m.draw_lots(len(truth), learnt, count, case.seed)
    metrics = case.package.metrics
    track = case.ports.progress.track(lots, doing="train shadows", unit="model", total=count)
    found = shadows.linear_heads(
        vectors,
        truth,
        track,
        c=metrics["c"],
        temperature=metrics["temperature"],
        balanced=bool(_parameters(case).get("balanced", False)),
    )
    notes.append(
        f"{count} shadow models learnt from {learnt} of these pictures each: this attacker has the "
        "pictures, and asks only which of them were used"
    )
    return {
        "difficulty, by shadows": m.difficulty(sure, found, lots),
        "likelihood ratio, by shadows": m.likelihood_ratio(sure, found, lots),
    }


def _parameters(case: Case[Settings]) -> Mapping[str, Any]:
    ports = train.TrainPorts(case.ports.ledger, case.ports.blobs, case.ports.progress)
    try:
        return train.show_run(ports, case.scope, case.version.run).run.params
    except NotFound:
        return {}


def _vectors(case: Case[Settings], pool: _Pool) -> NDArray[np.float32]:
    network = backbone()
    predictor = Predictor.load(network.onnx, network.contract, threads=case.threads)
    images = [each.sample.image for each in pool.pictures]
    return data.embeddings(case.ports.data, case.scope, predictor, images)


def _area(scores: Floats, member: Mask) -> Figure:
    found = roc.area(scores, member)
    low, high = found.interval(roc.CONFIDENCE)
    return Figure(value=found.value, low=low, high=high, n=len(member))


def _share(found: roc.Share) -> Figure:
    return Figure(value=found.value, low=found.interval[0], high=found.interval[1], n=found.n)


def _figures(case: Case[Settings], pool: _Pool, scores: Mapping[str, Floats]) -> dict[str, Figure]:
    """Of the loss attack, and of the last, strongest one under `shadow_…`, where there is one."""
    member = pool.member
    kinds = {"": scores[_PLAIN]}
    ratio = next((s for name, s in scores.items() if name.startswith("likelihood")), None)
    if ratio is not None:
        kinds["shadow_"] = ratio
    found: dict[str, Figure] = {}
    for prefix, score in kinds.items():
        found[f"{prefix}auc"] = _area(score, member)
        found[f"{prefix}advantage"] = _share(roc.advantage(score, member, case.seed))
        for rate, name in _NAMED.items():
            if rate * int((~member).sum()) >= 1:
                found[prefix + name] = _share(roc.hits_at(score, member, rate)[0])
    return found


def _rows(scores: Mapping[str, Floats], member: Mask) -> list[dict[str, Any]]:
    others = int((~member).sum())
    found: list[dict[str, Any]] = []
    for attack, score in scores.items():
        area = roc.area(score, member).value
        for rate in _RATES:
            if rate * others < 1:
                continue
            hits, alarms = roc.hits_at(score, member, rate)
            low, high = hits.interval
            found.append(
                {
                    "attack": attack,
                    "auc": area,
                    "false_alarms": rate,
                    "found": hits.value,
                    "low": low,
                    "high": high,
                    "true_false_alarms_at_most": alarms.interval[1],
                }
            )
    return found


def _said(pool: _Pool, blind: Floats) -> list[str]:
    members, others = int(pool.member.sum()), int((~pool.member).sum())
    notes = [f"{members} pictures that it learnt from, {others} that it did not"]
    for rate, name in _NAMED.items():
        if rate * others < 1:
            notes.append(
                f"{name.replace('_', ' ')} is not told: that takes {round(1 / rate)} pictures that "
                "it did not learn from"
            )
    low, _ = roc.area(blind, pool.member).interval(roc.CONFIDENCE)
    if low > 0.5:  # noqa: PLR2004 - chance
        notes.append(
            "the two sets can be told apart without asking the model (blind auc): part of what the "
            "attacks find is that they differ, not that the model remembers"
        )
    return notes


KIND: Final = Kind(
    name="membership",
    about="whether answers tell which pictures the model learnt from",
    headline=Bound(
        "auc",
        at_most=0.7,
        why="who knows only how sure the model is tells a member from a stranger in at most 7 of 10 "
        "pairs; 5 is guessing. For pictures of people bound shadow_auc, too",
    ),
    assess=_assess,
    settings=Settings,
)
