"""CVAT's XML in and out, for images and for video, read with care."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings

from tests.unit.formats_any import (
    DICTIONARY,
    comes_back_equal,
    data_set,
    garbled,
    load,
    survives,
    taken_in,
    write,
)
from tests.unit.formats_parts import jpeg, sample
from visloop.data.formats import LabelsUnreadable, rle
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Sample
from visloop.vision import Box, ClassLabel, Mask, OrientedBox, Points, Polygon, Track

META = """<meta><task><size>2</size><mode>{mode}</mode><start_frame>0</start_frame>
<stop_frame>8</stop_frame><labels>
<label><name>cat</name><color>#ff0010</color><type>any</type><attributes>
 <attribute><name>wet</name><mutable>False</mutable><input_type>checkbox</input_type></attribute>
 <attribute><name>age</name><input_type>number</input_type></attribute></attributes></label>
<label><name>pose</name><type>skeleton</type><svg>&lt;line x1="1" y1="1" x2="2" y2="2"
 data-type="edge" data-node-from="1" data-node-to="2"&gt;&lt;/line&gt;&lt;circle r="1" cx="1" cy="1"
 data-type="element node" data-element-id="1" data-node-id="1" data-label-name="head"&gt;&lt;/circle&gt;
 &lt;circle r="1" data-node-id="2" data-label-name="foot"&gt;&lt;/circle&gt;</svg></label>
<label><name>head</name><type>points</type><parent>pose</parent></label>
<label><name>foot</name><type>points</type><parent>pose</parent></label>
</labels></task></meta>"""


def lay(folder: Path, body: str, pictures: dict[str, bytes], mode: str = "annotation") -> Path:
    for name, data in pictures.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    meta = META.format(mode=mode)
    text = f"<?xml version='1.0'?><annotations><version>1.1</version>{meta}{body}</annotations>"
    (folder / "annotations.xml").write_text(text)
    return folder


def test_every_kind_is_read(tmp_path: Path) -> None:
    body = """
<image id="0" name="a.jpg" subset="Validation" width="64" height="48">
 <box label="cat" occluded="1" source="auto" xtl="1" ytl="2" xbr="11.5" ybr="22" z_order="3">
  <attribute name="wet">true</attribute><attribute name="age">7</attribute>
  <attribute name="other">7</attribute></box>
 <box label="cat" xtl="10" ytl="10" xbr="30" ybr="20" rotation="350"/>
 <polygon label="cat" points="1,1;9,1;9,9.5"/>
 <mask label="cat" rle="1, 2, 1, 2" left="5" top="6" width="3" height="2"/>
 <points label="cat" occluded="1" points="1,2;3,4"/>
 <skeleton label="pose"><points label="foot" points="5,6" outside="0" occluded="1"/>
  <points label="head" points="1,2" outside="1"/></skeleton>
 <ellipse label="cat" cx="20" cy="20" rx="10" ry="5"/>
 <tag label="pose"/>
 <polyline label="cat" points="1,1;9,1"/><cuboid label="cat"/>
 <box label="" xtl="1" ytl="2" xbr="11" ybr="22"/>
 <box label="cat" xtl="1" ytl="2" xbr="nan" ybr="22"/>
 <polygon label="cat" points="1,1;9"/>
 <mask label="cat" rle="1, 2" left="5" top="6" width="3" height="2"/>
 <mask label="cat" rle="1, 2" left="63" top="6" width="3" height="2"/>
