"""Files of CVAT and Label Studio come in, are mended in the editor, and leave as they would write them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.journey.worlds import until
from tests.ui.conftest import Site, Visit
from tests.ui.test_editor import drag, spot

NAME = "BloodImage_00000.jpg"
WIDE, HIGH = 640, 480
BOX = (100.0, 120.0, 200.0, 220.0)
RING = [(300.0, 100.0), (380.0, 110.0), (360.0, 200.0)]

pytestmark = pytest.mark.shared


def cvat(folder: Path) -> None:
    """As `CVAT for images 1.1` exports it."""
    x1, y1, x2, y2 = BOX
    points = ";".join(f"{x},{y}" for x, y in RING)
    (folder / "annotations.xml").write_text(
        f"""<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta><task>
        <labels><label><name>RBC</name><color>#ff0000</color></label>
        <label><name>WBC</name><color>#00ff00</color></label></labels></task></meta>
        <image id="0" name="{NAME}" width="{WIDE}" height="{HIGH}">
        <box label="RBC" source="manual" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}" z_order="0"/>
        <polygon label="WBC" source="manual" occluded="0" points="{points}" z_order="0"/>
        </image></annotations>"""
    )


def label_studio(folder: Path) -> None:
    """As Label Studio exports it: JSON, shares of the picture in percent, the upload's own name."""
    x1, y1, x2, y2 = BOX
    here = {"original_width": WIDE, "original_height": HIGH, "image_rotation": 0}
    here |= {"from_name": "label", "to_name": "image", "origin": "manual"}
    box = {"x": x1 / 6.4, "y": y1 / 4.8, "width": (x2 - x1) / 6.4, "height": (y2 - y1) / 4.8}
    ring = {"points": [[x / 6.4, y / 4.8] for x, y in RING], "closed": True}
    result = [
        {
            "id": "a",
            "type": "rectanglelabels",
            "value": {**box, "rotation": 0, "rectanglelabels": ["RBC"]},
        },
        {"id": "b", "type": "polygonlabels", "value": {**ring, "polygonlabels": ["WBC"]}},
    ]
    task = {"id": 1, "data": {"image": f"/data/upload/1/{NAME}"}}
    task["annotations"] = [{"id": 1, "result": [{**each, **here} for each in result]}]
    (folder / "export.json").write_text(json.dumps([task]))


def of_cvat(folder: Path) -> tuple[list[float], list[float]]:
    image = ET.parse(folder / "annotations.xml").find("image")
    assert image is not None
    box, ring = image.find("box"), image.find("polygon")
    assert box is not None
    assert ring is not None
    corners = [float(box.get(each, "")) for each in ("xtl", "ytl", "xbr", "ybr")]
    return corners, [
        float(n) for pair in ring.get("points", "").split(";") for n in pair.split(",")
    ]


def of_label_studio(folder: Path) -> tuple[list[float], list[float]]:
    (task,) = json.loads((folder / "tasks.json").read_text())
    found = {each["type"]: each for each in task["annotations"][0]["result"]}
    box, ring = found["rectanglelabels"]["value"], found["polygonlabels"]["value"]["points"]
    x, y = box["x"] * 6.4, box["y"] * 4.8
    corners = [x, y, x + box["width"] * 6.4, y + box["height"] * 4.8]
    return corners, [n for px, py in ring for n in (px * 6.4, py * 4.8)]


