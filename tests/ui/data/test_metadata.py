"""Fields of a data set, cameras of the project, and the way out to other tools."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Visit


def test_every_field_tells_type_unit_and_range(desk: Visit) -> None:
    page = desk.go("data", "boxed", "v1", "all", "metadata")
    for row in desk.site.ask("meta.fields", ref="boxed@v1")["rows"]:
        line = page.locator("tbody tr", has=page.get_by_text(row["field"], exact=True))
        expect(line).to_contain_text(row["type"])
        expect(line).to_contain_text(row["unit"])
        expect(line).to_contain_text(str(row["samples"]))
        if row["type"] == "integer" and row["least"] != row["most"]:
            expect(line).to_contain_text(f"{row['least']} … {row['most']}")


def test_a_field_is_declared(desk: Visit) -> None:
    page = desk.go("data", "boxed", "work", "all", "metadata")
    page.get_by_label("Field", exact=True).fill("exif.iso")
    page.get_by_role("button", name="Declare").click()
    expect(page.locator(".failure")).to_contain_text("'exif.iso' is built in")
    desk.seen.said.clear()
    page.get_by_label("Field", exact=True).fill("part.width")
    page.get_by_label("Type").select_option("number")
    page.get_by_label("Unit").fill("mm")
    page.get_by_role("button", name="Declare").click()
    line = page.locator("tbody tr", has=page.get_by_text("part.width", exact=True))
    expect(line).to_contain_text("number mm")
    expect(line).to_contain_text("no value yet")
    desk.site.ask("meta.field.remove", dataset="boxed", name="part.width")


def test_cameras_are_added_and_their_clocks_set(desk: Visit) -> None:
    page = desk.go("data", "boxed", "work", "all", "metadata")
    panel = page.locator(".panel", has_text="Cameras")
    panel.get_by_text("Add a camera").click()
    panel.get_by_label("Id").fill("line-7")
    panel.get_by_label("Make").fill("Visloop")
    panel.get_by_label("Model").fill("Virtual Line Camera")
    panel.get_by_role("button", name="Add the camera").click()
    line = panel.locator("li", has_text="line-7")
    expect(line).to_contain_text("its clock is right")
    line.get_by_role("button", name="Set").click()
    line.get_by_label("Clock of line-7").fill("-2.5")
    line.get_by_role("button", name="Save").click()
    expect(line).to_contain_text("its clock is slow by 2.5 s")
    page.get_by_role("button", name="Note again").click()
    expect(panel.get_by_role("status")).to_have_text("12 pictures of 12 changed")
    rows = desk.site.ask("samples", ref="boxed@work")["rows"]
    assert {each["metadata"]["camera"] for each in rows} == {"line-7"}
    desk.site.ask("unstage", dataset="boxed")
    desk.site.ask("camera.remove", camera="line-7")


def test_an_export_tells_what_the_format_cannot_hold(desk: Visit, tmp_path: Path) -> None:
    page = desk.go("data", "boxed", "v1", "all", "export")
    written = [each["name"] for each in desk.site.ask("formats")["rows"] if each["writes"]]
    expect(page.get_by_role("radio")).to_have_count(len(written))
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download as one file").click()
    assert coming.value.suggested_filename == "boxed-v1-coco.zip"
    with zipfile.ZipFile(coming.value.path()) as packed:
        assert len([each for each in packed.namelist() if each.endswith(".jpg")]) == 12
    page.get_by_role("textbox", name="Folder").fill(str(tmp_path / "out"))
    page.get_by_role("button", name="Write as coco").click()
    report = page.locator(".outcome")
    expect(report).to_contain_text(re.compile(r"12 pictures and \d+ objects? in"))
    assert len(json.loads(next((tmp_path / "out").rglob("*.json")).read_text())["images"]) == 12
    page.get_by_role("radio", name=re.compile("^yolo-classify ")).check()
    page.get_by_role("button", name="Write as yolo-classify").click()
    expect(page.locator(".failure")).to_contain_text("out")
    desk.seen.said.clear()
    page.get_by_role("textbox", name="Folder").fill(str(tmp_path / "classes"))
    page.get_by_role("button", name="Write as yolo-classify").click()
    expect(report).to_contain_text(re.compile(r"What it cannot hold natively:.*box", re.DOTALL))
