"""Pictures that are dark, washed out, flat or blurred, by the statistics that drift is told by too.

The statistics and a thumbprint of each picture are kept like embeddings: a picture is looked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visloop import data, infer, vision
from visloop.evaluate.findings.records import Fault, Finder, Found, Looking, Row, worst_first
from visloop.ids import digest_of

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.errors import VisloopError

Floats: TypeAlias = NDArray[np.float32]

_MADE: Final = "looks 1"
_STATISTICS: Final = len(vision.STATISTIC_NAMES)
_BRIGHTNESS: Final = vision.STATISTIC_NAMES.index("brightness")
_CONTRAST: Final = vision.STATISTIC_NAMES.index("contrast")
_SHARPNESS: Final = vision.STATISTIC_NAMES.index("sharpness")
_ROBUST: Final = 1.4826  # median deviation → standard deviation of a normal
_LEAST_SPREAD: Final = 0.25
_TOLD: Final = 3


@dataclass(frozen=True)
class _Kept:
    embedding: Floats | None


class _Eyes:
    """Statistics and thumbprint in the place of an embedding, so that they are kept as such."""

    digest = digest_of(_MADE)

    def prepare(self, data: bytes) -> Floats:
        """Encoded bytes → float32 (200,)."""
        rgb = infer.decode(data, infer.backbone().contract)
        return np.concatenate([vision.image_statistics(rgb), vision.thumbprint(rgb)])

    def run(self, batch: Floats) -> _Kept:
        """float32 (N, 200), as it is."""
        return _Kept(batch)


class Looks(NamedTuple):
    """Of N pictures that can be read: samples, statistics float32 (N, 8), thumbprints (N, 192)."""

    samples: list[Sample]
    statistics: Floats
    prints: Floats
    problems: Mapping[str, VisloopError]


def looks(looking: Looking) -> Looks:
    """Of every picture of the version."""
    eyes, ports = _Eyes(), looking.ports.data
    images = [each.image for each in looking.samples]
    problems = data.compute_embeddings(ports, eyes, images)
    samples = [each for each in looking.samples if each.image not in problems]
    if not samples:
        none = np.zeros((0, _STATISTICS), np.float32)
        return Looks([], none, np.zeros((0, 192), np.float32), problems)
    kept = data.embeddings(ports, looking.scope, eyes, [each.image for each in samples])
    return Looks(samples, kept[:, :_STATISTICS], kept[:, _STATISTICS:], problems)


DARK: Final = Fault(
    name="dark",
    title="Dark pictures",
    why="hardly any light: what they show cannot be told",
    measure="mean brightness, 0 black to 1 white",
    bound=0.1,
    least=False,
    mend="drop",
)
BRIGHT: Final = Fault(
    name="bright",
    title="Washed-out pictures",
    why="nearly white all over",
    measure="mean brightness, 0 black to 1 white",
    bound=0.93,
    mend="drop",
)
FLAT: Final = Fault(
    name="flat",
    title="Empty pictures",
    why="one grey or colour all over: a covered lens, a broken file",
    measure="contrast: standard deviation of the grey values, 0 to .5",
    bound=0.03,
    least=False,
    mend="drop",
)
BLURRED: Final = Fault(
    name="blurred",
    title="Blurred pictures",
    why="far less sharp than this data set's pictures are",
    measure="standard deviations (robust) below the median sharpness of the data set",
    bound=4.0,
    mend="drop",
)


def _find(looking: Looking) -> Mapping[str, Found]:
    seen = looks(looking)
    brightness, contrast = seen.statistics[:, _BRIGHTNESS], seen.statistics[:, _CONTRAST]
    bounds = looking.bounds
    lit = (brightness > bounds[DARK.name]) & (brightness < bounds[BRIGHT.name])
    seen_at_all = lit & (contrast > bounds[FLAT.name])
    soft = below_usual(seen.statistics[:, _SHARPNESS])
    values = {  # a picture is told once, by what is plainest wrong with it
        DARK: brightness,
        BRIGHT: brightness,
        FLAT: np.where(lit, contrast, np.inf),
        BLURRED: np.where(seen_at_all, soft, -np.inf),
    }
    words = {
        DARK: "brightness {:.3f}",
        BRIGHT: "brightness {:.3f}",
        FLAT: "contrast {:.3f}",
        BLURRED: "{:.1f} deviations less sharp than usual",
    }
    notes = unread_notes(seen)
    return {
        kind.name: Found(
            rows=worst_first(
                kind, _rows(bounds[kind.name], kind, seen.samples, measured, words[kind])
            ),
            looked=len(seen.samples),
            notes=notes,
        )
        for kind, measured in values.items()
    }


def below_usual(values: NDArray[Any]) -> NDArray[Any]:
    """How many robust standard deviations each value lies below the median, (N,)."""
    if not len(values):
        return values
    middle = np.median(values)
    spread = _ROBUST * np.median(np.abs(values - middle))
    return (middle - values) / max(float(spread), _LEAST_SPREAD)


def unread_notes(seen: Looks) -> tuple[str, ...]:
    """What to say of pictures that could not be looked at."""
    if not seen.problems:
        return ()
    first = next(iter(seen.problems.values())).what
    return (f"{len(seen.problems):,} pictures cannot be read and were left out: {first}",)


def _rows(
    bound: float, kind: Fault, samples: list[Sample], measured: NDArray[Any], words: str
) -> list[Row]:
    hits = measured >= bound if kind.least else measured <= bound
    return [
        Row(
            path=samples[at].path,
            sample=samples[at].id,
            value=round(float(measured[at]), 4),
            said=words.format(float(measured[at])),
        )
        for at in np.flatnonzero(hits).tolist()
    ]


LOOKS: Final = Finder(kinds=(DARK, BRIGHT, FLAT, BLURRED), find=_find)
