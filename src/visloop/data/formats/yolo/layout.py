"""Where a YOLO set keeps its pictures, labels, splits and names: one answer for every layout.

    data.yaml, images/train/a.jpg, labels/train/a.txt      Ultralytics; also lists in .txt files
    data.yaml, train/images/a.jpg, train/labels/a.txt      Roboflow
    obj.data, obj.names, train.txt, obj_train_data/a.jpg   Darknet, CVAT: labels beside pictures
    images/…, labels/…, classes.txt                        nothing but the files

What a folder's label files name is looked for inside that folder only; a data.yaml that a person
names himself may lead elsewhere by its `path`.
"""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH110, PTH112, PTH113, PTH118, PTH119, PTH120, PTH122, PTH123, PTH208

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from visloop.data.formats.folder import SPLITS
from visloop.data.formats.records import LabelsUnreadable
from visloop.data.formats.yolo.lines import Pose, Schema, Task, plausible
from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import clean, inside, is_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.data.ingest.walk import Leftovers
    from visloop.data.records import Refusal

_NO_SPLITS: Final = "path names nc task kpt_shape kpt_names flip_idx download channels roboflow"
RESERVED: Final = frozenset(f"{_NO_SPLITS} classes backup eval yaml_file weights".split())
"""Keys of data.yaml and obj.data that are no splits."""
UNSPLIT: Final = "unsplit"
"""Our own name for the pictures that are in no split."""

_YAML_FIRST: Final = ("data.yaml", "dataset.yaml", "data.yml", "dataset.yml")
_NAMES_FILES: Final = ("classes.txt", "obj.names", "_darknet.labels", "names.txt", "classes.names")
NO_LABELS: Final = frozenset({*_NAMES_FILES, "readme.txt", "labels.txt", "requirements.txt"})
_BY_NUMBER: Final = "they are called by their numbers"
_MOST_YAML: Final = 8 << 20
_SNIFFED: Final = 20
_MEND: Final = "mend the paths, or add the folder of pictures and labels without this file"


class Place(NamedTuple):
    """One split: a folder of pictures, or a file that lists them (relative to `base`)."""

    split: str | None
    folder: str = ""
    listing: str = ""
    base: str = ""


class Layout(NamedTuple):
    """A whole set. No places: every picture of the tree belongs to it, split by its folders."""

    tree: str
    said_in: str
    schema: Schema
    places: tuple[Place, ...] = ()
    problems: tuple[Refusal, ...] = ()


def recognises_yolo(path: str) -> bool:
    """Whether `path` is a data.yaml or obj.data, or a folder with one, or with YOLO label files."""
    if not os.path.isdir(path):
        return _is_description(path)
    return _description_in(path) is not None or _bare(path)


def layout_of(path: str, task: Task, left: Leftovers) -> Layout:
    """Read what describes the set at `path`.

    Raises:
        LabelsUnreadable: it cannot be read, or nothing that it names is there.
    """
    given_file = not os.path.isdir(path)
    file = path if given_file else _description_in(path)
    if file is None:
        named = _names_below(path)
        if not named and task != "classify":
            left.say(f"no file names the classes: {_BY_NUMBER}")
        return Layout(path, clean(path), Schema(named, task))
    described = _darknet_described(file) if file.endswith(".data") else _yaml_described(file)
    folder = os.path.dirname(file)
    tree = _root(described, folder, follow=given_file) if given_file else path
    names = _names(described.get("names"), folder, file)
    schema = _schema(described, names, task, left)
    if not names and schema.task != "classify":
        left.say(f"{clean(file)} names no classes: {_BY_NUMBER}")
    places, problems, missing = _places(described, file, tree, follow=given_file)
    if missing:
        shown = ", ".join(clean(each) for each in missing)
        if not places and not problems:
            raise LabelsUnreadable(
                f"{clean(file)} names {shown}, and no such folder or list is there", fix=_MEND
            )
        left.say(f"{clean(file)} names {shown}, which is not there: left out")
    return Layout(tree, clean(file), schema, tuple(places), tuple(problems))


def _is_description(path: str) -> bool:
    if path.endswith(".data"):
        return os.path.isfile(path) and "names" in _darknet_described(path)
    if not path.lower().endswith((".yaml", ".yml")):
        return False
    try:
        described = _yaml_described(path)
    except LabelsUnreadable:
        return False
    return isinstance(described.get("names"), dict | list | str) and bool(
        described.keys() & {"train", "val", "test", "path", "task"}
    )


