"""Keys of what people do: sent again under its key, a deed is done once, whatever arrives late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from visloop.label.tables import edits_taken

if TYPE_CHECKING:
    from visloop.store import Write

_REMEMBERED: Final = timedelta(days=60)


def is_first(write: Write, key: str) -> bool:
    """Whether nothing was taken under the key yet; from now on something is. No key is always first."""
    if not key:
        return True
    here = edits_taken.c
    mine = (here.project == write.scope.project) & (here.key == key)
    if write.execute(select(here.key).where(mine)).first() is not None:
        return False
    write.execute(delete(edits_taken).where(here.taken < write.now - _REMEMBERED))
    values = {"project": write.scope.project, "key": key, "taken": write.now}
    write.execute(insert(edits_taken).values(values))
    return True
