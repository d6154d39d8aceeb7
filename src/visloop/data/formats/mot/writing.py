"""MOT Challenge out: a sequence a film, `[SPLIT/]FILM/` with `gt/gt.txt`, `seqinfo.ini`, `img1/000001.jpg` ….

The pictures of a film, else those of a folder, are the frames of one sequence, in the order of their
times, else of their names, counted from 1. Classes stand in `gt/labels.txt` and pixels count from 0,
as CVAT and Datumaro write and read them; measures of tracking compare boxes with boxes and see no
difference. Other shapes are written as the box around them; what a line cannot hold lies in
`visloop.jsonl` and is named as a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from visloop.data.formats import rle
from visloop.data.formats.beside import lost, words
from visloop.data.formats.coco.encoding import around, corners, seen_points
from visloop.data.formats.losses import Losses
from visloop.data.formats.mot.lines import VISIBILITY, Meaning, line_of, parse
from visloop.data.formats.mot.places import NAME, PICTURES, UNSPLIT, numbers_of, one_line
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.sidefile import SIDE_FILE, SideOut
from visloop.data.formats.target import Names, Target
from visloop.data.formats.yolo.encoding import all_classes
from visloop.data.formats.yolo.texts import filler
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Track,
    geometry_xyxy,
    is_followed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from visloop.data.records import ClassDictionary, ClassEntry, Sample

LOSSES: Final = words(
    "MOT Challenge",
    f"`{SIDE_FILE}`",
    track=f"MOT Challenge numbers its tracks and has no key frames: names, key frames and ends are "
    f"kept in `{SIDE_FILE}`, which other readers ignore",
    paths=f"MOT Challenge numbers its frames: paths are kept in `{SIDE_FILE}`",
    sizes="MOT Challenge has one size and kind of picture in a sequence: others stand in their files",
    class_name="MOT Challenge's names of classes are lines: blanks in them were made single",
    orientation=KEPT_TURNED,
)
_SOURCE: Final = "image.source_video"
_STAMP, _TIME_S, _RATE = "video.pts", "video.frame_time_s", "video.fps"
_MOST_TRACK: Final = 10**8


def export_mot(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as sequences of MOT Challenge; they appear whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    kept = list(samples)
    known = all_classes(classes, kept)
    losses = Losses(LOSSES)
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "", read_blob, losses, upright=upright)
        writer = _Writer(target, pictures, losses, known)
        for place, frames in _films(kept).items():
            objects += writer.film(place, frames)
        more = [e for e in known if e.parent or e.aliases or e.definition or e.color]
        if more:
            losses.add("class_dictionary", more[0].name, len(more))
        writer.side.write(target, known)
    return ExportReport(
        format=NAME,
        folder=str(target.folder),
        images=len(kept),
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )


def _films(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """The frames of each film by the folder that it goes to, in their order."""
    split = any(each.split is not None for each in samples)
    grouped: dict[tuple[str, str], list[Sample]] = {}
    for each in samples:
        film = str(each.metadata.get(_SOURCE) or each.path.rpartition("/")[0])
        folder = "" if not split else (each.split or UNSPLIT).replace("/", "_")
        grouped.setdefault((folder, film), []).append(each)
    names = Names()
    films: dict[str, list[Sample]] = {}
    for (folder, film), frames in grouped.items():
        stem = split_suffix(film)[0] if _SOURCE in frames[0].metadata else film
        called = stem.replace("/", "__").strip(". ") or "sequence"
        place = names.unique(f"{folder}/{called}" if folder else called)
        films[place] = _in_order(frames)
    return films


def _in_order(frames: list[Sample]) -> list[Sample]:
    stamps = [each.metadata.get(_STAMP) for each in frames]
    timed = [stamp for stamp in stamps if isinstance(stamp, int)]
    if len(set(timed)) < len(frames):
        return frames
    return [frames[at] for at in sorted(range(len(frames)), key=timed.__getitem__)]


class _Writer:
    """One export: the same classes in each sequence."""

    def __init__(
        self, target: Target, pictures: PicturesOut, losses: Losses, known: Sequence[ClassEntry]
    ) -> None:
        self._target, self._pictures, self._losses = target, pictures, losses
        self.side = SideOut(NAME)
        self._numbers = numbers_of(known)
        by_line = {at: one_line(name) for name, at in self._numbers.items()}
        lines = range(max(by_line, default=-1) + 1)
        self._names = tuple(by_line.get(at, filler(at)) for at in lines)
        for name in self._numbers:
            if one_line(name) != name:
                losses.add("class_name", name)

    def film(self, place: str, frames: Sequence[Sample]) -> int:
        """One sequence; how many boxes it has."""
        tracks = _Tracks(frames)
        lines: list[str] = []
        suffix = ""
        for at, sample in enumerate(frames, start=1):
            called = f"{at:06d}{split_suffix(sample.path)[1]}"
            file = self._pictures.write(sample, f"{place}/{PICTURES}/", called)
            suffix = suffix or split_suffix(file)[1]
            self._common(sample, frames[0], other=split_suffix(file)[1] != suffix)
            mine = [
                line
                for each in sample.annotations
                if (line := self._line(at, each, sample, tracks))
            ]
            self.side.add(sample, file, "\n".join(mine).encode())
            lines += mine
        write = self._target.write
        write(f"{place}/gt/gt.txt", "".join(f"{line}\n" for line in lines).encode())
        write(f"{place}/gt/labels.txt", "".join(f"{name}\n" for name in self._names).encode())
        write(f"{place}/seqinfo.ini", _info(place, frames, suffix).encode())
        return len(lines)

    def _common(self, sample: Sample, first: Sample, *, other: bool) -> None:
        """Losses of the picture as a whole."""
        add = self._losses.add
        add("paths", sample.path)
        if not (sample.labelled or sample.annotations):
            add("unlabelled_pictures", sample.path)
        if sample.metadata:
            add("metadata", sample.path)
        if other or (sample.width, sample.height) != (first.width, first.height):
            add("sizes", sample.path)
        if sample.split is not None and "/" in sample.split:
            add("splits", sample.path)

    def _line(self, at: int, each: Annotation, sample: Sample, tracks: _Tracks) -> str:
        """An object's line; "" for what has no place in a picture, or no class."""
        xyxy = None if not each.label else _box_of(each)
        if xyxy is None:
            lost(each, None, self._losses, sample.path)
            return ""
        seen = {key: value for key, value in each.attributes.items() if key == VISIBILITY}
        box = Box(xyxy=xyxy, attributes=seen, ignore=each.ignore)
        line = line_of(at, tracks.number(at, each), box, self._numbers[each.label] + 1)
        said = parse(line.encode(), Meaning(self._names, 0)).boxes[at]
        lost(each, said[0] if said else None, self._losses, sample.path)
        return line


