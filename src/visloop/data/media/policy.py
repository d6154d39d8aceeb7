"""Which frames of a film are taken: `every:0.5s`, `every:12frames`, `key`, `scene:0.3`, `all`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from visloop.errors import UsageError
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.media.video import Marks
else:
    np = lazy_vendor("numpy")

FORMS: Final = "every:0.5s, every:500ms, every:2min, every:12frames, key, scene, scene:0.3, all"
_SECONDS: Final = {
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
}
_EVERY = re.compile(r"every:(?P<number>\d{1,9}(?:\.\d{1,9})?)\s*(?P<unit>ms|s|min|h|frames?)")
_SCENE = re.compile(r"scene(?::(?P<threshold>0?\.\d{1,6}|[01](?:\.\d{1,6})?))?")
_USUAL_THRESHOLD: Final = 0.3


@dataclass(frozen=True)
class FramePolicy:
    """`step_s` for `every` so many seconds, `step` for every so many frames, `threshold` for `scene`."""

    kind: Literal["seconds", "frames", "key", "scene", "all"]
    step_s: Fraction = Fraction(0)
    step: int = 1
    threshold: float = 0.0


def parse_frames(text: str) -> FramePolicy:
    """The policy that a person wrote.

    Raises:
        UsageError: it is none of the forms.
    """
    wanted = text.strip().lower()
    if wanted == "key":
        return FramePolicy("key")
    if wanted == "all":
        return FramePolicy("all")
    if found := _SCENE.fullmatch(wanted):
        threshold = float(found["threshold"] or _USUAL_THRESHOLD)
        if 0 < threshold <= 1:
            return FramePolicy("scene", threshold=threshold)
    if (found := _EVERY.fullmatch(wanted)) and (number := Fraction(found["number"])) > 0:
        if found["unit"] in _SECONDS:
            return FramePolicy("seconds", step_s=number * _SECONDS[found["unit"]])
        if number.denominator == 1:
            return FramePolicy("frames", step=int(number))
    meant = f"every:{wanted}"
    hint = f"did you mean {meant!r}?  " if _EVERY.fullmatch(meant) else ""
    raise UsageError(f"{text!r} does not say which frames to take", fix=f"{hint}one of: {FORMS}")


def chosen(policy: FramePolicy, marks: Marks, time_base: Fraction) -> Sequence[int]:
    """Positions (0 = the first shown) of the frames to take; not for `scene`, which must look.

    `every:T` takes the first frame, and the first one at or after each further T.
    """
    times = marks.times
    if policy.kind == "key":
        return [at for at, pts in enumerate(times) if pts in marks.keys]
    if policy.kind == "seconds":
        return list(_every(times, policy.step_s / time_base))
    return range(0, len(times), policy.step)


def _every(times: Sequence[int], step: Fraction) -> Iterator[int]:
    due = Fraction(times[0])
    for at, pts in enumerate(times):
        if pts >= due:
            yield at
            due += step * (1 + (pts - due) // step)


def scene_starts(
    thumbnails: Iterable[tuple[int, NDArray[np.uint8]]], threshold: float
) -> Iterator[int]:
    """The pts of the first frame and of each that begins a scene, as they come by.

    The measure of a frame is min(d, |d − d′|) / 100, at most 1: d is the mean absolute difference
    of luma (0 … 255) to the frame before on a thumbnail of 64 × 36, d′ that of the frame before. A
    steady movement has a large d and a small change of it, a cut has both.

    Source: FFmpeg's `scene` of the filters select and scdet, there on whole frames.
    """
    before: NDArray[np.int16] | None = None
    moved_before = 0.0
    for pts, luma in thumbnails:
        now = luma.astype(np.int16)
        if before is None:
            yield pts
        else:
            moved = float(np.abs(now - before).mean())
            if min(moved, abs(moved - moved_before)) / 100 >= threshold:
                yield pts
            moved_before = moved
        before = now
