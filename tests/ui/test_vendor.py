"""What is vendored is what its authors published, and says under which licence."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

import visloop

UI = Path(visloop.__file__).parent / "faces" / "ui"
VENDOR = UI / "vendor"
KNOWN = tomllib.loads((VENDOR / "VENDOR.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_vendored_file_has_its_published_digest(name: str) -> None:
    entry = KNOWN[name]
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["version"]
    assert entry["licence"]


def test_nothing_lies_there_unnamed() -> None:
    ours = {"VENDOR.toml", "preact.d.ts", "uplot.d.ts"}
    found = {each.name for each in VENDOR.iterdir()}
    assert {name for name in found - ours if not name.endswith(".LICENSE")} == set(KNOWN)


@pytest.mark.parametrize(
    ("library", "words"),
    [("htm", "Apache License"), ("preact", "MIT License"), ("uplot", "MIT License")],
)
def test_licences_lie_beside(library: str, words: str) -> None:
    assert words in (VENDOR / f"{library}.LICENSE").read_text("utf-8")


def test_the_page_asks_nobody_else() -> None:
    """No address of another host in any file of ours that a browser reads."""
    for file in [*UI.rglob("*.js"), *UI.rglob("*.css"), *UI.rglob("*.html")]:
        if VENDOR not in file.parents:
            text = file.read_text("utf-8")
            assert "http://" not in text.replace("http://www.w3.org/", ""), file
            assert "https://" not in text, file


def test_views_stay_short() -> None:
    for file in UI.glob("*/*.js"):
        if file.parent != VENDOR:
            assert len(file.read_text("utf-8").splitlines()) < 300, file
