"""What a process that is to be forked imports first: everything of ours, and what that loads late."""

from __future__ import annotations

import pkgutil
import re

import visloop

_NOT_OURS = re.compile(r"visloop\.(adapters|__main__|.*\.__main__|app\.migrations)")
_LATE = ("scipy.special", "scipy.optimize", "sklearn.linear_model", "sklearn.model_selection")


def names() -> list[str]:
    """Modules that start no thread and open nothing when they are imported."""
    found = (each.name for each in pkgutil.walk_packages(visloop.__path__, "visloop."))
    return [*(name for name in found if not _NOT_OURS.match(name)), *_LATE]
