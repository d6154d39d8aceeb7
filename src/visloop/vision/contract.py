"""The contract: everything between bytes and answer, in one hashed record.

It is defined here, executed by `infer` alone, and used by training, evaluation, serving and edge.
Two contracts with the same digest give the same array for the same bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from visloop.ids import FORMAT, digest_of


class Decoder(msgspec.Struct, frozen=True, kw_only=True):
    """Who turns bytes into pixels, and how far it may scale while it decodes (JPEG's DCT scaling)."""

    library: str = "simplejpeg|pillow"
    scale_to_at_least_px: int | None = None
    orientation: Literal["exif", "ignore"] = "exif"
    colour: Literal["rgb", "grey"] = "rgb"


class Resize(msgspec.Struct, frozen=True, kw_only=True):
    """To which size and how: `shorter` side then centre crop, `letterbox` with padding, or `squash`."""

    mode: Literal["shorter", "letterbox", "squash"] = "shorter"
    size_px: int = 256
    crop_px: int | None = 224
    library: str = "opencv"
    kernel: Literal["area", "linear", "cubic", "nearest"] = "area"
    pad_value: int = 114


class Normalise(msgspec.Struct, frozen=True, kw_only=True):
    """(pixel - mean) / std, per channel, on 0 … 255."""

    mean: tuple[float, ...] = (127.0, 127.0, 127.0)
    std: tuple[float, ...] = (128.0, 128.0, 128.0)


class Decode(msgspec.Struct, frozen=True, kw_only=True):
    """From named outputs to an answer."""

    task: Literal["embed", "classify", "detect"] = "classify"
    probabilities: str = "probabilities"
    embedding: str = "embedding"
    score_threshold: float = 0.0
    nms_iou: float | None = None


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """One model's path from bytes to answer. `classes` is in the order of the model's outputs."""

    decoder: Decoder = Decoder()
    resize: Resize = Resize()
    normalise: Normalise = Normalise()
    decode: Decode = Decode()
    classes: tuple[str, ...] = ()
    class_dictionary: str = ""
    input_name: str = "input"
    format: int = FORMAT

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical JSON."""
        return digest_of(self.to_json())

    def to_json(self) -> bytes:
        """Canonical JSON: fixed field order, no spaces."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, raw: bytes) -> Contract:
        """Read what `to_json` wrote.

        Raises:
            msgspec.ValidationError: not a contract.
        """
        return msgspec.json.decode(raw, type=cls)
