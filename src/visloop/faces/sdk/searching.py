"""Searches over parameters and recipes: `ws.tune(v, recipe="detect", trials=20).model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.faces.sdk.connections import Connection
    from visloop.faces.sdk.workspace import VersionRef


@dataclass(frozen=True)
class Search:
    """A search that has ended.

    `model` is the version that its best trial made, `best` that trial: `number`, `value`, `params`,
    `run`. The value is the best of many on one held-out set, and so too good: evaluate the model on
    pictures that the search never saw.
    """

    connection: Connection
    id: str
    model: str
    best: Mapping[str, Any]

    def show(self, **options: Any) -> app.TuneAnswer:
        """How it went; `options` are the fields of `visloop.app.TuneShow`: `importance`, `html`."""
        return self.connection.call(app.tune_show, app.TuneShow(run=self.id, **options))


class Searching:
    """What a workspace does with searches."""

    connection: Connection

    def tune(
        self,
        on: VersionRef | str,
        *,
        recipe: str = "classify-linear",
        space: Mapping[str, str] | None = None,
        set_: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Search:
        """Search over parameters and recipes; the best trial's model is registered.

        `options` are the fields of `visloop.app.Tune`: `trials`, `workers`, `metric`, `prune`, `model`,
        `seed`, `timeout`, …
        """
        ask = app.Tune(
            ref=str(on), recipe=recipe, space=dict(space or {}), set=dict(set_ or {}), **options
        )
        done = self.connection.call(app.tune, ask)
        return Search(self.connection, done.run, done.model, done.trial or {})
