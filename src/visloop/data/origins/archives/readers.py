"""The members of zip and tar archives, in their order, one after the other."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, Self, cast

import zstandard

from visloop.data.origins.archives.kinds import Kind
from visloop.data.origins.archives.unpack import ArchiveRefused, BadMember, Member

_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_LINK = BadMember("archive_link", "it is a link", "pack the file itself instead of the link")
_SPECIAL = BadMember("archive_special", "it is a device, a pipe or the like")
_SECRET = BadMember("encrypted", "it is encrypted", "unpack it with its password, add the folder")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    tarfile.TarError,
    EOFError,
    gzip.BadGzipFile,
)


def members(path: Path, kind: Kind, notes: list[str]) -> Iterator[Member]:
    """What is in the archive; use each before asking for the next.

    Raises:
        ArchiveRefused: it is damaged, or not what its name says.
    """
    with telling(path):
        if kind == "zip":
            with zipfile.ZipFile(path) as opened:
                yield from _zipped(opened, notes)
        else:
            with _unpressed(path, kind) as stream:
                yield from _tarred(stream, notes)


def declared_bytes(path: Path, kind: Kind) -> int | None:
    """How many bytes it says it unpacks to, where that can be asked without unpacking."""
    if kind == "tar":
        return path.stat().st_size
    if kind == "zip":
        with telling(path), zipfile.ZipFile(path) as opened:
            return sum(each.file_size for each in opened.infolist())
    return None


@contextmanager
def telling(path: Path) -> Generator[None]:
    """Damage becomes an error that names the archive."""
    try:
        yield
    except _DAMAGED as damage:
        raise _refused(path, str(damage) or type(damage).__name__) from damage
    except OSError as damage:  # bz2 has no error of its own
        if damage.errno is not None:
            raise
        raise _refused(path, str(damage)) from damage


def _refused(path: Path, why: str) -> ArchiveRefused:
    return ArchiveRefused(
        f"{path} is damaged, cut short, or not what its name says: {why}; nothing of it was taken",
        fix="fetch or pack it again",
    )


def _zipped(opened: zipfile.ZipFile, notes: list[str]) -> Iterator[Member]:
    odd = 0
    for info in opened.infolist():
        name = info.filename
        if not info.flag_bits & _UTF8 and not name.isascii():
            name, read = _guessed(name)
            odd += not read
        if info.is_dir() or name.endswith(("/", "\\")):
            continue
        yield Member(name, partial(_open_zipped, opened, info), _zip_problem(info))
    if odd:
        notes.append(f"{odd} names in the archive do not say their encoding; read as code page 437")


def _guessed(name: str) -> tuple[str, bool]:
    """Names without the UTF-8 flag are often UTF-8 all the same; whether that was so."""
    try:
        return name.encode("cp437").decode("utf-8"), True
    except UnicodeError:
        return name, False


def _zip_problem(info: zipfile.ZipInfo) -> BadMember | None:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) == stat.S_IFLNK:
        return _LINK
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return _SPECIAL
    return _SECRET if info.flag_bits & _ENCRYPTED else None


def _open_zipped(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return cast("IO[bytes]", _Checked(opened.open(info)))
    except NotImplementedError as problem:
        raise BadMember("archive_method", f"its compression is not read: {problem}") from problem
    except RuntimeError as problem:  # zipfile's word for "encrypted"
        raise BadMember(_SECRET.reason_code, str(problem), _SECRET.fix) from problem
    except zipfile.BadZipFile as problem:
        raise BadMember("archive_damaged", str(problem), _AGAIN) from problem


_AGAIN: Final = "fetch or pack the archive again"


class _Checked:
    """A member of a zip whose damage is its own: the others can still be read."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            BadMember: they are not those that were packed.
        """
        try:
            return self._inner.read(size)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as damage:
            told = str(damage) or "it ends too soon"
            raise BadMember("archive_damaged", f"its bytes are damaged: {told}", _AGAIN) from damage

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()


class _Watched(tarfile.TarInfo):
    """Notes why the last header was none: the end of the archive, or damage that tarfile swallows."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        """As its parent; the reason stays on the archive."""
        try:
            return super().fromtarfile(tarfile)
        except Exception as reason:
            cast("Any", tarfile).ended = type(reason).__name__
            raise


def _tarred(stream: IO[bytes], notes: list[str]) -> Iterator[Member]:
    with tarfile.open(
        fileobj=stream, mode="r|", tarinfo=_Watched, encoding="utf-8", errors="surrogateescape"
    ) as opened:
        while (info := opened.next()) is not None:
            cast("Any", opened).members.clear()  # it would keep every header
            if not info.isdir():
                yield Member(info.name, partial(_open_tarred, opened, info), _tar_problem(info))
        ended = getattr(opened, "ended", "")
    if ended in {"InvalidHeaderError", "TruncatedHeaderError"}:
        raise tarfile.ReadError("a header in the middle is not one")
    if ended != "EOFHeaderError":
        notes.append("the archive has no end mark: it may have been cut short")


def _tar_problem(info: tarfile.TarInfo) -> BadMember | None:
    if info.issym() or info.islnk():
        return _LINK
    return None if info.isfile() else _SPECIAL


def _open_tarred(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    found = opened.extractfile(info)
    assert found is not None  # it is a plain file
    return found


@contextmanager
def _unpressed(path: Path, kind: Kind) -> Generator[IO[bytes]]:
    """The archive's own bytes, decompressed as they are read."""
    with path.open("rb") as raw:
        match kind:
            case "tar.gz":
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
            case "tar.bz2":
                yield cast("IO[bytes]", bz2.BZ2File(raw))
            case "tar.xz":
                yield cast("IO[bytes]", lzma.LZMAFile(raw))  # noqa: SIM115 - closes nothing of its own
            case "tar.zst":
                reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
                    raw, read_across_frames=True
                )
                yield cast("IO[bytes]", io.BufferedReader(cast("Any", reader), 1 << 20))
            case _:
                yield raw
