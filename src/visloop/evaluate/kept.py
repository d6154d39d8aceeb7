"""What evaluation keeps alive: bodies, answers, pictures, policies, what open incidents show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import select

from visloop.errors import Corrupt
from visloop.evaluate.tables import (
    assessments,
    findings,
    incidents,
    policies,
    reports,
    verdicts,
)
from visloop.store import Link, Look, Roots


class _Body(msgspec.Struct, frozen=True):
    """The part of a report's body that leads to other blobs."""

    answers: str
    study: str = ""


class _Shot(msgspec.Struct, frozen=True):
    """The part of a picture of an assessment that leads to its bytes."""

    image: str


class _Outcome(msgspec.Struct, frozen=True):
    """The part of an outcome that leads to other blobs."""

    pictures: tuple[_Shot, ...] = ()


class _Assessment(msgspec.Struct, frozen=True):
    """The part of an assessment's body that leads to other blobs."""

    outcome: _Outcome


def _digests(look: Look) -> Iterator[Link]:
    for name, body in look.connection.execute(select(reports.c.id, reports.c.body)):
        link = Link(body, f"report {name}")
        yield link
        raw = look.read(link)
        if raw is not None:
            try:
                inner = msgspec.json.decode(raw, type=_Body)
                yield Link(inner.answers, f"report {name}: answers")
                if inner.study:
                    yield Link(inner.study, f"report {name}: study")
            except msgspec.MsgspecError as broken:
                look.damaged(link, Corrupt(f"the report cannot be read: {broken}"))
    yield from _of_assessments(look)
    for dataset, kind, body in look.connection.execute(
        select(findings.c.dataset, findings.c.kind, findings.c.body)
    ):
        yield Link(body, f"finding {kind} of {dataset}")
    columns = (verdicts.c.id, verdicts.c.body, verdicts.c.policy)
    for name, body, policy in look.connection.execute(select(*columns)):
        yield Link(body, f"verdict {name}")
        yield Link(policy, f"verdict {name}: policy")
    accepted = select(policies.c.model, policies.c.policy)
    for model, policy in look.connection.execute(accepted):
        yield Link(policy, f"policy of {model}")
    asked = select(incidents.c.id, incidents.c.image).where(incidents.c.state == "open")
    for name, image in look.connection.execute(asked):
        yield Link(image, name)


def _of_assessments(look: Look) -> Iterator[Link]:
    for name, body in look.connection.execute(select(assessments.c.id, assessments.c.body)):
        link = Link(body, f"assessment {name}")
        yield link
        raw = look.read(link)
        if raw is not None:
            try:
                for shot in msgspec.json.decode(raw, type=_Assessment).outcome.pictures:
                    yield Link(shot.image, f"assessment {name}: picture")
            except msgspec.MsgspecError as broken:
                look.damaged(link, Corrupt(f"the assessment cannot be read: {broken}"))


EVALUATE_ROOTS: Final = Roots(
    room="evaluate",
    columns=frozenset(
        {
            "assessments.body",
            "findings.body",
            "gate_policies.policy",
            "incidents.image",
            "reports.body",
            "verdicts.body",
            "verdicts.policy",
        }
    ),
    digests=_digests,
    noted={
        "reports.package": "packages are kept by the registry",
        "assessments.package": "packages are kept by the registry",
        "assessments.root": "versions are kept by their data set",
        "reports.root": "versions are kept by their data set",
        "incidents.digest": "of what is asked, not of a blob",
        "incidents.origin": "names the package that answered: packages are kept by the registry",
    },
)
