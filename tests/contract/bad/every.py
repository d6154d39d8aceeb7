"""All cases, in the order of the page."""

from __future__ import annotations

from tests.contract.bad import archives, labels, pictures, texts
from tests.contract.bad.cases import CASES, Case

MODULES = (pictures, labels, texts, archives)


def cases() -> list[Case]:
    """Every case, those of a group beside each other."""
    groups = list(dict.fromkeys(each.group for each in CASES))
    return sorted(CASES, key=lambda each: groups.index(each.group))
