"""Recipe `regress`: a number read off the picture, such as a count or a gauge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from visloop import infer
from visloop.adapters.torch import schooling
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.export import check_export, to_onnx
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.lite0 import EMBEDDING, Lite0, Weights
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import Pictures, Prepared, input_size
from visloop.adapters.torch.starting import start_from
from visloop.errors import Refused
from visloop.train import Aim, Fitted
from visloop.vision import Contract, Decode, Resize

if TYPE_CHECKING:
    from visloop.train import Bench, Labelled, Lesson, Shown
    from visloop.vision import Task

_OUTPUTS: Final = ("value", "embedding")
_SHOWN: Final = 9_000
_LIMIT: Final = "Learnt from numbers between {low:g} and {high:g} {unit}: beyond those it guesses."


class Parameters(schooling.Lite0Parameters, frozen=True, kw_only=True):
    """`pixels` of the model's input; `moves`: whether pictures may be zoomed and shifted without
    changing the number; the others as of all recipes, but nothing is mirrored unless asked for.
    """

    pixels: Annotated[int, msgspec.Meta(ge=1024, le=4_000_000)] = 50_176
    flips: Literal["", "h", "v", "hv"] = ""
    moves: bool = False
    holdout: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.15


class Reader(nn.Module):
    """Lite0 and one number, in units of the spread of those that it learns from."""

    def __init__(self, weights: Weights, *, frozen: int) -> None:
        super().__init__()
        self.backbone = Lite0(weights, strides=(), frozen=frozen, embeds=True)
        self.head = nn.Linear(EMBEDDING, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def embed(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → (N, 1280)."""
        return self.backbone(image)[-1].mean(dim=(2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """float32 (N, 3, H, W) → (N, 1)."""
        return self.head(self.embed(image))


class Answers(nn.Module):
    """The reader as it is exported: `value` (N, 1) in the data's unit, and `embedding` (N, 1280)."""

    def __init__(self, network: Reader, middle: float, spread: float) -> None:
        super().__init__()
        self.network = network
        self.middle, self.spread = middle, spread

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """float32 (N, 3, H, W) → value, embedding."""
        embedding = self.network.embed(image)
        return self.network.head(embedding) * self.spread + self.middle, embedding


class Regress:
    """One number per picture."""

    parameters: type[msgspec.Struct] = Parameters
    task: Task = "regress"
    threads: int | None = 1
    aim: Aim = Aim("mae", schooling.SPACE, watched="loss")

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fine-tune the backbone with a new head, export, measure on pictures held out.

        Raises:
            Refused: the numbers are in several units, or all the same.
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        values = np.array([each.value for each in learnt], np.float64)
        unit = _unit(lesson)
        middle, spread = float(values.mean()), float(values.std())
        if spread == 0:
            raise Refused(
                f"all numbers are {middle:g}: there is nothing to learn", fix="add others"
            )
        contract = _contract(lesson, learnt, unit)
        with determined(lesson.seed, lesson.threads):
            network = Reader(infer.imagenet_weights(), frozen=params.frozen)
            start_from(network, lesson, bench, {})
            pictures = Pictures(bench, contract, learnt, ())
            held = Pictures(bench, contract, measured, ())
            answers = Answers(network, middle, spread)
            with bench.stage("fit"):
                watch = Watch(answers, _OUTPUTS, held, params.watched)
                _teach(network, lesson, bench, pictures, watch, (values - middle) / spread)
            with bench.stage("export"):
                model = to_onnx(answers, contract.resize.output_hw, _OUTPUTS)
                some = pictures.first()
                apart = check_export(answers, model, contract, some, _OUTPUTS)
        with bench.stage("measure"):
            figures = _measure(model, contract, measured, bench)
        limit = _LIMIT.format(low=values.min(), high=values.max(), unit=unit).replace(" :", ":")
        return Fitted(
            onnx=model,
            contract=contract,
            reference=None,
            metrics={**figures, "export_difference": apart},
            limits=(limit,),
        )

    def preview(self, lesson: Lesson, bench: Bench, rows: int, columns: int) -> list[list[Shown]]:
        """Some pictures, a row each: as prepared, then as the first epochs vary them."""
        contract = _contract(lesson, lesson.pictures, _unit(lesson))
        pictures = Pictures(bench, contract, lesson.pictures, ())
        return schooling.shown(lesson, pictures, rows, columns, moves=lesson.params.moves)


def _unit(lesson: Lesson) -> str:
    units = sorted({each.unit for each in (*lesson.pictures, *lesson.held_out)})
    if len(units) > 1:
        raise Refused(
            f"the numbers are in several units: {', '.join(unit or 'none' for unit in units)}",
            fix="bring them to one unit, or keep them in data sets of their own",
        )
    return units[0] if units else ""


def _contract(lesson: Lesson, learnt: Sequence[Labelled], unit: str) -> Contract:
    shapes = [(each.sample.height, each.sample.width) for each in learnt]
    return Contract(
        resize=Resize(
            mode="letterbox", size_hw=input_size(shapes, lesson.params.pixels), kernel="area"
        ),
        decode=Decode(task="regress", unit=unit),
        class_dictionary=lesson.class_dictionary,
    )


def _teach(
    network: Reader,
    lesson: Lesson,
    bench: Bench,
    pictures: Pictures,
    watch: Watch,
    wanted_values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    values = torch.from_numpy(wanted_values.astype(np.float32))[:, None]

    def truth(places: Sequence[int], _: Sequence[Prepared]) -> Mapping[str, Tensor]:
        return {"value": values[list(places)]}

    def losses(batch: Tensor, wanted: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {"huber_loss": functional.smooth_l1_loss(network(batch), wanted["value"], beta=0.5)}

    schooling.school(
        lesson,
        bench,
        network,
        pictures,
        watch,
        shown=_SHOWN,
        truth=truth,
        losses=losses,
        moves=lesson.params.moves,
    )


def _measure(
    model: bytes, contract: Contract, measured: Sequence[Labelled], bench: Bench
) -> dict[str, float]:
    if not measured:
        return {}
    predictor = infer.Predictor.load(model, contract)
    tracked = bench.track(measured, doing="measure", unit="image", total=len(measured))
    said = [
        float(
            predictor.run(predictor.prepare(bench.read(each.sample.image))[None]).raw["value"][0, 0]
        )
        for each in tracked
    ]
    apart = np.array(said) - np.array([each.value for each in measured])
    return {
        "held_out": float(len(measured)),
        "held_out_mae": float(np.abs(apart).mean()),
        "held_out_rmse": float(np.sqrt((apart**2).mean())),
    }
