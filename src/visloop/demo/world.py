"""What lies on the belt, and what is true of it under today's rules.

Every draw is made in the same order whatever the conditions, so picture number 17 shows the same
part in the same place with and without a drift: the two can be compared pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from visloop.demo.belt import RAIL_SHARE
from visloop.demo.catalogue import BONDED_WASHER, CLASSES, VARIANTS
from visloop.demo.defects import DEFECTS, LIGHT_SCRATCH
from visloop.demo.drift import Conditions, Drift

Mode = Literal["one", "many", "moving"]
Question = Literal["part", "quality"]
DEFECT_SHARE: Final = 0.25
FLAWLESS: Final = "none"
_MIX_TOP: Final = 0.9
_FAST_WIDTHS_PER_S: Final = 4.6  # half a metre a second under a camera that sees 10 cm
_SLOW_WIDTHS_PER_S: Final = 0.25  # a belt that is filmed
_GAP_WIDTHS: Final = 0.52
_TURN: Final = 2 * np.pi


@dataclass(frozen=True)
class Placed:
    """One part where it lies: position and size in pixels of a camera that nobody moved."""

    number: int
    kind: str
    variant: int
    finish: str
    damage: str
    strength: float
    damage_seed: int
    centre_px: tuple[float, float]
    px_per_unit: float
    angle_rad: float


@dataclass(frozen=True)
class Scene:
    """The parts in view, how far the belt has moved, and which way the light comes from."""

    parts: tuple[Placed, ...]
    travel_px: float
    light_turn_rad: float


@dataclass(frozen=True)
class World:
    """The plant: what it makes, and how the camera hangs over the belt."""

    seed: int
    mode: Mode
    size_px: tuple[int, int]
    classes: tuple[str, ...]
    rate_hz: float

    @property
    def belt_speed_px_s(self) -> float:
        """How fast the belt runs under the camera."""
        widths = _SLOW_WIDTHS_PER_S if self.mode == "moving" else _FAST_WIDTHS_PER_S
        return self.size_px[0] * widths


def scene(world: World, index: int, drifts: Sequence[Drift]) -> Scene:
    """What picture number `index` is of."""
    rng = np.random.default_rng([world.seed, index, 1])
    light_turn, travel = float(rng.normal(0, 0.10)), float(rng.uniform(0, 3 * world.size_px[0]))
    conditions = Conditions.at(index, drifts)
    match world.mode:
        case "one":
            parts = [_single(rng, world, index, conditions)]
        case "many":
            parts = _several(rng, world, index, conditions)
        case "moving":
            light_turn, travel = 0.0, index / world.rate_hz * world.belt_speed_px_s
            parts = _passing(world, travel, drifts)
    return Scene(tuple(parts), travel, light_turn)


def _single(rng: np.random.Generator, world: World, index: int, conditions: Conditions) -> Placed:
    """One part in the middle of the picture: the camera is triggered by it."""
    width, height = world.size_px
    near = (width * (0.5 + float(rng.uniform(-0.06, 0.06))), height / 2)
    return _part(rng, world, index, near, (0.27, 0.335), conditions)


def _several(
    rng: np.random.Generator, world: World, index: int, conditions: Conditions
) -> list[Placed]:
    """Two to six parts on a loose grid of three by two, so that none lies on another."""
    width, height = world.size_px
    belt = height * (1 - 2 * RAIL_SHARE)
    cells = rng.permutation(6)[: int(rng.integers(2, 7))]
    parts: list[Placed] = []
    for k, cell in enumerate(cells):
        x = (int(cell) % 3 + 0.5 + float(rng.uniform(-0.14, 0.14))) * width / 3
        row = int(cell) // 3 + 0.5 + float(rng.uniform(-0.08, 0.08))
        near = (x, height * RAIL_SHARE + row * belt / 2)
        parts.append(_part(rng, world, index * 6 + k, near, (0.125, 0.165), conditions))
    return parts


def _passing(world: World, travel_px: float, drifts: Sequence[Drift]) -> list[Placed]:
    """The parts that pass under the camera, each as it was when it came into view."""
    width, height = world.size_px
    gap, margin = _GAP_WIDTHS * width, 0.35 * height
    first = int(np.ceil((travel_px - margin) / gap))
    last = int(np.floor((travel_px + width + margin) / gap))
    parts: list[Placed] = []
    for number in range(max(first, 0), last + 1):
        rng = np.random.default_rng([world.seed, number, 3])
        came_s = (number * gap - width - margin) / world.belt_speed_px_s
        conditions = Conditions.at(max(0, int(np.ceil(came_s * world.rate_hz))), drifts)
        x = number * gap - travel_px + float(rng.uniform(-0.04, 0.04)) * width
        near = (x, height / 2)
        parts.append(_part(rng, world, number, near, (0.22, 0.27), conditions))
    return parts


def _part(
    rng: np.random.Generator,
    world: World,
    number: int,
    near_px: tuple[float, float],
    scale: tuple[float, float],
    conditions: Conditions,
) -> Placed:
    """Draw one part; `scale` is its half length as a share of the picture's height."""
    u = [float(value) for value in rng.random(11)]
    kind = _kind(u[0], world.classes, conditions)
    if u[1] < conditions.novel:
        kind = conditions.choice("novel")
    height = world.size_px[1]
    px_per_unit = height * (scale[0] + u[5] * (scale[1] - scale[0]))
    room = height * (0.485 - RAIL_SHARE) - px_per_unit - abs(near_px[1] - height / 2)
    sway = (2 * u[6] - 1) * max(0.0, min(room, 0.09 * height))
    return Placed(
        number=number,
        kind=kind,
        variant=int(u[7] * VARIANTS),
        finish=conditions.choice("finish") if u[2] < conditions.finish else "steel",
        damage=DEFECTS[int(u[4] * len(DEFECTS))] if u[3] < DEFECT_SHARE else FLAWLESS,
        strength=0.2 + 0.8 * u[8],
        damage_seed=int(u[9] * 2**32),
        centre_px=(near_px[0], near_px[1] + sway),
        px_per_unit=px_per_unit,
        angle_rad=u[10] * _TURN,
    )