class _Tracks:
    """Numbers of the tracks of one film: those that are numbers keep theirs."""

    def __init__(self, frames: Sequence[Sample]) -> None:
        names = dict.fromkeys(
            each.track for one in frames for each in one.annotations if is_followed(each)
        )
        own = {name: int(name) for name in names if _is_number(name)}
        self._next = max(own.values(), default=0) + 1
        self._numbers: dict[tuple[str, int], int] = {(name, 0): n for name, n in own.items()}
        self._used: set[tuple[int, str, int]] = set()

    def number(self, frame: int, each: Annotation) -> int:
        """-1 for what is of no track; another number where a frame has the track twice."""
        if not is_followed(each):
            return -1
        again = 0
        while (frame, each.track, again) in self._used:
            again += 1
        self._used.add((frame, each.track, again))
        if (each.track, again) not in self._numbers:
            self._numbers[each.track, again] = self._next
            self._next += 1
        return self._numbers[each.track, again]


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and name[0] != "0" and int(name) < _MOST_TRACK


def _box_of(each: Annotation) -> tuple[float, float, float, float] | None:
    match each:
        case ClassLabel() | NumberValue():
            return None
        case Box() | Track():
            return each.xyxy
        case OrientedBox():
            return around(corners(each))
        case Mask():
            return rle.box_of(each.counts, each.size_hw) if any(each.counts[1::2]) else None
        case Points():
            x1, y1, x2, y2 = around(seen_points(each))
            return (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))
        case _:
            return geometry_xyxy(each)


def _info(place: str, frames: Sequence[Sample], suffix: str) -> str:
    first = frames[0]
    said = {
        "name": place.rpartition("/")[2],
        "imDir": PICTURES,
        "frameRate": _rate(frames),
        "seqLength": len(frames),
        "imWidth": first.width,
        "imHeight": first.height,
        "imExt": suffix,
    }
    return "[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in said.items())


def _rate(frames: Sequence[Sample]) -> int:
    """Frames a second as they were taken, else as the film has them; 1 where nothing says it."""
    times = [each.metadata.get(_TIME_S) for each in frames]
    known = [float(each) for each in times if isinstance(each, int | float)]
    if len(known) == len(frames) > 1 and known[-1] > known[0]:
        return max(1, round((len(known) - 1) / (known[-1] - known[0])))
    stated = first if isinstance(first := frames[0].metadata.get(_RATE), int | float) else 1
    return max(1, round(stated))
