"""Recipe `classify-linear`: a calibrated linear head over the backbone's embeddings, without torch.

Learns from few pictures on a CPU in seconds; the network itself is not trained.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import infer, vision
from visloop.train.bench import Bench
from visloop.train.recipe import Fitted, Lesson
from visloop.train.recipes.linear_head import STRENGTHS, Head, fit_head
from visloop.train.recipes.root import root_before_head
from visloop.train.reference import STATISTICS, Reference
from visloop.train.tuning.aims import Aim

FEW: Final = 20
_CLOSED_WORLD: Final = (
    "Answers one of {n} classes, also for pictures of something else: watch the outlier score."
)
_PHOTOGRAPHS: Final = (
    "Its features were learnt on ImageNet photographs; pictures of another kind (X-rays, documents) "
    "may need a recipe that trains the network."
)


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`c` fixes the inverse regularisation strength, which else is chosen on `folds` held-out folds;
    `balanced` weighs classes equally; `reference` is how many pictures monitoring may compare with.
    """

    folds: Annotated[int, msgspec.Meta(ge=2, le=50)] = 5
    c: Annotated[float, msgspec.Meta(gt=0)] | None = None
    balanced: bool = False
    reference: Annotated[int, msgspec.Meta(ge=100, le=100_000)] = 10_000


class ClassifyLinear:
    """One class per picture."""

    parameters: type[msgspec.Struct] = Parameters
    task: vision.Task = "classify"
    threads: int | None = None
    aim: Aim = Aim("accuracy", {"c": "1e-4..1e2:log", "balanced": "false,true"})

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Embed, fit and calibrate the head, join both into one network.

        Raises:
            Refused: a class has fewer than two pictures.
        """
        with bench.stage("backbone"):
            backbone = infer.backbone()
            predictor = infer.Predictor.load(
                backbone.onnx, backbone.contract, threads=lesson.threads
            )
        with bench.stage("embed"):
            embeddings = bench.embed(predictor, lesson.images)
        with bench.stage("fit"):
            head = _fit(lesson, embeddings)
        for step, trial in enumerate(head.trials):
            bench.log("cv.c", trial.c, step)
            bench.log("cv.accuracy", trial.accuracy, step)
            bench.log("cv.log_loss", trial.log_loss, step)
        with bench.stage("export"):
            joined = infer.with_head(backbone.onnx, head.weights.T, head.bias)
            onnx = root_before_head(joined)
            contract = msgspec.structs.replace(
                backbone.contract,
                decode=vision.Decode(task="classify"),
                classes=lesson.classes,
                class_dictionary=lesson.class_dictionary,
            )
        with bench.stage("reference"):
            reference = _reference(lesson, bench, contract, embeddings, head)
        return Fitted(onnx, contract, reference, _metrics(head), _limits(lesson))


def _fit(lesson: Lesson, embeddings: NDArray[np.float32]) -> Head:
    params: Parameters = lesson.params
    return fit_head(
        embeddings,
        lesson.truth,
        seed=lesson.seed,
        folds=params.folds,
        strengths=STRENGTHS if params.c is None else (params.c,),
        balanced=params.balanced,
    )


def _reference(
    lesson: Lesson,
    bench: Bench,
    contract: vision.Contract,
    embeddings: NDArray[np.float32],
    head: Head,
) -> Reference:
    n = len(lesson.pictures)
    rows = np.arange(n)
    if n > lesson.params.reference:
        rng = np.random.default_rng(lesson.seed)
        rows = np.sort(rng.choice(n, lesson.params.reference, replace=False))
    images = tuple(lesson.images[i] for i in rows)
    statistics = np.zeros((len(images), STATISTICS), np.float32)
    tracked = bench.track(images, doing="measure", unit="image", total=len(images))
    for row, image in enumerate(tracked):
        statistics[row] = vision.image_statistics(infer.decode(bench.read(image), contract))
    return Reference(
        probabilities=head.held_out[rows],
        embeddings=embeddings[rows].astype(np.float16),
        statistics=statistics,
        images=images,
        predicted=head.held_out[rows].argmax(axis=1),
        truth=lesson.truth[rows],
    )


def _metrics(head: Head) -> dict[str, float]:
    best = head.chosen
    return {
        "cv_accuracy": best.accuracy,
        "cv_log_loss": best.log_loss,
        "c": best.c,
        "temperature": best.temperature,
    }


def _limits(lesson: Lesson) -> tuple[str, ...]:
    counts = np.bincount(lesson.truth, minlength=len(lesson.classes))
    few = [name for name, n in zip(lesson.classes, counts, strict=True) if n < FEW]
    limits = [_CLOSED_WORLD.format(n=len(lesson.classes)), _PHOTOGRAPHS]
    if few:
        limits.append(f"Fewer than {FEW} pictures to learn from: {', '.join(few)}.")
    return tuple(limits)