@pytest.mark.parametrize(
    ("kind", "write", "read"),
    [("cvat", cvat, of_cvat), ("label-studio", label_studio, of_label_studio)],
)
def test_their_file_is_mended_here_and_goes_back(
    desk: Visit,
    shared_data: Path,
    tmp_path: Path,
    kind: str,
    write: Callable[[Path], None],
    read: Callable[[Path], tuple[list[float], list[float]]],
) -> None:
    theirs, back = tmp_path / "theirs", tmp_path / "back"
    theirs.mkdir()
    picture = shared_data / "bccd" / "JPEGImages" / NAME
    shutil.copy(picture, theirs / NAME)
    write(theirs)
    name = f"from-{kind}"
    page = desk.go("data", "+")
    page.get_by_label("Name of the new data set").fill(name)
    page.get_by_label("Paths").fill(str(theirs))
    page.get_by_role("button", name=f"Add to {name}").click()
    expect(page.locator(".outcome")).to_contain_text("1")
    expect(page.locator(".outcome")).to_contain_text("2 new classes: ")
    (row,) = desk.site.ask("samples", ref=f"{name}@work")["rows"]
    page = desk.go("data", name, "work", "all", "edit", row["path"])
    expect(page.locator(".edit-objects li")).to_have_count(2)
    page.keyboard.press("v")
    drag(page, (150, 170), (180, 170))
    moved = pytest.approx(BOX[0] + 30, abs=1)
    until(lambda: box_of(desk.site, name)[0] == moved, what="the box moved", timeout_s=15)
    x1, y1, x2, y2 = box_of(desk.site, name)
    page = desk.go("data", name, "work", "all", "export")
    page.locator(".formats label", has=page.get_by_text(kind, exact=True)).click()
    page.get_by_role("textbox", name="Folder").fill(str(back))
    page.get_by_role("button", name=f"Write as {kind}").click()
    until(lambda: any(back.rglob("*.jpg")), what="the files")
    corners, ring = read(back)
    assert corners == pytest.approx([x1, y1, x2, y2], abs=0.01)
    assert ring == pytest.approx([n for pair in RING for n in pair], abs=0.01)
    (file,) = back.rglob("*.jpg")
    assert np.array_equal(np.asarray(Image.open(file)), np.asarray(Image.open(picture)))


def box_of(site: Site, name: str) -> list[float]:
    (row,) = site.ask("samples", ref=f"{name}@work")["rows"]
    return next(each["xyxy"] for each in row["annotations"] if each["type"] == "box")


def test_a_finger_draws_and_two_fingers_move_the_picture(
    browser: Browser, desk: Visit, shared_data: Path
) -> None:
    site = desk.site
    site.ask(
        "add", paths=[str(shared_data / "bccd" / "JPEGImages" / NAME)], to="tablet", format="images"
    )
    site.ask("classes.add", dataset="tablet", names=["RBC"])
    context = browser.new_context(viewport={"width": 1024, "height": 768}, has_touch=True)
    context.request.get(site.way_in, max_redirects=0)
    page = context.new_page()
    desk.go("data", "tablet")
    for wide, high in ((768, 1024), (1024, 768)):
        page.set_viewport_size({"width": wide, "height": high})
        page.goto(f"{site.url}/#/data/tablet/work/all/edit/{NAME}")
        expect(page.locator(".edit-picture img")).to_be_visible()
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) <= 0, (wide, high)
    page.get_by_role("button", name="Box", exact=True).tap()
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", spot(page, 100, 100))
    for at in (140, 180, 220):
        fingers("touchMove", spot(page, at, at))
    fingers("touchEnd")
    expect(page.locator(".edit-objects li")).to_have_count(1)
    until(
        lambda: "annotations" in site.ask("samples", ref="tablet@work")["rows"][0], what="the box"
    )
    assert box_of(site, "tablet") == pytest.approx([100, 100, 220, 220], abs=2.5)
    before = spot(page, 320, 240), spot(page, 420, 240)
    x, y = before[0]
    fingers("touchStart", (x - 50, y), (x + 50, y))
    for out in (70, 100):
        fingers("touchMove", (x - out, y + 30), (x + out, y + 30))
    fingers("touchEnd")
    now = spot(page, 320, 240), spot(page, 420, 240)
    assert now[1][0] - now[0][0] > 1.5 * (before[1][0] - before[0][0]), "farther apart: closer"
    assert now[0][1] > before[0][1] + 10, "and along with the fingers"
    expect(page.locator(".edit-objects li")).to_have_count(1)  # nothing was drawn by that
    context.close()
