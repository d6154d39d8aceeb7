"""The contract between pixels and tensor, executed: resize, then normalise.

The only implementation there is: training, evaluation, serving and edge all come through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from visloop.infer.images import decode
from visloop.vision import ContractRefused, Decoder, Resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from visloop.vision import Contract, Normalise

cv2.setNumThreads(1)  # pictures are small: OpenCV's pool costs more than it brings

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
    pixels = resized(rgb, contract.resize)
    planes = (
        cv2.split(pixels) if contract.channels > 1 else [cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)]
    )
    return _normalised([np.asarray(plane, np.uint8) for plane in planes], contract.normalise)


def resized(rgb: NDArray[np.uint8], resize: Resize) -> NDArray[np.uint8]:
    """Pixels at the contract's size.

    Args:
        rgb: uint8 (H, W, 3), H and W at least 1.
        resize: mode, size and kernel.

    Returns:
        uint8 (S, S, 3), S = `resize.output_px`.
    """
    height, width = rgb.shape[:2]
    size = resize.output_px
    match resize.mode:
        case "shorter":
            side = max(1, _rounded(min(height, width) * size, resize.size_px))
            top, left = (height - side) // 2, (width - side) // 2
            return _scaled(rgb[top : top + side, left : left + side], size, size, resize.kernel)
        case "letterbox":
            longer = max(height, width)
            h, w = (max(1, _rounded(side * size, longer)) for side in (height, width))
            canvas = np.full((size, size, 3), resize.pad_value, np.uint8)
            top, left = (size - h) // 2, (size - w) // 2
            canvas[top : top + h, left : left + w] = _scaled(rgb, h, w, resize.kernel)
            return canvas
        case "squash":
            return _scaled(rgb, size, size, resize.kernel)


def check_executable(contract: Contract) -> None:
    """Whether this installation can do what the contract says, as it was done when it was made.

    Raises:
        ContractRefused: it names another library or major version, or a task not known here.
    """
    if contract.decode.task == "detect":
        raise ContractRefused(
            "this version does not execute contracts of detectors",
            fix="use a classifier or an embedder, or a version of visloop that knows detection",
        )
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
    rows, columns = rgb.shape[0] // down, rgb.shape[1] // right
    top, left = rgb.shape[0] % down // 2, rgb.shape[1] % right // 2
    whole = rgb[top : top + rows * down, left : left + columns * right]
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.uint8)


def _normalised(planes: list[NDArray[np.uint8]], normalise: Normalise) -> NDArray[np.float32]:
    """(pixel - mean) / std in float32, plane by plane."""
    tensor = np.empty((len(planes), *planes[0].shape), np.float32)
    scales = zip(planes, normalise.mean, normalise.std, strict=True)
    for index, (plane, mean, std) in enumerate(scales):
        np.subtract(plane, np.float32(mean), out=tensor[index], dtype=np.float32)
        tensor[index] /= np.float32(std)
    return tensor
