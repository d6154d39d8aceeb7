"""One sample: what it shows or not, where it comes from, its typed metadata, changed in place."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Site, Visit
from tests.ui.data.conftest import picture


@pytest.fixture
def three(store: Site, tmp_path: Path) -> str:
    """A labelled picture, one known to hold nothing, and one that nobody looked at; left in place."""
    for number, name in enumerate(("box", "empty", "open")):
        (tmp_path / f"{name}.jpg").write_bytes(picture(20 + number))
    (tmp_path / "labels.csv").write_text(
        "filename,class,xmin,ymin,xmax,ymax\nbox.jpg,gear,10,12,40,36\nempty.jpg,,,,,\n"
    )
    name = "three-" + "".join(each for each in tmp_path.name if each.isalnum()).lower()[:40]
    store.ask("add", paths=[str(tmp_path)], to=name, format="csv", in_place=True)
    store.ask("add", paths=[str(tmp_path / "open.jpg")], to=name, format="images", in_place=True)
    return name


def opened(desk: Visit, name: str, path: str, version: str = "work") -> Page:
    rows = desk.site.ask("samples", ref=f"{name}@{version}")["rows"]
    at = [each["path"] for each in rows].index(path)
    page = desk.go("data", name, version, "all", str(at + 1))
    expect(page.locator("dialog[open] h2.path")).to_have_text(path)
    return page


def test_not_labelled_is_told_from_a_negative(desk: Visit, three: str) -> None:
    facts = ".viewer-facts"
    expect(opened(desk, three, "box.jpg").locator(facts)).to_contain_text("30 × 24 at 10, 12")
    expect(opened(desk, three, "empty.jpg").locator(facts)).to_contain_text("negative")
    expect(opened(desk, three, "open.jpg").locator(facts)).to_contain_text("not labelled")
    expect(desk.page.locator(facts)).to_contain_text("left in place")


def test_a_frame_tells_its_film_and_its_time(desk: Visit, tmp_path: Path) -> None:
    desk.site.ask("demo.video", file=str(tmp_path / "belt.mp4"), seconds=3)
    desk.site.ask("add", paths=[str(tmp_path / "belt.mp4")], to="belt", frames="every:1s")
    rows = desk.site.ask("samples", ref="belt@work")["rows"]
    page = opened(desk, "belt", rows[1]["path"])
    seconds = rows[1]["metadata"]["video.frame_time_s"]
    expect(page.locator(".viewer-facts")).to_contain_text(
        f"0:{seconds:06.3f}, frame {rows[1]['metadata']['video.frame']} of belt.mp4"
    )


def test_values_have_units_and_can_be_changed(desk: Visit, tmp_path: Path) -> None:
    (tmp_path / "one.jpg").write_bytes(picture(30))
    desk.site.ask("add", paths=[str(tmp_path / "one.jpg")], to="typed", licence="CC0-1.0")
    desk.site.ask("meta.field.add", dataset="typed", name="depth", type="number", unit="mm")
    page = opened(desk, "typed", "one.jpg")
    expect(page.locator(".viewer-facts")).to_contain_text("CC0-1.0")
    page.get_by_role("button", name="Add a value").click()
    page.get_by_label("field", exact=True).fill("depth")
    page.get_by_label("value", exact=True).fill("deep")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".values .failure")).to_contain_text("depth")
    desk.seen.said.clear()
    page.get_by_label("value", exact=True).fill("0.5 cm")
    page.get_by_role("button", name="Save").click()
    row = page.locator(".values tr", has_text="depth")
    expect(row).to_contain_text("5 mm")
    row.hover()
    page.get_by_role("button", name="change depth").click()
    expect(page.get_by_label("value of depth")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("7 mm")
    assert desk.site.ask("samples", ref="typed@work")["rows"][0]["metadata"]["depth"] == 7
    row.hover()
    page.get_by_role("button", name="change depth").click()
    page.get_by_role("button", name="Take it off").click()
    expect(row).to_have_count(0)


def test_a_version_stays_as_it_is(desk: Visit) -> None:
    path = desk.site.ask("samples", ref="boxed@v1")["rows"][0]["path"]
    page = opened(desk, "boxed", path, "v1")
    expect(page.locator(".values")).to_contain_text("A version stays as it is")
    expect(page.get_by_role("button", name="Add a value")).to_have_count(0)
