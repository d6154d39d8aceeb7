"""Recipe `transformers`: fine-tunes any detector or segmenter whose weights lie in a local folder.

What it learns is what the folder's network is for. The loop, the pictures, checkpoints and measures
are those of `detect` and `segment`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from torch import nn

from visloop.adapters.torch import maps, schooling
from visloop.adapters.torch.detection import measure
from visloop.adapters.torch.determined import determined
from visloop.adapters.torch.holding import parted
from visloop.adapters.torch.looking import Watch
from visloop.adapters.torch.pictures import Pictures, tensors_of
from visloop.adapters.torch.starting import start_from
from visloop.adapters.transformers import teaching
from visloop.adapters.transformers.answering import OUTPUTS, Boxes, Maps, exported
from visloop.adapters.transformers.folder import FolderRefused, read_folder
from visloop.adapters.transformers.loading import Loaded, kind_of, load
from visloop.errors import UsageError
from visloop.train import Aim, Fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.adapters.transformers.folder import Folder, Kind
    from visloop.train import Bench, Labelled, Lesson, Shown
    from visloop.vision import Contract, Task

_SPACE: Final = {"rate": "1e-5..3e-4:log", "head_rate": "1e-4..3e-3:log"}
_METRICS: Final = {"detect": "map50", "segment": "mean_iou"}
_CHECKED: Final = 4
_LIMIT: Final = "Fine-tuned from the {kind} in {path} ({digest}…) on {pictures} pictures."


class Parameters(schooling.Parameters, frozen=True, kw_only=True):
    """`weights`, the folder; `digest` of what lies there, filled in when a run begins; `pixels` of the
    input, where it should not be of the size that the folder names. The others as of all recipes.
    """

    weights: str = ""
    digest: str = ""
    pixels: Annotated[int, msgspec.Meta(ge=1024, le=4_000_000)] | None = None
    rate: Annotated[float, msgspec.Meta(gt=0)] = 5e-5
    head_rate: Annotated[float, msgspec.Meta(gt=0)] = 5e-4


class Transformers:
    """What the recipe is called by; `settle` looks into the folder."""

    parameters: type[msgspec.Struct] = Parameters
    task: Task = "detect"
    threads: int | None = 1

    def settle(self, params: Parameters) -> tuple[FineTuning, Parameters]:
        """The recipe for what the folder holds, and the parameters with its digest.

        Raises:
            UsageError: no folder is named.
            FolderRefused: it holds no weights, more than weights, or not those of the run.
        """
        if not params.weights:
            raise UsageError(
                "recipe 'transformers' wants a folder of weights", fix="--set weights=FOLDER"
            )
        folder = read_folder(Path(params.weights).resolve())
        if params.digest not in {"", folder.digest}:
            raise FolderRefused(
                f"{folder.path} holds {folder.digest[:12]}…, the run learnt from {params.digest[:12]}…",
                fix="put back what lay there",
            )
        known = msgspec.structs.replace(params, weights=str(folder.path), digest=folder.digest)
        return FineTuning(folder, kind_of(folder)), known

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """What `settle` found, learnt."""
        return self.settle(lesson.params)[0].fit(lesson, bench)


@dataclass(frozen=True)
class FineTuning:
    """One folder's network."""

    folder: Folder
    task: Kind
    parameters: type[msgspec.Struct] = Parameters
    threads: int | None = 1

    @property
    def aim(self) -> Aim:
        """What a search over its parameters is for."""
        return Aim(_METRICS[self.task], _SPACE, watched="loss")

    def fit(self, lesson: Lesson, bench: Bench) -> Fitted:
        """Fine-tune the folder's network for the lesson's classes, export, measure.

        Raises:
            FolderRefused: the weights cannot be loaded.
            Refused: the network cannot be exported: told before it learns.
            ExportDiffers: the exported model answers otherwise than the trained one.
        """
        params: Parameters = lesson.params
        learnt, measured = parted(lesson, params.holdout)
        contract = self._contract(lesson, learnt)
        with determined(lesson.seed, lesson.threads):
            loaded = load(self.folder, self.task, self._names(lesson))
            first = 1 if self.task == "segment" else 0
            start_from(loaded.network, lesson, bench, dict.fromkeys(loaded.by_class, first))
            pictures = self._pictures(bench, contract, learnt)
            held = self._pictures(bench, contract, measured)
            answers = self._answers(loaded, contract)
            some = tensors_of([pictures[i] for i in range(min(_CHECKED, len(pictures)))], contract)
            with bench.stage("trial"):  # what cannot be exported is not worth hours of training
                exported(answers, self.task, contract, some)
            with bench.stage("fit"):
                watch = Watch(answers, OUTPUTS[self.task], held, params.watched)
                teaching.teach(lesson, bench, loaded, pictures, watch, self.task)
            with bench.stage("export"):
                model, apart = exported(answers, self.task, contract, some)
        with bench.stage("measure"):
            figures, contract = self._measure(model, held, bench, lesson.threads)
        return Fitted(
            onnx=model,
            contract=contract,
            reference=None,
            metrics={**figures, "export_difference": apart},
            limits=(
                _LIMIT.format(
                    kind=self.folder.kind,
                    path=self.folder.path.name,
                    digest=self.folder.digest[:12],
                    pictures=len(learnt),
                ),
            ),
        )

    def preview(self, lesson: Lesson, bench: Bench, rows: int, columns: int) -> list[list[Shown]]:
        """Some pictures, a row each: as prepared, then as the first epochs vary them."""
        pictures = self._pictures(bench, self._contract(lesson, lesson.pictures), lesson.pictures)
        return schooling.shown(lesson, pictures, rows, columns)

    def _names(self, lesson: Lesson) -> tuple[str, ...]:
        return (*([teaching.BACKGROUND] if self.task == "segment" else []), *lesson.classes)

    def _contract(self, lesson: Lesson, pictures: Sequence[Labelled]) -> Contract:
        shapes = [(each.sample.height, each.sample.width) for each in pictures]
        found = teaching.contract_of(
            self.folder, self.task, lesson.classes, shapes, lesson.params.pixels
        )
        return msgspec.structs.replace(found, class_dictionary=lesson.class_dictionary)

    def _pictures(self, bench: Bench, contract: Contract, labelled: Sequence[Labelled]) -> Pictures:
        if self.task == "segment":
            return Pictures(bench, contract, labelled, contract.classes, masks=True)
        return teaching.Painted(bench, contract, labelled, contract.classes)

    def _answers(self, loaded: Loaded, contract: Contract) -> nn.Module:
        if self.task == "segment":
            return Maps(loaded.network)
        return Boxes(loaded.network, len(contract.classes), contract.resize.output_hw)

    def _measure(
        self, model: bytes, held: Pictures, bench: Bench, threads: int
    ) -> tuple[dict[str, float], Contract]:
        """Figures on held-out pictures, and the contract with the threshold that they ask for."""
        contract = held.contract
        if self.task == "segment":
            return maps.held_out(model, held, bench, threads), contract
        figures, threshold = measure.held_out(model, contract, held.labelled, bench, threads)
        decode = msgspec.structs.replace(contract.decode, score_threshold=threshold)
        return figures, msgspec.structs.replace(contract, decode=decode)
