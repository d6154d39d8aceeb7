"""One offered file → one candidate with its labels settled, or the reason why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from sys import intern
from typing import Final

import msgspec
from blake3 import blake3

from visloop.data.ingest.deep import damage_of
from visloop.data.ingest.probe import probe, refuse, unreadable
from visloop.data.ingest.records import BrokenFile, Found, Part, Probe
from visloop.data.ingest.settle import settle
from visloop.data.intake.helpers import Look
from visloop.data.intake.looking import MAX_FILE_BYTES, NEVER_CONVERTED, RACY, TICK_NS, contents
from visloop.data.media import OPENED, OPENERS, Piece, Sink
from visloop.data.media.converted import converted, converter_of
from visloop.data.origins.records import Seal
from visloop.data.privacy.guard import Guard
from visloop.data.records import Candidate, Refusal
from visloop.errors import VisloopError
from visloop.ids import digest_of

KEPT_REFUSED_BYTES: Final = 64 << 20
UNKNOWN_SIZE: Final = -1

_CHUNK: Final = 4 << 20

_encoder = msgspec.msgpack.Encoder()


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one file; `candidate` None when the whole file was refused, or (no refusals)
    when it was opened and its parts have outcomes of their own.

    `image` is the digest of its bytes ("" when they could not be read), `labels` one of what the
    source said besides them. `moved_from` is the path in the data set of the sample whose file
    (`moved_source`) is gone and had the same bytes. `original` stands for the file's own bytes where
    `image` does not (see `Guard.mark`).
    """

    source: str
    path: str
    size_bytes: int
    mtime_ns: int
    labels: str
    image: str
    candidate: Candidate | None
    refusals: tuple[Refusal, ...]
    found: Found | None = None
    moved_from: str | None = None
    moved_source: str | None = None
    original: str = ""


def labels_digest(found: Found, renames: Mapping[str, str]) -> str:
    """Digest of everything that the source says about a picture besides its bytes."""
    said: tuple[object, ...] = (
        found.annotations,
        found.split,
        found.declared,
        found.metadata,
        renames,
    )
    if found.part is not None:
        said = (*said, found.part)
    if found.shares:
        said = (*said, "shares", found.corners)
    if found.refusals:
        said = (*said, found.refusals)
    if found.moments:
        said = (*said, found.moments)
    return _short(_encoder.encode(said))


@lru_cache(maxsize=256)
def _short(said: bytes) -> str:
    """A folder's pictures have the same said of them all."""
    return digest_of(said)[:32]


def refused(refusal: Refusal, found: Found | None = None, labels: str = "") -> Outcome:
    """The outcome of what was refused before it could be opened; `found` is kept for a retry."""
    return Outcome(
        source=refusal.source,
        path=refusal.path,
        size_bytes=UNKNOWN_SIZE,
        mtime_ns=RACY,
        labels=labels,
        image="",
        candidate=None,
        refusals=(refusal,),
        found=found,
    )


def sealed(seal: Seal, labels: str, guard: Guard) -> Outcome:
    """The outcome of a file that was opened, and whose parts have outcomes of their own."""
    return Outcome(
        source=seal.source,
        path=seal.source.rpartition("/")[2],
        size_bytes=seal.size_bytes,
        mtime_ns=seal.mtime_ns,
        labels=labels,
        image="",
        candidate=None,
        refusals=(),
        original=_mark(Path(seal.source), guard),
    )


def _mark(file: Path, guard: Guard) -> str:
    """What stands for the bytes of a file; nothing where it is none, or cannot be read."""
    hasher = blake3()
    try:
        with file.open("rb") as opened:
            while piece := opened.read(_CHUNK):
                hasher.update(piece)
    except OSError:
        return ""
    return guard.mark(hasher.hexdigest())


def read(found: Found, labels: str, blobs: Sink) -> Outcome:
    """Open the file, store its bytes, say what it is and what its labels mean.

    Whatever is wrong with the file becomes a Refusal; nothing is raised for it.
    """
    if found.part is not None:
        return _read_part(found, found.part, labels, blobs)
    try:
        size, mtime_ns, data = contents(found.file)
    except OSError as problem:
        return refused(unreadable(found.path, found.source, problem))
    seen = (found.source, found.path, size, mtime_ns, labels)
    if size > MAX_FILE_BYTES:
        return Outcome(*seen, "", None, (_too_large(found, size),), found)
    outcome = Outcome(*seen, *_probed(found, data, mtime_ns, blobs), found)
    if not _is_kept_changed(data, blobs):
        return outcome
    return msgspec.structs.replace(outcome, original=blobs.guard.mark(digest_of(data)))


def _is_kept_changed(data: bytes, blobs: Sink) -> bool:
    """Whether what is stored of a file may be other bytes than its own."""
    plain = data[:2] in NEVER_CONVERTED or converter_of(data) is None
    return blobs.guard.policy.active or not plain


