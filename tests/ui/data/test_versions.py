"""Versions in the page: labels mended on a branch, compared, merged by mouse and by keys, blamed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

from tests.ui import api_types
from tests.ui.conftest import WIDE, Site, Visit
from tests.ui.test_access import axe_finds

NAME = "cells"
ROOM = (NAME, "work", "all", "versions")
FILES = [f"BloodImage_{number:05d}" for number in range(4)]
Edit = Callable[[list[ET.Element]], None]

pytestmark = pytest.mark.shared


class Lab:
    """Real pictures with their boxes in files; whoever edits them adds the folder again."""

    def __init__(self, site: Site, source: Path, folder: Path) -> None:
        self.site, self.source, self.folder = site, source, folder
        self.bring()

    def bring(self, **edits: Edit) -> None:
        """The files as they were delivered, some of them edited: `b0=relabel(…)`."""
        for number, name in enumerate(FILES):
            for kind, ending in (("JPEGImages", "jpg"), ("Annotations", "xml")):
                target = self.folder / kind / f"{name}.{ending}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(self.source / kind / target.name, target)
            if edit := edits.get(f"b{number}"):
                tree = ET.parse(target)
                edit(tree.findall("object"))
                tree.write(target)
        self.site.ask("add", paths=[str(self.folder)], to=NAME)

    def commit(self, message: str) -> None:
        self.site.ask("commit", dataset=NAME, message=message)

    def objects(self, number: int, version: str) -> list[dict]:
        rows = self.site.ask("samples", ref=f"{NAME}@{version}")["rows"]
        return rows[number]["annotations"]


def relabel(label: str, at: int = 0) -> Edit:
    def edit(objects: list[ET.Element]) -> None:
        name = objects[at].find("name")
        assert name is not None
        name.text = label

    return edit


def move(by: int, at: int = 2) -> Edit:
    def edit(objects: list[ET.Element]) -> None:
        for corner in ("xmin", "xmax"):
            value = objects[at].find(f"bndbox/{corner}")
            assert value is not None
            value.text = str(int(value.text or "") + by)

    return edit


@pytest.fixture(scope="module")
def lab(store: Site, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Delivered, tagged; mended on `fix`; changed otherwise on `main`, which is worked on."""
    lab = Lab(store, shared_data / "bccd", tmp_path_factory.mktemp("lab"))
    lab.commit("as delivered")
    store.ask("tag", ref=f"{NAME}@v1", name="delivered")
    store.ask("branch", dataset=NAME, name="fix", switch=True)
    lab.bring(b0=relabel("Platelets"), b1=move(14), b2=relabel("Platelets"))
    lab.commit("three mended")
    store.ask("switch", dataset=NAME, branch="main")
    lab.bring(b0=relabel("RBC"), b1=move(-12))
    lab.commit("two looked at")
    return lab


def conflicts(page: Page) -> list[str]:
    found = page.get_by_role("list", name="conflicts").get_by_role("listitem")
    return found.all_inner_texts()


def start(page: Page) -> None:
    """Merge `fix` into `main`, as the page offers it."""
    branch = page.locator(".branches li", has=page.get_by_text("fix", exact=True))
    branch.get_by_role("button", name="Merge into main").click()
    expect(branch).to_contain_text("2 conflicts to decide")
    branch.get_by_role("button", name="Merge", exact=True).click()
    expect(page).to_have_url(re.compile("/versions/merge$"))


@pytest.mark.usefixtures("lab")
def test_the_graph_shows_branches_and_tags_and_makes_them(desk: Visit) -> None:
    page = desk.go("data", *ROOM)
    rows = page.locator(".version-graph li")
    expect(rows).to_have_count(3)
    for row, words in zip(
        rows.all_inner_texts(), (("v3", "main"), ("v2", "fix"), ("v1", "delivered")), strict=True
    ):
        assert all(word in row for word in words)
    page.get_by_role("link", name="v2", exact=True).first.click()
    expect(page).to_have_url(re.compile("/versions/v2$"))
    panel = page.locator(".panel.named")
    expect(panel).to_contain_text("three mended")
    expect(panel).to_contain_text("objects 1 moved, 2 relabelled")
    page.get_by_label("new tag").fill("mended")
    page.get_by_role("button", name="Tag it").click()
    expect(page.get_by_role("list", name="tags")).to_contain_text("mended")
    page.get_by_role("button", name="take the tag mended away").click()
    expect(page.get_by_role("list", name="tags")).to_have_count(0)
    page.get_by_label("name of the new branch").fill("try")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".branch", has_text="try")).to_contain_text("worked on")
    main = page.locator(".branches li", has=page.get_by_text("main", exact=True))
    main.get_by_role("button", name="Work on it").click()
    expect(main).to_contain_text("worked on")
    page.get_by_role("button", name="take the branch try away").click()
    expect(page.locator(".branch")).to_have_count(2)


