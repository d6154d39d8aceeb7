"""The contract: everything between bytes and answer, in one hashed record.

It is defined here, executed by `infer` alone, and used by training, evaluation, serving and edge.
Two contracts with the same digest give the same array for the same bytes. A library is named with
its major version: within one, its authors keep what a call computes.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec

from visloop.errors import Refused
from visloop.ids import FORMAT, digest_of

Task: TypeAlias = Literal["embed", "classify", "detect", "segment", "regress"]
Layout: TypeAlias = Literal["boxes", "yolov5", "yolov8", "detr", "rt-detr", "fastestdet"]

LARGEST_PX: Final = 8192


class ContractRefused(Refused):
    """A contract that contradicts itself, or that this version of visloop cannot execute."""

    code = "vision.contract_refused"


class Decoder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who turns bytes into upright RGB pixels of 8 bits.

    `library`: simplejpeg decodes JPEGs of grey and RGB pixels, Pillow everything else.
    `scaled`: JPEGs are decoded at the smallest of 1/8, 1/4, 3/8, 1/2 and 1 (libjpeg's DCT scaling)
    at which the shorter side keeps the `size_px` that it will be resized to (of a rectangle, its
    longer side); else at full size. `colour`: the order of the model's channels. `background`: what
    shows through transparent pixels. `max_pixels`: width × height, as stored.
    """

    library: str = "simplejpeg 1, pillow"
    scaled: bool = True
    orientation: Literal["exif", "ignore"] = "exif"
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
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
    fills the rest with `pad_value`, the picture in the middle; `squash` ignores the aspect ratio.
    For these two, `size_hw` (height, width) makes a rectangle of the square; `size_px` is unused then.

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
    size_hw: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        crop, sides = self.crop_px, (self.size_px, *(self.size_hw or ()))
        if not all(1 <= side <= LARGEST_PX for side in sides) or not 0 <= self.pad_value <= 255:  # noqa: PLR2004
            raise _refused(f"resize wants sizes of 1 … {LARGEST_PX} and 0 ≤ pad_value ≤ 255")
        if self.mode == "shorter" and (crop is None or not 1 <= crop <= self.size_px):
            raise _refused("resize of mode 'shorter' wants 1 ≤ crop_px ≤ size_px")
        if self.mode == "shorter" and self.size_hw:
            raise _refused("resize of mode 'shorter' gives a square: size_hw is not for it")

    @property
    def output_hw(self) -> tuple[int, int]:
        """Height and width of what comes out."""
        if self.size_hw:
            return self.size_hw
        side = self.crop_px if self.mode == "shorter" and self.crop_px else self.size_px
        return side, side

    @property
    def least_px(self) -> int:
        """What the shorter side of a JPEG decoded at a smaller scale keeps at least."""
        return max(self.size_hw) if self.size_hw else self.size_px


class Normalise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """(pixel - mean) / std, per channel, on 0 … 255."""

    mean: tuple[float, ...] = (127.0, 127.0, 127.0)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or not all(std > 0 for std in self.std):
            raise _refused("normalise wants as many std as mean, each above 0")


