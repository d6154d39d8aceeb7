"""What ingest passes on, before anything is stored: a file found, a picture probed, labels settled."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from visloop.data.records import Refusal
from visloop.vision import Annotation

FILM: Final = "film"
"""The kind of `Part` that stands for a whole film, from which frames are to be taken."""
FRAME: Final = "frame"


class BrokenFile(Exception):
    """Bytes that are not a whole picture: a stable `reason_code`, and the reason in words."""

    def __init__(self, reason_code: str, reason: str) -> None:
        super().__init__(reason)
        self.reason_code, self.reason = reason_code, reason


class Probe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an encoded picture is, mostly from its header.

    `width` and `height` are pixels of the upright picture, after the EXIF `orientation` (1 … 8) is
    applied; `mode` is Pillow's name for the stored pixels; `frames` counts pages or animation
    frames (only the first is used). `metadata` has plain JSON values, units in the key
    (`exif.exposure_s`). `notes` say what was unusual and did not matter.
    """

    media: str
    width: int
    height: int
    mode: str
    orientation: int = 1
    frames: int = 1
    metadata: dict[str, Any] = {}
    notes: tuple[str, ...] = ()

    @property
    def stored_size(self) -> tuple[int, int]:
        """(width, height) in pixels as stored, before the orientation is applied."""
        size = (self.width, self.height)
        return (size[1], size[0]) if self.orientation >= 5 else size  # noqa: PLR2004 - 5 … 8 turn


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture of a file that holds several, or that must be converted first.

    `kind` is a name in the table of `visloop.data.media` (a frame of a video, a page, …), `at` what
    tells it from the others of its file and how it is read: plain JSON values.
    """

    kind: str
    at: dict[str, Any] = {}


class Moment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a label file says of one frame of a film, as `Found` says it of a picture."""

    annotations: tuple[Annotation, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One file that a scan offers, unread: where it lies, what it will be called, what is known.

    `path` is the logical path. `file` opens the file (it may hold escaped bytes that are not
    UTF-8); `source` is the same path as clean text, fit to be stored. `annotations` are as the
    label file has them, in *its* pixels, not yet checked against the picture: pass them through
    `settle`. None means that the source says nothing about labels; an empty tuple is a picture
    known to hold no object. `declared` is the (width, height) that the label file claims. `part`
    says which picture of the file it is, where the file is not itself the picture; its `source` is
    then the file's with a further piece (`/films/a.mp4/t=000012.480`). `in_place` says that the
    file's bytes are not to be copied.

    `shares`: coordinates are not pixels but shares (0 … 1) of the upright picture's width and
    height, to be multiplied once its size is known; `corners`: outlines of four corners among them
    stand for turned boxes.

    `moments`, of a film whose label file lies beside it: its frames by number, from 0; nobody looked
    at the others.

    `privacy` are wishes of this `add` that are stricter than the workspace's policy: a retry keeps
    them.
    """

    path: str
    file: str
    source: str
    annotations: tuple[Annotation, ...] | None = None
    split: str | None = None
    declared: tuple[int, int] | None = None
    metadata: dict[str, Any] = {}
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    part: Part | None = None
    shares: bool = False
    corners: bool = False
    moments: dict[int, Moment] | None = None
    in_place: bool = False
    privacy: dict[str, str] = {}


class Settled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Labels that fit the upright picture; the objects that could not be taken; what was changed."""

    annotations: tuple[Annotation, ...] | None
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