@pytest.mark.usefixtures("lab")
def test_both_sides_come_closer_and_move_together(desk: Visit) -> None:
    page = desk.go("data", *ROOM, "diff", "v1", "fix", "all", "", "1")
    frames, canvases = page.locator(".frame.close"), page.locator(".canvas")
    expect(frames).to_have_count(2)

    def looks() -> list[str]:
        return [canvases.nth(k).evaluate("(each) => each.style.transform") for k in range(2)]

    def moved(before: list[str]) -> list[str]:
        """Where they are once neither is where it was: they are drawn with the next frame."""
        for k in range(2):
            old = re.compile(re.escape(before[k]))
            expect(canvases.nth(k)).not_to_have_attribute("style", old)
        return looks()

    zoom = page.get_by_role("group", name="zoom").get_by_role("status")
    whole = looks()
    frames.first.hover()
    page.mouse.wheel(0, -400)
    expect(zoom).to_have_text("272 %")
    near = looks()
    assert near[0] == near[1] != whole[0]
    box = frames.nth(1).bounding_box()
    assert box
    page.mouse.move(box["x"] + 90, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 60)
    page.mouse.up()
    dragged = moved(near)
    assert dragged[0] == dragged[1]
    frames.first.focus()
    page.keyboard.press("ArrowRight")
    assert moved(dragged)[0] != near[0]
    assert page.url.endswith("/1"), "arrows move the picture, not the list, while it is close"
    page.keyboard.press("-")
    expect(zoom).to_have_text("181 %")
    frames.nth(1).dblclick()
    expect(zoom).to_have_text("100 %")
    assert looks() == whole
    page.get_by_role("button", name="closer").click()
    expect(zoom).to_have_text("150 %")
    page.keyboard.press("0")
    assert looks() == whole


@pytest.mark.usefixtures("lab")
def test_two_versions_are_compared_picture_by_picture(desk: Visit) -> None:
    page = desk.go("data", *ROOM, "diff", "v1", "fix")
    listed = page.get_by_role("list", name="changed pictures").get_by_role("button")
    expect(listed).to_have_count(3)
    sides = page.locator(".compared .changes")
    expect(sides).to_have_count(2)
    page.get_by_role("button", name="objects moved").click()
    expect(page).to_have_url(re.compile("/diff/v1/fix/objects.moved//1$"))
    expect(listed).to_have_count(1)
    expect(page.locator(".told")).to_contain_text("RBC, IoU 0.74")
    expect(sides.nth(0).locator("[data-kind=moved]")).to_have_count(1)
    expect(sides.nth(1).locator("[data-kind=ghost]")).to_have_count(1)
    old, new = (sides.nth(k).locator("[data-kind=moved] .line").bounding_box() for k in (0, 1))
    frames = [page.locator(".compared .frame").nth(k).bounding_box() for k in (0, 1)]
    assert old
    assert new
    assert frames[0]
    assert frames[1]
    shift = (new["x"] - frames[1]["x"]) - (old["x"] - frames[0]["x"])
    assert abs(shift - 14 * frames[0]["width"] / 640) < 1
    page.reload()
    expect(listed).to_have_count(1)
    page.get_by_role("button", name="all", exact=True).click()
    page.get_by_label("class", exact=True).select_option("Platelets")
    expect(listed).to_have_count(2)
    first = page.locator(".compared h2").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".compared")).to_contain_text("2 of 2")
    assert page.locator(".compared h2").inner_text() != first
    page.keyboard.press("k")
    expect(page.locator(".compared h2")).to_have_text(first)
    page.get_by_role("button", name="Swap").click()
    expect(page).to_have_url(re.compile("/diff/fix/v1/all/Platelets/1$"))
    expect(page.locator(".told")).to_contain_text("Platelets → ")


