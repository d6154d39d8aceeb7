"""The feature store: embeddings computed once per (model, picture) and kept.

Vectors lie in blobs of up to 256 rows; a table says which row of which blob belongs to a picture.
They are telemetry: they can always be computed again, so they leave no fact.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from visloop.data.records import DataPorts
from visloop.data.tables import embeddings as table
from visloop.data.working import batches
from visloop.errors import Corrupt, UsageError, VisloopError
from visloop.events import Scope
from visloop.ids import FORMAT

CHUNK: Final = 256
_RUN: Final = 16
_AT_ONCE: Final = 500
_TRIES: Final = 4
_WORKERS: Final = os.cpu_count() or 1
Vectors: TypeAlias = NDArray[np.float32]
_Place: TypeAlias = tuple[str, int]


class Answers(Protocol):
    """What a predictor answers for a batch."""

    @property
    def embedding(self) -> Vectors | None:
        """float32 (N, D), if the model has that output."""
        ...


class Embedder(Protocol):
    """A model that turns encoded pictures into vectors."""

    @property
    def digest(self) -> str:
        """Digest of the model and of everything done to a picture before it: the cache's key."""
        ...

    def prepare(self, data: bytes) -> Vectors:
        """Encoded bytes → float32 (C, H, W)."""
        ...

    def run(self, batch: Vectors) -> Answers:
        """float32 (N, C, H, W) → the outputs."""
        ...


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A blob of vectors: float32, little-endian, row by row, one row an image."""

    model: str
    images: tuple[str, ...]
    dimensions: int
    vectors: bytes
    format: int = FORMAT


def embeddings(
    ports: DataPorts, scope: Scope, predictor: Embedder, images: Sequence[str]
) -> Vectors:
    """One vector per picture, in the order given; those not kept yet are computed and kept.

    Args:
        ports: where vectors are kept and pictures are read.
        scope: who asks.
        predictor: the model; its digest tells its vectors from those of others.
        images: digests of encoded pictures; repeats are allowed.

    Returns:
        float32 (N, D); (0, 0) when no picture is asked for.

    Raises:
        UsageError: the model has no embedding output.
        BlobNotFound: a picture's bytes are not stored.
        Refused: a picture cannot be decoded.
    """
    del scope  # telemetry: shared by all projects, since equal bytes give equal vectors
    for problem in compute_embeddings(ports, predictor, images).values():
        raise problem
    if not images:
        return np.zeros((0, 0), np.float32)
    return _gather(ports, _places(ports, predictor.digest, images), images)


def compute_embeddings(
    ports: DataPorts, predictor: Embedder, images: Sequence[str]
) -> dict[str, VisloopError]:
    """Compute and keep the vectors that are not kept yet; killed, it goes on where it was.

    Args:
        ports: where vectors are kept and pictures are read.
        predictor: the model; its sessions are used by as many threads as there are cores.
        images: digests of encoded pictures; repeats are allowed.

    Returns:
        what is wrong with those that cannot be read, by digest.

    Raises:
        UsageError: the model has no embedding output.
    """
    unique = list(dict.fromkeys(images))
    known = _places(ports, predictor.digest, unique)
    missing = [image for image in unique if image not in known]
    if not missing:
        return {}
    problems: dict[str, VisloopError] = {}
    track = ports.progress.track(missing, doing="embed", unit="picture", total=len(missing))
    with ThreadPoolExecutor(_WORKERS) as pool:
        for part in batches(track, CHUNK):
            problems |= _compute(ports, predictor, part, pool)
    return problems


def kept(
    ports: DataPorts, model: str, images: Sequence[str]
) -> Iterator[tuple[list[str], Vectors]]:
    """Those pictures that have a vector of this model, with it, a few thousand at a time."""
    for part in batches(images, _AT_ONCE * _RUN):
        places = _places(ports, model, part)
        found = [image for image in part if image in places]
        if found:
            yield found, _gather(ports, places, found)


def _places(ports: DataPorts, model: str, images: Sequence[str]) -> dict[str, _Place]:
    """Image → (chunk, row) for those that are kept."""
    query = select(table.c.image, table.c.chunk, table.c.row).where(
        table.c.model == model, table.c.image.in_(bindparam("images", expanding=True))
    )
    with ports.ledger.read() as connection:
        return {
            image: (chunk, row)
            for part in batches(images, _AT_ONCE)
            for image, chunk, row in connection.execute(query, {"images": part})
        }


class _Answered(NamedTuple):
    """A run's pictures with their vectors, and what is wrong with the others."""

    images: list[str]
    vectors: Vectors | None
    problems: dict[str, VisloopError]


