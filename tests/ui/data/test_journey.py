"""A day with real pictures: bring in, find, label 20 boxes, look over, commit, compare, merge; twice.

Once by mouse, once without touching it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, Page, expect

from tests.journey.worlds import until
from tests.ui.conftest import Site, Visit
from tests.ui.test_editor import drag

EACH = 10  # boxes on each of two pictures
PICTURES = 3

pytestmark = pytest.mark.shared


class Mouse:
    """Points at what it wants."""

    name = "mouse"

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        where = self.page.locator("dialog[open]").or_(self.page.locator("main")).last
        button = where.get_by_role("button", name=words, exact=True)
        link = where.get_by_role("link", name=words, exact=True)
        button.or_(link).or_(where.get_by_text(words, exact=True)).first.click()

    def fill(self, field: str, text: str) -> None:
        self.page.get_by_label(field).click()
        self.page.keyboard.type(text)

    def submit(self, button: str) -> None:
        self.press(button)

    def boxes(self, names: int) -> None:
        for number in range(EACH):
            self.page.locator(".classes .choice").nth(number % names).click()
            x, y = 30 + 60 * number, 40 + 35 * number
            drag(self.page, (x, y), (x + 40, y + 40))
            self.page.keyboard.press("Escape")

    def reclass(self, to: int) -> None:
        self.page.locator(".edit-objects button").first.click()
        self.page.locator(".classes .choice").nth(to).click()


class Keys:
    """Never points: the palette, fields, and the editor's keys."""

    name = "keys"

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, words: str) -> None:
        self.page.keyboard.press("Control+k")
        expect(self.page.get_by_role("combobox", name="go to, or do")).to_be_focused()
        self.page.keyboard.type(words)
        named = re.compile(rf"^{re.escape(words)}\s*(Here|Data sets|Views)")
        expect(self.page.locator(".palette [aria-selected=true]")).to_have_text(named)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("dialog.palette")).to_have_count(0)

    def fill(self, field: str, text: str) -> None:
        self.press(field)
        self.page.keyboard.type(text)

    def submit(self, button: str) -> None:
        del button
        self.page.keyboard.press("Enter")

    def boxes(self, names: int) -> None:
        press = self.page.keyboard.press
        press("Escape")
        press("b")
        press("Enter")  # the crosshair
        for key, times in (("ArrowLeft", 30), ("ArrowUp", 25)):
            for _ in range(times):
                press(key)
        for number in range(EACH):
            press(str(1 + number % names))
            for key in ("Enter", *["ArrowRight"] * 3, *["ArrowDown"] * 3, "Enter"):
                press(key)
            drawn = self.page.get_by_label("class of the object")
            expect(drawn).to_be_visible()
            press("Escape")
            expect(drawn).to_be_hidden()
            for _ in range(2):  # the crosshair is where it was
                press("ArrowRight")

    def reclass(self, to: int) -> None:
        self.page.keyboard.press("n")
        self.page.keyboard.press(str(1 + to))


