"""Objects cut out of their pictures: found, walked through, opened by keyboard and by address."""

from __future__ import annotations

import json

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.ui.conftest import Site, Visit
from tests.ui.data.conftest import picture
from tests.ui.test_access import axe_finds

LARGE = (1600, 1200)
SPOTS = [(x, y) for y in range(100, 1100, 100) for x in range(100, 1500, 100)]
SPOT_PX = 12

_MIDDLE = """(image) => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink.drawImage(image, 0, 0);
  const at = (x, y) => [...ink.getImageData(x * canvas.width, y * canvas.height, 1, 1).data];
  return [at(0.5, 0.5), at(0.1, 0.1)];
}"""


@pytest.fixture(scope="module")
def tiny(store: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A large picture that lies on its side, with 140 red spots of 12 pixels on white."""
    folder = tmp_path_factory.mktemp("tiny")
    upright = Image.new("RGB", (LARGE[1], LARGE[0]), "white")
    ink = ImageDraw.Draw(upright)
    for y, x in SPOTS:
        ink.rectangle((x, y, x + SPOT_PX - 1, y + SPOT_PX - 1), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(folder / "spots.jpg", quality=92, exif=exif)
    boxes = [[y, LARGE[1] - x - SPOT_PX, SPOT_PX, SPOT_PX] for y, x in SPOTS]
    coco = {
        "images": [{"id": 1, "file_name": "spots.jpg", "width": LARGE[0], "height": LARGE[1]}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 1 + n % 2, "bbox": box}
            for n, box in enumerate(boxes, 1)
        ],
        "categories": [{"id": 1, "name": "even"}, {"id": 2, "name": "odd"}],
    }
    (folder / "annotations.json").write_text(json.dumps(coco))
    store.ask("add", paths=[str(folder)], to="tiny")
    store.ask("commit", dataset="tiny", message="spots")
    return "tiny"


@pytest.fixture(scope="module")
def bare(store: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A picture that nobody has labelled."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "a.jpg").write_bytes(picture(5))
    store.ask("add", paths=[str(folder)], to="bare")
    return "bare"


def question(page: Page):
    return page.get_by_role("combobox", name="question")


def opened(page: Page):
    """The object that the editor has selected, in its list."""
    return page.get_by_role("list", name="objects").locator("button.here")


def test_tiny_objects_are_seen_sharp_and_upright(desk: Visit, tiny: str) -> None:
    page = desk.go("data", tiny, "work", "all", "objects")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(f"{len(SPOTS)} objects")
    card = page.locator(".card").nth(3)
    expect(card).to_contain_text("12 × 12")
    expect(card.locator("svg path")).to_have_count(1)
    image = card.locator("img")
    expect(image).to_have_js_property("complete", value=True)
    inside, outside = image.evaluate(_MIDDLE)
    assert (inside[0] > 200, max(inside[1:3]) < 60) == (True, True), inside
    assert min(outside[:3]) > 220, outside


def test_objects_are_asked_for_and_opened_by_keyboard_and_one_comes_back(
    desk: Visit, tiny: str
) -> None:
    page = desk.go("data", tiny)
    page.get_by_role("navigation", name="of the data set").get_by_role(
        "link", name="Objects"
    ).press("Enter")
    expect(page.locator(".card").first).to_be_visible()
    question(page).focus()
    page.keyboard.type("lab")
    offers = page.get_by_role("listbox", name="what could stand next").get_by_role("option")
    expect(offers.first).to_contain_text("label")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(question(page)).to_have_value("label ")
    page.keyboard.type("= odd sort by y1")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("70 objects found")
    assert page.url.endswith(f"#/data/{tiny}/work/all/objects/label%20%3D%20odd%20sort%20by%20y1")
    page.locator(".card button").first.focus()
    page.keyboard.press("End")
    last = page.locator(".cell[aria-posinset='70'] button")
    expect(last).to_be_focused()
    wanted = desk.site.ask(
        "query", of="objects", at=tiny, text="label = odd sort by y1", offset=69, limit=1
    )["rows"][0]
    page.keyboard.press("Enter")
    expect(opened(page)).to_have_count(1)
    assert page.url.endswith(f"/edit/{wanted['path']}//{wanted['id']}")
    expect(page.get_by_role("group", name="zoom").get_by_role("status")).to_have_text("800 %")
    page.reload()
    expect(opened(page)).to_have_count(1)
    page.go_back()
    expect(last).to_be_focused()
    expect(last).to_be_in_viewport()
    assert page.url.endswith("/objects/label%20%3D%20odd%20sort%20by%20y1/70")
    page.reload()
    expect(last).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(last).not_to_be_focused()


def test_of_a_version_the_picture_is_opened(desk: Visit, tiny: str) -> None:
    page = desk.go("data", tiny, "v1", "all", "objects", "id exists limit 2")
    expect(page.locator(".card")).to_have_count(2)
    page.locator(".card button").first.click()
    expect(page.get_by_role("dialog", name="spots.jpg")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_found_a_wrong_question_and_no_answer_are_told(
    desk: Visit, tiny: str, bare: str, theme: str
) -> None:
    desk.page.emulate_media(color_scheme=theme)
    page = desk.go("data", tiny, "work", "all", "objects", "width < 5")
    expect(page.get_by_text("No object fits")).to_be_visible()
    assert axe_finds(page) == []
    page = desk.go("data", bare, "work", "all", "objects")
    expect(page.get_by_text("No objects here")).to_be_visible()
    assert axe_finds(page) == []
    page = desk.go("data", tiny, "work", "all", "objects", "label = odds")
    expect(page.locator("#question-wrong")).to_contain_text("did you mean 'odd'?")
    assert axe_finds(page) == []
    page = desk.go("data", tiny, "v9", "all", "objects")
    expect(page.locator(".failure").first).to_contain_text("v9")
    page.goto("about:blank")
    desk.seen.said.clear()  # the browser noted each 400 and 404


def test_what_counts_narrows_down_and_a_split_keeps_the_question(desk: Visit) -> None:
    page = desk.go("data", "boxed", "work", "all", "objects")
    total = desk.site.ask("query", of="objects", at="boxed", limit=0)["count"]
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(f"{total} objects")
    label = page.locator("details.facet", has_text="label").get_by_role("button").first
    name = label.locator(".facet-words").inner_text()
    label.click()
    expect(question(page)).to_have_value(f"label = {name}")
    count = desk.site.ask("query", of="objects", at="boxed", text=f"label = {name}", limit=0)
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(
        f"{count['count']} objects found"
    )
    page.get_by_role("button", name="Save this view …").click()
    page.get_by_label("name of the view").fill("one-class")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="one-class", exact=True).click()
    expect(question(page)).to_have_value(f"label = {name}")
    page.get_by_role("button", name="forget the view one-class").click()
    expect(page.get_by_role("button", name="one-class", exact=True)).to_have_count(0)


def test_what_is_asked_of_objects_is_asked_of_their_pictures_and_back(
    desk: Visit, tiny: str
) -> None:
    page = desk.go("data", tiny, "work", "all", "objects", "label = odd sort by y1")
    rooms = page.get_by_role("navigation", name="of the data set")
    rooms.get_by_role("link", name="Pictures", exact=True).click()
    expect(question(page)).to_have_value("annotation(label = odd)")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 picture found")
    rooms.get_by_role("link", name="Objects").click()
    expect(question(page)).to_have_value("label = odd")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("70 objects found")


def test_objects_are_chosen_given_a_class_and_taken_back(desk: Visit, tiny: str) -> None:
    page = desk.go("data", tiny, "work", "all", "objects", "label = even sort by y1, x1")
    page.locator(".card button").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    region = page.get_by_role("region", name="chosen objects")
    expect(region.get_by_role("status").first).to_have_text("3 objects of 70 chosen")
    region.get_by_label("class", exact=True).select_option("odd")
    region.get_by_role("button", name="See what would change").click()
    expect(region).to_contain_text("3 objects in 1 picture would change.")
    assert axe_finds(page) == []
    region.get_by_role("button", name="Do it").click()
    expect(region).to_contain_text("3 objects in 1 picture changed; a commit makes it last.")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("67 objects found")
    expect(page.locator(".cell.chosen")).to_have_count(0)
    region.get_by_role("button", name="Undo").click()
    expect(region).to_contain_text("Taken back.")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("70 objects found")
    page.locator(".card button").first.focus()
    page.keyboard.press("Control+a")
    expect(region.get_by_role("status").first).to_have_text("70 objects of 70 chosen")
    (spots,) = desk.site.ask("query", at=tiny)["rows"]
    desk.site.ask("meta.set", dataset=tiny, paths=[spots["path"]], set={"site": "north"})
    expect(region).to_contain_text("The data has changed: choose again.")
    expect(page.locator(".cell.chosen")).to_have_count(0)