def _compute(
    ports: DataPorts, predictor: Embedder, images: list[str], pool: Executor
) -> dict[str, VisloopError]:
    """Embed one chunk of pictures and keep it; those that cannot be read are told."""
    answered: list[_Answered] = []
    for part in batches(images, _RUN * _WORKERS):
        # bytes are read here, in order: frames of a video are cheap only one after the other
        read = [_read(ports, image) for image in part]
        answered += pool.map(partial(_run, predictor), batches(read, _RUN))
    vectors = [each.vectors for each in answered if each.vectors is not None]
    if vectors:
        _keep(ports, predictor.digest, [i for each in answered for i in each.images], vectors)
    return {image: why for each in answered for image, why in each.problems.items()}


def _read(ports: DataPorts, image: str) -> tuple[str, bytes | VisloopError]:
    try:
        return image, ports.blobs.get(image)
    except VisloopError as problem:
        return image, problem


def _run(predictor: Embedder, pictures: list[tuple[str, bytes | VisloopError]]) -> _Answered:
    """One batch through the model."""
    prepared: dict[str, Vectors] = {}
    problems: dict[str, VisloopError] = {}
    for image, data in pictures:
        try:
            if isinstance(data, VisloopError):
                raise data
            prepared[image] = predictor.prepare(data)
        except VisloopError as problem:
            problems[image] = problem
    if not prepared:
        return _Answered([], None, problems)
    found = predictor.run(np.stack(list(prepared.values()))).embedding
    if found is None:
        raise UsageError("this model has no embedding output", fix="use the default backbone")
    return _Answered(list(prepared), np.ascontiguousarray(found, dtype="<f4"), problems)


def _keep(ports: DataPorts, model: str, images: list[str], parts: list[Vectors]) -> None:
    """A chunk of vectors as a blob, and where each row belongs."""
    vectors = np.concatenate(parts)
    chunk = Chunk(
        model=model,
        images=tuple(images),
        dimensions=vectors.shape[1],
        vectors=vectors.tobytes(),
    )
    digest = ports.blobs.put(msgspec.msgpack.encode(chunk))
    ports.blobs.flush()
    _note(ports, model, {image: (digest, row) for row, image in enumerate(images)})


def _note(ports: DataPorts, model: str, places: dict[str, _Place]) -> None:
    """Remember where vectors are; those that another process noted meanwhile are left as noted."""
    for _ in range(_TRIES):
        known = _places(ports, model, list(places))
        rows: list[dict[str, Any]] = [
            {"model": model, "image": image, "chunk": chunk, "row": row}
            for image, (chunk, row) in places.items()
            if image not in known
        ]
        try:
            ports.ledger.append(table, rows)
        except IntegrityError:
            continue
        return


def _gather(ports: DataPorts, places: dict[str, _Place], images: Sequence[str]) -> Vectors:
    rows_of: dict[str, list[tuple[int, int]]] = {}
    for at, image in enumerate(images):
        chunk, row = places[image]
        rows_of.setdefault(chunk, []).append((at, row))
    gathered: Vectors | None = None
    for digest, rows in rows_of.items():
        vectors = _load(ports, digest)
        if gathered is None:
            gathered = np.empty((len(images), vectors.shape[1]), np.float32)
        targets, origins = zip(*rows, strict=True)
        gathered[list(targets)] = vectors[list(origins)]
    assert gathered is not None
    return gathered


def _load(ports: DataPorts, digest: str) -> Vectors:
    try:
        chunk = msgspec.msgpack.decode(ports.blobs.get(digest), type=Chunk)
    except msgspec.MsgspecError as broken:
        raise Corrupt(f"{digest[:12]} is not a chunk of embeddings: {broken}") from broken
    return np.frombuffer(chunk.vectors, "<f4").reshape(-1, chunk.dimensions)
