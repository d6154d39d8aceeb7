"""Label Studio in: its JSON export (tasks with annotations and predictions) or JSON-MIN.

Of several annotations of a task one counts: a ground truth, else the one changed last; skipped ones
(`was_cancelled`) never. Predictions are taken where no annotation counts, as proposals of
`model:NAME`. Editors show pictures upright, so coordinates are those of the upright picture. A task
without annotation is a picture that nobody looked at; one annotated with nothing is a negative. A
task of a film wants the film beside the file, and `--frames`.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH113, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from msgspec.structs import replace

from visloop.data.formats.classes import Details, entries_of
from visloop.data.formats.film import film_beside, labelled_film
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.label_studio.config import classes_in
from visloop.data.formats.label_studio.film import film_of
from visloop.data.formats.label_studio.tasks import Told, film_told, tell
from visloop.data.formats.label_studio.urls import names_of
from visloop.data.formats.loose import (
    head,
    is_column,
    listing,
    mapping,
    read_json,
    read_xml,
    text,
    unreadable_labels,
)
from visloop.data.formats.records import Item, LabelsUnreadable, Reading
from visloop.data.formats.stated import Stated, offer
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import Leftovers, clean, is_film_name
from visloop.data.records import AddOptions

TITLE: Final = "Label Studio JSON"
_MOST_LABEL_FILES: Final = 50
_OURS: Final = (b'"predictions"', b'"completions"', b'"annotations"', b'"result"')
_REGIONS: Final = (b'labels"', b'"original_width"', b'"choice"', b'"annotator"', b'"annotation_id"')


def recognises_label_studio(path: str) -> bool:
    """Whether `path` is a Label Studio export, or a folder with one."""
    return bool(label_files(path))


def label_files(path: str) -> list[str]:
    """The exports at `path`; empty where there are none."""
    if not os.path.isdir(path):
        return [path] if path.lower().endswith(".json") and _looks_right(path) else []
    try:
        with os.scandir(path) as listed:
            files = sorted(each.path for each in listed if each.name.lower().endswith(".json"))
    except OSError:
        return []
    return list(filter(_looks_right, files)) if len(files) <= _MOST_LABEL_FILES else []


def read_label_studio(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every task of the exports.

    Raises:
        LabelsUnreadable: a file is not JSON, or no list of tasks.
    """
    stated: list[Stated] = []
    others: list[Item] = []
    named: dict[str, Details | None] = {}
    for file in (file for path in paths for file in label_files(path)):
        document = read_json(file, TITLE)
        tasks = document if isinstance(document, list) else [document]
        if not all(isinstance(each, dict) for each in tasks):
            raise unreadable_labels(file, TITLE, "it is no list of tasks")
        named |= {name: said for name, said in _config(file, left) if name not in named}
        for at, task in enumerate(tasks):
            one = _task(at, mapping(task), file, left, options)
            if isinstance(one, Stated):
                stated.append(one)
            else:
                others.append(one)
    items = chain(others, offer(stated, left))
    return Reading(items, entries_of(named.items()), len(stated))


def _looks_right(file: str) -> bool:
    start = head(file)
    if not start.startswith((b"[", b"{")):
        return False
    if b'"categories"' in start or b'"dm_format_version"' in start:
        return False
    if start.startswith(b"{") and b'"images"' in start:
        return False
    whole = b'"data"' in start and any(key in start for key in _OURS)
    small = start.startswith(b"[") and b'"id"' in start and any(key in start for key in _REGIONS)
    return whole or (small and b'"image"' in start)


def _config(file: str, left: Leftovers) -> list[tuple[str, Details | None]]:
    """Classes of the labelling set-up that lies beside the export, if one does."""
    beside = os.path.join(os.path.dirname(file), "label_config.xml")
    if not os.path.isfile(beside):
        return []
    try:
        return classes_in(read_xml(beside, "a labelling set-up"))
    except LabelsUnreadable as problem:
        left.say(f"{problem.what}: classes are taken from the labels")
        return []


def _task(
    at: int, task: dict[str, Any], file: str, left: Leftovers, options: AddOptions
) -> Stated | Item:
    data = mapping(task.get("data")) if "data" in task else task
    where = f"task {task.get('id', at)}"
    url, key = _picture(data)
    if is_film_name(url) or (not url and film_of(data)[0]):
        return _film(task, data, where, file, left, options)
    if not url:
        reason = f"{where}: its data names no picture"
        fix = "give the task an `image`, or remove it"
        return refuse(where, clean(file), "missing_image", reason, fix=fix)
    names = names_of(url, text(task.get("file_upload")))
    if not names:
        return refuse(
            clean(url)[:200],
            clean(file),
            "not_fetched",
            f"{where}: its picture lies at a URL, which is not fetched",
            fix="download the pictures beside the file under the names that end their URLs",
        )
    told: Told = tell(task, data, where)
    folder = os.path.dirname(file)
    roots = (os.path.join(folder, "images"), folder, os.path.join(folder, "upload"))
    return Stated(
        names=names,
        roots=roots,
        tree=folder,
        source=clean(file),
        path=told.side.path,
        annotations=told.annotations,
        split=told.side.split or _split(data),
        declared=told.declared,
        metadata=told.side.metadata | (_columns(data, key) if data is not task else {}),
        objections=told.objections,
        notes=told.notes,
    )


def _film(
    task: dict[str, Any],
    data: dict[str, Any],
    where: str,
    file: str,
    left: Leftovers,
    options: AddOptions,
) -> Item:
    address, key = film_of(data)
    names = names_of(address, text(task.get("file_upload")))
    film = film_beside(os.path.dirname(file), names)
    if film is None:
        called = names[-1] if names else clean(address)[:200]
        reason = f"{where}: its film {called!r} does not lie beside the file"
        return refuse(called, clean(file), "missing_image", reason, fix="put the film beside it")
    told, looked_at, notes = film_told(task, where)
    for each in notes:
        left.say(each)
    said = replace(film, shares=True, split=_split(data), metadata=_columns(data, key))
    return labelled_film(said, told.moments() if looked_at else {}, told.objections, options)


def _split(data: dict[str, Any]) -> str | None:
    split = text(data.get("split"))
    return SPLITS.get(split.lower(), split) or None


def _columns(data: dict[str, Any], picture: str) -> dict[str, Any]:
    """What a task's data say besides the picture: plain values only."""
    return {
        name: value
        for name, value in data.items()
        if name not in {picture, "id", "split"} and is_column(value)
    }


def _picture(data: dict[str, Any]) -> tuple[str, str]:
    """The picture's address and its key: `image` and its like first, else what looks like one."""
    keys = ("image", "img", "image_url", "url", "$undefined$", *data)
    for key in keys:
        value = data.get(key)
        if isinstance(value, list) and listing(value):
            value = value[0]
        if isinstance(value, str) and value.strip() and (key in keys[:5] or _address(value)):
            return value.strip(), key
    return "", ""


def _address(value: str) -> bool:
    return "/" in value and value.lower().rpartition(".")[2] in {
        "jpg",
        "jpeg",
        "png",
        "webp",
        "bmp",
        "gif",
        "tif",
        "tiff",
    }
