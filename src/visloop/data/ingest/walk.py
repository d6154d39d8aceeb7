"""Walk a folder in the order of logical paths; what is left out is counted and named.

Logical paths are posix, relative, kept as found (no Unicode normalisation). Bytes of a name that
are not UTF-8 are written as %XX. Links are followed only inside the tree that was named.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH110, PTH112, PTH123

from __future__ import annotations

import os
import posixpath
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.data.ingest.media import FILM_SUFFIXES, PICTURE_SUFFIXES, is_film_start, media_of
from visloop.data.ingest.probe import refuse, unreadable
from visloop.data.ingest.wording import counted
from visloop.data.origins.archives.kinds import is_archive_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from visloop.data.records import Refusal

_LITTER: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db"})
_TEXTS: Final = (
    "c cfg csv css docx html ini ipynb js json log md names py sh toml tsv txt xml yaml yml"
)
_OTHERS: Final = "db gz npy npz onnx parquet pdf pkl pt sqlite tar tgz xls xlsx zip"
_NEVER_PICTURES: Final = frozenset((*_TEXTS.split(), *_OTHERS.split()))
_NAMED_AT_MOST: Final = 10


NO_FRAMES: Final = "{n} videos were left out (--frames every:1s takes pictures from them)"
STILL_WRITTEN: Final = "written to a moment ago and"
"""In the note on files that are left for later, whether one or many."""


class Entry(NamedTuple):
    """A file that promises a picture: logical path, and the path that opens it."""

    path: str
    file: str


class Leftovers:
    """What a scan did not offer, or offered under another name: counted, the first ones named.

    Args:
        films: films are offered too, not only pictures.
    """

    def __init__(self, *, films: bool = False) -> None:
        self.films = films
        self.young = 0  # files left out because they are still being written
        self._hidden = 0
        self._counts: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}
        self._single: list[str] = []

    def hidden(self) -> None:
        """A file or folder whose name starts with a dot."""
        self._hidden += 1

    def add(self, group: str, name: str) -> None:
        """One more of a kind; `group` is a sentence with `{n}`, such as `{n} files are no picture`."""
        self._counts[group] = self._counts.get(group, 0) + 1
        first = self._first.setdefault(group, [])
        if len(first) < _NAMED_AT_MOST:
            first.append(name)

    def say(self, text: str) -> None:
        """A remark of its own."""
        self._single.append(text)

    def notes(self) -> tuple[str, ...]:
        """Everything in words; complete once the scan has been read to its end."""
        notes = list(self._single)
        for group, names in self._first.items():
            count = self._counts[group]
            more = f", and {count - len(names)} more" if count > len(names) else ""
            notes.append(f"{counted(group, count)}: {', '.join(names)}{more}")
        if self.young:
            words = f"{{n}} files were {STILL_WRITTEN} are left for later"
            notes.append(counted(words, self.young))
        if self._hidden:
            notes.append(counted("{n} hidden files or folders were skipped", self._hidden))
        return tuple(notes)


def walk(root: str, prefix: str, left: Leftovers) -> Iterator[Entry | Refusal]:
    """Everything under `root` that promises a picture, in the order of the logical paths."""
    yield from _folder(root, prefix, os.path.realpath(root), left)


def clean(text: str, taken: Collection[str] = ()) -> str:
    """`text` with bytes that are not UTF-8 as %XX, made different from every name in `taken`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogateescape")
        mended = raw.decode("utf-8", "backslashreplace").replace("\\x", "%")
        while mended in taken:
            mended += "~"
        return mended
    return text


def is_logical(path: str) -> bool:
    """Whether a path that a label file states is a plain one, below where it starts."""
    tidy = posixpath.normpath(path) == path and "\0" not in path
    return tidy and not path.startswith(("/", "../")) and path not in {".", ".."}


