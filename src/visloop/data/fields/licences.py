"""Licences by their SPDX ids: suggested, never enforced."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

SPDX: Final = (
    "Apache-2.0",
    "BSD-3-Clause",
    "C-UDA-1.0",
    "CC-BY-2.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-2.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-2.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-2.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-2.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-2.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC-PDDC",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
    "GPL-3.0-only",
    "MIT",
    "ODbL-1.0",
    "ODC-By-1.0",
    "PDDL-1.0",
)
"""Ids of the licences that data sets have (SPDX licence list 3.25)."""


def nearest_licence(text: str) -> str | None:
    """The SPDX id that was probably meant; None where it is one, or resembles none."""
    if text in SPDX:
        return None
    plain = {_plain(each): each for each in SPDX}
    near = get_close_matches(_plain(text), plain, n=1, cutoff=0.85)
    return plain[near[0]] if near else None


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
