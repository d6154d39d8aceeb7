"""Hands are faster than answers, and slip: nothing that was drawn is lost, or it is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journey.worlds import until
from tests.ui.conftest import Site, Visit
from tests.ui.test_editor import drag, opened, saved, spot


@pytest.fixture
def pets(store: Site, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A data set of plain pictures; its name."""
    for k, name in enumerate("abcd"):
        Image.new("RGB", (200, 150), (90, 60 + 40 * k, 200)).save(tmp_path / f"{name}.png")
    name = request.node.name.replace("_", "-")[5:40].strip("-")
    store.ask("add", paths=[str(tmp_path)], to=name)
    return name


def held(site: Site, dataset: str, path: str) -> list[dict[str, Any]]:
    return site.ask("label.open", dataset=dataset, path=path)["sample"].get("annotations", [])


def said(page: Page) -> Any:
    return page.locator(".edit-said")


def test_a_polygon_that_is_half_drawn_stays(desk: Visit, pets: str) -> None:
    desk.site.ask("classes.add", dataset=pets, names=["cat"])
    page = opened(desk, "a.png", "p", pets)
    for place in ((20, 20), (120, 20), (120, 100), (30, 120)):
        page.mouse.click(*spot(page, *place))
    page.keyboard.press("d")
    expect(said(page)).to_contain_text("Half of a shape")
    expect(page.locator(".edit-bar .path")).to_have_text("a.png")
    page.mouse.move(*spot(page, 60, 60))
    page.mouse.down(button="middle")  # looks elsewhere
    page.mouse.move(*spot(page, 70, 70))
    page.mouse.up(button="middle")
    page.keyboard.press("Control+z")  # the last corner, not the step before
    page.mouse.move(*spot(page, 180, 140))
    page.keyboard.press("Enter")
    saved(page)
    (shape,) = held(desk.site, pets, "a.png")
    assert shape["rings"][0] == pytest.approx([20, 20, 120, 20, 120, 100], abs=1)


def test_three_presses_are_three_pictures(desk: Visit, pets: str) -> None:
    desk.site.ask("classes.add", dataset=pets, names=["cat"])
    page = opened(desk, "a.png", "b", pets)
    page.evaluate(
        """() => { for (let k = 0; k < 3; k++)
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "d", bubbles: true})); }"""
    )  # faster than the browser tells of another address
    expect(page.locator(".edit-bar .path")).to_have_text("d.png")
    expect(page.locator(".edit-place")).to_have_text("4 of 4")
    page.keyboard.press("d")
    expect(said(page)).to_have_text("This is the last picture.")


def test_what_is_drawn_before_there_is_a_class_is_told(desk: Visit, pets: str) -> None:
    page = desk.go("data", pets, "work", "all", "edit", "a.png")
    expect(page.locator(".edit-picture img")).to_be_visible()
    page.keyboard.press("b")
    drag(page, (20, 20), (80, 80))
    expect(said(page)).to_contain_text("Name a class first")


def test_a_refusal_outlives_the_tab(desk: Visit, pets: str) -> None:
    site = desk.site
    site.ask("classes.add", dataset=pets, names=["cat", "dog"])
    page = opened(desk, "a.png", "b", pets)
    drag(page, (20, 20), (80, 80))
    saved(page)
    (box,) = held(site, pets, "a.png")
    desk.context.set_offline(True)
    page.keyboard.press("2")
    theirs = {**box, "xyxy": [5, 5, 50, 50]}
    site.ask("label.edit", dataset=pets, path="a.png", edits=[{"put": theirs, "was": box}])
    desk.context.set_offline(False)
    refusal = page.locator(".failure", has_text=re.compile("Not saved: .* was changed by"))
    expect(refusal).to_be_visible()
    page.reload()
    expect(refusal).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    until(lambda: held(site, pets, "a.png")[0]["label"] == "dog", what="mine")
    expect(page.locator(".failure")).to_have_count(0)
    assert held(site, pets, "a.png")[0]["xyxy"] == pytest.approx(box["xyxy"])
    desk.seen.said.clear()  # of the network that was cut, and of the conflict
