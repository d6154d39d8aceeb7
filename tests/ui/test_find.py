"""Finding pictures on the page: by keyboard, by pressing what is counted, by saved views, by address."""

from __future__ import annotations

import re
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.journey.worlds import until
from tests.ui.conftest import Visit
from tests.ui.test_access import axe_finds

PASTE = """
([type, bytes]) => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], "clipboard", { type }));
  document.activeElement.dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }));
}
"""


def question(page):
    return page.get_by_role("combobox", name="question")


def picture(visit: Visit, digest: str) -> bytes:
    place = f"{visit.site.url}/media/image/{digest}"
    asked = urllib.request.Request(place, headers={"Authorization": f"Bearer {visit.site.token}"})
    with urllib.request.urlopen(asked, timeout=30) as reply:
        return reply.read()


def shown(visit: Visit, text: str) -> int:
    return visit.site.ask("query", text=text, at="line", limit=0)["count"]


def test_a_question_is_completed_asked_and_reloaded_by_keyboard(visit: Visit) -> None:
    page = visit.go("data", "line")
    question(page).focus()
    page.keyboard.type("annotations.lab")
    offers = page.get_by_role("listbox", name="what could stand next")
    expect(offers.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(offers.get_by_role("option", selected=True)).to_contain_text("annotations.label")
    assert axe_finds(page) == []
    page.keyboard.press("Enter")
    expect(question(page)).to_have_value("annotations.label ")
    page.keyboard.type("= nu")
    expect(offers.get_by_role("option")).to_have_text([re.compile("^nut")])
    page.keyboard.press("Tab")
    expect(question(page)).to_have_value("annotations.label = nut ")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    count = shown(visit, "annotations.label = nut")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(f"{count} pictures found")
    expect(page.locator(".card")).to_have_count(count)
    assert page.url.endswith("#/data/line/work/all/find/annotations.label%20%3D%20nut")
    page.locator(".card button").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(f"1 of {count}")
    page.keyboard.press("Escape")
    page.reload()
    expect(question(page)).to_have_value("annotations.label = nut")
    expect(page.locator(".card")).to_have_count(count)


def test_what_is_counted_narrows_down_and_widens_again(visit: Visit) -> None:
    page = visit.go("data", "line")

    def counted(field, value):
        facet = page.locator("details.facet").filter(has=page.get_by_text(field, exact=True))
        return facet.get_by_role("button", name=re.compile(rf"^{value}\s*\d+$"))

    value = counted("label", "gear")
    value.click()
    expect(question(page)).to_have_value("annotations.label = gear")
    expect(value).to_have_attribute("aria-pressed", "true")
    counted("split", "test").click()
    expect(question(page)).to_have_value("annotations.label = gear and split = test")
    count = shown(visit, "annotations.label = gear and split = test")
    expect(page.locator(".card")).to_have_count(count)
    page.get_by_label("count another field").select_option("media")
    expect(page.locator(".facet", has_text="media")).to_contain_text(f"image/jpeg{count}")
    value.click()
    expect(question(page)).to_have_value("split = test")
    counted("folder", "nut").click()
    expect(question(page)).to_have_value('split = test and (folder = nut or folder like "nut/%")')
    expect(page.locator(".card")).to_have_count(shown(visit, "split = test and folder = nut"))
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(re.compile("#/data/line/work/all$"))


def spread(page, field):
    return page.locator("details.facet").filter(has=page.get_by_label(f"{field} from"))


def still(picture) -> dict[str, float]:
    """Where it is once it stays there: what stands above it comes a moment after a question."""
    seen: list[dict[str, float]] = []

    def look() -> bool:
        picture.page.wait_for_timeout(150)
        seen.append(picture.bounding_box())
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

    until(look, what="a histogram that stands still")
    return seen[-1]


def drag(page, field, start: int, end: int) -> None:
    """Over so many bars of a field's histogram; `end` is the last one."""
    picture = spread(page, field).locator("svg")
    picture.scroll_into_view_if_needed()
    bars = int(picture.get_attribute("viewBox").split()[2])
    box = still(picture)
    xs = [box["x"] + box["width"] * (each + 0.5) / bars for each in (start, end)]
    y = box["y"] + box["height"] / 2
    page.mouse.move(xs[0], y)
    page.mouse.down()
    page.mouse.move(xs[1], y, steps=4)
    page.mouse.up()


def test_a_range_is_drawn_over_a_histogram_changed_and_taken_away(visit: Visit) -> None:
    told = visit.site.ask("query", at="line", limit=0, histograms="bytes")["histograms"][0]
    edges, counts = told["edges"], told["counts"]
    page = visit.go("data", "line", "work", "all", "find", "split = test")
    expect(spread(page, "bytes").locator("path.all")).to_be_visible()
    drag(page, "bytes", 9, 4)
    asked = f"split = test and bytes >= {edges[4]} and bytes <= {edges[10] - 1}"
    expect(question(page)).to_have_value(asked)
    expect(page.locator(".card")).to_have_count(shown(visit, asked))
    expect(spread(page, "bytes").locator("rect.range")).to_be_visible()
    page.reload()
    expect(page.get_by_label("bytes from")).to_have_value(str(edges[4]))
    drag(page, "bytes", 5, len(counts) - 1)
    again = f"split = test and bytes >= {edges[5]} and bytes <= {edges[-1] - 1}"
    expect(question(page)).to_have_value(again)
    page.get_by_role("button", name="any bytes").press("Enter")
    expect(question(page)).to_have_value("split = test")
    expect(page.get_by_label("bytes from")).to_be_focused()
    page.get_by_role("button", name="Clear").click()
    drag(page, "bytes", 3, 3)  # a press is a bar
    asked = f"bytes >= {edges[3]} and bytes <= {edges[4] - 1}"
    expect(question(page)).to_have_value(asked)
    assert shown(visit, asked) == counts[3]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_range_is_typed_by_keyboard_alone(visit: Visit, theme: str) -> None:
    visit.page.emulate_media(color_scheme=theme)
    told = visit.site.ask("query", at="line", limit=0, histograms="bytes")["histograms"][0]
    page = visit.go("data", "line")
    least = page.get_by_role("spinbutton", name="bytes from")
    expect(least).to_have_attribute("placeholder", str(told["least"]))
    least.focus()
    page.keyboard.type(str(told["edges"][8]))
    page.keyboard.press("Tab")
    expect(question(page)).to_have_value(f"bytes >= {told['edges'][8]}")
    expect(page.get_by_role("spinbutton", name="bytes to")).to_be_focused()
    page.keyboard.type(str(told["edges"][12]))
    page.keyboard.press("Enter")
    asked = f"bytes >= {told['edges'][8]} and bytes <= {told['edges'][12]}"
    expect(question(page)).to_have_value(asked)
    expect(page.locator(".card")).to_have_count(shown(visit, asked))
    expect(spread(page, "bytes").get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"^bytes, .+ – .+; most between .+")
    )
    assert axe_finds(page) == []
    page.get_by_label("count another field").select_option("height")
    expect(page.get_by_label("height from")).to_have_count(0)  # all are alike


