"""Data sets made by Hypothesis that hold what a format carries, and what two of them have in common."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hypothesis import strategies as st
from PIL import Image, ImageOps

from visloop.data import ClassDictionary, ClassEntry, Sample
from visloop.data.formats import rle
from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe
from visloop.ids import digest_of, sample_id
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
)

SIZE = (64, 48)
WORDS: Mapping[type, str] = {
    ClassLabel: "class labels",
    NumberValue: "numbers",
    Box: "boxes",
    OrientedBox: "oriented boxes",
    Polygon: "polygons",
    Mask: "masks",
    Points: "points",
    Track: "tracks",
}
NAMES = ("cat", "Hündin", "赤い 箱", "traffic light")
CLASSES = ClassDictionary(
    entries=(
        ClassEntry(id=0, name="cat", parent="animal", aliases=("kitty",), color="#ff0000"),
        ClassEntry(id=3, name="Hündin", definition="bellt"),
        ClassEntry(id=4, name="赤い 箱"),
        ClassEntry(id=17, name="traffic light"),
        ClassEntry(id=90, name="never seen"),
    ),
    next_id=91,
)
BLOBS: dict[str, bytes] = {}


def _jpeg(seed: int, orientation: int) -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", SIZE if orientation < 5 else SIZE[::-1], (seed * 37 % 256, 90, 40))
    picture.putpixel((seed % 40, seed // 40 % 40), (255, 255, 255))
    exif = Image.Exif()
    exif[0x112] = orientation
    picture.save(out, "JPEG", quality=90, **({"exif": exif} if orientation > 1 else {}))
    return out.getvalue()


_POINTS = (("nose", "tail"), ((0, 1),))
_xs, _ys = st.integers(0, SIZE[0] - 4), st.integers(0, SIZE[1] - 4)


@st.composite
def _corners(draw: st.DrawFn) -> tuple[float, float, float, float]:
    """Whole pixels, from a single one up to the whole picture."""
    x, y = draw(_xs), draw(_ys)
    width = draw(st.integers(1, SIZE[0] - x))
    height = draw(st.integers(1, SIZE[1] - y))
    return (float(x), float(y), float(x + width), float(y + height))


@st.composite
def _geometry(draw: st.DrawFn, kind: type, words: Collection[str]) -> dict[str, Any]:
    x1, y1, x2, y2 = draw(_corners())
    if kind in {Box, Track}:
        more = {"track": f"t{draw(st.integers(1, 3))}"} if kind is Track else {}
        return {"xyxy": (x1, y1, x2, y2), **more}
    if kind is OrientedBox:
        size = (draw(st.integers(4, 12)), draw(st.integers(2, 8)))
        centre = (draw(st.integers(16, 48)), draw(st.integers(14, 34)))
        return {"cxcywh": (*map(float, centre), *map(float, size)), "angle_deg": 30.0}
    if kind is Polygon:
        ring = (x1, y1, x2, y1, x2, y2, (x1 + x2) / 2, y2 - 0.5, x1, y2)
        second = (0.0, 0.0, 3.0, 0.0, 0.0, 3.0)
        return {"rings": (ring, second) if "holes" in words and draw(st.booleans()) else (ring,)}
    if kind is Mask:
        bitmap = rle.to_bitmap((SIZE[0] * SIZE[1],), (SIZE[1], SIZE[0])).copy()
        bitmap[int(y1) : int(y2), int(x1) : int(x2)] = True
        return {"size_hw": (SIZE[1], SIZE[0]), "counts": rle.from_bitmap(bitmap)}
    if kind is Points:
        seen = draw(st.sampled_from([1, 2]))
        points = ((x1 + 1.0, y1 + 1.0, 2), (min(x2, 63.0), min(y2, 47.0), seen))
        return {"points": points, "names": _POINTS[0], "edges": _POINTS[1]}
    return {"value": float(draw(st.integers(-5, 5)))} if kind is NumberValue else {}


@st.composite
def _annotation(draw: st.DrawFn, kind: type, words: Collection[str], serial: int) -> Annotation:
    common: dict[str, Any] = {"id": f"{serial:032x}", "label": draw(st.sampled_from(NAMES))}
    whole = kind in {ClassLabel, NumberValue}
    if kind is Points:
        common["label"] = "cat"  # one skeleton, one class
    if "attributes" in words and not whole and draw(st.booleans()):
        common["attributes"] = {"farbe": draw(st.sampled_from(["rot", "grün & blau", "<x>"]))}
    if "crowd" in words and kind is Mask:
        common["crowd"] = draw(st.booleans())
    if "ignore" in words and kind is Box:
        common["ignore"] = draw(st.booleans())
    if "scores" in words and not whole and draw(st.booleans()):
        common["score"] = draw(st.sampled_from([0.25, 0.5, 0.875]))
        if "review" in words:
            common |= {"author": "model:net@v1", "review": "proposed"}
    return kind(**common, **draw(_geometry(kind, words)))


@st.composite
def data_sets(draw: st.DrawFn, words: Collection[str]) -> list[Sample]:
    """Up to five pictures that hold only what `words` name (see `formats.CARRIED`)."""
    kinds = [kind for kind, word in WORDS.items() if word in words]
    samples: list[Sample] = []
    for number in range(draw(st.integers(1, 5))):
        path = f"p{number}.jpg"
        if "paths" in words:
            folder = draw(st.sampled_from(["", "bilder/", "夜/a b/", "a.b/"]))
            path = f"{folder}{draw(st.sampled_from(['p', 'Ä', 'p.q']))}{number}.jpg"
        orientation = draw(st.sampled_from([1, 1, 6, 3]))
        labelled = "negatives" not in words or draw(st.booleans())
        held: list[Annotation] = []
        if kinds and labelled:
            most = 4 if "negatives" in words else 3
            least = 0 if "negatives" in words else 1
            for serial in range(draw(st.integers(least, most))):
                kind = draw(st.sampled_from(kinds))
                held.append(draw(_annotation(kind, words, number * 10 + serial)))
        split = draw(st.sampled_from([None, "train", "val", "test"])) if "splits" in words else None
        metadata = {"line": "3a", "lux": 120} if "metadata" in words and draw(st.booleans()) else {}
        samples.append(_sample(path, number, orientation, held, labelled, split, metadata))
    return samples


def _sample(
    path: str,
    number: int,
    orientation: int,
    held: list[Annotation],
    labelled: bool,
    split: str | None,
    metadata: dict[str, Any],
) -> Sample:
    raw = _jpeg(number + 1, orientation)
    seen = probe(raw, path)
    assert isinstance(seen, Probe)
    digest = digest_of(raw)
    BLOBS[digest] = raw
    return Sample(
        id=sample_id("d", path, digest),
        path=path,
        image=digest,
        bytes=len(raw),
        width=seen.width,
        height=seen.height,
        orientation=seen.orientation,
        annotations=_single(held),
        labelled=labelled,
        split=split,
        metadata=seen.metadata | metadata,
    )


def _single(held: list[Annotation]) -> tuple[Annotation, ...]:
    """Each class of the whole picture once."""
    seen: set[str] = set()
    kept: list[Annotation] = []
    for each in held:
        if isinstance(each, ClassLabel):
            if each.label in seen:
                continue
            seen.add(each.label)
        kept.append(each)
    return tuple(kept)


def plain(sample: Sample, words: Collection[str]) -> dict[str, Any]:
    """What `words` say of a sample, to be compared: order, and numbers below a thousandth, aside."""
    told: dict[str, Any] = {"size": (sample.width, sample.height)}
    told["objects"] = sorted((_object(each, words) for each in sample.annotations), key=repr)
    if "negatives" in words:
        told["negative"] = sample.labelled and not sample.annotations
    if "splits" in words:
        told["split"] = sample.split
    if "metadata" in words:
        told["metadata"] = {key: sample.metadata.get(key) for key in ("line", "lux")}
    return told


def _object(each: Annotation, words: Collection[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": WORDS[type(each)], "label": each.label}
    if "object ids" in words:
        told["id"] = each.id
    if "attributes" in words:
        told["attributes"] = {key: each.attributes.get(key) for key in ("farbe",)}
    for word, field in (("crowd", "crowd"), ("ignore", "ignore"), ("scores", "score")):
        if word in words:
            told[field] = getattr(each, field)
    if "review" in words:
        told |= {"author": each.author, "review": each.review}
    for field in ("xyxy", "cxcywh", "angle_deg", "rings", "size_hw", "counts", "points", "value"):
        if hasattr(each, field):
            told[field] = _rounded(getattr(each, field))
    if isinstance(each, Track):
        told["track"] = each.track
    return told


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_rounded(each) for each in value)
    return round(value, 2) + 0.0 if isinstance(value, float) else value


PIXELS_ONLY = frozenset({"dicom"})
"""Formats that hold a picture's pixels, not its file."""


def upright_pixels(data: bytes) -> tuple[object, ...]:
    """Size, mode and pixels of an encoded picture."""
    with Image.open(io.BytesIO(data)) as opened:
        turned = ImageOps.exif_transpose(opened)
        return (turned.size, turned.mode, turned.tobytes())


def same_picture(format_: str, was: Sample, now: Sample, read: Callable[[str], bytes]) -> bool:
    """Whether the picture went through unchanged; a turned file is upright afterwards."""
    if format_ in PIXELS_ONLY:
        same = upright_pixels(read(was.image)) == upright_pixels(read(now.image))
        return same and now.orientation == 1
    return now.image == was.image if was.orientation == 1 else now.orientation == 1
