"""D11: thumbnails of 64 px, from a small picture and from one of twelve megapixels.

    python bench/bench_thumbnail.py [--rounds 7]

The limit decodes at a libjpeg scale, averages over areas and encodes, with nothing around it; the
peer is Pillow with `draft`, as most tools do it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable

import cv2
import figures
import numpy as np
import pictures
import simplejpeg
from PIL import Image

from visloop import infer

PX = 64
TIMES = {"200 px": 200, "12 MP": 4}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    figures.publish([run(name, data, rounds) for name, data in samples().items()])


def samples() -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (300, 400, 3), np.uint8)
    large = cv2.resize(coarse, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(coarse[:16, :20], (200, 160), interpolation=cv2.INTER_CUBIC)
    return {
        "200 px": pictures.photo(np.asarray(small, np.uint8), 0),
        "12 MP": pictures.photo(np.asarray(large, np.uint8), 1),
    }


def run(name: str, data: bytes, rounds: int) -> figures.Row:
    times = TIMES[name]
    bar = "ratio ≤ 1.2"
    row = figures.Row("D11", f"{PX}-px thumbnail from {name}", 1, peer="Pillow draft", bar=bar)
    for _ in range(rounds):
        row.limit.append(each(lambda: bare(data), times))
        row.ours.append(each(lambda: infer.jpeg_thumbnail(data, PX), times))
        row.peers.append(each(lambda: pillow(data), times))
    return row


def each(work: Callable[[], object], times: int) -> float:
    """Seconds of one call, the mean of several."""
    return figures.timed(lambda: [work() for _ in range(times)]) / times


def bare(data: bytes) -> bytes:
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    scale = PX / max(height, width)
    high, wide = round(height * scale), round(width * scale)
    pixels = simplejpeg.decode_jpeg(
        data, "RGB", fastdct=True, fastupsample=True, min_height=high, min_width=wide
    )
    small = cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_AREA)
    return simplejpeg.encode_jpeg(np.asarray(small, np.uint8), quality=85)


def pillow(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        picture.draft("RGB", (PX, PX))
        picture.thumbnail((PX, PX))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85)
    return out.getvalue()


if __name__ == "__main__":
    main()
