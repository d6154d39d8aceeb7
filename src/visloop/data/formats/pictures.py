"""The picture files of an export: turned upright where asked, otherwise byte for byte the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.formats.bake import bake
from visloop.data.formats.target import Names
from visloop.data.ingest.media import EXTENSIONS, READ_SUFFIXES
from visloop.data.ingest.walk import is_hidden
from visloop.data.ingest.wording import counted

if TYPE_CHECKING:
    from visloop.data.formats.losses import Losses
    from visloop.data.formats.records import ReadBlob, Upright
    from visloop.data.formats.target import Target
    from visloop.data.records import Sample

KEPT_TURNED: Final = (
    "the pictures are kept as they are: readers that ignore EXIF see them turned, and the boxes "
    "beside the objects"
)
"""What is lost with `upright="keep"`."""


class PicturesOut:
    """Writes picture files into one folder of an export and remembers what it did to them.

    `flat` joins folders of the logical path by two underscores, writes spaces as one and makes stems
    unique, for formats that know a picture by its stem and list the stems line by line. `by_stem`
    makes names unique without their suffix and leaves the folders alone, but for names that a
    reader would take as hidden.
    """

    def __init__(
        self,
        target: Target,
        folder: str,
        read_blob: ReadBlob,
        losses: Losses,
        *,
        upright: Upright = "bake",
        flat: bool = False,
        by_stem: bool = False,
    ) -> None:
        self._target, self._folder = target, folder
        self._read_blob, self._losses = read_blob, losses
        self._upright, self._flat, self._by_stem = upright, flat, by_stem
        self._names = Names()
        self.baked: list[str] = []
        self.renamed: dict[str, str] = {}

    def write(self, sample: Sample, inside: str = "", called: str = "") -> str:
        """Write one picture; its name below the folder.

        Args:
            sample: the picture.
            inside: a sub-folder with its slash (`train/`).
            called: its name in there, without a suffix of its own being changed; its path if empty.
        """
        data = self._read_blob(sample.image)
        stem, suffix = split_suffix(called or sample.path)
        if suffix[1:].lower() not in READ_SUFFIXES:  # a part of a file, or one that was converted
            stem, suffix = called or sample.path, EXTENSIONS[sample.media]
        if sample.orientation != 1 and self._upright == "bake":
            data, media = bake(data, sample.media, sample.orientation)
            suffix = suffix if media == sample.media else EXTENSIONS[media]
            self.baked.append(sample.path)
        elif sample.orientation != 1:
            self._losses.add("orientation", sample.path)
        if self._flat:
            flat = stem.replace("/", "__").replace(" ", "_")
            name = self._names.unique(inside + flat) + suffix
        elif self._by_stem:
            seen = "/".join("_" * is_hidden(part) + part for part in stem.split("/"))
            name = self._names.unique(inside + seen) + suffix
        else:
            name = self._names.unique(inside + stem + suffix)
        if name != inside + sample.path:
            self.renamed[sample.path] = name
        self._target.write(f"{self._folder}/{name}" if self._folder else name, data)
        return name

    def notes(self) -> tuple[str, ...]:
        """What was done to files, in words."""
        said: list[str] = []
        if self.baked:
            said.append(
                counted("{n} pictures were turned upright, as EXIF says,", len(self.baked))
                + " so that every reader sees the pixels that the boxes mean"
            )
        if self.renamed:
            sentence = "{n} files got another name; the logical path is kept beside it"
            said.append(counted(sentence, len(self.renamed)))
        return tuple(said)


def below(path: str, *said: str | None) -> str:
    """The path without the leading folders that its place says already, and without folders.

    `test/hat/a.jpg` in the folder of the class `hat` of the split `test` is `a.jpg` there; what is
    left of other folders is joined by two underscores, for readers that look no deeper.
    """
    parts = path.split("/")
    for each in said:
        if len(parts) > 1 and parts[0] == each:
            del parts[0]
    return "__".join(parts)


def split_suffix(path: str) -> tuple[str, str]:
    """`a/b.tar.gz` → (`a/b.tar`, `.gz`); names that only begin with a dot have no suffix."""
    stem, dot, suffix = path.rpartition(".")
    if not dot or not stem or stem.endswith("/") or "/" in suffix:
        return path, ""
    return stem, dot + suffix
