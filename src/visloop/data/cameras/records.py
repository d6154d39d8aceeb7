"""What is known of a camera."""

from __future__ import annotations

from typing import Any

import msgspec

from visloop.ids import FORMAT


class ClockOffset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the camera's clock shows less the true time, in seconds, from a moment on (RFC 3339).

    -3.2: it is 3.2 s slow. `since` is a true time; empty: ever.
    """

    offset_s: float
    since: str = ""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Intrinsics of a pinhole camera, in pixels of a picture of `size_px` (width, height).

    `distortion` are OpenCV's coefficients in its order: k1, k2, p1, p2, k3 … (4, 5, 8, 12 or 14).
    """

    fx: float
    fy: float
    cx: float
    cy: float
    size_px: tuple[int, int]
    distortion: tuple[float, ...] = ()


class Camera(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One camera: an id that samples carry, what tells its pictures from others', how its clock goes.

    A picture is its own when every one of `make`, `model` and `serial` that is given is what the
    picture says. `utc_offset` (`+02:00`) is how its clock is set, for pictures that do not say it.
    """

    id: str
    place: str = ""
    make: str = ""
    model: str = ""
    serial: str = ""
    utc_offset: str = ""
    clocks: tuple[ClockOffset, ...] = ()
    calibration: Calibration | None = None
    colour_profile: str = ""
    format: int = FORMAT

    def to_dict(self) -> dict[str, Any]:
        """As facts and faces show it."""
        return msgspec.to_builtins(self)
