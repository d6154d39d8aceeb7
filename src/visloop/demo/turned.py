"""Parts that are round or hexagonal from above: nut, washer, gear, bearing."""

from __future__ import annotations

import numpy as np

from visloop.demo.shapes import (
    Body,
    Canvas,
    Field,
    Rgb,
    bevel,
    box,
    circle,
    dome,
    hexagon,
    lathe,
)

RUBBER: Rgb = (0.035, 0.036, 0.04)
NYLON: Rgb = (0.07, 0.22, 0.55)


def nut(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A hex nut with a chamfered crown and a threaded hole; every third with a flange or nylon ring."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    radius = np.hypot(x, y)
    kind = variant % 3
    apothem = rng.uniform(0.74, 0.82) if kind != 1 else rng.uniform(0.62, 0.68)
    hole = apothem * rng.uniform(0.52, 0.6)
    if kind == 1:
        flange = circle(x, y, 0.96)
        canvas.add(flange, bevel(flange, 0.1, 0.08) + lathe(radius, rng, 0.002) - 0.3 * radius)
    hex_edge = hexagon(x, y, apothem)
    crown = np.maximum(radius - np.float32(apothem * 0.93), 0)
    top = 0.42 - 0.5 * crown + bevel(hex_edge, 0.035, 0.03) + lathe(radius, rng, 0.0018)
    canvas.add(hex_edge, top.astype(np.float32))
    if kind == 2:
        ring = np.abs(radius - np.float32(hole + 0.13)) - np.float32(0.1)
        canvas.add(ring, 0.45 + bevel(ring, 0.09, 0.07), colour=NYLON, gloss=0.15)
    _thread(canvas, hole, radius)
    return canvas.body()


def _thread(canvas: Canvas, hole: float, radius: Field) -> None:
    mouth = circle(canvas.x, canvas.y, hole)
    funnel = 0.35 + 1.1 * mouth
    canvas.add(mouth, funnel.astype(np.float32), shade=0.75)
    wall = circle(canvas.x, canvas.y, hole - 0.05)
    wind = np.arctan2(canvas.y, canvas.x) / np.float32(2 * np.pi)
    turns = np.sin(2 * np.pi * ((hole - radius) / 0.052 + wind))
    deep = 0.3 + 1.6 * wall + 0.016 * turns
    shade = np.clip(0.5 + 2.2 * wall, 0.1, 0.5)
    canvas.add(wall, deep.astype(np.float32), shade=shade)
    canvas.cut(circle(canvas.x, canvas.y, hole - 0.16))


def washer(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A flat ring; every third is split (spring lock), every third has a bonded rubber seal inside."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    radius = np.hypot(x, y)
    kind = variant % 3
    outer = rng.uniform(0.88, 0.98)
    hole = outer * (0.6 if kind == 1 else rng.uniform(0.42, 0.54))
    edge = np.maximum(circle(x, y, outer), np.float32(hole) - radius)
    canvas.add(edge, bevel(edge, 0.07, 0.05) + lathe(radius, rng, 0.0026))
    if kind == 2:
        seal = np.abs(radius - np.float32(hole + 0.03)) - np.float32(0.085)
        canvas.add(seal, 0.05 + bevel(seal, 0.085, 0.07), colour=RUBBER, gloss=0.2)
        canvas.cut(circle(x, y, hole - 0.055))
    if kind == 1:
        slot = box(x * 0.94 - y * 0.34, x * 0.34 + y * 0.94 + np.float32(0.8), 0.045, 0.34)
        canvas.cut(slot)
    return canvas.body()


def gear(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A spur gear: teeth, a sunk web with lightening holes, a hub and a bore with its keyway."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    radius = np.hypot(x, y)
    teeth = (14, 18, 22, 16)[variant % 4]
    depth = 2.1 / teeth
    phase = np.cos(np.arctan2(y, x) * teeth)
    flank = np.clip(phase * 1.9, -1, 1)
    edge = (radius - np.float32(1.0 - depth / 2) - flank * np.float32(depth / 2)) * np.float32(0.55)
    canvas.add(edge, bevel(edge, 0.03, 0.045) + 0.25 + lathe(radius, rng, 0.002))
    rim = 1.0 - depth - 0.13
    web = circle(x, y, rim)
    sunk = 0.25 - bevel(web, 0.05, 0.11) + lathe(radius, rng, 0.0018)
    canvas.add(web, sunk, shade=0.8)
    hub = circle(x, y, 0.36)
    canvas.add(hub, 0.16 + bevel(hub, 0.05, 0.13) + lathe(radius, rng, 0.0018))
    bore = rng.uniform(0.17, 0.21)
    canvas.cut(np.minimum(circle(x, y, bore), box(x, y + np.float32(bore), 0.05, 0.07)))
    if variant % 2 == 0:
        _web_holes(canvas, (0.36 + rim) / 2, (rim - 0.36) * 0.3, 5 + variant % 3)
    return canvas.body()


def _web_holes(canvas: Canvas, ring: float, size: float, count: int) -> None:
    for k in range(count):
        angle = 2 * np.pi * k / count
        cx, cy = np.float32(ring * np.cos(angle)), np.float32(ring * np.sin(angle))
        lip = circle(canvas.x - cx, canvas.y - cy, size + 0.03)
        canvas.add(lip, 0.14 + lip, shade=0.7)
        canvas.cut(circle(canvas.x - cx, canvas.y - cy, size))


def bearing(variant: int, metal: Rgb, rng: np.random.Generator) -> Body:
    """A ball bearing: two rings, a dark race between them, balls in a brass-coloured cage."""
    canvas = Canvas(metal)
    x, y = canvas.x, canvas.y
    radius = np.hypot(x, y)
    bore = rng.uniform(0.36, 0.42)
    inner, outer = bore + 0.17, 0.99 - 0.17
    pitch, ball = (inner + outer) / 2, (outer - inner) * 0.46
    race = np.maximum(circle(x, y, outer + 0.02), np.float32(inner - 0.02) - radius)
    canvas.add(race, np.full_like(x, -0.15), shade=0.16)
    cage = np.abs(radius - np.float32(pitch)) - np.float32(ball * 0.62)
    canvas.add(cage, bevel(cage, 0.05, 0.04) - 0.06, colour=(0.5, 0.36, 0.15), shade=0.8)
    count = int(2 * np.pi * pitch / (2 * ball * (1.22 + 0.1 * (variant % 3))))
    angle = np.arctan2(y, x)
    step = np.float32(2 * np.pi / count)
    local = angle - np.round(angle / step) * step
    from_centre = np.hypot(radius * np.cos(local) - np.float32(pitch), radius * np.sin(local))
    pocket = from_centre - np.float32(ball * 1.1)
    canvas.add(pocket, np.full_like(x, -0.12), shade=0.12)
    canvas.add(from_centre - np.float32(ball), dome(from_centre, ball) + 0.03)
    for low, high in ((outer, 0.99), (bore, inner)):
        ring = np.maximum(radius - np.float32(high), np.float32(low) - radius)
        canvas.add(ring, 0.2 + bevel(ring, 0.05, 0.05) + lathe(radius, rng, 0.0016))
    return canvas.body(crevice=3.0)
