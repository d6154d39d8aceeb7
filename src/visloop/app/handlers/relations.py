"""The relations that can be asked, each from the room that has it, with the permission it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from visloop import evaluate, label, observe, query, registry, serve, store, train
from visloop.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Known:
    """Who may ask, and where the rows come from."""

    permission: str
    rows: Callable[[Ports, Scope], query.Relation]


def relation(ports: Ports, scope: Scope, of: str) -> query.Relation:
    """The relation of that name, if the one who asks may read it.

    Raises:
        UsageError: there is none.
        Forbidden: the actor lacks its permission.
    """
    known = RELATIONS.get(of)
    if known is None:
        names = askable()
        raise UsageError(
            f"nothing is called {of!r} that could be listed",
            fix=did_you_mean(of, names, otherwise=f"--of one of: {', '.join(names)}"),
        )
    store.authorise(ports.ledger, scope, known.permission)
    found = known.rows(ports, scope)
    return replace(
        found, schema=replace(found.schema, views=query.known_views(ports.ledger, scope))
    )


def _facts(ports: Ports, scope: Scope) -> query.Relation:
    fields = (
        query.named("seq", "integer", "order in which they happened"),
        query.named("time", "time", "when"),
        query.named("actor", "text", "who did it", searched=True),
        query.named("kind", "text", "what happened: model.promoted", searched=True),
        query.named("subject", "text", "to what", searched=True),
    )
    found = ports.ledger.facts(project=scope.project, newest_first=True)
    keys = [each.key for each in fields]
    records = [{key: getattr(each, key) for key in keys} for each in found]
    plain = [{**each, "actor": str(each["actor"])} for each in records]
    return query.recorded("fact", "facts", fields, plain)


def _jobs(ports: Ports, scope: Scope) -> query.Relation:
    fields = (
        query.named("id", "text", "of the job"),
        query.named("kind", "text", "what it does", searched=True),
        query.named("key", "text", "to what", searched=True),
        query.named("state", "text", "where it stands"),
        query.named("attempts", "integer", "how often it was begun"),
        query.named("worker", "text", "who works on it, or did last"),
        query.named("error", "text", "why it failed", searched=True),
        query.named("created", "time", "when it was put on the queue"),
        query.named("updated", "time", "when it last moved"),
    )
    found = store.Jobs(ports.ledger, ports.clock).find(project=scope.project)
    records = [{each.key: getattr(job, each.key) for each in fields} for job in found]
    return query.recorded("job", "jobs", fields, records)


OF_DATA: Final = ("samples", "objects")
"""What a version of a data set has."""
RELATIONS: Final[Mapping[str, Known]] = {
    "runs": Known("train.read", lambda p, s: train.runs_relation(p.train, s)),
    "models": Known("registry.read", lambda p, s: registry.models_relation(p.registry, s)),
    "predictions": Known("serve.read", lambda p, s: serve.predictions_relation(p.serve, s)),
    "deployments": Known("serve.read", lambda p, s: serve.deployments_relation(p.serve, s)),
    "reports": Known("evaluate.read", lambda p, s: evaluate.reports_relation(p.evaluate, s)),
    "alerts": Known("observe.read", lambda p, s: observe.alerts_relation(p.observe, s)),
    "tasks": Known("label.read", lambda p, s: label.tasks_relation(p.label, s)),
    "jobs": Known("train.read", _jobs),
    "facts": Known("audit.read", _facts),
}
"""What the rooms have."""


def askable() -> tuple[str, ...]:
    """All that can be asked for by `--of`."""
    return (*OF_DATA, *RELATIONS)