def test_a_view_is_saved_asked_again_and_forgotten(visit: Visit) -> None:
    page = visit.go("data", "line", "work", "all", "find", "split = test and class(label = bolt)")
    page.get_by_role("button", name="Save this view …").click()
    page.get_by_label("name of the view").fill("test-bolts")
    page.keyboard.press("Enter")
    view = page.get_by_role("button", name="test-bolts", exact=True)
    expect(view).to_have_attribute("aria-pressed", "true")
    assert axe_finds(page) == []
    page.get_by_role("button", name="Clear").click()
    view.click()
    expect(page.locator(".card")).to_have_count(shown(visit, "view(test-bolts)"))
    page.get_by_role("button", name="forget the view test-bolts").click()
    expect(view).to_have_count(0)
    assert visit.site.newest_fact("view.removed")["subject"] == "test-bolts"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_wrong_stands_at_its_place(visit: Visit, theme: str) -> None:
    visit.page.emulate_media(color_scheme=theme)
    page = visit.go("data", "line", "work", "all", "find", "class(label = nutt) and split = test")
    wrong = page.locator("#question-wrong")
    expect(wrong).to_contain_text("label is never 'nutt'")
    expect(wrong.locator(".wrong-place")).to_have_text("nutt")
    expect(wrong).to_contain_text("did you mean 'nut'?")
    expect(question(page)).to_have_attribute("aria-invalid", "true")
    assert axe_finds(page) == []
    visit.seen.said.clear()  # the browser notes each 400


def test_words_and_a_dropped_picture_find_what_is_near(visit: Visit, tmp_path) -> None:
    best = visit.site.ask("search", words="a metal ring", at="line", limit=1)["rows"][0]
    page = visit.go("data", "line")
    words = page.get_by_role("searchbox", name="search by words")
    words.fill("a metal ring")
    page.keyboard.press("Enter")
    expect(question(page)).to_have_value('near "a metal ring"', timeout=30_000)
    expect(page.locator(".alike").get_by_role("status")).to_contain_text("taken for: ")
    first = page.locator(".card button").first
    expect(first).to_have_attribute("aria-label", f"open {best['path']}")
    first.click()
    page.get_by_role("button", name="More like this").click()
    expect(question(page)).to_have_value(f'similar "{best["path"]}"')
    expect(page.locator(".card button").first).not_to_have_attribute(
        "aria-label", f"open {best['path']}"
    )
    file = tmp_path / "part.jpg"
    file.write_bytes(picture(visit, best["image"]))
    page.get_by_label("search by a picture").set_input_files(file)
    alike = page.get_by_label("pictures like it")
    expect(alike.get_by_role("button", name=f"more like {best['path']}")).to_be_visible(
        timeout=30_000
    )
    assert axe_finds(page) == []
    text = tmp_path / "words.txt"
    text.write_text("no picture")
    page.get_by_label("search by a picture").set_input_files(text)
    expect(page.locator(".alike")).to_contain_text("no picture that is read here")


def test_a_pasted_picture_finds_what_is_like_it(visit: Visit) -> None:
    best = visit.site.ask("samples", ref="line@work", limit=1)["rows"][0]
    held = ["image/jpeg", list(picture(visit, best["image"]))]
    page = visit.go("data", "line")
    page.locator(".card button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate(PASTE, held)  # another thing lies over the field
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("searchbox", name="search by words").focus()
    page.evaluate(PASTE, ["text/plain", [104, 105]])
    expect(page.locator(".alike").get_by_role("status")).to_be_empty()
    page.evaluate(PASTE, held)
    alike = page.get_by_label("pictures like it")
    more = alike.get_by_role("button", name=f"more like {best['path']}")
    expect(more).to_be_visible(timeout=30_000)
    expect(alike).to_be_in_viewport()
    more.click()
    expect(question(page)).to_have_value(f'similar "{best["path"]}"')
