"""Comparing versions: details by kind and class, page by page, and drawn on a sheet."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from tests.data_world import SCOPE, close, make_ports, picture, view
from visloop import data
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.vision import Annotation, Box, ClassLabel, Mask, Points, Polygon

OLD, NEW = Ref.parse("shop@v1"), Ref.parse("shop@v2")
HOSTILE = '<script>alert("1")</script>&.png'
SIDE = 480  # how wide a picture is on an image sheet


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory):
    made = make_ports(tmp_path_factory.mktemp("compare") / "ws")
    yield made
    close(made)


def box(name: str, *xyxy: float, label: str = "nut", **more) -> Box:
    return Box(id=name, label=label, xyxy=xyxy, **more)


BEFORE: dict[str, tuple[Annotation, ...]] = {
    "a.png": (box("a1", 10, 10, 30, 30), box("a2", 60, 10, 90, 40)),
    "b.png": (box("b1", 10, 10, 30, 30, attributes={"wet": False}),),
    "c.png": (box("c1", 10, 10, 30, 30),),
    "d.png": (box("d1", 10, 10, 30, 30),),
    HOSTILE: (box("h1", 10, 10, 30, 30),),
    "same.png": (box("s1", 10, 10, 30, 30),),
}
AFTER: dict[str, tuple[Annotation, ...]] = {
    **BEFORE,
    "a.png": (box("a1", 20, 10, 40, 30), box("a3", 40, 50, 70, 80, label="gear")),
    "b.png": (box("b1", 10, 10, 30, 30, attributes={"wet": True}),),
    "c.png": (box("c1", 10, 10, 30, 30, label="gear"),),
    HOSTILE: (box("h1", 10, 10, 30, 30, label='<b onclick="x">'),),
}


def draw(ports, objects: dict[str, tuple[Annotation, ...]]) -> None:
    samples = view(ports, "shop@work")
    fresh = [msgspec.structs.replace(samples[p], annotations=each) for p, each in objects.items()]
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "shop", fresh)


@pytest.fixture(scope="module")
def shop(ports, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two versions: boxes added, removed, moved, relabelled, one with another attribute."""
    folder = tmp_path_factory.mktemp("shop")
    for number, path in enumerate(BEFORE):
        picture(folder / path, number, (100, 90))
    classes = ("nut", "gear", '<b onclick="x">')
    data.add(ports, SCOPE, "shop", [folder], options=data.AddOptions(new_classes=classes))
    draw(ports, BEFORE)
    data.commit(ports, SCOPE, "shop", "before")
    draw(ports, {path: objects for path, objects in AFTER.items() if objects != BEFORE[path]})
    data.remove(ports, SCOPE, "shop", ["d.png"])
    data.commit(ports, SCOPE, "shop", "after")


def compared(ports, **choice) -> data.Diff:
    return data.diff(ports, SCOPE, OLD, NEW, choice=data.DiffChoice(**choice))


def paths(found: data.Diff) -> list[str]:
    return [each.path for each in found.details]


@pytest.mark.usefixtures("shop")
def test_counts_are_of_everything_whatever_is_asked_for(ports) -> None:
    whole = compared(ports)
    assert whole.objects == data.ObjectCounts(
        added=1, removed=2, moved=1, relabelled=2, attributes=1
    )
    assert whole.samples == data.SampleCounts(removed=1, changed=4)
    assert whole.by_class == {'<b onclick="x">': 1, "gear": 2, "nut": 6}
    one = compared(ports, kind="objects.moved", limit=1)
    assert (one.objects, one.samples, one.by_class) == (
        whole.objects,
        whole.samples,
        whole.by_class,
    )


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        ({"kind": "objects.added"}, ["a.png"]),
        ({"kind": "objects.removed"}, ["a.png", "d.png"]),
        ({"kind": "objects.relabelled"}, [HOSTILE, "c.png"]),
        ({"kind": "objects.attributes"}, ["b.png"]),
        ({"kind": "samples.removed"}, ["d.png"]),
        ({"kind": "samples.added"}, []),
        ({"label": "gear"}, ["a.png", "c.png"]),
        ({"kind": "objects.moved", "label": "gear"}, []),
        ({"kind": "objects.relabelled", "label": "nut"}, [HOSTILE, "c.png"]),
    ],
)
@pytest.mark.usefixtures("shop")
def test_details_are_of_the_kind_and_class_asked_for(ports, choice, found) -> None:
    answer = compared(ports, **choice)
    assert paths(answer) == found
    assert answer.total == len(found)


