"""What reports and verdicts keep alive: their bodies, the single answers, the policy they went by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import select

from visloop.errors import Corrupt
from visloop.evaluate.tables import reports, verdicts
from visloop.store import Link, Look, Roots


class _Body(msgspec.Struct, frozen=True):
    """The part of a report's body that leads to other blobs."""

    answers: str
    study: str = ""


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
    columns = (verdicts.c.id, verdicts.c.body, verdicts.c.policy)
    for name, body, policy in look.connection.execute(select(*columns)):
        yield Link(body, f"verdict {name}")
        yield Link(policy, f"verdict {name}: policy")


EVALUATE_ROOTS: Final = Roots(
    room="evaluate",
    columns=frozenset({"reports.body", "verdicts.body", "verdicts.policy"}),
    digests=_digests,
    noted={
        "reports.package": "packages are kept by the registry",
        "reports.root": "versions are kept by their data set",
    },
)
