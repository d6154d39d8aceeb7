"""Pascal VOC in: `Annotations/*.xml`, `JPEGImages/`, splits from `ImageSets/Main/*.txt`.

Also `VOCdevkit` with several years below it, and xml files lying beside their pictures. An xml
belongs to the picture of the same stem, else to the one that its `filename` names. A picture
without an xml says nothing of its objects; one whose xml names no object holds none.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH122, PTH123, PTH208

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from visloop.data.formats.folder import SPLITS, shortest_distinct
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.voc.xml import BadXml, VocFile, parse_voc
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.records import Found
from visloop.data.ingest.walk import Entry, Leftovers, clean, is_logical, walk
from visloop.data.records import AddOptions, ClassEntry, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.vision import Annotation

_PICTURE_FOLDERS: Final = ("JPEGImages", "images", "Images")
_LONGEST_MAP: Final = 1 << 20
_ROOT: Final = re.compile(rb"<annotation[\s>]")
_SURE: Final = ("test", "val", "train")
"""Where a name is in several lists, the first of these counts: test pictures never train."""


class _Set(NamedTuple):
    """One VOC folder: where its xml files and pictures lie, and where its logical paths begin."""

    folder: str
    labels: str
    pictures: str
    prefix: str


def recognises_voc(path: str) -> bool:
    """Whether `path` holds VOC annotations, itself or (`VOCdevkit`) in its years."""
    return os.path.isdir(path) and bool(_sets(path))


def read_voc(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture of the VOC folders, in the order of the logical paths."""
    del options
    found = [each for path in paths for each in _sets(path)]
    if len(found) > 1:
        tails = shortest_distinct([each.folder for each in found])
        found = [
            each._replace(prefix=f"{clean(tail)}/") for each, tail in zip(found, tails, strict=True)
        ]
    return Reading(_items(found, left), _label_maps(found))


def _label_maps(found: Sequence[_Set]) -> tuple[ClassEntry, ...]:
    """Classes in the order of `labelmap.txt` (`name:r,g,b:parts:actions`), where there is one."""
    entries: dict[str, ClassEntry] = {}
    for each in found:
        try:
            with open(os.path.join(each.folder, "labelmap.txt"), encoding="utf-8-sig") as opened:
                lines = opened.read(_LONGEST_MAP).splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            name, _, rest = line.partition(":")
            if line.startswith("#") or not name.strip() or name == "background":
                continue
            rgb = rest.partition(":")[0].split(",")
            known = len(rgb) == 3 and all(part.strip().isdecimal() for part in rgb)  # noqa: PLR2004
            colour = "#" + "".join(f"{min(int(part), 255):02x}" for part in rgb) if known else ""
            entries.setdefault(name, ClassEntry(id=len(entries), name=name, color=colour))
    return tuple(entries.values())


def _sets(path: str) -> list[_Set]:
    if one := _set_at(path):
        return [one]
    try:
        with os.scandir(path) as listing:
            years = sorted(each.path for each in listing if each.name.startswith("VOC"))
    except OSError:
        return []
    return [each for each in map(_set_at, years) if each]


def _set_at(folder: str) -> _Set | None:
    labels = os.path.join(folder, "Annotations")
    if not os.path.isdir(labels):
        if _is_voc_xml(_first_xml(folder)):
            return _Set(folder, folder, folder, "")
        unlabelled = os.path.join(folder, "JPEGImages")
        beside = (os.path.join(folder, "ImageSets", "Main"), os.path.join(folder, "labelmap.txt"))
        masks = os.path.isdir(os.path.join(folder, "SegmentationClass"))  # the format `masks`
        if not masks and os.path.isdir(unlabelled) and any(map(os.path.exists, beside)):
            return _Set(folder, labels, unlabelled, "")
        return None
    if not _is_voc_xml(_first_xml(labels)):
        return None
    for name in _PICTURE_FOLDERS:
        pictures = os.path.join(folder, name)
        if os.path.isdir(pictures):
            return _Set(folder, labels, pictures, "")
    return _Set(folder, labels, folder, "")


def _first_xml(folder: str) -> str | None:
    try:
        with os.scandir(folder) as listing:
            return next((each.path for each in listing if each.name.lower().endswith(".xml")), None)
    except OSError:
        return None


def _is_voc_xml(file: str | None) -> bool:
    if file is None:
        return False
    try:
        with open(file, "rb") as opened:
            return bool(_ROOT.search(opened.read(4096).replace(b"\0", b"")))
    except OSError:
        return False


def _items(found: Sequence[_Set], left: Leftovers) -> Iterator[Item]:
    for each in found:
        yield from _VocSet(each, left).items()


