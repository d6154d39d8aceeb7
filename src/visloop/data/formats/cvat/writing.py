"""CVAT out: `annotations.xml` with the pictures in `images/`, for images 1.1 or for video 1.1.

`cvat` writes pictures that stand alone; tracks are boxes there. `cvat-video` writes the pictures as
frames of one video, in the order of their paths, and tracks as tracks; what is of no track becomes
a track of one frame, as CVAT itself does, and so does each frame of a mask that is followed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import msgspec

from visloop.data.formats.beside import FIELD, Whole, whole_of, words
from visloop.data.formats.cvat.encoding import Encoder, has_course
from visloop.data.formats.cvat.labels import labels_node, safe, side_text
from visloop.data.formats.cvat.video import ENDS, SINGLE
from visloop.data.formats.folder import SPLITS
from visloop.data.formats.losses import Losses
from visloop.data.formats.pictures import KEPT_TURNED, PicturesOut, split_suffix
from visloop.data.formats.records import ExportReport, ReadBlob, Upright
from visloop.data.formats.target import Target
from visloop.vision import Annotation, Followed, is_followed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from visloop.data.records import ClassDictionary, Sample

LABEL_FILE: Final = "annotations.xml"
_NO_SUBSET: Final = "default"
_PLACE: Final = "an attribute `visloop`"
LOSSES: Final = words(
    "CVAT",
    _PLACE,
    track="CVAT for images has no tracks: other readers see boxes; `cvat-video` writes tracks",
    geometry="CVAT turns boxes by 0 to 360 degrees, and exact numbers are kept in an attribute "
    "`visloop`, which other readers ignore",
    orientation=KEPT_TURNED,
)
LOSSES_VIDEO: Final = words(
    "CVAT for video",
    _PLACE,
    track="CVAT for video follows one shape a frame, and no masks: these are tracks of one frame",
    splits=f"CVAT for video has one subset: splits are kept in {_PLACE} of <meta>",
    paths=f"CVAT for video numbers its frames: paths are kept in {_PLACE} of <meta>",
    sizes="CVAT for video has one size of picture: others are kept in <meta>",
    orientation=KEPT_TURNED,
)


def export_cvat(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as CVAT for images 1.1; the folder appears whole or not at all.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES)
    encoder = Encoder(losses)
    images: list[ET.Element] = []
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for sample in samples:
            name = pictures.write(sample)
            made, homeless = encoder.elements(sample)
            images.append(_image(sample, len(images), name, homeless, losses))
            images[-1].extend(node for _, nodes in made for node in nodes)
            objects += len(made)
        labels = labels_node(encoder.labels, classes, losses)
        meta = _meta(labels, len(images), "annotation", _subsets(images))
        target.write(LABEL_FILE, _document(meta, images))
    return _report("cvat", target, pictures, losses, len(images), objects)


def export_cvat_video(
    samples: Iterable[Sample],
    classes: ClassDictionary,
    read_blob: ReadBlob,
    out_dir: Path | str,
    *,
    force: bool = False,
    upright: Upright = "bake",
) -> ExportReport:
    """Write the samples as frames of CVAT for video 1.1, in their order.

    Raises:
        FolderNotEmpty: something lies in `out_dir` and `force` is not given.
    """
    losses = Losses(LOSSES_VIDEO)
    encoder = Encoder(losses)
    film = _Film()
    objects = 0
    with Target(out_dir, force=force) as target:
        pictures = PicturesOut(target, "images", read_blob, losses, upright=upright)
        for sample in samples:
            frame = f"frame_{film.count:06d}"
            suffix = split_suffix(sample.path)[1]
            name = pictures.write(msgspec.structs.replace(sample, path=frame + suffix))
            made, homeless = encoder.elements(sample, video=True)
            film.take(sample, name, made, homeless, losses)
            objects += len(made)
        labels = labels_node(encoder.labels, classes, losses)
        meta = _meta(labels, film.count, "interpolation")
        film.tell(meta)
        target.write(LABEL_FILE, _document(meta, film.tracks()))
    return _report("cvat-video", target, pictures, losses, film.count, objects)


class _Film:
    """Frames that follow each other, and the tracks through them."""

    def __init__(self) -> None:
        self.count = 0
        self._size: tuple[int, int] = (0, 0)
        self._beside: dict[str, Any] = {}
        self._tracks: defaultdict[tuple[str, str, int], dict[int, tuple[Followed, ET.Element]]]
        self._tracks = defaultdict(dict)
        self._singles: list[tuple[int, str, list[ET.Element]]] = []

    def take(
        self,
        sample: Sample,
        name: str,
        made: list[tuple[Annotation, list[ET.Element]]],
        homeless: list[Annotation],
        losses: Losses,
    ) -> None:
        """One more frame."""
        size = (sample.width, sample.height)
        self._size = size if not self.count else self._size
        side = whole_of(sample, name, homeless, losses)
        if side.path:
            losses.add("paths", sample.path)
        if sample.split is not None:
            losses.add("splits", sample.path)
        if size != self._size:
            losses.add("sizes", sample.path)
        side.split, side.size = sample.split, None if size == self._size else size
        if built := side.builtins:
            self._beside[str(self.count)] = built
        for each, nodes in made:
            if is_followed(each) and has_course(each, nodes):
                self._add(each, nodes[0])
            else:
                self._singles.append((self.count, each.label, nodes))
        self.count += 1

    def _add(self, each: Followed, node: ET.Element) -> None:
        again = 0
        while self.count in self._tracks[each.track, each.label, again]:
            again += 1
        self._tracks[each.track, each.label, again][self.count] = (each, node)

    def tell(self, meta: ET.Element) -> None:
        """Size and side fields, into `<meta>`."""
        task = meta.find("task")
        if task is not None:
            original = ET.SubElement(task, "original_size")
            for tag, value in zip(("width", "height"), self._size, strict=True):
                ET.SubElement(original, tag).text = str(value)
        if self._beside:
            ET.SubElement(meta, FIELD).text = side_text({"frames": self._beside})

    def tracks(self) -> list[ET.Element]:
        """Every track, then every object of one frame."""
        made: list[ET.Element] = []
        for (track, label, _), states in self._tracks.items():
            number = str(len(made))
            root = ET.Element("track", id=number, label=safe(label), source="manual")
            side: dict[str, Any] = {"track": track} if track != number else {}
            ends = [at for at, (each, _) in states.items() if each.ends]
            if ends != [at for at in states if at + 1 not in states and at < max(states)]:
                side[ENDS] = ends
            if side:
                root.set(FIELD, side_text(side))
            self._fill(root, states)
            made.append(root)
        for frame, label, nodes in self._singles:
            for node in nodes:
                root = ET.Element("track", id=str(len(made)), label=safe(label), source="manual")
                root.set(FIELD, side_text({SINGLE: True}))
                self._state(root, node, frame, key=True)
                self._end(root, node, frame)
                made.append(root)
        return made

    def _fill(self, root: ET.Element, states: dict[int, tuple[Followed, ET.Element]]) -> None:
        for frame in sorted(states):
            each, node = states[frame]
            self._state(root, node, frame, key=each.key_frame)
            if frame + 1 not in states:
                self._end(root, node, frame)

    def _state(self, root: ET.Element, node: ET.Element, frame: int, *, key: bool) -> None:
        node.attrib.pop("label", None)
        node.attrib.update(frame=str(frame), keyframe=str(int(key)), outside="0")
        root.append(node)

    def _end(self, root: ET.Element, node: ET.Element, frame: int) -> None:
        if frame + 1 >= self.count:
            return
        ending = ET.SubElement(root, node.tag, dict(node.attrib))
        ending.attrib.pop(FIELD, None)
        ending.attrib.update(frame=str(frame + 1), keyframe="1", outside="1")
        ending.extend(list(node))


def _image(
    sample: Sample, number: int, name: str, homeless: list[Annotation], losses: Losses
) -> ET.Element:
    node = ET.Element("image", id=str(number), name=name)
    side: Whole = whole_of(sample, name, homeless, losses)
    node.set("subset", _NO_SUBSET)
    if sample.split is not None:
        node.set("subset", safe(sample.split))
        if _read_as(safe(sample.split)) != sample.split:
            losses.add("splits", sample.path)
            side.split = sample.split
    node.set("width", str(sample.width))
    node.set("height", str(sample.height))
    if built := side.builtins:
        node.set(FIELD, side_text(built))
    return node


def _read_as(subset: str) -> str | None:
    """The split that the reader takes a subset for."""
    said = subset.strip()
    return None if said.lower() in {"", _NO_SUBSET} else SPLITS.get(said.lower(), said)


def _subsets(images: list[ET.Element]) -> list[str]:
    """The subsets of the pictures. Without splits there are none: then a picture names none either."""
    found = sorted({image.get("subset", _NO_SUBSET) for image in images})
    if found != [_NO_SUBSET]:
        return found
    for image in images:
        del image.attrib["subset"]  # a task has one subset: Datumaro skips pictures of another name
    return []


def _meta(
    labels: ET.Element, count: int, mode: str, subsets: list[str] | None = None
) -> ET.Element:
    """`<meta>`: of a task, or of a project where there are subsets, as CVAT does it."""
    meta = ET.Element("meta")
    task = ET.SubElement(meta, "project" if subsets else "task")
    told = {"name": "visloop", "size": count, "mode": mode, "overlap": 0}
    for tag, value in (told | {"start_frame": 0, "stop_frame": max(count - 1, 0)}).items():
        ET.SubElement(task, tag).text = str(value)
    listed = ET.SubElement(task, "subsets") if subsets else task
    for subset in subsets or ():
        ET.SubElement(listed, "subset").text = subset
    task.append(labels)
    return meta


def _document(meta: ET.Element, body: list[ET.Element]) -> bytes:
    root = ET.Element("annotations")
    ET.SubElement(root, "version").text = "1.1"
    root.append(meta)
    root.extend(body)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _report(
    name: str, target: Target, pictures: PicturesOut, losses: Losses, images: int, objects: int
) -> ExportReport:
    return ExportReport(
        format=name,
        folder=str(target.folder),
        images=images,
        objects=objects,
        baked=tuple(pictures.baked),
        renamed=pictures.renamed,
        losses=losses.report(),
        notes=pictures.notes(),
    )
