"""Recipe `classify-finetune`: the linear head of `classify-linear`, then the network beneath it too.

A head that is fitted first keeps the first steps from spoiling what the network knows.

Source: Kumar 2022 (linear probing, then fine-tuning).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from visloop import infer, vision
from visloop.adapters.torch import schooling
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.export import check_export, to_onnx
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.lite0 import EMBEDDING, Lite0, Weights
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import Pictures, Prepared, tensors_of
from visloop.adapters.torch.starting import start_from
from visloop.train import Aim, Fitted, Reference, calibrate, fit_head
from visloop.vision import Contract, Resize

if TYPE_CHECKING:
    from visloop.train import Bench, Labelled, Lesson, Shown
    from visloop.vision import Task

_OUTPUTS: Final = ("probabilities", "embedding")
_SHOWN: Final = 9_000
_SPACE: Final = {"rate": "2e-5..5e-4:log", "head_rate": "1e-4..3e-3:log", "frozen": "0..6"}
_SMALL: Final = 1e-6
_FEW: Final = 100
_CLOSED_WORLD: Final = (
    "Answers one of {n} classes, also for pictures of something else: watch the outlier score."
)
_LITTLE_REFERENCE: Final = "Monitoring compares with {n} held-out pictures only."


class Parameters(schooling.Lite0Parameters, frozen=True, kw_only=True):
    """`smoothing` of the labels; `balanced` weighs classes equally; the others as of all recipes."""

    rate: Annotated[float, msgspec.Meta(gt=0)] = 1e-4
    head_rate: Annotated[float, msgspec.Meta(gt=0)] = 3e-4
    holdout: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.15
    smoothing: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.05
    balanced: bool = False


class Classifier(nn.Module):
    """Lite0 with a linear head over the roots of its embedding (see `classify-linear`)."""

    def __init__(self, weights: Weights, classes: int, *, frozen: int) -> None:
        super().__init__()
        self.backbone = Lite0(weights, strides=(), frozen=frozen, embeds=True)
        self.head = nn.Linear(EMBEDDING, classes)

    def embed(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → (N, 1280)."""
        return self.backbone(image)[-1].mean(dim=(2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → logits (N, C)."""
        return self.head(torch.sqrt(self.embed(image) + _SMALL))


class Answers(nn.Module):
    """The classifier as it is exported: `probabilities` (N, C) and `embedding` (N, 1280)."""

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """float32 (N, 3, H, W) → probabilities, embedding."""
        embedding = self.network.embed(image)
        logits = self.network.head(torch.sqrt(embedding + _SMALL))
        return torch.softmax(logits, dim=1), embedding


class ClassifyFinetune:
    """One class per picture; the network learns too."""

    parameters: type[msgspec.Struct] = Parameters
    task: Task = "classify"
    threads: int | None = 1
    aim: Aim = Aim("accuracy", _SPACE, watched="loss")

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fit a head, fine-tune both, calibrate and measure on pictures held out.

        Raises:
            Refused: a class has fewer than two pictures.
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        contract = Contract(
            resize=Resize(), classes=lesson.classes, class_dictionary=lesson.class_dictionary
        )
        with determined(lesson.seed, lesson.threads):
            network = Classifier(
                infer.imagenet_weights(), len(lesson.classes), frozen=params.frozen
            )
            pictures = Pictures(bench, contract, learnt, lesson.classes)
            with bench.stage("head"):
                if lesson.start is None:
                    _start_head(network, lesson, bench, learnt)
                start_from(network, lesson, bench, {"head.weight": 0, "head.bias": 0})
            held = Pictures(bench, contract, measured, lesson.classes)
            answers = Answers(network)
            with bench.stage("fit"):
                watch = Watch(answers, _OUTPUTS, held, params.watched)
                _teach(network, lesson, bench, pictures, watch)
            with bench.stage("measure"):
                logits = _logits(network, held)
                truth = _truth(lesson, measured)
                temperature = calibrate(logits, truth) if len(truth) else 1.0
                network.head.weight.data /= temperature
                network.head.bias.data /= temperature
            with bench.stage("export"):
                model = to_onnx(answers, contract.resize.output_hw, _OUTPUTS)
                some = pictures.first()
                apart = check_export(answers, model, contract, some, _OUTPUTS)
        reference = _reference(model, contract, bench, measured, truth)
        figures = _metrics(logits / temperature, truth) | {"temperature": temperature}
        return Fitted(
            onnx=model,
            contract=contract,
            reference=reference,
            metrics={**figures, "export_difference": apart},
            limits=_limits(lesson, len(measured)),
        )

    def preview(self, lesson: Lesson, bench: Bench, rows: int, columns: int) -> list[list[Shown]]:
        """Some pictures, a row each: as prepared, then as the first epochs vary them."""
        contract = Contract(resize=Resize(), classes=lesson.classes)
        pictures = Pictures(bench, contract, lesson.pictures, lesson.classes)
        return schooling.shown(lesson, pictures, rows, columns)


def _start_head(
    network: Classifier, lesson: Lesson, bench: Bench, learnt: Sequence[Labelled]
) -> None:
    """The head that fits best while the network stays as it is."""
    backbone = infer.backbone()
    predictor = infer.Predictor.load(backbone.onnx, backbone.contract, threads=lesson.threads)
    embeddings = bench.embed(predictor, [each.sample.image for each in learnt])
    head = fit_head(embeddings, _truth(lesson, learnt), seed=lesson.seed)
    network.head.weight.data = torch.from_numpy(np.ascontiguousarray(head.weights.T))
    network.head.bias.data = torch.from_numpy(head.bias.copy())


def _teach(
    network: Classifier, lesson: Lesson, bench: Bench, pictures: Pictures, watch: Watch
) -> None:
    params: Parameters = lesson.params
    places_of = torch.from_numpy(_truth(lesson, pictures.labelled))
    counts = np.bincount(places_of.numpy(), minlength=len(lesson.classes)).astype(np.float64)
    weights = torch.from_numpy(schooling.class_weights(counts, balanced=params.balanced))

    def truth(places: Sequence[int], _: Sequence[Prepared]) -> Mapping[str, Tensor]:
        return {"place": places_of[list(places)]}

    def losses(batch: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        place = wanted["place"]
        weight = weights.to(place.device)
        return {
            "cross_entropy": functional.cross_entropy(
                network(batch), place, weight, label_smoothing=params.smoothing
            )
        }

    schooling.school(
        lesson, bench, network, pictures, watch, shown=_SHOWN, truth=truth, losses=losses
    )


def _truth(lesson: Lesson, labelled: Sequence[Labelled]) -> NDArray[np.int64]:
    place = {name: i for i, name in enumerate(lesson.classes)}
    return np.array([place[each.label] for each in labelled], np.int64)


def _logits(network: Classifier, pictures: Pictures) -> NDArray[np.float32]:
    """float32 (N, C), picture by picture."""
    with torch.no_grad():
        found = [
            network(tensors_of([pictures[i]], pictures.contract)) for i in range(len(pictures))
        ]
    width = network.head.out_features
    return torch.cat(found).numpy() if found else np.zeros((0, width), np.float32)


def _metrics(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> dict[str, float]:
    if not len(truth):
        return {}
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return {
        "held_out": float(len(truth)),
        "held_out_accuracy": float((logits.argmax(axis=1) == truth).mean()),
        "held_out_log_loss": float(-logs[np.arange(len(truth)), truth].mean()),
    }


def _reference(
    model: bytes,
    contract: Contract,
    bench: Bench,
    measured: Sequence[Labelled],
    truth: NDArray[np.int64],
) -> Reference | None:
    """What the model answers on the pictures held out, for monitoring to compare with."""
    if not measured:
        return None
    predictor = infer.Predictor.load(model, contract)
    probabilities: list[NDArray[np.float32]] = []
    embeddings: list[NDArray[np.float16]] = []
    statistics: list[NDArray[np.float32]] = []
    for each in bench.track(measured, doing="measure", unit="image", total=len(measured)):
        raw = bench.read(each.sample.image)
        outputs = predictor.run(predictor.prepare(raw)[None])
        assert outputs.probabilities is not None
        assert outputs.embedding is not None
        probabilities.append(outputs.probabilities[0])
        embeddings.append(outputs.embedding[0].astype(np.float16))
        statistics.append(vision.image_statistics(infer.decode(raw, contract)))
    return Reference(
        probabilities=np.stack(probabilities),
        embeddings=np.stack(embeddings),
        statistics=np.stack(statistics).astype(np.float32),
        images=tuple(each.sample.image for each in measured),
        predicted=np.stack(probabilities).argmax(axis=1),
        truth=truth,
    )


def _limits(lesson: Lesson, measured: int) -> tuple[str, ...]:
    limits = [_CLOSED_WORLD.format(n=len(lesson.classes))]
    if measured < _FEW:
        limits.append(_LITTLE_REFERENCE.format(n=measured))
    return tuple(limits)
