"""A question about a data set answered: how many, a page of rows, facets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data
from visloop.data.picking.places import told_places
from visloop.data.querying.building import box_around
from visloop.data.querying.source import Columns
from visloop.data.querying.spreading import foremost
from visloop.data.records import DataPorts, Sample
from visloop.data.snapshot import open_ref
from visloop.errors import Conflict
from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import (
    MOST_ROWS,
    Checked,
    Completion,
    Facet,
    Found,
    Histogram,
    Joined,
    Of,
    Plan,
    Test,
    Texts,
    check,
    complete,
    counted_by,
    facet,
    run,
    spread,
)


class Outdated(Conflict):
    """The data is not as an answer told it any more."""

    code = "data.outdated"


@dataclass(frozen=True)
class Answer:
    """How many fit, and a page of them.

    A row of `samples` is the sample with `matching`: the places of those of its annotations that
    conditions held on. A row of `objects` is the annotation with its sample's path, id, picture and
    size; `around` is the box around it, None where it lies nowhere.
    `state` tells the data that was asked from any other; `marked` are places of the answer, as text.
    """

    ref: str
    of: str
    count: int
    rows: tuple[dict[str, Any], ...]
    facets: tuple[Facet, ...] = ()
    state: str = ""
    marked: str = ""
    histograms: tuple[Histogram, ...] = ()


@dataclass(frozen=True)
class Named:
    """All samples that a question finds, in the order of its answer: their ids and paths."""

    state: str
    ids: list[str]
    paths: list[str]


@dataclass(frozen=True)
class NamedObjects:
    """All objects that a question finds, in the order of its answer: sample's path, id, class."""

    state: str
    paths: list[str]
    ids: list[str]
    labels: list[str]


def query(
    ports: DataPorts,
    scope: Scope,
    ref: Ref,
    text: str,
    *,
    of_objects: bool = False,
    offset: int = 0,
    limit: int = 50,
    facets: Sequence[str] = (),
    histograms: Sequence[str] = (),
    mark: str = "",
) -> Answer:
    """The samples, or objects, of a version on which a question holds.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        ref: the version; of a split only, if it names one.
        text: the question; empty: everything.
        of_objects: list objects, not samples.
        offset: skip so many rows.
        limit: rows of this page, 1000 at most.
        facets: fields whose values are counted over everything that was found.
        histograms: fields of numbers and times whose spread is told; `*`: of those that differ.
        mark: another question: tell the places of those on which it holds as well.

    Raises:
        QueryWrong: the question cannot be understood; it says where.
        UsageError: a facet names no field, a histogram none of numbers or times.
        SampleNotFound: `similar` names no sample of the version.
        MissingExtra: `near` needs an extra that is not installed.
        DatasetNotFound, VersionNotFound, SplitNotFound: a reference names nothing.
    """
    snapshot = open_ref(ports, ref, scope.project)
    source = Columns(ports, snapshot, of_parts=of_objects)
    found = _found(ports, source, text)
    page = found.at[max(offset, 0) :][: max(0, min(limit, MOST_ROWS))]
    rows = _objects(source, page) if of_objects else _samples(source, page, found)
    counted = tuple(
        facet(found, source, field, tree=field.key == "folder")
        for field in (counted_by(source.schema, name) for name in facets)
    )
    ref_text = snapshot.version.ref + (f":{snapshot.split}" if snapshot.split else "")
    of = source.schema.listed.many
    marked = told_places(np.isin(found.at, _found(ports, source, mark).at)) if mark else ""
    told = spread(found, source, histograms, foremost(source))
    return Answer(ref_text, of, len(found.at), tuple(rows), counted, snapshot.state, marked, told)


def named(ports: DataPorts, scope: Scope, ref: Ref, text: str, *, state: str = "") -> Named:
    """All samples of a version on which a question holds, by name; not one of them is read.

    Raises:
        As `query`.
        Outdated: a `state` was given, and the data is another by now.
    """
    source = _unchanged(ports, scope, ref, state, of_parts=False)
    at = _found(ports, source, text).at
    ids, paths = (_texts(source, name)[at].tolist() for name in ("sample.id", "sample.path"))
    return Named(source.snapshot.state, ids, paths)


