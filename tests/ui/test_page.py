"""What a person sees and does in the page: a real server, a real browser."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.ui import api_types
from tests.ui.conftest import RED_XYXY, Site, Visit
from visloop import app
from visloop.faces import sdk

VIEWS = ("loop", "data", "queue", "runs", "models", "deployments", "history", "housekeeping")
NONSENSE = re.compile(r"undefined|NaN|\[object|Infinity|Invalid Date")


def detail_addresses(visit: Visit) -> list[tuple[str, ...]]:
    run = visit.site.ask("runs.list")["rows"][0]["id"]
    (search,) = visit.site.ask("runs.list", where="source = tune")["rows"]
    answer = visit.site.ask("predictions", name="belt", limit=1)["rows"][0]["id"]
    return [
        ("data", "boxed"),
        ("data", "odd"),
        ("data", "line", "v1", "test"),
        ("data", "boxed", "v1", "all", "3"),
        ("data", "line", "v1", "all", "find", "annotations.label = gear and split = test"),
        ("data", "+"),
        ("data", "line", "work", "all", "classes", "gear"),
        ("data", "line", "v1", "test", "metadata"),
        ("data", "line", "work", "all", "metadata"),
        ("data", "line", "v1", "all", "export"),
        ("data", "boxed", "work", "all", "versions"),
        ("data", "boxed", "work", "all", "versions", "diff", "v1", "work"),
        ("data", "boxed", "work", "all", "add"),
        ("data", "odd", "work", "all", "quarantine"),
        ("queue", "to-review"),
        ("queue", "disputed"),
        ("queue", "agreement", "line"),
        ("queue", "people"),
        ("queue", "people", "line", "owner"),
        ("queue", "assign", "line", "annotations.label = gear"),
        ("runs", run),
        ("runs", search["id"]),
        ("runs", "where", "status = done"),
        ("runs", "compare", f"{run},{search['id']}"),
        ("runs", "parallel", search["id"]),
        ("models", "inspector@v1"),
        ("deployments", "belt", answer),
        ("history", "models"),
    ]


def pictures_are_there(page: Page, within: str) -> int:
    """How many pictures are shown; all that are in sight have their pixels."""
    page.wait_for_function(
        """(within) => {
          const seen = [...document.querySelectorAll(within + ' img')].filter((each) => {
            const { top, bottom } = each.getBoundingClientRect();
            return bottom > 0 && top < innerHeight;
          });
          return seen.length > 0 && seen.every((each) => each.complete && each.naturalWidth > 0);
        }""",
        arg=within,
    )
    return page.locator(f"{within} img").count()


def test_a_look_asks_for_one_script_and_one_sheet(visit: Visit) -> None:
    visit.go("data", "boxed")
    own = [each.rpartition(".")[2] for each in visit.seen.asked if "/ui/" in each]
    assert sorted(each for each in own if each != "svg") == ["css", "js"]


def test_the_way_in_is_the_address_that_up_prints(visit: Visit) -> None:
    visit.context.clear_cookies()
    visit.page.goto(visit.site.way_in)
    expect(visit.page.get_by_role("heading", name="Loop")).to_be_visible()
    assert visit.site.token not in visit.page.url
    assert visit.page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_view_shows_what_it_has(visit: Visit, theme: str) -> None:
    visit.page.emulate_media(color_scheme=theme)
    for address in [*((each,) for each in VIEWS), *detail_addresses(visit)]:
        page = visit.go(*address)
        where = "/".join(address)
        expect(page.locator("nav [aria-current=page]")).to_have_text(
            re.compile(address[0], re.IGNORECASE)
        )
        text = page.inner_text("body")
        assert not NONSENSE.search(text), f"{where}: {NONSENSE.search(text)}"
        assert page.locator(".failure").count() == 0, where
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, f"{where} is wider than the window"


def test_every_view_fits_a_smaller_window(visit: Visit) -> None:
    for width in (1280, 820):
        visit.page.set_viewport_size({"width": width, "height": 800})
        for address in [*((each,) for each in VIEWS), *detail_addresses(visit)]:
            page = visit.go(*address)
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0, f"{'/'.join(address)} at {width} px"


def test_the_grid_shows_the_pictures_and_holds_few_of_them(visit: Visit) -> None:
    page = visit.go("data", "line")
    expect(page.locator(".window img").nth(14)).to_be_attached()
    assert pictures_are_there(page, ".window") < 90
    expect(page.locator("main .title")).to_contain_text("90 pictures")
    last = visit.site.ask("samples", ref="line@work", offset=89, limit=1)["rows"][0]["path"]
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("button", name=f"open {last}", exact=True)).to_be_visible()
    pictures_are_there(page, ".window")


def test_the_grid_is_walked_by_keys_and_keeps_the_focus_when_scrolled(visit: Visit) -> None:
    page = visit.go("data", "line")
    rows = visit.site.ask("samples", ref="line@work", limit=90)["rows"]
    first = page.get_by_role("button", name=f"open {rows[0]['path']}", exact=True)
    first.focus()
    columns = page.evaluate(
        "() => new Set([...document.querySelectorAll('.cell')].map((each) => each.style.left)).size"
    )
    assert page.locator(".cell button[tabindex='0']").count() == 1
    for key, index in [("ArrowRight", 1), ("ArrowDown", 1 + columns), ("End", 89), ("End", 89)]:
        page.keyboard.press(key)
        named = page.get_by_role("button", name=f"open {rows[index]['path']}", exact=True)
        expect(named).to_be_focused()
        expect(named).to_be_in_viewport(ratio=1)
    page.evaluate("scrollTo(0, 0)")
    expect(first).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    named = page.get_by_role("button", name=f"open {rows[88]['path']}", exact=True)
    expect(named).to_be_focused()
    expect(named).to_be_in_viewport()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/data/line/work/all/1$"))


def test_a_split_and_a_version_are_addresses(visit: Visit) -> None:
    page = visit.go("data", "line")
    page.get_by_role("group", name="split").get_by_role("button", name="test").click()
    expect(page).to_have_url(re.compile(r"#/data/line/work/test$"))
    in_test = visit.site.ask("samples", ref="line@work:test", limit=1)["total"]
    expect(page.locator("main .title")).to_contain_text(f"{in_test} pictures")
    page.get_by_role("link", name="v1", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/data/line/v1/test$"))


def test_the_viewer_walks_through_the_pictures(visit: Visit) -> None:
    page = visit.go("data", "boxed", "v1")
    page.locator(".card button").first.click()
    rows = visit.site.ask("samples", ref="boxed@v1", limit=2)["rows"]
    expect(page.locator("dialog[open] .path")).to_have_text(rows[0]["path"])
    page.keyboard.press("ArrowRight")
    expect(page.locator("dialog[open] .path")).to_have_text(rows[1]["path"])
    expect(page.locator("dialog[open] .frame svg rect")).to_have_count(
        len([each for each in rows[1]["annotations"] if each["type"] == "box"])
    )
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"#/data/boxed/v1$"))


def red_of(page: Page) -> tuple[float, float, float, float]:
    """Where the red pixels of a screenshot are, in pixels of the window."""
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    red = (shot[..., 0] > 200) & (shot[..., 1] < 60) & (shot[..., 2] < 60)
    ys, xs = np.nonzero(red)
    return float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)


_ON_SCREEN = """(drawn) => {
  const [box, to] = [drawn.getBBox(), drawn.getScreenCTM()];
  const corner = (x, y) => new DOMPoint(x, y).matrixTransform(to);
  const [from, end] = [corner(box.x, box.y), corner(box.x + box.width, box.y + box.height)];
  return [from.x, from.y, end.x, end.y];
}"""


@pytest.mark.parametrize("where", [("turned",), ("turned", "work", "all", "1")])
def test_a_box_on_a_turned_picture_lies_on_its_pixels(visit: Visit, where: tuple[str, ...]) -> None:
    row = visit.site.ask("samples", ref="turned@work")["rows"][0]
    assert row["orientation"] == 6
    assert row["annotations"][0]["xyxy"] == list(RED_XYXY)
    page = visit.go("data", *where)
    picture = "dialog[open] .frame" if len(where) > 1 else ".card"
    pictures_are_there(page, picture)
    drawn = page.locator(f"{picture} svg :is(rect, path)").evaluate(_ON_SCREEN)
    assert np.allclose(drawn, red_of(page), atol=3.0)


@pytest.mark.shared
def test_boxes_of_real_pictures_are_where_their_file_says(visit: Visit, shared_data: Path) -> None:
    file = shared_data / "bccd" / "Annotations" / "BloodImage_00000.xml"
    folder = visit.site.root.parent / "bccd"
    for kind, name in (("Annotations", file.name), ("JPEGImages", "BloodImage_00000.jpg")):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        shutil.copy(file.parent.parent / kind / name, folder / kind / name)
    visit.site.ask("add", paths=[str(folder)], to="cells")
    tree = ET.parse(file)
    corners = ("xmin", "ymin", "xmax", "ymax")
    wanted = sorted(
        tuple(float(box.findtext(each) or "nan") for each in corners) for box in tree.iter("bndbox")
    )
    page = visit.go("data", "cells", "work", "all", "1")
    pictures_are_there(page, "dialog[open] .frame")
    image = page.locator("dialog[open] .frame img").bounding_box()
    assert image is not None
    scale = image["width"] / 640
    assert abs(image["height"] / 480 - scale) < 0.01
    drawn = sorted(
        tuple(
            (edge - start) / scale
            for edge, start in zip(
                (at["x"], at["y"], at["x"] + at["width"], at["y"] + at["height"]),
                (image["x"], image["y"]) * 2,
                strict=True,
            )
        )
        for each in page.locator("dialog[open] .frame svg rect").all()
        if (at := each.bounding_box()) is not None
    )
    assert np.allclose(np.array(drawn), np.array(wanted), atol=2.5)


def test_classes_can_be_hidden(visit: Visit) -> None:
    page = visit.go("data", "turned")
    expect(page.locator(".card svg path")).to_have_count(1)
    page.get_by_role("button", name="red", exact=True).click()
    expect(page.locator(".card svg path")).to_have_count(0)


def test_what_was_refused_says_why(visit: Visit) -> None:
    page = visit.go("data", "odd")
    panel = page.locator(".panel", has_text="Quarantine")
    expect(panel).to_contain_text("broken.jpg")
    expect(panel).to_contain_text("no kind of picture")
    panel.get_by_role("button", name="Try again").click()
    expect(panel).to_contain_text("0 taken, 1 still refused")


def test_the_theme_follows_the_system_until_a_person_says_otherwise(visit: Visit) -> None:
    page = visit.go("models")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(light) => {ground} !== light", arg=light)
    page.keyboard.press("t")
    assert page.evaluate(ground) == light
    page.reload()
    page.wait_for_selector("main h1")
    assert page.evaluate(ground) == light


def test_keys_lead_everywhere(visit: Visit) -> None:
    page = visit.go("loop")
    for key, name in zip("dqrmphkl", (*VIEWS[1:], "loop"), strict=True):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(rf"#/{name}$"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="keys")).to_be_hidden()
    page.reload()
    page.wait_for_selector("main h1")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("to the content")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_deployment_shows_its_drift_and_its_alarm(visit: Visit) -> None:
    page = visit.go("deployments", "belt")
    monitored = visit.site.ask("monitor", name="belt")
    expect(page.locator(".notice")).to_contain_text("Alarm")
    expect(page.locator(".notice")).to_contain_text(monitored["verdict"][1:])
    alarms = sum(each["alarm"] for each in monitored["windows"])
    name = f"drift of {len(monitored['windows'])} windows, {alarms} of them alarms"
    chart = page.get_by_role("img", name=name)
    expect(chart.locator("canvas")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text(
        re.compile(r"\d+\s*unlike the training|\d+\s*the model was unsure")
    )
    assert pictures_are_there(page, ".answers") == 14
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".notice")).to_contain_text("somebody looks after it")
    assert visit.site.newest_fact("alert.acknowledged")["subject"] == monitored["alerts"][0]["id"]


def test_an_answer_is_traced_to_its_data(visit: Visit) -> None:
    page = visit.go("deployments", "belt")
    page.locator(".answer").first.click()
    dialog = page.get_by_role("dialog", name="where an answer came from")
    for word in ("inspector@v1", "classify-linear", "line@v1", "first parts"):
        expect(dialog).to_contain_text(word)
    pictures_are_there(page, "dialog[open] .stage")


def test_an_answer_is_explained_by_a_map_and_the_pictures_it_learnt_from(visit: Visit) -> None:
    page = visit.go("deployments", "belt")
    page.locator(".answer").first.click()
    dialog = page.get_by_role("dialog", name="where an answer came from")
    dialog.get_by_label("how", exact=True).select_option("occlusion")
    dialog.get_by_role("button", name="Why does inspector@v1 say so?").click()
    expect(dialog.locator(".why-map img")).to_be_visible(timeout=60_000)
    expect(dialog.locator(".near li")).to_have_count(5)
    said = dialog.locator(".why .proposal").inner_text().split()[0]
    expect(dialog.locator(".why-map img")).to_have_attribute("alt", re.compile(said))
    dialog.get_by_text("What pushed its head").click()
    expect(dialog.locator(".pushes li")).to_have_count(4)
    pictures_are_there(page, ".near")


def test_a_picture_is_tried(visit: Visit, tmp_path_factory: pytest.TempPathFactory) -> None:
    part = next(visit.site.root.parent.glob("parts/gear/*.jpg"))
    page = visit.go("deployments", "belt")
    page.set_input_files("input[type=file]", part)
    expect(page.locator(".tried .proposal")).to_contain_text("gear")
    broken = tmp_path_factory.mktemp("tried") / "broken.jpg"
    broken.write_text("no picture")
    page.set_input_files("input[type=file]", broken)
    expect(page.locator(".failure", has_text="no picture that is read")).to_be_visible()
    assert visit.seen.said, "the browser itself tells of an answer that is no success"
    visit.seen.said.clear()


def test_a_model_shows_its_verdict_and_its_worth(visit: Visit) -> None:
    page = visit.go("models", "inspector@v1")
    expect(page.locator(".panel", has_text="Gate").first).to_contain_text("pass")
    report = visit.site.ask("model.show", ref="inspector@v1")["report"]
    cells = page.locator(".confusion td").all_inner_texts()
    truth = [str(n) if n else "·" for row in report["confusion"] for n in row]
    assert cells == truth
    page.get_by_role("button", name="Judge by the gate").click()
    expect(page.get_by_role("button", name="Judge by the gate")).to_be_enabled(timeout=30_000)
    assert page.locator(".failure").count() == 0
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".title .badge", has_text="approved")).to_be_visible()
    assert visit.site.newest_fact("model.approved")["subject"] == "inspector@v1"


def test_an_answer_becomes_a_test_that_the_model_shows(visit: Visit) -> None:
    row = visit.site.ask("predictions", name="belt")["rows"][-1]
    wrong = next(each for each in ("gear", "bolt") if each != row["label"])
    page = visit.go("deployments", "belt", row["id"])
    dialog = page.get_by_role("dialog", name="where an answer came from")
    dialog.get_by_text("Make this a test").click()
    dialog.get_by_role("combobox", name=re.compile("^class")).select_option(wrong)
    dialog.get_by_label("why").fill("seen at the belt")
    dialog.get_by_role("button", name="Make it a test").click()
    made = dialog.locator(".made")
    expect(made).to_contain_text(f"Every gate of inspector asks for {wrong}")
    made.get_by_role("link").click()
    tests = page.locator(".panel", has_text="every gate asks about these")
    expect(tests).to_contain_text("1 incident came after the gate judged inspector@v1")
    expect(tests.locator("li")).to_contain_text("seen at the belt")
    assert pictures_are_there(page, ".incidents") == 1
    visit.site.ask("gate", model="inspector@v1")
    expect(tests.locator("li")).to_contain_text(f"inspector@v1 answered {row['label']}")
    expect(tests.locator("li .badge")).to_have_text("fail")
    tests.get_by_text("Close", exact=True).click()
    tests.get_by_label("reason").fill("only a try")
    tests.get_by_role("button", name="Ask it no more").click()
    expect(tests).to_have_count(0)
    closed = visit.site.newest_fact("incident.closed")
    assert closed["actor"] == "user:owner"
    visit.site.ask("gate", model="inspector@v1")


def test_a_report_answers_a_question_and_is_a_file_of_its_own(visit: Visit) -> None:
    page = visit.go("models", "inspector@v1")
    page.get_by_label("How does it do on a slice?").fill("width > 10")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("cell", name="width > 10", exact=True)).to_be_visible(timeout=30_000)
    link = page.get_by_role("link", name="Report as one file").get_attribute("href")
    assert link == "/reports/inspector%40v1?slice=width%20%3E%2010"
    file = visit.context.request.get(f"{visit.site.url}{link}")
    assert file.headers["content-security-policy"].startswith("sandbox")
    assert "width &gt; 10" in file.text()
    assert visit.context.request.get(f"{visit.site.url}/reports/nobody@v1").status == 404
    page.get_by_label("How does it do on a slice?").fill("width > 1000000")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".failure")).to_contain_text("no picture of line@v1:test is in the slice")
    visit.seen.said.clear()


def test_a_run_shows_what_it_said_while_it_learnt(visit: Visit, tmp_path: Path) -> None:
    run = visit.site.ask("runs.list")["rows"][0]["id"]
    files = [tmp_path / f"{name}.jpg" for name in ("epoch-00010", "epoch-00002", "truth")]
    for place, file in enumerate(files):
        Image.new("RGB", (40, 30 + place), "teal").save(file)
    with sdk.local(visit.site.root) as here:
        to = "predictions"
        here.call(app.runs_save, app.RunsSave(run=run, files=tuple(map(str, files)), to=to))
    page = visit.go("runs", run)
    expect(page.locator(".epochs figcaption")).to_have_text(["truth", "epoch 2", "epoch 10"])
    assert pictures_are_there(page, ".epochs") == 3
    heights = page.locator(".epochs img").evaluate_all("each => each.map((i) => i.naturalHeight)")
    assert heights == [32, 31, 30]


def test_the_loop_is_started_and_stopped(visit: Visit) -> None:
    page = visit.go("loop")
    status = visit.site.ask("loop.status")
    expect(page.locator("main")).to_contain_text(f"{status['accepted']} of 40 labels accepted")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".circle")).to_contain_text("runs by itself")
    assert visit.site.newest_fact("loop.started")["subject"] == "belt"
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".circle")).to_contain_text("moves when you step")


def test_the_record_is_verified(visit: Visit) -> None:
    page = visit.go("history")
    page.get_by_role("button", name="Verify the record").click()
    expect(page.locator(".notice")).to_contain_text("The record is whole")


def test_the_server_answers_with_the_fields_that_the_page_knows(site: Site) -> None:
    asks = {
        "log": {"dataset": "line"},
        "diff": {"a": "boxed@v1", "b": "boxed@work"},
        "branch.list": {"dataset": "line"},
        "tag.list": {"dataset": "line"},
        "blame": {
            "ref": "boxed@v1",
            "path": site.ask("samples", ref="boxed@v1")["rows"][0]["path"],
        },
        "samples": {"ref": "boxed@v1"},
        "classes.list": {"dataset": "line"},
        "label.gain": {"dataset": "line"},
        "findings": {"ref": "line@v1"},
        "meta.fields": {"ref": "boxed@v1"},
        "meta.show": {
            "ref": "boxed@v1",
            "path": site.ask("samples", ref="boxed@v1")["rows"][0]["path"],
        },
        "model.show": {"ref": "inspector@v1"},
        "predictions": {"name": "belt"},
        "rollout.show": {"name": "belt"},
        "monitor": {"name": "belt"},
        "runs.show": {"run": site.ask("runs.list")["rows"][0]["id"]},
        "runs.curves": {"runs": [site.ask("runs.list")["rows"][0]["id"]]},
        "runs.artifacts": {"run": site.ask("runs.list")["rows"][0]["id"]},
        "evaluate": {"model": "inspector@v1", "on": "line@v1:test"},
    }
    reading = {each.name for each in app.OPERATIONS if each.permission.endswith(".read")}
    for (verb, field), record in api_types.ROWS.items():
        if (verb not in reading and verb != "evaluate") or verb.startswith("merge."):
            continue  # no merge waits here: see data/test_versions.py
        found = site.ask(verb, **asks.get(verb, {}))[field]
        if isinstance(record, str) or not found:
            continue
        for row in found if isinstance(found, list) else [found]:
            wanted, allowed = api_types.fields_of(record)
            assert wanted <= set(row) <= allowed, f"{verb}.{field}"
