"""Edits of what a picture shows, one object at a time: staged at once, safe to send again.

Each edit says what its object was before. Two people who work on one picture so never overwrite
each other unseen: edits of other objects are taken, edits of an object that somebody else has
changed since are refused. A client that has lost an answer sends its edits again, under the same
key: they are taken once, whatever arrives late and in whatever order.

What is put with a `track` is placed in a key frame of it: the frames between are made anew in the
same transaction, so edits of a track may be of several frames of one film.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data
from visloop.errors import Conflict, UsageError
from visloop.label.following import Film, TrackSeen
from visloop.label.keys import is_first
from visloop.label.queue import get
from visloop.label.records import LabelPorts
from visloop.label.shapes import check_shape
from visloop.label.together.drawing import check_classes, drawn
from visloop.label.together.people import put_answer, rights_of
from visloop.vision import Annotation, is_followed

if TYPE_CHECKING:
    from visloop.events import Scope


class EditConflict(Conflict):
    """Somebody else has changed the same object of the picture since it was read."""

    code = "label.edit_conflict"


class Edit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change: an object is `put` (with an id of its own), or removed by its id, or neither.

    `was` is the object as its author saw it before; None: it was not there, or was interpolated.
    `labelled` says whether somebody has looked: without objects, True means that the picture holds
    none. `path` is another frame of the same film; "": the picture that the request names.
    """

    put: Annotation | None = None
    remove: str = ""
    was: Annotation | None = None
    labelled: bool | None = None
    path: str = ""


@dataclass(frozen=True)
class Edited:
    """The picture now, and the tracks that the edits touched, as they are now."""

    sample: data.Sample
    tracks: tuple[TrackSeen, ...] = ()


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


