"""Films that lie beside the label files of their frames."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH119

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found, Moment
from visloop.data.ingest.walk import clean, is_film_name

if TYPE_CHECKING:
    from visloop.data.formats.stated import Objection
    from visloop.data.records import AddOptions, Refusal
    from visloop.vision import Annotation


MOST_FRAMES: Final = 100_000
"""Labels of later frames are not read; nobody takes as many from one film."""


def film_beside(folder: str, names: Iterable[str], *, other: bool = False) -> Found | None:
    """The film of one of these names in the folder, `other`wise the only one there."""
    try:
        with os.scandir(folder) as listed:
            films = sorted(each.name for each in listed if is_film_name(each.name))
    except OSError:
        return None
    wanted = [os.path.basename(each) for each in names]
    found = next((each for each in wanted if each in films), "")
    if not found and other and len(films) == 1:
        found = films[0]
    file = f"{folder}/{found}"
    return Found(path=clean(found), file=file, source=clean(file)) if found else None


def labelled_film(
    film: Found,
    shown: Mapping[int, tuple[Annotation, ...]],
    objections: Mapping[int, Iterable[Objection]],
    options: AddOptions,
) -> Found | Refusal:
    """The film with what is shown in its frames, by number from 0; refused where none are to be taken."""
    if not options.frames:
        return refuse(
            film.path,
            film.source,
            "missing_image",
            "its frames are labelled, and nobody said which of them to take",
            fix="add it again with --frames all, or a choice of them: --frames every:1s",
        )
    moments = {
        at: Moment(
            annotations=shown.get(at, ()),
            refusals=tuple(
                refuse(film.path, film.source, no.code, no.reason, fix=no.fix)
                for no in objections.get(at, ())
            ),
        )
        for at in shown.keys() | objections.keys()
    }
    return msgspec.structs.replace(film, moments=moments)
