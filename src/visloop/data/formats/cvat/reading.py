"""CVAT in: `annotations.xml` for images, or for video with its frames or the film beside it.

Pictures lie in `images/<subset>/`, `images/` or beside the file. Frames of a video are found by the
number at the end of their names (`frame_000012.png` is frame 12), else by their order; where there
are none, the film itself beside the file counts, with `--frames`. Every picture that the file names,
and every frame of the task, was looked at: without objects it is a negative.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH112, PTH118, PTH120

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

from visloop.data.formats.beside import Whole, joined, typed
from visloop.data.formats.classes import entries_of
from visloop.data.formats.cvat.labels import Labels, read_labels, side_in
from visloop.data.formats.cvat.shapes import NO_SHAPES, decode
from visloop.data.formats.cvat.video import Video
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.loose import BadObject, head, read_xml, size, unreadable_labels
from visloop.data.formats.records import Item, Reading
from visloop.data.formats.shapes import ELLIPSE_NOTE
from visloop.data.formats.stated import Objection, Stated, offer
from visloop.data.ingest.walk import Leftovers, clean
from visloop.data.records import AddOptions
from visloop.vision import Annotation

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

TITLE: Final = "CVAT XML"
_MOST_LABEL_FILES: Final = 50
_MARKS: Final = (b"<version>", b"<meta>", b"<image ", b"<track ")


def recognises_cvat(path: str) -> bool:
    """Whether `path` is CVAT's XML, or a folder with it."""
    return bool(label_files(path))


def label_files(path: str) -> list[str]:
    """The annotation files at `path`; empty where there are none."""
    if not os.path.isdir(path):
        return [path] if path.lower().endswith(".xml") and _looks_right(path) else []
    try:
        with os.scandir(path) as listed:
            files = sorted(each.path for each in listed if each.name.lower().endswith(".xml"))
    except OSError:
        return []
    return list(filter(_looks_right, files)) if len(files) <= _MOST_LABEL_FILES else []


def read_cvat(paths: Sequence[str], left: Leftovers, options: AddOptions) -> Reading:
    """Every picture or frame of the annotation files.

    Raises:
        LabelsUnreadable: a file is not XML, declares a DOCTYPE, or is not CVAT's.
    """
    stated: list[Stated] = []
    films: list[Item] = []
    named = Labels()
    for file in (file for path in paths for file in label_files(path)):
        root = read_xml(file, TITLE)
        if root.tag != "annotations":
            raise unreadable_labels(file, TITLE, f"its root is <{root.tag}>, not <annotations>")
        labels = read_labels(root.find("meta"))
        for name in labels.names:
            named.know(name)
            named.details[name] = named.details[name] or labels.details[name]
        if root.find("track") is not None or _is_video(root):
            video = Video(file, root, labels)
            if film := video.film():
                films.append(video.on_film(film, left, options))
            else:
                stated += video.frames(left)
        else:
            subset = _task_subset(root)
            stated += [_picture(each, file, labels, subset) for each in root.iter("image")]
    classes = entries_of((name, named.details[name]) for name in named.names)
    return Reading(chain(films, offer(stated, left)), classes, len(stated) + len(films))


def _looks_right(file: str) -> bool:
    start = head(file).replace(b"\0", b"")
    return b"<annotations" in start and any(mark in start for mark in _MARKS)


def _is_video(root: ET.Element) -> bool:
    return root.find("image") is None and any(
        (each.text or "").strip() == "interpolation" for each in root.iter("mode")
    )


def _task_subset(root: ET.Element) -> str:
    """What a task says for all its pictures; a project says it at each."""
    return root.findtext("meta/task/subset") or root.findtext("meta/job/subset") or ""


def _picture(node: ET.Element, file: str, labels: Labels, usual: str) -> Stated:
    folder = os.path.dirname(file)
    subset = node.get("subset", usual).strip()
    inside = [os.path.join(folder, "images", subset)] if _plain(subset) else []
    declared = (size(node.get("width")), size(node.get("height")))
    side = typed(side_in(node), Whole) or Whole()
    annotations, objections, ellipses = _annotations(node, declared, labels)
    looked_at = annotations or not side.unlabelled
    name = node.get("name", "").replace("\\", "/")
    roots = [*inside, os.path.join(folder, "images"), folder]
    if name.startswith(f"{subset}/"):  # a folder that is called as the subset, not the subset's
        roots = [*roots[len(inside) :], *inside]
    return Stated(
        names=(name or f"image {node.get('id')}",),
        roots=tuple(roots),
        tree=folder,
        source=clean(file),
        path=side.path,
        annotations=(*annotations, *side.annotations) if looked_at else None,
        split=side.split or _split(subset),
        declared=declared if all(declared) else None,
        metadata=side.metadata,
        objections=tuple(objections),
        notes=(f"{ellipses} {ELLIPSE_NOTE}",) if ellipses else (),
    )


def _annotations(
    node: ET.Element, declared: tuple[int, int], labels: Labels
) -> tuple[list[Annotation], list[Objection], int]:
    entries: list[tuple[object, Annotation]] = []
    objections: list[Objection] = []
    ellipses = 0
    for ordinal, each in enumerate((e for e in node if e.tag not in NO_SHAPES), start=1):
        try:
            label = each.get("label", "").strip()
            entries.append((side_in(each), decode(each, label, labels, declared)))
        except BadObject as problem:
            where = f"image {node.get('id')}, object {ordinal}"
            objections.append(Objection(problem.code, f"{where}: {problem.reason}"))
        else:
            ellipses += each.tag == "ellipse"
    return joined(entries), objections, ellipses


def _plain(subset: str) -> bool:
    return bool(subset) and "/" not in subset and "\\" not in subset and subset not in {".", ".."}


def _split(subset: str) -> str | None:
    return SPLITS.get(subset.lower(), subset) if subset.lower() not in {"", "default"} else None
