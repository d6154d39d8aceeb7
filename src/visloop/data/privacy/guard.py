"""The gate that every picture passes on its way in: what the policy names is taken off here."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace
from PIL import Image, ImageOps

from visloop.config import load_plugin
from visloop.data.formats.bake import jpeg_settings, upright_exif
from visloop.data.ingest.probe import probe
from visloop.data.ingest.raster import open_picture
from visloop.data.ingest.records import BrokenFile, Found, Probe
from visloop.data.media.converted import png
from visloop.data.privacy.place.cleaning import cleaned
from visloop.data.privacy.place.tiff import clean_tiff
from visloop.data.privacy.policy import Policy, marked
from visloop.data.privacy.regions import Redactor, Region, blurred, grown
from visloop.data.records import Refusal
from visloop.ids import digest_of
from visloop.lazy import lazy_vendor
from visloop.store import parsed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visloop.data.media.records import Piece
else:
    np = lazy_vendor("numpy")

PLACES: Final = ("gps.", "exif.gps")
"""Metadata keys that tell where a picture was taken begin so."""
_PSEUDONYMS: Final = ("dicom.study", "dicom.series", "dicom.frame_of_reference")
_SIGNED: Final = "~"
_OURS: Final = "privacy."
_NOT_BLURRED: Final = frozenset({"I", "F"})
_TEXT_CELLS: Final = 1
_FACE_CELLS: Final = 5


@dataclass(frozen=True)
class Guard:
    """A policy at work. `key` is the workspace's secret, for pseudonyms that only it can make.

    `deep`: every picture is decoded whole before it is believed. `wishes` of one `add` made the
    policy stricter than the workspace's; what that `add` refuses keeps them.
    """

    policy: Policy = field(default_factory=Policy)
    key: str = ""
    deep: bool = False
    wishes: Mapping[str, str] = field(default_factory=dict[str, str])

    def mark(self, digest: str) -> str:
        """What stands for a file's own bytes, by their digest: nobody else can tell which they are."""
        return marked(self.key, digest)

    def on(self, found: Found) -> Found:
        """The file with the wishes noted on it."""
        return replace(found, privacy=self._stricter) if self._stricter else found

    def unread(self, refusal: Refusal) -> Found | None:
        """What is kept of a file that a scan could not look at, if anything was wished."""
        path, source = refusal.path, refusal.source
        said = Found(path=path, file=source, source=source)
        return self.on(said) if self._stricter else None

    def again(self, found: Found | None) -> Guard:
        """The gate for a file that was refused once: as strict as then, and as the policy is now."""
        wishes = found.privacy if found is not None else {}
        return Guard(self.policy.tightened(wishes), self.key, self.deep, wishes)

    @property
    def _stricter(self) -> dict[str, str]:
        return {name: wish for name, wish in self.wishes.items() if wish != "keep"}

    def signed(self, labels: str) -> str:
        """What is noted of a file's labels, so that another policy makes it read again."""
        return f"{labels}{_SIGNED}{self.policy.digest}" if self.policy.active else labels

    def passed(self, piece: Piece) -> Piece:
        """The picture as it may be kept, and what it is then; the same piece where nothing goes.

        Raises:
            BrokenFile: the policy cannot be kept for this picture.
        """
        named = self._pseudonyms(piece)
        return self._protected(named) if self.policy.active else named

    def _pseudonyms(self, piece: Piece) -> Piece:
        metadata = piece.probe.metadata
        if not self.key or not any(key in metadata for key in _PSEUDONYMS):
            return piece
        keyed = {
            key: digest_of(self.key, metadata[key])[:16] for key in _PSEUDONYMS if key in metadata
        }
        return piece._replace(probe=replace(piece.probe, metadata=metadata | keyed))

    def _protected(self, piece: Piece) -> Piece:
        data, seen = piece
        if parsed(data) is not None:
            raise BrokenFile(
                "privacy",
                "it is part of a film that is kept whole: the policy of privacy cannot be kept",
            )
        place = self.policy.gps == "remove"
        told: dict[str, Any] = {"privacy.policy": self.policy.digest}
        notes: list[str] = []
        if self.policy.blurs:
            data, said = self._blurred(data, seen)
            told |= said
            notes += [f"{count} regions blurred: {name[8:]}" for name, count in _counts(said)]
        had = any(key.startswith(PLACES) for key in seen.metadata)
        clean = cleaned(data, *_kind(data, piece), place=place)
        if place and (had or clean != data):
            told["privacy.gps"] = "removed"
            notes.append("GPS and whatever else told the place was removed from its bytes")
        after = probe(clean, "protected")
        if isinstance(after, Refusal):
            raise BrokenFile("privacy", f"it could not be cleaned: {after.reason}")
        metadata = {
            key: value
            for key, value in (seen.metadata | after.metadata).items()
            if not (place and key.startswith(PLACES))
        }
        return piece._replace(
            data=clean,
            probe=replace(after, metadata=metadata | told, notes=(*seen.notes, *notes)),
        )

    def _blurred(self, data: bytes, seen: Probe) -> tuple[bytes, dict[str, Any]]:
        """The picture with faces and text blurred, and where they were, in upright pixels."""
        upright, original = _decoded(data, seen)
        rgb = _rgb(upright)
        found: dict[str, list[Region]] = {}
        if self.policy.faces == "blur":
            found["privacy.faces"] = list(redactor(self.policy.faces_by)(rgb))
        if self.policy.text == "blur":
            found["privacy.text"] = list(redactor(self.policy.text_by)(rgb))
        size = (rgb.shape[1], rgb.shape[0])
        pixels = upright
        told: dict[str, Any] = {}
        for name, regions in found.items():
            larger = grown(regions, self.policy.margin, size)
            cells = _TEXT_CELLS if name == "privacy.text" else _FACE_CELLS
            pixels = blurred(pixels, larger, cells=cells)
            told[name] = [list(region) for region in larger]
        changed = any(found.values()) or (seen.frames > 1 and seen.media != "image/jpeg")
        return (_encoded(pixels, original, seen) if changed else data), told


