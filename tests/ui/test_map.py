"""The map on the page: drawn around, picked, acted on, taken back; by pointer, by keys, by its address."""

from __future__ import annotations

import math
import re

from playwright.sync_api import expect

from tests.ui.conftest import Visit
from tests.ui.test_access import axe_finds


def on_map(visit: Visit, *rest: str):
    page = visit.go("data", "line", "work", "all", "map", *rest)
    surface = page.get_by_role("application", name="map of the pictures")
    expect(surface).to_be_visible(timeout=60_000)
    expect(page.locator(".map-legend li").first).to_be_visible()
    return page, surface


def picked(page) -> int:
    title = page.locator(".panel h2", has_text=re.compile(r"picked$"))
    expect(title).to_be_visible()
    return int(title.inner_text().split()[0])


def draw_around(page, surface, *, share: float = 0.3, modifier: str = "Shift") -> None:
    """A circle in the middle of the map, as wide as this share of it."""
    box = surface.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    wide = share * box["height"]
    page.keyboard.down(modifier)
    page.mouse.move(x + wide, y)
    page.mouse.down()
    for step in range(1, 21):
        turn = step * math.pi / 10
        page.mouse.move(x + wide * math.cos(turn), y + wide * math.sin(turn))
    page.mouse.up()
    page.keyboard.up(modifier)


def test_what_is_drawn_around_is_a_question_and_can_be_tagged_and_taken_back(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="dark")
    page, surface = on_map(visit)
    expect(page.get_by_text(re.compile("trustworthiness 0|trustworthiness 1"))).to_be_visible()
    draw_around(page, surface, share=0.42)
    expect(page).to_have_url(re.compile(r"/map/label/s[0-9a-f]{12}$"))
    pick = page.url.rpartition("/")[2]
    many = picked(page)
    found = visit.site.ask("query", text=f"pick({pick})", at="line", limit=0)
    assert many == found["count"] > 3
    assert axe_finds(page) == []
    visit.page.emulate_media(color_scheme="light")
    assert axe_finds(page) == []
    page.reload()
    expect(page.locator(".panel h2", has_text=f"{many} pictures picked")).to_be_visible()
    page.get_by_label("night").fill("seen")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_text(f"{many} pictures of {many} would change.")).to_be_visible()
    page.get_by_role("button", name="Do it").dblclick()
    expect(page.get_by_text(f"{many} pictures of {many} changed")).to_be_visible()
    tagged = visit.site.ask("query", text="tag.seen", at="line", limit=0)
    changes = visit.site.ask("bulk.list", dataset="line", limit=9)["rows"]
    mine = [each for each in changes if each["says"] == {"tag": ["seen"]}]
    assert [each["changed"] for each in mine] == [many] == [tagged["count"]]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    left = visit.site.ask("query", text="tag.seen", at="line", limit=0)
    assert left["count"] == 0
    page.get_by_role("link", name="Show them as a grid").click()
    expect(page.get_by_role("combobox", name="question")).to_have_value(f"pick({pick})")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(f"{many} pictures found")


def test_a_map_by_keys_alone(visit: Visit) -> None:
    page, surface = on_map(visit, "split")
    surface.focus()
    page.keyboard.press("ArrowRight")
    told = page.locator(".map-told")
    expect(told).to_contain_text(re.compile(r"\.jpg: \w+"))
    first = told.inner_text()
    page.keyboard.press("ArrowRight")
    expect(told).not_to_have_text(first)
    page.keyboard.press("Space")
    assert picked(page) == 1
    page.keyboard.press("n")
    expect(page.locator(".panel h2", has_text="11 pictures picked")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/map/split/s[0-9a-f]{12}$"))
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/map/split$"))
    path = told.inner_text().split(":")[0]
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=path)).to_be_visible()


def test_a_value_is_hidden_or_picked_and_a_rectangle_leaves_hidden_ones_alone(visit: Visit) -> None:
    page, surface = on_map(visit)
    gears = visit.site.ask("query", text="annotations.label = gear", at="line", limit=0)["count"]
    everything = visit.site.ask("query", text="", at="line", limit=0)["count"]
    page.get_by_role("button", name="pick gear").click()
    expect(page.locator(".panel h2", has_text=f"{gears} pictures picked")).to_be_visible()
    page.locator(".map-legend button[title]", has_text="gear").click()
    page.get_by_role("button", name="Rectangle").click()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=4)
    page.mouse.up()
    title = page.locator(".panel h2", has_text=f"{everything - gears} pictures picked")
    expect(title).to_be_visible()
    page.get_by_role("button", name="Let go").click()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
