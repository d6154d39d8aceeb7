"""Removing a data set from Python, and the undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visloop import app

if TYPE_CHECKING:
    from visloop.faces.sdk.connections import Connection


class Removable:
    """What can be put into the trash, taken out again, or purged."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    def remove(
        self, message: str = "", *, force: bool = False, dry_run: bool = False
    ) -> app.RemovedDataset:
        """Put it into the trash; `force` also when models or people work with it.

        Raises:
            DatasetNeeded: they do.
        """
        ask = app.DatasetsRemove(dataset=self.name, message=message, force=force, dry_run=dry_run)
        return self._connection.call(app.datasets_remove, ask)

    def restore(self) -> app.RemovedDataset:
        """Take it out of the trash: it is as it was."""
        return self._connection.call(app.datasets_restore, app.DatasetsRestore(dataset=self.name))

    def purge(self) -> app.RemovedDataset:
        """Forget it for good, from the trash; `ws.gc()` frees its bytes.

        Raises:
            DatasetNeeded: a model was trained or judged on it.
        """
        return self._connection.call(app.datasets_purge, app.DatasetsPurge(dataset=self.name))
