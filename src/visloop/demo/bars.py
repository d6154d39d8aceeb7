"""Parts made of bar, wire or sheet: bolt, spring, and the two strangers, pin and bracket."""

from __future__ import annotations

import numpy as np

from visloop.demo.shapes import Body, Canvas, Field, Rgb, bevel, box, circle, dome, segment


def bolt(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A hex bolt lying on its side: a head of three facets, a shank, a thread."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    shank = rng.uniform(0.2, 0.25)
    half_head = shank * rng.uniform(1.9, 2.1)
    head_end = -1.02 + shank * 1.45
    tip = (1.0, 0.86, 1.02)[variant % 3]
    thread_from = head_end + (tip - head_end) * (0.12, 0.42, 0.3)[variant % 3]
    _shank(canvas, shank, (head_end - 0.05, tip), thread_from)
    if variant % 3 == 2:
        flange = box(x - np.float32(head_end - 0.03), y, 0.055, half_head * 1.22, 0.05)
        canvas.add(flange, dome(y, half_head * 1.25) + bevel(flange, 0.05, 0.05))
    centre = (-1.02 + head_end) / 2
    head = box(x - np.float32(centre), y, (head_end + 1.02) / 2, half_head, 0.02)
    crown = (
        x + np.float32(1.02) - 0.55 * np.maximum(np.abs(y) - np.float32(half_head * 0.5), 0) ** 2
    )
    head = np.maximum(head, -crown + 0.0)
    flat = half_head / 2
    side = np.maximum(np.abs(y) - np.float32(flat), 0)
    facets = half_head * 0.87 - side * 0.95 - 1.3 * np.maximum(0.1 - crown, 0) ** 1.3
    canvas.add(head, (facets + bevel(head, 0.03, 0.03)).astype(np.float32))
    return canvas.body(crevice=2.0)


def _shank(canvas: Canvas, shank: float, span: tuple[float, float], thread_from: float) -> None:
    x, y = canvas.x, canvas.y
    start, tip = span
    taper = np.maximum(x - np.float32(tip - 0.07), 0) * np.float32(0.9)
    bar = np.maximum(np.abs(y) - shank + taper, np.maximum(start - x, x - tip)).astype(np.float32)
    canvas.add(bar, dome(y, shank + 0.004))
    pitch = 0.085
    wave = _ridge((x + y * np.float32(0.12)) / np.float32(pitch))
    radius = shank + 0.035 * (wave - 0.35) - taper
    cut = np.maximum(np.abs(y) - radius, np.maximum(thread_from - x, x - tip)).astype(np.float32)
    round_bar = np.sqrt(np.maximum(radius**2 - y**2, 0))
    canvas.add(cut, round_bar.astype(np.float32), shade=0.55 + 0.45 * wave)


def _ridge(phase: Field) -> Field:
    """A triangle wave 0 … 1 with period 1: the profile of a thread."""
    return (1 - 2 * np.abs(phase - np.floor(phase) - 0.5)).astype(np.float32)


def spring(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A coil spring on its side: far half-turns first, near half-turns over them, hooks on some."""
    canvas = Canvas(metal)
    coils = (7, 9, 11)[variant % 3]
    radius = rng.uniform(0.33, 0.42)
    wire = rng.uniform(0.055, 0.066)
    half = 0.72 if variant % 2 else 0.92
    step = 2 * half / coils
    lean = step / 4
    for near in (False, True):
        for k in range(coils + (0 if near else 1)):
            middle = -half + k * step + (step / 2 if near else 0)
            tilt = lean if near else -lean
            _wire(canvas, (middle - tilt, -radius), (middle + tilt, radius), wire, near=near)
    if variant % 2:
        for side in (-1.0, 1.0):
            _hook(canvas, side, half, wire)
    return canvas.body(crevice=2.5)


def _wire(
    canvas: Canvas, a: tuple[float, float], b: tuple[float, float], wire: float, *, near: bool
) -> None:
    along = segment(canvas.x, canvas.y, a, b)
    height = dome(along, wire) + (0.4 if near else 0.0)
    if near:  # the near half-turn bulges towards the camera in its middle
        height = height + 0.35 * np.sqrt(np.maximum(1 - (canvas.y / b[1]) ** 2, 0))
    canvas.add(along - np.float32(wire), height.astype(np.float32), shade=1.0 if near else 0.42)


def _hook(canvas: Canvas, side: float, half: float, wire: float) -> None:
    centre = side * (half + 0.13)
    ring = np.abs(circle(canvas.x - np.float32(centre), canvas.y, 0.145)).astype(np.float32)
    canvas.add(ring - np.float32(wire), dome(ring, wire) + 0.3)


def pin(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A clevis pin: a smooth bar with a round head, a groove and a hole for the cotter."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    radius = rng.uniform(0.17, 0.22)
    tip = 0.98
    taper = np.maximum(x - np.float32(tip - 0.1), 0) * np.float32(0.8)
    bar = np.maximum(np.abs(y) - radius + taper, np.maximum(-0.9 - x, x - tip)).astype(np.float32)
    canvas.add(bar, dome(y, radius + 0.004))
    head = box(x + np.float32(0.9), y, 0.09, radius * 1.75, 0.05)
    canvas.add(head, dome(y, radius * 1.8) + bevel(head, 0.05, 0.05))
    if variant % 2:
        groove = box(x - np.float32(0.62), y, 0.035, radius)
        canvas.add(groove, dome(y, radius * 0.8), shade=0.4)
    hole = circle(x - np.float32(0.74), y, 0.075)
    canvas.add(hole, np.zeros_like(x), shade=0.06)
    return canvas.body(crevice=2.0)


def bracket(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """An angle bracket of sheet metal: two legs, a bend between them, four screw holes."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    half = rng.uniform(0.25, 0.3)
    arm = 0.92
    upright = box(x + np.float32(arm - half), y, half, arm, 0.1)
    foot = box(x, y - np.float32(arm - half), arm, half, 0.1)
    plate = np.minimum(upright, foot)
    grain = rng.normal(0, 0.0012, x.shape).astype(np.float32)
    canvas.add(plate, bevel(plate, 0.05, 0.05) + grain)
    rib = segment(x, y, (-arm + half, arm - half), (-0.1, 0.1)) - np.float32(0.07)
    gusset = np.maximum(rib, plate)
    canvas.add(gusset, 0.05 + bevel(rib, 0.07, 0.06))
    reach = (0.05, 0.62) if variant % 2 else (0.3, 0.7)
    for far in reach:
        for cx, cy in ((-arm + half, -far), (far, arm - half)):
            spot_x, spot_y = x - np.float32(cx), y - np.float32(cy)
            sink = circle(spot_x, spot_y, 0.15)
            canvas.add(sink, 0.05 + 0.9 * sink, shade=0.85)
            canvas.cut(circle(spot_x, spot_y, 0.095))
    return canvas.body()
