"""COCO's JSON as typed structs, read in a quarter of a second per 500,000 objects.

Source: cocodataset.org/#format-data. Beyond it, fields that others write are read too:
`attributes` (CVAT, Datumaro), `track_id`, `ignore`, `score`; and our own: images' `path`, `split`,
`labels`, `labelled`, `metadata`, categories' `class_id`, and `visloop` for what has no other place.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from visloop.vision import Annotation


class Rle(msgspec.Struct, gc=False):
    """A mask: runs, or runs as a string; size is (height, width)."""

    size: tuple[int, int]
    counts: list[int] | str


class Kept(msgspec.Struct, omit_defaults=True):
    """What COCO has no field for, so that our own re-import is complete.

    Of an annotation: `id`, `author`, `review`, a turned box, a track's key frame or end. Of a
    picture: `annotations`, whole, that are no COCO objects (classes, numbers, unlabelled ones).
    """

    id: str = ""
    author: str = ""
    review: Literal["draft", "proposed", "accepted", "rejected"] = "accepted"
    kind: str = ""
    cxcywh: tuple[float, float, float, float] | None = None
    angle_deg: float = 0.0
    key_frame: bool = True
    ends: bool = False
    names: list[str] | None = None
    edges: list[tuple[int, int]] | None = None
    annotations: list[Annotation] = []


Segmentation: TypeAlias = list[tuple[float, ...]] | Rle | None


class Object(msgspec.Struct, gc=False, omit_defaults=True):
    """One entry of `annotations`."""

    id: int | str = 0
    image_id: int | str = 0
    category_id: int = -1
    bbox: tuple[float, ...] = ()
    area: float = -1.0
    segmentation: Segmentation = None
    iscrowd: int | bool = -1
    keypoints: list[float] | None = None
    num_keypoints: int | None = None
    ignore: int | bool = 0
    score: float | None = None
    attributes: dict[str, Any] | None = None
    track_id: int | str | None = None
    visloop: Kept | None = None


class Image(msgspec.Struct, gc=False, omit_defaults=True):
    """One entry of `images`."""

    id: int | str
    file_name: str
    width: float | None = 0
    height: float | None = 0
    license: int | str | None = None
    flickr_url: str = ""
    coco_url: str = ""
    date_captured: str | int | float | None = None
    path: str | None = None
    split: Any = None
    labels: Any = None
    labelled: Any = True
    metadata: dict[str, Any] | None = None
    visloop: Kept | None = None


class Category(msgspec.Struct, omit_defaults=True):
    """One entry of `categories`."""

    id: int
    name: str
    supercategory: str | None = None
    keypoints: list[str] | None = None
    skeleton: list[tuple[int, int]] | None = None
    color: Any = None
    isthing: int | None = None
    aliases: list[str] | None = None
    definition: str = ""
    class_id: int | None = None


class Licence(msgspec.Struct, omit_defaults=True):
    """One entry of `licenses`."""

    id: int | str
    name: str = ""
    url: str = ""


class Document(msgspec.Struct):
    """A whole file."""

    images: list[Image]
    annotations: list[Object] = []
    categories: list[Category] = []
    licenses: list[Licence] = []
    info: Any = None


class _StrictObject(Object, gc=False, forbid_unknown_fields=True):
    """No field that would be passed over."""


class _Strict(msgspec.Struct):
    images: list[Image]
    annotations: list[_StrictObject] = []
    categories: list[Category] = []
    licenses: list[Licence] = []
    info: Any = None


class _Loose(msgspec.Struct):
    annotations: list[dict[str, Any]] = []


_KNOWN = frozenset(Object.__struct_fields__)


def decode(raw: bytes) -> Document:
    """A document; fields of its objects that nobody knows end up among their attributes.

    Raises:
        msgspec.MsgspecError: not JSON, or not COCO; the message says where.
    """
    try:
        strict = msgspec.json.decode(raw, type=_Strict)
    except msgspec.ValidationError:
        document = msgspec.json.decode(raw, type=Document)
        loose = msgspec.json.decode(raw, type=_Loose)
        for each, fields in zip(document.annotations, loose.annotations, strict=True):
            if unknown := {key: fields[key] for key in fields.keys() - _KNOWN}:
                each.attributes = (each.attributes or {}) | unknown
        return document
    objects: list[Any] = strict.annotations
    return Document(strict.images, objects, strict.categories, strict.licenses, strict.info)
