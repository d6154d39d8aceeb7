"""Whatever a program holds as a picture → the bytes that are sent."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from visloop.errors import NotFound, UsageError
from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageOps

    PictureLike: TypeAlias = (
        str
        | os.PathLike[str]
        | bytes
        | bytearray
        | memoryview
        | io.BufferedIOBase
        | Image.Image
        | NDArray[np.uint8]
    )
else:
    Image, ImageOps = lazy_vendor("PIL.Image"), lazy_vendor("PIL.ImageOps")
    PictureLike = Any

_AS_PNG = frozenset({"1", "L", "LA", "I;16", "P", "RGB", "RGBA"})
_COLOURS = (3, 4)


def encoded(picture: PictureLike) -> bytes:
    """The bytes of a file, or pixels as a PNG, which loses none of them.

    Args:
        picture: a path, a file's bytes, an open binary file, a PIL image (turned upright as its EXIF
            says), or uint8 pixels (H, W), (H, W, 3) in RGB order, or (H, W, 4).

    Raises:
        NotFound: no such file.
        UsageError: an address on the network, or nothing that is a picture.
    """
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if isinstance(picture, str | os.PathLike):
        return _of_file(os.fspath(picture))
    if hasattr(picture, "getexif"):
        return _png(ImageOps.exif_transpose(picture))  # pyright: ignore[reportArgumentType]
    if hasattr(picture, "__array_interface__"):
        return _png(_image(picture))
    if isinstance(picture, io.BufferedIOBase):
        return picture.read()
    raise UsageError(
        f"a {type(picture).__name__} is no picture",
        fix="give a path, a file's bytes, an open binary file, a PIL image or uint8 pixels",
    )


def _of_file(path: str) -> bytes:
    if path.startswith(("http://", "https://")):  # what a stranger typed must not fetch for them
        raise UsageError(
            f"{path} is an address, and a client fetches none",
            fix=f"predict(httpx.get({path!r}).content), or let the server: predict_urls([{path!r}])",
        )
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path!r}", fix="check its path") from error
    except OSError as error:
        raise UsageError(f"{path!r} cannot be read: {error.strerror}", fix="give a file") from error


def _image(pixels: Any) -> Image.Image:
    shape, kind = tuple(pixels.shape), str(pixels.dtype)
    coloured = len(shape) == 3 and shape[2] in _COLOURS  # noqa: PLR2004 - (H, W, C)
    if kind != "uint8" or not (len(shape) == 2 or coloured) or 0 in shape:  # noqa: PLR2004 - (H, W)
        raise UsageError(
            f"pixels are uint8 (H, W), (H, W, 3) or (H, W, 4), not {kind} {shape}",
            fix="scale floats to 0 … 255: (pixels * 255).astype('uint8')",
        )
    return Image.fromarray(pixels)


def _png(image: Image.Image) -> bytes:
    raw = io.BytesIO()
    plain = image if image.mode in _AS_PNG else image.convert("RGB")
    plain.save(raw, "PNG", compress_level=1)
    return raw.getvalue()
