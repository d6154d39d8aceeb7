"""The virtual factory line: picture number i, whoever asks, whenever, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.demo import camera as cameras
from visloop.demo.camera import Camera, Exposure
from visloop.demo.catalogue import CLASSES, STRANGERS
from visloop.demo.drift import Conditions, Drift
from visloop.demo.render import Footprint, View, render
from visloop.demo.world import (
    Mode,
    Placed,
    Question,
    World,
    answer,
    answers,
    part_defect,
    scene,
)
from visloop.errors import UsageError, did_you_mean
from visloop.ids import digest_of
from visloop.vision import Annotation, Box, ClassLabel, Mask, Track

FIRST_SHIFT: Final = datetime(2026, 1, 5, 6, 0, tzinfo=timezone(timedelta(hours=1)))
_SOLID: Final = 128  # coverage from which on a pixel belongs to a part


@dataclass(frozen=True)
class Part:
    """The truth about one part in a picture.

    Attributes:
        number: which part of the line's endless row; a part that travels keeps it.
        label: the answer to the line's question under the rules of the moment.
        kind: what was made (`label` may follow changed rules, `kind` does not).
        defect: `none`, `scratch`, `dent`, `rust` or `chip`, under the rules of the moment.
        finish: steel, zinc, brass or black.
        footprint: where it is seen.
        size_hw: height and width of the picture.
    """

    number: int
    label: str
    kind: str
    defect: str
    finish: str
    footprint: Footprint
    size_hw: tuple[int, int]

    @property
    def solid(self) -> NDArray[np.bool_]:
        """The pixels that belong to the part: bool (H, W) of the whole picture."""
        full = np.zeros(self.size_hw, np.bool_)
        piece = self.footprint.coverage >= _SOLID
        height, width = piece.shape
        full[self.footprint.y : self.footprint.y + height, self.footprint.x :][:, :width] = piece
        return full

    @property
    def xyxy(self) -> tuple[float, float, float, float] | None:
        """The tight box around those pixels; none where the part is out of sight."""
        rows, columns = np.nonzero(self.footprint.coverage >= _SOLID)
        if not len(rows):
            return None
        x, y = self.footprint.x, self.footprint.y
        left, right = int(columns.min()), int(columns.max()) + 1
        top, bottom = int(rows.min()), int(rows.max()) + 1
        return (float(x + left), float(y + top), float(x + right), float(y + bottom))

    @property
    def attributes(self) -> dict[str, str]:
        """What else is true of it."""
        return {"defect": self.defect, "finish": self.finish}

    def mask(self) -> Mask:
        """The part's pixels as a run-length mask."""
        flat = np.concatenate(([False], self.solid.ravel(order="F"), [False]))
        edges = np.flatnonzero(flat[1:] != flat[:-1])
        ends = np.concatenate(([0], edges, [flat.size - 2]))
        counts = np.diff(ends)
        runs = tuple(int(n) for n in (counts[:-1] if counts[-1] == 0 else counts))
        return Mask(label=self.label, attributes=self.attributes, size_hw=self.size_hw, counts=runs)


@dataclass(frozen=True)
class Frame:
    """One picture of the line with everything that is true of it.

    Attributes:
        index: its number on the line.
        image: uint8 (H, W, 3), rgb.
        time: when it was taken, timezone-aware, in the plant's own offset.
        camera: the exposure's settings.
        parts: the parts in sight.
        label: the answer for the picture as a whole (mode `one`), else empty.
        moving: whether the parts travel through several pictures.
    """

    index: int
    image: NDArray[np.uint8]
    time: datetime
    camera: Camera
    parts: tuple[Part, ...]
    label: str
    moving: bool = False

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """Truth as records: the class of the picture (mode `one`), then a box and a mask for each part."""
        found: list[Annotation] = []
        if self.label:
            found.append(ClassLabel(label=self.label, attributes=self.parts[0].attributes))
        for part in self.parts:
            if (xyxy := part.xyxy) is None:
                continue
            if self.moving:
                name, attributes = f"part-{part.number}", part.attributes
                found.append(Track(label=part.label, attributes=attributes, track=name, xyxy=xyxy))
            else:
                found.append(Box(label=part.label, attributes=part.attributes, xyxy=xyxy))
            found.append(part.mask())
        return tuple(found)


