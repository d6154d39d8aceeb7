"""Who gave each field of a sample and of its objects the value that it has, and in which version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from visloop.data import catalog
from visloop.data.history.clean import tree_of
from visloop.data.history.merging.objects import shape
from visloop.data.records import DataPorts, Sample, Version
from visloop.data.tree.edit import differences
from visloop.data.tree.nodes import Bytes, Tree
from visloop.data.working import SampleNotFound, decode
from visloop.errors import NotFound, UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import Ref

_Key: TypeAlias = tuple[str, str]


class ObjectNotFound(NotFound):
    """The sample has no such object."""

    code = "data.object_not_found"


@dataclass(frozen=True)
class Blamed:
    """One field and where its value came from; `object` is empty for the sample itself.

    `author` is who drew the object (a person or a model), `actor` who committed the version.
    """

    object: str
    label: str
    field: str
    value: Any
    version: str
    time: str
    actor: str
    message: str
    author: str


def blame(
    ports: DataPorts, scope: Scope, ref: Ref, path: str, *, object_: str | None = None
) -> list[Blamed]:
    """Each field of a sample (or of one of its objects, by id or its beginning), by object.

    Walks back along the versions that hold the sample; in a merge each field follows the side that
    it came from, and a sample that was moved is followed to where it was.

    Raises:
        DatasetNotFound, VersionNotFound: the reference names nothing.
        SampleNotFound, ObjectNotFound: the version has no such sample, or the sample no such object.
        UsageError: what is not committed has no history yet.
    """
    if ref.version == catalog.WORK:
        raise UsageError(f"{ref} is not committed", fix=f"visloop blame {ref.name} {path}")
    with ports.ledger.read() as connection:
        here = (connection, scope.project, ref.name)
        last = catalog.resolve(*here, ref.version)
        versions = {each.number: each for each in catalog.history(*here)}
    entry = tree_of(ports.blobs, last).get(path)
    if entry is None:
        raise SampleNotFound(
            f"{last.ref} has no sample {path!r}", fix=f"list them: visloop samples {last.ref}"
        )
    sample = decode(entry)
    values = _values(sample)
    if object_ is not None:
        values = {
            key: value for key, value in values.items() if object_ and key[0].startswith(object_)
        }
        if not values:
            raise ObjectNotFound(
                f"{path!r} has no object {object_!r}",
                fix=did_you_mean(
                    object_,
                    [each.id for each in sample.annotations],
                    otherwise=f"see: visloop blame {last.ref} {path}",
                ),
            )
    origin = dict(_origins(ports.blobs, versions, last, sample, set(values)))
    authors = {each.id: (each.label, each.author) for each in sample.annotations}
    return [
        _row(key, value, origin[key], *authors.get(key[0], ("", "")))
        for key, value in values.items()
    ]


def _row(key: _Key, value: Any, version: Version, label: str, author: str) -> Blamed:
    told = (version.name, version.time, version.actor, version.message)
    return Blamed(key[0], label, key[1], value, *told, author)


def _values(sample: Sample) -> dict[_Key, Any]:
    """Every field by itself: (object, field) → value."""
    found: dict[_Key, Any] = {
        ("", "path"): sample.path,
        ("", "image"): sample.image,
        ("", "split"): sample.split,
    }
    for key, value in sample.metadata.items():
        found["", f"metadata.{key}"] = value
    for each in sample.annotations:
        found[each.id, "geometry"] = shape(each)
        found[each.id, "label"] = each.label
        found[each.id, "review"] = each.review
        for key, value in each.attributes.items():
            found[each.id, f"attributes.{key}"] = value
    return found


def _origins(
    blobs: Bytes, versions: Mapping[int, Version], last: Version, sample: Sample, keys: set[_Key]
) -> Iterator[tuple[_Key, Version]]:
    """Key → the version that gave it its value; the newest version that is left is looked at next."""
    waiting: dict[int, tuple[Sample, set[_Key]]] = {last.number: (sample, keys)}
    while waiting:
        number = max(waiting)
        now, left = waiting.pop(number)
        version = versions[number]
        tree, values = tree_of(blobs, version), _values(now)
        for parent in version.parents:
            before = _same(tree_of(blobs, versions[parent]), tree, now) if left else None
            if before is None:
                continue
            was = values if before is now else _values(before)
            passed = {key for key in left if key in was and was[key] == values[key]}
            if passed:
                _, known = waiting.get(parent, (before, set[_Key]()))
                waiting[parent] = (before, known | passed)
                left = left - passed
        for key in left:
            yield key, version


def _same(before: Tree, after: Tree, now: Sample) -> Sample | None:
    """The sample as it was in the tree before, wherever it lay."""
    old, new = before.get(now.path), after.get(now.path)
    if old is not None and old == new:
        return now
    if old is not None and (was := decode(old)).id == now.id:
        return was
    for left, _ in differences(before, after):
        if left is not None and (was := decode(left)).id == now.id:
            return was
    return None