class _VocSet:
    """Reads one folder: first which files belong together, then one picture after the other."""

    def __init__(self, where: _Set, left: Leftovers) -> None:
        self._where, self._left = where, left
        self._splits = _splits(where.folder, left)
        self._xml = {_stem(path): file for path, file in _xml_files(where.labels)}

    def items(self) -> Iterator[Item]:
        entries: list[Entry] = []
        apart = self._where.pictures != self._where.labels
        for entry in walk(self._where.pictures, "", self._left if apart else Leftovers()):
            if isinstance(entry, Refusal):
                yield entry
            else:
                entries.append(entry)
        stems = {_stem(entry.path) for entry in entries}
        names = {
            entry.path.rpartition("/")[2] for entry in entries if _stem(entry.path) not in self._xml
        }
        renamed = {}
        for stem in sorted(self._xml.keys() - stems):
            said = _read(self._xml[stem])
            if isinstance(said, VocFile) and said.filename.rpartition("/")[2] in names:
                renamed[said.filename.rpartition("/")[2]] = self._xml[stem]
            else:
                yield self._without_picture(stem, said)
        for entry in entries:
            file = self._xml.get(_stem(entry.path)) or renamed.get(entry.path.rpartition("/")[2])
            yield self._found(entry, file)
        for name in sorted(self._splits.keys() - stems - self._xml.keys()):
            reason = f"ImageSets/Main lists {name!r}, and neither a picture nor an xml is there"
            source = clean(os.path.join(self._where.folder, "ImageSets", "Main"))
            fix = "copy the picture in, or remove the line"
            yield refuse(self._where.prefix + name, source, "missing_image", reason, fix=fix)

    def _found(self, entry: Entry, file: str | None) -> Found:
        path = self._where.prefix + entry.path
        if file is None:
            self._left.add("{n} pictures have no xml: added without labels", path)
            return Found(
                path=path, file=entry.file, source=clean(entry.file), split=self._split(entry.path)
            )
        said = _read(file)
        if isinstance(said, Exception):
            reason = f"its labels cannot be read: {said}"
            fix = "mend the xml and add it again"
            refusal = refuse(path, clean(file), "labels_unreadable", reason, fix=fix)
            return Found(
                path=path,
                file=entry.file,
                source=clean(entry.file),
                split=self._split(entry.path),
                refusals=(refusal,),
            )
        return self._labelled(said, entry, path, clean(file))

    def _labelled(self, said: VocFile, entry: Entry, path: str, source: str) -> Found:
        annotations: list[Annotation] = list(said.labels)
        refusals: list[Refusal] = []
        if said.path and is_logical(said.path):
            path = self._where.prefix + said.path
        for ordinal, each in enumerate(said.objects, start=1):
            if each.annotation is not None:
                annotations.append(each.annotation)
                continue
            reason = f"object {ordinal}, {each.reason}"
            fix = "draw it again, or remove the object; then add it again"
            refusals.append(refuse(path, source, each.reason_code, reason, fix=fix))
        return Found(
            path=path,
            file=entry.file,
            source=clean(entry.file),
            annotations=tuple(annotations),
            split=self._split(entry.path),
            declared=said.declared,
            refusals=tuple(refusals),
            notes=(f"{said.parts} parts of objects were left out",) if said.parts else (),
        )

    def _without_picture(self, stem: str, said: VocFile | Exception) -> Refusal:
        file = clean(self._xml[stem])
        if isinstance(said, Exception):
            path = self._where.prefix + stem
            return refuse(path, file, "labels_unreadable", f"its labels cannot be read: {said}")
        name = said.filename.replace("\\", "/").rpartition("/")[2] or stem
        reason = f"the xml names {name!r}, and no such picture is there"
        fix = "copy the picture in, or remove the xml"
        return refuse(self._where.prefix + clean(name), file, "missing_image", reason, fix=fix)

    def _split(self, path: str) -> str | None:
        return self._splits.get(_stem(path))


def _xml_files(folder: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    if not os.path.isdir(folder):  # a set in which nobody has labelled anything yet
        return
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda each: each.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _xml_files(entry.path, f"{prefix}{clean(entry.name)}/")
        elif entry.name.lower().endswith(".xml") and not entry.name.startswith("."):
            yield prefix + clean(entry.name), entry.path


def _stem(path: str) -> str:
    stem, dot, suffix = path.rpartition(".")
    return stem if dot and "/" not in suffix else path


def _read(file: str) -> VocFile | Exception:
    try:
        with open(file, "rb") as opened:
            return parse_voc(opened.read())
    except (BadXml, OSError) as problem:
        return problem


def _splits(folder: str, left: Leftovers) -> dict[str, str]:
    """Stem → split, from the lists that are named after one; `trainval` only where nothing else."""
    lists: dict[str, list[str]] = {}
    main = os.path.join(folder, "ImageSets", "Main")
    if not os.path.isdir(main):
        return {}
    for name in sorted(os.listdir(main)):
        stem, suffix = os.path.splitext(name)
        if suffix == ".txt" and (stem in SPLITS or stem == "trainval"):
            with open(os.path.join(main, name), encoding="utf-8", errors="replace") as opened:
                names = [line.split()[0] for line in opened if line.strip()]
            lists.setdefault(SPLITS.get(stem, stem), []).extend(map(_picture_stem, names))
    splits = dict.fromkeys(lists.get("trainval", ()), "trainval")
    if not lists.keys() & {"train", "val"}:
        splits = dict.fromkeys(splits, "train")
    for split in reversed(_SURE):
        for name in lists.get(split, ()):
            if splits.get(name, "trainval") not in {"trainval", split}:
                left.add(
                    "{n} pictures are in two splits; test counts before val, val before train", name
                )
            splits[name] = split
    return splits


def _picture_stem(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in {".jpg", ".jpeg", ".png"} else name
