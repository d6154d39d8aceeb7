"""Answers as a monitor sees them: rows of the prediction log with what the spool kept of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from visloop import serve
from visloop.observe.detectors import STATISTICS, Features

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from visloop.events import Scope
    from visloop.observe.detectors import Profile
    from visloop.observe.policy import ObservePorts
    from visloop.serve import Captured, Logged

PAGE: Final = 256


@dataclass(frozen=True)
class Seen:
    """One answer; `kept` is None once the spool has let go of the picture."""

    row: Logged
    kept: Captured | None

    @property
    def has_picture(self) -> bool:
        """Whether an encoded picture came (and not a tensor), and is still here."""
        return self.kept is not None and len(self.kept.image) > 0


def follow(ports: ObservePorts, scope: Scope, deployment: str, *, after: int) -> Iterator[Seen]:
    """Answers of a deployment above a sequence number, oldest first; each is read as it is used."""
    while True:
        rows = serve.predictions(
            ports.serve, scope, deployment, after=after, limit=PAGE, newest_first=False
        )
        yield from (look(ports, row) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1].seq


def newest(ports: ObservePorts, scope: Scope, deployment: str, *, limit: int) -> list[Seen]:
    """The last answers of a deployment, newest first."""
    rows = serve.predictions(ports.serve, scope, deployment, limit=limit)
    return [look(ports, row) for row in rows]


def look(ports: ObservePorts, row: Logged) -> Seen:
    """One row with what the spool still has of it."""
    return Seen(row, serve.captured(ports.spool, row))


def testable(seen: Seen, profile: Profile) -> bool:
    """Whether the answer has every view that the profile compares, in the profile's sizes."""
    kept, reference = seen.kept, profile.reference
    if kept is None or len(kept.statistics_array()) != len(STATISTICS):
        return False
    p, axes = reference.probabilities, profile.axes
    if p is not None and len(kept.probabilities_array()) != p.shape[1]:
        return False
    return axes is None or len(kept.embedding_array()) == axes.basis.shape[1]


def features_of(seen: Sequence[Seen], profile: Profile) -> Features:
    """Features of answers that are all `testable`, with the views that the profile has."""
    kept = [each.kept for each in seen if each.kept is not None]
    reference = profile.reference
    return Features(
        statistics=np.stack([each.statistics_array() for each in kept]),
        probabilities=None
        if reference.probabilities is None
        else np.stack([each.probabilities_array() for each in kept]),
        embedding=None
        if profile.axes is None
        else np.stack([each.embedding_array() for each in kept]),
        classes=reference.classes,
    )
