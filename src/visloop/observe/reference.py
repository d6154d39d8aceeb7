"""What a deployment is compared with: made from the model's held-out answers, or from production.

A profile must hold answers to pictures that the model has not learnt from: it is surer of those it
has, and every window would look different.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from visloop import infer, registry, serve, train
from visloop.ids import Ref
from visloop.observe import alerts, state
from visloop.observe.detectors import SMALLEST_REFERENCE, Features, Profile
from visloop.observe.policy import WINDOW
from visloop.observe.reading import Seen, newest

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.infer import Predictor
    from visloop.observe.policy import ObservePorts
    from visloop.observe.records import Monitor
    from visloop.registry import ModelVersion, Package
    from visloop.serve import Deployment
    from visloop.store import Claim, Write

RECENT: Final = 200
REBASED: Final = "rebased"
_BATCH: Final = 8


def build_profile(reference: Features, *, window: int = WINDOW, seed: int = 0) -> Profile:
    """A profile with its null for the window size that will be used.

    Raises:
        Refused: the reference is too small.
    """
    return Profile.build(reference, sizes=(window,), seed=seed)


def of_package(package: Package, *, window: int = WINDOW) -> Profile | None:
    """The profile of a model's own held-out answers; None when it brought too few, or none.

    Raises:
        Corrupt: its reference cannot be read.
    """
    if package.reference is None:
        return None
    held = train.Reference.from_bytes(package.reference)
    if held.n < SMALLEST_REFERENCE:
        return None
    return build_profile(
        Features(
            statistics=held.statistics.astype(np.float32),
            probabilities=held.probabilities.astype(np.float32),
            embedding=held.embeddings.astype(np.float32),
            classes=package.contract.classes,
        ),
        window=window,
    )


def set_reference(
    ports: ObservePorts,
    scope: Scope,
    deployment: str,
    profile: Profile | None,
    *,
    model: str,
    package: str,
    because: str,
) -> str | None:
    """Compare a deployment with this profile from now on; its digest. Again the same changes nothing.

    Args:
        ports: where state and bytes live.
        scope: who says so.
        deployment: whose monitor.
        profile: of answers by exactly that model; None: its windows are not tested.
        model: reference of the model version (`net@v3`).
        package: digest of its manifest.
        because: why, in a word or two; recorded.
    """
    digest = _keep(ports, profile)
    with ports.ledger.write(scope) as write:
        before = state.find(write.connection, scope.project, deployment)
        _point(write, before, deployment, _Reference(model, package, digest, because))
    return digest


def follow_model(
    ports: ObservePorts,
    scope: Scope,
    before: Monitor | None,
    served: Deployment,
    *,
    window: int,
    fence: Claim | None,
) -> None:
    """Take the held-out answers of the model that is served now as reference.

    Raises:
        Overtaken: the monitor is no longer as it was in `before`.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(served.model))
    profile = of_package(registry.load(ports.registry, version), window=window)
    taken = _Reference(served.model, served.package, _keep(ports, profile), "deployed")
    with ports.ledger.write(scope, fence=fence) as write:
        if state.find(write.connection, scope.project, served.name) != before:
            raise state.Overtaken
        _point(write, before, served.name, taken)


def rebase(
    ports: ObservePorts,
    scope: Scope,
    deployment: str,
    model: ModelVersion,
    *,
    recent: int = RECENT,
    window: int = WINDOW,
) -> str | None:
    """After a promotion: what `model` sees in the newest served pictures is the new normal.

    With a live alert only pictures since its first window count, so that the old world does not
    water the new one down. Pictures that the model learnt from count with the answers of the folds
    that held them out; the others are answered again by the new model. Fewer than 40 pictures left
    in the spool: the model's own held-out answers are taken instead. Live alerts of the deployment
    are closed; windows begin behind the pictures of the reference. Recorded as `monitor.rebased`.

    Returns:
        Digest of the profile; None when the model brought no reference and the spool is empty.
    """
    package = registry.load(ports.registry, model)
    while True:
        with ports.ledger.read() as connection:
            before = state.find(connection, scope.project, deployment)
        if before and (before.package, before.because) == (model.package, REBASED):
            return before.profile
        seen = _of_the_new_world(ports, scope, deployment, recent)
        profile, pictures = _of_recent(ports, package, seen, window=window), len(seen)
        if profile is None:
            profile, pictures = of_package(package, window=window), 0
        taken = _Reference(model.ref, model.package, _keep(ports, profile), REBASED)
        last = seen[0].row.seq if seen else 0
        passed = _between(ports, scope, deployment, before.tested if before else 0, last)
        with suppress(state.Overtaken), ports.ledger.write(scope) as write:
            if state.find(write.connection, scope.project, deployment) != before:
                raise state.Overtaken
            _settle(write, before, deployment, taken, last=last, passed=passed)
            write.fact("monitor.rebased", deployment, **taken.payload(), pictures=pictures)
            return taken.profile


