"""Pictures for people: each kind that comes in can be drawn small."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

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