def test_a_merge_is_decided_by_mouse_given_up_and_decided_by_keys(desk: Visit, lab: Lab) -> None:
    page = desk.go("data", *ROOM)
    start(page)
    takes = page.get_by_role("group", name="what to keep")
    for words in (("WBC", "RBC", "Platelets"), ("at 52, 178", "at 40, 178", "at 66, 178")):
        expect(page.locator(".side-picture")).to_have_count(3)
        for side, word in zip(page.locator(".side-picture").all(), words, strict=True):
            expect(side.locator("figcaption")).to_contain_text(word)
            expect(side.locator(".changes .line:not(.same)")).to_have_count(1)
        takes.get_by_role("button", name="Take theirs").click()
        expect(page.locator(".compare-list .badge.good")).to_have_count(1 + (words[0] != "WBC"))
    expect(page.locator(".compare-head")).to_contain_text("all decided")
    takes.get_by_role("button", name="Undo").click()
    expect(page.locator(".compare-head")).to_contain_text("1 of 2 open")
    expect(page.get_by_role("button", name="Finish the merge")).to_be_disabled()
    page.get_by_role("button", name="Give up …").click()
    page.get_by_role("button", name="Give it up for good").click()
    expect(page).to_have_url(re.compile("/versions$"))
    assert len(lab.site.ask("log", dataset=NAME)["rows"]) == 3

    start(page)
    expect(page.locator(".side-picture")).to_have_count(3)
    page.keyboard.press("2")
    expect(page.locator(".compare-head")).to_contain_text("1 of 2 open")
    expect(page.locator(".compared")).to_contain_text("place")
    page.keyboard.press("1")
    expect(page.locator(".compare-head")).to_contain_text("all decided")
    page.keyboard.press("u")
    expect(page.locator(".compare-head")).to_contain_text("1 of 2 open")
    page.reload()
    expect(page.locator(".compare-head")).to_contain_text("1 of 2 open")
    page.keyboard.press("4")
    expect(page.locator(".compare-head")).to_contain_text("all decided")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/versions/v4$"))
    expect(page.locator(".version-graph .node.merged")).to_have_count(1)
    assert lab.objects(0, "v4")[0]["label"] == "Platelets"
    assert lab.objects(2, "v4")[0]["label"] == "Platelets"
    assert len(lab.objects(1, "v4")) == len(lab.objects(1, "v1")) + 1, "both places are kept"


@pytest.mark.usefixtures("lab")
def test_a_sample_says_who_changed_what(desk: Visit) -> None:
    page = desk.go("data", NAME, "v2", "all", "1")
    page.get_by_text("Who changed what, and when").click()
    mended = page.locator(".blamed > li").first
    expect(mended).to_contain_text("Platelets")
    expect(mended.locator(".blamed-line").first).to_contain_text("class")
    expect(mended.locator(".blamed-line").first).to_contain_text("owner")
    expect(mended.locator(".blamed-line").first).to_contain_text("three mended")
    expect(mended.locator(".blamed-line").nth(1)).to_contain_text("as delivered")
    mended.get_by_role("link", name="v2").click()
    expect(page).to_have_url(re.compile("/versions/v2$"))


def test_a_version_is_taken_back(desk: Visit, lab: Lab) -> None:
    newest = lab.site.ask("log", dataset=NAME)["rows"][0]["version"]
    page = desk.go("data", *ROOM, newest)
    page.get_by_role("button", name="Take it back …").click()
    group = page.get_by_role("group", name=f"take {newest} back")
    expect(group).to_contain_text("would change, 0 conflicts")
    group.get_by_role("button", name="Take it back").click()
    expect(page).to_have_url(re.compile(rf"/versions/v{int(newest[1:]) + 1}$"))
    expect(page.locator(".panel.named").first).to_contain_text(f"revert {newest}")


@pytest.fixture(scope="module")
def waiting(lab: Lab) -> None:
    """A merge that waits, after everything else was looked at."""
    lab.bring(b0=relabel("RBC"), b3=relabel("RBC"))
    lab.commit("looked at again")
    lab.site.ask("branch", dataset=NAME, name="late", from_="v1", switch=True)
    lab.bring(b3=relabel("Platelets"))
    lab.commit("late")
    lab.site.ask("merge", dataset=NAME, branch="main")


@pytest.mark.usefixtures("waiting")
def test_a_merge_answers_with_the_fields_that_the_page_knows(lab: Lab) -> None:
    status = lab.site.ask("merge.status", dataset=NAME)
    shown = lab.site.ask("merge.show", dataset=NAME, conflict=status["conflicts"][0]["id"])
    rows = [("merge.status", "conflicts", status["conflicts"][0])]
    rows += [("merge.show", side, shown[side]) for side in ("conflict", "base", "ours", "theirs")]
    for verb, field, row in rows:
        wanted, allowed = api_types.fields_of(api_types.ROWS[verb, field])
        assert wanted <= set(row) <= allowed, f"{verb}.{field}"


@pytest.mark.usefixtures("waiting")
def test_everybody_can_use_it(desk: Visit) -> None:
    places = (ROOM, (*ROOM, "v2"), (*ROOM, "diff", "v1", "v2"), (*ROOM, "merge"))
    for theme in ("light", "dark"):
        desk.page.emulate_media(color_scheme=theme)
        for address in places:
            desk.page.set_viewport_size(WIDE)
            page = desk.go("data", *address)
            assert axe_finds(page) == [], address
            for width in (1280, 800):
                page.set_viewport_size({"width": width, "height": 900})
                wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                assert page.evaluate(wide) <= 0, f"{address} at {width}"
