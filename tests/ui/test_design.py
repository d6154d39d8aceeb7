"""The page of the design names what there is, and how heavy all of it is."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.ui.api_types import TARGET
from visloop.faces.web.page import Page

UI = TARGET.parent
PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "design.md").read_text("utf-8")


def named(heading: str) -> set[str]:
    """What stands as code in the first column of the table under a heading."""
    part = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_token_is_named() -> None:
    root = (UI / "styles.css").read_text("utf-8").split("}", 1)[0]
    assert named("Tokens") == set(re.findall(r"(--[\w-]+):", root))


def test_every_part_is_named() -> None:
    parts = (UI / "lib" / "parts.js").read_text("utf-8")
    assert named("Parts") == set(
        re.findall(r"^export (?:const|function) (\w+)", parts, re.MULTILINE)
    )


def test_no_module_is_over_400_lines() -> None:
    own = [each for each in UI.rglob("*.js") if "vendor" not in each.parts]
    long = {each.name: len(each.read_text("utf-8").splitlines()) for each in own}
    assert {name: n for name, n in long.items() if n > 400} == {}


def test_the_page_is_no_heavier_than_it_says() -> None:
    said = re.search(r"at most (\d+) kB", PAGE)
    assert said is not None
    page = Page(UI)
    client = TestClient(Starlette(routes=[Route("/", lambda _: page.index()), *page.routes()]))
    named = re.findall(r'(?:href|src)="(/ui/page/[^"]+)"', client.get("/").text)
    assert [Path(each).suffix for each in sorted(named)] == [".css", ".js"]
    weight = sum(int(client.get(each).headers["content-length"]) for each in named)
    assert weight <= 1000 * int(said[1]), f"{weight / 1000:.0f} kB"
