"""Two people label or draw on the same pictures, each alone; a third decides where they disagree."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sklearn.metrics import cohen_kappa_score

from tests.journey.worlds import until
from tests.ui.conftest import WIDE, Site, up
from tests.ui.test_access import axe_finds
from tests.ui.test_editor import drag, held, saved
from visloop import app
from visloop.faces import sdk

NAMES = ("cat", "dog", "owl")
ANA = "1121321132"
BEN = "1121321113"  # the same of eight pictures


@pytest.fixture(scope="module")
def team(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, dict[str, str]]]:
    """Ten pictures without labels, given to ana and ben, and rex who reviews."""
    del browser
    root = tmp_path_factory.mktemp("team")
    (root / "pictures").mkdir()
    for k in range(10):
        Image.new("RGB", (160, 120), (25 * k, 90, 200 - 15 * k)).save(root / f"pictures/{k}.png")
    app.create(root / "ws")
    with sdk.local(root / "ws") as here:
        here.call(app.add, app.Add(paths=(str(root / "pictures"),), to="pets"))
        here.call(app.classes_add, app.ClassesAdd(dataset="pets", names=NAMES))
        here.call(app.commit, app.Commit(dataset="pets", message="pictures"))
        people = dict.fromkeys(("ana", "ben", "cem", "dia"), "annotator")
        roles = {**people, "rex": "reviewer"}
        tokens = {
            name: here.call(app.user_add, app.UserAdd(user=name, role=role)).secret
            for name, role in roles.items()
        }
        given = app.LabelAssign(dataset="pets", to=("ana", "ben"), annotators=2, ask="class")
        assert here.call(app.label_assign, given).count == 10
        pair = tuple(str(root / f"pictures/{k}.png") for k in (3, 7))
        here.call(app.add, app.Add(paths=pair, to="tools"))
        here.call(app.classes_add, app.ClassesAdd(dataset="tools", names=("nut", "bolt")))
        drawn = app.LabelAssign(dataset="tools", to=("cem", "dia"), annotators=2, ask="objects")
        assert here.call(app.label_assign, drawn).count == 2
    with up(root / "ws") as running:
        yield running, tokens


def entered(browser: Browser, team: tuple[Site, dict[str, str]], who: str, *address: str) -> Page:
    page = inside(browser, team, who)
    went(page, team[0], *address)
    expect(page.locator(".desk img").first).to_be_visible()
    return page


def inside(browser: Browser, team: tuple[Site, dict[str, str]], who: str) -> Page:
    """Somebody's browser, nowhere yet."""
    site, tokens = team
    context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    context.request.get(f"{site.url}/?token={tokens.get(who, site.token)}", max_redirects=0)
    return context.new_page()


def went(page: Page, site: Site, *address: str) -> None:
    page.goto(f"{site.url}/#/{'/'.join(('queue', *address))}")


