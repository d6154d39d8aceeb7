"""COCO out and in again: the same samples, whatever they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from tests.unit.formats_parts import (
    export,
    jpeg,
    read,
    sample,
)
from visloop import data
from visloop.data.formats import CARRIED, FORMATS, rle
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Polygon,
    Track,
)

numbers = st.floats(0, 40, allow_nan=False, width=32).map(float)
extents = st.floats(0.125, 8, allow_nan=False, width=32).map(float)
corners = st.tuples(numbers, numbers, extents, extents).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
commons = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "label": st.sampled_from(["cat", "dog", "new one"]),
        "attributes": st.dictionaries(
            st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=2
        ),
        "ignore": st.booleans(),
        "crowd": st.booleans(),
        "author": st.sampled_from(["", "user:eva", "model:m@v1"]),
        "score": st.none() | st.floats(0, 1),
        "review": st.sampled_from(["accepted", "draft", "proposed", "rejected"]),
    }
)
points = (
    st.lists(numbers, min_size=6, max_size=12).filter(lambda ring: len(ring) % 2 == 0).map(tuple)
)
polygons = st.lists(points, min_size=1, max_size=3).map(tuple)


@st.composite
def masks(draw: st.DrawFn) -> tuple[int, ...]:
    bitmap = np.zeros((48, 64), bool)
    for x1, y1, x2, y2 in draw(st.lists(corners, min_size=1, max_size=3)):
        bitmap[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1] = True
    return rle.from_bitmap(bitmap)


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:  # noqa: PLR0911 - one a kind
    common = draw(commons)
    match draw(st.sampled_from(["class", "number", "box", "obb", "polygon", "mask", "track"])):
        case "class":
            return ClassLabel(**common)
        case "number":
            return NumberValue(value=draw(numbers), **common)
        case "box":
            return Box(xyxy=draw(corners), **common)
        case "obb":
            return OrientedBox(
                cxcywh=(draw(numbers), draw(numbers), draw(extents), draw(extents)),
                angle_deg=draw(st.floats(-90, 90)),
                **common,
            )
        case "polygon":
            return Polygon(rings=draw(polygons.filter(_has_area)), **common)
        case "mask":
            return Mask(size_hw=(48, 64), counts=draw(masks()), **common)
        case _:
            return Track(track=draw(st.text(min_size=1, max_size=3)), xyxy=draw(corners), **common)


def _has_area(rings: tuple[tuple[float, ...], ...]) -> bool:
    xs = [x for ring in rings for x in ring[0::2]]
    ys = [y for ring in rings for y in ring[1::2]]
    return min(xs) < max(xs) and min(ys) < max(ys)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(
        st.text(st.sampled_from("ab/.🦊 A"), min_size=1, max_size=6).filter(
            lambda path: all(part.strip(". ") for part in path.split("/"))
        ),
        st.lists(annotations(), max_size=5),
        max_size=4,
    ),
    st.sampled_from([None, "train", "gold"]),
)
def test_import_export_import_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    pictures: dict[str, list[Annotation]],
    split: str | None,
) -> None:
    whole = [
        path for path in pictures if not any(other.startswith(path + "/") for other in pictures)
    ]
    samples = [sample(path, jpeg(), *pictures[path], split=split) for path in sorted(whole)]
    root = tmp_path_factory.mktemp("round")
    first = export(samples, root / "one")
    once = read(root / "one")
    assert [each.path for each in once] == [each.path for each in samples]
    for before, after in zip(samples, once, strict=True):
        assert after.image == before.image
        assert after.split == before.split
        assert {each.id: each for each in after.annotations} == {
            each.id: each for each in before.annotations
        }
    second = export(once, root / "two")
    assert read(root / "two") == once
    assert second.objects == first.objects


@given(st.binary(min_size=1, max_size=120), st.integers(1, 9))
def test_compressed_runs_are_those_of_pycocotools(raw: bytes, height: int) -> None:
    flat = np.unpackbits(np.frombuffer(raw, np.uint8))
    flat = flat[: len(flat) // height * height]
    bitmap = np.asfortranarray(flat.reshape(-1, height).T)
    packed = coco_mask.encode(bitmap)
    counts = rle.from_string(packed["counts"].decode())
    assert counts == rle.from_bitmap(bitmap.astype(bool))
    assert (rle.to_bitmap(counts, bitmap.shape) == bitmap.astype(bool)).all()
    if bitmap.any():
        x, y, width, height_px = coco_mask.toBbox(packed)
        assert rle.box_of(counts, bitmap.shape) == (x, y, x + width, y + height_px)


def test_the_table_knows_every_format() -> None:
    assert {"voc", "coco", "folder", "class-folders", "images"} <= FORMATS.keys()
    assert set(list(FORMATS)[-4:]) == {"folder", "class-folders", "dicom", "images"}
    written = {name for name, each in FORMATS.items() if each.write}
    assert set(data.READ_FORMATS) == FORMATS.keys(), "name it in visloop/data/offered.py"
    assert set(data.WRITTEN_FORMATS) == written, "name it in visloop/data/offered.py"
    assert all(each.carries <= CARRIED.keys() for each in FORMATS.values())
    assert all(each.write is None for each in FORMATS.values() if each.name == "folder")
