"""CVAT's labels: names, colours, kinds of attributes, skeletons; read from `<meta>`, written there.

Source: CVAT documentation, "CVAT for images 1.1" and "CVAT for video 1.1".
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import msgspec

from visloop.data.formats.beside import FIELD, typed
from visloop.data.formats.classes import Details, details_of, is_colour, listed, name_losses
from visloop.data.formats.loose import parse_xml

if TYPE_CHECKING:
    from visloop.data.formats.losses import Losses
    from visloop.data.records import ClassDictionary

_NOT_XML: Final = re.compile("[\x00-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}")

Skeleton = tuple[tuple[str, ...], tuple[tuple[int, int], ...]]


class Labels:
    """What a file declares of its labels; while writing, what the first object of a kind says."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.details: dict[str, Details | None] = {}
        self.kinds: dict[tuple[str, str], str] = {}
        self.skeletons: dict[str, Skeleton | None] = {}

    def know(self, name: str) -> None:
        """A label that is used."""
        if name not in self.details:
            self.names.append(name)
            self.details[name] = None

    def kind(self, label: str, attribute: str, value: object) -> str:
        """CVAT's kind of an attribute of a label, by its first value."""
        usual = "text"
        if isinstance(value, bool):
            usual = "checkbox"
        elif isinstance(value, int | float):
            usual = "number"
        return self.kinds.setdefault((label, attribute), usual)

    def value(self, label: str, attribute: str, text: str) -> Any:
        """An attribute's text as the value that its kind says."""
        kind = self.kinds.get((label, attribute), "text")
        if kind == "checkbox" and text in {"true", "false", "True", "False"}:
            return text.lower() == "true"
        return _as_number(text) if kind == "number" else text


def safe(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("�", text)


def side_text(side: dict[str, Any]) -> str:
    """A side field as the text of an XML attribute."""
    return json.dumps(side, ensure_ascii=True)


def side_in(node: ET.Element | None) -> Any:
    """The side field of an element (its attribute, else its text) as JSON; None where it has none."""
    text = None if node is None else node.get(FIELD) or (node.text if node.tag == FIELD else None)
    if not text:
        return None
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        return None


def read_labels(meta: ET.Element | None) -> Labels:
    """Labels of a task, job or project."""
    found = Labels()
    for node in () if meta is None else meta.iter("label"):
        name = (node.findtext("name") or "").strip()
        if not name:
            continue
        parent = (node.findtext("parent") or "").strip()
        for each in node.findall("attributes/attribute"):
            key = (name, each.findtext("name") or "")
            found.kinds.setdefault(key, (each.findtext("input_type") or "").strip())
        if parent:
            continue
        details = typed(side_in(node), Details) or Details()
        colour = (node.findtext("color") or "").strip()
        details.color = details.color or (colour if is_colour(colour) else "")
        if name not in found.details:
            found.names.append(name)
            found.details[name] = details
        if skeleton := _skeleton(node.findtext("svg") or ""):
            found.skeletons.setdefault(name, skeleton)
    _drop_sublabels(meta, found)
    return found


def labels_node(labels: Labels, classes: ClassDictionary, losses: Losses) -> ET.Element:
    """`<labels>`: every class, used or not, with the attributes and skeletons that were met."""
    root = ET.Element("labels")
    sides: list[dict[str, Any] | None] = []
    for at, (name, entry) in enumerate(listed(classes, labels.names)):
        node = ET.SubElement(root, "label")
        skeleton = labels.skeletons.get(name)
        _add(node, "name", name)
        _add(node, "color", entry.color if entry and is_colour(entry.color) else "")
        _add(node, "type", "skeleton" if skeleton else "any")
        kinds = ET.SubElement(node, "attributes")
        for (label, attribute), kind in labels.kinds.items():
            if label == name:
                _attribute(kinds, attribute, kind)
        if skeleton:
            _add(node, "svg", _svg(skeleton))
        side = details_of(entry, at, "color")
        sides.append(side)
        if side:
            node.set(FIELD, side_text(side))
        for sub in skeleton[0] if skeleton else ():
            _sublabel(root, sub, name)
    name_losses(sides, losses)
    return root


def _drop_sublabels(meta: ET.Element | None, found: Labels) -> None:
    """Labels nested in `<sublabels>` are points of a skeleton, no classes."""
    for node in () if meta is None else meta.iter("sublabels"):
        for name in [(each.findtext("name") or "").strip() for each in node.iter("label")]:
            if name in found.details:
                found.names.remove(name)
                del found.details[name]


def _as_number(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        found = float(text)
    except ValueError:
        return text
    return found if math.isfinite(found) else text


def _skeleton(svg: str) -> Skeleton | None:
    """The points of a drawn skeleton in the order of their numbers, and its edges."""
    if not svg.strip():
        return None
    try:
        root = parse_xml(f"<svg>{svg}</svg>".encode("utf-8", "replace"))
    except ValueError:
        return None
    nodes: dict[str, str] = {}
    for each in root.iter("circle"):
        number = each.get("data-node-id") or each.get("data-element-id") or ""
        nodes[number] = each.get("data-label-name") or number
    order = {number: at for at, number in enumerate(nodes)}
    ends = [(each.get("data-node-from"), each.get("data-node-to")) for each in root.iter("line")]
    edges = [(order[a], order[b]) for a, b in ends if a in order and b in order]
    return (tuple(nodes.values()), tuple(edges)) if nodes else None


def _svg(skeleton: Skeleton) -> str:
    """A drawing of the skeleton: its points on a circle."""
    names, edges = skeleton
    turn = 2 * math.pi / max(len(names), 1)
    spots = [
        (50 + 40 * math.cos(at * turn), 50 + 40 * math.sin(at * turn)) for at in range(len(names))
    ]
    drawing = ET.Element("svg")
    for a, b in edges:
        if a < len(names) and b < len(names):
            (x1, y1), (x2, y2) = spots[a], spots[b]
            ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
            line = {key: f"{value:.2f}" for key, value in ends.items()}
            marks = {"data-type": "edge", "data-node-from": str(a + 1), "data-node-to": str(b + 1)}
            ET.SubElement(drawing, "line", line | marks)
    for at, (name, (x, y)) in enumerate(zip(names, spots, strict=True), start=1):
        marks = {"data-type": "element node", "data-element-id": str(at), "data-node-id": str(at)}
        place = {"r": "1.5", "cx": f"{x:.2f}", "cy": f"{y:.2f}"}
        ET.SubElement(drawing, "circle", place | marks | {"data-label-name": safe(name)})
    return "".join(ET.tostring(each, encoding="unicode") for each in drawing)


def _attribute(root: ET.Element, name: str, kind: str) -> None:
    node = ET.SubElement(root, "attribute")
    _add(node, "name", name)
    _add(node, "mutable", "True")
    _add(node, "input_type", kind)
    usual = {"checkbox": ("false", "false"), "number": ("0", "-1000000000\n1000000000\n1")}
    default, values = usual.get(kind, ("", ""))
    _add(node, "default_value", default)
    _add(node, "values", values)


def _sublabel(root: ET.Element, name: str, parent: str) -> None:
    node = ET.SubElement(root, "label")
    for tag, value in (("name", name), ("color", ""), ("type", "points")):
        _add(node, tag, value)
    ET.SubElement(node, "attributes")
    _add(node, "parent", parent)


def _add(node: ET.Element, tag: str, value: object) -> None:
    ET.SubElement(node, tag).text = safe(str(value))
