"""The label editor: the server has what was drawn, by mouse or by keyboard, and nothing is lost."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journey.test_one_contract import FASTESTDET
from tests.journey.worlds import until
from tests.ui.conftest import Site, Visit, up, visiting
from tests.ui.test_access import axe_finds
from visloop import app
from visloop.faces import sdk

NAMES = ("cat", "dog", "red")
_LOOK = """() => {
  const frame = document.querySelector(".edit-frame").getBoundingClientRect();
  const m = new DOMMatrix(getComputedStyle(document.querySelector(".edit-picture")).transform);
  return [frame.x + m.e, frame.y + m.f, m.a];
}"""


@pytest.fixture(scope="module")
def studio(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Plain pictures that nobody has labelled, behind `visloop up`."""
    del browser
    root = tmp_path_factory.mktemp("studio")
    pictures = root / "pictures"
    pictures.mkdir()
    for name in "abcdefghijk":
        Image.new("RGB", (200, 150), (90, 40 + 10 * ord(name) % 120, 200)).save(
            pictures / f"{name}.png"
        )
    app.create(root / "ws")
    with sdk.local(root / "ws") as here:
        here.call(app.add, app.Add(paths=(str(pictures),), to="pets"))
        here.call(app.classes_add, app.ClassesAdd(dataset="pets", names=NAMES))
        here.call(app.commit, app.Commit(dataset="pets", message="pictures"))
    with up(root / "ws") as running:
        yield running


@pytest.fixture
def editor(browser: Browser, studio: Site) -> Iterator[Visit]:
    with visiting(browser, studio) as visit:
        yield visit


