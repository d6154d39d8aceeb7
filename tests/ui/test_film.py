"""A film in the label editor: an object followed through it, by mouse and by keys, nothing lost."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import msgspec
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journey.worlds import until
from tests.ui import node
from tests.ui.conftest import Site, Visit, up, visiting
from tests.ui.test_access import axe_finds
from tests.ui.test_editor import drag, saved
from visloop import app
from visloop.faces import sdk
from visloop.vision import Course, Followed, OrientedBox, Points, Polygon, Track, filled

_SCRIPT = """
import { readFileSync } from "node:fs";
const { filled } = await import(process.argv[1]);
const out = JSON.parse(readFileSync(process.argv[2], "utf-8")).map(({ keys, stops, places }) =>
  [...filled({ keys: new Map(keys), stops: new Set(stops) }, places)].sort((a, b) => a[0] - b[0]));
console.log(JSON.stringify(out));
"""
_COURSE = Path(app.__file__).parents[1] / "faces/ui/views/editor/film/course.js"


def test_the_page_draws_what_the_server_stores(tmp_path: Path) -> None:
    """The same rule in two languages, to the last bit."""
    draw = random.Random(6)
    cases = [_course(draw) for _ in range(300)]
    told = [
        {
            "keys": [[at, msgspec.to_builtins(key)] for at, key in course.keys.items()],
            "stops": sorted(course.stops),
            "places": places,
        }
        for course, places in cases
    ]
    (tmp_path / "cases.json").write_text(json.dumps(told))
    done = node.run(
        "node",
        *("--input-type=module", "-e", _SCRIPT, str(_COURSE), str(tmp_path / "cases.json")),
    )
    assert not done.returncode, done.stderr
    for drawn, (course, places) in zip(json.loads(done.stdout), cases, strict=True):
        stored = filled(course, places)
        assert {at: _placed(msgspec.convert(each, Followed)) for at, each in drawn} == {
            at: _placed(each) for at, each in stored.items()
        }


def _placed(each: Followed) -> Followed:
    return msgspec.structs.replace(each, id="")


def _course(draw: random.Random) -> tuple[Course, list[int]]:
    places = sorted(draw.sample(range(90_000), 12))
    kind = draw.choice((_box, _turned, _outline, _pose))
    keys = {at: kind(draw) for at in sorted(draw.sample(range(12), draw.randint(0, 5)))}
    stops = frozenset(draw.sample(range(12), draw.randint(0, 3)) if keys else ())
    return Course(keys, stops), places


def _some(draw: random.Random, count: int) -> tuple[float, ...]:
    return tuple(draw.uniform(0, 900) for _ in range(count))


def _box(draw: random.Random) -> Track:
    x1, y1, x2, y2 = _some(draw, 4)
    return Track(track="t", label="car", xyxy=(x1, y1, x2, y2))


def _turned(draw: random.Random) -> OrientedBox:
    cx, cy, w, h = _some(draw, 4)
    return OrientedBox(track="t", cxcywh=(cx, cy, w, h), angle_deg=draw.uniform(-400, 400))


def _outline(draw: random.Random) -> Polygon:
    return Polygon(track="t", rings=(_some(draw, draw.choice((6, 8))),))


def _pose(draw: random.Random) -> Points:
    points = tuple((*_some(draw, 2), draw.randint(0, 2)) for _ in range(3))
    return Points(track="t", points=points)


@pytest.fixture(scope="module")
def cinema(
    browser: Browser, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A real film, some frames of it, behind `visloop up`."""
    del browser
    root = tmp_path_factory.mktemp("cinema")
    app.create(root / "ws")
    film = shared_data / "video/bottle-detection.mp4"
    with sdk.local(root / "ws") as here:
        for name in ("belt", "other"):
            here.call(app.add, app.Add((str(film),), to=name, frames="every:2s"))
            here.call(app.classes_add, app.ClassesAdd(dataset=name, names=("bottle", "hand")))
            here.call(app.commit, app.Commit(dataset=name, message="frames"))
    with up(root / "ws") as running:
        yield running


@pytest.fixture
def visit(browser: Browser, cinema: Site) -> Iterator[Visit]:
    with visiting(browser, cinema) as visit:
        yield visit


def told(site: Site, dataset: str = "belt") -> dict[str, Any]:
    return site.ask("label.track", dataset=dataset, film="bottle-detection.mp4")


def lefts(site: Site, dataset: str = "belt") -> dict[int, float]:
    """Where each frame of the data set holds its tracks' left side, as training sees it."""
    rows = site.ask("samples", ref=f"{dataset}@work", limit=100)["rows"]
    return {
        at: round(each["xyxy"][0], 1)
        for at, row in enumerate(sorted(rows, key=lambda row: row["path"]))
        for each in row.get("annotations", ())
        if each["type"] == "track"
    }


