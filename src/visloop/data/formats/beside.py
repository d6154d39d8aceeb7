"""What a format cannot say travels beside what it says, in a field that other readers ignore.

The side field holds the whole annotation and a digest of what the format itself says of it. Where
another tool changed the object since, the digest no longer fits: then what the tool says counts, and
only what it cannot say (id, author, review state, …) is taken from beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from visloop.ids import digest_of
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
    is_followed,
)

if TYPE_CHECKING:
    from visloop.data.formats.losses import Losses
    from visloop.data.records import Sample

FIELD: Final = "visloop"
_FIELDS: Final = {
    "object_ids": ("id",),
    "provenance": ("author", "review"),
    "score": ("score",),
    "ignore": ("ignore",),
    "crowd": ("crowd",),
    "attributes": ("attributes",),
    "unlabelled": ("label",),
}
SHAPES: Final[dict[type[object], str]] = {
    Box: "box",
    ClassLabel: "class_label",
    NumberValue: "number",
    OrientedBox: "oriented_box",
    Polygon: "outline",
    Mask: "mask",
    Points: "points",
    Track: "track",
}
_TRACK: Final = ("track", "key_frame", "ends")
_COMMON: Final = frozenset(
    {"id", "label", "attributes", "ignore", "crowd", "author", "score", "review", *_TRACK}
)


class _Side(msgspec.Struct, omit_defaults=True):
    annotation: Annotation | None = None
    of: str = ""
    part: str = ""


class Whole(msgspec.Struct, omit_defaults=True):
    """What travels beside a picture: logical path, split, metadata, annotations without a place.

    `size` is (width, height) in pixels where it is not the usual one; `unlabelled`: nobody has said
    yet what it shows.
    """

    path: str = ""
    split: str | None = None
    metadata: dict[str, Any] = {}
    annotations: list[Annotation] = []
    size: tuple[int, int] | None = None
    unlabelled: bool = False

    @property
    def builtins(self) -> dict[str, Any]:
        """As JSON's own values; empty where it says nothing."""
        built: dict[str, Any] = msgspec.to_builtins(self)
        return built


_S = TypeVar("_S", bound=msgspec.Struct)


def words(tool: str, place: str, **other: str) -> dict[str, str]:
    """What became of each kind of loss; `place` names the side field, `other` says it otherwise."""
    kept = f"kept in {place}, which other readers ignore"
    usual = {
        "number": f"{tool} has no numbers: {kept}",
        "class_label": f"{tool} has no class of a whole picture: {kept}",
        "box": f"{tool} has no plain boxes here: {kept}",
        "unlabelled": f"{tool}'s objects need a class: {kept}",
        "oriented_box": f"{tool} has no turned boxes: {kept}; others see the box around them",
        "outline": f"{tool} has no outlines: {kept}; others see the box around them",
        "mask": f"{tool} has no masks: {kept}; others see the box around them",
        "points": f"{tool} has no key points of this kind: {kept}",
        "track": f"{tool} has no tracks here: {kept}; others see boxes without their track",
        "rings": f"{tool}'s outlines are single rings: {kept}; others see one object a ring",
        "geometry": f"{tool} rounds coordinates: exact ones are {kept}",
        "crowd": f"{tool} has no crowds: {kept}",
        "ignore": f"{tool} has no objects to ignore: {kept}",
        "attributes": f"{tool} cannot say these attributes: {kept}",
        "score": f"{tool} has no scores of objects: {kept}",
        "provenance": f"{tool} has no author or review state: {kept}",
        "object_ids": f"{tool} does not keep our ids of objects: {kept}",
        "metadata": f"{tool} has no such metadata of pictures: {kept}",
        "unlabelled_pictures": f"{tool} does not tell pictures that nobody looked at from those "
        f"without objects: {kept}",
        "paths": f"{tool} cannot keep these paths: {kept}",
        "splits": f"{tool} cannot say this split: {kept}",
        "class_dictionary": f"{tool} has no such details of classes (ids, parents, aliases, "
        f"colours, definitions): {kept}",
    }
    return usual | other


