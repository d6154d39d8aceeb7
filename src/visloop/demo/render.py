"""From a scene to light: belt, shadows, parts, seen through a camera that may have been knocked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.demo import belt, catalogue
from visloop.demo.defects import damaged
from visloop.demo.light import lit
from visloop.demo.shapes import EXTENT, PX_PER_UNIT, Body, Field, as_field
from visloop.demo.world import FLAWLESS, Placed, Scene

_FINER: Final = 2  # parts are drawn at twice the size and brought down by area
_HEIGHTS: Final = {"washer": 0.08, "bracket": 0.08, "nut": 0.32, "gear": 0.24}  # of a half length
_OTHER_HEIGHT: Final = 0.28
_SHADOW_FROM: Final = (0.42, 0.62)  # shadows fall to the lower right, away from the soft box


@dataclass(frozen=True)
class View:
    """Where the camera looks from: turned, shifted and zoomed about the middle of the picture."""

    turn_rad: float = 0.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0

    @classmethod
    def knocked(cls, severity: float, size_px: tuple[int, int], seed: int) -> View:
        """A camera that somebody ran into; the direction is the seed's."""
        if severity <= 0:
            return cls()
        sign = np.random.default_rng([505, seed]).choice((-1.0, 1.0), 3)
        width, height = size_px
        shift = (
            float(sign[1]) * 0.10 * width * severity,
            float(sign[2]) * 0.09 * height * severity,
        )
        return cls(float(sign[0]) * 0.42 * severity, shift, 1 + 0.30 * severity)

    def matrix(self, size_px: tuple[int, int]) -> NDArray[np.float64]:
        """Float64 (2, 3): from the pixels of an unmoved camera to those of this one."""
        c, s = self.zoom * np.cos(self.turn_rad), self.zoom * np.sin(self.turn_rad)
        middle = np.array(size_px) / 2
        turn = np.array(((c, -s), (s, c)))
        return np.column_stack((turn, middle + np.array(self.shift_px) - turn @ middle))


@dataclass(frozen=True)
class Footprint:
    """Where a part is seen: its coverage, uint8 (h, w) 0 … 255, with the top left corner at `x`, `y`."""

    x: int
    y: int
    coverage: NDArray[np.uint8]


def render(
    scene: Scene, size_px: tuple[int, int], view: View, motion_px: float = 0.0
) -> tuple[Field, list[Footprint]]:
    """Light on the sensor, float32 (H, W, 3), and where each part is seen.

    Args:
        scene: what lies on the belt.
        size_px: width and height of the picture.
        view: where the camera looks from.
        motion_px: how far the belt moves while the shutter is open.
    """
    matrix = view.matrix(size_px)
    picture = _seen(belt.belt(size_px, scene.travel_px), matrix, view)
    patches = [_patch(part, matrix, view, scene.light_turn_rad) for part in scene.parts]
    picture *= _shade(scene.parts, patches, size_px, view)
    footprints = [_lay(picture, patch, x, y) for x, y, patch in patches]
    picture = _smeared(picture, motion_px * view.zoom, view.turn_rad)
    light, left = belt.rails(*size_px)
    picture *= _seen(left, matrix, view)
    picture += _seen(light, matrix, view)
    return picture, footprints


def _seen(picture: Field, matrix: NDArray[np.float64], view: View) -> Field:
    """What a moved camera sees of a flat thing; the same where it was not moved."""
    if view == View():
        return picture
    height, width = picture.shape[:2]
    border = cv2.BORDER_REFLECT_101
    size = (width, height)
    return as_field(
        cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    )


def _smeared(picture: Field, length_px: float, turn_rad: float) -> Field:
    """The picture smeared along the belt's run, as a shutter open for `length_px` of travel does."""
    if length_px < 1:
        return picture
    half = int(np.ceil(length_px / 2))
    steps = np.arange(-half, half + 1)
    line = np.clip(length_px / 2 + 0.5 - np.abs(steps), 0, 1).astype(np.float32)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    kernel[half] = line
    if turn_rad == 0:
        return as_field(cv2.sepFilter2D(picture, -1, line / line.sum(), np.ones(1, np.float32)))
    spin = cv2.getRotationMatrix2D((half, half), -np.degrees(turn_rad), 1)
    kernel = as_field(cv2.warpAffine(kernel, spin, (2 * half + 1, 2 * half + 1)))
    return as_field(cv2.filter2D(picture, -1, kernel / kernel.sum()))


