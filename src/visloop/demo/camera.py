"""The camera over the belt: lens, sensor, and the JPEG with its EXIF that leaves it.

Light is counted as a sensor counts it: shot noise grows with the root of the electrons, and gain
(ISO) multiplies signal and noise alike. A failing lamp therefore gives a dark *and* noisy picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

import cv2
import numpy as np
import piexif
import simplejpeg
from numpy.typing import NDArray

from visloop.demo.drift import Conditions
from visloop.demo.light import colour_of
from visloop.demo.shapes import Field, as_field

MAKE: Final = "Visloop"
MODEL: Final = "Virtual Line Camera"
JPEG_QUALITY: Final = 92
_FULL_WELL: Final = 5200.0  # electrons at full white, ISO 100
_READ_NOISE: Final = 7.0  # electrons
_SHUTTER_S: Final = 1 / 1000
_LONGEST: Final = 10.0  # times the usual shutter; longer, and the next part would be in the picture
_WIDEST: Final = 2.0  # times the usual opening, f/4 to f/2
_SHALLOW_PX: Final = 0.0078  # blur of the parts at the widest, in heights of the picture
_MAX_GAIN: Final = 4.0
_DEAD_LAMP: Final = 0.002  # share of its light that a lamp of severity 1 still gives
_LUT_SIZE: Final = 4096


@dataclass(frozen=True)
class Camera:
    """Settings of one exposure, as EXIF tells them."""

    serial: str
    exposure_s: float = _SHUTTER_S
    iso: int = 100
    f_number: float = 4.0
    focal_length_mm: float = 16.0
    make: str = MAKE
    model: str = MODEL


@dataclass(frozen=True)
class Exposure:
    """The light of one picture and what the camera makes of it.

    Attributes:
        light: share of a new lamp's light, flicker included.
        time_s: shutter time; in it the belt moves on.
        opening: how much wider than usual the aperture is: more light, less depth of field.
        gain: amplification of the signal and of its noise.
        colour: of the light, linear r g b, green = 1.
        unevenness: 0 … 1, how much darker the ends of the tube are.
    """

    light: float
    time_s: float
    opening: float
    gain: float
    colour: NDArray[np.float32]
    unevenness: float

    @classmethod
    def under(cls, lamp: float, flicker: float) -> Exposure:
        """The exposure under a lamp that has aged by `lamp` (0 … 1); `flicker` is a normal draw.

        The camera answers the lost light with a longer shutter, a wider aperture and more gain,
        until each ends; parts smear along the belt, and those above the plane of focus go soft.
        """
        lost = _DEAD_LAMP**-lamp
        shutter = min(_LONGEST, lost**0.5)
        opening = min(_WIDEST, lost**0.2)
        gain = min(_MAX_GAIN, lost**0.25)
        light = (1 + (0.03 + 0.10 * lamp) * float(np.clip(flicker, -2, 2))) / lost
        return cls(light, _SHUTTER_S * shutter, opening, gain, colour_of(5200 - 2800 * lamp), lamp)

    @property
    def shutter(self) -> float:
        """How much longer than usual the shutter stays open."""
        return self.time_s / _SHUTTER_S

    @property
    def caught(self) -> float:
        """Light that reaches the sensor, beside a new lamp's with the usual settings."""
        return self.light * self.shutter * self.opening**2


def develop(
    scene: Field, exposure: Exposure, conditions: Conditions, rng: np.random.Generator, seed: int
) -> NDArray[np.uint8]:
    """Linear light in, an 8-bit sRGB picture out.

    Args:
        scene: float32 (H, W, 3), linear, changed in place.
        exposure: light and gain.
        conditions: `defocus` and `dirt` of the lens.
        rng: the noise of this picture.
        seed: which lens, so that its dirt stays where it is.
    """
    height, width = scene.shape[:2]
    scene *= fall_off(width, height, round(exposure.unevenness, 2))
    scene *= np.tile(exposure.colour * np.float32(exposure.caught), (width, 1))
    sigma = _blur_px(exposure, conditions, height)
    if sigma > 0:
        cv2.GaussianBlur(scene, (0, 0), sigma, dst=scene)
    if conditions.dirt > 0:
        _look_through(scene, conditions.dirt, seed)
    grain = _grain(width, height, rng)
    deviation = np.sqrt(
        np.maximum(scene, 0) / np.float32(_FULL_WELL) + (_READ_NOISE / _FULL_WELL) ** 2
    )
    scene += deviation * grain
    scene *= np.float32(exposure.gain * (_LUT_SIZE - 1))
    np.clip(scene, 0, _LUT_SIZE - 1, out=scene)
    return _srgb()[scene.astype(np.uint16)]


def _blur_px(exposure: Exposure, conditions: Conditions, height: int) -> float:
    """Blur of the lens, standard deviation in pixels: out of focus, and the wider aperture's."""
    turned = 0.2 + conditions.defocus * height / 60 if conditions.defocus > 0 else 0.0
    shallow = (exposure.opening - 1) / (_WIDEST - 1) * _SHALLOW_PX * height
    return math.hypot(turned, shallow)


