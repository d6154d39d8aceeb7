"""What can be asked of samples and of their objects: fields of every data set, and a version's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from visloop.data.fields import units
from visloop.data.fields.records import Field as MetadataField
from visloop.data.snapshot import Snapshot
from visloop.query import Field, Level, Schema

PREFIX: Final = "annotations"
KINDS: Final = ("class", "number", "box", "obb", "polygon", "mask", "points", "track")
PLACED: Final = KINDS[2:]
"""Kinds of annotations that lie somewhere in the picture: objects."""
SCOPES: Final = {"object": PLACED, "annotation": (), **{kind: (kind,) for kind in KINDS}}
COUNTS: Final = {
    "count": KINDS,
    "objects": PLACED,
    "classes": ("class",),
    "numbers": ("number",),
    "boxes": ("box",),
    "obbs": ("obb",),
    "polygons": ("polygon",),
    "masks": ("mask",),
    "points": ("points",),
    "tracks": ("track",),
}
"""Names of numbers of annotations → the kinds that they count."""


def _plain(name: str, type_: str, description: str, **more: object) -> Field:
    """A field of every sample."""
    return Field(name, (name, f"sample.{name}"), type_, description=description, **more)  # pyright: ignore[reportArgumentType]


def _part(name: str, type_: str, description: str, **more: object) -> Field:
    """A field of every object."""
    return Field(f"object.{name}", (name,), type_, parts=True, description=description, **more)  # pyright: ignore[reportArgumentType]


def _sized(name: str, description: str) -> Field:
    return _part(name, "number", description, unit="px", units=("px",))


SAMPLE: Final = (
    _plain("path", "text", "logical path", searched=True),
    _plain("name", "text", "last part of the path"),
    _plain("folder", "text", "the path without its last part"),
    _plain("id", "text", "stays when the sample moves"),
    _plain("image", "text", "digest of the encoded bytes"),
    _plain(
        "bytes",
        "integer",
        "size of the file",
        unit="B",
        units=units.alike("B"),
        convert=partial(units.convert, into="B"),
    ),
    _plain("width", "integer", "of the upright picture", unit="px", units=("px",)),
    _plain("height", "integer", "of the upright picture", unit="px", units=("px",)),
    _plain("aspect", "number", "width / height"),
    _plain("media", "text", "kind of file: image/jpeg …"),
    _plain("mode", "text", "kind of pixels: RGB, L …"),
    _plain("orientation", "integer", "EXIF's, 1 to 8; 1: as stored"),
    _plain("source", "text", "where the file came from", searched=True),
    _plain("added", "time", "when it was added"),
    _plain("labelled", "boolean", "somebody said what it shows"),
    _plain("negative", "boolean", "labelled, and there is nothing to label"),
)
OBJECT: Final = (
    _part("id", "text", "travels with the object"),
    _part("kind", "text", "its shape", values=KINDS),
    _sized("width", "of the box around it"),
    _sized("height", "of the box around it"),
    _sized("x1", "left side of the box around it"),
    _sized("y1", "upper side"),
    _sized("x2", "right side"),
    _sized("y2", "lower side"),
    _part("area", "number", "pixels² of the shape itself"),
    _part("score", "number", "0 to 1; none for labels that people gave"),
    _part("author", "text", "user:owner, or model:dock@v3"),
    _part("review", "text", "state", values=("draft", "proposed", "accepted", "rejected")),
    _part("ignore", "boolean", "left out of metrics"),
    _part("crowd", "boolean", "a region of many objects"),
    _part("track", "text", "the track that it belongs to"),
    _part("value", "number", "of a number read off the picture"),
)


def schema(snapshot: Snapshot, attributes: Iterable[str], *, of_parts: bool) -> Schema:
    """What can be asked of a version.

    Args:
        snapshot: the version.
        attributes: `name:storage` of the attributes that its objects have.
        of_parts: whether the answer lists objects.
    """
    split = _plain("split", "text", "train, test …", values=tuple(snapshot.splits))
    counts = [
        Field(
            f"count.{name}",
            (f"{PREFIX}.{name}",),
            "integer",
            description=f"how many: {', '.join(kinds)}" if len(kinds) < len(KINDS) else "how many",
        )
        for name, kinds in COUNTS.items()
    ]
    own = [metadata_field(each) for each in snapshot.fields.values()]
    rows = Level("sample", "samples", (*SAMPLE, split, *counts, *own))
    label = _part(
        "label",
        "text",
        "its class",
        values=snapshot.classes.names,
        synonyms={a: entry.name for entry in snapshot.classes.entries for a in entry.aliases},
        searched=True,
    )
    parts = Level("object", "objects", (label, *OBJECT, *_attributes(attributes)))
    return Schema(rows, parts, PREFIX, SCOPES, of_parts=of_parts, kind="object.kind", pictured=True)


def metadata_field(field: MetadataField) -> Field:
    """A metadata field as one of the language."""
    convert = partial(units.convert, into=field.unit) if field.unit else None
    return Field(
        f"metadata.{field.name}",
        (field.name, f"metadata.{field.name}"),
        "text" if field.type == "choice" else field.type,
        unit=field.unit,
        description=field.description,
        values=field.choices or None,
        units=units.alike(field.unit) if field.unit else (),
        convert=convert,
        searched=field.type in {"text", "choice"},
    )


def _attributes(stored: Iterable[str]) -> list[Field]:
    """Attributes have no declared type: that of their values, where they agree."""
    types: dict[str, set[str]] = {}
    for each in stored:
        name, _, storage = each.rpartition(":")
        types.setdefault(name, set()).add(storage)
    named = {"t": "text", "i": "integer", "f": "number", "b": "boolean"}
    found: list[Field] = []
    for name, kinds in sorted(types.items()):
        type_ = "number" if kinds == {"i", "f"} else "json"
        if len(kinds) == 1:
            type_ = named.get(next(iter(kinds)), "json")
        names = (f"attributes.{name}",)
        searched = type_ == "text"
        found.append(Field(f"attribute.{name}", names, type_, parts=True, searched=searched))  # pyright: ignore[reportArgumentType]
    return found
