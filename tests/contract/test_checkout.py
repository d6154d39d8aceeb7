"""Checkout into real folders: byte for byte, incremental, careful with what others wrote."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, folder_of, picture, view
from visloop import data
from visloop.data.checkouts.manifest import MANIFEST, Manifest
from visloop.ids import Ref

HEAD = Ref.parse("pets")


@pytest.fixture
def photos(ports, tmp_path: Path) -> Path:
    folder = folder_of(tmp_path / "photos", cat=3, dog=2)
    data.add(ports, SCOPE, "pets", [folder])
    data.commit(ports, SCOPE, "pets", "first")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    found = (each for each in folder.rglob("*") if each.is_file() and each.name != MANIFEST)
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in found}


def wanted(ports, ref: str) -> dict[str, bytes]:
    return {path: ports.blobs.get(each.image) for path, each in view(ports, ref).items()}


def test_the_files_are_those_that_were_added(ports, photos, tmp_path) -> None:
    done = data.checkout(ports, SCOPE, HEAD, tmp_path / "out")
    assert (done.written, done.removed, done.unchanged, done.renamed) == (5, 0, 0, 0)
    assert files(tmp_path / "out") == files(photos)
    again = data.checkout(ports, SCOPE, HEAD, tmp_path / "out")
    assert (again.written, again.removed, again.unchanged) == (0, 0, 5)


def test_the_next_checkout_touches_only_what_differs(ports, photos, tmp_path) -> None:
    out = tmp_path / "out"
    data.checkout(ports, SCOPE, HEAD, out)
    (out / "mine.txt").write_text("stays")
    before = {each: each.stat().st_mtime_ns for each in out.rglob("*.jpg")}
    picture(photos / "cat" / "cat0.jpg", 500)
    picture(photos / "bird" / "bird0.jpg", 501)
    data.add(ports, SCOPE, "pets", [photos], data.AddOptions(add_classes=True))
    data.remove(ports, SCOPE, "pets", ["dog/dog0.jpg", "dog/dog1.jpg"])
    data.commit(ports, SCOPE, "pets", "other ones")
    done = data.checkout(ports, SCOPE, HEAD, out)
    assert (done.written, done.removed, done.unchanged) == (2, 2, 2)
    assert files(out) == wanted(ports, "pets") | {"mine.txt": b"stays"}
    assert not (out / "dog").exists()
    assert before[out / "cat/cat1.jpg"] == (out / "cat/cat1.jpg").stat().st_mtime_ns
    back = data.checkout(ports, SCOPE, Ref.parse("pets@v1"), out)
    assert (back.written, back.removed) == (3, 1)
    assert files(out) == wanted(ports, "pets@v1") | {"mine.txt": b"stays"}


@pytest.mark.usefixtures("photos")
def test_what_somebody_changed_is_never_overwritten(ports, tmp_path) -> None:
    out = tmp_path / "out"
    (out / "cat").mkdir(parents=True)
    (out / "cat/cat0.jpg").write_bytes(b"mine")
    with pytest.raises(data.FilesChanged, match=r"cat/cat0\.jpg; nothing was touched"):
        data.checkout(ports, SCOPE, HEAD, out)
    assert files(out) == {"cat/cat0.jpg": b"mine"}
    data.checkout(ports, SCOPE, HEAD, out, force=True)
    data.remove(ports, SCOPE, "pets", ["cat/cat1.jpg"])
    data.commit(ports, SCOPE, "pets", "one less")
    (out / "cat/cat1.jpg").write_bytes(b"drawn on")
    with pytest.raises(data.FilesChanged) as refused:
        data.checkout(ports, SCOPE, HEAD, out)
    assert "--force" in refused.value.fix
    assert (out / "cat/cat1.jpg").read_bytes() == b"drawn on"
    data.checkout(ports, SCOPE, HEAD, out, force=True)
    assert files(out) == wanted(ports, "pets")


@pytest.mark.usefixtures("photos")
def test_repair_writes_what_is_missing_and_names_what_changed(ports, tmp_path) -> None:
    out = tmp_path / "out"
    data.checkout(ports, SCOPE, HEAD, out)
    (out / "cat/cat0.jpg").unlink()
    assert data.checkout(ports, SCOPE, HEAD, out, repair=True).written == 1
    (out / "cat/cat1.jpg").write_bytes(b"drawn on")
    with pytest.raises(data.FilesChanged, match="cat1"):
        data.checkout(ports, SCOPE, HEAD, out, repair=True)
    data.checkout(ports, SCOPE, HEAD, out, repair=True, force=True)
    assert files(out) == wanted(ports, "pets")
    os.utime(out / "cat/cat2.jpg", ns=(1, 1))  # touched, not changed
    assert data.checkout(ports, SCOPE, HEAD, out, repair=True).unchanged == 4


class Torn:
    """The blobs, whose reader is interrupted at the second picture."""

    def __init__(self, blobs, pictures: set[str]) -> None:
        self._blobs, self._pictures, self._left = blobs, pictures, 1

    def __getattr__(self, name: str):
        return getattr(self._blobs, name)

    def get(self, digest: str) -> bytes:
        if digest in self._pictures and (left := self._left) < 1:
            raise KeyboardInterrupt(left)
        self._left -= digest in self._pictures
        return self._blobs.get(digest)


def test_a_checkout_that_was_killed_is_finished_by_any_other(ports, photos, tmp_path) -> None:
    picture(photos / "cat" / "cat0.jpg", 500)
    picture(photos / "cat" / "cat1.jpg", 501)
    data.add(ports, SCOPE, "pets", [photos])
    data.remove(ports, SCOPE, "pets", ["dog/dog0.jpg"])
    data.commit(ports, SCOPE, "pets", "second")
    out = tmp_path / "out"
    data.checkout(ports, SCOPE, Ref.parse("pets@v1"), out)
    pictures = {each.image for ref in ("pets@v1", "pets") for each in view(ports, ref).values()}
    for aim, then in (("pets@v2", "pets@v1"), ("pets@v2", "pets@v1"), ("pets@v2", "pets@v2")):
        torn = replace(ports, blobs=Torn(ports.blobs, pictures))
        with pytest.raises(KeyboardInterrupt):
            data.checkout(torn, SCOPE, Ref.parse(aim), out)
        half = out / "cat/cat0.jpg"
        half.write_bytes(half.read_bytes()[:100])
        data.checkout(ports, SCOPE, Ref.parse(then), out)
        assert files(out) == wanted(ports, then)


@pytest.mark.usefixtures("photos")
def test_names_that_a_system_would_mistake_are_told_apart(ports, tmp_path) -> None:
    sample = view(ports, "pets")["cat/cat0.jpg"]
    odd = ["CAT/CAT0.jpg", "cat/cat0.jpg/page=2", "con.jpg", "a:b?.jpg", ".visloop-checkout.jpg"]
    fresh = [
        msgspec.structs.replace(sample, path=path, id=f"{at:032d}") for at, path in enumerate(odd)
    ]
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", fresh)
    data.commit(ports, SCOPE, "pets", "odd names")
    for out in (tmp_path / "whole", tmp_path / "step"):
        if out.name == "step":
            data.checkout(ports, SCOPE, Ref.parse("pets@v1"), out)
        data.checkout(ports, SCOPE, HEAD, out)
        names = list(files(out))
        assert len(names) == 10
        assert len({name.casefold() for name in names}) == 10
        assert not any(letter in name for name in names for letter in ':?"<>|*\\')


@pytest.mark.usefixtures("photos")
def test_two_checkouts_do_not_share_a_folder(ports, tmp_path) -> None:
    out = tmp_path / "out"
    data.checkout(ports, SCOPE, HEAD, out)
    with Manifest(str(out)), pytest.raises(data.FolderInUse):
        data.checkout(ports, SCOPE, HEAD, out)
    (tmp_path / "file").touch()
    with pytest.raises(data.FilesChanged.__mro__[1], match="is a file"):
        data.checkout(ports, SCOPE, HEAD, tmp_path / "file")


def test_only_one_split(ports, photos, tmp_path) -> None:
    data.split(ports, SCOPE, "pets", shares={"train": 0.6, "test": 0.4})
    data.commit(ports, SCOPE, "pets", "split")
    out = tmp_path / "out"
    part = data.checkout(ports, SCOPE, Ref.parse("pets:test"), out)
    assert files(out) == wanted(ports, "pets:test")
    assert part.ref == "pets@v2:test"
    data.checkout(ports, SCOPE, HEAD, out)
    assert files(out) == files(photos)
    data.checkout(ports, SCOPE, Ref.parse("pets:test"), out)
    assert files(out) == wanted(ports, "pets:test")
