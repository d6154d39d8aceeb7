"""Ctrl-K leads anywhere and does what the view can do, by keyboard; the help names every key."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Visit
from tests.ui.test_access import axe_finds
from visloop.faces.web.server import UI

_NAMED = {
    "ArrowLeft": "←",
    "ArrowRight": "→",
}


def ask(page: Page, letters: str) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="go to, or do")).to_be_focused()
    page.keyboard.type(letters)


@pytest.mark.parametrize(
    ("letters", "group", "address"),
    [
        ("house", "Views", "#/housekeeping"),
        ("give out", "Views", "#/queue/assign"),
        ("boxed vers", "Data sets", "#/data/boxed/work/all/versions"),
        ("inspector", "Models", "#/models/inspector%40v1"),
        ("belt", "Deployments", "#/deployments/belt"),
    ],
)
def test_few_letters_lead_to_a_place(visit: Visit, letters: str, group: str, address: str) -> None:
    page = visit.go("loop")
    ask(page, letters)
    chosen = page.locator(".palette [aria-selected=true]")
    expect(chosen).to_contain_text(group)
    expect(chosen.locator("mark").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(address) + "$"))
    expect(page.locator("dialog.palette")).to_have_count(0)


def test_what_the_view_can_do_and_where_one_was(visit: Visit) -> None:
    page = visit.go("data", "boxed")
    page.wait_for_function("() => (localStorage['visloop.recent'] ?? '').includes('boxed')")
    page = visit.go("queue")
    page.keyboard.press("Control+k")
    first = page.locator(".palette li", has_text="Where you were").first
    expect(first).to_contain_text("data / boxed")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.palette")).to_have_count(0)
    theme = page.locator("html").get_attribute("data-theme")
    ask(page, "dark or li")
    page.keyboard.press("Enter")
    expect(page.locator("html")).not_to_have_attribute("data-theme", theme or "none")
    ask(page, "zzzzqq")
    expect(page.locator(".palette")).to_contain_text("Nothing is called so")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".palette li").nth(1)).to_have_attribute("aria-selected", "true")
    assert axe_finds(page) == []


def test_an_action_of_the_view_is_done(visit: Visit) -> None:
    page = visit.go("data", "+")
    page.get_by_label("Name of the new data set").fill("new")
    page.get_by_label("Paths").fill("/nowhere")
    ask(page, "see what would")  # a palette opens above a field too
    page.keyboard.press("Enter")
    expect(page.locator(".failure")).to_contain_text("nowhere")
    visit.seen.said.clear()


@pytest.mark.parametrize(
    "address", ["queue", "data/boxed", "data/boxed/v1/all/versions", "runs", "models", "history"]
)
def test_the_help_names_every_key_of_the_view(visit: Visit, address: str) -> None:
    # as it is written, each module by itself: only so another script meets the same ones
    visit.page.route(f"{visit.site.url}/", lambda route: route.fulfill(path=UI / "index.html"))
    page = visit.go(*address.split("/"))
    bound = page.evaluate("async () => (await import('/ui/lib/use.js')).boundKeys()")
    assert "?" in bound
    page.keyboard.press("?")
    told = page.locator("dialog.help kbd").all_inner_texts()
    assert {"Home", "End", "PgUp", "PgDn"} <= set(told), "of the grid, which hears its keys itself"
    numbers = set("123456789") if "9" in told else set()
    assert {_NAMED.get(key, key) for key in bound} <= {*told, *numbers}
    assert axe_finds(page) == []
