"""What a data set is needed for, in words: nobody removes it without having read that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from visloop import data, evaluate, label, loop, registry, serve
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def models_that_need(ports: Ports, scope: Scope, dataset: str) -> list[str]:
    """Registered models whose evidence are versions of the data set."""
    said = [
        f"{each.ref} was trained on {each.data}"
        for each in registry.list_models(ports.registry, scope)
        if _is_of(each.data, dataset)
    ]
    judged = {
        f"{model} was judged on {ref}"
        for model, ref in evaluate.judged(ports.evaluate, scope)
        if _is_of(ref, dataset)
    }
    return [*said, *sorted(judged)]


def needs(ports: Ports, scope: Scope, dataset: str) -> list[str]:
    """The same, and what works with the data set now: deployments, the loop, the queue."""
    models = models_that_need(ports, scope, dataset)
    trained = {each.partition(" ")[0] for each in models}
    served = [
        f"deployment {each.name} serves {each.model}"
        for each in serve.deployments(ports.serve, scope)
        if each.model in trained
    ]
    section = ports.config.loop
    on = (scope.project, section.deployment) in loop.switched_on(ports.ledger)
    loops = [f"the loop of {section.deployment} collects into it"]
    waiting = label.counts(ports.label, scope, dataset).waiting
    return [
        *models,
        *served,
        *(loops if on and section.dataset == dataset else []),
        *([f"{waiting} pictures of it wait in the queue"] if waiting else []),
    ]


def purged(ports: Ports, scope: Scope, dataset: str) -> data.Trashed:
    """Forget a data set of the trash, with what was found wrong with it.

    Raises:
        NotInTrash: it is not there.
    """
    gone = data.purge(ports.data, scope, dataset)
    evaluate.forget_findings(ports.evaluate, scope, dataset)
    return gone


def empty_trash(ports: Ports, scope: Scope, days: float, *, dry_run: bool) -> list[str]:
    """Purge data sets that have been in the trash for so many days, less what models need.

    Those of every project: bytes are shared by all.
    """
    gone: list[str] = []
    for project, dataset in data.overdue(ports.data, days):
        there = replace(scope, project=project)
        if models_that_need(ports, there, dataset):
            continue
        if not dry_run:
            purged(ports, there, dataset)
        gone.append(dataset if project == scope.project else f"{project}/{dataset}")
    return gone


def _is_of(ref: str, dataset: str) -> bool:
    return bool(ref) and Ref.parse(ref).name == dataset
