"""Pictures and videos that somebody sends: no verb, because their bytes are no JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visloop import data, store
from visloop.app import handlers
from visloop.ids import check_name

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def push(
    ports: Ports,
    scope: Scope,
    dataset: str,
    handed: Sequence[data.Handed],
    options: data.AddOptions,
) -> data.Added:
    """Bring the bytes into the data set's working state; when it returns they are on the disk.

    Raises:
        Forbidden: the actor may not write data.
        UsageError: a name, a path or a policy of frames is wrong.
        UnknownClass: a label is no class of the data set.
    """
    store.authorise(ports.ledger, scope, "data.write")
    name = handlers.free_for_data(ports, scope, check_name(dataset, "data set name"))
    with ports.blobs.upkeep.at_work():
        return data.hand_over(ports.data, scope, name, handed, options)