def frame(page: Page, number: int) -> None:
    expect(page.locator(".reel-when")).to_contain_text(f"frame {number} of")


def projected(visit: Visit, dataset: str = "belt", number: int = 1) -> Page:
    """The editor with a frame of the film, counted from 1 as the strip does."""
    path = told(visit.site, dataset)["frames"][number - 1]["path"]
    page = visit.page
    page.goto(f"{visit.site.url}/#/data/{dataset}/work/all/edit/{quote(path, safe='')}")
    frame(page, number)
    expect(page.locator(".edit-side .choice").first).to_be_visible()
    page.keyboard.press("b")
    return page


def test_followed_through_a_film(visit: Visit, tmp_path: Path) -> None:
    """Drawn in two frames, interpolated between; changed, ended, reloaded, committed, exported."""
    site = visit.site
    page = projected(visit)
    press = page.keyboard.press
    last = len(told(site)["frames"])
    drag(page, (100, 100), (180, 300))
    theme = page.evaluate("() => localStorage.getItem('visloop.theme')")
    press("t")
    press("End")
    frame(page, last)
    assert page.evaluate("() => localStorage.getItem('visloop.theme')") == theme, (
        "one key, one deed"
    )
    expect(page.locator(".reel")).to_contain_text("out of sight here")
    drag(page, (480, 100), (560, 300))
    saved(page)
    across = lefts(site)
    assert sorted(across) == list(range(last)), "in every frame, as real as any other"
    assert across[0] == pytest.approx(100, abs=1)
    assert across[10] == pytest.approx(300, abs=1)
    press("Home")
    frame(page, 1)
    for number in range(2, 6):
        press("d")
        frame(page, number)
    press("v")
    expect(page.locator(".edit-objects")).to_contain_text("interpolated")
    x = across[4]
    drag(page, (x + 40, 200), (x + 40, 240))  # what is interpolated and moved is a key frame
    saved(page)
    expect(page.locator(".edit-objects")).to_contain_text("key frame")
    assert [each["frame"] for each in told(site)["tracks"][0]["keys"]] == [0, 4, last - 1]
    press("Home")
    frame(page, 1)
    press("Control+z")
    frame(page, 5)  # where it was done
    until(lambda: len(told(site)["tracks"][0]["keys"]) == 2, what="two key frames again")
    press("Control+y")
    until(lambda: len(told(site)["tracks"][0]["keys"]) == 3, what="three again")
    for number in range(6, 9):
        press("d")
        frame(page, number)
    press("L")  # ends here
    saved(page)
    until(lambda: sorted(lefts(site)) == list(range(8)), what="nothing of it afterwards")
    page.reload()
    frame(page, 8)
    lane = page.get_by_role("button", name="track bottle: 3 key frames, frames 1 to 8")
    expect(lane).to_be_visible()
    site.ask("commit", dataset="belt", message="a bottle")
    site.ask("export", ref="belt@v2", directory=str(tmp_path / "cvat"), format="cvat-video")
    (track,) = ET.parse(tmp_path / "cvat/annotations.xml").getroot().findall("track")
    assert [
        (each.get("frame"), each.get("keyframe")) for each in track if each.get("outside") == "0"
    ] == [(str(at), str(int(at in {0, 4, 7}))) for at in range(8)]


def test_by_keys_alone_it_leaves_comes_back_and_is_split_and_joined(visit: Visit) -> None:
    site = visit.site
    page = projected(visit, "other", 2)
    press = page.keyboard.press
    for key in ("2", "Enter", "Enter", *("ArrowRight", "ArrowDown") * 6, "Enter", "t"):
        press(key)
    for number in (3, 4, 5, 6):
        press("d")
        frame(page, number)
    press("f")  # here too, where the dashed shape is
    saved(page)
    assert sorted(lefts(site, "other")) == [1, 2, 3, 4, 5]
    press("a")
    frame(page, 5)
    press("a")
    frame(page, 4)
    press("l")
    until(lambda: sorted(lefts(site, "other")) == [1, 2, 3, 5], what="it leaves after frame 4")
    press("q")
    saved(page)
    (track,) = told(site, "other")["tracks"]
    assert track["keys"][1]["object"]["attributes"] == {"occluded": True}
    press("l")
    until(lambda: sorted(lefts(site, "other")) == [1, 2, 3, 4, 5], what="it stays")
    press("s")
    until(lambda: len(told(site, "other")["tracks"]) == 2, what="two of them")
    spans = [(each["first"], each["last"]) for each in told(site, "other")["tracks"]]
    assert spans == [(1, 2), (3, 5)]
    page.get_by_role("button", name="track hand 1").click()
    press("Escape")
    page.get_by_role("button", name="track hand 1").click()
    page.get_by_label("join with another track").select_option(label="hand 2")
    until(lambda: len(told(site, "other")["tracks"]) == 1, what="one again")
    assert sorted(lefts(site, "other")) == [1, 2, 3, 4, 5]
    press("3")  # no such class: nothing
    press("1")
    until(lambda: told(site, "other")["tracks"][0]["label"] == "bottle", what="all of it renamed")
    press("Shift+Delete")
    until(lambda: not told(site, "other")["tracks"], what="gone from every frame")
    press("Control+z")
    until(lambda: sorted(lefts(site, "other")) == [1, 2, 3, 4, 5], what="back in every frame")


