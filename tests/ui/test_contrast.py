"""Text can be read in both themes: WCAG 2.2 AA, computed from the tokens of the style sheet."""

from __future__ import annotations

import re

import pytest

from tests.ui.api_types import TARGET

SHEET = (TARGET.parent / "styles.css").read_text("utf-8")
TOKENS = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\);", SHEET))
TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    *((ink, ground, TEXT) for ink in ("text", "muted", "accent") for ground in ("back", "paper")),
    *((ink, "sunk", TEXT) for ink in ("text", "muted", "accent")),
    *((ink, f"{ink}-soft", TEXT) for ink in ("accent", "good", "bad", "busy")),
    *(("text", f"{tone}-soft", TEXT) for tone in ("accent", "good", "bad", "busy")),
    *(("muted", f"{tone}-soft", TEXT) for tone in ("accent", "good", "bad", "busy")),
    *(("on-accent", ground, TEXT) for ground in ("accent", "bad")),
    ("good", "paper", TEXT),
    ("bad", "paper", TEXT),
    *(("edge", ground, SHAPE) for ground in ("back", "paper")),
]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "wanted"), PAIRS)
def test_contrast(ink: str, ground: str, wanted: float, theme: int) -> None:
    colours = [TOKENS[name].split(", ")[theme] for name in (ink, ground)]
    assert contrast(*colours) >= wanted, f"{ink} on {ground}: {contrast(*colours):.2f}"


def test_no_colour_outside_the_tokens() -> None:
    """Rules use tokens, so that both themes follow; pictures' own marks and the backdrop may not."""
    rules = SHEET.split("font: 14px", 1)[1]
    assert not re.findall(r"#[0-9a-f]{3,8}\b", rules)
