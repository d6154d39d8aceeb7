"""Everybody can use it: no violation of WCAG 2.2 A or AA that axe finds, in both themes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.ui import node
from tests.ui.conftest import Visit
from tests.ui.test_page import VIEWS, detail_addresses

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


@pytest.mark.parametrize(
    ("theme", "rules"),
    [
        ("light", ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]),
        ("dark", ["color-contrast"]),
    ],
)
def test_axe_finds_nothing(visit: Visit, theme: str, rules: list[str]) -> None:
    axe = (node.installed(["axe-core"]) / "axe-core" / "axe.min.js").read_text("utf-8")
    visit.page.emulate_media(color_scheme=theme)
    visit.go("loop").evaluate(axe)
    found = []
    for address in [*((each,) for each in VIEWS), *detail_addresses(visit)]:
        page = visit.go(*address)
        found += [f"{'/'.join(address)}: {each}" for each in page.evaluate(_RUN, rules)]
    assert found == []