@lru_cache(maxsize=8)
def fall_off(width: int, height: int, unevenness: float) -> Field:
    """Light over the picture, float32 (H, W, 3): brightest left of the middle; an old tube has dark ends."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x / width - 0.47) * 2, (y / height - 0.45) * 2
    even = 1.06 - 0.20 * (u * u + 0.8 * v * v)
    ends = 1 - unevenness * (
        0.62 / (1 + np.exp(-(u - 0.25) * 4.5)) + 0.25 * np.maximum(-u - 0.4, 0)
    )
    return np.repeat((even * ends)[..., None], 3, axis=2).astype(np.float32)


def _look_through(scene: Field, dirt: float, seed: int) -> None:
    """Put the lens's dirt in the way: specks take light, grease blurs and veils."""
    height, width = scene.shape[:2]
    specks, smear = _dirt(width, height, seed)
    veil = scene.mean(axis=(0, 1)) * np.float32(2.2)
    soft = cv2.GaussianBlur(scene, (0, 0), height / 45)
    grease = smear * np.float32(0.9 * dirt)
    scene += grease * (0.6 * soft + 0.4 * veil - scene)
    scene *= 1 - np.float32(dirt) * specks


@lru_cache(maxsize=8)
def _dirt(width: int, height: int, seed: int) -> tuple[Field, Field]:
    """Specks and smear of one lens: float32 (H, W, 1) each, 0 clean … 1 opaque."""
    rng = np.random.default_rng([404, seed])
    specks = np.zeros((height, width), np.float32)
    for _ in range(34):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = tuple(int(a) for a in np.maximum(rng.gamma(2.0, height / 110, 2), 1))
        blot = np.zeros_like(specks)
        cv2.ellipse(
            blot, centre, axes, float(rng.uniform(0, 180)), 0, 360, rng.uniform(0.45, 0.95), -1
        )
        specks = np.maximum(specks, cv2.GaussianBlur(blot, (0, 0), height / 160))
    smear = np.zeros((height, width), np.float32)
    for _ in range(6):
        start = rng.uniform((0, 0), (width, height))
        end = start + rng.normal(0, width / 3, 2)
        line = [np.rint(start).astype(np.int32), np.rint(end).astype(np.int32)]
        cv2.polylines(smear, [np.array(line)], False, rng.uniform(0.5, 0.9), int(height / 5))
    smear = as_field(cv2.GaussianBlur(smear, (0, 0), height / 14))
    return specks[..., None], smear[..., None]


def _grain(width: int, height: int, rng: np.random.Generator) -> Field:
    """Unit noise, a window of a fixed sheet: float32 (H, W, 3), a little softened by demosaicing."""
    sheet = _sheet(width, height)
    top, left = rng.integers(0, sheet.shape[0] - height), rng.integers(0, sheet.shape[1] - width)
    return sheet[top : top + height, left : left + width]


@lru_cache(maxsize=4)
def _sheet(width: int, height: int) -> Field:
    noise = np.random.default_rng(11).standard_normal((height * 2, width * 2, 3), np.float32)
    soft = noise + np.float32(0.9) * cv2.GaussianBlur(noise, (0, 0), 0.8)
    return soft / soft.std()


@cache
def _srgb() -> NDArray[np.uint8]:
    """Linear 0 … 4095 to sRGB 0 … 255 (source: IEC 61966-2-1)."""
    linear = np.arange(_LUT_SIZE) / (_LUT_SIZE - 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(curve * 255).astype(np.uint8)


def jpeg(image: NDArray[np.uint8], camera: Camera, time: datetime) -> bytes:
    """The picture as the camera would send it: JPEG with EXIF.

    Args:
        image: uint8 (H, W, 3), rgb.
        camera: settings of the exposure.
        time: when, timezone-aware; the offset is written beside the local time.
    """
    pixels = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=JPEG_QUALITY)
    exif = _exif(camera, time)
    return pixels[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + pixels[2:]


def _exif(camera: Camera, time: datetime) -> bytes:
    stamp = time.strftime("%Y:%m:%d %H:%M:%S")
    offset = time.strftime("%z")
    offset = f"{offset[:3]}:{offset[3:5]}"
    main = {
        piexif.ImageIFD.Make: camera.make,
        piexif.ImageIFD.Model: camera.model,
        piexif.ImageIFD.DateTime: stamp,
        piexif.ImageIFD.Orientation: 1,
    }
    shot = {
        piexif.ExifIFD.ExposureTime: (1, round(1 / camera.exposure_s)),
        piexif.ExifIFD.FNumber: (round(camera.f_number * 10), 10),
        piexif.ExifIFD.ISOSpeedRatings: camera.iso,
        piexif.ExifIFD.FocalLength: (round(camera.focal_length_mm * 10), 10),
        piexif.ExifIFD.DateTimeOriginal: stamp,
        piexif.ExifIFD.OffsetTimeOriginal: offset,
        piexif.ExifIFD.SubSecTimeOriginal: f"{time.microsecond // 1000:03d}",
        piexif.ExifIFD.BodySerialNumber: camera.serial,
    }
    return piexif.dump({"0th": main, "Exif": shot})
