"""Verbs that lay the pictures of a data set out as a map."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import data
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.verbs.querying import asked_of
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visloop.app.ports import Ports
    from visloop.events import Scope
else:
    np = lazy_vendor("numpy")  # `visloop --help` loads this module

_REF = "a data set or version: photos (everything, committed or not), photos@v1, photos@v1:test"
_BY = "how: tsne (pip install 'visloop[map]') or pca; default: the better one that is installed"
_COLOUR = "what colours the points: label, split, any field that can be counted"


@dataclass(frozen=True)
class Map:
    """Lay every picture out as a point, those that look alike near one another.

    Made once for the same pictures, way and seed, then kept. How far neighbours are kept stands in the
    answer: what a flat map shows of many dimensions is never all of it.
    """

    ref: str = arg(_REF, default="")
    by: str = opt(_BY, default="")
    seed: int = opt("another seed, another map", default=0)
    color: str = opt(_COLOUR, default="label")
    rows: bool = opt("also where each picture stands (with --json)", default=False)
    html: str | None = opt(
        "draw it into this file, with some of the pictures", default=None, path=True
    )


@dataclass(frozen=True)
class MapAnswer:
    """A map: how many samples it shows, of how many different pictures, and how far it can be believed.

    Of `judged` pictures, `kept` is the share of the `neighbours` nearest on the map that are among the
    nearest by looks; `trustworthiness` (Venna & Kaski 2001) is 1 where nothing stands near that does
    not belong there. `colors` counts the values of the field asked for. `seconds`: what it took when
    it was made. A row: `path`, `x` and `y` within [-1, 1], `color`.
    """

    ref: str
    by: str
    seed: int
    map: str
    count: int
    pictures: int
    trustworthiness: float | None
    kept: float | None
    neighbours: int
    judged: int
    seconds: float
    colors: dict[str, int]
    unreadable: tuple[dict[str, str], ...]
    rows: tuple[dict[str, Any], ...] = ()
    html: str | None = None


@operation("map", permission="data.read")
def map_(ports: Ports, scope: Scope, ask: Map) -> MapAnswer:
    """Made where it is not there yet."""
    found = _found(ports, scope, ask.ref, ask.by, ask.seed)
    shown = ~np.isnan(found.points[:, 0])
    colours = data.colours(found.source, ask.color, shown)
    if ask.html is not None:
        handlers.write_map(ports, found, colours, Path(ask.html))
    return MapAnswer(
        ref=found.ref,
        by=found.by,
        seed=found.seed,
        map=found.id,
        count=int(shown.sum()),
        pictures=found.pictures,
        trustworthiness=found.faithful.trustworthiness,
        kept=found.faithful.kept,
        neighbours=found.faithful.neighbours,
        judged=found.faithful.judged,
        seconds=round(found.seconds, 2),
        colors=dict(zip(colours.names, colours.counts, strict=True)),
        unreadable=tuple({"image": k, "reason": why.what} for k, why in found.problems.items()),
        rows=tuple(handlers.map_rows(found, colours)) if ask.rows else (),
        html=ask.html,
    )


@dataclass(frozen=True)
class MapPoints:
    """The points of a map as arrays in base64, for programs and the page.

    In the order of paths, little-endian: `points` float32 (count, 2); `ids` 16 bytes and `images` 32
    bytes a sample; `codes` uint8 (count) into `names`, or for figures `values` float32 (count).
    """

    ref: str = arg(_REF)
    by: str = opt(_BY, default="")
    seed: int = opt("another seed, another map", default=0)
    color: str = opt(_COLOUR, default="")
    names: bool = opt("also which sample and picture each is", default=False)


@dataclass(frozen=True)
class PointsAnswer:
    """Arrays in base64; empty where they were not asked for. Unreadable pictures stand at NaN."""

    map: str
    count: int
    points: str
    ids: str = ""
    images: str = ""
    field: str = ""
    names: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    codes: str = ""
    values: str = ""


@operation("map.points", permission="data.read")
def map_points(ports: Ports, scope: Scope, ask: MapPoints) -> PointsAnswer:
    """The map is made where it is not there yet."""
    found = _found(ports, scope, ask.ref, ask.by, ask.seed)
    ids, images = data.named_points(found.source) if ask.names else (b"", b"")
    more: dict[str, Any] = {}
    if ask.color:
        colours = data.colours(found.source, ask.color, ~np.isnan(found.points[:, 0]))
        more = {
            "field": colours.field,
            "names": colours.names,
            "counts": colours.counts,
            "codes": _encoded(colours.codes),
            "values": _encoded(colours.values.astype("<f4")),
        }
    return PointsAnswer(
        map=found.id,
        count=len(found.points),
        points=_encoded(found.points.astype("<f4")),
        ids=b64encode(ids).decode(),
        images=b64encode(images).decode(),
        **more,
    )


def _found(ports: Ports, scope: Scope, ref: str, by: str, seed: int) -> data.PictureMap:
    return data.picture_map(ports.data, scope, asked_of(ports, scope, ref), by=by, seed=seed)


def _encoded(array: NDArray[Any]) -> str:
    return b64encode(array.tobytes()).decode()
