"""The tracks of a film: which there are, and what editing their key frames makes of its frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data
from visloop.vision import Annotation, Course, Followed, course_of, filled, is_followed

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.label.records import LabelPorts


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A track's object in one frame, counted from 0; None: it has none there."""

    frame: int
    object: Annotation | None


class TrackSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One object through a film.

    `keys` are its key frames, `stops` the frames after which it is out of sight until the next of
    them. What is between follows from these; `apart` are the frames that hold something else (as
    files of other tools may, and frames that were added to the film later). `frames` counts those
    that show it, from `first` to `last`. A track that is gone has none.
    """

    track: str
    label: str = ""
    type: str = ""
    frames: int = 0
    first: int | None = None
    last: int | None = None
    keys: tuple[Placed, ...] = ()
    stops: tuple[int, ...] = ()
    apart: tuple[Placed, ...] = ()


class Film:
    """A film while its tracks are edited: by key frames, the frames between follow.

    `named` are the tracks that the edits speak of.
    """

    def __init__(self, footage: data.Footage, named: Iterable[str]) -> None:
        self.frames, self._places = footage.frames, footage.places
        self._numbers = {each.path: at for at, each in enumerate(footage.frames)}
        self._present = _present(footage)
        self._keys: dict[str, dict[int, Followed]] = {}
        self._stops: dict[str, set[int]] = {}
        for track in named:
            self._course(track)

    def key(self, path: str, track: str) -> Followed | None:
        """The track's object in a frame, if that is a key frame of it."""
        return self._course(track).get(self._numbers[path])

    def put(self, path: str, new: Followed) -> None:
        """A key frame more, or another shape in it."""
        self.remove(path, new.track)
        at = self._numbers[path]
        self._keys[new.track][at] = new
        if new.ends:
            self._stops[new.track].add(at)

    def remove(self, path: str, track: str) -> None:
        """A key frame less."""
        at = self._numbers[path]
        self._course(track).pop(at, None)
        self._stops[track].discard(at)

    def touched(self) -> tuple[TrackSeen, ...]:
        """The tracks that the edits speak of, as they are now."""
        return tuple(
            _seen(track, self._now(track), filled(self._now(track), self._places), self._places)
            for track in self._keys
        )

    def drawn(self, samples: Mapping[str, data.Sample], edited: str) -> dict[str, data.Sample]:
        """The frames that change, each with what its tracks show in it.

        Where interpolation alone brought objects to a frame, it counts as looked at; where that
        takes the last one away, as not. The frame `edited` is left as its editor says.
        """
        changed: dict[str, data.Sample] = {}
        for track in self._keys:
            now, was = filled(self._now(track), self._places), self._present.get(track, {})
            for at in sorted(now.keys() | was.keys()):
                path = self.frames[at].path
                sample = changed.get(path, samples[path])
                after = _with(sample, track, now.get(at))
                if after is sample:
                    continue
                if path != edited:
                    seen = bool(after.annotations)
                    after = msgspec.structs.replace(after, labelled=seen)
                changed[path] = after
        return changed

    def _course(self, track: str) -> dict[int, Followed]:
        if track not in self._keys:
            course = course_of(self._present.get(track, {}))
            self._keys[track], self._stops[track] = dict(course.keys), set(course.stops)
        return self._keys[track]

    def _now(self, track: str) -> Course:
        return Course(self._keys[track], frozenset(self._stops[track]))


def tracks(
    ports: LabelPorts, scope: Scope, dataset: str, film: str
) -> tuple[data.Footage, tuple[TrackSeen, ...]]:
    """A film's frames, and the tracks through them, those that begin first first.

    Args:
        ports: the data set.
        scope: in which project.
        dataset: its name.
        film: its logical path, or the path of one of its frames.

    Raises:
        FilmNotFound: the data set has no frames of it.
    """
    with ports.ledger.read() as connection:
        footage = data.footage(ports.data, connection, scope.project, dataset, film)
    found: list[TrackSeen] = []
    for track, present in _present(footage).items():
        found.append(_seen(track, course_of(present), present, footage.places))
    return footage, tuple(sorted(found, key=lambda each: (each.first or 0, each.track)))


def _present(footage: data.Footage) -> dict[str, dict[int, Followed]]:
    """By track and frame; where a frame holds two objects of one track, the first counts."""
    found: dict[str, dict[int, Followed]] = {}
    for at, sample in enumerate(footage.frames):
        for each in sample.annotations:
            if is_followed(each):
                found.setdefault(each.track, {}).setdefault(at, each)
    return found


def _seen(
    track: str, course: Course, present: Mapping[int, Followed], places: tuple[int, ...]
) -> TrackSeen:
    if not present:
        return TrackSeen(track=track)
    ruled = filled(course, places)
    apart = [
        Placed(frame=at, object=present.get(at))
        for at in sorted(ruled.keys() | present.keys())
        if _shape(ruled.get(at)) != _shape(present.get(at))
    ]
    keys = [Placed(frame=at, object=each) for at, each in ruled.items() if at in course.keys]
    first = present[min(present)]
    return TrackSeen(
        track=track,
        label=first.label,
        type=str(first.__struct_config__.tag),
        frames=len(present),
        first=min(present),
        last=max(present),
        keys=tuple(keys),
        stops=tuple(sorted(course.stops)),
        apart=tuple(apart),
    )


def _shape(each: Followed | None) -> Any:
    """What an interpolated object says, without who it is."""
    if each is None:
        return None
    bare: dict[str, Any] = {"id": "", "author": "", "key_frame": True, "ends": False}
    return msgspec.structs.replace(each, score=None, review="accepted", **bare)


def _with(sample: data.Sample, track: str, new: Followed | None) -> data.Sample:
    """The frame with this object as its part of the track; itself where nothing changes."""
    held = list(sample.annotations)
    at = next((k for k, e in enumerate(held) if is_followed(e) and e.track == track), len(held))
    was = held[at : at + 1]
    if new is not None:
        others = {each.id for k, each in enumerate(held) if k != at}
        name = was[0].id if was else new.id or track
        while name in others:
            name += "'"
        new = msgspec.structs.replace(new, id=name)
    now = [] if new is None else [new]
    if now == was:
        return sample
    return msgspec.structs.replace(sample, annotations=(*held[:at], *now, *held[at + 1 :]))