@pytest.mark.parametrize("most", [False, True])
@pytest.mark.usefixtures("shop")
def test_pages_put_together_are_the_whole(ports, *, most: bool) -> None:
    whole = compared(ports, most=most)
    pages = [compared(ports, most=most, offset=at, limit=2) for at in range(0, 6, 2)]
    assert [path for page in pages for path in paths(page)] == paths(whole)
    assert [page.total for page in pages] == [5, 5, 5]
    assert sorted(paths(whole)) == sorted(paths(compared(ports)))


@pytest.mark.usefixtures("shop")
def test_the_most_changed_come_first(ports) -> None:
    found = paths(compared(ports, most=True))
    assert found[:2] == ["d.png", "a.png"], "a sample gone, then one with three changed objects"
    assert found[-1] == "b.png", "an attribute weighs least"


@pytest.mark.usefixtures("shop")
def test_an_attribute_says_what_it_was(ports) -> None:
    (change,) = compared(ports, kind="objects.attributes").details[0].objects
    assert [(v.field, v.was, v.now) for v in change.values] == [("attributes.wet", False, True)]


class Elements(HTMLParser):
    """The elements of a page, their attributes, and all its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def jpeg(colour: str, size: tuple[int, int] = (100, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def drawn(ports, tmp_path: Path, ending: str, **choice) -> Path:
    file = tmp_path / "deep" / f"changes.{ending}"
    found = compared(ports, sides=True, most=True, **choice)
    assert data.sheet(found, lambda _: jpeg("white"), file) == len(found.details)
    return file


@pytest.mark.usefixtures("shop")
def test_a_page_escapes_names_and_needs_nothing_else(ports, tmp_path: Path) -> None:
    text = drawn(ports, tmp_path, "html").read_text("utf-8")
    page = Elements(text)
    assert page.of("script") == []
    assert page.of("b") == []
    assert HOSTILE in page.said
    assert '<b onclick="x">' in page.said
    policy = next(each for each in page.of("meta") if "content" in each and "http-equiv" in each)
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert all(
        (each["href"] or "").startswith("data:image/jpeg;base64,") for each in page.of("image")
    )
    assert len(page.of("image")) == 5, "the same picture on both sides is in the page once"
    assert not re.search(r"https?://", text)


@pytest.mark.usefixtures("shop")
def test_a_page_draws_every_change_at_its_place(ports, tmp_path: Path) -> None:
    page = Elements(drawn(ports, tmp_path, "html").read_text("utf-8"))
    kinds = {(each["d"], each["data-kind"]) for each in page.of("path") if each.get("data-kind")}
    assert ("M20.0 10.0L40.0 10.0L40.0 30.0L20.0 30.0Z", "moved") in kinds
    assert ("M40.0 50.0L70.0 50.0L70.0 80.0L40.0 80.0Z", "added") in kinds
    assert ("M60.0 10.0L90.0 10.0L90.0 40.0L60.0 40.0Z", "removed") in kinds
    assert {kind for _, kind in kinds} == {"moved", "added", "removed", "relabelled", "attributes"}
    assert "moved nut, IoU 0.33" in page.said
    assert "relabelled nut → gear" in page.said
    assert "attributes nut, wet: no → yes" in page.said


@pytest.mark.parametrize("ending", ["html", "png"])
@pytest.mark.usefixtures("shop")
def test_what_is_left_out_is_said(ports, tmp_path: Path, ending: str) -> None:
    some = drawn(ports, tmp_path, ending, limit=2).read_bytes()
    if ending == "html":
        assert "3 more changed samples are not drawn" in Elements(some.decode()).said
    else:
        whole = drawn(ports, tmp_path, ending).read_bytes()
        heights = [Image.open(io.BytesIO(each)).height for each in (some, whole)]
        assert heights[1] - heights[0] > 2 * SIDE


def row_of(file: Path) -> tuple[Image.Image, Image.Image]:
    """The first sample of an image sheet, old and new."""
    sheet = Image.open(io.BytesIO(file.read_bytes())).convert("RGB")
    top = 78 + 26
    sides = [16, 16 + SIDE + 16]
    return tuple(sheet.crop((x, top, x + SIDE, top + 432)) for x in sides)  # type: ignore[return-value]


def has(side: Image.Image, x: float, y: float, colour: str) -> bool:
    """Whether a colour is drawn within 3 pixels of a place, in pixels of the sample."""
    scale = SIDE / 100
    wanted = Image.new("RGB", (1, 1), colour).getpixel((0, 0))
    spot = side.crop(
        (int(x * scale) - 3, int(y * scale) - 3, int(x * scale) + 4, int(y * scale) + 4)
    )
    return wanted in {pixel for _, pixel in spot.getcolors(64) or []}


@pytest.mark.usefixtures("shop")
def test_an_image_has_its_colours_where_boxes_changed(ports, tmp_path: Path) -> None:
    old, new = row_of(drawn(ports, tmp_path, "png", kind="objects.moved"))
    moved, removed, added = "#38bdf8", "#f43f5e", "#22c55e"
    assert has(old, 10, 20, moved)
    assert has(new, 20, 20, moved)
    assert has(old, 60, 10, removed)
    assert not has(new, 60, 10, removed)
    assert has(new, 55, 80, added)
    assert not has(old, 55, 80, added)
    assert not has(old, 95, 85, moved)
    assert not has(new, 95, 85, moved)


def test_other_shapes_are_drawn_too(tmp_path: Path) -> None:
    counts = (45 * 100 - 5, 10, 80, 10, 90 * 100 - 45 * 100 - 95)
    objects: tuple[Annotation, ...] = (
        Polygon(id="p", label="leaf", rings=((10, 10, 40, 10, 40, 40), (20, 12, 30, 12, 30, 20))),
        Mask(id="m", label="spot", size_hw=(90, 100), counts=counts),
        Points(id="k", label="hand", points=((80, 20, 2), (85, 25, 1), (1, 1, 0))),
        ClassLabel(id="c", label="day"),
    )
    sample = data.Sample(
        id="s", path="s.png", image="0" * 64, bytes=1, width=100, height=90, annotations=objects
    )
    changes = tuple(data.ObjectChange("added", each.id, each.label) for each in objects)
    was = msgspec.structs.replace(sample, annotations=())
    change = data.SampleChange("s", "s.png", ("changed",), objects=changes, was=was, now=sample)
    found = data.Diff(
        "a@v1", "a@v2", data.SampleCounts(changed=1), data.ObjectCounts(added=4), (), (change,),
        total=1,
    )  # fmt: skip
    data.sheet(found, lambda _: b"", tmp_path / "s.html")
    page = Elements((tmp_path / "s.html").read_text("utf-8"))
    assert len([each for each in page.of("path") if each["class"] == "area"]) == 2
    assert len(page.of("circle")) == 2
    assert "the picture cannot be shown" in page.said
    assert "added day" in page.said
    data.sheet(found, lambda _: jpeg("white"), tmp_path / "s.png")
    old, new = row_of(tmp_path / "s.png")
    green = "#22c55e"
    assert has(new, 40, 25, green)
    assert has(new, 80, 20, green)
    assert not has(old, 40, 25, green)
    assert new.getpixel((int(36 * 4.8), int(25 * 4.8))) != (255, 255, 255), "its inside is tinted"
    assert new.getpixel((int(28 * 4.8), int(14 * 4.8))) == (255, 255, 255), "a hole stays one"


@pytest.mark.usefixtures("shop")
def test_a_sheet_is_html_or_png(ports, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jpg"):
        data.sheet(compared(ports, sides=True), lambda _: b"", tmp_path / "s.jpg")