class Decode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From the model's outputs, called by name, to an answer. N pictures, C classes.

    `classify`: `probabilities` float32 (N, C); labels below `score_threshold` are left out.
    `embed`: `embedding` float32 (N, D), which any other model may give beside its answer.
    `detect`: `boxes` and `scores` as `layout` has them (see `vision.candidates`; the plain one:
    boxes float32 (N, Q, 4), x1 y1 x2 y2 in pixels of the prepared input, scores float32 (N, Q, C) in
    [0, 1]). Each of the Q answers with its likeliest class, if that reaches `score_threshold`; boxes
    that overlap a likelier one of their class by more than `nms_iou` go (None: none does); at most
    `max_detections` stay, the likeliest.
    `segment`: `masks` float32 (N, 1 + C, H, W), channel 0 the background, at the prepared input's size
    or a whole fraction of it. A pixel is of its likeliest class, or background below
    `score_threshold`; the answer is a mask for each class there is.
    `regress`: `value` float32 (N, 1), in `unit`; or (N, C), a number for each class.

    `activation` is what the model leaves to others: `softmax` over its classes, or `sigmoid`, of
    `probabilities` or `masks`; the layouts of `detect` know theirs.
    """

    task: Task = "classify"
    probabilities: str = "probabilities"
    embedding: str = "embedding"
    score_threshold: float = 0.0
    nms_iou: float | None = None
    activation: Literal["none", "softmax", "sigmoid"] = "none"
    layout: Layout = "boxes"
    boxes: str = "boxes"
    scores: str = "scores"
    max_detections: int = 100
    masks: str = "masks"
    value: str = "value"
    unit: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.score_threshold <= 1:
            raise _refused("decode wants a score_threshold in 0 … 1")
        if self.nms_iou is not None and not 0 <= self.nms_iou <= 1:
            raise _refused("decode wants an nms_iou in 0 … 1, or none")
        if self.max_detections < 1:
            raise _refused("decode wants max_detections of at least 1")


class Tiling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The prepared picture goes through the model in parts: small objects for a model of a small input.

    `resize` says how large the picture is then; `size_hw` is the model's own input, and tiles of that
    size cover the picture evenly, next to each other sharing `overlap_px` at least. Each answers for
    the boxes whose middle is nearer to it than to the next: an object that is no larger than the
    overlap lies whole in the tile that answers for it. Embeddings are not given.
    """

    size_hw: tuple[int, int]
    overlap_px: int = 64

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_px < min(self.size_hw):
            raise _refused("tiling wants an overlap_px of 0 or more, smaller than its tiles")


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model's path from bytes to answer. `classes` is in the order of the model's outputs."""

    decoder: Decoder = Decoder()
    resize: Resize = Resize()
    normalise: Normalise = Normalise()
    decode: Decode = Decode()
    classes: tuple[str, ...] = ()
    class_dictionary: str = ""
    input_name: str = "input"
    tiling: Tiling | None = None
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise _refused(f"it is of format {self.format}; this version knows {FORMAT}")
        if len(self.normalise.mean) != self.channels:
            raise _refused(f"normalise wants {self.channels} values for {self.decoder.colour}")
        if self.tiling and self.decode.task != "detect":
            raise _refused(f"tiling is for the task 'detect', not {self.decode.task!r}")
        if self.tiling and not _fits(self.tiling.size_hw, self.resize.output_hw):
            raise _refused("tiles are at most as large as what resize gives")
        if len(set(self.classes)) != len(self.classes):
            raise _refused("a class is listed twice")
        if self.decode.task in {"detect", "segment"}:
            if not self.classes:
                raise _refused(f"the task {self.decode.task!r} wants classes")
            if self.decoder.orientation != "exif":
                raise _refused("boxes and masks lie in the upright picture: orientation is 'exif'")

    @property
    def channels(self) -> int:
        """1 for grey, else 3."""
        return 1 if self.decoder.colour == "grey" else 3

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one prepared picture."""
        return self.channels, *self.resize.output_hw

    @property
    def network_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of what goes through the model at once: the same, or a tile."""
        return self.channels, *(self.tiling.size_hw if self.tiling else self.resize.output_hw)

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical JSON."""
        return digest_of(self.to_json())

    def to_json(self) -> bytes:
        """Canonical JSON: fixed order, no spaces; of `LATER` only what is not as it was always."""
        said: dict[str, Any] = msgspec.to_builtins(self)
        for part, field in LATER:
            inside = said[part]
            if inside[field] == _DEFAULTS[part][field]:
                del inside[field]
        if self.tiling is None:
            del said["tiling"]
        return msgspec.json.encode(said)

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


LATER: Final = (
    ("resize", "size_hw"),
    ("decode", "activation"),
    ("decode", "layout"),
    ("decode", "boxes"),
    ("decode", "scores"),
    ("decode", "max_detections"),
    ("decode", "masks"),
    ("decode", "value"),
    ("decode", "unit"),
)
"""Fields that came when contracts were already stored: left out where they say what all those meant."""


def _fits(inner_hw: tuple[int, int], outer_hw: tuple[int, int]) -> bool:
    return all(1 <= inner <= outer for inner, outer in zip(inner_hw, outer_hw, strict=True))


def _refused(because: str) -> ContractRefused:
    return ContractRefused(
        f"the contract is refused: {because}",
        fix="correct it, or export the model again",
    )


_DEFAULTS: Final[dict[str, Any]] = msgspec.to_builtins(Contract())
