"""Archives that are broken, hostile or odd."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

from tests.contract.bad.cases import case, jpeg, write

GROUP = "Archives"
FILE, WHOLE, KEPT = "refused file", "refused whole", "kept"
REFUSED = "data.archive_refused"


def zipped(folder: Path, *names: str) -> Path:
    """A zip whose members have these very names."""
    file = folder / "set.zip"
    with zipfile.ZipFile(file, "w") as out:
        for number, name in enumerate(names):
            info = zipfile.ZipInfo("x")
            info.filename = name
            out.writestr(info, jpeg(colour=number))
    return file


def tarred(folder: Path, kind: bytes, link: str = "") -> Path:
    """A tar with one good picture and one member of that kind."""
    file = folder / "set.tar"
    raw = jpeg()
    with tarfile.open(file, "w") as out:
        good = tarfile.TarInfo("a.jpg")
        good.size = len(raw)
        out.addfile(good, io.BytesIO(raw))
        odd = tarfile.TarInfo("b.jpg")
        odd.type, odd.linkname = kind, link
        out.addfile(odd)
    return file


@case(GROUP, "a member that climbs out (`../../a.jpg`, zip-slip)", FILE, "unsafe_path", samples=1)
def climbing(folder: Path) -> Path:
    return zipped(folder, "a.jpg", "../../evil.jpg")


@case(GROUP, "a member with an absolute path", FILE, "unsafe_path", samples=1)
def absolute(folder: Path) -> Path:
    return zipped(folder, "a.jpg", "/etc/evil.jpg")


@case(GROUP, "a member with a drive letter", FILE, "unsafe_path", samples=1)
def drive(folder: Path) -> Path:
    return zipped(folder, "a.jpg", "C:\\evil.jpg")


@case(GROUP, "a symbolic link in a tar", FILE, "archive_link", samples=1)
def link(folder: Path) -> Path:
    return tarred(folder, tarfile.SYMTYPE, "/etc/passwd")


@case(GROUP, "a hard link in a tar", FILE, "archive_link", samples=1)
def hard_link(folder: Path) -> Path:
    return tarred(folder, tarfile.LNKTYPE, "/etc/passwd")


@case(GROUP, "a device in a tar", FILE, "archive_special", samples=1)
def device(folder: Path) -> Path:
    return tarred(folder, tarfile.CHRTYPE)


@case(GROUP, "a symbolic link in a zip", FILE, "archive_link", samples=1)
def zip_link(folder: Path) -> Path:
    file = zipped(folder, "a.jpg")
    with zipfile.ZipFile(file, "a") as out:
        info = zipfile.ZipInfo("b.jpg")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
    return file


@case(GROUP, "an encrypted member", FILE, "encrypted", samples=1)
def encrypted(folder: Path) -> Path:
    file = zipped(folder, "a.jpg", "b.jpg")
    raw = bytearray(file.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.index(mark) + at] |= 1
    return write(file, bytes(raw))


@case(GROUP, "two members of one name", FILE, "duplicate_name", samples=1)
def twice(folder: Path) -> Path:
    file = zipped(folder, "a.jpg", "b.jpg")
    return write(file, file.read_bytes().replace(b"b.jpg", b"a.jpg"))


@case(GROUP, "an archive that was cut short", WHOLE, REFUSED, said="cut short")
def cut(folder: Path) -> Path:
    file = zipped(folder, "a.jpg", "b.jpg")
    return write(file, file.read_bytes()[:-60])


@case(GROUP, "text that is called .zip", WHOLE, REFUSED, said="not what its name says")
def words(folder: Path) -> Path:
    return write(folder / "set.zip", "certainly not " * 100)


@case(GROUP, "a bomb: 100 MB of zeros in 100 kB", WHOLE, REFUSED, said="as bombs do")
def bomb(folder: Path) -> Path:
    file = folder / "set.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.bmp", bytes(100 << 20))
    return file


@case(GROUP, "an archive in an archive", KEPT, said="left closed", samples=1)
def nested(folder: Path) -> Path:
    inner = zipped(folder, "b.jpg").read_bytes()
    file = zipped(folder, "a.jpg")
    with zipfile.ZipFile(file, "a") as out:
        out.writestr("inner.zip", inner)
    return file


@case(GROUP, "an archive beside pictures in a folder", KEPT, said="left closed", samples=1)
def beside(folder: Path) -> None:
    zipped(folder, "b.jpg")
    write(folder / "a.jpg", jpeg())