def _description_in(folder: str) -> str | None:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    inside_it = [name for name in names if name.lower().endswith((".yaml", ".yml", ".data"))]
    inside_it.sort(key=lambda name: (name.lower() not in _YAML_FIRST, name))
    files = [os.path.join(folder, name) for name in inside_it]
    if found := next(filter(_is_description, files), None):
        return found
    broken = (each for each in files if _is_broken(each))
    return next(broken, None) if os.path.isdir(os.path.join(folder, "labels")) else None


def _is_broken(file: str) -> bool:
    """Whether a file with the name of a description cannot be read as one."""
    try:
        _yaml_described(file)
    except LabelsUnreadable:
        return os.path.basename(file).lower() in _YAML_FIRST
    return False


def _yaml_described(file: str) -> dict[str, Any]:
    try:
        with open(file, "rb") as opened:
            raw = opened.read(_MOST_YAML).decode("utf-8-sig")
        described: Any = YAML(typ="safe").load(raw)
    except (YAMLError, OSError, ValueError, RecursionError, TypeError) as problem:
        told = " ".join(str(problem).split())[:300]
        raise LabelsUnreadable(f"{clean(file)} is not YAML: {told}", fix=_MEND) from problem
    if not isinstance(described, dict):
        return {}
    return {str(key): value for key, value in cast("dict[Any, Any]", described).items()}


def _darknet_described(file: str) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for line in _text(file).splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.lstrip().startswith("#"):
            described[key.strip()] = value.strip()
    return described


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig", errors="replace") as opened:
            return opened.read(_MOST_YAML)
    except OSError:
        return ""


def _root(described: dict[str, Any], folder: str, *, follow: bool) -> str:
    stated = described.get("path")
    if isinstance(stated, str) and "\0" not in stated:
        root = os.path.normpath(os.path.join(folder, stated))
        if os.path.isdir(root) and (follow or _inside(root, folder)):
            return root
    return folder


def _inside(path: str, tree: str) -> bool:
    return inside(os.path.realpath(path), os.path.realpath(tree))


def _names(stated: object, folder: str, file: str) -> dict[int, str]:
    """Class id → name, from a dict with gaps, a list, or (Darknet) the name of a file."""
    match stated:
        case str():
            named = _lead(stated, folder)
            return names_file(named) if named else {}
        case list():
            return {at: str(name) for at, name in enumerate(cast("list[Any]", stated))}
        case dict():
            try:
                pairs = {int(key): str(name) for key, name in cast("Any", stated).items()}
            except (ValueError, TypeError) as problem:
                raise LabelsUnreadable(
                    f"{clean(file)}: names must be numbered by whole numbers: {problem}",
                    fix="write names as a list, or as 0: cat, 1: dog",
                ) from problem
            return {number: pairs[number] for number in sorted(pairs)}
        case _:
            return {}


def names_file(file: str) -> dict[int, str]:
    """One name a line; the number of the line, from 0, is the class's."""
    lines = [line.strip() for line in _text(file).rstrip().splitlines()]
    return {at: name or str(at) for at, name in enumerate(lines)}


def _schema(
    described: dict[str, Any], names: dict[int, str], task: Task, left: Leftovers
) -> Schema:
    shape: Any = described.get("kpt_shape")
    stated: Any = described.get("task")
    points = values = 0
    if isinstance(shape, list) and [type(each) for each in cast("Any", shape)] == [int, int]:
        points, values = cast("list[int]", shape)
    if not 0 < points < 10_000 or values not in {2, 3}:  # noqa: PLR2004
        points, values = 0, 3
    known = {"detect": "detect", "segment": "segment", "obb": "obb", "pose": "pose"}
    known["classify"] = "classify"
    chosen = task or (known.get(stated, "") if isinstance(stated, str) else "")
    if chosen not in {"", "pose"}:
        points = 0
    said: Any = described.get("kpt_names")
    lists: list[Any] = list(cast("Any", said).values()) if isinstance(said, dict) else [said]
    first = cast("Any", lists[0]) if lists and isinstance(lists[0], list) else []
    point_names = tuple(map(str, first)) if len(first) == points else ()
    if points and described.get("flip_idx") not in (None, Pose(points, point_names).flipped()):
        left.say("flip_idx was left out: it says how to mirror pictures, not what they show")
    return Schema(names, cast("Task", chosen), points, values, point_names)


