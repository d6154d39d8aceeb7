"""Odd things in a data set that exists: files that changed, classes, metadata."""

from __future__ import annotations

from pathlib import Path

from tests.contract.bad.cases import case, jpeg, write
from tests.data_world import SCOPE
from visloop import data

PLACE, CLASSES, METADATA = "Files left in place", "Classes", "Metadata"
FILE, WHOLE, KEPT = "refused file", "refused whole", "kept"
IN_PLACE = {"in_place": True}


def pair(folder: Path) -> None:
    """Two pictures."""
    write(folder / "a.jpg", jpeg())
    write(folder / "b.jpg", jpeg(colour=10))


def lain(ports: data.DataPorts, folder: Path) -> None:
    """They are in, in place, and committed."""
    data.add(ports, SCOPE, "odd", [folder], data.AddOptions(in_place=True))
    data.commit(ports, SCOPE, "odd", "as they lie")


def rewritten(folder: Path) -> None:
    write(folder / "b.jpg", jpeg(colour=77, size=(80, 60)))


def moved(folder: Path) -> None:
    (folder / "b.jpg").rename(folder / "c.jpg")


def deleted(folder: Path) -> None:
    (folder / "b.jpg").unlink()


def broken(folder: Path) -> None:
    write(folder / "b.jpg", jpeg(colour=10)[:-50])


case(
    PLACE,
    "a file that changed",
    KEPT,
    said="changed",
    samples=2,
    options=IN_PLACE,
    before=lain,
    change=rewritten,
)(pair)
case(
    PLACE,
    "a file that moved",
    KEPT,
    said="moved here",
    samples=2,
    options=IN_PLACE,
    before=lain,
    change=moved,
)(pair)
case(
    PLACE,
    "a file that was deleted",
    KEPT,
    said="gone",
    samples=2,
    options=IN_PLACE,
    before=lain,
    change=deleted,
)(pair)
case(
    PLACE,
    "a file that was cut short since",
    FILE,
    "truncated",
    samples=2,
    options=IN_PLACE,
    before=lain,
    change=broken,
)(pair)


def taught(ports: data.DataPorts, folder: Path) -> None:
    """The data set knows a cat."""
    data.add(ports, SCOPE, "odd", [folder / "first"])
    data.commit(ports, SCOPE, "odd", "cats")


def foreign(folder: Path) -> Path:
    write(folder / "first" / "cat" / "a.jpg", jpeg())
    write(folder / "more" / "Katze" / "b.jpg", jpeg(colour=10))
    return folder / "more"


UNKNOWN = "data.unknown_class"
case(CLASSES, "a class name that the data set does not have", WHOLE, UNKNOWN, before=taught)(
    foreign
)
case(
    CLASSES,
    "`--map` to a class that is not there",
    WHOLE,
    UNKNOWN,
    said="dog",
    before=taught,
    options={"class_map": {"Katze": "dog"}},
)(foreign)
case(
    CLASSES,
    "`--map` of a class that nothing is called",
    KEPT,
    said="Kazte",
    samples=2,
    before=taught,
    options={"class_map": {"Kazte": "cat"}, "add_classes": True},
)(foreign)
case(
    CLASSES,
    "`--map` to nothing",
    WHOLE,
    "usage",
    before=taught,
    options={"class_map": {"Katze": ""}},
)(foreign)
case(
    CLASSES,
    "a new class without a name",
    WHOLE,
    "usage",
    before=taught,
    options={"new_classes": (" ",)},
)(foreign)


def measured(ports: data.DataPorts, folder: Path) -> None:
    """A field that holds numbers."""
    data.add(ports, SCOPE, "odd", [folder / "a.jpg"])
    data.field_add(ports, SCOPE, "odd", data.Field(name="height", type="number", unit="mm"))


case(
    METADATA,
    "a word where a number belongs",
    WHOLE,
    "data.wrong_metadata",
    said="height",
    before=measured,
    options={"metadata": {"height": "tall"}},
)(pair)
case(
    METADATA,
    "a number that is none (`nan`)",
    WHOLE,
    "data.wrong_metadata",
    said="height",
    before=measured,
    options={"metadata": {"height": "nan"}},
)(pair)
case(
    METADATA,
    "a unit that does not fit",
    WHOLE,
    "data.wrong_metadata",
    said="height",
    before=measured,
    options={"metadata": {"height": "3 kg"}},
)(pair)
case(
    METADATA,
    "a camera that is not in the registry",
    WHOLE,
    "data.camera_not_found",
    options={"camera": "nobody"},
)(pair)