def seen_ahead(found: Found, labels: str, blobs: Sink, look: Look) -> Outcome:
    """As `read`, of a file that a helper has looked at."""
    seen = look.seen
    size, mtime_ns = seen.size_bytes, seen.mtime_ns
    if found.in_place:
        blobs.left(found, seen.image, size, mtime_ns)
    else:
        blobs.original(found, look.data, mtime_ns, seen.image)
    what = candidate_of(found, seen.probe, seen.image, size)
    return Outcome(found.source, found.path, size, mtime_ns, labels, *what, found)


def _probed(
    found: Found, data: bytes, mtime_ns: int, blobs: Sink
) -> tuple[str, Candidate | None, tuple[Refusal, ...]]:
    """Digest of the bytes, the candidate, what was refused."""
    if data[:2] not in NEVER_CONVERTED and (name := converter_of(data)) is not None:
        return from_piece(found, partial(converted, name, data, {}), blobs)
    seen = probe(data, found.path, source=found.source)
    if isinstance(seen, Refusal):
        keeps = 0 < len(data) <= KEPT_REFUSED_BYTES and not (
            _may_name_a_patient(found.path) or blobs.guard.policy.active
        )
        kept = blobs.original(found, data, mtime_ns) if keeps else None
        return kept or digest_of(data), None, (msgspec.structs.replace(seen, image=kept),)
    if blobs.guard.deep or blobs.guard.policy.active:
        return _guarded(found, Piece(data, seen), mtime_ns, blobs)
    return candidate_of(found, seen, blobs.original(found, data, mtime_ns), len(data))


def _guarded(
    found: Found, piece: Piece, mtime_ns: int, blobs: Sink
) -> tuple[str, Candidate | None, tuple[Refusal, ...]]:
    """As `_probed`, of a picture that is decoded whole first, or that a policy may change."""
    if blobs.guard.deep and (damage := damage_of(piece.data, piece.probe)):
        return digest_of(piece.data), None, (refuse(found.path, found.source, "damaged", damage),)
    if blobs.guard.policy.active:
        return from_piece(found, lambda: piece, blobs)
    image = blobs.original(found, piece.data, mtime_ns)
    return candidate_of(found, piece.probe, image, len(piece.data))


def _may_name_a_patient(path: str) -> bool:
    return path.lower().endswith((".dcm", ".dicom", ".ima"))


def candidate_of(
    found: Found, seen: Probe, image: str, size_bytes: int, drawn_on: Probe | None = None
) -> tuple[str, Candidate, tuple[Refusal, ...]]:
    """(digest, candidate, refused objects) of a picture whose bytes are kept as `image`.

    `drawn_on`: the picture as it came, which the labels mean, where it was changed.
    """
    labels = settle(found, drawn_on or seen)
    candidate = Candidate(
        path=found.path,
        image=image,
        bytes=size_bytes,
        width=seen.width,
        height=seen.height,
        media=seen.media,
        mode=intern(seen.mode),  # a default is left out of what is stored if it is the same object
        orientation=seen.orientation,
        annotations=labels.annotations,
        split=found.split,
        metadata=seen.metadata | found.metadata if found.metadata else seen.metadata,
        source=found.source,
        notes=(*seen.notes, *labels.notes),
    )
    return candidate.image, candidate, labels.refusals


def _read_part(found: Found, part: Part, labels: str, blobs: Sink) -> Outcome:
    """A picture inside a file: its kind's opener gets it out."""
    started_ns = time.time_ns()
    try:
        stat = Path(found.file).stat()
    except OSError as problem:
        return refused(unreadable(found.path, found.source, problem))
    mtime_ns = RACY if stat.st_mtime_ns > started_ns - TICK_NS else stat.st_mtime_ns
    seen = (found.source, found.path, stat.st_size, mtime_ns, labels)
    whole = part.kind == OPENED or "number" not in part.at
    original = _mark(Path(found.file), blobs.guard) if whole else ""
    if part.kind == OPENED:
        return Outcome(*seen, "", None, (), found, original=original)
    made = from_piece(found, partial(OPENERS[part.kind], found, blobs), blobs)
    return Outcome(*seen, *made, found, original=original)


def from_piece(
    found: Found, get: Callable[[], Piece], blobs: Sink
) -> tuple[str, Candidate | None, tuple[Refusal, ...]]:
    """As `_probed`, of what an opener gives; bytes that it refuses are kept nowhere."""
    try:
        came = get()
        piece = blobs.guard.passed(came)
    except OSError as problem:
        refusal = unreadable(found.path, found.source, problem)
    except BrokenFile as broken:
        refusal = refuse(found.path, found.source, broken.reason_code, broken.reason)
    except VisloopError as problem:  # a library that is not installed, a limit
        refusal = refuse(found.path, found.source, problem.code, problem.what, fix=problem.fix)
    else:
        image = blobs.put(piece.data)
        return candidate_of(found, piece.probe, image, len(piece.data), came.probe)
    return "", None, (refusal,)


def _too_large(found: Found, size_bytes: int) -> Refusal:
    return refuse(
        found.path,
        found.source,
        "too_large",
        f"the file has {size_bytes >> 20} MiB; at most {MAX_FILE_BYTES >> 20} are read",
        fix="cut it into tiles, or compress it, and add those",
    )
