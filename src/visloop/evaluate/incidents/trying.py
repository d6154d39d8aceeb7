"""A candidate faces the open incidents of its model, with the network that would be served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from visloop import data, registry, train
from visloop.errors import VisloopError
from visloop.evaluate.incidents.holding import missed, present, told
from visloop.evaluate.incidents.keeping import list_incidents
from visloop.evaluate.incidents.records import Held, Incident, said
from visloop.evaluate.records import Check
from visloop.ids import Ref, digest_of
from visloop.infer import Predictor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from visloop.evaluate.ports import EvaluatePorts
    from visloop.evaluate.records import Verdict
    from visloop.events import Scope
    from visloop.registry import ModelVersion

_MOST = 5


def try_incidents(
    ports: EvaluatePorts, scope: Scope, version: ModelVersion, asked: Sequence[Incident]
) -> tuple[Held, ...]:
    """The version's answer to each, by its own threshold, as it would be served.

    A picture that cannot be read any more is not passed. Classes are told by the names that they have
    now in the data that the version learnt from.
    """
    if not asked:
        return ()
    package = registry.load(ports.registry, version)
    predictor = Predictor.load(package.onnx, package.contract)
    names = _names(ports, scope, version)
    learnt = _learnt(ports, scope, version, package)
    tracked = ports.progress.track(asked, doing="incidents", unit="image", total=len(asked))
    return tuple(_held(ports, predictor, names, learnt, each) for each in tracked)


def untried(
    ports: EvaluatePorts, scope: Scope, version: ModelVersion, verdict: Verdict
) -> list[Incident]:
    """Open incidents of the model that a verdict on it has not seen."""
    seen = {(each.incident, each.digest) for each in verdict.incidents}
    found = list_incidents(ports, scope, model=version.model)
    return [each for each in found if (each.id, each.digest) not in seen]


def asked_digest(asked: Sequence[Incident]) -> dict[str, str]:
    """The set of incidents as an input of a verdict; no incident, no input."""
    if not asked:
        return {}
    return {"incidents": digest_of(*sorted(f"{each.id} {each.digest}" for each in asked))}


def with_incidents(verdict: Verdict, held: tuple[Held, ...]) -> Verdict:
    """The verdict with one more check: every incident must be answered rightly."""
    if not held:
        return verdict
    check = incidents_check(held)
    return msgspec.structs.replace(
        verdict,
        verdict=verdict.verdict if check.passed else "fail",
        checks=(*verdict.checks, check),
        incidents=held,
    )


def incidents_check(held: Sequence[Held]) -> Check:
    """One line of a verdict: every incident must be answered rightly."""
    failed = [each for each in held if not each.passed]
    named = [each.incident for each in failed[:_MOST]]
    more = [f"{len(failed) - _MOST} more"] if len(failed) > _MOST else []
    learnt = sum(each.learnt for each in held)
    memory = f"it learnt from {learnt} of these pictures, which it may know by heart"
    told = [f"not answered rightly: {', '.join((*named, *more))}"] if failed else []
    return Check(
        name="incidents",
        passed=not failed,
        wanted=f"all {len(held)}",
        value=len(held) - len(failed),
        n=len(held),
        detail="; ".join((*told, *([memory] if learnt else []))),
    )


def _held(
    ports: EvaluatePorts,
    predictor: Predictor,
    names: Mapping[str, str],
    learnt: Collection[str],
    incident: Incident,
) -> Held:
    expected = present(incident.expected, names)
    try:
        ready = predictor.place(ports.blobs.get(incident.image))
        answer = predictor.say(predictor.run(ready.array[None]), 0, ready.placement, author="")
        answer = data.renamed(answer, names)
        wrong = missed(expected, answer, ready.placement.size_hw)
        words = told(answer)
    except VisloopError as problem:  # the bytes are gone or damaged: nobody can say that it passes
        wrong, words = (problem.what,), f"nothing: {problem.what}"
    return Held(
        incident=incident.id,
        digest=incident.digest,
        image=incident.image,
        expected=said(expected),
        answered=words,
        passed=not wrong,
        learnt=incident.image in learnt,
        missed=wrong,
    )


def _names(ports: EvaluatePorts, scope: Scope, version: ModelVersion) -> Mapping[str, str]:
    if not version.data:
        return {}
    try:
        return data.classes(ports.data, scope, Ref.parse(version.data).name).lookup()
    except VisloopError:  # the data set is gone; its model and the names that it knew are not
        return {}


def _learnt(
    ports: EvaluatePorts, scope: Scope, version: ModelVersion, package: registry.Package
) -> frozenset[str]:
    """Digests of the pictures that the version was trained on, as far as anybody knows."""
    if package.reference is not None:
        return frozenset(train.Reference.from_bytes(package.reference).images)
    if not version.data:
        return frozenset()
    try:
        snapshot = data.open(ports.data, Ref.parse(version.data), scope.project)
        return frozenset(sample.image for sample in snapshot.samples())
    except VisloopError:
        return frozenset()
