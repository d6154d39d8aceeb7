"""The contract between pixels and tensor, executed: resize, then normalise.

The only implementation there is: training, evaluation, serving and edge all come through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop.infer.images import decode, read
from visloop.vision import ContractRefused, Decoder, Placement, Resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.infer.images import Picture
    from visloop.vision import Contract, Normalise

cv2.setNumThreads(1)  # pictures are small: OpenCV's pool costs more than it brings

_Part: TypeAlias = tuple[int, int, int, int]  # top, left, height, width, in pixels
_KERNELS: Final[Mapping[str, int]] = {
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "nearest": cv2.INTER_NEAREST,
}


def preprocess(data: bytes | memoryview, contract: Contract) -> NDArray[np.float32]:
    """One encoded picture as the model wants it.

    Args:
        data: the encoded picture, whole.
        contract: how to decode, resize and normalise.

    Returns:
        float32 (C, H, W), the contract's `input_shape`.

    Raises:
        NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
    """
    return to_tensor(decode(data, contract), contract)


def to_tensor(rgb: NDArray[np.uint8], contract: Contract) -> NDArray[np.float32]:
    """Decoded pixels as the model wants them.

    Args:
        rgb: uint8 (H, W, 3), upright.
        contract: how to resize and normalise.

    Returns:
        float32 (C, H, W), the contract's `input_shape`.
    """
    return normalised(resized(rgb, contract.resize), contract)


class Sized(NamedTuple):
    """A picture at the contract's size, uint8 (h, w, 3), RGB, and where it lies in there."""

    pixels: NDArray[np.uint8]
    placement: Placement


def sized(data: bytes | memoryview, contract: Contract) -> Sized:
    """One encoded picture at the contract's size; `normalised` makes of it what `preprocess` gives.

    Raises:
        NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
    """
    picture = read(data, contract)
    return Sized(resized(picture.pixels, contract.resize), place(picture, contract.resize))


def normalised(pixels: NDArray[np.uint8], contract: Contract) -> NDArray[np.float32]:
    """Pixels of the contract's size as the model wants them.

    Args:
        pixels: uint8 (h, w, 3), as `resized` gives them.
        contract: its colour and scale.

    Returns:
        float32 (C, h, w), the contract's `input_shape`.
    """
    match contract.decoder.colour:
        case "grey":
            planes = [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)]
        case "rgb":
            planes = cv2.split(pixels)
        case "bgr":
            planes = cv2.split(pixels)[::-1]
    return _scaled_planes([np.asarray(plane, np.uint8) for plane in planes], contract.normalise)


def place(picture: Picture, resize: Resize) -> Placement:
    """Where a picture lies in the prepared input: what `resized` does to it, as two rectangles."""
    height, width = picture.pixels.shape[:2]
    (top, left, high, wide), (above, before, h, w) = _parts(height, width, resize)
    if resize.kernel == "reduce":
        (top, high), (left, wide) = _whole_blocks(top, high, h), _whole_blocks(left, wide, w)
    x1, y1, x2, y2 = picture.cover_xyxy
    across, down = (x2 - x1) / width, (y2 - y1) / height
    source = (
        x1 + left * across,
        y1 + top * down,
        x1 + (left + wide) * across,
        y1 + (top + high) * down,
    )
    target = (float(before), float(above), float(before + w), float(above + h))
    return Placement(picture.size_hw, resize.output_hw, source, target)


def resized(rgb: NDArray[np.uint8], resize: Resize) -> NDArray[np.uint8]:
    """Pixels at the contract's size.

    Args:
        rgb: uint8 (H, W, 3), H and W at least 1.
        resize: mode, size and kernel.

    Returns:
        uint8 (h, w, 3), h and w as `resize.output_hw`.
    """
    (top, left, high, wide), (above, before, h, w) = _parts(rgb.shape[0], rgb.shape[1], resize)
    scaled = _scaled(rgb[top : top + high, left : left + wide], h, w, resize.kernel)
    if (h, w) == resize.output_hw:
        return scaled
    canvas = np.full((*resize.output_hw, 3), resize.pad_value, np.uint8)
    canvas[above : above + h, before : before + w] = scaled
    return canvas


def _parts(height: int, width: int, resize: Resize) -> tuple[_Part, _Part]:
    """The part of the pixels that is taken, and the part of the input that it becomes."""
    out_h, out_w = resize.output_hw
    whole = (0, 0, height, width)
    match resize.mode:
        case "shorter":
            side = max(1, _rounded(min(height, width) * out_h, resize.size_px))
            return ((height - side) // 2, (width - side) // 2, side, side), (0, 0, out_h, out_w)
        case "letterbox":
            h, w = out_h, out_w
            if height * out_w >= width * out_h:
                w = min(out_w, max(1, _rounded(width * out_h, height)))
            else:
                h = min(out_h, max(1, _rounded(height * out_w, width)))
            return whole, ((out_h - h) // 2, (out_w - w) // 2, h, w)
        case "squash":
            return whole, (0, 0, out_h, out_w)


def check_executable(contract: Contract) -> None:
    """Whether this installation can do what the contract says, as it was done when it was made.

    Raises:
        ContractRefused: it names another library or major version.
    """
    for asked, here in (
        (contract.decoder.library, Decoder().library),
        (contract.resize.library, Resize().library),
    ):
        if asked != here:
            raise ContractRefused(
                f"the contract was made with {asked!r}; this installation has {here!r}",
                fix="run it with the version of visloop that made it, or train the model again",
            )


def _rounded(numerator: int, denominator: int) -> int:
    """The quotient to the nearest integer, halves up; no floats, so the same everywhere."""
    return (2 * numerator + denominator) // (2 * denominator)


def _scaled(rgb: NDArray[np.uint8], height: int, width: int, kernel: str) -> NDArray[np.uint8]:
    """uint8 (height, width, 3) by one of `Resize`'s kernels."""
    grows = height > rgb.shape[0] or width > rgb.shape[1]
    if kernel == "reduce":
        rgb, how = _block_means(rgb, height, width), cv2.INTER_LINEAR
    else:
        how = cv2.INTER_LINEAR if kernel == "area" and grows else _KERNELS[kernel]
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=how), np.uint8)


def _block_means(rgb: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Means of the largest blocks that leave at least (height, width)."""
    down, right = max(1, rgb.shape[0] // height), max(1, rgb.shape[1] // width)
    if down == right == 1:
        return rgb
    (top, high), (left, wide) = (
        _whole_blocks(0, size, wanted)
        for size, wanted in zip(rgb.shape[:2], (height, width), strict=True)
    )
    whole = rgb[top : top + high, left : left + wide]
    means = cv2.resize(whole, (wide // right, high // down), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.uint8)


def _whole_blocks(start: int, size: int, wanted: int) -> tuple[int, int]:
    """Start and length of what whole blocks leave of a side; `Resize` says how it is cut."""
    left_over = size % max(1, size // wanted)
    return start + left_over // 2, size - left_over


def _scaled_planes(planes: list[NDArray[np.uint8]], normalise: Normalise) -> NDArray[np.float32]:
    """(pixel - mean) / std in float32, plane by plane."""
    tensor = np.empty((len(planes), *planes[0].shape), np.float32)
    scales = zip(planes, normalise.mean, normalise.std, strict=True)
    for index, (plane, mean, std) in enumerate(scales):
        np.subtract(plane, np.float32(mean), out=tensor[index], dtype=np.float32)
        tensor[index] /= np.float32(std)
    return tensor
