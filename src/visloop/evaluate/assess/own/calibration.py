"""Whether a model is as often right as it says: what it claims and what is true, beyond chance.

An honest model of few pictures shows a calibration error, too: truths are redrawn from the claims
themselves. `excess` is what is found beyond the mean of those errors, `shown_excess` beyond all but one
in 40 of them: so few pictures show at least that.

Source: consistency resampling, Bröcker & Smith 2007; Vaicenavicius et al. 2019.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop.errors import Refused
from visloop.evaluate import metrics as m
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome, Plot
from visloop.evaluate.kinds.box_scores import sureness
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.records import Answers, Calibrated

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_CONFIDENCE: Final = 0.95
_USUAL: Final = 0.975
_Z: Final = 1.959964


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`bins` of equal mass; `redraws` of what an honest model would show."""

    bins: Annotated[int, msgspec.Meta(ge=2, le=50)] = m.CALIBRATION_BINS
    redraws: Annotated[int, msgspec.Meta(ge=100, le=100_000)] = 1000


def _assess(case: Case[Settings]) -> Outcome:
    claimed, right = _claims(case.answers)
    if not len(claimed):
        raise Refused(
            f"{case.version.ref} shows nothing on these pictures, so nothing is claimed",
            fix="train it longer, or lower its score threshold",
        )
    return held(claimed, right, case.settings, case.seed)


def _claims(answers: AnyAnswers) -> tuple[Floats, Bools]:
    """What is claimed of each answer (of a detector: each box that it shows), and whether it is true."""
    match answers:
        case BoxAnswers():
            return sureness(answers)
        case Answers():
            return answers.confidence.astype(np.float64), answers.predicted == answers.truth
        case _:
            return np.zeros(0), np.zeros(0, np.bool_)


def held(claimed: Floats, right: Bools, settings: Settings, seed: int) -> Outcome:
    """The outcome for N answers.

    Args:
        claimed: (N,) in [0, 1].
        right: bool (N,).
        settings: bins and redraws.
        seed: of the redraws.
    """
    bins, error = m.calibrated(claimed, right, settings.bins)
    low, high = error.interval(_CONFIDENCE)
    rng = np.random.default_rng(seed)
    honest = np.array(
        [
            m.calibrated(claimed, rng.random(len(claimed)) < claimed, settings.bins)[1].value
            for _ in range(settings.redraws)
        ]
    )
    chance, usual, n = float(honest.mean()), float(np.quantile(honest, _USUAL)), len(claimed)
    of_chance = f"an honest model would show a calibration error of {chance:.3f} on so few answers"
    beyond = float((1 + (honest >= error.value).sum()) / (1 + settings.redraws))
    gaps = claimed - right
    spread = _Z * float(gaps.std(ddof=1)) / n**0.5 if n > 1 else 1.0
    over = float(gaps.mean())
    return Outcome(
        figures={
            "shown_excess": Figure(value=max(0.0, error.value - usual), n=n),
            "excess": Figure(value=error.value - chance, low=low - chance, high=high - chance, n=n),
            "calibration_error": Figure(value=error.value, low=low, high=high, n=n),
            "overconfidence": Figure(value=over, low=over - spread, high=over + spread, n=n),
            "p": Figure(value=beyond, n=n),
        },
        rows=tuple(map(_row, bins)),
        notes=(
            _said(over, spread),
            f"{of_chance}, and one as large as this {100 * beyond:.2g} times in 100",
        ),
        plots=(Plot(x="claimed", y="right", low="low", high="high"),),
    )


def _row(each: Calibrated) -> dict[str, Any]:
    low, high = each.interval
    return {
        "claimed": each.confidence,
        "right": each.accuracy,
        "low": low,
        "high": high,
        "n": each.n,
    }


def _said(over: float, spread: float) -> str:
    if abs(over) <= spread:
        return "on the whole it is neither too sure nor too unsure of itself, as far as this shows"
    words = "too sure" if over > 0 else "too unsure"
    return f"it is {words} of itself by {100 * abs(over):.1f} points on the whole"


KIND: Final = Kind(
    name="calibration",
    about="whether the model is as often right as it says",
    headline=Bound(
        "shown_excess",
        at_most=0.05,
        why="5 points beyond what chance shows: a threshold on confidence then does what it says",
    ),
    assess=_assess,
    settings=Settings,
    tasks=frozenset({"classify", "detect"}),
)
