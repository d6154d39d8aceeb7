"""Pictures for people: each kind that comes in can be drawn small."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.unit.media_parts import added, samples
from visloop.app import media, workspace
from visloop.app.cutouts import Cutouts
from visloop.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["avif", "webp", "bmp", "gif", "tiff", "png", "jpeg"])
def test_a_thumbnail_and_a_part_of_every_kind(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("RGB", (80, 40), "red").save(folder / f"a.{kind}")
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as ports:
        added(ports, folder)
        (sample,) = samples(ports).values()
        assert media.image_bytes(ports, sample.image)[1] == f"image/{kind}"
        small = Image.open(BytesIO(media.thumbnail(ports, sample.image, 32)))
        cutouts = Cutouts(ports)
        part = Image.open(BytesIO(cutouts.draw(sample.image, (50, 10, 90, 20), 16)))
        again = [cutouts.draw(sample.image, (50, 10, 90, 20), 16) for _ in range(2)]
        with pytest.raises(UsageError, match="nothing of the picture"):
            cutouts.draw(sample.image, (80, 0, 90, 9), 16)
    assert small.size == (32, 16)
    assert part.size == (16, 5)
    assert again[0] == again[1]
    red, green, _ = part.convert("RGB").getpixel((8, 2))
    assert (red > 200, green < 60) == (True, True)


def test_parts_that_many_ask_for_at_once_are_those_that_one_gets(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, side in (("a.jpg", 640), ("b.png", 200), ("c.jpg", 90)):
        pixels = np.random.default_rng(side).integers(0, 255, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    workspace.create(tmp_path / "ws")
    with workspace.opened(tmp_path / "ws") as ports:
        added(ports, folder)
        ask = [
            (sample.image, (at, at, at + 20, at + 30), px)
            for sample in samples(ports).values()
            for at in range(0, 60, 10)
            for px in (8, 16, 64)
        ]
        shared = Cutouts(ports)
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda each: shared.draw(*each), ask))
        assert together == [Cutouts(ports).draw(*each) for each in ask]
