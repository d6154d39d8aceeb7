"""The labelling set-up (`label_config.xml`): classes with colours, written for a project and read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import msgspec

from visloop.data.formats.beside import FIELD, typed
from visloop.data.formats.classes import Details, details_of, is_colour, listed, name_losses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visloop.data.formats.losses import Losses
    from visloop.data.records import ClassDictionary, ClassEntry

CONTROLS: Final = {
    "rectanglelabels": ("RectangleLabels", "box"),
    "polygonlabels": ("PolygonLabels", "outline"),
    "brushlabels": ("BrushLabels", "mask"),
    "keypointlabels": ("KeyPointLabels", "point"),
}
"""Kinds of regions: their tag in the set-up, and the name that we give their control."""
CHOICES: Final = "class"
NUMBER: Final = "number"
_LABEL_TAGS: Final = frozenset({"Label", "Choice"})


def config(
    classes: ClassDictionary, used: Iterable[str], labels: list[str], losses: Losses
) -> bytes:
    """The set-up of a project that shows these classes, with a control for each kind in `used`."""
    kinds = [kind for kind in CONTROLS if kind in used] or ["rectanglelabels"]
    view = ET.Element("View")
    ET.SubElement(view, "Image", name="image", value="$image", zoom="true")
    named = listed(classes, labels)
    sides = [details_of(entry, -1, "id", "color", "definition") for _, entry in named]
    name_losses(sides, losses)
    for at, kind in enumerate(kinds):
        tag, name = CONTROLS[kind]
        control = ET.SubElement(view, tag, name=name, toName="image")
        for place, ((label, entry), side) in enumerate(zip(named, sides, strict=True)):
            node = _label(control, label, entry)
            if kind == "keypointlabels":  # without this order Label Studio itself writes no COCO
                node.set("model_index", str(place))
            if side and not at:
                node.set(FIELD, json.dumps(side))
    if "choices" in used:
        control = ET.SubElement(view, "Choices", name=CHOICES, toName="image", choice="multiple")
        for label, _ in named:
            ET.SubElement(control, "Choice", value=label)
    if "number" in used:
        ET.SubElement(view, "Number", name=NUMBER, toName="image")
    ET.indent(view)
    return ET.tostring(view, encoding="utf-8")


def _label(control: ET.Element, label: str, entry: ClassEntry | None) -> ET.Element:
    node = ET.SubElement(control, "Label", value=label)
    if entry is not None:
        node.set("category", str(entry.id))
        if is_colour(entry.color):
            node.set("background", entry.color)
        if entry.definition:
            node.set("hint", entry.definition)
    return node


def classes_in(root: ET.Element) -> list[tuple[str, Details | None]]:
    """Class names with their details, in the order of the set-up; each once."""
    found: dict[str, Details] = {}
    for node in root.iter():
        name = (node.get("value") or "").strip()
        if node.tag not in _LABEL_TAGS or not name:
            continue
        details = found.setdefault(name, _side(node))
        number = node.get("category", "")
        if details.id is None and number.isascii() and number.isdigit() and len(number) < 10:  # noqa: PLR2004
            details.id = int(number)
        colour = node.get("background", "")
        details.color = details.color or (colour if is_colour(colour) else "")
        details.definition = details.definition or node.get("hint", "")
    return list(found.items())


def _side(node: ET.Element) -> Details:
    try:
        raw = msgspec.json.decode(node.get(FIELD, "null").encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        raw = None
    return typed(raw, Details) or Details()
