"""Labels from a file: many decisions at once, each matched to the picture that it is about."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from visloop.errors import Refused, UsageError
from visloop.label.decisions import accept_in
from visloop.label.queue import COLUMNS, current, get, task_of
from visloop.label.records import LabelPorts, Task
from visloop.label.tables import tasks

if TYPE_CHECKING:
    from visloop.events import Scope

KEYS: Final = ("task", "image", "prediction", "file")
_AT_ONCE: Final = 200


class LabelsUnreadable(Refused):
    """The file is not a table of labels."""

    code = "label.file_unreadable"


@dataclass(frozen=True)
class Row:
    """One row of a file: what names the picture (task id, image digest, prediction id, file name)."""

    key: str
    label: str


@dataclass(frozen=True)
class Imported:
    """What an import did: labels accepted, those that said nothing new, keys that nothing answers to."""

    accepted: int
    unchanged: int
    unknown: tuple[str, ...]


def read_rows(file: Path) -> list[Row]:
    """Rows of a CSV file with a header, or of a JSON file (a list of objects, or key → label).

    The columns are `label` and one of `task`, `image`, `prediction`, `file`.

    Raises:
        LabelsUnreadable: it is no such file.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsUnreadable(f"{file} cannot be read: {error}") from error
    records = _json(file, text) if file.suffix.lower() == ".json" else _csv(text)
    return [_read(record, number, file) for number, record in enumerate(records, start=1)]


def _csv(text: str) -> list[Mapping[str, Any]]:
    return list(csv.DictReader(io.StringIO(text), skipinitialspace=True))


def _json(file: Path, text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise LabelsUnreadable(f"{file} is not JSON: {error}") from error
    if isinstance(found, dict):
        return [{"file": key, "label": label} for key, label in found.items()]
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return found
    raise LabelsUnreadable(
        f"{file} holds neither a list of objects nor key → label",
        fix='[{"file": "a.jpg", "label": "bolt"}, …]',
    )


def _read(record: Mapping[str, Any], number: int, file: Path) -> Row:
    key = next((record[k] for k in KEYS if record.get(k)), None)
    label = record.get("label")
    if not isinstance(key, str) or not isinstance(label, str) or not label.strip():
        raise LabelsUnreadable(
            f"row {number} of {file} lacks a label, or a picture that it is about",
            fix=f"give it the columns label and one of: {', '.join(KEYS)}",
        )
    return Row(key=key.strip(), label=label.strip())


def import_labels(
    ports: LabelPorts,
    scope: Scope,
    dataset: str,
    rows: Iterable[Row],
    *,
    test_share: float = 0.0,
) -> Imported:
    """Accept one label a row; each is a decision of its own, as if made by hand.

    A row names its picture by task id, image digest, prediction id, or file name (the picture's
    path in the data set, or its last part where only one picture has it); pictures that were given to
    people are theirs, and no file answers for them. Rows are accepted in
    batches, each batch one transaction, so a killed import is run again.

    Raises:
        UnknownClass: a label is no class of the data set; nothing of its batch is accepted.
        UsageError: two rows say different things of one picture.
    """
    by_key = _matches(ports, scope, dataset)
    chosen: dict[str, tuple[Task, str]] = {}
    unknown: list[str] = []
    for row in rows:
        task = by_key.get(row.key) or by_key.get(PurePosixPath(row.key).name)
        if task is None:
            unknown.append(row.key)
        elif chosen.get(task.id, (task, row.label))[1] != row.label:
            raise UsageError(
                f"{row.key!r} is called {chosen[task.id][1]!r} and {row.label!r} in one file",
                fix="keep one of the rows",
            )
        else:
            chosen[task.id] = (task, row.label)
    accepted = _accept(ports, scope, list(chosen.values()), test_share=test_share)
    return Imported(accepted, len(chosen) - accepted, tuple(unknown))


def _matches(ports: LabelPorts, scope: Scope, dataset: str) -> dict[str, Task]:
    """Everything that may name a task → the task; file names that several have are left out."""
    mine = (tasks.c.project == scope.project, tasks.c.dataset == dataset)
    with ports.ledger.read() as connection:
        query = select(*COLUMNS).where(*mine, tasks.c.state != "rejected", tasks.c.rules.is_(None))
        found = [task_of(row) for row in connection.execute(query).mappings()]
    by_key: dict[str, Task] = {}
    clashes: set[str] = set()
    for task in found:
        names = {PurePosixPath(task.path).name, PurePosixPath(task.candidate.source).name} - {""}
        clashes |= {name for name in names if name in by_key}
        by_key |= dict.fromkeys(names, task)
    for name in clashes:
        del by_key[name]
    for task in found:
        certain = (task.path, task.prediction, task.image, task.id)
        by_key |= dict.fromkeys((key for key in certain if key), task)
    return by_key


def _accept(
    ports: LabelPorts, scope: Scope, chosen: Sequence[tuple[Task, str]], *, test_share: float
) -> int:
    """How many of the decisions were news."""
    accepted = 0
    for at in range(0, len(chosen), _AT_ONCE):
        with ports.ledger.write(scope) as write:
            for stale, label in chosen[at : at + _AT_ONCE]:
                stored = get(write.connection, scope.project, stale.id)
                task = current(ports, write.connection, stored)
                accepted += accept_in(ports, write, task, label, test_share=test_share) != task
    return accepted
