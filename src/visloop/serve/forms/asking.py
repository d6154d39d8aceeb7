"""Which form of answer a request asks for: by its query, else by its `Accept` header (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import parse_qs

from visloop.serve.errors import BadRequest

Shape: TypeAlias = Literal["json", "v2", "coco", "picture", "video"]

SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)
JSON, JPEG, PNG, MP4 = "application/json", "image/jpeg", "image/png", "video/mp4"
_OFFERED: Final = (JSON, JPEG, PNG, MP4)
_DRAWN: Final[dict[str, Shape]] = {JPEG: "picture", PNG: "picture", MP4: "video"}
_LARGEST_ID: Final = (1 << 53) - 1
_MOST_FIELDS: Final = 32
_EVERY: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s|m)?")
_UNIT_S: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Form:
    """What the answer shall look like.

    `png` of a drawn picture, else JPEG. `image_id` of the (first) picture in COCO's results. `every_s`:
    seconds between two frames of a film, 0 for every frame.
    """

    shape: Shape = "json"
    png: bool = False
    image_id: int = 1
    every_s: float = 1.0


PLAIN: Final = Form()


def form_of(query: bytes, accept: bytes) -> Form:
    """The form that a query (`as=coco&image_id=7&every=500ms`) and an `Accept` header ask for.

    Raises:
        BadRequest: no such form, or no such number.
    """
    try:
        fields = parse_qs(query.decode("latin-1"), True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise BadRequest("the query has too many fields", fix="send ?as=, ?image_id=") from error
    kind = _negotiated(accept.decode("latin-1"))
    shape = _shape(_one(fields, "as"), kind)
    return Form(
        shape=shape,
        png=kind == PNG,
        image_id=_image_id(_one(fields, "image_id")),
        every_s=_every_s(_one(fields, "every")),
    )


def _one(fields: dict[str, list[str]], name: str) -> str | None:
    values = fields.get(name, [])
    if len(values) > 1:
        raise BadRequest(f"the query says {name!r} {len(values)} times", fix="say it once")
    return values[0] if values else None


def _shape(named: str | None, kind: str) -> Shape:
    if named is None:
        return _DRAWN.get(kind, "json")
    if named not in SHAPES:
        raise BadRequest(
            f"no answer has the form {named!r}", fix=f"use one of: as={', as='.join(SHAPES)}"
        )
    return named


def _image_id(text: str | None) -> int:
    if text is None:
        return PLAIN.image_id
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > _LARGEST_ID:
        raise BadRequest(f"image_id is {text[:40]!r}", fix="send a whole number, 0 or more")
    return int(text)


def _every_s(text: str | None) -> float:
    if text is None:
        return PLAIN.every_s
    found = _EVERY.fullmatch(text)
    if found is None:
        raise BadRequest(
            f"every is {text[:40]!r}", fix="every=1s, every=500ms; every frame: every=0"
        )
    return float(found[1]) * _UNIT_S[found[2] or "s"]


def _negotiated(accept: str) -> str:
    """The media type that is liked best: by weight, then by how exactly it is named, then JSON first."""
    liked: dict[str, tuple[float, int]] = {}
    for part in accept.lower().split(","):
        named, *parameters = (piece.strip() for piece in part.split(";"))
        weight = _weight(parameters)
        for kind in _OFFERED:
            if named == kind:
                exact = 2
            elif named == f"{kind.partition('/')[0]}/*":
                exact = 1
            elif named == "*/*":
                exact = 0
            else:
                continue
            if kind not in liked or exact > liked[kind][1]:
                liked[kind] = weight, exact
    best = max(_OFFERED, key=lambda kind: liked.get(kind, (0.0, -1)))
    return best if liked.get(best, (0.0, -1))[0] > 0 else JSON


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name == "q" and re.fullmatch(r"[01](\.\d{0,3})?", value):
            return float(value)
    return 1.0
