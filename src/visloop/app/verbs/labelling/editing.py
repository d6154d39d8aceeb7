"""Verbs over the objects of one picture, as an editor needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import data, label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import plain
from visloop.vision import is_followed

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class LabelEdit:
    """Change what a picture shows, object by object: staged at once, safe to send again.

    An edit is JSON: `{"put": {"type": "box", "id": "…", "label": "cat", "xyxy": [1, 2, 3, 4]}}`,
    `{"remove": "ID"}`, or `{"labelled": true}` (somebody looked: without objects there is nothing). Its
    `was` says what the object was before; when somebody else has changed it since, nothing is done.

    Put with a `track` (a box as `{"type": "track", "track": "…", …}`), an object is placed in a key
    frame: the frames between key frames are interpolated anew. `"ends": true`: it is out of sight after
    that frame. `path` in an edit names another frame of the same film.
    """

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    edits: tuple[dict[str, Any], ...] = opt("one edit as JSON; again for more", name="edit")
    key: str = opt(
        "a name of your own for them: sent again under it, they are taken once", default=""
    )
    task: str = opt("draw for this task of the queue: staged when it is given in", default="")


@dataclass(frozen=True)
class EditedSample:
    """The picture as it is now, and the tracks that the edits touched."""

    sample: dict[str, Any]
    tracks: tuple[dict[str, Any], ...] = ()


@operation("label.edit", permission="label.write")
def label_edit(ports: Ports, scope: Scope, ask: LabelEdit) -> EditedSample:
    """All of the edits or none."""
    edits = label.read_edits(ask.edits)
    if ask.task:
        done = label.draw(ports.label, scope, ask.task, edits, key=ask.key)
    else:
        done = label.edit(ports.label, scope, ask.dataset, ask.path, edits, key=ask.key)
    return EditedSample(plain(done.sample), tuple(plain(each) for each in done.tracks))


@dataclass(frozen=True)
class LabelTrack:
    """List the tracks of a film: each object that is followed through its frames, with its key frames.

    Key frames are put and removed with `visloop label edit`; frames are counted from 0 in the order in
    which they are shown.
    """

    dataset: str = arg("the data set")
    film: str = arg("the film, as it was added, or one of its frames")


@dataclass(frozen=True)
class FilmTracks:
    """The frames that were taken from the film, and the tracks through them.

    A frame is told with what it shows of no track, `time_s` seconds into the film; `place` orders them.
    """

    film: str
    frames: tuple[dict[str, Any], ...]
    tracks: tuple[dict[str, Any], ...]


@operation("label.track", permission="label.read")
def label_track(ports: Ports, scope: Scope, ask: LabelTrack) -> FilmTracks:
    """Of the working state."""
    footage, found = label.tracks(ports.label, scope, ask.dataset, ask.film)
    frames = [
        plain(_bare(each)) | {"place": at, "time_s": each.metadata.get("video.frame_time_s")}
        for each, at in zip(footage.frames, footage.places, strict=True)
    ]
    return FilmTracks(footage.name, tuple(frames), tuple(plain(each) for each in found))


@dataclass(frozen=True)
class LabelOpen:
    """Read a picture to edit it, and say so: who else has it open is answered, and is told."""

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    tab: str = opt("which of a person's windows it is; default: none, tell nobody", default="")
    task: str = opt("as you have drawn on it for this task of the queue", default="")


@dataclass(frozen=True)
class OpenSample:
    """The picture as it is now, and `others`: who else has had it open within the last half minute."""

    sample: dict[str, Any]
    others: tuple[dict[str, Any], ...]


@operation("label.open", permission="label.write")
def label_open(ports: Ports, scope: Scope, ask: LabelOpen) -> OpenSample:
    """Asked again every few seconds while it is open."""
    sample = label.read(ports.label, scope, ask.dataset, ask.path, task=ask.task)
    others = label.present(ports.label, scope, ask.dataset, ask.path, tab=ask.tab)
    return OpenSample(plain(sample), tuple(plain(each) for each in others))


def _bare(frame: data.Sample) -> data.Sample:
    """A frame with what is of no track."""
    others = tuple(each for each in frame.annotations if not is_followed(each))
    return msgspec.structs.replace(frame, annotations=others, metadata={}, source="", added="")


@dataclass(frozen=True)
class LabelPropose:
    """Ask a registered model what it would draw on a picture, for a person to take or leave."""

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    model: str = opt("for example reader@champion")


@dataclass(frozen=True)
class Proposals:
    """What the model says, best first, and of which classes the data set has none."""

    model: str
    proposals: tuple[dict[str, Any], ...]
    left_out: dict[str, int]


@operation("label.propose", permission="label.read")
def label_propose(ports: Ports, scope: Scope, ask: LabelPropose) -> Proposals:
    """Nothing is kept: what is taken is put by `label edit`."""
    found = handlers.proposals(ports, scope, ask.dataset, ask.path, ask.model)
    return Proposals(**plain(found))