def whole_of(sample: Sample, name: str, homeless: Sequence[Annotation], losses: Losses) -> Whole:
    """What stands beside a picture whose format has neither metadata nor unlabelled pictures.

    `name` is what the picture is called there, `homeless` what has no place of its own. Losses are
    named; the split is left to the caller.
    """
    if not sample.labelled:
        losses.add("unlabelled_pictures", sample.path)
    if sample.metadata:
        losses.add("metadata", sample.path)
    return Whole(
        path="" if name == sample.path else sample.path,
        metadata=sample.metadata,
        annotations=list(homeless),
        unlabelled=not sample.labelled,
    )


def side_of(annotation: Annotation, native: Annotation, part: str = "") -> dict[str, Any] | None:
    """What must stand beside an object of which the format says `native`; None where that is all."""
    if native == annotation:
        return {"part": part} if part else None
    side = _Side(annotation, _digest(native), part)
    built: dict[str, Any] = msgspec.to_builtins(side)
    return built


def restored(native: Annotation, raw: object) -> Annotation:
    """The annotation, given what the format says and the side field as it was read."""
    side = typed(raw, _Side)
    if side is None or side.annotation is None:
        return native
    said = side.annotation
    if side.of == _digest(native):
        return said
    return msgspec.structs.replace(
        native,
        id=said.id,
        author=native.author or said.author,
        review=said.review,
        ignore=native.ignore or said.ignore,
        crowd=native.crowd or said.crowd,
        score=said.score if native.score is None else native.score,
        attributes=said.attributes | native.attributes,
    )


def joined(entries: Iterable[tuple[object, Annotation]]) -> list[Annotation]:
    """Annotations from pairs of side field and what the format says; parts of one object as one."""
    parts: dict[object, list[Annotation]] = {}
    sides: dict[object, object] = {}
    for at, (raw, native) in enumerate(entries):
        side = typed(raw, _Side)
        key: object = (type(native), side.part) if side and side.part else at
        parts.setdefault(key, []).append(native)
        sides.setdefault(key, raw)
    return [restored(one_of(each), sides[key]) for key, each in parts.items()]


def one_of(parts: Sequence[Annotation]) -> Annotation:
    """Outlines, or key points, of one object put together; the first says everything else."""
    first = parts[0]
    if len(parts) > 1 and isinstance(first, Polygon):
        rings = tuple(ring for part in parts if isinstance(part, Polygon) for ring in part.rings)
        return msgspec.structs.replace(first, rings=rings)
    if len(parts) > 1 and isinstance(first, Points):
        points = tuple(one for part in parts if isinstance(part, Points) for one in part.points)
        return msgspec.structs.replace(first, points=points)
    return first


def typed(raw: object, kind: type[_S]) -> _S | None:
    """A side field as its record; None where there is none, or it was tampered with."""
    if not isinstance(raw, dict):
        return None
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError):
        return None


def lost(annotation: Annotation, native: Annotation | None, losses: Losses, path: str) -> None:
    """Name everything that the format itself does not say of an annotation."""
    if native is None or type(native) is not type(annotation):
        losses.add(SHAPES.get(type(annotation), "unlabelled"), path)
    else:
        names = [name for name in annotation.__struct_fields__ if name not in _COMMON]
        if any(getattr(annotation, name) != getattr(native, name) for name in names):
            losses.add("geometry", path)
    if is_followed(annotation) and (native is None or type(native) is type(annotation)):
        said = [getattr(native, name, None) for name in _TRACK]
        if said != [getattr(annotation, name) for name in _TRACK]:
            losses.add("track", path)
    for kind, names in _FIELDS.items():
        default = native or ClassLabel()
        if kind == "unlabelled" and (native is None or annotation.label):
            continue
        if any(getattr(annotation, name) != getattr(default, name) for name in names):
            losses.add(kind, path)


def _digest(native: Annotation) -> str:
    return digest_of(msgspec.msgpack.encode(native, order="deterministic"))[:16]