@pytest.fixture(scope="module")
def cells(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journey") / "slides"
    folder.mkdir()
    for number in range(PICTURES):
        name = f"BloodImage_{number:05d}.jpg"
        shutil.copy(shared_data / "bccd" / "JPEGImages" / name, folder / name)
    return folder


@pytest.fixture(params=[Mouse, Keys], ids=["by mouse", "by keyboard alone"])
def hand(request: pytest.FixtureRequest, desk: Visit) -> Iterator[Mouse | Keys]:
    return request.param(desk.go("data", "+"))


def test_from_pictures_to_a_merged_version(hand: Mouse | Keys, desk: Visit, cells: Path) -> None:
    page, site, name = hand.page, desk.site, f"slides-{hand.name}"
    bring_in(hand, name, cells)
    rooms(hand, name, "Versions")
    hand.fill("message of the version", "as delivered")
    hand.submit("Commit")
    expect(page.locator(".version-graph")).to_contain_text("as delivered")
    hand.fill("name of the new branch", "boxes")
    hand.submit("Begin")
    expect(page.locator(".branch", has_text="boxes")).to_contain_text("worked on")

    find_and_label(hand, site, name)

    rooms(hand, name, "Versions")
    hand.press("Look them over")
    listed = page.get_by_role("list", name="changed pictures").get_by_role("button")
    expect(listed).to_have_count(2)  # the look over: one box is of the wrong class
    hand.press("Edit it")
    expect(page.locator(".edit-objects li")).to_have_count(EACH)
    hand.reclass(1)
    until(lambda: counts(site, name) == {"RBC": EACH - 1, "WBC": EACH + 1}, what="the other class")

    rooms(hand, name, "Versions")
    hand.fill("message of the version", "twenty boxes")
    hand.submit("Commit")
    expect(page.locator(".version-graph li")).to_have_count(2)
    hand.press("v2")
    hand.press("Against v1")
    expect(listed).to_have_count(2)
    expect(page.locator(".told li", has_text="added")).to_have_count(EACH)
    rooms(hand, name, "Versions")
    expect(page.get_by_role("button", name="Work on it").first).to_be_visible()
    hand.press("Work on it")
    main = page.locator(".branch", has=page.get_by_text("main", exact=True))
    expect(main).to_contain_text("worked on")
    hand.press("Merge into main")
    expect(page.locator(".branches")).to_contain_text("no conflict")
    hand.press("Merge")
    expect(page).to_have_url(re.compile(r"/versions/v\d$"))
    merged = site.ask("samples", ref=f"{name}@main")["rows"]
    assert sum(len(each.get("annotations", ())) for each in merged) == 2 * EACH


def find_and_label(hand: Mouse | Keys, site: Site, name: str) -> None:
    page = hand.page
    rooms(hand, name, "Pictures")
    hand.fill("question", "path like '%00001%' or path like '%00002%'")
    hand.submit("Find")
    expect(page.get_by_role("search")).to_contain_text("2")
    hand.press("open slides/BloodImage_00001.jpg")
    expect(page.locator("dialog.viewer")).to_be_visible()
    hand.press("Edit")
    expect(page.locator(".edit-picture img")).to_be_visible()
    for word in ("RBC", "WBC"):
        hand.fill("name of another class", word)
        hand.submit("Add")
        expect(page.locator(".classes")).to_contain_text(word)
        page.keyboard.press("Escape")
    for number in (1, 2):
        expect(page.locator(".edit-bar .path")).to_contain_text(f"0000{number}")
        expect(page.locator(".edit-picture img")).to_be_visible()
        hand.press("Box")
        hand.boxes(2)
        expect(page.locator(".edit-objects li")).to_have_count(EACH)
        if number == 1:
            hand.press("Next ›")
    until(lambda: sum(counts(site, name).values()) == 2 * EACH, what="all boxes on the server")


def bring_in(hand: Mouse | Keys, name: str, cells: Path) -> None:
    page = hand.page
    hand.fill("Name of the new data set", name)
    with page.expect_file_chooser() as opened:
        hand.press("Choose a folder")
    chooser: FileChooser = opened.value
    chooser.set_files(cells)
    expect(page.get_by_text("3 files")).to_be_visible()
    hand.press(f"Add to {name}")
    expect(page.locator(".outcome")).to_contain_text(re.compile(r"3\s*added"))
    hand.press("See the pictures")
    expect(page.locator("main .title")).to_contain_text("3 pictures")


def rooms(hand: Mouse | Keys, name: str, room: str) -> None:
    if not hand.page.url.partition("#/data/")[2].startswith(name) or "/edit/" in hand.page.url:
        hand.page.goto(hand.page.url.partition("#")[0] + f"#/data/{name}")
    hand.press(room)


def counts(site: Site, name: str) -> dict[str, int]:
    rows = site.ask("classes.list", dataset=name)["rows"]
    return {each["name"]: each["objects"] for each in rows}
