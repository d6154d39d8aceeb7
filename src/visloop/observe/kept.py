"""What watching keeps alive: profiles that windows were held against, and captured pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from visloop.observe.tables import captures, monitors, windows
from visloop.store import Link, Look, Roots


def _digests(look: Look) -> Iterator[Link]:
    for table in (monitors, windows):
        query = select(table.c.deployment, table.c.profile).distinct()
        for deployment, profile in look.connection.execute(query):
            if profile:
                yield Link(profile, f"monitor of {deployment}: profile")
    query = select(captures.c.deployment, captures.c.image).distinct()
    for deployment, image in look.connection.execute(query):
        yield Link(image, f"captured at {deployment}")


_PACKAGES: Final = "packages are kept by the registry"
OBSERVE_ROOTS: Final = Roots(
    room="observe",
    columns=frozenset({"monitors.profile", "windows.profile", "captures.image"}),
    digests=_digests,
    noted={
        "monitors.package": _PACKAGES,
        "windows.package": _PACKAGES,
        "alerts.package": _PACKAGES,
        "webhooks.hook": "of the hook's address, not of a blob",
    },
)
