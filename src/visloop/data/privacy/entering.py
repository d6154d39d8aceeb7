"""Pictures that come in without a file: captured in production, accepted from a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import BrokenFile
from visloop.data.media.records import Piece
from visloop.data.privacy.guard import Guard
from visloop.data.records import Refusal
from visloop.errors import Refused

if TYPE_CHECKING:
    from visloop.data.records import Candidate, DataPorts


class NotProtected(Refused):
    """The policy of privacy cannot be kept for a picture, so it may not come in."""

    code = "data.privacy"


def protected(ports: DataPorts, candidate: Candidate, raw: bytes | None = None) -> Candidate:
    """The candidate as the workspace's policy of privacy lets it in; its new bytes are stored.

    One that passed this very policy before is left as it is. The caller flushes the blobs.

    Args:
        ports: where bytes and the policy are.
        candidate: the picture; its annotations stay, they are in upright pixels.
        raw: its bytes, where the store does not hold them yet.

    Raises:
        NotProtected: the policy cannot be kept for it.
        BlobNotFound: its bytes are not stored.
    """
    policy = ports.privacy
    if not policy.active or candidate.metadata.get("privacy.policy") == policy.digest:
        return candidate
    data = ports.blobs.get(candidate.image) if raw is None else raw
    seen = probe(data, candidate.path)
    if isinstance(seen, Refusal):
        raise _refused(candidate, seen.reason)
    known = msgspec.structs.replace(seen, metadata=candidate.metadata)
    try:
        piece = Guard(policy, ports.secret).passed(Piece(data, known))
    except BrokenFile as broken:
        raise _refused(candidate, broken.reason) from broken
    after = piece.probe
    return msgspec.structs.replace(
        candidate,
        image=candidate.image if piece.data == data else ports.blobs.put(piece.data),
        bytes=candidate.bytes if piece.data == data else len(piece.data),
        width=after.width,
        height=after.height,
        media=after.media,
        mode=after.mode,
        orientation=after.orientation,
        metadata=after.metadata,
    )


def _refused(candidate: Candidate, why: str) -> NotProtected:
    return NotProtected(
        f"{candidate.path}: the policy of privacy cannot be kept: {why}",
        fix="reject it, or see docs/how-to about protecting people",
    )