def test_a_killed_tab_and_a_cut_network_lose_nothing(visit: Visit) -> None:
    site = visit.site
    page = projected(visit, "other", 10)
    press = page.keyboard.press
    before = len(told(site, "other")["tracks"])
    visit.context.set_offline(True)
    drag(page, (30, 30), (90, 90))
    press("t")
    press("d")
    frame(page, 11)
    press("d")
    frame(page, 12)
    press("f")
    expect(page.locator(".edit-bar").first).to_contain_text("3 edits not saved yet")
    lanes = page.locator(".reel-lane")
    expect(lanes).to_have_count(before + 1)
    page.close(run_before_unload=False)
    visit.context.set_offline(False)
    page = visit.context.new_page()
    page.goto(f"{site.url}/#/data/other/work/all/edit")
    until(lambda: len(told(site, "other")["tracks"]) == before + 1, what="the track")
    kept = {9, 10, 11}
    until(lambda: kept <= lefts(site, "other").keys(), what="all three frames of it")
    visit.seen.said.clear()  # what the browser says of a network that is cut


def test_mine_is_kept_of_a_track_frame_by_frame(visit: Visit) -> None:
    site = visit.site
    page = projected(visit, "other", 15)
    press = page.keyboard.press
    press("2")  # a hand
    drag(page, (100, 100), (180, 300))
    press("t")
    for number in (16, 17, 18):
        press("d")
        frame(page, number)
    drag(page, (400, 100), (480, 300))
    saved(page)

    def track() -> dict[str, Any]:
        return next(each for each in told(site, "other")["tracks"] if each["first"] == 14)

    here, there = track()["keys"]
    visit.context.set_offline(True)
    press("1")  # no, a bottle
    expect(page.locator(".edit-bar").first).to_contain_text("1 edit not saved yet")
    path = told(site, "other")["frames"][17]["path"]
    was = there["object"]
    moved = {**was, "xyxy": [9, 9, 99, 99]}
    site.ask("label.edit", dataset="other", path=path, edits=[{"put": moved, "was": was}])
    visit.context.set_offline(False)
    page.locator(".failure").get_by_role("button", name="Keep mine").click()
    until(lambda: track()["label"] == "bottle", what="mine")
    places = [(key["frame"], key["object"]["xyxy"]) for key in track()["keys"]]
    mine = [(14, here["object"]["xyxy"]), (17, was["xyxy"])]
    assert places == [(at, pytest.approx(xyxy)) for at, xyxy in mine]
    visit.seen.said.clear()  # of the network that was cut, and of the conflict


def test_a_film_that_is_refused_is_said_and_not_asked_for_ever(visit: Visit) -> None:
    path = told(visit.site, "other")["frames"][0]["path"]
    page, asked = visit.page, []
    no = {"error": {"code": "auth.forbidden", "what": "not for you", "fix": "ask somebody"}}

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=403, json=no)

    page.route("**/label/track", refuse)
    page.goto(f"{visit.site.url}/#/data/other/work/all/edit/{quote(path, safe='')}")
    expect(page.locator(".failure")).to_contain_text("not for you")
    for _ in range(2):
        with page.expect_request("**/api/v1/facts"):  # every 1.5 s: did anything happen?
            pass
    assert len(asked) == 1
    visit.seen.said.clear()  # of the refusal


def test_it_plays_and_axe_finds_nothing(visit: Visit) -> None:
    page = projected(visit)
    page.get_by_role("button", name="track bottle").click()
    page.keyboard.press("Space")  # the film's, not the button's that was clicked
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    drag(page, (300, 20), (340, 60))  # nothing is drawn into a frame that passes by
    until(lambda: "frame 1 of" not in page.locator(".reel-when").inner_text(), what="playing")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert not visit.site.ask("query", text="box(kind = box)", at="belt@work")["count"]
    shown = page.locator(".reel-when").inner_text()
    expect(page.locator(".edit-place")).to_contain_text(shown.split()[1])
    page.get_by_role("button", name="track bottle").click()
    expect(page.get_by_label("class of the object")).to_be_visible()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe_finds(page) == []
