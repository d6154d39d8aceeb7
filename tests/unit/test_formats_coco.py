"""COCO in and out: what others write is read, what we write others read, nothing goes missing."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from visloop.data.formats import FORMATS, ExportReport, export_coco, rle
from visloop.data.formats.coco import LabelsUnreadable
from visloop.data.formats.target import FolderNotEmpty
from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe
from visloop.data.ingest.scan import Scan, scan
from visloop.data.ingest.settle import settle
from visloop.data.records import AddOptions, ClassDictionary, ClassEntry, Refusal, Sample
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
CLASSES = ClassDictionary(
    entries=(
        ClassEntry(id=3, name="cat", parent="animal", aliases=("kitty",), color="#ff0000"),
        ClassEntry(id=9, name="dog", definition="barks"),
        ClassEntry(id=90, name="never seen"),
    ),
    next_id=91,
)
BLOBS: dict[str, bytes] = {}


def jpeg(colour: int = 90, size: tuple[int, int] = SIZE, **how: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (colour, colour, colour)).save(out, "JPEG", **how)
    return out.getvalue()


def sample(path: str, data: bytes, *annotations: Annotation, **more: Any) -> Sample:
    found = probe(data, path)
    assert isinstance(found, Probe), found
    digest = digest_of(data)
    BLOBS[digest] = data
    return Sample(
        id=sample_id("d", path, digest),
        path=path,
        image=digest,
        bytes=len(data),
        width=found.width,
        height=found.height,
        media=found.media,
        mode=found.mode,
        orientation=found.orientation,
        annotations=annotations,
        **more,
    )


def taken(seen: Scan) -> tuple[list[Sample], list[Refusal], list[str]]:
    """What an import makes of a scan: samples, refusals, notes."""
    samples: list[Sample] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    for item in seen:
        if isinstance(item, Refusal):
            refusals.append(item)
            continue
        data = Path(item.file).read_bytes()
        found = probe(data, item.path)
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        done = settle(item, found)
        refusals += done.refusals
        notes += done.notes
        more = {"split": item.split, "metadata": item.metadata}
        samples.append(sample(item.path, data, *(done.annotations or ()), **more))
    return samples, refusals, [*notes, *seen.notes()]


def export(samples: Sequence[Sample], folder: Path, **how: Any) -> ExportReport:
    return export_coco(samples, CLASSES, BLOBS.__getitem__, folder, **how)


def read(folder: Path) -> list[Sample]:
    samples, refusals, _ = taken(scan([folder], AddOptions()))
    assert not refusals
    return samples


def coco(folder: Path, document: dict[str, Any], pictures: dict[str, bytes]) -> Path:
    """A small COCO folder; the document's parts that are not given are sensible."""
    for name, data in pictures.items():
        file = folder / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    whole = {"categories": [{"id": 3, "name": "cat", "supercategory": "animal"}]} | document
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "annotations" / "instances_train.json").write_text(json.dumps(whole))
    return folder


