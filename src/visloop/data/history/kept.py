"""What data sets keep alive: versions with their trees, what is staged or quarantined, embeddings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import select

from visloop.data import catalog
from visloop.data.picking.changing import remembered_samples
from visloop.data.tables import (
    bulk_changes,
    embeddings,
    fetched,
    located,
    quarantine,
    sources,
    versions,
    working,
)
from visloop.data.tree.codec import Inner, decode
from visloop.data.working import image_of
from visloop.errors import Corrupt
from visloop.store import Link, Look, Roots

_HEX: Final = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def _digests(look: Look) -> Iterator[Link]:
    yield from _of_versions(look)
    staged = select(working.c.dataset, working.c.path, working.c.sample)
    for dataset, path, sample in look.connection.execute(staged):
        if sample is not None:
            yield Link(image_of(sample), f"{dataset}@{catalog.WORK}: {path}", dataset)
    refused = select(quarantine.c.dataset, quarantine.c.id, quarantine.c.image, quarantine.c.found)
    for dataset, name, image, found in look.connection.execute(refused):
        said = [each.decode() for each in _HEX.findall(found or b"")]
        for digest in (*said, *([image] if image else [])):
            yield Link(digest, f"quarantine of {dataset}: {name}", dataset)
    changes = look.connection.execute(select(bulk_changes.c.key, bulk_changes.c.before))
    for key, before in changes:
        for sample in remembered_samples(before):
            yield Link(image_of(sample), f"change {key}, which can be taken back")
    for chunk in look.connection.scalars(select(embeddings.c.chunk).distinct()):
        yield Link(chunk, "embeddings")


def _of_versions(look: Look) -> Iterator[Link]:
    columns = (versions.c.dataset, versions.c.number, versions.c.root)
    for dataset, number, root in look.connection.execute(select(*columns)):
        yield from version_links(look, root, f"{dataset}@v{number}", dataset)


def version_links(look: Look, root: str, owner: str, of: str = "") -> Iterator[Link]:
    """The root object, the nodes and the pictures of a version, less what was met in this look."""
    if not look.seen.first(root):
        return
    top = Link(root, owner, of)
    yield top
    raw = look.read(top)
    if raw is None:
        return
    try:
        waiting = [msgspec.msgpack.decode(raw, type=catalog.RootObject).tree]
    except msgspec.MsgspecError as broken:
        look.damaged(top, Corrupt(f"it is not the root of a version: {broken}"))
        return
    while waiting:
        digest = waiting.pop()
        if look.seen.first(digest):
            link = Link(digest, owner, of)
            yield link
            yield from _below(look, link, waiting)


def _below(look: Look, link: Link, waiting: list[str]) -> Iterator[Link]:
    """The pictures of a leaf; the nodes below an inner one go to `waiting`."""
    raw = look.read(link)
    if raw is None:
        return
    try:
        node = decode(link.digest, raw)
        if isinstance(node, Inner):
            waiting.extend(each.node for each in node.items)
            return
        values = [entry.value for entry in node.items]
    except Corrupt as broken:
        look.damaged(link, broken)
        return
    for value in values:
        yield link._replace(digest=image_of(value))


DATA_ROOTS: Final = Roots(
    room="data",
    columns=frozenset(
        {
            "versions.root",
            "working.sample",
            "quarantine.image",
            "quarantine.found",
            "embeddings.chunk",
            "bulk_changes.before",
        }
    ),
    digests=_digests,
    noted={
        "embeddings.model": "of a model's file, which is no blob",
        "embeddings.image": "vectors do not keep their picture",
        f"{sources.name}.image": "what a file held when it was read: its sample keeps it",
        f"{sources.name}.original": "a keyed digest, of no blob",
        f"{sources.name}.labels": "of a label file, which is no blob",
        f"{located.name}.image": "the bytes lie in a file that was left in place",
        f"{fetched.name}.etag": "what a server said",
    },
)
