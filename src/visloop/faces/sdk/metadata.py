"""Metadata of a data set, from Python: `ds.meta.set("cam1/*", values={"height": 3.5})`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visloop import app

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from visloop.faces.sdk.connections import Connection


@dataclass(frozen=True)
class Metadata:
    """The verbs `meta …` of one data set."""

    connection: Connection
    dataset: str

    def set(
        self,
        *paths: str,
        values: Mapping[str, Any] | None = None,
        unset: Collection[str] = (),
        all: bool = False,  # noqa: A002 - as the command line says it
        where: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> app.MetaChanged:
        """Set values on the samples at paths or patterns, on all, or where something holds."""
        texts = {key: _text(value) for key, value in (values or {}).items()}
        ask = app.MetaSet(
            dataset=self.dataset,
            paths=paths,
            set=texts,
            unset=tuple(unset),
            all=all,
            where=dict(where or {}),
            dry_run=dry_run,
        )
        return self.connection.call(app.meta_set, ask)

    def load(
        self,
        file: str | Path,
        *,
        key: Literal["path", "name", "stem", "digest"] = "path",
        column: str | None = None,
        dry_run: bool = False,
    ) -> app.MetaImported:
        """Take values from a CSV or JSON table: `meta import`."""
        place = str(Path(file).expanduser().absolute())
        ask = app.MetaImport(
            dataset=self.dataset, file=place, key=key, column=column, dry_run=dry_run
        )
        return self.connection.call(app.meta_import, ask)

    def fields(self, version: str = "work") -> tuple[dict[str, Any], ...]:
        """A row a field that samples have: type, unit, how many, from where to where."""
        ask = app.MetaFields(ref=f"{self.dataset}@{version}")
        return self.connection.call(app.meta_fields, ask).rows

    def show(self, path: str, version: str = "work") -> tuple[dict[str, Any], ...]:
        """A row a value of one sample."""
        ask = app.MetaShow(ref=f"{self.dataset}@{version}", path=path)
        return self.connection.call(app.meta_show, ask).rows

    def declare(self, name: str, type: str = "text", **more: Any) -> app.MetaChanged:  # noqa: A002
        """Declare a field; `more` are the fields of `visloop.app.MetaFieldAdd`."""
        given: Any = type
        ask = app.MetaFieldAdd(dataset=self.dataset, name=name, type=given, **more)
        return self.connection.call(app.meta_field_add, ask)


def _text(value: object) -> str:
    """As it is written on the command line; a number to its last digit."""
    return str(value).lower() if isinstance(value, bool) else str(value)
