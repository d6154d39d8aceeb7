"""Which served pictures go back to a person: chosen, moved from the spool to blobs, queued.

A picture is captured once for a deployment, by its digest. Bytes are durable before the transaction
that queues them, and the monitor's cursor moves in that transaction, so a kill loses nothing and
repeats nothing.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import func, insert, select

from visloop import data, label
from visloop.ids import digest_of
from visloop.observe import state
from visloop.observe.detectors import outlier_scores
from visloop.observe.reading import PAGE, Seen, features_of, follow, testable
from visloop.observe.tables import captures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from visloop.events import Scope
    from visloop.observe.detectors import Profile
    from visloop.observe.policy import CapturePolicy, ObservePorts
    from visloop.observe.records import Monitor
    from visloop.store import Claim, Write

BATCH: Final = PAGE
_SHARES: Final = 1 << 32
_BIND: Final = 500


@dataclass(frozen=True)
class Telling:
    """A picture worth a person's time, why, and how urgent."""

    seen: Seen
    reasons: tuple[str, ...]
    priority: float


@dataclass(frozen=True)
class Looked:
    """What one batch came to."""

    looked_at: int
    missed: int
    captured: int


def look_at_batch(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    profile: Profile | None,
    policy: CapturePolicy,
    fence: Claim | None,
) -> Looked:
    """Look at the next answers behind the cursor, capture the telling ones, move the cursor.

    Raises:
        Overtaken: another process did it first.
    """
    batch = list(islice(follow(ports, scope, monitor.deployment, after=monitor.cursor), BATCH))
    if not batch:
        return Looked(0, 0, 0)
    telling = choose(batch, monitor, profile, policy) if policy.dataset else []
    proposals = prepare(ports, scope, monitor, policy, telling)
    missed = sum(each.kept is None for each in batch)
    with ports.ledger.write(scope, fence=fence) as write:
        state.move(write, monitor, cursor=batch[-1].row.seq, missed=monitor.missed + missed)
        captured = record(write, monitor.deployment, policy, proposals)
    return Looked(len(batch), missed, captured)


def choose(
    batch: Sequence[Seen], monitor: Monitor, profile: Profile | None, policy: CapturePolicy
) -> list[Telling]:
    """The pictures of a batch that say something new, each with its reasons."""
    pictures = [each for each in batch if each.has_picture]
    outliers = _outliers(pictures, monitor, profile)
    chosen: list[Telling] = []
    for each in pictures:
        sure, outlier = each.row.confidence, outliers.get(each.row.id, 0.0)
        reasons: list[str] = []
        priority = 0.0
        if sure is not None and sure < policy.below_confidence:
            reasons.append(f"uncertain {sure:.2f}")
            priority = 1.0 - sure
        if outlier > policy.above_outlier:
            reasons.append(f"outlier {outlier:.3f}")
            priority = max(priority, outlier)
        if _drawn(each.row.id) < policy.random_share * _SHARES:
            reasons.append("random")
        if reasons:
            chosen.append(Telling(each, tuple(reasons), priority))
    return chosen


def _outliers(
    pictures: Sequence[Seen], monitor: Monitor, profile: Profile | None
) -> dict[str, float]:
    if profile is None:
        return {}
    ours = [
        each for each in pictures if each.row.package == monitor.package and testable(each, profile)
    ]
    if not ours:
        return {}
    scores = outlier_scores(profile, features_of(ours, profile))
    return {each.row.id: float(score) for each, score in zip(ours, scores, strict=True)}


def _drawn(prediction: str) -> int:
    """A number below 2³² that is the same whenever this answer is looked at."""
    return int(digest_of("random capture", prediction)[:8], 16)


def prepare(
    ports: ObservePorts,
    scope: Scope,
    monitor: Monitor,
    policy: CapturePolicy,
    telling: Sequence[Telling],
) -> list[label.Proposal]:
    """Make the pictures that nobody has met yet durable, and say what is known of them."""
    first: dict[str, Telling] = {}
    for each in telling:
        first.setdefault(each.seen.row.image, each)
    with ports.ledger.read() as connection:
        day = ports.ledger.clock.now().date().isoformat()
        room = _room(connection, scope.project, monitor.deployment, policy, day)
    left = set(first) - _captured(ports, scope, monitor.deployment, list(first)) if room else set()
    left = label.undecided(ports.label, scope, policy.dataset, left) if left else left
    wanted = (each for image, each in first.items() if image in left)
    made = (_proposal(ports, scope, monitor.deployment, policy.dataset, each) for each in wanted)
    # bytes that today's limit would leave out are not stored at all
    found = list(islice((proposal for proposal in made if proposal is not None), room))
    ports.blobs.flush()
    return found


