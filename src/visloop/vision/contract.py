"""The contract: everything between bytes and answer, in one hashed record.

It is defined here, executed by `infer` alone, and used by training, evaluation, serving and edge.
Two contracts with the same digest give the same array for the same bytes. A library is named with
its major version: within one, its authors keep what a call computes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from visloop.errors import Refused
from visloop.ids import FORMAT, digest_of


class ContractRefused(Refused):
    """A contract that contradicts itself, or that this version of visloop cannot execute."""

    code = "vision.contract_refused"


class Decoder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who turns bytes into upright RGB pixels of 8 bits.

    `library`: simplejpeg decodes JPEGs of grey and RGB pixels, Pillow everything else.
    `scaled`: JPEGs are decoded at the smallest of 1/8, 1/4, 3/8, 1/2 and 1 (libjpeg's DCT scaling)
    at which the shorter side keeps the `size_px` that it will be resized to; else at full size.
    `background`: what shows through transparent pixels. `max_pixels`: width × height, as stored.
    """

    library: str = "simplejpeg 1, pillow"
    scaled: bool = True
    orientation: Literal["exif", "ignore"] = "exif"
    colour: Literal["rgb", "grey"] = "rgb"
    background: tuple[int, int, int] = (255, 255, 255)
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        if self.max_pixels < 1 or not all(0 <= level <= 255 for level in self.background):  # noqa: PLR2004
            raise _refused("the decoder wants max_pixels ≥ 1 and a background of 0 … 255")


class Resize(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which size, and how.

    `shorter` is what others call "resize the shorter side to `size_px`, then cut `crop_px` from the
    centre": the centred square of side round(shorter side × crop_px / size_px) is brought to
    crop_px × crop_px in one step. `letterbox` fits the whole picture into a square of `size_px` and
    fills the rest with `pad_value`; `squash` ignores the aspect ratio.

    The kernel `reduce` first takes the means of whole k × k blocks, k the largest that leaves the
    size wanted (a remainder of less than k is cut off evenly), then goes on linearly; per side. It
    hardly aliases and costs a fifth of `area`, OpenCV's exact averaging, which is linear where a
    side grows. The other kernels look at the nearest pixels only: they alias when a picture shrinks
    to less than half.
    """

    mode: Literal["shorter", "letterbox", "squash"] = "shorter"
    size_px: int = 224
    crop_px: int | None = 224
    library: str = "opencv 4"
    kernel: Literal["reduce", "area", "linear", "cubic", "nearest"] = "reduce"
    pad_value: int = 114

    def __post_init__(self) -> None:
        largest, crop = 8192, self.crop_px
        if not 1 <= self.size_px <= largest or not 0 <= self.pad_value <= 255:  # noqa: PLR2004
            raise _refused(f"resize wants 1 ≤ size_px ≤ {largest} and 0 ≤ pad_value ≤ 255")
        if self.mode == "shorter" and (crop is None or not 1 <= crop <= self.size_px):
            raise _refused("resize of mode 'shorter' wants 1 ≤ crop_px ≤ size_px")

    @property
    def output_px(self) -> int:
        """Side of the square that comes out."""
        return self.crop_px if self.mode == "shorter" and self.crop_px else self.size_px


class Normalise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """(pixel - mean) / std, per channel, on 0 … 255."""

    mean: tuple[float, ...] = (127.0, 127.0, 127.0)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or not all(std > 0 for std in self.std):
            raise _refused("normalise wants as many std as mean, each above 0")


class Decode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From named outputs to an answer; labels below `score_threshold` are left out."""

    task: Literal["embed", "classify", "detect"] = "classify"
    probabilities: str = "probabilities"
    embedding: str = "embedding"
    score_threshold: float = 0.0
    nms_iou: float | None = None


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model's path from bytes to answer. `classes` is in the order of the model's outputs."""

    decoder: Decoder = Decoder()
    resize: Resize = Resize()
    normalise: Normalise = Normalise()
    decode: Decode = Decode()
    classes: tuple[str, ...] = ()
    class_dictionary: str = ""
    input_name: str = "input"
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise _refused(f"it is of format {self.format}; this version knows {FORMAT}")
        if len(self.normalise.mean) != self.channels:
            raise _refused(f"normalise wants {self.channels} values for {self.decoder.colour}")
        if len(set(self.classes)) != len(self.classes):
            raise _refused("a class is listed twice")

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return 3 if self.decoder.colour == "rgb" else 1

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one prepared picture."""
        return self.channels, self.resize.output_px, self.resize.output_px

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical JSON."""
        return digest_of(self.to_json())

    def to_json(self) -> bytes:
        """Canonical JSON: every field, fixed order, no spaces."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, raw: bytes) -> Contract:
        """Read what `to_json` wrote.

        Raises:
            ContractRefused: not a contract, one of another format, or one that contradicts itself.
        """
        try:
            return msgspec.json.decode(raw, type=cls)
        except msgspec.DecodeError as error:
            raise _refused(str(error)) from error


def _refused(because: str) -> ContractRefused:
    return ContractRefused(
        f"the contract is refused: {because}",
        fix="correct it, or export the model again",
    )
