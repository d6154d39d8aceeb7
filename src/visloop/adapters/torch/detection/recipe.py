"""Recipe `detect`: boxes, from tens of pictures, on a CPU in minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import torch
from torch import Tensor

from visloop import infer
from visloop.adapters.torch import schooling
from visloop.adapters.torch.detection import loss, measure
from visloop.adapters.torch.detection.network import HEADS, STRIDE, Answers, Detector, peaks_apart
from visloop.adapters.torch.detection.targets import target_of
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.export import check_export, to_onnx
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import Pictures, Prepared
from visloop.adapters.torch.sizing import Parameters, Sizes, sizes_of
from visloop.adapters.torch.starting import start_from
from visloop.train import Aim, Fitted
from visloop.vision import Contract, Decode, Resize

if TYPE_CHECKING:
    from visloop.train import Bench, Lesson, Shown
    from visloop.vision import Task

_OUTPUTS: Final = ("boxes", "scores")
_SHOWN: Final = 6_000
_LIMITS: Final = (
    (
        "Finds objects of its {n} classes only, and learnt from {pictures} pictures: what those do not "
        "show, it has not seen."
    ),
    "Objects smaller than {px} px at the model's input of {w} × {h} px are hard for it.",
)


class Detect:
    """Boxes with classes, by the objects' centres."""

    parameters: type[msgspec.Struct] = Parameters
    task: Task = "detect"
    threads: int | None = 1
    aim: Aim = Aim("map50", schooling.SPACE, watched="loss")

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fine-tune the backbone with new heads, export, measure on pictures held out.

        Raises:
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        sizes = sizes_of(params, learnt)
        contract = _contract(lesson, sizes)
        bench.ports.progress.note(str(sizes))
        with determined(lesson.seed, lesson.threads):
            detector = Detector(
                infer.imagenet_weights(),
                len(lesson.classes),
                size_hw=contract.resize.output_hw,
                frozen=params.frozen,
            )
            start_from(detector, lesson, bench, HEADS)
            pictures = Pictures(bench, contract, learnt, lesson.classes)
            held = Pictures(bench, contract, measured, lesson.classes)
            answers = Answers(detector)
            with bench.stage("fit"):
                watch = Watch(answers, _OUTPUTS, held, params.watched)
                _teach(lesson, bench, detector, pictures, watch, sizes)
            with bench.stage("export"):
                model = to_onnx(answers, contract.resize.output_hw, _OUTPUTS)
                some = pictures.first()
                with torch.no_grad():
                    peaks = partial(peaks_apart, torch.sigmoid(detector.eval()(some)[0]))
                apart = check_export(answers, model, contract, some, _OUTPUTS, {"scores": peaks})
        with bench.stage("measure"):
            metrics, threshold = measure.held_out(model, contract, measured, bench, lesson.threads)
        decode = msgspec.structs.replace(contract.decode, score_threshold=threshold)
        contract = msgspec.structs.replace(contract, decode=decode)
        return Fitted(
            onnx=model,
            contract=contract,
            reference=None,
            metrics={**metrics, "export_difference": apart},
            limits=_limits(lesson, contract, len(learnt)),
        )

    def preview(self, lesson: Lesson, bench: Bench, rows: int, columns: int) -> list[list[Shown]]:
        """Some pictures, a row each: as prepared, then as the first epochs vary them."""
        sizes = sizes_of(lesson.params, lesson.pictures)
        pictures = Pictures(bench, _contract(lesson, sizes), lesson.pictures, lesson.classes)
        return schooling.shown(lesson, pictures, rows, columns, tile_hw=sizes.tile_hw)


def _contract(lesson: Lesson, sizes: Sizes) -> Contract:
    return Contract(
        resize=Resize(mode="letterbox", size_hw=sizes.input_hw, kernel="area"),
        decode=Decode(task="detect", layout="boxes", score_threshold=0.3, nms_iou=0.6),
        classes=lesson.classes,
        class_dictionary=lesson.class_dictionary,
    )


def _teach(
    lesson: Lesson,
    bench: Bench,
    detector: Detector,
    pictures: Pictures,
    watch: Watch,
    sizes: Sizes,
) -> None:
    high, wide = sizes.tile_hw or sizes.input_hw
    size = (len(lesson.classes), high // STRIDE, wide // STRIDE)
    drawn = Counter(each.label for one in pictures.labelled for each in one.objects)
    counts = np.array([drawn[name] for name in lesson.classes], np.float64)
    weights = schooling.class_weights(counts, balanced=lesson.params.balanced)

    def truth(_: Sequence[int], seen: Sequence[Prepared]) -> Mapping[str, Tensor]:
        targets = [target_of(p.boxes, p.places, p.blank, size, STRIDE, weights) for p in seen]
        names = ("heat", "corners", "weight", "counts")
        arrays = {name: np.stack([getattr(each, name) for each in targets]) for name in names}
        return {name: torch.from_numpy(each) for name, each in arrays.items()}

    def losses(batch: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        logits, corners = detector(batch)
        boxes = loss.box_loss(corners, wanted["corners"], wanted["weight"])
        return {
            "centre_loss": loss.heat_loss(logits, wanted["heat"], wanted["counts"]),
            "box_loss": loss.BOX_WEIGHT * boxes,
        }

    schooling.school(
        lesson,
        bench,
        detector,
        pictures,
        watch,
        shown=_SHOWN,
        truth=truth,
        losses=losses,
        tile_hw=sizes.tile_hw,
    )


def _limits(lesson: Lesson, contract: Contract, pictures: int) -> tuple[str, ...]:
    high, wide = contract.resize.output_hw
    facts = {"n": len(lesson.classes), "pictures": pictures, "px": STRIDE, "w": wide, "h": high}
    return tuple(limit.format(**facts) for limit in _LIMITS)