def is_picture(file: str) -> bool:
    """Whether the file promises a picture by its name, or is one (or a known kind) by its bytes."""
    suffix = file[file.rfind(os.sep) + 1 :].rpartition(".")[2].lower()
    if suffix in PICTURE_SUFFIXES:
        return True
    if suffix in _NEVER_PICTURES:
        return False
    try:
        with open(file, "rb", buffering=0) as opened:
            media = media_of(opened.read(512))
    except OSError:
        return False
    return media is not None and (isinstance(media, str) or media.name not in {"video", "PDF"})


def is_film_name(file: str) -> bool:
    """Whether a name promises a film."""
    return file.rpartition("/")[2].rpartition(".")[2].lower() in FILM_SUFFIXES


def is_film(file: str) -> bool:
    """Whether the file promises a film by its name, or is one by its bytes."""
    if is_film_name(file):
        return True
    suffix = file.rpartition("/")[2].rpartition(".")[2].lower()
    if suffix in PICTURE_SUFFIXES or suffix in _NEVER_PICTURES:
        return False
    try:
        with open(file, "rb", buffering=0) as opened:
            return is_film_start(opened.read(512))
    except OSError:
        return False


def _is_offered(file: str, path: str, left: Leftovers) -> bool:
    """Whether it is a picture, or a film where those are wanted; what it is instead is counted."""
    if is_picture(file):
        return True
    if is_archive_name(file.rpartition("/")[2]):
        left.add("{n} archives were left closed (to add one: visloop add FILE)", path)
    elif not is_film(file):
        left.add("{n} files are no picture and were left out", path)
    elif not left.films:
        left.add(NO_FRAMES, path)
    else:
        return True
    return False


def is_hidden(name: str) -> bool:
    """Dot files and what operating systems leave lying about."""
    return name.startswith(".") or name.lower() in _LITTER


def _folder(folder: str, prefix: str, tree: str, left: Leftovers) -> Iterator[Entry | Refusal]:
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError as problem:
        yield unreadable(prefix.rstrip("/") or clean(folder), clean(folder), problem)
        return
    for name, entry in _in_order(entries, prefix, left):
        path = prefix + name
        if name.endswith("/"):
            yield from _folder(entry.path, path, tree, left)
        elif entry.is_file(follow_symlinks=False):
            if _is_offered(entry.path, path, left):
                yield Entry(path, entry.path)
        elif entry.is_symlink():
            yield from _link(entry.path, path, tree, left)
        else:
            left.add("{n} special files (pipes, sockets, devices) were left out", path)


def _in_order(
    entries: list[os.DirEntry[str]], prefix: str, left: Leftovers
) -> list[tuple[str, os.DirEntry[str]]]:
    """Names as they sort inside whole paths: folders with their slash."""
    named: list[tuple[str, os.DirEntry[str]]] = []
    for entry in entries:
        name = entry.name
        if is_hidden(name):
            left.hidden()
            continue
        if not name.isascii() and (mended := clean(name, {each.name for each in entries})) != name:
            left.add("{n} names have bytes that are not UTF-8, written as %XX", prefix + mended)
            name = mended
        named.append((name + "/" if entry.is_dir(follow_symlinks=False) else name, entry))
    named.sort(key=itemgetter(0))
    return named


def _link(file: str, path: str, tree: str, left: Leftovers) -> Iterator[Entry | Refusal]:
    target = os.path.realpath(file)
    if os.path.isdir(target):
        left.add("{n} links to folders were not followed", path)
    elif not _is_offered(file, path, left):
        pass
    elif not os.path.exists(target):
        yield refuse(path, clean(file), "unreadable", "a link to a file that is not there")
    elif not inside(target, tree):
        yield refuse(
            path,
            clean(file),
            "outside_folder",
            f"a link out of the folder, to {clean(target)}",
            fix="copy the picture in, or add the folder that it lies in",
        )
    else:
        yield Entry(path, file)


def inside(real: str, tree: str) -> bool:
    """Whether a resolved path lies in a resolved folder."""
    return real == tree or real.startswith(tree.rstrip(os.sep) + os.sep)
