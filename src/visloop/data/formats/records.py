"""What a format is to the rest: how it is recognised, read and written, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Leftovers
from visloop.data.records import AddOptions, ClassDictionary, ClassEntry, Refusal, Sample
from visloop.errors import Refused

CARRIED: Final = {
    "images": "every picture, its pixels unchanged",
    "negatives": "pictures known to hold no object, apart from pictures nobody looked at",
    "paths": "logical paths, whatever letters they have",
    "splits": "the split of each picture",
    "class labels": "classes of whole pictures",
    "numbers": "numbers read off a picture",
    "boxes": "axis-aligned boxes",
    "oriented boxes": "turned boxes",
    "polygons": "outlines",
    "holes": "outlines of several rings",
    "masks": "bitmaps",
    "points": "key points with their visibility",
    "tracks": "objects followed through a video",
    "classes": "names of classes, used or not",
    "class ids": "their numbers, gaps included",
    "class details": "parents, aliases, colours, definitions",
    "attributes": "attributes of objects",
    "crowd": "regions of many objects",
    "ignore": "objects that metrics leave out",
    "scores": "scores of objects that a model drew",
    "review": "author and review state",
    "object ids": "the identity of each object",
    "metadata": "metadata of pictures",
}
"""What a format may carry, in the order of the table in the docs."""

Item: TypeAlias = Found | Refusal
Upright: TypeAlias = Literal["bake", "keep"]
ReadBlob: TypeAlias = Callable[[str], bytes]


class LabelsUnreadable(Refused):
    """A label file that cannot be read as what it claims to be."""

    code = "data.labels_unreadable"


@dataclass(frozen=True)
class Reading:
    """What one source offers: pictures in the order of their paths, lazily.

    `classes` are those that the source itself declares, with its ids; folders and VOC declare none
    (the labels of the pictures say them). `total` counts the pictures where that is known.
    """

    items: Iterator[Item]
    classes: tuple[ClassEntry, ...] = ()
    total: int | None = None


@dataclass(frozen=True)
class Loss:
    """Something that the target format cannot hold: how often, and the first pictures it befell."""

    kind: str
    count: int
    what: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExportReport:
    """What was written where. `baked` are the pictures whose pixels were turned upright."""

    format: str
    folder: str
    images: int = 0
    objects: int = 0
    baked: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()


class Write(Protocol):
    """Write samples as files of one format into a folder that this call creates."""

    def __call__(
        self,
        samples: Iterable[Sample],
        classes: ClassDictionary,
        read_blob: ReadBlob,
        out_dir: Path | str,
        *,
        force: bool = False,
        upright: Upright = "bake",
    ) -> ExportReport:
        """Raises Conflict where the folder holds something and `force` is not given."""
        ...


@dataclass(frozen=True)
class Format:
    """One entry of the table of formats.

    `recognises` says whether an existing path (absolute) is of this format; `read` takes absolute
    paths, where to leave remarks, and how to read; `write` is None for formats that are only read.
    `carries` names what goes out and comes back equal: words of `CARRIED`.
    """

    name: str
    title: str
    recognises: Callable[[str], bool]
    read: Callable[[Sequence[str], Leftovers, AddOptions], Reading]
    write: Write | None = None
    carries: frozenset[str] = frozenset()