def test_ten_pictures_by_two_people_and_a_third(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    for who, keys in (("ana", ANA), ("ben", BEN)):
        page = entered(browser, team, who)
        expect(page.locator(".choice")).to_have_count(len(NAMES))
        for left, key in zip(range(9, -1, -1), keys, strict=True):
            page.keyboard.press(key)
            expect(page.locator(".strip li")).to_have_count(left)
        expect(page.locator("main .title")).to_contain_text("all saved")
        expect(page.locator("main")).to_contain_text("All decided")
        expect(page.locator(".progress-line")).to_contain_text("10 in 24 hours, 0 left")
        page.context.close()
    counts = site.ask("label.status")["rows"][0]
    assert (counts["accepted"], counts["disputed"], counts["waiting"]) == (8, 2, 0)

    page = entered(browser, team, "rex", "disputed")
    expect(page.locator(".side")).to_contain_text("Labelled by")
    expect(page.locator(".desk .facts")).to_contain_text("agree by 50 %, asked for are 60 %")
    assert axe_finds(page) == []
    page.get_by_role("button", name="Take this").nth(1).click()
    expect(page.locator(".strip li")).to_have_count(1)
    page.keyboard.press("3")
    expect(page.locator("main .title")).to_contain_text("all saved")
    until(lambda: site.ask("label.status")["rows"][0]["accepted"] == 10, what="all of them")
    page.context.close()

    found = site.ask("label.agreement", dataset="pets")
    (pair,) = found["pairs"]
    assert pair["kappa"]["value"] == pytest.approx(cohen_kappa_score(list(ANA), list(BEN)))
    assert (pair["first"], pair["second"], pair["same"]) == ("ana", "ben", 0.8)
    assert len(found["disagreed"]) == 2
    assert site.ask("commit", dataset="pets", message="by three people")["version"] == "v2"
    rows = site.ask("samples", ref="pets@v2")["rows"]
    assert [each["annotations"][0]["label"] for each in rows][:8] == [
        NAMES[int(key) - 1] for key in ANA[:8]
    ]


def drawing(page: Page, path: str) -> None:
    """In the editor, ready to draw a box on this picture."""
    expect(page.locator(".edit-bar .path")).to_have_text(path)
    expect(page.locator(".edit-picture img")).to_be_visible()
    expect(page.locator(".edit-side .choice").first).to_be_visible()
    page.keyboard.press("b")


def test_two_people_draw_and_a_third_corrects(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    boxes = {"cem": ((20, 20), (80, 80)), "dia": ((22, 20), (82, 80))}
    apart = {"cem": ((10, 10), (50, 50)), "dia": ((90, 60), (150, 110))}
    for who, box in boxes.items():
        page = entered(browser, team, who)
        page.keyboard.press("e")
        drawing(page, "3.png")
        drag(page, *box)
        saved(page)
        assert held(site, "3.png", "tools") == {}, "it is in no data set before it is handed in"
        page.reload()
        drawing(page, "3.png")
        expect(page.get_by_role("list", name="objects").locator("li")).to_have_count(1)
        page.context.set_offline(True)
        drag(page, (100, 90), (110, 100))
        page.keyboard.press("Delete")
        page.keyboard.press("Control+Enter")
        drawing(page, "7.png")
        expect(page.locator(".edit-bar").first).to_contain_text("not saved yet")
        page.context.set_offline(False)
        drag(page, *apart[who])
        saved(page)
        page.get_by_role("button", name="Done").click()
        expect(page.locator("main")).to_contain_text("All decided")
        expect(page.locator("main .title")).to_contain_text("all saved")
        page.context.close()
    until(lambda: held(site, "3.png", "tools"), what="the merged box")
    (merged,) = held(site, "3.png", "tools").values()
    assert (merged["type"], merged["label"]) == ("box", "nut")
    assert merged["xyxy"] == pytest.approx([21, 20, 81, 80], abs=1)
    assert held(site, "7.png", "tools") == {}

    page = entered(browser, team, "rex", "disputed")
    expect(page.locator("svg.marks rect, svg.marks path")).to_have_count(2)
    page.keyboard.press("e")
    drawing(page, "7.png")
    assert axe_finds(page) == []
    page.get_by_role("button", name="Take all").nth(1).click()
    page.keyboard.press("2")
    drag(page, (150, 110), (140, 100))
    saved(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("main")).to_contain_text("All decided")
    until(lambda: held(site, "7.png", "tools"), what="what the reviewer drew")
    (mended,) = held(site, "7.png", "tools").values()
    assert (mended["label"], mended["author"]) == ("bolt", "user:rex")
    assert mended["xyxy"] == pytest.approx([90, 60, 140, 100], abs=1.2)
    page.context.close()


def test_nobody_is_offered_what_they_may_not_do(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    page = inside(browser, team, "ana")
    went(page, site, "disputed")
    expect(page.locator(".empty")).to_contain_text("Others decide")
    expect(rooms_of(page)).to_have_text([re.compile("^Mine")])
    page.context.close()
    page = inside(browser, team, "rex")
    went(page, site, "people")
    expect(page.locator(".empty")).to_contain_text("Others give pictures to people")
    expect(rooms_of(page)).to_have_text(["Mine", "To review", "Disputed", "Agreement"])
    page.context.close()


def rooms_of(page: Page) -> Locator:
    return page.get_by_role("navigation", name="of the queue").get_by_role("link")


def in_both_themes(page: Page) -> list[str]:
    """What axe has against the room, dark and light."""
    found = axe_finds(page)
    page.emulate_media(color_scheme="dark")
    found += axe_finds(page)
    page.emulate_media(color_scheme="light")
    return found


def test_agreement_is_seen_and_what_differs_is_opened_side_by_side(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    page = inside(browser, team, "rex")
    went(page, site, "agreement", "pets")
    (pair,) = site.ask("label.agreement", dataset="pets")["pairs"]
    expect(page.locator(".agreed table").first).to_contain_text(f"{pair['kappa']['value']:.2f} (")
    apart = page.get_by_role("list", name="pictures on which people disagree")
    expect(apart.get_by_role("listitem")).to_have_count(2)
    assert in_both_themes(page) == []
    apart.get_by_role("link").first.click()
    expect(page.locator(".side-picture")).to_have_count(2)
    page.keyboard.press("j")
    expect(page.locator(".compare-list h2")).to_have_text("2 of 2")
    went(page, site, "agreement", "tools")
    page.locator(".apart a").click()
    expect(page.locator(".side-picture [data-kind=relabelled]")).to_have_count(2)
    assert axe_finds(page) == []
    page.context.close()


def test_pictures_are_given_out_handed_on_and_taken_back(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    page = inside(browser, team, "owner")
    went(page, site, "assign", "pets", "limit 3")
    plan = page.locator(".side")
    expect(plan).to_contain_text("3 pictures")
    page.get_by_role("checkbox", name="ana").check()
    page.get_by_role("checkbox", name="ben").check()
    page.get_by_role("spinbutton", name="share of ana").fill("2")
    expect(plan.locator(".share")).to_have_text(["ana2", "ben1"])
    page.get_by_role("radio", name="without a label").check()
    expect(page).to_have_url(re.compile("assign/pets$"))
    expect(plan).to_contain_text("No pictures are without a label")
    page.go_back()
    expect(page.get_by_role("radio", name="of a question")).to_be_checked()
    expect(plan.locator(".share")).to_have_text(["ana2", "ben1"])
    assert axe_finds(page) == []
    page.get_by_role("button", name="Give out 3").click()
    expect(page.locator(".notice")).to_contain_text("ana 2, ben 1")
    again = site.ask("label.assign", dataset="pets", limit=3, dry_run=True)
    assert (again["count"], len(again["left"])) == (3, 3), "the next ones, that nobody has"
    page.get_by_role("link", name="Who has what").click()
    row = page.get_by_role("row").filter(has_text="ana")
    expect(row).to_contain_text("10")
    assert in_both_themes(page) == []
    row.get_by_role("link").click()
    mine = page.get_by_role("list", name="open with ana").get_by_role("listitem")
    expect(mine).to_have_count(2)
    assert axe_finds(page) == []
    page.get_by_role("combobox", name="who has them instead").select_option("ben")
    mine.first.get_by_role("button").click()
    expect(mine).to_have_count(1)
    page.get_by_role("combobox", name="who has them instead").select_option("")
    page.get_by_role("button", name="Take all back").click()
    page.get_by_role("button", name="Yes, take all back").click()
    expect(page.locator(".empty")).to_contain_text("Nothing is open with ana")
    counts = {
        each["person"]: each["waiting"] for each in site.ask("label.people", dataset="pets")["rows"]
    }
    assert counts == {"ana": 0, "ben": 2}
    page.context.close()


def test_a_refused_decision_leads_back_to_its_picture(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, _ = team
    page = entered(browser, team, "ben")
    expect(page.locator(".strip li")).to_have_count(3)  # one waits for anybody
    expect(page.locator(".choice")).to_have_count(len(NAMES))
    refused = page.locator(".strip img").nth(1).get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strip [aria-current] img")).to_have_attribute("src", refused or "")
    expect(page.locator(".choice")).to_have_count(len(NAMES))
    said = {"code": "store.full", "what": "the disk is full", "fix": "make room"}
    page.route("**/label/accept", lambda route: route.fulfill(status=409, json=said), times=1)
    page.keyboard.press("1")
    page.get_by_role("button", name="Show the picture again").click()
    expect(page.locator(".strip li")).to_have_count(3)
    expect(page.locator(".strip [aria-current] img")).to_have_attribute("src", refused or "")
    for left in (2, 1, 0):
        page.keyboard.press("1")
        expect(page.locator(".strip li")).to_have_count(left)
    expect(page.locator("main .title")).to_contain_text("all saved")
    assert [each["waiting"] for each in site.ask("label.people", dataset="pets")["rows"]] == [0, 0]
    page.context.close()


def test_the_next_picture_shows_what_all_say_wherever_the_pointer_rests(
    browser: Browser, team: tuple[Site, dict[str, str]]
) -> None:
    site, tokens = team
    given = {"dataset": "tools", "to": ["cem", "dia"], "annotators": 2, "ask": "objects"}
    assert site.ask("label.assign", **given)["count"] == 2
    for who, x in (("cem", 5), ("dia", 95)):
        theirs = Site(site.root, site.url, tokens[who])
        box = {"type": "box", "id": who, "label": "nut", "xyxy": [x, 20, x + 40, 60]}
        for task in theirs.ask("label.queue", view="mine", dataset="tools")["rows"]:
            at = {"dataset": "tools", "path": task["path"], "task": task["id"]}
            theirs.ask("label.edit", **at, edits=[{"put": box}])
            theirs.ask("label.accept", task=task["id"])
    page = entered(browser, team, "rex", "disputed")
    marks = page.locator("svg.marks rect, svg.marks path")
    expect(page.locator(".strip li")).to_have_count(2)
    expect(marks).to_have_count(2)
    for answer in (0, 1):
        page.locator(".said li").nth(answer).hover()
    expect(marks).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".strip li")).to_have_count(1)
    expect(page.locator(".said li")).to_have_count(2)
    page.wait_for_timeout(200)  # the pointer lies on the next picture's answer
    expect(marks).to_have_count(2)
    page.context.close()
