"""Search: the samples of a version that are nearest to words or to a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from visloop.data.finding.ranking import MOST, Sought, index, ranked
from visloop.data.querying.answering import within_split
from visloop.data.querying.source import Columns
from visloop.data.records import DataPorts
from visloop.data.snapshot import open_ref
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import check, run


@dataclass(frozen=True)
class Nearest:
    """A page of samples, nearest first, each with its `score`; comparable within one answer only.

    `searched` samples were compared. `understood`: what words were taken for: name, share, and
    where the name is from. `unreadable`: pictures that could not be compared, and why. `indexed`:
    pictures in the index, where one was asked for.
    """

    ref: str
    rows: tuple[dict[str, Any], ...]
    searched: int
    understood: tuple[tuple[str, float, str], ...]
    unreadable: tuple[tuple[str, str], ...]
    indexed: int = 0


def search(
    ports: DataPorts,
    scope: Scope,
    ref: Ref,
    sought: Sought,
    *,
    where: str = "",
    offset: int = 0,
    limit: int = 20,
    indexed: bool = False,
) -> Nearest:
    """The nearest samples of a version; pictures without a vector get theirs first.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        ref: the version; of a split only, if it names one.
        sought: words, a picture, or a sample of that version.
        where: a question that a sample must fit as well.
        offset: skip so many.
        limit: samples of this page; the nearest 1,000 can be paged through.
        indexed: put all pictures in an index first, if they are 10,000 or more and not in it yet;
            it stays, and search looks at a part of what is in it.

    Raises:
        UsageError: `where` sorts or cuts off, which is what search does.
        QueryWrong: `where` cannot be understood; it says where.
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
        SampleNotFound, NotAnImage, TruncatedImage, TooManyPixels, MissingExtra: see `ranked`.
    """
    snapshot = open_ref(ports, ref, scope.project)
    source = Columns(ports, snapshot, of_parts=False)
    plan = check(where, source.schema)
    if plan.order or plan.limit is not None:
        raise UsageError(
            "search sorts by nearness: a condition beside it neither sorts nor limits",
            fix="leave `sort by` and `limit` out of --where; --limit says how many",
        )
    fitting = run(within_split(plan, source), source).at
    start, end = max(offset, 0), min(max(offset, 0) + max(limit, 0), MOST)
    in_lists = index(ports, source) if indexed else 0
    found = ranked(ports, source, sought, fitting)
    rows = [
        {**msgspec.to_builtins(source.sample(int(at))), "score": round(float(score), 4)}
        for at, score in zip(found.at[start:end], found.scores[start:end], strict=True)
    ]
    ref_text = snapshot.version.ref + (f":{snapshot.split}" if snapshot.split else "")
    unreadable = tuple((image, why.what) for image, why in found.problems.items())
    return Nearest(ref_text, tuple(rows), found.searched, found.understood, unreadable, in_lists)
