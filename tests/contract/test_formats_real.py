"""Real sets through every format: BCCD whole, COCO photos, clothing, cameras' EXIF; nothing gets lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.rounds import PIXELS_ONLY, WORDS, plain, same_picture
from tests.contract.test_formats_rounds import IN_PART, TOLD, WRITTEN, occurring
from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.data.formats import FORMATS
from visloop.ids import Ref

pytestmark = pytest.mark.shared
SETS = {
    "cells": 364,
    "wear": 786,
    "cameras": 14,
    "photos": 14,
    "boxed": 14,
    "outlined": 14,
    "painted": 14,
}


def _as_yolo(folder: Path, coco: Path, labels: str) -> Path:
    """The photos as their `config.yaml` wants them to lie."""
    shutil.copytree(coco / "images", folder / "images" / "train2017")
    shutil.copytree(coco / labels, folder / "labels" / "train2017")
    (folder / "images" / "val2017").mkdir()
    shutil.copy(coco / "config.yaml", folder / "data.yaml")
    return folder


class Room:
    """Every real set, added and committed once."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self.ports = make_ports(folder / "room")
        self.folder = folder
        self._take("cells", shared / "bccd")
        self._take("wear", shared / "clothing")
        self._take("cameras", shared / "exif")
        self._take("photos", shared / "coco" / "images")
        for name, labels in (("boxed", "labels-det"), ("outlined", "labels-seg")):
            self._take(name, _as_yolo(folder / name, shared / "coco", labels))
        self._take("painted", shared / "coco", format="masks")

    def _take(self, name: str, path: Path, **options: Any) -> None:
        data.add(self.ports, SCOPE, name, [path], data.AddOptions(**options))
        data.commit(self.ports, SCOPE, name, "real pictures")

    def samples(self, ref: str) -> dict[str, data.Sample]:
        found = data.open(self.ports, Ref.parse(ref)).samples()
        return {each.path: each for each in found}

    def round(self, name: str, format_: str) -> dict[str, data.Sample]:
        """Out and in again, as a set of its own."""
        folder = self.folder / f"{name}-{format_}"
        data.export(self.ports, SCOPE, Ref.parse(name), folder, format_)
        again = f"{name}.{format_}"
        done = data.add(
            self.ports, SCOPE, again, [folder], data.AddOptions(format=format_, frames="all")
        )
        assert done.quarantined == 0, done.notes
        return self.samples(f"{again}@work")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("real"), shared_data)
    yield made
    close(made.ports)


@pytest.mark.parametrize("format_", WRITTEN)
@pytest.mark.parametrize("name", SETS)
def test_out_and_in_again(room: Room, name: str, format_: str) -> None:
    words = FORMATS[format_].carries
    before = room.samples(name)
    assert len(before) == SETS[name]
    kinds = {WORDS[type(each)] for sample in before.values() for each in sample.annotations}
    if not kinds <= words:
        write = FORMATS[format_].write
        assert write is not None
        snapshot = data.open(room.ports, Ref.parse(name))
        report = write(
            before.values(),
            snapshot.classes,
            room.ports.blobs.get,
            room.folder / f"l{name}{format_}",
        )
        told = {loss.kind for loss in report.losses}
        lost = occurring(list(before.values())) - words - IN_PART.get(format_, set())
        for word in lost & TOLD.keys() - {"class details"}:
            assert told & TOLD[word], f"{word} are lost without a word; told: {told}"
        return
    after = room.round(name, format_)
    assert len(after) == len(before)
    if format_ in PIXELS_ONLY:
        read = room.ports.blobs.get
        for was, now in zip(before.values(), after.values(), strict=True):
            assert same_picture(format_, was, now, read), was.path
        return
    by_image: dict[str, list[data.Sample]] = {}
    for each in after.values():
        by_image.setdefault(each.image, []).append(each)
    for path, was in before.items():
        now = after.get(path) if "paths" in words else None
        if now is None:
            assert "paths" not in words, path
            same = by_image.get(was.image, [])
            assert same or was.orientation != 1, path
            if not same:
                continue
            now = same[0]
        assert plain(now, words) == plain(was, words), path
        assert now.image == was.image if was.orientation == 1 else now.orientation == 1, path
