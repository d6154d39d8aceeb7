"""All cases, in the order of the page."""

from __future__ import annotations

from tests.contract.bad import (
    again,
    archives,
    films,
    labels,
    media,
    mot,
    pictures,
    remote,
    texts,
    tools,
)
from tests.contract.bad.cases import CASES, Case

MODULES = (pictures, media, films, labels, texts, tools, mot, archives, remote, again)


def cases() -> list[Case]:
    """Every case, those of a group beside each other."""
    modules = [module.__name__ for module in MODULES]
    listed = sorted(CASES, key=lambda each: modules.index(each.make.__module__))
    groups = list(dict.fromkeys(each.group for each in listed))
    return sorted(listed, key=lambda each: groups.index(each.group))