</image><image id="1" name="b.jpg"/><image id="2" name="gone.jpg"/>"""
    folder = lay(tmp_path, body, {"images/Validation/a.jpg": jpeg(), "images/b.jpg": jpeg(2)})
    samples, refused, notes = load(folder)
    a = samples["a.jpg"]
    bitmap = rle.to_bitmap((64 * 48,), (48, 64)).copy()
    bitmap[6, 6:8] = bitmap[7, 6:8] = True
    flags = {"occluded": True, "z_order": 3, "source": "auto"}
    assert a.annotations[:6] == (
        Box(
            label="cat",
            xyxy=(1, 2, 11.5, 22),
            attributes=flags | {"wet": True, "age": 7, "other": "7"},
        ),
        OrientedBox(label="cat", cxcywh=(20, 15, 20, 10), angle_deg=-10),
        Polygon(label="cat", rings=((1, 1, 9, 1, 9, 9.5),)),
        Mask(label="cat", size_hw=(48, 64), counts=rle.from_bitmap(bitmap)),
        Points(label="cat", points=((1, 2, 1), (3, 4, 1)), attributes={"occluded": True}),
        Points(
            label="pose",
            points=((1, 2, 0), (5, 6, 1)),
            names=("head", "foot"),
            edges=((0, 1),),
        ),
    )
    assert a.annotations[7] == ClassLabel(label="pose")
    assert a.split == "val"
    assert samples["b.jpg"].annotations == ()
    assert samples["b.jpg"].labelled
    assert [each.reason_code for each in refused["a.jpg"]] == [
        "unsupported_shape",
        "unsupported_shape",
        "unknown_class",
        "not_finite",
        "bad_geometry",
        "bad_geometry",
        "mask_size",
    ]
    assert refused["a.jpg"][0].reason.startswith("image 0, object 9: polyline")
    assert refused["gone.jpg"][0].reason_code == "missing_image"
    assert "1 ellipses became outlines of 64 points" in notes
    classes = scan([folder], AddOptions()).classes
    assert [(each.id, each.name, each.color) for each in classes] == [
        (0, "cat", "#ff0010"),
        (1, "pose", ""),
    ]


def test_a_video_moves_between_key_frames_and_ends_outside(tmp_path: Path) -> None:
    body = """
<track id="4" label="cat">
 <box frame="0" keyframe="1" outside="0" xtl="0" ytl="0" xbr="10" ybr="10"/>
 <box frame="4" keyframe="1" outside="0" xtl="8" ytl="4" xbr="18" ybr="14"/>
 <box frame="6" keyframe="1" outside="1" xtl="8" ytl="4" xbr="18" ybr="14"/>
 <box frame="40" outside="0" xtl="8" ytl="4" xbr="18" ybr="14"/>
