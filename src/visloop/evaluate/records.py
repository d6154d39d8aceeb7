"""What evaluation says: answers, reports, verdicts. All of it is stored, so all of it is tagged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.errors import Corrupt
from visloop.evaluate.incidents.records import Held
from visloop.ids import FORMAT
from visloop.vision import Task


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """`Answers` as bytes: columns, the arrays as little-endian buffers."""

    classes: tuple[str, ...]
    known: int
    samples: tuple[str, ...]
    paths: tuple[str, ...]
    images: tuple[str, ...]
    truth: bytes
    probabilities: bytes
    format: int = FORMAT


@dataclass(frozen=True)
class Answers:
    """A model's answers to labelled pictures.

    `classes` are the model's, then those that only the truth knows (never answered, probability
    0). N pictures, C classes: `samples`, `paths`, `images` (digests) run over N; `truth` int64
    (N,); `probabilities` float32 (N, C); `known` is how many classes the model has.
    """

    classes: tuple[str, ...]
    known: int
    samples: tuple[str, ...]
    paths: tuple[str, ...]
    images: tuple[str, ...]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Pictures."""
        return len(self.samples)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The best class, (N,)."""
        if not self.n:
            return np.zeros(0, np.int64)
        return self.probabilities[:, : self.known].argmax(axis=1).astype(np.int64)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the best class, (N,)."""
        return self.probabilities[np.arange(self.n), self.predicted]

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Answers:
        """Some of the pictures, by place or by mask."""
        places = np.arange(self.n)[rows]
        return Answers(
            classes=self.classes,
            known=self.known,
            samples=tuple(self.samples[i] for i in places),
            paths=tuple(self.paths[i] for i in places),
            images=tuple(self.images[i] for i in places),
            truth=self.truth[places],
            probabilities=self.probabilities[places],
        )

    def to_bytes(self) -> bytes:
        """MessagePack; `from_bytes` reads it, and runs no code to do so."""
        stored = _Stored(
            classes=self.classes,
            known=self.known,
            samples=self.samples,
            paths=self.paths,
            images=self.images,
            truth=self.truth.astype("<i8").tobytes(),
            probabilities=self.probabilities.astype("<f4").tobytes(),
        )
        return msgspec.msgpack.encode(stored)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Answers:
        """Read what `to_bytes` wrote.

        Raises:
            Corrupt: the bytes are something else.
        """
        try:
            stored = msgspec.msgpack.decode(raw, type=_Stored)
            shape = (len(stored.samples), len(stored.classes))
            probabilities = np.frombuffer(stored.probabilities, "<f4").reshape(shape)
        except (msgspec.DecodeError, ValueError) as error:
            raise Corrupt(f"stored answers cannot be read: {error}") from error
        return cls(
            classes=stored.classes,
            known=stored.known,
            samples=stored.samples,
            paths=stored.paths,
            images=stored.images,
            truth=np.frombuffer(stored.truth, "<i8"),
            probabilities=probabilities,
        )


class ClassReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One class: its figures, their intervals (low, high), and how many pictures are of it.

    Of detections, `support` and `predicted` count objects and boxes at the contract's threshold, and
    there are `ap50` and `ap`; of masks they count pictures, precision and recall pixels, and there
    is `iou`.
    """

    name: str
    support: int
    predicted: int
    precision: float
    recall: float
    f1: float
    intervals: dict[str, tuple[float, float]] = {}
    ap50: float | None = None
    ap: float | None = None
    iou: float | None = None


class Calibrated(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of similar confidence: what was claimed and what was true, with its 95 % interval."""

    confidence: float
    accuracy: float
    n: int
    interval: tuple[float, float] = (0.0, 1.0)


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one set of answers; `confusion` has the truth in rows (of classifiers).

    `sizes` are a detector's objects by size. Intervals of classifiers, masks and numbers are by
    redrawing the pictures `resamples` times from `seed`; those without seed (`resamples` 0) and
    those of calibration and average precision are the bootstrap's limit, see `estimates`.
    """

    n: int
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confidence: float
    per_class: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    calibration: tuple[Calibrated, ...]
    baseline_class: str
    sizes: tuple[ClassReport, ...] = ()
    resamples: int = 0
    seed: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One model version judged on one data version.

    `model` is `net@v2`, `package` its manifest's digest, `data` is `cards@v3:test`, `root` that
    version's digest; `answers` is the blob of the single answers. `left_out` counts pictures
    without one clear label, by reason; `trained_on` those that the model learnt from: figures
    over them flatter it. `task` is what was asked; `study` is the blob of what was looked at beyond
    the figures, `edition` by which rules all this was made.
    """

    id: str
    model: str
    package: str
    contract: str
    data: str
    root: str
    scores: Scores
    answers: str
    left_out: dict[str, int]
    trained_on: int
    unknown_classes: tuple[str, ...]
    images_per_s: float
    task: Task = "classify"
    study: str = ""
    edition: int = 0
    format: int = FORMAT

    @property
    def n(self) -> int:
        """Pictures that were judged."""
        return self.scores.n

    @property
    def metrics(self) -> dict[str, float]:
        """accuracy, map50, mean_iou, mae … by name."""
        return self.scores.metrics

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """(low, high) at 95 %, by name of the metric."""
        return self.scores.intervals


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a verdict: `value` is what was found, `wanted` what the policy asks.

    An open end of `interval` is None; `evidence` is the report or assessment that was looked at.
    """

    name: str
    passed: bool
    wanted: str
    value: float | None = None
    n: int = 0
    detail: str = ""
    interval: tuple[float | None, float | None] | None = None
    evidence: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Yes or no, why, by which policy and on what: `inputs` are references and digests.

    `incidents` are the answers to those that were open when the gate judged.
    """

    verdict: Literal["pass", "fail"]
    checks: tuple[Check, ...]
    policy_digest: str
    inputs: dict[str, str] = {}
    incidents: tuple[Held, ...] = ()
    id: str = ""
    format: int = FORMAT

    @property
    def passed(self) -> bool:
        """Every check said yes."""
        return self.verdict == "pass"
