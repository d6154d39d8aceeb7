"""Edits of what a picture shows, one object at a time: staged at once, safe to send again.

Each edit says what its object was before. Two people who work on one picture so never overwrite
each other unseen: edits of other objects are taken, edits of an object that somebody else has
changed since are refused. A client that has lost an answer sends its edits again, under the same
key: they are taken once, whatever arrives late and in whatever order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop import data
from visloop.errors import Conflict, UsageError
from visloop.label.keys import is_first
from visloop.label.records import LabelPorts
from visloop.vision import Annotation, Box, Mask, OrientedBox, Points, Polygon, Track

if TYPE_CHECKING:
    from visloop.events import Scope

_SLACK_PX: Final = 1.0
_CORNERS: Final = 3  # of the simplest ring


class EditConflict(Conflict):
    """Somebody else has changed the same object of the picture since it was read."""

    code = "label.edit_conflict"


class WrongShape(UsageError):
    """What was drawn is no shape inside the picture."""

    code = "label.wrong_shape"


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change: an object is `put` (with an id of its own), or removed by its id, or neither.

    `was` is the object as its author saw it before; None: it was not there. `labelled` says whether
    somebody has looked: without objects, True means that the picture holds none.
    """

    put: Annotation | None = None
    remove: str = ""
    was: Annotation | None = None
    labelled: bool | None = None


def read_edits(given: Sequence[dict[str, Any]]) -> tuple[Edit, ...]:
    """Edits from JSON values.

    Raises:
        UsageError: one of them is no edit.
    """
    try:
        return tuple(msgspec.convert(each, Edit) for each in given)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"that is no edit: {error}",
            fix='{"put": {"type": "box", "id": "…", "label": "cat", "xyxy": [1, 2, 3, 4]}},'
            ' {"remove": "ID", "was": {…}} or {"labelled": true}',
        ) from error


def read(ports: LabelPorts, scope: Scope, dataset: str, path: str) -> data.Sample:
    """One sample of the working set.

    Raises:
        SampleNotFound: the data set has no such sample.
    """
    with ports.ledger.read() as connection:
        return data.working_sample(ports.data, connection, scope.project, dataset, path)


def edit(
    ports: LabelPorts,
    scope: Scope,
    dataset: str,
    path: str,
    edits: Sequence[Edit],
    *,
    key: str = "",
) -> data.Sample:
    """Apply edits to a sample of the working set, in order, all of them or none; the sample then.

    What a person puts is theirs: `author` is the actor, `score` goes, `review` is `accepted`.

    Args:
        ports: the data set.
        scope: who edits.
        dataset: its name.
        path: of the sample in it.
        edits: one or more.
        key: what these edits are called; taken under that name before, within 60 days, nothing is
            done.

    Raises:
        SampleNotFound: the data set has no such sample.
        EditConflict: an object is no longer what its edit says that it was.
        WrongShape: coordinates are not finite, a shape is empty, or lies outside of the picture.
        UnknownClass: a label is no class of the data set.
    """
    author = str(scope.actor)
    with ports.ledger.write(scope) as write:
        before = data.working_sample(ports.data, write.connection, scope.project, dataset, path)
        if not is_first(write, key):
            return before
        after = before
        for each in edits:
            after = _applied(after, each, author)
        if after != before:
            data.stage(ports.data, write, dataset, [after])
            write.fact("label.edited", before.id, dataset=dataset, **_changes(before, after))
    return after


def _applied(sample: data.Sample, change: Edit, author: str) -> data.Sample:
    held = {each.id: each for each in sample.annotations}
    labelled = sample.labelled if change.labelled is None else change.labelled
    if change.put is not None:
        new = msgspec.structs.replace(change.put, author=author, score=None, review="accepted")
        _check_shape(new, sample)
        if not _same(held.get(new.id), new):
            _check_unchanged(held.get(new.id), change, sample.path)
            held[new.id] = new
        labelled = True
    elif change.remove and change.remove in held:
        _check_unchanged(held[change.remove], change, sample.path)
        del held[change.remove]
    return msgspec.structs.replace(sample, annotations=tuple(held.values()), labelled=labelled)