@dataclass(frozen=True)
class _Reference:
    """What a monitor is pointed at."""

    model: str
    package: str
    profile: str | None
    because: str

    def payload(self) -> dict[str, str | None]:
        """As a fact says it."""
        return {"model": self.model, "profile": self.profile}


def _keep(ports: ObservePorts, profile: Profile | None) -> str | None:
    if profile is None:
        return None
    digest = ports.blobs.put(profile.to_bytes())
    ports.blobs.flush()
    return digest


def _point(write: Write, before: Monitor | None, deployment: str, taken: _Reference) -> None:
    """Set the monitor's reference, with the fact, unless it has it already."""
    same = (taken.model, taken.package, taken.profile, taken.because)
    if before and (before.model, before.package, before.profile, before.because) == same:
        return
    state.put(write, deployment, **asdict(taken))
    payload = {**taken.payload(), "because": taken.because}
    write.fact("monitor.reference_set", deployment, **payload)


def _settle(
    write: Write,
    before: Monitor | None,
    deployment: str,
    taken: _Reference,
    *,
    last: int,
    passed: int,
) -> None:
    """Point the monitor at its new reference and beyond the pictures that are in it."""
    images = before.images if before else 0
    tested = max(last, before.tested if before else 0)
    state.put(write, deployment, **asdict(taken), tested=tested, images=images + passed)
    alerts.close_live(write, deployment, f"rebased on {taken.model}")


def _between(ports: ObservePorts, scope: Scope, deployment: str, after: int, last: int) -> int:
    """How many answers have sequence numbers in (after, last]."""
    rows = serve.predictions(
        ports.serve, scope, deployment, after=after, limit=None, newest_first=False
    )
    return sum(row.seq <= last for row in rows)


def _of_the_new_world(
    ports: ObservePorts, scope: Scope, deployment: str, recent: int
) -> list[Seen]:
    """The newest answers, newest first: since the live alert's first window where that is enough."""
    seen = newest(ports, scope, deployment, limit=recent)
    alert = alerts.open_alert(ports, scope, deployment)
    if alert is None:
        return seen
    with ports.ledger.read() as connection:
        begun = alerts.first_seq(connection, alert)
    since = [each for each in seen if each.row.seq >= begun]
    return since if sum(each.has_picture for each in since) >= SMALLEST_REFERENCE else seen


def _of_recent(
    ports: ObservePorts, package: Package, seen: list[Seen], *, window: int
) -> Profile | None:
    pictures = list({each.row.image: each for each in seen if each.has_picture}.values())
    if len(pictures) < SMALLEST_REFERENCE:
        return None
    held = _held_out(package)
    predictor = infer.Predictor.load(package.onnx, package.contract, threads=ports.threads)
    fresh = [each for each in pictures if each.row.image not in held]
    parts = [held[each.row.image] for each in pictures if each.row.image in held]
    parts += [_answered(predictor, fresh[at : at + _BATCH]) for at in range(0, len(fresh), _BATCH)]
    return build_profile(Features.stack(parts), window=window)


def _held_out(package: Package) -> dict[str, Features]:
    """Image → the answer of the fold that did not learn from it."""
    if package.reference is None:
        return {}
    held = train.Reference.from_bytes(package.reference)
    return {
        image: Features(
            statistics=held.statistics[row : row + 1].astype(np.float32),
            probabilities=held.probabilities[row : row + 1].astype(np.float32),
            embedding=held.embeddings[row : row + 1].astype(np.float32),
            classes=package.contract.classes,
        )
        for row, image in enumerate(held.images)
    }


def _answered(predictor: Predictor, pictures: list[Seen]) -> Features:
    """The pictures as the predictor sees them; the embedding at half precision, as the spool has it."""
    kept = [each.kept for each in pictures if each.kept is not None]
    outputs = predictor.run(np.stack([predictor.prepare(each.image) for each in kept]))
    embedding = outputs.embedding
    if embedding is not None:
        embedding = embedding.astype(np.float16).astype(np.float32)
    return Features(
        statistics=np.stack([each.statistics_array() for each in kept]),
        probabilities=outputs.probabilities,
        embedding=embedding,
        classes=predictor.contract.classes,
    )