def _kind(u: float, classes: Sequence[str], conditions: Conditions) -> str:
    """The class at `u` (0 … 1) of today's mix."""
    even = np.full(len(classes), 1 / len(classes))
    skewed = np.full(len(classes), (1 - _MIX_TOP) / max(1, len(classes) - 1))
    choice = conditions.choice("mix")
    skewed[classes.index(choice) if choice in classes else 0] = _MIX_TOP
    shares = np.cumsum(even + conditions.mix * (skewed - even))
    return classes[min(int(np.searchsorted(shares, u, side="right")), len(classes) - 1)]


def part_label(part: Placed, conditions: Conditions) -> str:
    """The class that an inspector would write down under today's rules."""
    bonded = part.kind == "washer" and part.variant % 3 == BONDED_WASHER
    return "bearing" if bonded and conditions.definition >= 0.5 else part.kind


def part_defect(part: Placed, conditions: Conditions) -> str:
    """The defect that counts under today's rules; a faint scratch does not, until they change."""
    bar = LIGHT_SCRATCH * (1 - conditions.definition)
    if part.damage == "scratch" and part.strength < bar:
        return FLAWLESS
    return part.damage


def answer(part: Placed, question: Question, conditions: Conditions) -> str:
    """The label of a part: what it is, or whether it is good."""
    if question == "part":
        return part_label(part, conditions)
    return "good" if part_defect(part, conditions) == FLAWLESS else "defective"


def answers(question: Question, classes: Sequence[str] = CLASSES) -> tuple[str, ...]:
    """All labels that a line without drift can give."""
    return tuple(sorted(classes)) if question == "part" else ("defective", "good")
