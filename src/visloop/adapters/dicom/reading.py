"""DICOM files through pydicom: pixels with their meaning, and what of the header may come in."""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.pixels.utils import pixel_array

from visloop.adapters.dicom.tags import allowed, first, number_of
from visloop.data import (
    BrokenFile,
    GreyWindow,
    MediaPicture,
    grey_levels,
    grey_pixels,
    parse_window,
    stretched,
    windowed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.data import GreyFunction

MAX_INFLATED_BYTES: Final = 1 << 30
MAX_FRAMES: Final = 100_000
_DEFLATED: Final = b"1.2.840.10008.1.2.1.99"
_META_BYTES: Final = 4096
_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_GREYS: Final = {"MONOCHROME1", "MONOCHROME2"}
_FUNCTIONS: Final = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
_WORD_BITS: Final = 16
_BYTE_BITS: Final = 8
_NO_PICTURE: Final = "it holds no picture (a report, a plan, an index or a curve is DICOM too)"


class DicomReader:
    """The plug-in `dicom` of `visloop.media`."""

    def count(self, data: bytes) -> int:
        """How many frames the file holds, as far as its length can be true."""
        with _quiet(), _as_broken():
            dataset = _header(data)
            _require_pixels(dataset)
            return _frames(dataset)

    def picture(self, data: bytes, number: int, *, window: str, max_pixels: int) -> MediaPicture:
        """Frame `number` (from 1 on) through the window; metadata without the patient."""
        with _quiet(), _as_broken():
            dataset = _header(data)
            _require_pixels(dataset)
            frames = _frames(dataset)
            _check_size(dataset, max_pixels)
            _check_syntax(dataset)
            raw = pixel_array(dataset, index=number - 1)
            metadata = allowed(dataset)
            notes: list[str] = []
            if frames > 1:
                metadata |= {"dicom.frame": number, "dicom.frames": frames}
            if metadata.get("dicom.burned_in_annotation") == "YES":
                notes.append("the file says that text is burnt into its pixels: see privacy.text")
            photometric = str(dataset.get("PhotometricInterpretation", ""))
            if photometric in _GREYS:
                pixels, said, remarks = _grey(raw, dataset, window)
            else:
                pixels, said, remarks = _colour(raw, dataset, photometric)
        return MediaPicture(pixels, metadata | said, (*notes, *remarks), held=frames)


def _header(data: bytes) -> Dataset:
    if _DEFLATED in data[:_META_BYTES] and data[132:136] == b"\2\0\0\0":
        begin = 144 + int.from_bytes(data[140:144], "little")  # PS3.10 7.1: the meta group's length
        unpacked = zlib.decompressobj(-15)
        unpacked.decompress(data[begin:], MAX_INFLATED_BYTES)
        if unpacked.unconsumed_tail:
            raise BrokenFile("too_large", "it unpacks to more than 1 GiB")
    bare = data[128:132] != b"DICM"
    return dcmread(BytesIO(data), force=bare)


def _require_pixels(dataset: Dataset) -> None:
    if not len(dataset):
        raise BrokenFile("truncated", "nothing follows its DICOM header")
    if not any(keyword in dataset for keyword in _PIXELS):
        kind = getattr(dataset.get("SOPClassUID"), "name", "")
        raise BrokenFile("no_pixels", f"{_NO_PICTURE}{f': {kind}' if kind else ''}")


def _frames(dataset: Dataset) -> int:
    stated = dataset.get("NumberOfFrames")
    count = 1 if stated in {None, ""} else int(stated)
    if not 1 <= count <= MAX_FRAMES:
        raise BrokenFile("decode_error", f"it says that it holds {count} frames")
    return count


def _check_size(dataset: Dataset, max_pixels: int) -> None:
    height, width = int(dataset.get("Rows", 0)), int(dataset.get("Columns", 0))
    if not (height and width):
        raise BrokenFile("decode_error", f"the picture says that it is {width} × {height} pixels")
    if height * width > max_pixels:
        raise BrokenFile(
            "too_many_pixels", f"{width} × {height} pixels are more than {max_pixels / 1e6:,.0f} MP"
        )


def _check_syntax(dataset: Dataset) -> None:
    """Refuse what this machine cannot unpack, by the name of the compression."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax is None:
        raise BrokenFile("decode_error", "it does not say how its pixels are packed")
    try:
        there = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):  # a code that nobody has heard of
        there = False
    if not there:
        raise BrokenFile(
            "unsupported_syntax", f"its pixels are packed as {syntax.name}, which is not read here"
        )


def _grey(
    raw: NDArray[Any], dataset: Dataset, window: str
) -> tuple[NDArray[Any], dict[str, Any], list[str]]:
    """Stored values → modality values → shown values → pixels."""
    values = np.asarray(apply_modality_lut(raw, dataset))
    if not np.isfinite(values).all():
        values = np.nan_to_num(values.astype(np.float64), posinf=0, neginf=0)
    step, low, high = _range(dataset, values)
    said: dict[str, Any] = {}
    notes: list[str] = []
    asked = parse_window(window)
    own = _own_window(dataset)
    if own is not None:
        said = {"dicom.window_center": own.centre, "dicom.window_width": own.width}
    if window == "auto" and "VOILUTSequence" in dataset:
        table = np.asarray(apply_voi(values.astype(raw.dtype, copy=False), dataset))
        bits = int(first(dataset.VOILUTSequence).LUTDescriptor[2])
        shown, steps = table / (2**bits - 1), 2.0**bits
        said["dicom.shown"] = "table"
    elif used := asked or (own if window == "auto" else None):
        shown = windowed(values, used)
        black, white = used.ends
        linear = used.function != "SIGMOID"
        steps = grey_levels(black, white, step) if linear else 65536.0
        said |= {"dicom.shown": "window" if asked else "file", "dicom.shown_center": used.centre}
        said |= {"dicom.shown_width": used.width}
        said |= {"dicom.black": black, "dicom.white": white} if linear else {}
    else:
        if window == "auto" and raw.dtype.itemsize > 1:
            low, high = _occurring(raw, values, dataset)
            notes.append("the file states no window: its own darkest and brightest values are used")
        shown, steps = stretched(values, low, high), grey_levels(low, high, step)
        said |= {"dicom.shown": window, "dicom.black": low, "dicom.white": high}
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = 1 - shown
        said["dicom.inverted"] = True
    if steps > 65536:  # noqa: PLR2004 - what 16 bits hold
        notes.append("it has more grey values than 16 bits hold: neighbours were joined")
    return grey_pixels(shown, steps), said, notes


def _own_window(dataset: Dataset) -> GreyWindow | None:
    """The first window that the file states."""
    centre, width = number_of(dataset.get("WindowCenter")), number_of(dataset.get("WindowWidth"))
    function = str(dataset.get("VOILUTFunction") or "LINEAR")
    least = 1.0 if function == "LINEAR" else 1e-9
    if centre is None or width is None or width < least:
        return None
    kind = cast("GreyFunction", function if function in _FUNCTIONS else "LINEAR")
    return GreyWindow(centre, width, kind)


def _range(dataset: Dataset, values: NDArray[Any]) -> tuple[float, float, float]:
    """Distance of neighbouring values, and the least and the greatest that the file can hold."""
    if values.dtype.kind == "f" and "PixelData" not in dataset:
        return 0.0, float(values.min()), float(values.max())
    if "ModalityLUTSequence" in dataset:
        bits = int(first(dataset.ModalityLUTSequence).LUTDescriptor[2])
        return 1.0, 0.0, float(2**bits - 1)
    bits, signed = int(dataset.BitsStored), bool(dataset.get("PixelRepresentation", 0))
    ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    slope = number_of(dataset.get("RescaleSlope"))
    slope = 1.0 if slope is None else slope
    intercept = number_of(dataset.get("RescaleIntercept")) or 0.0
    low, high = sorted(end * slope + intercept for end in ends)
    return abs(slope), low, high


def _occurring(raw: NDArray[Any], values: NDArray[Any], dataset: Dataset) -> tuple[float, float]:
    """The least and the greatest value of the picture, its padding left out (PS3.3 C.7.5.1.1.2)."""
    padding = number_of(dataset.get("PixelPaddingValue"))
    inside = values if padding is None else values[raw != padding]
    inside = inside if inside.size else values
    return float(inside.min()), float(inside.max())


def _colour(
    raw: NDArray[Any], dataset: Dataset, photometric: str
) -> tuple[NDArray[Any], dict[str, Any], list[str]]:
    if photometric == "PALETTE COLOR":
        raw = np.asarray(apply_color_lut(raw, dataset))
        if raw.dtype != np.uint8 and not (raw & 0xFF).any():
            raw = (raw >> _BYTE_BITS).astype(np.uint8)  # tables hold bytes in the upper half
        return raw, {}, []
    if raw.ndim != 3 or raw.shape[2] != 3:  # noqa: PLR2004
        raise BrokenFile("decode_error", f"it has colours of a kind unknown here: {photometric!r}")
    bits = int(dataset.BitsStored)
    if raw.dtype.itemsize * _BYTE_BITS > _WORD_BITS:
        return (raw >> (bits - _WORD_BITS)).astype(np.uint16), {}, [f"{bits} bits became 16"]
    full = _BYTE_BITS if raw.dtype.itemsize == 1 else _WORD_BITS
    if bits < full:
        top = 2**full - 1
        scaled = np.rint(raw.astype(np.float64) * (top / (2**bits - 1)))
        return np.clip(scaled, 0, top).astype(raw.dtype), {}, []
    return raw, {}, []


@contextmanager
def _quiet() -> Generator[None]:
    """No warnings or logs of pydicom about odd values; what matters is said in other words."""
    log = logging.getLogger("pydicom")
    before, mode = log.level, config.settings.reading_validation_mode
    log.setLevel(logging.CRITICAL)
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        log.setLevel(before)
        config.settings.reading_validation_mode = mode


@contextmanager
def _as_broken() -> Generator[None]:
    """Whatever pydicom and its decoders raise for a bad file, as the reason in words."""
    try:
        yield
    except BrokenFile:
        raise
    except InvalidDicomError as problem:
        raise BrokenFile("decode_error", "its DICOM header is damaged") from problem
    except EOFError as problem:
        raise BrokenFile("truncated", "the DICOM file stops too early") from problem
    except (MemoryError, RecursionError) as problem:
        raise BrokenFile("decode_error", "it asks for more memory than there is") from problem
    except Exception as problem:  # decoders of several libraries: any kind
        text = " ".join(str(problem).split())[:300] or type(problem).__name__
        if "less than expected" in text:
            raise BrokenFile("truncated", "its pixels stop too early") from problem
        code = "unsupported_syntax" if "does not support" in text else "decode_error"
        raise BrokenFile(code, f"it cannot be decoded: {text}") from problem