</track>
<track id="5" label="cat"><polygon frame="1" outside="0" points="1,1;9,1;9,9"/>
 <box frame="x" xtl="1"/></track>"""
    frames = {f"images/frame_{n:06d}.jpg": jpeg(n) for n in (0, 1, 3, 4, 5, 6, 9)}
    samples, refused, _ = load(lay(tmp_path, body, frames, "interpolation"))
    boxes = {
        path: (each.xyxy, each.key_frame, each.ends)
        for path, said in samples.items()
        for each in said.annotations
        if isinstance(each, Track) and each.track == "4"
    }
    assert boxes == {
        "frame_000000.jpg": ((0, 0, 10, 10), True, False),
        "frame_000001.jpg": ((2, 1, 12, 11), False, False),
        "frame_000003.jpg": ((6, 3, 16, 13), False, False),
        "frame_000004.jpg": ((8, 4, 18, 14), True, False),
        "frame_000005.jpg": ((8, 4, 18, 14), False, True),
    }
    (outline,) = samples["frame_000001.jpg"].annotations[1:]
    assert outline == Polygon(label="cat", track="5", rings=((1, 1, 9, 1, 9, 9),))
    assert (samples["frame_000006.jpg"].annotations, samples["frame_000006.jpg"].labelled) == (
        (),
        True,
    )
    assert not samples["frame_000009.jpg"].labelled
    assert refused["frame_000000.jpg"][0].reason_code == "bad_geometry"
    (missing,) = [each for said in refused.values() for each in said if "frame_000040" in each.path]
    assert missing.reason_code == "missing_image"


@given(data_set())
@settings(max_examples=60, deadline=None)
def test_everything_goes_round(samples: list[Sample]) -> None:
    comes_back_equal("cvat", samples)


UNSEEN = Points(
    id="o0",
    label="cat",
    track="7",
    points=((0, 0, 0), (2, 2, 0)),
    names=("a", "b"),
    edges=((0, 1),),
)


@given(data_set())
@example([sample("a.jpg", jpeg(), UNSEEN)])
@settings(max_examples=60, deadline=None)
def test_everything_goes_round_as_a_video(samples: list[Sample]) -> None:
    comes_back_equal("cvat-video", samples)


def test_what_cvat_sees(tmp_path: Path) -> None:
    pictures = [
        sample(
            f"{at}.jpg",
            jpeg(at),
            Track(id=f"t{at}", label="dog", track="7", xyxy=(at, 1, at + 4, 6), key_frame=at != 1),
            Box(id=f"b{at}", label="cat", xyxy=(1, 2, 3, 4), attributes={"wet": True, "n": 3}),
        )
        for at in range(3)
    ]
    report = write("cvat", pictures, tmp_path / "images")
    assert {loss.kind for loss in report.losses} == {"track", "object_ids", "class_dictionary"}
    root = ET.parse(tmp_path / "images/annotations.xml").getroot()
    assert {each.get("subset") for each in root.findall("image")} == {None}, "as a task has it"
    (box,) = [each for each in root.findall("image")[0] if each.get("label") == "cat"]
    assert {key: box.get(key) for key in ("xtl", "ytl", "xbr", "ybr", "occluded")} == {
        "xtl": "1.0",
        "ytl": "2.0",
        "xbr": "3.0",
        "ybr": "4.0",
        "occluded": "0",
    }
    assert [(each.get("name"), each.text) for each in box] == [("wet", "true"), ("n", "3")]
    kinds = {e.findtext("name"): e.findtext("input_type") for e in root.iter("attribute")}
    assert (kinds["wet"], kinds["n"]) == ("checkbox", "number")
    report = write("cvat-video", pictures, tmp_path / "video")
    assert {loss.kind for loss in report.losses} == {"object_ids", "class_dictionary", "paths"}
    root = ET.parse(tmp_path / "video/annotations.xml").getroot()
    tracks = [
        [(each.get("frame"), each.get("keyframe"), each.get("outside")) for each in track]
        for track in root.findall("track")
    ]
    assert tracks == [
        [("0", "1", "0"), ("1", "0", "0"), ("2", "1", "0")],
        [("0", "1", "0"), ("1", "1", "1")],
        [("1", "1", "0"), ("2", "1", "1")],
        [("2", "1", "0")],
    ]
    assert min(p.name for p in (tmp_path / "video/images").iterdir()) == "frame_000000.jpg"


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<annotations><version>1.1</version>&b;</annotations>"
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<annotations><version>1.1</version>&a;</annotations>"
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "DOCTYPE"),
        (OUTSIDE, "DOCTYPE"),
        ("<annotations><version>1.1</version>", "not XML"),
        ("<annotations><version>1.1", "not XML"),
        ("<x><annotations><version>1.1</version></annotations></x>", "root is <x>"),
    ],
)
def test_hostile_and_torn_files_are_errors(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "annotations.xml").write_text(text)
    with pytest.raises(LabelsUnreadable, match=why):
        scan([tmp_path], AddOptions())


GOOD = (
    "<annotations><version>1.1</version>"
    + META.format(mode="annotation")
    + """<image id="0" name="a.jpg" subset="train" width="64" height="48">
 <box label="cat" occluded="1" xtl="1" ytl="2" xbr="11.5" ybr="22" z_order="3" rotation="4">
  <attribute name="wet">true</attribute></box>
 <mask label="cat" rle="1, 2, 1, 2" left="5" top="6" width="3" height="2"/>
 <skeleton label="pose"><points label="foot" points="5,6"/></skeleton></image>
 <track id="1" label="cat"><box frame="0" outside="0" xtl="1" ytl="2" xbr="9" ybr="8"/>
 <box frame="3" outside="0" xtl="1" ytl="2" xbr="9" ybr="8"/></track></annotations>"""
).encode()


@pytest.mark.parametrize("start", [GOOD, GOOD.replace(b"<image", b"<picture")])
@settings(max_examples=100, deadline=None)
@given(raw=garbled(GOOD))
def test_nothing_in_a_file_breaks_the_reader(start: bytes, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "images").mkdir()
        (folder / "images/a.jpg").write_bytes(jpeg())
        for each in (start, raw):
            (folder / "annotations.xml").write_bytes(each)
            survives("cvat", folder)


def test_a_task_says_the_subset_of_all_its_pictures(tmp_path: Path) -> None:
    folder = lay(tmp_path, '<image id="0" name="a.jpg"/>', {"images/a.jpg": jpeg()})
    file = folder / "annotations.xml"
    file.write_text(file.read_text().replace("<task>", "<task><subset>Train</subset>"))
    samples, _, _ = load(folder)
    assert samples["a.jpg"].split == "train"


def test_classes_come_back(tmp_path: Path) -> None:
    write("cvat", [sample("a.jpg", jpeg())], tmp_path / "out")
    seen = scan([tmp_path / "out"], AddOptions())
    assert seen.classes == DICTIONARY.entries
    assert taken_in(seen)[0][0].annotations == ()