def entry(number: int, name: str, size: tuple[int, int] = SIZE, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": size[0], "height": size[1], **more}


def thing(number: int, image: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": 3, "iscrowd": 0, **more}


def test_boxes_outlines_masks_crowds_and_negatives_are_read(tmp_path: Path) -> None:
    bitmap = np.zeros((SIZE[1], SIZE[0]), np.uint8, order="F")
    bitmap[5:9, 7:20] = 1
    packed = coco_mask.encode(bitmap)
    runs = [7 * 48 + 5, *([4, 44] * 12), 4, 48 * 64 - (7 * 48 + 5 + 4 * 13 + 44 * 12)]
    document = {
        "images": [entry(1, "a.jpg"), entry(2, "none.jpg")],
        "annotations": [
            thing(1, 1, bbox=[1.5, 2, 10, 20.25], area=5),
            thing(2, 1, bbox=[1, 1, 9, 9], segmentation=[[1, 1, 10, 1, 10, 10]]),
            thing(3, 1, segmentation={"size": [48, 64], "counts": packed["counts"].decode()}),
            thing(4, 1, segmentation={"size": [48, 64], "counts": runs}) | {"iscrowd": 1},
            thing(5, 1, bbox=[0, 0, 5, 5], attributes={"occluded": True}, ignore=1, score=0.5),
        ],
    }
    folder = coco(tmp_path, document, {"a.jpg": jpeg(), "none.jpg": jpeg(9)})
    samples, refusals, notes = taken(scan([folder], AddOptions()))
    assert not refusals
    assert not notes
    assert [each.path for each in samples] == ["a.jpg", "none.jpg"]
    assert {each.split for each in samples} == {"train"}
    assert samples[1].annotations == ()
    counts = rle.from_bitmap(bitmap.astype(bool))
    assert samples[0].annotations == (
        Box(label="cat", xyxy=(1.5, 2, 11.5, 22.25)),
        Polygon(label="cat", rings=((1, 1, 10, 1, 10, 10),)),
        Mask(label="cat", size_hw=(48, 64), counts=counts),
        Mask(label="cat", size_hw=(48, 64), counts=counts, crowd=True),
        Box(label="cat", xyxy=(0, 0, 5, 5), attributes={"occluded": True}, ignore=True, score=0.5),
    )


def test_classes_keep_ids_with_gaps_and_parents(tmp_path: Path) -> None:
    document = {
        "images": [],
        "categories": [
            {"id": 90, "name": " toothbrush ", "supercategory": "indoor"},
            {"id": 1, "name": "person", "supercategory": "person"},
            {"id": 13, "name": "stop sign", "supercategory": "none"},
            {"id": 13, "name": "twin"},
        ],
    }
    seen = scan([coco(tmp_path, document, {})], AddOptions())
    assert seen.classes == (
        ClassEntry(id=1, name="person"),
        ClassEntry(id=13, name="stop sign"),
        ClassEntry(id=90, name="toothbrush", parent="indoor"),
        ClassEntry(id=91, name="twin"),
    )
    assert any("twin" in note for note in seen.notes())


def test_nothing_is_dropped_without_a_word(tmp_path: Path) -> None:
    document = {
        "images": [entry(1, "a.jpg"), entry(2, "gone.jpg"), entry(3, "../../secret.jpg")],
        "annotations": [
            thing(1, 1, bbox=[5, 5, 0, 9]),
            thing(2, 1, bbox=[500, 5, 3, 9]),
            thing(3, 1, bbox=[60, 40, 30, 30]),
            thing(4, 1),
            thing(5, 1, bbox=[1, 1, 2, 2]) | {"category_id": 77},
            thing(6, 99, bbox=[1, 1, 2, 2]),
            thing(7, 1, segmentation={"size": [48, 64], "counts": "~~"}),
            thing(8, 1, bbox=[1, 1, 2, 2], caption="hello", colour={"r": 1}),
        ],
    }
    folder = coco(tmp_path / "set", document, {"a.jpg": jpeg(), "spare.jpg": jpeg(3)})
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    samples, refusals, notes = taken(scan([folder], AddOptions()))
    assert [each.path for each in samples] == ["a.jpg"]
    assert samples[0].annotations == (
        Box(label="cat", xyxy=(60, 40, 64, 48)),
        Box(label="cat", xyxy=(1, 1, 3, 3), attributes={"caption": "hello", "colour": {"r": 1}}),
    )
    assert sorted((each.path, each.reason_code) for each in refusals) == [
        ("a.jpg", "bad_geometry"),
        ("a.jpg", "bad_geometry"),
        ("a.jpg", "outside_image"),
        ("a.jpg", "unknown_class"),
        ("a.jpg", "zero_area_box"),
        ("gone.jpg", "missing_image"),
        ("image 99", "missing_image"),
        ("secret.jpg", "missing_image"),
    ]
    assert any("clipped" in note for note in notes)
    assert any("spare.jpg" in note and "no label file" in note for note in notes)


def test_pictures_are_found_where_others_keep_them(tmp_path: Path) -> None:
    document = json.dumps({"images": [entry(1, "a.jpg")], "annotations": [], "categories": []})
    for place, label_file in (
        ("val2017/a.jpg", "annotations/instances_val2017.json"),
        ("images/val2017/a.jpg", "annotations/instances_val2017.json"),
        ("data/a.jpg", "labels.json"),
        ("a.jpg", "annotations.json"),
        ("deep/down/a.jpg", "annotations.json"),
    ):
        root = tmp_path / place.replace("/", "_")
        for name, data in ((place, jpeg()), (label_file, document.encode())):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        for given_path in (root, root / label_file):
            samples, refusals, _ = taken(scan([given_path], AddOptions()))
            assert not refusals, place
            assert len(samples) == 1, place


def test_a_set_with_a_label_file_in_each_split(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "a.jpg").write_bytes(jpeg())
        document = {"images": [entry(1, "a.jpg")], "annotations": [thing(1, 1, bbox=[1, 1, 2, 2])]}
        document["categories"] = [{"id": 3, "name": "cat"}]
        (tmp_path / split / "_annotations.coco.json").write_text(json.dumps(document))
    samples = read(tmp_path)
    assert [(each.path, each.split) for each in samples] == [
        ("train/a.jpg", "train"),
        ("valid/a.jpg", "val"),
    ]
    assert all(len(each.annotations) == 1 for each in samples)


def test_label_files_of_other_tasks_are_left_out_with_a_note(tmp_path: Path) -> None:
    folder = coco(tmp_path, {"images": [entry(1, "a.jpg")]}, {"a.jpg": jpeg()})
    for name in ("captions_train.json", "person_keypoints_train.json"):
        (folder / "annotations" / name).write_text('{"images": [], "annotations": []}')
    samples, _, notes = taken(scan([folder], AddOptions()))
    assert len(samples) == 1
    assert any("captions_train.json" in note for note in notes)


def test_a_damaged_label_file_says_where(tmp_path: Path) -> None:
    folder = coco(tmp_path, {"images": [{"id": 1, "file_name": 5}]}, {})
    with pytest.raises(LabelsUnreadable, match=r"images\[0\]\.file_name") as problem:
        scan([folder], AddOptions())
    assert problem.value.fix


def test_labels_of_a_picture_before_exif_turned_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    document = {
        "images": [entry(1, "stored.jpg"), entry(2, "upright.jpg", SIZE[::-1])],
        "annotations": [thing(1, 1, bbox=[10, 5, 20, 8]), thing(2, 2, bbox=[10, 5, 20, 8])],
    }
    pictures = {name: jpeg(exif=exif) for name in ("stored.jpg", "upright.jpg")}
    stored, upright = read(coco(tmp_path, document, pictures))
    assert stored.annotations == (Box(label="cat", xyxy=(48 - 13, 10, 48 - 5, 30)),)
    assert upright.annotations == (Box(label="cat", xyxy=(10, 5, 30, 13)),)


def test_key_points_stay_with_their_object(tmp_path: Path) -> None:
    document = {
        "images": [entry(1, "a.jpg")],
        "categories": [
            {"id": 3, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": [[1, 2]]}
        ],
        "annotations": [
            thing(1, 1, bbox=[1, 1, 30, 30], keypoints=[5, 6, 2, 0, 0, 0], num_keypoints=1)
        ],
    }
    (found,) = read(coco(tmp_path / "in", document, {"a.jpg": jpeg()}))
    box, points = found.annotations
    assert isinstance(box, Box)
    assert isinstance(points, Points)
    assert (points.names, points.edges) == (("nose", "tail"), ((0, 1),))
    export([found], tmp_path / "out")
    written = json.loads((tmp_path / "out/annotations/instances_default.json").read_text())
    assert len(written["annotations"]) == 1
    assert written["annotations"][0]["keypoints"] == [5, 6, 2, 0, 0, 0]
    (again,) = read(tmp_path / "out")
    assert [type(each) for each in again.annotations] == [Box, Points]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_export_loads_in_pycocotools(tmp_path: Path) -> None:
    samples = [
        sample("a.jpg", jpeg(1), Box(label="cat", xyxy=(1, 2, 11, 22))),
        sample("b.jpg", jpeg(2)),
        sample(
            "c.jpg",
            jpeg(3),
            Polygon(label="dog", rings=((1, 1, 11, 1, 11, 11, 1, 11),)),
            Mask(label="dog", size_hw=SIZE[::-1], counts=(0, 48, 48 * 63), crowd=True),
        ),
    ]
    report = export(samples, tmp_path / "out")
    assert (report.images, report.objects) == (3, 3)
    with redirect_stdout(io.StringIO()):
        loaded = COCO(str(tmp_path / "out/annotations/instances_default.json"))
    assert sorted(loaded.getCatIds()) == [3, 9, 90]
    assert loaded.getCatIds(supNms=["animal"]) == [3]
    assert len(loaded.getImgIds()) == 3
    areas = {each["id"]: each["area"] for each in loaded.anns.values()}
    assert areas == {1: 200, 2: 100, 3: 48}
    assert loaded.annToMask(loaded.anns[2]).sum() == 100
    assert loaded.annToMask(loaded.anns[3])[:, 0].all()
    assert loaded.getAnnIds(iscrowd=True) == [3]


def test_files_are_byte_for_byte_the_same_and_names_portable(tmp_path: Path) -> None:
    paths = [
        "a/x.jpg",
        "A/X.jpg",
        "b/x.jpg",
        "sp ace/🦊.jpg",
        "what?.jpg",
        "con.jpg",
        "n" * 180 + "ü" * 40,
    ]
    samples = [sample(path, jpeg(at)) for at, path in enumerate(paths)]
    report = export(samples, tmp_path / "out")
    written = [p for p in (tmp_path / "out/images").rglob("*") if p.is_file()]
    assert len({str(p).casefold() for p in written}) == len(paths)
    assert "images/sp ace/🦊.jpg" in {str(p.relative_to(tmp_path / "out")) for p in written}
    assert set(report.renamed) == {"A/X.jpg", "what?.jpg", "con.jpg", paths[-1]}
    again = read(tmp_path / "out")
    assert {each.path: each.image for each in again} == {each.path: each.image for each in samples}


def test_what_coco_cannot_hold_is_named_and_comes_back(tmp_path: Path) -> None:
    every = (
        ClassLabel(id="1", label="cat", score=0.5),
        NumberValue(id="2", value=4.5, unit="bar"),
        Box(id="3", xyxy=(1, 2, 3, 4)),
        OrientedBox(id="4", label="dog", cxcywh=(20, 20, 10, 4), angle_deg=30),
        Track(id="5", label="dog", track="t7", xyxy=(1, 2, 3, 4), key_frame=False),
        Points(id="6", label="dog", points=((1, 2, 2), (3, 5, 1)), names=("a", "b")),
        Points(id="7", label="dog", points=((1, 2, 2),), names=("z",), edges=((0, 0),)),
        Box(id="8", label="cat", xyxy=(1, 2, 3, 4), author="user:eva", review="proposed"),
        Box(id="9", label="cat", xyxy=(1, 2, 3, 4), attributes={"wet": True}),
    )
    first = sample("a.jpg", jpeg(), *every, split="gold", metadata={"exif.iso": 100})
    report = export([first, sample("b.jpg", jpeg(4))], tmp_path / "out")
    assert {(loss.kind, loss.count) for loss in report.losses} == {
        ("class_label", 1),
        ("number", 1),
        ("unlabelled", 1),
        ("oriented_box", 1),
        ("track", 1),
        ("points", 2),
        ("attributes", 1),
        ("provenance", 1),
    }
    assert all(loss.examples == ("a.jpg",) and loss.what for loss in report.losses)
    written = json.loads((tmp_path / "out/annotations/instances_default.json").read_text())
    assert written["images"][0]["labels"] == ["cat"]
    again, other = read(tmp_path / "out")
    assert {each.id: each for each in again.annotations} == {each.id: each for each in every}
    assert (again.split, again.metadata) == ("gold", {"exif.iso": 100})
    assert other.annotations == ()
    seen = scan([tmp_path / "out"], AddOptions())
    assert seen.classes == CLASSES.entries


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_exported_box_lies_on_the_same_pixels(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    pixels = np.full((48, 64, 3), 40, np.uint8)
    pixels[8:24, 16:48] = (250, 20, 20)
    exif = Image.Exif()
    exif[0x112] = orientation
    exif[0x10F] = "Acme"
    out = io.BytesIO()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    quality = {"quality": 95} if kind == "JPEG" else {}
    Image.fromarray(pixels).save(out, kind, exif=exif, **lossless, **quality)
    stored = Box(label="cat", xyxy=(16, 8, 48, 24))
    document = {"images": [entry(1, "a.x")], "annotations": [thing(1, 1, bbox=[16, 8, 32, 16])]}
    document["images"][0]["file_name"] = "a.jpg"
    (found,) = read(coco(tmp_path / "in", document, {"a.jpg": out.getvalue()}))
    if orientation < 5:  # the size does not say that the labels were drawn before turning
        bitmap = np.zeros((48, 64), bool)
        bitmap[8:24, 16:48] = True
        ys, xs = np.nonzero(rle.turn(bitmap, orientation))
        xyxy = tuple(map(float, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)))
        found = replace(found, annotations=(replace(stored, xyxy=xyxy),))
    report = export([found], tmp_path / "out")
    assert report.baked == (("a.jpg",) if orientation != 1 else ())
    (again,) = read(tmp_path / "out")
    assert again.annotations == found.annotations
    assert again.orientation == 1
    with Image.open(tmp_path / "out/images/a.jpg") as picture:
        assert picture.format == kind
        assert (picture.width, picture.height) == (found.width, found.height)
        assert "Acme" in str(picture.getexif().get(0x10F))
        red = np.asarray(picture.convert("RGB"))[:, :, 0] > 150
    ys, xs = np.nonzero(red)
    assert isinstance(again.annotations[0], Box)
    assert again.annotations[0].xyxy == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@pytest.mark.shared
@pytest.mark.parametrize("orientation", range(2, 9))
def test_turning_a_real_jpeg_changes_it_hardly(
    shared_data: Path, tmp_path: Path, orientation: int
) -> None:
    original = Image.open(shared_data / "exif" / "DSCN0010.jpg")
    exif = original.getexif()
    exif[0x112] = orientation
    out = io.BytesIO()
    original.save(out, "JPEG", quality="keep", exif=exif)
    found = sample("a.jpg", out.getvalue())
    export([found], tmp_path / "out")
    with Image.open(tmp_path / "out/images/a.jpg") as picture:
        assert picture.getexif()[0x112] == 1
        assert picture.getexif().get_ifd(0x8769)[0x8827] == 64
        after = np.asarray(picture, int)
    turned = Image.open(io.BytesIO(out.getvalue()))
    methods = (None, None, 0, 3, 1, 5, 4, 6, 2)
    before = np.asarray(turned.transpose(methods[orientation]), int)
    assert np.abs(after - before).mean() < 1.5


def test_pictures_may_be_kept_as_they_are(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    found = sample("a.jpg", jpeg(exif=exif), Box(label="cat", xyxy=(1, 2, 3, 4)))
    report = export([found], tmp_path / "out", upright="keep")
    assert (tmp_path / "out/images/a.jpg").read_bytes() == BLOBS[found.image]
    assert [loss.kind for loss in report.losses] == ["orientation"]
    (again,) = read(tmp_path / "out")
    assert (again.annotations, again.orientation) == (found.annotations, 6)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "out"
    (target / "images").mkdir(parents=True)
    (target / "mine.txt").write_text("keep me")
    (target / "images" / "old.jpg").write_text("old")
    with pytest.raises(FolderNotEmpty, match="is not empty") as problem:
        export([sample("a.jpg", jpeg())], target)
    assert "--force" in problem.value.fix
    export([sample("a.jpg", jpeg())], target, force=True)
    assert (target / "mine.txt").read_text() == "keep me"
    assert [p.name for p in (target / "images").iterdir()] == ["a.jpg"]
    with pytest.raises(FolderNotEmpty, match="is a file"):
        export([], target / "mine.txt")


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def gone(digest: str) -> bytes:
        raise OSError(digest)

    with pytest.raises(OSError, match=r"[0-9a-f]{64}"):
        export_coco([sample("a.jpg", jpeg())], CLASSES, gone, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_export_is_a_whole_one(tmp_path: Path) -> None:
    report = export([], tmp_path / "out")
    assert (report.images, report.losses) == (0, ())
    assert scan([tmp_path / "out"], AddOptions()).classes == CLASSES.entries


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
    assert list(FORMATS) == ["voc", "coco", "folder", "class-folders", "images"]
    assert {name for name, each in FORMATS.items() if each.write} == {"voc", "coco"}
