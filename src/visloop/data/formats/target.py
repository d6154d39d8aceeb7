"""Where an export goes: a folder that appears whole or not at all, with names every system takes."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH100, PTH103, PTH118, PTH120, PTH123

from __future__ import annotations

import os
import re
import shutil
import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from visloop.errors import Conflict
from visloop.ids import digest_of

if TYPE_CHECKING:
    from types import TracebackType

_NOT_PORTABLE: Final = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f]')
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_LONGEST_BYTES: Final = 200


class FolderNotEmpty(Conflict):
    """The export would mix with what lies there already."""

    code = "data.folder_not_empty"


class Target:
    """Files are written beside the folder and moved in at the end; an error leaves nothing behind.

    With `force`, what the export writes replaces what has the same name at the top of the folder;
    other files there are left alone.

    Raises:
        FolderNotEmpty: something lies in the folder (or it is a file) and `force` is not given.
    """

    def __init__(self, folder: Path | str, *, force: bool = False) -> None:
        self.folder = Path(os.path.abspath(Path(folder).expanduser()))
        if self.folder.is_file():
            raise FolderNotEmpty(
                f"{str(self.folder)!r} is a file",
                fix="name a folder that is empty or not there yet",
            )
        if not force and self.folder.is_dir() and any(self.folder.iterdir()):
            raise FolderNotEmpty(
                f"{str(self.folder)!r} is not empty",
                fix="name another folder, or --force to replace what the export writes",
            )

    def __enter__(self) -> Self:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft = tempfile.mkdtemp(prefix=f".{self.folder.name[:40]}.", dir=self.folder.parent)
        self._draft = Path(draft)
        self._made: set[str] = set()
        return self

    def write(self, relative: str, data: bytes) -> None:
        """Write one file of the export, `relative` to its folder."""
        file = os.path.join(self._draft, *relative.split("/"))
        folder = os.path.dirname(file)
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        with open(file, "wb") as opened:
            opened.write(data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._move_in()
        finally:
            shutil.rmtree(self._draft, ignore_errors=True)

    def _move_in(self) -> None:
        os.chmod(self._draft, 0o755)  # noqa: PTH101, S103 - mkdtemp made it private
        if not self.folder.exists():
            self._draft.rename(self.folder)
            return
        for item in sorted(self._draft.iterdir()):
            place = self.folder / item.name
            if place.exists() or place.is_symlink():
                place.rename(self._draft / f".old-{item.name}")
            item.rename(place)


class Names:
    """Logical paths → file names that are portable and differ even where case does not count."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def unique(self, path: str) -> str:
        """`path` itself where that works; else mended, with a piece of its digest."""
        *folders, name = path.split("/")
        parts = [*map(_portable_folder, folders), _portable(name)]
        safe = "/".join(parts)
        while not self._free(safe):
            parts[-1] = _marked(parts[-1], path)
            parts = parts if self._free("/".join(parts)) else [f"_{digest_of(safe)[:8]}", *parts]
            safe = "/".join(parts)
        key = name_key(safe)
        self._files.add(key)
        self._folders.update(above(key))
        return safe

    def _free(self, safe: str) -> bool:
        key = name_key(safe)
        taken = key in self._files or key in self._folders
        return not taken and self._files.isdisjoint(above(key))


def above(path: str) -> list[str]:
    """`a/b/c` → `a`, `a/b`."""
    found: list[str] = []
    at = path.find("/")
    while at >= 0:
        found.append(path[:at])
        at = path.find("/", at + 1)
    return found


def _marked(name: str, path: str) -> str:
    """`a.jpg` → `a-1f2e3d4c.jpg`, by the digest of the whole path."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem:
        stem, dot, suffix = name, "", ""
    return f"{stem}-{digest_of(path)[:8]}{dot}{suffix}"


def name_key(name: str) -> str:
    """The same for names that a system may take for one: case and Unicode form left out."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", name).casefold()


def _portable(part: str) -> str:
    """The part itself, or a mended one that carries a piece of the part's digest."""
    mended = _NOT_PORTABLE.sub("_", part.encode("utf-8", "replace").decode()).rstrip(". ")
    if mended in {"", ".", ".."} or _RESERVED.fullmatch(mended):
        mended = f"_{mended.strip('.')}"
    if len(mended.encode()) > _LONGEST_BYTES:
        stem, dot, suffix = mended.rpartition(".")
        if not dot or len(suffix) > 10:  # noqa: PLR2004
            stem, dot, suffix = mended, "", ""
        room = _LONGEST_BYTES - len(dot + suffix)
        mended = stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix
    return mended if mended == part else _marked(mended, part)


_portable_folder = lru_cache(1024)(_portable)  # the same few, for file after file
