"""What stands beside a deployment's model in this process: a canary loaded, copies under way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from visloop import registry
from visloop.errors import Corrupt, Unavailable
from visloop.ids import Ref
from visloop.serve import tables
from visloop.serve.lineup import Canary, Copy, Slot
from visloop.serve.model import Model
from visloop.serve.rollout import Deployment
from visloop.serve.shadow.mirror import Links, Mirror
from visloop.serve.switching import store
from visloop.serve.switching.changing import stop_unloadable

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.registry import Package
    from visloop.serve.ports import ServePorts
    from visloop.serve.shadow.aside import Aside
    from visloop.serve.switching.records import Copied, Rollout

log = logging.getLogger("visloop.serve")

Load = Callable[[Deployment], Model]


def load_package(ports: ServePorts, scope: Scope, model: str, package: str) -> Package:
    """The package of a model version, which must be the one that was meant.

    Raises:
        ModelNotFound: there is no such version.
        Corrupt: it is another package, or its bytes are damaged.
    """
    to = registry.RegistryPorts(ports.ledger, ports.blobs)
    version = registry.resolve(to, scope, Ref.parse(model))
    if version.package != package:
        raise Corrupt(
            f"{model} is not the package that was deployed", fix="deploy it again, by its version"
        )
    return registry.load(to, version)


class Beside:
    """Keeps the candidates of one serving process; used by the thread of the switch."""

    def __init__(
        self,
        ports: ServePorts,
        scope: Scope,
        server: str,
        load: Load,
        copies_per_s: float,
        aside: Aside,
    ) -> None:
        self._ports = ports
        self._scope = scope
        self._server = server
        self._load = load
        self._copies_per_s = copies_per_s
        self._aside = aside
        self._mirrors: dict[str, Mirror] = {}
        self._told: dict[str, Copied] = {}

    def slot(self, plain: Slot, now: Slot | None, running: Sequence[Rollout]) -> Slot:
        """`plain` with its candidates: a canary that does not load, or a broken copy, ends its trial."""
        if plain.model is None:
            return plain
        for rollout in running:
            if rollout.kind == "shadow":
                copy = Copy(self._mirror(rollout), rollout.model, rollout.package, rollout.share)
                plain = replace(plain, copies=(copy,))
        for rollout in running:
            if rollout.kind == "canary":
                plain = self._with_canary(plain, now, rollout)
        return plain

    def keep_only(self, running: Mapping[str, Rollout]) -> None:
        """End the copies of candidates that are gone."""
        gone = [rollout for rollout in self._mirrors if rollout not in running]
        ended = [self._mirrors.pop(rollout) for rollout in gone]
        for mirror in ended:
            mirror.close()
        self._tell(ended)

    def tell(self) -> None:
        """Tell the ledger what became of the pictures, where that is news."""
        self._tell(self._mirrors.values())

    def close(self) -> None:
        """End all copies."""
        self.keep_only({})

    def _tell(self, mirrors: Iterable[Mirror]) -> None:
        counts = {mirror.rollout.id: mirror.counts for mirror in mirrors}
        fresh = {key: each for key, each in counts.items() if self._told.get(key) != each}
        if fresh:
            store.count(self._ports, self._server, fresh)
            self._told |= counts

    def _with_canary(self, plain: Slot, now: Slot | None, rollout: Rollout) -> Slot:
        candidate = msgspec.structs.replace(
            plain.deployment, model=rollout.model, package=rollout.package
        )
        try:
            model = self._model(now, candidate)
        except (Unavailable, SQLAlchemyError, OSError):  # of the ledger or the disk: tried again
            raise
        except Exception as error:  # whatever a model does while loading, the champion goes on
            log.exception("serve.canary_not_loaded", extra={"model": rollout.model})
            stop_unloadable(self._ports, self._scope, rollout, why(error))
            return plain
        mirror = self._mirror(rollout)
        marks: dict[str, Any] = {"rollout": rollout.id, "share": rollout.share}
        of_champion = Copy(mirror, rollout.model, rollout.package)
        of_candidate = Copy(mirror, plain.deployment.model, plain.deployment.package)
        canary = Canary(
            rollout=rollout.id,
            share=rollout.share,
            champion=replace(plain, copies=(*plain.copies, of_champion), **marks),
            candidate=replace(
                Slot.of(candidate, model, apart=True),
                instead=plain,
                copies=(of_candidate,),
                **marks,
            ),
        )
        return replace(plain, canary=canary)

    def _model(self, now: Slot | None, wanted: Deployment) -> Model:
        if now and now.canary:
            candidate = now.canary.candidate
            if candidate.model and candidate.deployment.package == wanted.package:
                return candidate.model
        return self._load(wanted)

    def _mirror(self, rollout: Rollout) -> Mirror:
        found = self._mirrors.get(rollout.id)
        if found is None:
            found = self._mirrors[rollout.id] = Mirror(
                rollout, self._links(rollout), self._aside, per_s=self._copies_per_s
            )
        return found

    def _links(self, rollout: Rollout) -> Links:
        ports, scope = self._ports, self._scope
        return Links(
            package=lambda model, package: load_package(ports, scope, model, package),
            write=lambda rows: ports.ledger.append(tables.copied_answers, rows),
            give_up=lambda because: stop_unloadable(ports, scope, rollout, because),
            clock=ports.ledger.clock,
        )


def why(error: Exception) -> str:
    """The first line of what went wrong."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]
