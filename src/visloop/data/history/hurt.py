"""Which samples of which versions are hurt by blobs that are missing or damaged, and what mends them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from visloop.data import catalog
from visloop.data.media.following import file_problem
from visloop.data.records import DataPorts
from visloop.data.tables import located, sources, versions, working
from visloop.data.tree.codec import Inner, decode
from visloop.data.working import batches, decode_value, image_of
from visloop.errors import VisloopError
from visloop.ids import digest_of

_AT_ONCE: Final = 500


class _Hurt(NamedTuple):
    """A part of a tree: a picture, or (`image` empty) all samples up to a path."""

    path: str
    image: str
    source: str


@dataclass(frozen=True)
class HurtSamples:
    """A sample, or a part of a data set, that some versions can no longer give.

    `digest` is the blob that is at fault; `path` is "" where a whole version is lost; `whole` says
    that everything between two paths is lost, `path` being the last of them. `source` is where the
    picture came from.
    """

    project: str
    dataset: str
    versions: tuple[str, ...]
    path: str
    digest: str
    source: str
    whole: bool


@dataclass
class _Walk:
    """Finds what is hurt below each node once: versions share most of them."""

    ports: DataPorts
    bad: Mapping[str, str]
    known: dict[str, frozenset[tuple[str, _Hurt]]] = field(
        default_factory=dict[str, "frozenset[tuple[str, _Hurt]]"]
    )

    def below(self, digest: str, last: str) -> frozenset[tuple[str, _Hurt]]:
        """(blob at fault, part) of everything hurt below a node whose last path is `last`."""
        if digest not in self.known:
            self.known[digest] = frozenset(self._look(digest, last))
        return self.known[digest]

    def _look(self, digest: str, last: str) -> Iterator[tuple[str, _Hurt]]:
        try:
            node = decode(digest, self.ports.blobs.get(digest)) if digest not in self.bad else None
            values = (
                [] if node is None or isinstance(node, Inner) else [e.value for e in node.items]
            )
        except VisloopError:
            node, values = None, []
        if node is None:
            yield digest, _Hurt(last, "", "")
        elif isinstance(node, Inner):
            for link in node.items:
                yield from self.below(link.node, link.key)
        for value in values:
            if (image := image_of(value)) in self.bad:
                sample = decode_value(value)
                yield image, _Hurt(sample.path, image, sample.source)


def hurt_samples(ports: DataPorts, bad: Mapping[str, str]) -> list[HurtSamples]:
    """What versions and working sets lose with these blobs (digest → what is wrong), by data set.

    Equal parts of several versions are one line.
    """
    if not bad:
        return []
    walk = _Walk(ports, bad)
    found: dict[tuple[str, str, str, _Hurt], list[str]] = {}
    with ports.ledger.read() as connection:
        columns = (versions.c.project, versions.c.dataset, versions.c.number, versions.c.root)
        rows = connection.execute(select(*columns).order_by(versions.c.number)).all()
        staged = list(_staged(connection, bad))
    for project, dataset, number, root in rows:
        for digest, part in _of_root(walk, root):
            found.setdefault((project, dataset, digest, part), []).append(f"v{number}")
    for project, dataset, part in staged:
        found.setdefault((project, dataset, part.image, part), []).append(catalog.WORK)
    return [
        HurtSamples(project, name, tuple(named), part.path, digest, part.source, not part.image)
        for (project, name, digest, part), named in sorted(found.items())
    ]


def _of_root(walk: _Walk, root: str) -> frozenset[tuple[str, _Hurt]]:
    if root in walk.bad:
        return frozenset({(root, _Hurt("", "", ""))})
    try:
        tree = catalog.load_root(walk.ports.blobs, root).tree
    except VisloopError:
        return frozenset({(root, _Hurt("", "", ""))})
    return walk.below(tree, "")


def _staged(connection: Connection, bad: Mapping[str, str]) -> Iterator[tuple[str, str, _Hurt]]:
    columns = (working.c.project, working.c.dataset, working.c.path, working.c.sample)
    for project, dataset, path, raw in connection.execute(select(*columns)):
        if raw is not None and image_of(raw) in bad:
            sample = decode_value(raw)
            yield project, dataset, _Hurt(path, sample.image, sample.source)


def originals(ports: DataPorts, images: Mapping[str, Collection[str]]) -> dict[str, Path]:
    """Picture → a file on this machine that holds its very bytes still, where there is one.

    Args:
        ports: where it is noted what was read from where.
        images: digest → sources that its samples name.
    """
    files: dict[str, list[Path]] = {
        image: [Path(each) for each in named] for image, named in images.items()
    }
    some = bindparam("images", expanding=True)
    raw = select(located.c.image, located.c.raw).where(located.c.image.in_(some))
    noted = select(sources.c.image, sources.c.file).where(sources.c.image.in_(some))
    with ports.ledger.read() as connection:
        for part in batches(images, _AT_ONCE):
            for query in (noted, raw):
                for row in connection.execute(query, {"images": part}):
                    files[row[0]].append(Path(os.fsdecode(row[1])))
    found: dict[str, Path] = {}
    for image, candidates in files.items():
        for file in dict.fromkeys(candidates):
            if _holds(file, image):
                found[image] = file
                break
    return found


def _holds(file: Path, image: str) -> bool:
    try:
        return file.is_file() and digest_of(file.read_bytes()) == image
    except (OSError, ValueError):
        return False


def left_in_place(ports: DataPorts, digest: str, *, quick: bool) -> str | None:
    """What is wrong with a file that was left in place; empty: nothing; None: none was noted."""
    return file_problem(ports.ledger, digest, quick=quick)


def restore(ports: DataPorts, files: Mapping[str, Path]) -> int:
    """Store the bytes of pictures anew from files that hold them; how many."""
    return ports.blobs.upkeep.restore(file.read_bytes() for file in files.values())