def _same(one: Annotation | None, other: Annotation | None) -> bool:
    """Whether two say the same of the picture, whoever said it."""
    return _bare(one) == _bare(other)


def _bare(each: Annotation | None) -> Annotation | None:
    if each is None:
        return None
    return msgspec.structs.replace(each, author="", score=None, review="accepted")


def _check_unchanged(now: Annotation | None, change: Edit, path: str) -> None:
    if _same(now, change.was):
        return
    wanted = change.put.id if change.put is not None else change.remove
    if now is None:
        what = f"object {wanted} of {path!r} was removed by somebody else"
    else:
        what = f"object {wanted} of {path!r} was changed by {now.author or 'somebody else'}"
    raise EditConflict(what, fix="read the picture again, and keep yours or theirs")


def _check_shape(new: Annotation, sample: data.Sample) -> None:
    if not new.id:
        raise UsageError("an object without an id is put", fix="give each new object an id")
    if isinstance(new, Mask):
        if new.size_hw != (sample.height, sample.width) or sum(new.counts) != (
            sample.height * sample.width
        ):
            raise _wrong(f"the mask is not of {sample.width} × {sample.height} pixels", sample)
        return
    points = _points(new)
    sizes = (*new.cxcywh, new.angle_deg) if isinstance(new, OrientedBox) else ()
    if not all(isfinite(value) for value in (*points, *sizes)):
        raise _wrong("a coordinate is not a number", sample)
    xs, ys = points[0::2], points[1::2]
    if _is_empty(new):
        raise _wrong("the shape has no area", sample)
    inside = (-_SLACK_PX <= x <= sample.width + _SLACK_PX for x in xs)
    if not (all(inside) and all(-_SLACK_PX <= y <= sample.height + _SLACK_PX for y in ys)):
        raise _wrong("the shape reaches beyond the picture", sample)


def _is_empty(new: Annotation) -> bool:
    """Whether it is a shape without area."""
    match new:
        case Box() | Track():
            x1, y1, x2, y2 = new.xyxy
            return x1 >= x2 or y1 >= y2
        case OrientedBox():
            return min(new.cxcywh[2:]) <= 0
        case Polygon():
            return not new.rings or any(
                len(ring) < 2 * _CORNERS
                or min(ring[0::2]) >= max(ring[0::2])
                or min(ring[1::2]) >= max(ring[1::2])
                for ring in new.rings
            )
        case _:
            return False


def _points(new: Annotation) -> list[float]:
    """Where it lies, as x, y, x, y …; of an oriented box its centre, of a class nothing."""
    match new:
        case Box() | Track():
            return list(new.xyxy)
        case OrientedBox():
            return list(new.cxcywh[:2])
        case Polygon():
            return [value for ring in new.rings for value in ring]
        case Points():
            return [value for x, y, seen in new.points if seen for value in (x, y)]
        case _:
            return []


def _wrong(what: str, sample: data.Sample) -> WrongShape:
    return WrongShape(
        f"{what}: {sample.path!r}",
        fix=f"coordinates are pixels of the upright picture, {sample.width} × {sample.height}",
    )


def _changes(before: data.Sample, after: data.Sample) -> dict[str, Any]:
    """What differs, by the ids of objects."""
    old, new = ({each.id: each for each in one.annotations} for one in (before, after))
    found = {
        "added": [each for each in new if each not in old],
        "removed": [each for each in old if each not in new],
        "changed": [each for each in new if each in old and new[each] != old[each]],
    }
    says: dict[str, Any] = {key: ids for key, ids in found.items() if ids}
    return says if before.labelled == after.labelled else says | {"labelled": after.labelled}
