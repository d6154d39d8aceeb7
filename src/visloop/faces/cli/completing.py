"""What a shell may complete: names of data sets, versions, models …, and the text of questions.

Each value of the command line is completed by the name of its parameter. Nothing here may fail:
where there is no workspace, or a word means nothing yet, there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from visloop import app
from visloop.errors import VisloopError
from visloop.faces import sdk

if TYPE_CHECKING:
    from visloop.faces.sdk import Connection

VARIABLE: Final = "_VISLOOP_COMPLETE"
"""By this variable a shell asks click what could stand next."""
Complete = Callable[["Connection", Mapping[str, Any], str], Iterable[str]]


def of_parameter(verb: str, name: str, *, path: bool) -> Callable[..., Any] | None:
    """What click asks for the values of a verb's parameter; None: nothing is known of them."""
    if path:
        return _files
    known = _KNOWN.get(f"{verb}.{name}") or _KNOWN.get(f"{verb.partition('.')[0]}.*.{name}")
    known = known or _KNOWN.get(name)
    if known is None:
        return None

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with suppress(VisloopError, OSError), _workspace(ctx) as connection:
            return [
                CompletionItem(each)
                for each in known(connection, ctx.params, incomplete)
                if each.startswith(incomplete)
            ]
        return []

    return complete


@contextmanager
def _workspace(ctx: click.Context) -> Generator[Connection]:
    given = ctx.params
    if given.get("server"):
        with sdk.remote(given["server"], project=given.get("project")) as there:
            yield there
        return
    root = Path(given.get("workspace") or Path.cwd())
    with sdk.local(root, project=given.get("project")) as here:
        yield here


def _files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell knows better which files there are."""
    return [CompletionItem(incomplete, type="file")]


def _nothing(here: Connection, given: Mapping[str, Any], incomplete: str) -> tuple[str, ...]:
    """Of a name that means something else here than in other verbs."""
    del here, given, incomplete
    return ()


# --- names ---------------------------------------------------------------------------------------


def _datasets(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
    del given, incomplete
    return [row["name"] for row in here.call(app.datasets, app.Datasets()).rows]


def _references(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
    """`photos`, then `photos@v3`, then `photos@v3:test`."""
    name, at, version = incomplete.partition("@")
    if not at:
        return _datasets(here, given, incomplete)
    number, colon, _ = version.partition(":")
    if colon:
        ask = app.Complete(text="split = ", at=f"{name}@{number}")
        splits = [row["text"] for row in here.call(app.complete, ask).rows]
        return [f"{name}@{number}:{split}" for split in splits]
    versions = [row["version"] for row in here.call(app.log, app.Log(dataset=name)).rows]
    branches = here.call(app.branch_list, app.BranchList(dataset=name)).rows
    tags = here.call(app.tag_list, app.TagList(dataset=name)).rows
    named = [row["name"] for row in (*branches, *tags)]
    return [f"{name}@{each}" for each in dict.fromkeys(("work", *versions, *named))]


def _listed(of: str, *keys: str) -> Complete:
    """Values of a relation: of runs their ids."""

    def complete(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
        del given, incomplete
        rows = here.call(app.query, app.Query(of=of, limit=_MOST)).rows
        return list(dict.fromkeys(str(row[key]) for key in keys for row in rows if row.get(key)))

    return complete


def _models(here: Connection, given: Mapping[str, Any], incomplete: str) -> Iterator[str]:
    """`net`, then `net@v2` and `net@champion`."""
    del given
    rows = here.call(app.models, app.Models()).rows
    if "@" not in incomplete:
        yield from dict.fromkeys(row["model"] for row in rows)
    for row in rows:
        yield row["ref"]
        yield from (f"{row['model']}@{alias}" for alias in row["aliases"])


def _incidents(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
    del given, incomplete
    found = here.call(app.incident_list, app.IncidentList(state="all"))
    return [row["id"] for row in found.rows]


def _views(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
    del given, incomplete
    return [row["name"] for row in here.call(app.view_list, app.ViewList()).rows]


def _relations(here: Connection, given: Mapping[str, Any], incomplete: str) -> tuple[str, ...]:
    del here, given, incomplete
    return app.askable()


def _question(here: Connection, given: Mapping[str, Any], incomplete: str) -> list[str]:
    """What could stand next in the text of a question; `--at` may still follow."""
    of, at = given.get("of") or "", given.get("at") or ""
    if not at and of in {"", "samples", "objects"}:
        held = [
            row["name"] for row in here.call(app.datasets, app.Datasets()).rows if row["samples"]
        ]
        at = held[0] if held else ""

    def following(text: str) -> list[str]:
        found = here.call(app.complete, app.Complete(text=text, of=of, at=at))
        return [text[: found.start] + row["text"] for row in found.rows]

    known = following(incomplete)
    if len(known) == 1:  # so that a shell does not take the question for finished
        known = following(f"{known[0]} ") or known
    return known


_MOST: Final = 1000
_KNOWN: Final[Mapping[str, Complete]] = {
    "a": _references,
    "against": _models,
    "alert": _listed("alerts", "id"),
    "at": _references,
    "b": _references,
    "camera.*.model": _nothing,
    "dataset": _datasets,
    "model": _models,
    "model.*.ref": _models,
    "model.rollback.name": _listed("models", "model"),
    "monitor.name": _listed("deployments", "name"),
    "of": _relations,
    "on": _references,
    "prediction": _listed("predictions", "id"),
    "predictions.name": _listed("deployments", "name"),
    "ref": _references,
    "rollback.name": _listed("deployments", "name"),
    "run": _listed("runs", "id"),
    "task": _listed("tasks", "id"),
    "text": _question,
    "to": _datasets,
    "incident": _incidents,
    "incident.add.source": _listed("predictions", "id"),
    "meta.*.to": _nothing,
    "deploy.as_": _listed("deployments", "name"),
    "view": _views,
    "view.remove.name": _views,
}
"""By `verb.parameter`, by `group.*.parameter`, or by the parameter alone."""