def _room(
    connection: Connection, project: str, deployment: str, policy: CapturePolicy, day: str
) -> int:
    """How many more pictures may be captured on that day."""
    mine = (captures.c.project == project, captures.c.deployment == deployment)
    today = select(func.count()).select_from(captures).where(*mine, captures.c.day == day)
    return max(0, policy.daily_limit - (connection.scalar(today) or 0))


def _captured(ports: ObservePorts, scope: Scope, deployment: str, images: list[str]) -> set[str]:
    found: set[str] = set()
    with ports.ledger.read() as connection:
        for at in range(0, len(images), _BIND):
            query = select(captures.c.image).where(
                captures.c.project == scope.project,
                captures.c.deployment == deployment,
                captures.c.image.in_(images[at : at + _BIND]),
            )
            found.update(connection.scalars(query))
    return found


def _proposal(
    ports: ObservePorts, scope: Scope, deployment: str, dataset: str, telling: Telling
) -> label.Proposal | None:
    """None where data would not take the picture (it was served, but is nothing to learn from).

    What the workspace's policy of privacy hides is gone before its bytes are stored.
    """
    kept, row = telling.seen.kept, telling.seen.row
    assert kept is not None
    probe = data.probe(kept.image, row.image)
    if isinstance(probe, data.Refusal):
        return None
    suffix = mimetypes.guess_extension(probe.media) or ""
    candidate = data.Candidate(
        path=f"captured/{deployment}/{row.image[:20]}{suffix}",
        image=row.image,
        bytes=len(kept.image),
        width=probe.width,
        height=probe.height,
        media=probe.media,
        mode=probe.mode,
        orientation=probe.orientation,
        annotations=row.answer.annotations,
        metadata=probe.metadata,
        source=f"deployment:{deployment}",
    )
    try:
        safe = data.protected(ports.label.data, candidate, kept.image)
    except data.NotProtected:
        return None
    if safe.image == row.image:
        ports.blobs.put(kept.image)
    elif _is_met(ports, scope, deployment, dataset, safe.image):
        return None
    else:  # the digest of the picture as it was would tell who has seen it
        suffix = mimetypes.guess_extension(safe.media) or ""
        path = f"captured/{deployment}/{safe.image[:20]}{suffix}"
        safe = msgspec.structs.replace(safe, path=path)
    return label.Proposal(
        candidate=safe,
        reasons=telling.reasons,
        priority=round(telling.priority, 4),
        prediction=row.id,
        model=row.model,
    )


def _is_met(ports: ObservePorts, scope: Scope, deployment: str, dataset: str, image: str) -> bool:
    """Whether a picture that the policy changed was captured, queued or committed before."""
    captured = _captured(ports, scope, deployment, [image])
    return bool(captured) or not label.undecided(ports.label, scope, dataset, [image])


def record(
    write: Write, deployment: str, policy: CapturePolicy, proposals: Sequence[label.Proposal]
) -> int:
    """Queue the proposals as far as today's limit allows; how many were captured."""
    day = write.now.date().isoformat()
    mine = (captures.c.project == write.scope.project, captures.c.deployment == deployment)
    if not proposals:
        return 0
    room = _room(write.connection, write.scope.project, deployment, policy, day)
    wanted = [proposal.candidate.image for proposal in proposals]
    taken = set(
        write.execute(select(captures.c.image).where(*mine, captures.c.image.in_(wanted))).scalars()
    )
    fresh = [each for each in proposals if each.candidate.image not in taken][:room]
    if fresh:
        rows = [
            {
                "project": write.scope.project,
                "deployment": deployment,
                "image": each.candidate.image,
                "prediction": each.prediction,
                "day": day,
                "reason": each.reasons[0],
                "time": write.now,
            }
            for each in fresh
        ]
        write.execute(insert(captures), rows)
        label.enqueue(write, policy.dataset, fresh)
    return len(fresh)
