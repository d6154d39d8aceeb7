"""The page of the design names what there is, and how heavy all of it is."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from tests.ui.api_types import TARGET

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


def test_the_page_is_no_heavier_than_it_says() -> None:
    said = re.search(r"at most (\d+) kB", PAGE)
    assert said is not None
    files = [each for each in UI.rglob("*") if each.suffix in (".js", ".css", ".html", ".svg")]
    weight = sum(len(gzip.compress(each.read_bytes())) for each in files)
    assert weight <= 1000 * int(said[1]), f"{weight / 1000:.0f} kB"