def unsigned(labels: str) -> str:
    """What was noted of a file's labels, whatever policy was in force."""
    return labels.partition(_SIGNED)[0]


def kept_metadata(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What a sample keeps of its metadata when its file is read again."""
    gone = PLACES if now.get("privacy.gps") == "removed" else ()
    stays = {
        key: value
        for key, value in before.items()
        if not key.startswith(_OURS) and not (gone and key.startswith(gone))
    }
    return stays | dict(now)


@lru_cache
def redactor(name: str) -> Redactor:
    """The detector of that name.

    Raises:
        PluginNotFound: no installed package offers it.
    """
    return cast("Redactor", load_plugin("redactors", name))


def _counts(said: dict[str, Any]) -> list[tuple[str, int]]:
    return [(name, len(regions)) for name, regions in said.items() if regions]


def _kind(data: bytes, piece: Piece) -> tuple[str, int]:
    """Media type and orientation of the bytes: as they came in, or written here upright."""
    if data is piece.data:
        return piece.probe.media, piece.probe.orientation
    return ("image/jpeg" if data.startswith(b"\xff\xd8\xff") else "image/png"), 1


def _decoded(data: bytes, seen: Probe) -> tuple[NDArray[Any], Image.Image]:
    """Upright pixels, (H, W) or (H, W, 3 or 4), and Pillow's picture of the file."""
    with warnings.catch_warnings(action="ignore"):
        try:
            picture = open_picture(data, seen.media)
            picture.load()
            upright = picture if seen.media == "image/tiff" else ImageOps.exif_transpose(picture)
        except BrokenFile:
            raise
        except Exception as problem:  # Pillow's decoders raise many kinds for damaged files
            raise BrokenFile("decode_error", str(problem) or type(problem).__name__) from problem
    mode = upright.mode
    if mode in _NOT_BLURRED:
        raise BrokenFile(
            "privacy", f"pixels of the kind {mode} cannot be looked at for faces or text"
        )
    if mode not in {"L", "RGB", "RGBA", "I;16"}:
        see_through = mode in {"LA", "PA", "La", "RGBa"} or "transparency" in upright.info
        target = "I;16" if mode.startswith("I;16") else "RGBA" if see_through else "RGB"
        upright = upright.convert("L" if mode == "1" else target)
    return np.asarray(upright), picture


def _rgb(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:  # noqa: PLR2004
        return np.repeat(pixels[..., None], 3, axis=2)
    return np.ascontiguousarray(pixels[..., :3])


def _encoded(pixels: NDArray[Any], original: Image.Image, seen: Probe) -> bytes:
    """As JPEG with the file's own tables where it was one, without loss as PNG otherwise."""
    block = original.info.get("exif")
    exif = b""
    if isinstance(block, bytes) and block:
        exif = clean_tiff(upright_exif(block.removeprefix(b"Exif\0\0")), place=False)
    profile = original.info.get("icc_profile") or b""
    if seen.media != "image/jpeg" or pixels.dtype != np.uint8:
        return png(pixels, exif, profile)
    out = BytesIO()
    settings = jpeg_settings(original, transposed=seen.orientation >= 5)  # noqa: PLR2004
    settings.pop("comment", None)
    if original.mode == "CMYK":
        settings = {"quality": 95}
    more = {"exif": b"Exif\0\0" + exif} if exif else {}
    Image.fromarray(pixels).save(out, "JPEG", icc_profile=profile or None, **settings, **more)
    return out.getvalue()