def opened(visit: Visit, path: str, tool: str = "b", dataset: str = "pets") -> Page:
    page = visit.go("data", dataset, "work", "all", "edit", path)
    expect(page.locator(".edit-bar .path")).to_have_text(path)
    expect(page.locator(".edit-picture img")).to_be_visible()
    expect(page.locator(".edit-side .choice").first).to_be_visible()
    page.keyboard.press(tool)
    return page


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the picture is on the screen."""
    left, top, scale = page.evaluate(_LOOK)
    return left + x * scale, top + y * scale


def drag(page: Page, a: tuple[float, float], b: tuple[float, float]) -> None:
    page.keyboard.down("Alt")  # springs to nothing
    page.mouse.move(*spot(page, *a))
    page.mouse.down()
    page.mouse.move(*spot(page, *b), steps=3)
    page.mouse.up()
    page.keyboard.up("Alt")


def held(site: Site, path: str, dataset: str = "pets") -> dict[str, dict[str, Any]]:
    sample = site.ask("label.open", dataset=dataset, path=path)["sample"]
    return {each["id"]: each for each in sample.get("annotations", ())}


def saved(page: Page) -> None:
    expect(page.locator(".edit-bar").first).to_contain_text("all saved")


def shapes(site: Site, path: str) -> list[tuple[str, str]]:
    return [(each["type"], each["label"]) for each in held(site, path).values()]


def test_drawn_by_mouse_renamed_moved_undone(editor: Visit) -> None:
    page, site = opened(editor, "a.png"), editor.site
    drag(page, (20, 30), (80, 90))
    saved(page)
    (box,) = held(site, "a.png").values()
    assert (box["type"], box["label"], box["author"]) == ("box", "cat", "user:owner")
    assert box["xyxy"] == pytest.approx([20, 30, 80, 90], abs=0.6)
    page.keyboard.press("2")
    drag(page, (80, 90), (100, 110))  # its corner: it is selected still
    page.keyboard.press("v")
    drag(page, (50, 50), (60, 55))
    page.mouse.click(*spot(page, 180, 140))  # nothing is there: nothing is selected
    page.keyboard.press("b")
    drag(page, (120, 10), (180, 60))
    page.keyboard.press("Delete")
    saved(page)
    (now,) = held(site, "a.png").values()
    assert (now["label"], now["id"]) == ("dog", box["id"])
    assert now["xyxy"] == pytest.approx([30, 35, 110, 115], abs=1.2)
    for _ in range(6):
        page.keyboard.press("Control+z")
    saved(page)
    until(lambda: not held(site, "a.png"), what="all of it undone")
    assert not site.ask("label.open", dataset="pets", path="a.png")["sample"].get("labelled", True)
    for _ in range(4):
        page.keyboard.press("Control+y")
    until(lambda: shapes(site, "a.png") == [("box", "dog")], what="four steps again")


def test_drawn_by_keyboard_alone(editor: Visit) -> None:
    page, site = opened(editor, "b.png"), editor.site
    press = page.keyboard.press
    press("3")
    press("Enter")  # the crosshair, in the middle
    press("Enter")  # one corner
    for _ in range(6):
        press("ArrowRight")
        press("ArrowDown")
    press("Enter")  # the other
    saved(page)
    (box,) = held(site, "b.png").values()
    assert box["label"] == "red"
    assert box["xyxy"][:2] == pytest.approx([100, 75], abs=0.6)
    press("Shift+ArrowLeft")
    press("ArrowUp")
    press("Control+ArrowRight")
    press("Escape")
    press("p")
    press("1")
    for keys in (("Enter",), (), ("ArrowRight",) * 4, ("ArrowUp",) * 5):
        for key in keys:
            press(key)
        press("Enter")
    press("Enter")  # again where it is: closed
    saved(page)
    now = held(site, "b.png")
    x1, y1, x2, y2 = box["xyxy"]
    assert now[box["id"]]["xyxy"] == pytest.approx([x1 - 10, y1 - 1, x2 - 9, y2 - 1], abs=0.02)
    assert sorted(shapes(site, "b.png")) == [("box", "red"), ("polygon", "cat")]
    press("n")
    expect(page.get_by_label("class of the object")).to_be_visible()
    press("N")
    press("Backspace")
    until(lambda: len(held(site, "b.png")) == 1, what="one of them removed")
    press("d")
    expect(page.locator(".edit-bar .path")).to_have_text("c.png")
    press("c")
    until(lambda: len(held(site, "c.png")) == 1, what="copied from the picture before")
    assert not held(site, "c.png").keys() & held(site, "b.png").keys(), (
        "copies are objects of their own"
    )


def test_every_shape_reaches_the_server(editor: Visit) -> None:
    page, site = opened(editor, "d.png", "p"), editor.site
    for x, y in ((10, 10), (60, 10), (60, 50), (10, 10)):
        page.mouse.click(*spot(page, x, y))
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    drag(page, (100, 20), (160, 60))
    for _ in range(15):
        page.keyboard.press("]")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    drag(page, (30, 100), (80, 100))
    page.keyboard.press("x")
    drag(page, (55, 80), (55, 130))
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    for x, y in ((120, 100), (140, 120)):
        page.mouse.click(*spot(page, x, y))
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.keyboard.press("2")
    saved(page)
    assert sorted(shapes(site, "d.png")) == [
        *(("class", "dog"), ("mask", "cat"), ("obb", "cat"), ("points", "cat"), ("polygon", "cat")),
    ]
    of = {each["type"]: each for each in held(site, "d.png").values()}
    assert of["polygon"]["rings"][0] == pytest.approx([10, 10, 60, 10, 60, 50], abs=0.6)
    assert of["obb"]["angle_deg"] == 15
    pixels = np.repeat(np.arange(len(of["mask"]["counts"])) % 2, of["mask"]["counts"])
    mask = pixels.reshape(200, 150).T  # down the columns
    assert mask[100, 35] == 1
    assert mask[100, 55] == 0, "erased"
    assert mask[100, 75] == 1
    assert [round(x) for x, _, _ in of["points"]["points"]] == [120, 140]


def test_two_people_on_one_picture(editor: Visit) -> None:
    page, site = opened(editor, "e.png"), editor.site
    drag(page, (20, 20), (60, 60))
    drag(page, (100, 20), (140, 60))
    saved(page)
    first, second = held(site, "e.png").values()
    other = {**first, "label": "dog"}
    site.ask("label.edit", dataset="pets", path="e.png", edits=[{"put": other, "was": first}])
    site.ask("label.open", dataset="pets", path="e.png", tab="elsewhere")
    expect(page.locator(".edit-objects")).to_contain_text("dog")
    page.keyboard.press("Escape")
    moved = {**second, "xyxy": [100, 30, 140, 70]}
    page.get_by_role("button", name="cat 40 × 40").click()
    site.ask("label.edit", dataset="pets", path="e.png", edits=[{"put": moved, "was": second}])
    page.keyboard.press("ArrowRight")
    alert = page.locator(".failure", has_text="was changed by user:owner")
    expect(alert).to_be_visible()
    alert.get_by_role("button", name="Keep mine").click()
    mine = pytest.approx([101, 20, 141, 60], abs=0.7)
    until(lambda: held(site, "e.png")[second["id"]]["xyxy"] == mine, what="mine")
    assert held(site, "e.png")[first["id"]]["label"] == "dog"
    editor.seen.said.clear()  # the refusal was told on the console as well


def test_nothing_drawn_is_lost_by_a_cut_network_and_a_killed_tab(editor: Visit) -> None:
    page, site = opened(editor, "f.png"), editor.site
    drag(page, (10, 10), (50, 50))
    saved(page)
    editor.context.set_offline(True)
    drag(page, (60, 10), (90, 50))
    before = page.evaluate(_LOOK)
    expect(page.locator(".failure", has_text="1 edit not saved yet")).to_be_visible()
    expect(page.locator(".offline")).to_be_visible()
    assert page.evaluate(_LOOK) == before  # the picture stays under the hand
    drag(page, (100, 10), (140, 50))
    expect(page.locator(".failure", has_text="2 edits not saved yet")).to_contain_text(
        "kept in this browser"
    )
    assert len(held(site, "f.png")) == 1
    page.close(run_before_unload=False)
    editor.context.set_offline(False)
    again = editor.context.new_page()
    again.goto(f"{site.url}/#/data/pets/work/all/edit/f.png")
    expect(again.locator(".edit-objects li")).to_have_count(3)
    until(lambda: len(held(site, "f.png")) == 3, what="what the killed tab had drawn")
    editor.seen.said.clear()


def test_what_is_hidden_or_locked_is_not_under_the_hand(editor: Visit) -> None:
    page, site = opened(editor, "k.png"), editor.site
    drag(page, (10, 10), (60, 60))
    drag(page, (100, 20), (180, 120))
    saved(page)
    inked = "document.querySelector('.edit-frame canvas').toDataURL()"
    both = page.evaluate(inked)
    page.keyboard.press("H")  # the second is selected still
    expect(page.get_by_role("button", name="Show 1 hidden")).to_be_visible()
    until(lambda: page.evaluate(inked) != both, what="one box to be out of sight")
    page.get_by_role("button", name="Show 1 hidden").click()
    until(lambda: page.evaluate(inked) == both, what="it to be there again")
    page.keyboard.press("i")
    expect(page.get_by_role("button", name="lock cat")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".edit-said")).to_have_text("It is locked: press i to change it.")
    page.keyboard.press("Delete")
    page.keyboard.press("v")
    drag(page, (140, 70), (100, 40))
    page.mouse.click(*spot(page, 30, 30))
    expect(page.locator(".edit-objects .here")).to_contain_text("50 × 50")  # the other one can be
    page.keyboard.press("ArrowRight")
    saved(page)
    page.keyboard.press("H")  # n passes it by
    page.keyboard.press("n")
    expect(page.locator(".edit-objects .here")).to_contain_text("80 × 100")
    page.keyboard.press("N")
    expect(page.locator(".edit-objects .here")).to_contain_text("80 × 100")
    boxes = sorted(each["xyxy"] for each in held(site, "k.png").values())
    assert boxes[0] == pytest.approx([11, 10, 61, 60], abs=0.6)
    assert boxes[1] == pytest.approx([100, 20, 180, 120], abs=0.6)


def test_what_belongs_to_a_class_stands_beside_the_picture(editor: Visit) -> None:
    words = "Barks. A wolf is none."
    editor.site.ask("classes.set", dataset="pets", name="dog", definition=words)
    page = opened(editor, "k.png", "v")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator(".edit-definition")).to_have_text(words)
    page.keyboard.press("1")
    expect(page.locator(".edit-definition")).to_have_count(0)


def test_a_magnifier_shows_the_pixels_under_the_pointer(editor: Visit) -> None:
    page = opened(editor, "k.png", "v")
    page.mouse.move(*spot(page, 100, 75))
    inked = "document.querySelector('.edit-frame canvas').toDataURL()"
    before = page.evaluate(inked)
    page.keyboard.down("z")
    until(lambda: page.evaluate(inked) != before, what="the magnifier")
    page.keyboard.up("z")
    until(lambda: page.evaluate(inked) == before, what="it to be gone")


def test_light_changes_what_is_seen_and_stays_with_the_browser(editor: Visit) -> None:
    page = opened(editor, "k.png")
    page.get_by_role("button", name="Light", exact=True).click()
    page.get_by_role("slider", name="brightness").fill("200")
    picture = page.locator(".edit-picture")
    expect(picture).to_have_css("filter", "brightness(2) contrast(1)")
    page.get_by_role("slider", name="shapes").fill("40")
    expect(page.locator(".edit-frame canvas")).to_have_css("opacity", "0.4")
    page.reload()
    expect(picture).to_have_css("filter", "brightness(2) contrast(1)")
    page.get_by_role("button", name="Light changed").click()
    page.get_by_role("button", name="As it is").click()
    expect(picture).to_have_css("filter", "none")


def test_edits_in_any_order_end_as_they_were_drawn(editor: Visit) -> None:
    page, site = opened(editor, "g.png"), editor.site
    drawn = random.Random(5)
    known = 0
    for _ in range(40):
        deed = drawn.choice(("draw", "draw", "move", "name", "remove", "undo", "redo"))
        if deed == "draw":
            x, y = drawn.randint(0, 120), drawn.randint(0, 80)
            drag(page, (x, y), (x + drawn.randint(20, 70), y + drawn.randint(20, 60)))
            known += 1
        elif deed == "move":
            page.keyboard.press(drawn.choice(("ArrowLeft", "Shift+ArrowDown", "Control+ArrowUp")))
            page.keyboard.press("Escape") if not known else None
        elif deed == "name":
            page.keyboard.press(drawn.choice("123"))
        else:
            page.keyboard.press(
                {"remove": "Delete", "undo": "Control+z", "redo": "Control+y"}[deed]
            )
    page.keyboard.press("Escape")
    saved(page)
    shown = page.locator(".edit-objects li").all_inner_texts()
    of_server = [each["label"] for each in held(site, "g.png").values()]
    assert len(of_server) == len(shown)
    assert [text.split("\n")[0].strip() for text in shown] == of_server
    page.reload()
    expect(page.locator(".edit-objects li")).to_have_count(len(of_server))


def test_what_a_model_proposes_is_taken_one_by_one_or_all(
    editor: Visit, shared_data: Path, tmp_path: Path
) -> None:
    site, picture = editor.site, shared_data / "coco/images/000000000061.jpg"
    contract = tmp_path / "street.yaml"
    contract.write_text(FASTESTDET)
    shutil.copy(shared_data / "models/coco.names", tmp_path)
    with sdk.local(site.root) as here:
        here.call(app.add, app.Add(paths=(str(picture),), to="street"))
        here.call(app.classes_add, app.ClassesAdd(dataset="street", names=("person",)))
        network = str(shared_data / "models/FastestDet.onnx")
        here.call(app.model_import, app.ModelImport(network, as_="eye", contract=str(contract)))
    page = opened(editor, picture.name, dataset="street")
    page.get_by_label("model that proposes").select_option("eye@v1")
    offered = page.get_by_label("proposals").get_by_role("button")
    expect(offered).to_have_count(3)
    offered.nth(1).click()
    saved(page)
    (taken,) = held(site, picture.name, "street").values()
    assert (taken["label"], taken["author"], taken.get("score")) == ("person", "user:owner", None)
    expect(offered).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")
    expect(offered).to_have_count(0)
    saved(page)
    assert len(held(site, picture.name, "street")) == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_editor(editor: Visit, theme: str) -> None:
    editor.page.emulate_media(color_scheme=theme)
    page = opened(editor, "h.png")
    if not held(editor.site, "h.png"):
        drag(page, (20, 20), (60, 60))
        saved(page)
    page.keyboard.press("n")
    expect(page.get_by_label("class of the object")).to_be_visible()
    assert axe_finds(page) == []


def test_nothing_here_is_said_and_the_next_is_found_by_a_question(editor: Visit) -> None:
    page, site = editor.page, editor.site
    page.goto(f"{site.url}/#/data/pets/work/all/edit//not labelled")  # the first that it finds
    expect(page.locator(".edit-bar .path")).not_to_be_empty()
    where = page.locator(".edit-bar .path").inner_text()
    page.keyboard.press("e")
    until(
        lambda: site.ask("label.open", dataset="pets", path=where)["sample"].get("labelled", True),
        what="somebody looked",
    )
    assert not held(site, where)
    assert json.loads(json.dumps(site.newest_fact("label.edited")["payload"]))["labelled"] is True


def test_what_is_half_drawn_survives_the_tab_until_it_is_finished_or_dropped(
    editor: Visit,
) -> None:
    page, site = opened(editor, "j.png", "p"), editor.site
    page.keyboard.press("2")
    corners = ((20, 20), (90, 25), (80, 100))
    for x, y in corners:
        page.mouse.click(*spot(page, x, y))
    page.close()
    page = editor.context.new_page()
    page.goto(f"{site.url}/#/data/pets/work/all/edit/j.png")
    left = page.locator(".notice", has_text="Left half drawn here: a polygon of dog, 3 corners")
    expect(left).to_be_visible()
    page.get_by_role("button", name="Box", exact=True).click()
    drag(page, (100, 100), (140, 140))  # another shape does not touch it
    saved(page)
    page.keyboard.press("Escape")
    page.reload()
    expect(left).to_be_visible()
    page.keyboard.press("r")
    expect(left).to_be_hidden()
    page.mouse.click(*spot(page, 30, 90))
    page.keyboard.press("Enter")
    saved(page)
    (ring,) = [each for each in held(site, "j.png").values() if each["type"] == "polygon"]
    assert ring["label"] == "dog"
    drawn = [n for corner in (*corners, (30, 90)) for n in corner]
    assert ring["rings"][0] == pytest.approx(drawn, abs=1.5)
    page.reload()
    expect(page.locator(".edit-objects li")).to_have_count(2)
    expect(left).to_be_hidden()
    for ending in ("Escape", "Drop it"):
        page.keyboard.press("k")  # points
        page.mouse.click(*spot(page, 150, 20))
        if ending == "Escape":
            page.keyboard.press(ending)
        page.reload()
        expect(page.locator(".edit-objects li")).to_have_count(2)
        points = page.locator(".notice", has_text="key points of cat, 1 point")
        if ending == "Escape":
            expect(points).to_be_hidden()
            continue
        expect(points).to_be_visible()
        page.get_by_role("button", name=ending).click()
        expect(points).to_be_hidden()
        page.reload()
        expect(page.locator(".edit-objects li")).to_have_count(2)
        expect(points).to_be_hidden()
    assert (
        page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('visloop.draft'))") == []
    )
    page.close()
