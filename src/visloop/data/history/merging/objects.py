"""The objects of one sample, merged by their ids; each field of an object by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_field
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from visloop.data.history.merging.conflicts import Decider, Place, agreed, chosen
from visloop.ids import object_id
from visloop.vision import Annotation

_PLAIN: Final = ("label", "ignore", "crowd", "review")
_PROVENANCE: Final = ("author", "score")
_COMMON: Final = frozenset({"id", "attributes", *_PLAIN, *_PROVENANCE})
_NOTHING: Final = None

Annotations: TypeAlias = tuple[Annotation, ...]


def merged_objects(
    decider: Decider, place: Place, base: Annotations, ours: Annotations, theirs: Annotations
) -> Annotations:
    """Objects in our order, then what only the other side has, in its order."""
    b, o, t = ({each.id: each for each in side} for side in (base, ours, theirs))
    found: list[Annotation] = []
    for name in dict.fromkeys([*o, *t]):
        found += _merged(
            decider, with_field(place, object=name), b.get(name), o.get(name), t.get(name)
        )
    return tuple(found)


def _merged(
    decider: Decider, place: Place, b: Annotation | None, o: Annotation | None, t: Annotation | None
) -> Iterator[Annotation]:
    settled, one = agreed(b, o, t)
    if not settled and (o is None or t is None):
        take = decider.decide(place, "object", b, o, t, both=True)
        one = (o or t) if take == "both" else chosen(take, b, o, t)
        settled = True
    if settled:
        if one is not None:
            yield one
        return
    assert o is not None
    assert t is not None
    yield from _field_by_field(decider, place, b, o, t)


def _field_by_field(
    decider: Decider, place: Place, b: Annotation | None, o: Annotation | None, t: Annotation
) -> Iterator[Annotation]:
    assert o is not None
    settled, carrier = agreed(*(_Shaped(each) for each in (b, o, t)))
    extra: Annotation | None = None
    if not settled:
        shapes = (shape(b) if b else None, shape(o), shape(t))
        take = decider.decide(place, "geometry", *shapes, both=True)
        carrier = _Shaped(b if take == "base" and b else t if take == "theirs" else o)
        if take == "both":
            extra = replace(t, id=object_id(place.sample, 0, f"both sides of {place.object}"))
    assert carrier.of is not None
    fields: dict[str, Any] = {"id": o.id}
    for name in _PLAIN:
        was = getattr(b, name) if b else _NOTHING
        fields[name] = decider.three(place, name, was, getattr(o, name), getattr(t, name))
    fields["attributes"] = merged_values(
        decider, place, "attributes", b.attributes if b else {}, o.attributes, t.attributes
    )
    fields |= _provenance(b, o, t, from_theirs=_is_theirs(carrier, fields["label"], o, t))
    yield replace(carrier.of, **fields)
    if extra is not None:
        yield extra


class _Shaped:
    """An annotation of which only kind and geometry count when it is compared."""

    def __init__(self, of: Annotation | None) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Shaped) or self.of is None or other.of is None:
            return isinstance(other, _Shaped) and self.of is other.of
        return shape(self.of) == shape(other.of)

    def __hash__(self) -> int:
        return 0


def shape(annotation: Annotation) -> dict[str, Any]:
    """Kind and geometry as plain values, without what every annotation has."""
    plain: dict[str, Any] = msgspec.to_builtins(annotation)
    return {name: value for name, value in plain.items() if name not in _COMMON}


def _is_theirs(carrier: _Shaped, label: str, o: Annotation, t: Annotation) -> bool:
    """Whether the other side gave the geometry, or else the label."""
    if shape(o) != shape(t):
        return carrier == _Shaped(t)
    return o.label != t.label and label == t.label


def _provenance(
    b: Annotation | None, o: Annotation, t: Annotation, *, from_theirs: bool
) -> dict[str, Any]:
    """Who drew it goes with what was drawn; where both sides changed it, no conflict."""
    found: dict[str, Any] = {}
    for name in _PROVENANCE:
        ours, theirs = getattr(o, name), getattr(t, name)
        settled, value = agreed(getattr(b, name) if b else _NOTHING, ours, theirs)
        found[name] = value if settled else theirs if from_theirs else ours
    return found


def merged_values(
    decider: Decider,
    place: Place,
    what: str,
    base: dict[str, Any],
    ours: dict[str, Any],
    theirs: dict[str, Any],
) -> dict[str, Any]:
    """Attributes or metadata, each key by itself; a key in our order, then the other side's."""
    found: dict[str, Any] = {}
    for key in dict.fromkeys([*ours, *theirs]):
        sides = [_held(side, key) for side in (base, ours, theirs)]
        settled, held = agreed(*sides)
        if not settled:
            values = (base.get(key), ours.get(key), theirs.get(key))
            held = chosen(decider.decide(place, f"{what}.{key}", *values), *sides)
        if held:
            found[key] = held[1]
    return found


def _held(side: dict[str, Any], key: str) -> tuple[Any, ...]:
    """The value and its type, or nothing where there is no such key."""
    return (type(side[key]), side[key]) if key in side else ()
