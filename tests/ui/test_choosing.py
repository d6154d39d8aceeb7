"""Choosing pictures in the grid: by ticks, by keys, all that a question finds; acted on and taken back."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.ui.conftest import Visit
from tests.ui.test_access import axe_finds

_MANY = """async () => {
  const { h, render, button } = await import("/ui/lib/dom.js");
  const { Window } = await import("/ui/lib/window.js");
  const place = document.createElement("div");
  place.id = "many";
  document.querySelector("main").prepend(place);
  const cell = (index, tab) => button({ tabIndex: tab }, `n${index}`);
  render(h(Window, { count: 9_000_000, least: 400, label: "many", cell }), place);
}"""


def status(page: Page):
    return page.get_by_role("region", name="chosen pictures").get_by_role("status").first


def width_of_one(page: Page) -> float:
    box = page.locator(".cell").first.bounding_box()
    assert box is not None
    return box["width"]


def test_pictures_are_chosen_changed_taken_back_and_exported(visit: Visit, tmp_path: Path) -> None:
    page = visit.go("data", "line")
    total = visit.site.ask("query", at="line", limit=0)["count"]
    cells = page.locator(".card")
    cells.nth(1).hover()
    page.locator(".tick-box").nth(1).click()
    expect(status(page)).to_have_text(f"1 picture of {total} chosen")
    page.locator(".card button").nth(4).click(modifiers=["Shift"])
    expect(status(page)).to_have_text(f"4 pictures of {total} chosen")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator(".cell.chosen")).to_have_count(6)
    assert axe_finds(page) == []
    page.get_by_label("night", exact=True).fill("odd-one")
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Do it").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    assert visit.site.ask("query", text="tag.odd-one", at="line", limit=0)["count"] == 0
    changed = visit.site.ask("bulk.list", dataset="line", limit=1)["rows"][0]
    assert (changed["matched"], changed["says"]) == (6, {"tag": ["odd-one"]})
    page.get_by_role("link", name="Keep as a pick").click()
    expect(page).to_have_url(re.compile(r"/find/pick\(s[0-9a-f]{12}\)$"))
    expect(page.locator(".card")).to_have_count(6)
    page.locator(".card button").first.focus()
    page.keyboard.press("Control+a")
    page.get_by_role("link", name="Export …").click()
    expect(page.get_by_text("6 pictures: pick(")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download as one file").click()
    with zipfile.ZipFile(coming.value.path()) as packed:
        assert len([each for each in packed.namelist() if each.endswith(".jpg")]) == 6
    page.get_by_role("textbox", name="Folder").fill(str(tmp_path / "out"))
    assert axe_finds(page) == []
    page.get_by_role("button", name="Write as coco").click()
    expect(page.locator(".outcome")).to_contain_text("6 pictures")
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 6


def test_all_that_a_question_finds_is_chosen_without_naming_one(visit: Visit) -> None:
    text = "annotations.label = gear"
    page = visit.go("data", "line", "work", "all", "find", text)
    count = visit.site.ask("query", text=text, at="line", limit=0)["count"]
    sent: list[str] = []
    page.on("request", lambda one: sent.append(f"{one.url} {one.post_data}"))
    page.locator(".card button").first.focus()
    page.keyboard.press("Control+a")
    expect(status(page)).to_have_text(f"{count} pictures of {count} chosen")
    page.get_by_label("what to do with them").select_option("drop")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text(f"{count} pictures of {count} would change.")).to_be_visible()
    asked = [each for each in sent if "/api/v1/bulk" in each]
    assert len(asked) == 1
    assert f'"where":"{text}"' in asked[0]
    assert not any("/api/v1/pick" in each for each in sent)
    page.get_by_role("button", name="Take out", exact=True).click()
    expect(page.get_by_text("No picture fits")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".card")).to_have_count(count)


def test_what_was_looked_at_before_the_form_was_changed_arms_nothing(visit: Visit) -> None:
    page = visit.go("data", "line")
    page.locator(".card button").nth(2).click(modifiers=["Control"])
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/v1/bulk", hold)
    name, look = page.get_by_label("night", exact=True), "See what would change"
    name.fill("first")
    with page.expect_request("**/api/v1/bulk"):
        page.get_by_role("button", name=look).click()
    name.fill("second")
    with page.expect_response("**/api/v1/bulk"):
        held.pop().continue_()
    expect(page.get_by_role("button", name=look)).to_be_enabled()
    expect(page.get_by_role("button", name="Do it")).to_have_count(0)
    expect(page.get_by_text("would change.")).to_have_count(0)
    page.unroute("**/api/v1/bulk")
    page.get_by_role("button", name=look).click()
    expect(page.get_by_role("button", name="Do it")).to_be_enabled()
    name.fill("third")
    expect(page.get_by_role("button", name="Do it")).to_have_count(0)


def test_the_size_of_pictures_is_set_by_keys_and_remembered(visit: Visit) -> None:
    page = visit.go("data", "line")
    wide = width_of_one(page)
    page.get_by_role("slider", name="size of the pictures").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    larger = width_of_one(page)
    assert larger > 1.2 * wide
    page.reload()
    expect(page.locator(".card button").first).to_be_visible()
    assert width_of_one(page) == larger


def test_a_grid_higher_than_a_browser_lays_out_is_walked_to_its_end(visit: Visit) -> None:
    page = visit.go("data", "line")
    page.evaluate(_MANY)
    first = page.get_by_role("button", name="n0", exact=True)
    expect(first).to_be_visible()
    first.focus()
    page.keyboard.press("End")
    last = page.get_by_role("button", name="n8999999", exact=True)
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("PageUp")
    focused = page.locator("#many :focus")
    expect(focused).to_be_in_viewport()
    assert 8_999_900 < int(focused.inner_text()[1:]) < 8_999_999
    page.mouse.move(400, 400)
    before = int(focused.inner_text()[1:])
    page.mouse.wheel(0, -3000)
    expect(page.get_by_role("button", name=f"n{before}", exact=True)).not_to_be_in_viewport()
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    expect(first).to_be_in_viewport()
