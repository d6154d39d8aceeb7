"""The verb that searches pictures by plain words and by example."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.verbs.querying import asked_of
from visloop.errors import NotFound, UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.ids import Ref


@dataclass(frozen=True)
class Search:
    """Find pictures by plain words, or those that are most like a picture: 'a red shirt'.

    The nearest come first, of a data set as it is (default: the only one) or of any version of it.
    What words can and cannot find: docs/explanation/search.md. The first search of a data set looks
    at each of its pictures once; later ones answer in milliseconds.
    """

    words: str = arg("what to look for, in English", default="")
    image: str = opt(
        "pictures like this one: a file, or a sample by its path", default="", file=True
    )
    at: str = opt("a data set or version: photos, photos@v1:test", default="")
    where: str = opt("only those that fit a question as well: 'split = test'", default="")
    offset: int = opt("skip so many", default=0)
    limit: int = opt("at most so many; the nearest 1000 can be paged through", default=20)
    picture: str = opt("the picture itself in base64, in place of --image", default="")
    index: bool = opt(
        "first put all pictures in an index, if they are 10,000 or more: later searches among very "
        "many are faster",
        default=False,
    )


@dataclass(frozen=True)
class SearchAnswer:
    """Samples, nearest first, each with its `score`; scores compare within one answer only.

    `searched`: samples that were compared. `understood`: what words were taken for, with shares:
    `from` is `label` for a class of the data's own, else whose word it is. `unreadable`: pictures
    that could not be compared. `indexed`: pictures in the index, where one was asked for.
    """

    count: int
    ref: str
    rows: tuple[dict[str, Any], ...]
    searched: int
    understood: tuple[dict[str, Any], ...]
    unreadable: tuple[dict[str, str], ...]
    indexed: int = 0


@operation("search", permission="data.read")
def search(ports: Ports, scope: Scope, ask: Search) -> SearchAnswer:
    """One page."""
    ref = asked_of(ports, scope, ask.at)
    found = data.search(
        ports.data,
        scope,
        ref,
        _sought(ports, scope, ref, ask),
        where=ask.where,
        offset=ask.offset,
        limit=ask.limit,
        indexed=ask.index,
    )
    understood = tuple(
        {"name": name, "share": share, "from": origin} for name, share, origin in found.understood
    )
    unreadable = tuple({"image": image, "reason": reason} for image, reason in found.unreadable)
    return SearchAnswer(
        count=len(found.rows),
        ref=found.ref,
        rows=found.rows,
        searched=found.searched,
        understood=understood,
        unreadable=unreadable,
        indexed=found.indexed,
    )


def _sought(ports: Ports, scope: Scope, ref: Ref, ask: Search) -> data.Sought:
    """What is looked for; an image is a sample where there is one of that path, else a file."""
    if ask.image and not ask.words and not ask.picture:
        if data.open(ports.data, ref, scope.project).get(ask.image) is not None:
            return data.Sought(like=ask.image)
        file = Path(ask.image).expanduser()
        if not file.is_file():
            raise NotFound(
                f"there is neither a file {ask.image!r} nor a sample of that path in {ref}",
                fix=f"name a picture, or a sample: visloop samples {ref}",
            )
        raw = file.read_bytes()
        if not raw:
            raise UsageError(f"{file} is empty", fix="name a picture")
        return data.Sought(picture=raw)
    try:
        picture = base64.b64decode(ask.picture, validate=True)
    except binascii.Error as error:
        raise UsageError(f"`picture` is no base64: {error}", fix="--image takes a file") from error
    return data.Sought(words=ask.words, picture=picture, like=ask.image)
