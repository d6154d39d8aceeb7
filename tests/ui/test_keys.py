"""Keys mean what a person sees: not what lies below a dialog, and a key that is held decides once."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.conftest import Visit
from tests.ui.test_queue import decided, the_picture_is, waiting


def test_keys_rest_below_a_dialog_and_held_ones_decide_once(visit: Visit) -> None:
    first, second = waiting(visit)[:2]
    page = visit.go("queue")
    the_picture_is(visit, first)
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    for key in ("x", "ArrowRight", "g", "d"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    the_picture_is(visit, first)
    for _ in range(4):
        page.keyboard.down("x")
    page.keyboard.up("x")
    the_picture_is(visit, second)
    expect(page.locator("main .title")).to_contain_text("1 decided now")
    page.keyboard.press("u")
    decided(visit, first, "label.undone")


def test_an_address_typed_by_hand_and_a_view_that_stops_break_nothing_else(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.site.url}/#/data/100%")
    expect(page.locator("main")).to_contain_text("There is no data set 100%")
    page.route("**/api/v1/models", lambda route: route.fulfill(json={"rows": [{}]}))
    page.get_by_role("link", name="Models").click()
    expect(page.locator("main .failure")).to_contain_text("The page stopped here")
    assert visit.seen.said, "told on the console too"
    visit.seen.said.clear()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


def test_where_browsers_give_no_clipboard_it_is_copied_all_the_same(visit: Visit) -> None:
    visit.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
    )  # as on a page by http from another machine
    page = visit.go("queue", "disputed")
    page.get_by_role("button", name="copy: visloop label assign").click()
    expect(page.get_by_role("button", name="copy: visloop label assign")).to_have_text("copied")
    page.keyboard.press("Control+k")
    page.keyboard.press("Control+v")
    expect(page.get_by_role("combobox")).to_have_value(
        "visloop label assign DATA --to NAME --to NAME --annotators 2"
    )


def test_a_browser_that_keeps_nothing_shows_the_page_all_the_same(visit: Visit) -> None:
    visit.page.add_init_script(
        """for (const name of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, name, {get() { throw new DOMException("no", "SecurityError") }});"""
    )  # as where cookies and site data are forbidden
    page = visit.go("data")
    before = page.evaluate("document.documentElement.dataset.theme")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") != before


def test_the_page_goes_with_the_system_whatever_it_draws_meanwhile(visit: Visit) -> None:
    page = visit.go("loop")
    for number in range(12):
        scheme = "light" if number % 2 else "dark"
        page.emulate_media(color_scheme=scheme)
        page.evaluate("(to) => (location.hash = to)", f"/{('runs', 'data')[number % 2]}")
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