def _places(
    described: dict[str, Any], file: str, tree: str, *, follow: bool
) -> tuple[list[Place], list[Refusal], list[str]]:
    """The splits that are there; what leads out of the folder; what is not there."""
    folder = os.path.dirname(file)
    root = _root(described, folder, follow=follow)
    places: dict[str, list[Place]] = {}
    problems: list[Refusal] = []
    missing: list[str] = []
    for key, value in described.items():
        if key in RESERVED:
            continue
        known = SPLITS.get(key.lower())
        split = None if key == UNSPLIT else known or key
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            if not isinstance(each, str) or not each or "\0" in each:
                continue
            lead = _lead(each, root, folder)
            if lead is None:
                missing += [each] * (known is not None)
            elif not follow and not _inside(lead, tree):
                reason = f"{key}: {each!r} leads out of the folder"
                fix = f"name the file itself: visloop add {clean(file)}"
                problems.append(refuse(clean(each), clean(file), "outside_folder", reason, fix=fix))
            elif os.path.isdir(lead):
                places.setdefault(lead, []).append(Place(split, folder=lead))
            elif known is not None or lead.endswith(".txt"):
                places.setdefault(lead, []).append(Place(split, listing=lead, base=root))
    return [_one(each) for each in places.values()], problems, missing


def _one(named: list[Place]) -> Place:
    """Of several splits that are the same folder (`val: images/train`) the one that it is.

    The one that is called as the folder is, else one that is neither train nor val, else the first.
    """
    stem = os.path.splitext(os.path.basename(named[0].folder or named[0].listing))[0].lower()
    own = [each for each in named if each.split == SPLITS.get(stem, stem)]
    other = [each for each in named if each.split not in {"train", "val"}]
    return (own or other or named)[0]


def _lead(stated: str, *bases: str) -> str | None:
    """Where a stated path leads, tried from each base and (Roboflow, Darknet) one step off."""
    tried = [os.path.join(base, stated) for base in bases]
    for base in bases:
        if stated.startswith("../"):
            tried.append(os.path.join(base, stated[3:]))
        tried.append(os.path.join(os.path.dirname(base), stated))
        tried.append(os.path.join(base, os.path.basename(stated.rstrip("/"))))
    found = (os.path.normpath(each) for each in tried)
    return next((each for each in found if os.path.exists(each)), None)


def _names_below(folder: str) -> dict[int, str]:
    for where in (folder, *_label_folders(folder)):
        for name in _NAMES_FILES:
            file = os.path.join(where, name)
            if os.path.isfile(file):
                return names_file(file)
        for name in _listed(where):
            if name.endswith(".names"):
                return names_file(os.path.join(where, name))
    return {}


def _label_folders(folder: str) -> list[str]:
    """Folders of label files in a set that nothing describes."""
    tops = [name for name in _listed(folder) if os.path.isdir(os.path.join(folder, name))]
    found = [os.path.join(folder, name) for name in tops if name in {"labels", "obj_train_data"}]
    for name in tops:
        if name.lower() in SPLITS:
            found += [os.path.join(folder, name, "labels"), os.path.join(folder, name)]
    for each in list(found):
        found += [os.path.join(each, name) for name in _listed(each) if name.lower() in SPLITS]
    return [each for each in dict.fromkeys(found) if os.path.isdir(each)]


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _bare(folder: str) -> bool:
    """Whether label files lie in the folder, in one of the places where they usually lie."""
    if any(plausible(_head(file)) for file in _some_texts(folder, beside=True)):
        return True
    return any(
        plausible(_head(file))
        for each in _label_folders(folder)
        for file in _some_texts(each, beside=f"{os.sep}labels" not in each[len(folder) :])
    )


def _some_texts(folder: str, *, beside: bool) -> Iterator[str]:
    """The first label files of a folder; `beside`: only those next to a picture of their name."""
    by_stem: dict[str, list[str]] = {}
    texts: list[str] = []
    for name in _listed(folder):
        stem, suffix = os.path.splitext(name)
        if suffix != ".txt":
            by_stem.setdefault(stem, []).append(os.path.join(folder, name))
        elif name.lower() not in NO_LABELS:
            texts.append(stem)
    if beside:
        texts = [stem for stem in texts if any(map(is_picture, by_stem.get(stem, ())))]
    for stem in texts[:_SNIFFED]:
        yield os.path.join(folder, stem + ".txt")


def _head(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read(4096)
    except OSError:
        return ""