def named_objects(
    ports: DataPorts, scope: Scope, ref: Ref, text: str, *, state: str = ""
) -> NamedObjects:
    """All objects of a version on which a question holds, by name; no sample is read.

    Raises:
        As `named`.
    """
    source = _unchanged(ports, scope, ref, state, of_parts=True)
    at = _found(ports, source, text).at
    ids, labels = (_texts(source, name, parts=True)[at].tolist() for name in ("id", "label"))
    paths = _texts(source, "sample.path")[source.owners()[at]].tolist()
    return NamedObjects(source.snapshot.state, paths, ids, labels)


def _unchanged(ports: DataPorts, scope: Scope, ref: Ref, state: str, *, of_parts: bool) -> Columns:
    snapshot = open_ref(ports, ref, scope.project)
    if state and state != snapshot.state:
        raise Outdated(
            f"{ref.name} was changed meanwhile: what stood where in the answer is not known any more",
            fix="ask again, and choose again",
        )
    return Columns(ports, snapshot, of_parts=of_parts)


def _texts(source: Columns, name: str, *, parts: bool = False) -> NDArray[np.object_]:
    """(samples), or (annotations) for a field of theirs; "" where there is none."""
    level = source.schema.parts if parts else source.schema.rows
    assert level is not None
    column = source.column(level.named(name)[0])
    assert isinstance(column, Texts)
    return np.array([*column.words, ""], np.object_)[column.codes]


def _found(ports: DataPorts, source: Columns, text: str) -> Found:
    plan = within_split(check(text, source.schema), source)
    found = run(plan, source)
    return found if plan.nearness is None else _nearest(ports, source, plan, found)


def completed(
    ports: DataPorts, scope: Scope, ref: Ref, text: str, at: int, *, of_objects: bool = False
) -> Completion:
    """What could stand at a place of a question about a version.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
    """
    source = Columns(ports, open_ref(ports, ref, scope.project), of_parts=of_objects)
    return complete(text, at, source)


def within_split(plan: Checked, source: Columns) -> Checked:
    """The same question about the split that the reference named, if it named one."""
    split = source.snapshot.split
    if split is None:
        return plan
    field = source.schema.rows.named("sample.split")[0]
    inside: Plan = Test(field, "=", (split,))
    if source.schema.of_parts:
        inside = Of(inside)
    return replace(plan, where=Joined("and", (inside, plan.where)))


def _nearest(ports: DataPorts, source: Columns, plan: Checked, found: Found) -> Found:
    """The thousand nearest of what was found, nearest first; `limit` counts those."""
    assert plan.nearness is not None
    text = plan.nearness.text
    sought = data.Sought(words=text) if plan.nearness.to == "near" else data.Sought(like=text)
    unlimited = found if plan.limit is None else run(replace(plan, limit=None), source)
    ranked = data.ranked(ports, source, sought, unlimited.at)
    return Found(ranked.at[: plan.limit], unlimited.parts)


def _samples(source: Columns, page: NDArray[np.int64], found: Found) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    owners = source.owners() if found.parts is not None else None
    for at in page:
        row = msgspec.to_builtins(source.sample(int(at)))
        row["matching"] = []
        if found.parts is not None and owners is not None:
            start, end = np.searchsorted(owners, np.array([at, at + 1], owners.dtype))
            row["matching"] = found.parts.within(int(start), int(end))
        rows.append(row)
    return rows


def _objects(source: Columns, page: NDArray[np.int64]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    samples: dict[int, Sample] = {}
    for at in page:
        row, place = source.place_in_sample(int(at))
        sample = samples.get(row) or source.sample(row)
        samples[row] = sample
        annotation = sample.annotations[place]
        rows.append(
            {
                "path": sample.path,
                "sample": sample.id,
                "image": sample.image,
                "picture_wh": (sample.width, sample.height),
                "split": sample.split,
                "place": place,
                "around": box_around(annotation),
                **msgspec.to_builtins(annotation),
            }
        )
    return rows
