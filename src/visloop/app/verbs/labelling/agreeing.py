"""Verbs about the people who label: how far they agree, how much and how well they label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import label
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class LabelAgreement:
    """Say how far the people agree who labelled the same pictures: kappa, alpha, F1, with intervals.

    What the figures mean, and when they mislead: docs/explanation/agreement.md.
    """

    dataset: str = arg("the data set")


@dataclass(frozen=True)
class Agreed:
    """Over all, by pair of people, by class; what is confused with what; the pictures of dispute."""

    dataset: str
    pictures: int
    people: tuple[str, ...]
    fleiss: dict[str, Any]
    alpha: dict[str, Any]
    pairs: tuple[dict[str, Any], ...]
    classes: dict[str, float]
    overlaps: dict[str, dict[str, Any]]
    confused: tuple[tuple[str, str, int], ...]
    disagreed: tuple[dict[str, Any], ...]


@operation("label.agreement", permission="label.review")
def label_agreement(ports: Ports, scope: Scope, ask: LabelAgreement) -> Agreed:
    """From the answers as they were given."""
    return Agreed(**plain(label.agreement(ports.label, scope, ask.dataset)))


@dataclass(frozen=True)
class LabelPeople:
    """Say what each person labelled: how many, how fast, what is left, and how right on controls."""

    dataset: str | None = arg("only in this data set", default=None)
    bound: float = opt("who is right on controls less often is marked", default=0.8)


@operation("label.people", permission="label.manage")
def label_people(ports: Ports, scope: Scope, ask: LabelPeople) -> Rows:
    """One row a person."""
    return rows_of(label.people(ports.label, scope, ask.dataset, bound=ask.bound))