def read(
    ports: LabelPorts, scope: Scope, dataset: str, path: str, *, task: str = ""
) -> data.Sample:
    """One sample of the working set; with `task` as who asks has drawn on it for that task.

    Raises:
        SampleNotFound: the data set has no such sample.
        TaskNotFound, NotWaiting, GivenToOthers, OwnWork, Forbidden: see `draft`.
    """
    if task:
        rights = rights_of(ports, scope)
        with ports.ledger.write(scope) as write:
            return drawn(ports, write, get(write.connection, scope.project, task), rights)
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
) -> Edited:
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
        UsageError: edits of one request are of pictures that are no frames of one film.
    """
    with ports.ledger.write(scope) as write:
        before = data.working_sample(ports.data, write.connection, scope.project, dataset, path)
        table = _Table(before, str(scope.actor))
        if any(_of_a_track(each, before, path) for each in edits):
            here = (write.connection, scope.project, dataset, path)
            film = Film(data.footage(ports.data, *here), _tracks_in(edits))
            table = _Table(before, str(scope.actor), film)
        if not is_first(write, key):
            return table.outcome()
        for each in edits:
            table.apply(each)
        changed = table.changed()
        if changed:
            data.stage(ports.data, write, dataset, changed)
            done = table.outcome()
            told: dict[str, Any] = {"dataset": dataset, **_changes(before, done.sample)}
            if done.tracks:
                told |= {"tracks": [each.track for each in done.tracks], "frames": len(changed)}
            write.fact("label.edited", before.id, **told)
        return table.outcome()


def draw(
    ports: LabelPorts, scope: Scope, task: str, edits: Sequence[Edit], *, key: str = ""
) -> Edited:
    """As `edit`, for a task that was given to people: kept apart, staged when it is given in.

    Raises:
        EditConflict, WrongShape, UnknownClass: see `edit`.
        TaskNotFound, NotWaiting, GivenToOthers, OwnWork, Forbidden: see `draft`.
        UsageError: an edit is of a track, or of another picture.
    """
    rights = rights_of(ports, scope)
    with ports.ledger.write(scope) as write:
        given = get(write.connection, scope.project, task)
        before = drawn(ports, write, given, rights)
        if any(_of_a_track(each, before, before.path) for each in edits):
            raise UsageError(
                "tracks are drawn on the film itself, not for one task", fix="draw a box instead"
            )
        table = _Table(before, rights.actor)
        if not is_first(write, key):
            return table.outcome()
        for each in edits:
            table.apply(each)
        after = table.outcome().sample
        if after != before:
            check_classes(ports, write, given, after.annotations)
            values = {"annotations": after.annotations, "labelled": after.labelled}
            put_answer(write, given, rights.actor, **values)
        return table.outcome()


def _of_a_track(change: Edit, sample: data.Sample, path: str) -> bool:
    """Whether it takes more than this one picture to do it."""
    sides = [change.put, change.was, *(a for a in sample.annotations if a.id == change.remove)]
    elsewhere = change.path not in {"", path}
    return elsewhere or any(each is not None and is_followed(each) for each in sides)


def _tracks_in(edits: Sequence[Edit]) -> list[str]:
    sides = [side for each in edits for side in (each.put, each.was)]
    return [each.track for each in sides if each is not None and is_followed(each)]


class _Table:
    """The picture that is being edited, and the film that it is a frame of where tracks change."""

    def __init__(self, sample: data.Sample, author: str, film: Film | None = None) -> None:
        self._path, self._author, self._film = sample.path, author, film
        self._before = {each.path: each for each in film.frames} if film else {sample.path: sample}
        self._after = dict(self._before)

    def outcome(self) -> Edited:
        """As it is now."""
        return Edited(self._after[self._path], self._film.touched() if self._film else ())

    def changed(self) -> list[data.Sample]:
        """Every picture that is another one now, interpolated frames with them."""
        if self._film:
            self._after |= self._film.drawn(self._after, self._path)
        return [each for path, each in self._after.items() if each != self._before[path]]

    def apply(self, change: Edit) -> None:
        """One edit."""
        path = change.path or self._path
        sample = self._after.get(path)
        if sample is None:
            raise UsageError(
                f"{path!r} is no frame of the film that {self._path!r} is of",
                fix="edits of one request are of frames of one film: ask for each picture alone",
            )
        if change.put is not None:
            self._put(sample, change, change.put)
        elif change.remove:
            self._remove(sample, change)
        if change.labelled is not None or change.put is not None:
            looked = change.put is not None or bool(change.labelled)
            self._after[path] = msgspec.structs.replace(self._after[path], labelled=looked)

    def _put(self, sample: data.Sample, change: Edit, put: Annotation) -> None:
        new = msgspec.structs.replace(put, author=self._author, score=None, review="accepted")
        check_shape(new, sample)
        now = self._now(sample, change, new.id)
        if _same(now, new):
            return
        _check_unchanged(now, change, sample.path)
        if self._film and is_followed(new):
            if now is not None:
                self._take(sample, now)
            self._film.put(sample.path, new)
            return
        if now is not None and is_followed(now):
            self._take(sample, now)
            sample = self._after[sample.path]
        held = {each.id: each for each in sample.annotations} | {new.id: new}
        self._after[sample.path] = msgspec.structs.replace(sample, annotations=tuple(held.values()))

    def _remove(self, sample: data.Sample, change: Edit) -> None:
        now = self._now(sample, change, change.remove)
        if now is not None:
            _check_unchanged(now, change, sample.path)
            self._take(sample, now)
        elif any(each.id == change.remove for each in sample.annotations):
            raise UsageError(
                f"object {change.remove} of {sample.path!r} is interpolated",
                fix="it follows from its track's key frames: put or remove those;"
                ' a key frame with "ends": true is the last one before it is out of sight',
            )

    def _now(self, sample: data.Sample, change: Edit, name: str) -> Annotation | None:
        """The object of the edit as it is; None where there is none, or an interpolated one."""
        held = next((each for each in sample.annotations if each.id == name), None)
        for each in (change.put, change.was, held):
            if self._film and each is not None and is_followed(each):
                key = self._film.key(sample.path, each.track)
                if key is not None:
                    return key
        return None if held is not None and self._film and is_followed(held) else held

    def _take(self, sample: data.Sample, now: Annotation) -> None:
        """The object away: out of its track, or off the picture."""
        if self._film and is_followed(now):
            self._film.remove(sample.path, now.track)
            return
        left = tuple(each for each in sample.annotations if each.id != now.id)
        self._after[sample.path] = msgspec.structs.replace(sample, annotations=left)


def _same(one: Annotation | None, other: Annotation | None) -> bool:
    """Whether two say the same of the picture, whoever said it."""
    return _bare(one) == _bare(other)


def _bare(each: Annotation | None) -> Annotation | None:
    if each is None:
        return None
    bare = msgspec.structs.replace(each, author="", score=None, review="accepted")
    return msgspec.structs.replace(bare, id="") if is_followed(bare) else bare


def _check_unchanged(now: Annotation | None, change: Edit, path: str) -> None:
    if _same(now, change.was):
        return
    wanted = change.put.id if change.put is not None else change.remove
    if now is None:
        what = f"object {wanted} of {path!r} was removed by somebody else"
    else:
        what = f"object {wanted} of {path!r} was changed by {now.author or 'somebody else'}"
    raise EditConflict(what, fix="read the picture again, and keep yours or theirs")


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
