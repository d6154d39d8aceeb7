"""Everybody can use it: no violation of WCAG 2.2 A or AA that axe finds, in both themes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import Browser, Page

from tests.journey import worlds
from tests.ui import node
from tests.ui.conftest import WIDE, Seen, Site, Visit
from tests.ui.test_page import VIEWS, detail_addresses
from visloop import app

ROOM = 5
"""Parts of a room's address: data, its name, version, split, room."""

_RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: rules });
  return found.violations.map(({ id, nodes }) =>
    id + ": " + nodes.slice(0, 3).map((each) =>
      each.html.slice(0, 160) + " " + each.any.map((one) => one.message).join(" ")).join(" | "));
}"""


def axe_finds(page: Page) -> list[str]:
    """What axe has against the page as it is now, by every rule of A and AA."""
    axe = (node.installed(["axe-core"]) / "axe-core" / "axe.min.js").read_text("utf-8")
    page.evaluate(axe)
    return page.evaluate(_RUN, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])


def ways(page: Page, url: str, *start: str) -> list[tuple[str, ...]]:
    """Every view that the page itself leads to, and every room of a data set that is there."""
    page.goto(f"{url}/#/{'/'.join(start)}")
    page.wait_for_selector("main h1")
    page.wait_for_function("() => !document.querySelector('.loading, .waiting')")
    leads = "(links) => links.map((each) => each.getAttribute('href'))"
    found = page.locator("nav[aria-label=views] a, nav.rooms a, nav.queue-views a").evaluate_all(
        leads
    )
    return [tuple(unquote(part) for part in each.removeprefix("#/").split("/")) for each in found]


def found_in_both_themes(visit: Visit, addresses: Iterable[tuple[str, ...]]) -> list[str]:
    """What axe has against each view; of the second theme only what a theme can change."""
    found = []
    for address in addresses:
        where = "/".join(address)
        visit.page.emulate_media(color_scheme="light")
        found += [f"{where}: {each}" for each in axe_finds(visit.go(*address))]
        visit.page.emulate_media(color_scheme="dark")
        found += [
            f"{where}, dark: {each}" for each in visit.page.evaluate(_RUN, ["color-contrast"])
        ]
    return found


def test_axe_finds_nothing_in_any_view(visit: Visit) -> None:
    led = ways(visit.page, visit.site.url, "data", "boxed")
    assert {each[0] for each in led} == set(VIEWS)
    assert len({each[-1] for each in led if len(each) == ROOM}) >= 7, "rooms of a data set"
    assert found_in_both_themes(visit, dict.fromkeys([*led, *detail_addresses(visit)])) == []


def test_axe_finds_nothing_where_there_is_nothing(browser: Browser, tmp_path: Path) -> None:
    app.create(tmp_path / "bare")
    with worlds.api(tmp_path / "bare") as url:
        site = Site(tmp_path / "bare", url, app.token_of(tmp_path / "bare"))
        context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
        context.request.get(site.way_in, max_redirects=0)
        visit = Visit(context.new_page(), context, site, Seen())
        led = dict.fromkeys([*ways(visit.page, url, "loop"), *ways(visit.page, url, "queue")])
        assert found_in_both_themes(visit, led) == []
        context.close()