class Line:
    """An endless, seeded row of pictures.

    Args:
        seed: which line; the same seed gives the same pictures in every process.
        classes: what it makes, of `CLASSES` (and `STRANGERS`, which a clean line does not make).
        size_px: width and height of the pictures, both even and at least 64.
        mode: `one` part a picture (to classify), `many` (to detect: two to six), or `moving` (a
            camera that films while the belt runs).
        question: what the labels answer: which `part` it is, or its `quality` (good, defective).
        start: when picture 0 was taken.
        rate_hz: pictures a second, for their times and for the speed at which parts move.

    Raises:
        UsageError: an unknown class, or a size that cannot be.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        classes: Sequence[str] = CLASSES,
        size_px: tuple[int, int] = (320, 240),
        mode: Mode = "one",
        question: Question = "part",
        start: datetime = FIRST_SHIFT,
        rate_hz: float = 2.0,
    ) -> None:
        _check(classes, size_px, rate_hz)
        self.seed = seed
        self.mode: Mode = mode
        self.question: Question = question
        self.classes, self.size_px = tuple(classes), size_px
        self.start, self.rate_hz = start, rate_hz
        self._world = World(seed, mode, size_px, self.classes, rate_hz)
        self.serial = f"VL-{digest_of('camera', str(seed))[:8].upper()}"

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels of the line while nothing drifts, sorted."""
        return answers(self.question, self.classes)

    def frame(self, index: int, drifts: Iterable[Drift] = ()) -> Frame:
        """Picture number `index` (0 or more) under the given drifts."""
        drifts = tuple(drifts)
        conditions = Conditions.at(index, drifts)
        rng = np.random.default_rng([self.seed, index, 2])
        exposure = Exposure.under(conditions.lamp, float(rng.normal()))
        motion_px = self._world.belt_speed_px_s * exposure.time_s if exposure.shutter > 1 else 0.0
        on_belt = scene(self._world, index, drifts)
        view = View.knocked(conditions.camera, self.size_px, self.seed)
        light, seen = render(on_belt, self.size_px, view, motion_px)
        image = cameras.develop(light, exposure, conditions, rng, self.seed)
        parts = [self._truth(*pair, conditions) for pair in zip(on_belt.parts, seen, strict=True)]
        return Frame(
            index=index,
            image=image,
            time=self.start + timedelta(seconds=index / self.rate_hz),
            camera=Camera(
                serial=self.serial,
                exposure_s=exposure.time_s,
                iso=round(10 * exposure.gain) * 10,
                f_number=round(4.0 / exposure.opening, 1),
            ),
            parts=tuple(part for part in parts if part.xyxy is not None),
            label=answer(on_belt.parts[0], self.question, conditions) if self.mode == "one" else "",
            moving=self.mode == "moving",
        )

    def _truth(self, part: Placed, footprint: Footprint, conditions: Conditions) -> Part:
        width, height = self.size_px
        return Part(
            number=part.number,
            label=answer(part, self.question, conditions),
            kind=part.kind,
            defect=part_defect(part, conditions),
            finish=part.finish,
            footprint=footprint,
            size_hw=(height, width),
        )


def encode(frame: Frame) -> bytes:
    """The picture as its camera sends it: a JPEG with make, model, serial, exposure and time in EXIF."""
    return cameras.jpeg(frame.image, frame.camera, frame.time)


def _check(classes: Sequence[str], size_px: tuple[int, int], rate_hz: float) -> None:
    known = (*CLASSES, *STRANGERS)
    for name in classes:
        if name not in known:
            raise UsageError(
                f"the line makes no {name!r}",
                fix=did_you_mean(name, known, otherwise=f"one of: {', '.join(known)}"),
            )
    if not classes:
        raise UsageError("a line must make something", fix=f"classes of: {', '.join(known)}")
    if min(size_px) < 64 or size_px[0] % 2 or size_px[1] % 2:
        raise UsageError(
            f"pictures of {size_px[0]} × {size_px[1]} pixels",
            fix="both sides even and at least 64, for example 320 × 240",
        )
    if rate_hz <= 0:
        raise UsageError(f"{rate_hz} pictures a second", fix="a rate above 0")
