"""One sample, merged field by field."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from visloop.data.history.merging.conflicts import Decider, Place, agreed, chosen
from visloop.data.history.merging.objects import merged_objects, merged_values
from visloop.data.records import Sample

_BYTES: Final = ("image", "bytes", "width", "height", "media", "mode", "orientation")
_BESIDE: Final = ("source", "added")


def merged_sample(
    decider: Decider, base: Sample | None, ours: Sample | None, theirs: Sample | None
) -> Sample | None:
    """What the sample is after the merge; None: it is gone."""
    settled, one = agreed(base, ours, theirs)
    if settled:
        return one
    there = ours or theirs or base
    assert there is not None
    place = Place(there.id, there.path)
    if ours is None or theirs is None:
        sides = (_short(base), _short(ours), _short(theirs))
        take = decider.decide(place, "sample", *sides, both=True)
        return (ours or theirs) if take == "both" else chosen(take, base, ours, theirs)
    return _both_there(decider, place, base, ours, theirs)


def _short(sample: Sample | None) -> dict[str, Any] | None:
    """Enough of a sample to tell its states apart."""
    if sample is None:
        return None
    return {
        "path": sample.path,
        "image": sample.image,
        "objects": len(sample.annotations),
        "split": sample.split,
    }


def _both_there(
    decider: Decider, place: Place, base: Sample | None, ours: Sample, theirs: Sample
) -> Sample:
    fields: dict[str, Any] = {}
    for name in ("path", "split", "labelled"):
        was = getattr(base, name) if base else None
        fields[name] = decider.three(place, name, was, getattr(ours, name), getattr(theirs, name))
    fields |= _bytes(decider, place, base, ours, theirs)
    for name in _BESIDE:
        was = getattr(base, name) if base else None
        settled, value = agreed(was, getattr(ours, name), getattr(theirs, name))
        fields[name] = value if settled else getattr(ours, name)
    metadata = base.metadata if base else {}
    fields["metadata"] = merged_values(
        decider, place, "metadata", metadata, ours.metadata, theirs.metadata
    )
    objects = base.annotations if base else ()
    fields["annotations"] = merged_objects(
        decider, place, objects, ours.annotations, theirs.annotations
    )
    return replace(ours, **fields)


def _bytes(
    decider: Decider, place: Place, base: Sample | None, ours: Sample, theirs: Sample
) -> dict[str, Any]:
    """The picture, and what is read off it, from one side."""
    was = base.image if base else None
    image = decider.three(place, "image", was, ours.image, theirs.image)
    side = next(each for each in (ours, theirs, base) if each is not None and each.image == image)
    return {name: getattr(side, name) for name in _BYTES}
