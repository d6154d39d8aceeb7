"""What is wrong with a data set, on the page: looked for, seen, chosen, mended, taken back."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.ui.conftest import Visit
from tests.ui.test_access import axe_finds


def test_dark_pictures_are_looked_for_chosen_and_taken_out_and_come_back(visit: Visit) -> None:
    page = visit.go("data", "line", "work", "all", "findings")
    row = page.get_by_role("row", name="Dark pictures")
    page.get_by_role("button", name="look for dark pictures").click()
    expect(row.get_by_text("none", exact=True)).to_be_visible()
    row.get_by_role("link").click()
    expect(page.get_by_text("Nothing of the kind was found")).to_be_visible()
    bound = page.get_by_role("spinbutton", name="from where on it is a fault")
    ask = {"ref": "line", "kind": ["dark"], "bound": {"dark": 1}, "limit": 4}
    found = visit.site.ask("findings", **ask)["rows"][0]["found"]
    bound.fill(f"{(found[2]['value'] + found[3]['value']) / 2:.5f}")
    page.keyboard.press("Enter")
    cards = page.locator(".found-card")
    expect(cards).to_have_count(3)
    page.reload()
    expect(cards).to_have_count(3)
    cards.locator("button").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    chosen = page.get_by_role("region", name="chosen pictures")
    expect(chosen.get_by_role("status").first).to_have_text("2 pictures of 3 chosen")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert axe_finds(page) == []
    expect(page.get_by_label("what to do with them")).to_have_value("mend")
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".found-card.settled")).to_have_count(2)
    assert visit.site.ask("bulk.list", dataset="line", limit=1)["rows"][0]["changed"] == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".found-card.settled")).to_have_count(0)
    page.get_by_role("link", name="All findings").click()
    expect(row.get_by_text("3", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name="as found: dark").get_by_text("taken back")).to_be_visible()


def test_looking_is_given_up_at_will(visit: Visit) -> None:
    page = visit.go("data", "boxed", "work", "all", "findings")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if '"kept"' in (route.request.post_data or ""):
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/findings", hold)
    cancelled = page.get_by_role("button", name="Look for all of it")
    cancelled.click()
    page.get_by_role("button", name="Cancel").click()
    expect(cancelled).to_be_enabled()
    expect(page.get_by_text("Given up.")).to_be_visible()
    expect(page.locator(".failure")).to_have_count(0)
