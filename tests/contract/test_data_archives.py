"""Archives on a real ledger: what is in them comes in as from a folder, what is hostile stays out."""

from __future__ import annotations

import dataclasses
import fcntl
import io
import os
import stat
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import zstandard

from tests.data_world import SCOPE, folder_of, picture, view
from visloop import data
from visloop.ids import Ref
from visloop.vision import ClassLabel


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


def zipped(file: Path, folder: Path, top: str = "") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                out.write(each, top + each.relative_to(folder).as_posix())
    return settled(file)


def tarred(file: Path, folder: Path, mode: str = "w") -> Path:
    with tarfile.open(file, mode) as out:
        out.add(folder, ".")
    return settled(file)


def settled(file: Path) -> Path:
    """As if it had been written a while ago: its time can be trusted."""
    before = time.time_ns() - 10**9
    os.utime(file, ns=(before, before))
    return file


def zip_of(file: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(file, "w") as out:
        for name, data_ in members.items():
            out.writestr(name, data_)
    return settled(file)


def codes(ports) -> dict[str, str]:
    return {each.source: each.reason_code for each in data.quarantine_list(ports, SCOPE, "pets")}


def scratches(ports) -> list[Path]:
    assert ports.scratch is not None
    return list(ports.scratch.glob("in-*"))


@pytest.fixture
def small(ports, tmp_path):
    """The same ports with a scratch folder that can be looked into."""
    return dataclasses.replace(ports, scratch=tmp_path / "scratch")


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst", "tgz"])
def test_every_kind_comes_in_as_the_folder_it_was(small, photos, tmp_path, kind) -> None:
    file = tmp_path / f"set.{kind}"
    if kind == "zip":
        zipped(file, photos)
    elif kind == "tar.zst":
        plain = tarred(tmp_path / "set.tar", photos)
        file.write_bytes(zstandard.compress(plain.read_bytes()))
        settled(file)
    else:
        tarred(file, photos, "w:" + {"tar": "", "tgz": "gz"}.get(kind, kind[4:]))
    done = data.add(small, SCOPE, "pets", [file])
    assert (done.added, done.quarantined, done.classes_added) == (7, 0, ("cat", "dog"))
    samples = view(small, "pets@work")
    assert sorted(samples) == sorted(
        p.relative_to(photos).as_posix() for p in photos.rglob("*.jpg")
    )
    one = samples["cat/cat1.jpg"]
    assert one.source == f"{file}/cat/cat1.jpg"
    assert small.blobs.get(one.image) == (photos / "cat/cat1.jpg").read_bytes()
    assert [each.label for each in one.annotations] == ["cat"]
    assert scratches(small) == []
    again = data.add(small, SCOPE, "pets", [file])
    assert (again.added, again.updated, again.unchanged) == (0, 0, 7)
    (folder,) = data.status(small, SCOPE, "pets").folders
    assert (folder.new, folder.modified, folder.deleted, folder.missing) == (0, 0, 0, False)


def test_the_folder_that_wraps_everything_is_no_class(small, photos, tmp_path) -> None:
    data.add(small, SCOPE, "pets", [zipped(tmp_path / "set.zip", photos, "set-v2/pets/")])
    samples = view(small, "pets@work")
    assert "cat/cat0.jpg" in samples
    assert samples["cat/cat0.jpg"].source.endswith("set.zip/set-v2/pets/cat/cat0.jpg")
    assert samples["dog/dog0.jpg"].annotations[0].label == "dog"


def test_one_class_alone_stays_a_class(small, tmp_path) -> None:
    folder = folder_of(tmp_path / "one", cat=2)
    data.add(small, SCOPE, "pets", [zipped(tmp_path / "one.zip", folder)])
    assert view(small, "pets@work")["cat/cat0.jpg"].annotations[0].label == "cat"


def test_a_changed_archive_brings_only_what_changed(small, photos, tmp_path) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    data.add(small, SCOPE, "pets", [file])
    data.commit(small, SCOPE, "pets", "first")
    before = view(small, "pets@v1")
    picture(photos / "cat/cat0.jpg", 77)
    (photos / "dog/dog0.jpg").rename(photos / "dog/other.jpg")
    picture(photos / "dog/new.jpg", 78)
    zipped(file, photos)
    os.utime(file)
    (folder,) = data.status(small, SCOPE, "pets").folders
    assert folder.modified == 1
    done = data.add(small, SCOPE, "pets", [settled(file)])
    assert (done.added, done.updated, done.unchanged) == (1, 2, 5)
    after = view(small, "pets@work")
    assert after["cat/cat0.jpg"].id == before["cat/cat0.jpg"].id
    assert after["dog/other.jpg"].id == before["dog/dog0.jpg"].id


def test_archives_and_folders_in_one_go_are_one_import(small, photos, tmp_path) -> None:
    birds = folder_of(tmp_path / "birds", bird=2, fish=1)
    file = zipped(tmp_path / "birds.zip", birds)
    done = data.add(small, SCOPE, "pets", [photos, file])
    assert done.added == 10
    assert set(done.classes_added) == {"cat", "dog", "bird", "fish"}
    kinds = [fact.kind for fact in small.ledger.facts(kinds=["data.added"])]
    assert kinds == ["data.added"]


def test_a_rehearsal_of_an_archive_changes_nothing(small, photos, tmp_path) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    options = data.AddOptions(dry_run=True)
    assert data.add(small, SCOPE, "pets", [file], options).added == 7
    with pytest.raises(data.DatasetNotFound):
        data.status(small, SCOPE, "pets")


def test_a_coco_set_in_a_tar_keeps_its_boxes(small, tmp_path, photos) -> None:
    data.add(small, SCOPE, "first", [photos])
    data.commit(small, SCOPE, "first", "x")
    data.export(small, SCOPE, Ref.parse("first@v1"), tmp_path / "coco", "coco")
    file = tarred(tmp_path / "coco.tar.gz", tmp_path / "coco", "w:gz")
    done = data.add(small, SCOPE, "pets", [file])
    assert done.added == 7
    assert len(view(small, "pets@work")) == 7


def test_an_archive_in_a_folder_is_named_and_stays_closed(small, photos, tmp_path) -> None:
    zipped(photos / "more.zip", tmp_path / "photos" / "cat")
    done = data.add(small, SCOPE, "pets", [photos])
    assert done.added == 7
    (note,) = [each for each in done.notes if "left closed" in each]
    assert "more.zip" in note
    assert "visloop add" in note


UNSAFE = {
    "../../evil.jpg": "unsafe_path",
    "/etc/evil.jpg": "unsafe_path",
    "C:\\evil.jpg": "unsafe_path",
    "cat\\..\\..\\evil.jpg": "unsafe_path",
    "x" * 300 + ".jpg": "unsafe_path",
}


@pytest.mark.parametrize("name", UNSAFE)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_name_that_leads_out_stays_behind(small, photos, tmp_path, name, kind) -> None:
    good = (photos / "cat/cat0.jpg").read_bytes()
    file = tmp_path / f"evil.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(file, "w") as out:
            out.writestr("cat/good.jpg", good)
            info = zipfile.ZipInfo("x")
            info.filename = name
            out.writestr(info, good)
    else:
        with tarfile.open(file, "w") as out:
            for each in ("cat/good.jpg", name):
                info = tarfile.TarInfo(each)
                info.size = len(good)
                out.addfile(info, io.BytesIO(good))
    done = data.add(small, SCOPE, "pets", [file])
    assert (done.added, done.quarantined) == (1, 1)
    assert list(codes(small).values()) == ["unsafe_path"]
    assert not list(tmp_path.parent.rglob("evil.jpg"))
    assert data.quarantine_retry(small, SCOPE, "pets").quarantined == 1


def test_windows_separators_are_folders(small, photos, tmp_path) -> None:
    file = tmp_path / "win.zip"
    with zipfile.ZipFile(file, "w") as out:
        for name in ("cat\\a.jpg", "dog\\b.jpg"):
            info = zipfile.ZipInfo("x")
            info.filename = name
            out.writestr(info, (photos / "cat/cat0.jpg").read_bytes() + name.encode())
    data.add(small, SCOPE, "pets", [file])
    assert sorted(view(small, "pets@work")) == ["cat/a.jpg", "dog/b.jpg"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (tarfile.SYMTYPE, "archive_link"),
        (tarfile.LNKTYPE, "archive_link"),
        (tarfile.CHRTYPE, "archive_special"),
        (tarfile.FIFOTYPE, "archive_special"),
    ],
)
def test_links_and_devices_in_a_tar_stay_behind(small, photos, tmp_path, kind, code) -> None:
    file = tarred(tmp_path / "odd.tar", photos)
    with tarfile.open(file, "a") as out:
        info = tarfile.TarInfo("cat/odd.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        out.addfile(info)
    done = data.add(small, SCOPE, "pets", [file])
    assert (done.added, done.quarantined) == (7, 1)
    assert codes(small) == {f"{file}/cat/odd.jpg": code}


def test_a_link_in_a_zip_stays_behind(small, photos, tmp_path) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    with zipfile.ZipFile(file, "a") as out:
        info = zipfile.ZipInfo("cat/link.jpg")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
    assert data.add(small, SCOPE, "pets", [file]).quarantined == 1
    assert list(codes(small).values()) == ["archive_link"]


def test_an_encrypted_member_stays_behind(small, photos, tmp_path) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    raw = bytearray(file.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag of the first member
        raw[raw.index(mark) + at] |= 1
    file.write_bytes(raw)
    assert data.add(small, SCOPE, "pets", [file]).added == 6
    assert list(codes(small).values()) == ["encrypted"]


def test_a_damaged_member_stays_behind_and_comes_in_once_the_archive_is_mended(
    small, photos, tmp_path
) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    whole = file.read_bytes()
    raw = bytearray(whole)
    raw[raw.index(b"cat/cat0.jpg") + 200] ^= 0xFF
    file.write_bytes(raw)
    done = data.add(small, SCOPE, "pets", [file])
    assert (done.added, done.quarantined) == (6, 1)
    assert codes(small) == {f"{file}/cat/cat0.jpg": "archive_damaged"}
    file.write_bytes(whole)
    again = data.add(small, SCOPE, "pets", [settled(file)])
    assert (again.added, again.unchanged, again.quarantined) == (1, 6, 0)
    assert codes(small) == {}


def test_a_broken_picture_in_an_archive_is_retried_where_it_lies(small, photos, tmp_path) -> None:
    whole = (photos / "cat/cat0.jpg").read_bytes()
    (photos / "cat/cat0.jpg").write_bytes(whole[:150])
    file = zipped(tmp_path / "set.zip", photos)
    assert data.add(small, SCOPE, "pets", [file]).quarantined == 1
    assert data.quarantine_retry(small, SCOPE, "pets").quarantined == 1
    assert list(codes(small).values()) == ["truncated"]
    (photos / "cat/cat0.jpg").write_bytes(whole)
    zipped(file, photos)
    assert data.quarantine_retry(small, SCOPE, "pets").added == 1
    assert isinstance(view(small, "pets@work")["cat/cat0.jpg"].annotations[0], ClassLabel)
    assert codes(small) == {}


def test_two_members_of_one_name_are_not_mixed_up(small, photos, tmp_path) -> None:
    file = tmp_path / "twice.zip"
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("cat/a.jpg", (photos / "cat/cat0.jpg").read_bytes())
        out.writestr("cat/b.jpg", (photos / "cat/cat1.jpg").read_bytes())
    file.write_bytes(file.read_bytes().replace(b"cat/b.jpg", b"cat/a.jpg"))
    done = data.add(small, SCOPE, "pets", [file])
    assert (done.added, done.quarantined) == (1, 1)
    assert list(codes(small).values()) == ["duplicate_name"]


def test_names_in_odd_encodings_come_in(small, photos, tmp_path) -> None:
    file = tmp_path / "odd.zip"
    raw = (photos / "cat/cat0.jpg").read_bytes()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("katze/größe.jpg", raw)  # says UTF-8
        out.writestr("katze/aaaaaaa.jpg", raw + b"1")
    packed = file.read_bytes().replace(b"aaaaaaa", "größ".encode() + b"x")  # UTF-8, does not say so
    file.write_bytes(packed)
    data.add(small, SCOPE, "pets", [file])
    assert set(view(small, "pets@work")) == {"katze/größe.jpg", "katze/größx.jpg"}
    other = tmp_path / "odd.tar"
    with tarfile.open(other, "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as out:
        info = tarfile.TarInfo("katze/grün.jpg")
        info.size = len(raw)
        out.addfile(info, io.BytesIO(raw))
    data.add(small, SCOPE, "others", [other])
    assert set(view(small, "others@work")) == {"katze/gr%fcn.jpg"}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "tar.zst", "tar.bz2"])
def test_an_archive_cut_short_is_refused_as_a_whole(small, photos, tmp_path, kind) -> None:
    picture(photos / "cat/big.png", 3, (300, 300))
    file = tmp_path / f"set.{kind}"
    if kind == "zip":
        zipped(file, photos)
    elif kind == "tar.zst":
        file.write_bytes(zstandard.compress(tarred(tmp_path / "x.tar", photos).read_bytes()))
    else:
        tarred(file, photos, f"w:{kind[4:]}")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(data.ArchiveRefused, match="damaged, cut short"):
        data.add(small, SCOPE, "pets", [file])
    assert scratches(small) == []


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz", "tar.zst", "tar.bz2"])
def test_what_is_no_archive_is_refused(small, tmp_path, kind) -> None:
    file = tmp_path / f"set.{kind}"
    file.write_bytes(b"certainly not " * 100)
    with pytest.raises(data.ArchiveRefused, match="not what its name says"):
        data.add(small, SCOPE, "pets", [file])


def limited(ports, **limits):
    return dataclasses.replace(ports, limits=data.Limits(**limits))


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.zst"])
def test_a_bomb_is_refused_before_it_bursts(small, tmp_path, kind) -> None:
    zeros = tmp_path / "zeros"
    zeros.mkdir()
    with (zeros / "a.bmp").open("wb") as out:
        out.truncate(100 << 20)
    file = tmp_path / f"bomb.{kind}"
    if kind == "zip":
        zipped(file, zeros)
    elif kind == "tar.gz":
        tarred(file, zeros, "w:gz")
    else:
        file.write_bytes(zstandard.compress(tarred(tmp_path / "z.tar", zeros).read_bytes()))
    with pytest.raises(data.ArchiveRefused, match=r"more than 200 times its size.*nothing"):
        data.add(small, SCOPE, "pets", [file])
    assert scratches(small) == []
    with pytest.raises(data.ArchiveRefused, match=r"more than 0\.01 GiB"):
        data.add(limited(small, archive_gb=0.01), SCOPE, "pets", [file])


def test_an_archive_of_too_many_files_is_refused(small, tmp_path) -> None:
    file = zip_of(tmp_path / "many.zip", **{f"{n}.txt": b"" for n in range(20)})
    with pytest.raises(data.ArchiveRefused, match="more than 10 files"):
        data.add(limited(small, archive_members=10), SCOPE, "pets", [file])


def test_archives_in_archives_stay_closed_and_are_named(small, photos, tmp_path) -> None:
    inner = zipped(tmp_path / "inner.zip", photos)
    file = zip_of(tmp_path / "outer.zip", **{"cat/a.jpg": (photos / "cat/cat0.jpg").read_bytes()})
    with zipfile.ZipFile(file, "a") as out:
        out.write(inner, "inner.zip")
    done = data.add(small, SCOPE, "pets", [file])
    assert done.added == 1
    assert any("left closed" in note and "inner.zip" in note for note in done.notes)


def test_kinds_that_are_not_read_say_what_to_do(small, tmp_path) -> None:
    file = tmp_path / "set.rar"
    file.write_bytes(b"Rar!\x1a\7\0")
    with pytest.raises(Exception, match="not read") as caught:
        data.add(small, SCOPE, "pets", [file])
    assert "zip" in caught.value.fix


def test_an_archive_cannot_be_left_in_place(small, photos, tmp_path) -> None:
    file = zipped(tmp_path / "set.zip", photos)
    with pytest.raises(Exception, match="in place"):
        data.add(small, SCOPE, "pets", [file], data.AddOptions(in_place=True))


def test_what_a_killed_process_left_goes_away_and_what_is_in_use_stays(
    small, photos, tmp_path
) -> None:
    dead, alive = tmp_path / "scratch/in-dead", tmp_path / "scratch/in-alive"
    for folder in (dead, alive):
        (folder / "files").mkdir(parents=True)
    with (alive / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data.add(small, SCOPE, "pets", [zipped(tmp_path / "set.zip", photos)])
        assert scratches(small) == [alive]


def test_another_archive_with_the_same_names_does_not_overwrite(small, photos, tmp_path) -> None:
    data.add(small, SCOPE, "pets", [zipped(tmp_path / "a.zip", photos)])
    picture(photos / "cat/cat0.jpg", 500)
    done = data.add(small, SCOPE, "pets", [zipped(tmp_path / "b.zip", photos)])
    assert done.added == 1
    assert "cat/cat0 (2).jpg" in view(small, "pets@work")
