"""Pictures for people: stored bytes as they are, and small ones drawn once and kept."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageOps

from visloop import data, infer, serve, store
from visloop.errors import NotFound, Refused
from visloop.ids import digest_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from visloop.app.ports import Ports
    from visloop.events import Scope

_QUALITY: Final = 85
_HEAD_BYTES: Final = 512


class NotAPicture(Refused):
    """The bytes are there and are no picture."""

    code = "media.not_a_picture"


class PictureGone(NotFound):
    """An answer's picture that was not captured leaves the spool after a while."""

    code = "media.picture_gone"


def image_bytes(ports: Ports, digest: str) -> tuple[bytes, str]:
    """The stored bytes of a picture and their media type.

    Raises:
        BlobNotFound: no such bytes.
        NotAPicture: they are something else (models and trees lie in the same store).
    """
    raw = ports.blobs.get(digest)
    media = data.media_of(raw[:_HEAD_BYTES])
    if isinstance(media, str):
        return raw, media
    raise NotAPicture(f"{digest[:12]}… is no picture", fix="ask for a sample's `image`")


def thumbnail(ports: Ports, digest: str, px: int) -> bytes:
    """A JPEG whose longer side is `px`, upright; drawn once, then read from the cache."""
    folder = ports.root / ".visloop" / "cache" / "thumbnails" / str(px) / digest[:2]
    kept = folder / f"{digest}.jpg"
    if kept.exists():
        return kept.read_bytes()
    raw, _ = image_bytes(ports, digest)
    drawn = _draw(raw, digest, px)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = kept.with_suffix(f".{os.getpid()}.{digest_of(drawn)[:6]}.tmp")
    temporary.write_bytes(drawn)
    temporary.replace(kept)
    return drawn


def answered_thumbnail(ports: Ports, scope: Scope, prediction: str, px: int) -> bytes:
    """The same of the picture behind an answer: captured, or still in the spool; not cached here.

    Raises:
        PredictionNotFound: no such answer in the log.
        PictureGone: it was not captured, and the spool has let go of it.
    """
    found = serve.prediction(ports.serve, scope, prediction)
    kept = serve.captured(ports.spool, found)
    if kept is not None and kept.image:
        return _draw(kept.image, found.image, px)
    with suppress(store.BlobNotFound):
        return thumbnail(ports, found.image, px)
    raise PictureGone(
        f"the picture behind {prediction} is not kept any more",
        fix="capture more of them (capture in visloop.yaml), or let the spool hold more: "
        "serve.spool_limit_mb",
    )


def _draw(raw: bytes, digest: str, px: int) -> bytes:
    quick = infer.jpeg_thumbnail(raw, px)
    if quick is not None:
        return quick
    with drawing(digest), Image.open(io.BytesIO(raw)) as picture:
        picture.draft("RGB", (px, px))
        drawn = _to_8_bit(ImageOps.exif_transpose(picture))
        drawn.thumbnail((px, px))
        out = io.BytesIO()
        drawn.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()


def upright_pixels(raw: bytes) -> NDArray[np.uint8]:
    """Any picture, upright, as people see it: uint8 (H, W, 3)."""
    with Image.open(io.BytesIO(raw)) as picture:
        return np.asarray(_to_8_bit(ImageOps.exif_transpose(picture)))


@contextmanager
def drawing(digest: str) -> Generator[None]:
    """Tell what a picture's decoder has to say.

    Raises:
        NotAPicture: it cannot be decoded.
    """
    try:
        yield
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(f"{digest[:12]}… cannot be drawn: {error}") from error


def _to_8_bit(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value / 257).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        flat = Image.new("RGBA", picture.size, "white")
        flat.alpha_composite(picture.convert("RGBA"))
        return flat.convert("RGB")
    return picture.convert("RGB")
