"""The conveyor belt: woven rubber that has seen work, between two aluminium rails."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from visloop.demo.shapes import Field, as_field

PERIOD: Final = 3.0  # the belt repeats after this many picture widths
RAIL_SHARE: Final = 0.085  # of the picture's height, each
_RUBBER: Final = np.array((0.036, 0.070, 0.072), np.float32)
_ALUMINIUM: Final = np.array((0.46, 0.48, 0.50), np.float32)


def belt(size_px: tuple[int, int], travel_px: float) -> Field:
    """The bare belt after it moved by `travel_px`: linear light, float32 (H, W, 3)."""
    width, height = size_px
    tile = _tile(width, height)
    start = travel_px % (tile.shape[1] - width - 1)
    whole, part = int(start), np.float32(start - int(start))
    left = tile[:, whole : whole + width]
    return left + part * (tile[:, whole + 1 : whole + 1 + width] - left)


@lru_cache(maxsize=4)
def rails(width: int, height: int) -> tuple[Field, Field]:
    """What lies over the belt: light of the rails, and the share of the belt's light that is left.

    Both float32 (H, W, 3): a picture of the belt becomes `picture * left + light`.
    """
    light, cover = _rails(width, height, np.random.default_rng([2027, width, height]))
    return light, 1 - cover


@lru_cache(maxsize=4)
def _tile(width: int, height: int) -> Field:
    rubber = _belt(int(width * PERIOD), height, np.random.default_rng([2026, width, height]))
    return np.ascontiguousarray(np.concatenate((rubber, rubber[:, : width + 1]), axis=1))


def _belt(length: int, height: int, rng: np.random.Generator) -> Field:
    y, x = np.mgrid[0:height, 0:length].astype(np.float32)
    turns = np.float32(2 * np.pi * round(length / 6) / length)
    weave = np.sin(x * turns + y * 1.05) * np.sin(x * turns - y * 1.05)
    grain = rng.normal(0, 1, (height, length)).astype(np.float32)
    wear = 2.2 * _wrapped_blur(grain, 18) / 0.016
    scuffs = _wrapped_blur(grain, 1.0, 14.0) / 0.07
    tone = 1 + 0.13 * weave + 0.035 * grain + 0.06 * wear / 2.2 + 0.05 * scuffs
    tone *= _seam(x, y, length)
    return (np.clip(tone, 0.2, 3)[..., None] * _RUBBER).astype(np.float32)


def _wrapped_blur(values: Field, sigma_y: float, sigma_x: float = 0) -> Field:
    """Blur that meets itself left and right."""
    pad = int(4 * max(sigma_x, sigma_y))
    wide = np.concatenate((values[:, -pad:], values, values[:, :pad]), axis=1)
    soft = as_field(cv2.GaussianBlur(wide, (0, 0), sigmaX=sigma_x or sigma_y, sigmaY=sigma_y))
    return soft[:, pad:-pad]


def _seam(x: Field, y: Field, length: int) -> Field:
    """One slanted joint a round, where the belt was glued: a dark line with a bright edge."""
    off = x + 0.35 * y - np.float32(length * 0.55)
    return 1 - 0.45 * np.exp(-((off / 1.1) ** 2)) + 0.35 * np.exp(-(((off - 2.6) / 1.2) ** 2))


def _rails(width: int, height: int, rng: np.random.Generator) -> tuple[Field, Field]:
    thick = max(4, round(height * RAIL_SHARE))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    depth = np.minimum(y, height - 1 - y)  # from the picture's edge inwards
    t = depth / thick
    profile = (
        0.42 + 0.5 * np.exp(-(((t - 0.32) / 0.13) ** 2)) + 0.25 * np.exp(-(((t - 0.9) / 0.07) ** 2))
    )
    profile -= 0.3 * np.exp(-(((t - 0.62) / 0.09) ** 2))
    brushed = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), sigmaX=12, sigmaY=0.5)
    tone = profile + 0.10 * brushed / max(float(brushed.std()), 1e-6) * 0.35
    tone *= _screws(x, depth, width, thick)
    is_rail = np.repeat((depth < thick).astype(np.float32)[..., None], 3, axis=2)
    shadow = np.where(depth >= thick, 0.45 * np.exp(-(depth - thick) / (0.35 * thick)), 0)
    light = np.clip(tone, 0.05, 2)[..., None] * _ALUMINIUM
    cover = np.where(is_rail > 0, 1.0, shadow[..., None])
    return (light * is_rail).astype(np.float32), cover.astype(np.float32)


def _screws(x: Field, depth: Field, width: int, thick: int) -> Field:
    gap = width / 4
    dx = (x - gap / 2 + gap / 2) % gap - gap / 2
    far = np.hypot(dx, depth - thick * 0.34) / (thick * 0.26)
    head = np.where(far < 1, 0.8 + 0.25 * (1 - far), 1.0)
    ring = 1 - 0.5 * np.exp(-(((far - 1) / 0.14) ** 2))
    slot = np.where((far < 0.75) & (np.abs(dx - (depth - thick * 0.34)) < thick * 0.05), 0.45, 1.0)
    return (head * ring * slot).astype(np.float32)
