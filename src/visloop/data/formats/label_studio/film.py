"""Label Studio's tasks of a film: regions that are followed (`videorectangle`), frame by frame.

Frames count from 1. A region's `sequence` are its key frames; between two of them it moves in a
straight line. A key frame that is not `enabled` is the last one before it is out of sight, until the
next key frame; one that is and has no next one holds to the film's end. Source: Label Studio's
`postprocessing/video.py`. Coordinates are per cent, kept as shares until the film's size is known.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from visloop.data.formats.film import MOST_FRAMES
from visloop.data.formats.label_studio.objects import labels_in
from visloop.data.formats.loose import BadObject, listing, mapping, number, storable
from visloop.data.formats.stated import Objection
from visloop.data.ingest.walk import is_film_name
from visloop.vision import Track, between

if TYPE_CHECKING:
    from visloop.vision import Annotation

FOLLOWED: Final = "videorectangle"
_KEYS: Final = ("video", "film")


def film_of(data: dict[str, Any]) -> tuple[str, str]:
    """The address of a film that a task's data name, and its key; empty where they name none."""
    for key in (*_KEYS, *data):
        value = data.get(key)
        if isinstance(value, str) and (key in _KEYS or is_film_name(value)):
            return value.strip(), key
    return "", ""


class Shown:
    """What the frames of a film show, by number from 0."""

    def __init__(self, where: str, author: str) -> None:
        self._where, self._author = where, author
        self.annotations: defaultdict[int, list[Annotation]] = defaultdict(list)
        self.objections: defaultdict[int, list[Objection]] = defaultdict(list)
        self.count = 0

    def take(self, at: int, result: dict[str, Any], attributes: dict[str, Any]) -> None:
        """One result of the annotation that counts."""
        try:
            self._take(result, attributes)
        except BadObject as problem:
            reason = f"{self._where}, result {at}: {problem.reason}"
            self.objections[0].append(Objection(problem.code, reason))

    def moments(self) -> dict[int, tuple[Annotation, ...]]:
        """Every frame that somebody could look at: all that the film is said to have."""
        last = max((self.count, *(at + 1 for at in self.annotations)))
        return {at: tuple(self.annotations.get(at, ())) for at in range(last)}

    def _take(self, result: dict[str, Any], attributes: dict[str, Any]) -> None:
        kind = str(result.get("type"))
        if kind != FOLLOWED:
            raise BadObject(
                "unsupported_shape", f"no region of a film is of the kind {kind[:40]!r}"
            )
        value = mapping(result.get("value"))
        labels = labels_in(value, FOLLOWED)
        if not labels:
            raise BadObject("unknown_class", "it has no label")
        self.count = max(self.count, min(int(_frame(value.get("framesCount") or 1)), MOST_FRAMES))
        common: dict[str, Any] = {
            "label": labels[0],
            "track": str(result.get("id")),
            "attributes": storable(attributes),
            "author": self._author,
        }
        said = [_key(mapping(each), common) for each in listing(value.get("sequence"))]
        keys = sorted({at: (at, key, goes_on) for at, key, goes_on in said}.values(), key=_place)
        for (at, key, goes_on), (until, following, _) in pairwise(keys):
            self.annotations[at].append(key if goes_on else replace(key, ends=True))
            held = replace(key, key_frame=False)
            for frame in range(at + 1, until) if goes_on else ():
                share = (frame - at) / (until - at)
                self.annotations[frame].append(between(held, following, share))
        for at, key, goes_on in keys[-1:]:
            self.annotations[at].append(key)
            for frame in range(at + 1, self.count) if goes_on else ():
                self.annotations[frame].append(replace(key, key_frame=False))


def _place(key: tuple[int, Track, bool]) -> int:
    return key[0]


def _key(said: dict[str, Any], common: dict[str, Any]) -> tuple[int, Track, bool]:
    """Its frame from 0, the box there, and whether it goes on."""
    if number(said.get("rotation") or 0, "rotation"):
        raise BadObject("unsupported_shape", "it is a turned box of a film, which is not read")
    x, y, width, height = (number(said.get(k), k) / 100 for k in ("x", "y", "width", "height"))
    box = Track(xyxy=(x, y, x + width, y + height), **common)
    at = _frame(said.get("frame")) - 1
    if at >= MOST_FRAMES:
        raise BadObject("bad_geometry", f"it is in frame {at + 1}; {MOST_FRAMES} are read")
    return at, box, said.get("enabled") is not False


def _frame(value: object) -> int:
    frame = number(value, "its frame")
    if frame < 1 or frame % 1:
        raise BadObject("bad_geometry", f"its frame is {frame}")
    return int(frame)
