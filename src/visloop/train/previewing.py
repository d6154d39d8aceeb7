"""How a recipe varies the pictures that it learns from, as one sheet: truth drawn on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.errors import Refused
from visloop.ids import Ref, new_id
from visloop.store import Jobs
from visloop.train import lessons
from visloop.train.bench import Bench
from visloop.train.lease import held
from visloop.train.training import order_of

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.train.recipe import Lesson
    from visloop.train.records import TrainPorts

ROWS: Final = 6
COLUMNS: Final = 5
_TILE_PX: Final = 256
_GAP_PX: Final = 4
_GOLDEN: Final = 0.618
_VEIL: Final = 0.45
_UNKNOWN: Final = 255

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """A picture as the network sees it: `pixels` uint8 (H, W, 3), `boxes` float32 (M, 4) with `places`
    of their classes, `mask` uint8 (H, W) of 0 background, 1 + place, 255 nobody knows; `label` in words.
    """

    pixels: Pixels
    boxes: NDArray[np.float32]
    places: NDArray[np.int64]
    mask: Pixels | None
    label: str


@runtime_checkable
class Previewed(Protocol):
    """A recipe that can show what it learns from."""

    def preview(
        self, lesson: Lesson, bench: Bench, rows: int, columns: int
    ) -> Sequence[Sequence[Shown]]:
        """Some pictures, a row each: as they are prepared, then as the first epochs vary them."""
        ...


def preview(
    ports: TrainPorts,
    scope: Scope,
    ref: Ref,
    recipe: str,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> bytes:
    """A PNG: a row a picture, first as it is prepared, then as the first epochs see it.

    Args:
        ports: where state and bytes live.
        scope: who asks.
        ref: the data, as for training.
        recipe: whose augmentation.
        params: its parameters.
        seed: of the run that would follow: the same pictures, varied in the same way.

    Raises:
        Refused: the recipe varies nothing, or the data cannot be learnt from.
    """
    order = order_of(ports, scope, ref, recipe, params or {}, None, seed, None)
    if not isinstance(order.recipe, Previewed):
        raise Refused(
            f"recipe {recipe!r} learns from pictures as they are: nothing to preview",
            fix="preview classify-finetune, detect, segment or regress",
        )
    material = lessons.choose_pictures(order.snapshot, order.split, order.recipe.task)
    lesson = lessons.lesson_of(order.plan, order.params, order.recipe.task, material)
    jobs = Jobs(ports.ledger, ports.ledger.clock)
    name = new_id("preview")
    with held(jobs, name, scope.project, ports.lease_s) as claim:
        bench = Bench(ports, scope, name, 1, claim)
        shown = order.recipe.preview(lesson, bench, ROWS, COLUMNS)
    return _sheet(shown, lesson.classes)


def _sheet(shown: Sequence[Sequence[Shown]], classes: Sequence[str]) -> bytes:
    tiles = [[_tile(each, classes) for each in row] for row in shown]
    high, wide = (max(t.shape[axis] for row in tiles for t in row) + _GAP_PX for axis in (0, 1))
    columns = max(len(row) for row in tiles)
    sheet = np.full((high * len(tiles), wide * columns, 3), _UNKNOWN, np.uint8)
    for down, row in enumerate(tiles):
        for across, tile in enumerate(row):
            top, left = down * high, across * wide
            sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes()


def _tile(shown: Shown, classes: Sequence[str]) -> Pixels:
    scale = _TILE_PX / max(shown.pixels.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in shown.pixels.shape[1::-1])
    tile = np.array(cv2.resize(shown.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if shown.mask is not None:
        mask = cv2.resize(shown.mask, size, interpolation=cv2.INTER_NEAREST)
        for value in np.unique(mask[mask > 0]).tolist():
            colour = (128, 128, 128) if value == _UNKNOWN else class_colour(value - 1)
            where = mask == value
            tile[where] = ((1 - _VEIL) * tile[where] + _VEIL * np.array(colour)).astype(np.uint8)
    for (x1, y1, x2, y2), place in zip((shown.boxes * scale).round(), shown.places, strict=True):
        corner, other = (int(x1), int(y1)), (int(x2), int(y2))
        cv2.rectangle(tile, corner, other, class_colour(int(place)), 2)
        _write(tile, classes[int(place)], (int(x1) + 2, int(y1) + 11))
    if shown.label:
        _write(tile, shown.label, (4, tile.shape[0] - 6))
    return tile


def _write(tile: Pixels, text: str, at: tuple[int, int]) -> None:
    for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thick, cv2.LINE_AA)


def class_colour(place: int) -> tuple[int, int, int]:
    """The colour of a class by its place: one of many that lie apart, RGB."""
    hue = int(180 * ((place + 1) * _GOLDEN % 1.0))
    one = cv2.cvtColor(np.array([[[hue, 200, 255]]], np.uint8), cv2.COLOR_HSV2RGB)[0, 0]
    return int(one[0]), int(one[1]), int(one[2])
