"""The class dictionary on the page: looked at, grown, and changed over a whole data set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Site, Visit


@pytest.fixture
def parts(store: Site, classes: Path, request: pytest.FixtureRequest) -> str:
    """A committed data set of two gears and two nuts."""
    name = re.sub("[^a-z0-9-]", "-", request.node.name.removeprefix("test_").lower())[:50]
    store.ask("add", paths=[str(classes)], to=name)
    store.ask("commit", dataset=name, message="four parts")
    return name


def found(desk: Visit, name: str, ref: str = "") -> dict[str, dict[str, Any]]:
    rows = desk.site.ask("classes.list", dataset=f"{name}{ref}")["rows"]
    return {each["name"]: each for each in rows}


def test_the_dictionary_shows_counts(desk: Visit, parts: str) -> None:
    page = desk.go("data", parts, "v1", "all", "classes")
    cells = page.locator("tbody tr", has_text="gear").locator("td").all_inner_texts()
    assert cells[1:3] == ["2", "2"]
    assert page.locator("main input, main textarea").count() == 0, "a version stays as it is"


def test_a_class_is_added_and_described(desk: Visit, parts: str) -> None:
    page = desk.go("data", parts, "work", "all", "classes")
    page.get_by_label("Name").fill("washer")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="washer", exact=True).click()
    side = page.locator(".panel.named")
    side.get_by_label("Below").fill("gear")
    side.get_by_label("What belongs to it").fill("flat, with a hole")
    side.get_by_label("Colour").fill("#112233")
    side.get_by_role("button", name="Save").click()
    row = page.locator("tbody tr", has_text="washer")
    expect(row).to_contain_text("flat, with a hole")
    side.get_by_label("Also called").fill("Scheibe")
    side.get_by_role("button", name="Add the name").click()
    expect(row).to_contain_text("Scheibe")
    said = found(desk, parts)["washer"]
    assert (said["color"], said["parent"], said["aliases"]) == ("#112233", "gear", ["Scheibe"])
    side.get_by_role("button", name="no longer called Scheibe").click()
    expect(row).not_to_contain_text("Scheibe")
    side.get_by_role("button", name="Remove").click()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_name_that_is_taken_says_so(desk: Visit, parts: str) -> None:
    page = desk.go("data", parts, "work", "all", "classes", "gear")
    page.locator(".panel.named").get_by_label("Also called").fill("nut")
    page.get_by_role("button", name="Add the name").click()
    expect(page.locator(".panel.named .failure")).to_contain_text("nut")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".panel.named .failure")).to_contain_text("2 objects")
    desk.seen.said.clear()


def test_a_rename_is_looked_at_and_then_one_version(desk: Visit, parts: str) -> None:
    page = desk.go("data", parts, "work", "all", "classes", "nut")
    page.get_by_label("New name").fill("hex nut")
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".notice")).to_contain_text("2 objects in 2 samples would change")
    assert "hex nut" not in found(desk, parts)
    page.get_by_label("New name").fill("hexagon nut")
    expect(page.locator(".notice")).to_have_count(0)
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Rename to hexagon nut").click()
    expect(page.locator("tbody tr", has_text="hexagon nut")).to_contain_text("nut")
    expect(page).to_have_url(re.compile("classes/hexagon%20nut$"))
    assert found(desk, parts)["hexagon nut"]["aliases"] == ["nut"]
    assert desk.site.ask("log", dataset=parts)["rows"][0]["version"] == "v2"


def test_classes_are_merged_together_with_what_is_staged(desk: Visit, parts: str) -> None:
    desk.site.ask("classes.add", dataset=parts, names=["spare"])
    page = desk.go("data", parts, "work", "all", "classes")
    page.get_by_label("pick gear").check()
    page.get_by_label("pick nut").check()
    page.get_by_label("Into").fill("part")
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".failure")).to_contain_text("staged")
    desk.seen.said.clear()
    page.get_by_label("Together with what is staged").check()
    page.get_by_role("button", name="See what would change").click()
    expect(page.locator(".notice")).to_contain_text("4 objects in 4 samples would change")
    page.get_by_role("button", name="Merge into part").click()
    expect(page.locator("tbody tr", has_text="part")).to_contain_text("4")
    assert set(found(desk, parts, "@v2")) == {"part", "spare"}