def _patch(
    part: Placed, matrix: NDArray[np.float64], view: View, light_turn: float
) -> tuple[int, int, Field]:
    """A lit part in its pose: left, top, and float32 (h, w, 4) premultiplied by coverage."""
    scale = part.px_per_unit * view.zoom
    angle = part.angle_rad + view.turn_rad
    cx, cy = matrix @ np.array((*part.centre_px, 1.0))
    reach = scale * EXTENT
    left, top = int(np.floor(cx - reach)), int(np.floor(cy - reach))
    side = int(np.ceil(2 * reach)) + 2
    c, s = (
        np.cos(angle) * scale * _FINER / PX_PER_UNIT,
        np.sin(angle) * scale * _FINER / PX_PER_UNIT,
    )
    turn = np.array(((c, -s), (s, c)))
    middle = np.full(2, EXTENT * PX_PER_UNIT - 0.5)
    target = np.array((cx - left, cy - top)) * _FINER - 0.5
    pose = np.column_stack((turn, target - turn @ middle))
    body = _body(part)
    size = (side * _FINER, side * _FINER)
    surface = np.asarray(cv2.warpAffine(body.surface, pose, size), np.int16)
    paint = np.asarray(cv2.warpAffine(body.paint, pose, size), np.uint8)
    light = lit(surface, paint, part.angle_rad + light_turn, polished=body.polished)
    return left, top, as_field(cv2.resize(light, (side, side), interpolation=cv2.INTER_AREA))


def _body(part: Placed) -> Body:
    if part.damage == FLAWLESS:
        return catalogue.body(part.kind, part.variant, part.finish)
    return _damaged_body(
        part.kind, part.variant, part.finish, part.damage, part.strength, part.damage_seed
    )


@lru_cache(maxsize=8)
def _damaged_body(
    kind: str, variant: int, finish: str, damage: str, strength: float, seed: int
) -> Body:
    flawless = catalogue.body(kind, variant, finish)
    return damaged(flawless, damage, strength, np.random.default_rng(seed))


def _clip(
    shape: tuple[int, ...], patch: Field, x: int, y: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the picture and of the patch where the two overlap."""
    top, left = max(y, 0), max(x, 0)
    bottom = max(top, min(y + patch.shape[0], shape[0]))
    right = max(left, min(x + patch.shape[1], shape[1]))
    return (
        (slice(top, bottom), slice(left, right)),
        (slice(top - y, bottom - y), slice(left - x, right - x)),
    )


def _lay(picture: Field, patch: Field, x: int, y: int) -> Footprint:
    there, here = _clip(picture.shape, patch, x, y)
    region, piece = picture[there], patch[here]
    if not piece.size:
        return Footprint(0, 0, np.zeros((0, 0), np.uint8))
    *rgb, alpha = cv2.split(piece)
    region *= cv2.merge([1 - alpha] * 3)
    region += cv2.merge(rgb)
    coverage = np.rint(alpha * 255).astype(np.uint8)
    return Footprint(there[1].start, there[0].start, coverage)


def _shade(
    parts: tuple[Placed, ...],
    patches: list[tuple[int, int, Field]],
    size_px: tuple[int, int],
    view: View,
) -> Field:
    """What shadows leave of the light, float32 (H, W, 3): a dark seam of contact and a soft cast."""
    width, height = size_px
    contact = np.zeros((height, width), np.float32)
    cast = np.zeros((height, width), np.float32)
    c, s = np.cos(view.turn_rad), np.sin(view.turn_rad)
    for part, (x, y, patch) in zip(parts, patches, strict=True):
        rise = _HEIGHTS.get(part.kind, _OTHER_HEIGHT) * part.px_per_unit * view.zoom
        dx = rise * (_SHADOW_FROM[0] * c - _SHADOW_FROM[1] * s)
        dy = rise * (_SHADOW_FROM[0] * s + _SHADOW_FROM[1] * c)
        for layer, share in ((contact, 0.25), (cast, 1.0)):
            at_x, at_y = x + round(dx * share), y + round(dy * share)
            there, here = _clip(layer.shape, patch, at_x, at_y)
            np.maximum(layer[there], patch[here][..., 3], out=layer[there])
    near = cv2.GaussianBlur(contact, (0, 0), height / 130)
    small = cv2.resize(cast, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    far = cv2.resize(cv2.GaussianBlur(small, (0, 0), height / 80), (width, height))
    return as_field(cv2.merge([(1 - 0.6 * near) * (1 - 0.62 * far)] * 3))
