"""Answers of a model: one ONNX session with its contract, for everybody who asks.

A session runs on one thread unless told otherwise, so that several can share a machine and the same
picture gets the same numbers everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from visloop import vision
from visloop.errors import Unavailable, UsageError
from visloop.ids import digest_of
from visloop.infer.fitting import check_fit
from visloop.infer.images import read, whole
from visloop.infer.model_file import ModelRefused, check_model, loops
from visloop.infer.saying import say, wanted_outputs
from visloop.infer.tensors import check_executable, place, preprocess, to_tensor
from visloop.vision import Annotation, ClassLabel, ShapeError

if TYPE_CHECKING:
    from visloop.vision import Contract, Placement

Floats: TypeAlias = NDArray[np.float32]

_ERRORS_ONLY: Final = 3
_RAW_TASKS: Final = frozenset({"detect", "segment", "regress"})
_ACTIVATIONS: Final = {"softmax": vision.softmax, "sigmoid": vision.sigmoid}
_CPU: Final = "CPUExecutionProvider"
_PROVIDERS: Final = {
    "cpu": _CPU,
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
# OpenVINO rounds to bfloat16 where the processor has it: other numbers than those that were judged
_PROVIDER_OPTIONS: Final = {"OpenVINOExecutionProvider": {"precision": "FP32"}}
_PACKAGES: Final = {"cuda": "onnxruntime-gpu", "openvino": "onnxruntime-openvino"}


@dataclass(frozen=True)
class Outputs:
    """Answers to N pictures; None where the model gives no such output."""

    probabilities: Floats | None = None
    """float32 (N, K) over the contract's classes."""
    embedding: Floats | None = None
    """float32 (N, D)."""
    raw: Mapping[str, Floats] = field(default_factory=dict[str, "Floats"])
    """What boxes, masks or numbers are read from, by the model's own names; (N, …) each, or (N, T, …)
    of a contract with T tiles."""

    def part(self, start: int, end: int) -> Outputs:
        """The answers to pictures `start` up to `end`."""
        return Outputs(
            None if self.probabilities is None else self.probabilities[start:end],
            None if self.embedding is None else self.embedding[start:end],
            {name: values[start:end] for name, values in self.raw.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence[Outputs]) -> Outputs:
        """Answers to several batches of the same model as those to one; at least one batch."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            _stacked([part.probabilities for part in parts]),
            _stacked([part.embedding for part in parts]),
            {name: np.concatenate([part.raw[name] for part in parts]) for name in parts[0].raw},
        )


@dataclass(frozen=True)
class Answer:
    """The answer to one picture; None where the model gives no such output."""

    probabilities: Floats | None
    """float32 (K,) over the contract's classes."""
    embedding: Floats | None
    """float32 (D,)."""
    annotations: tuple[Annotation, ...] = ()
    """Boxes, masks or numbers, or the likeliest class; in pixels of the upright picture."""
    size_hw: tuple[int, int] = (0, 0)
    """Of the upright picture."""


class Prepared(NamedTuple):
    """A picture as the model wants it, float32 (C, H, W), and where it lies in there."""

    array: Floats
    placement: Placement


def providers(device: str = "auto") -> list[str]:
    """ONNX Runtime's execution providers for a device, best first.

    Args:
        device: `auto` (CUDA where this installation has it, else the CPU), `cpu`, `cuda` or `openvino`.

    Raises:
        UsageError: no such device.
        Unavailable: this installation cannot use it.
    """
    here = ort.get_available_providers()
    if device == "auto":
        return [name for name in (_PROVIDERS["cuda"], _CPU) if name in here]
    if device not in _PROVIDERS:
        raise UsageError(f"no device is called {device!r}", fix="use auto, cpu, cuda or openvino")
    if _PROVIDERS[device] not in here:
        raise Unavailable(
            f"this installation cannot compute on {device!r}",
            fix=f"use auto, or pip install {_PACKAGES[device]} in place of onnxruntime",
        )
    return list(dict.fromkeys((_PROVIDERS[device], _CPU)))


class Session(Protocol):
    """What computes a network: ONNX Runtime's session, or another library's in its place."""

    def run(self, output_names: list[str], input_feed: dict[str, Any]) -> Any:
        """The outputs of those names, arrays in that order."""
        ...

    def get_inputs(self) -> Sequence[Any]:
        """Each with `name` and `shape`."""
        ...

    def get_outputs(self) -> Sequence[Any]:
        """Each with `name`."""
        ...


class Halt:
    """Ends a `run` under way, between two nodes of its network, from another thread."""

    def __init__(self) -> None:
        self.options = ort.RunOptions()

    def now(self) -> None:
        """What runs with it fails; what begins with it fails at once."""
        self.options.terminate = True


class Predictor:
    """A model that is ready to answer; `run` may be called from several threads at once.

    `loops`: how long it takes depends on the picture; `one_by_one`: its file takes batches of one.
    """

    def __init__(
        self, session: Session, contract: Contract, digest: str, *, loops: bool = False
    ) -> None:
        self.contract = contract
        self.input_shape = contract.input_shape
        self.loops = loops
        self.digest = digest
        self._session = session
        decode = contract.decode
        given = {output.name for output in session.get_outputs()}
        self._raw = wanted_outputs(decode) if decode.task in _RAW_TASKS else ()
        self._windows = (
            vision.windows(contract.tiling, contract.resize.output_hw) if contract.tiling else ()
        )
        embedding = () if self._windows else (decode.embedding,)
        names = (*(self._raw or (decode.probabilities,)), *embedding)
        self._asked = [name for name in dict.fromkeys(names) if name in given]
        self.one_by_one = session.get_inputs()[0].shape[0] == 1

    @classmethod
    def load(
        cls,
        onnx: bytes,
        contract: Contract,
        *,
        threads: int = 1,
        device: str = "auto",
        as_written: bool = False,
    ) -> Predictor:
        """Check the model file, then make a session of it.

        Args:
            onnx: the model file's bytes; see `check_model` for what it may hold.
            contract: what stands around the model; its input and outputs must be the model's.
            threads: threads of one `run`.
            device: see `providers`.
            as_written: compute node by node what the file says; else ONNX Runtime first joins nodes.

        Raises:
            ModelRefused: the file may not be loaded, or does not fit the contract.
            ContractRefused: the contract asks for libraries that are not here.
        """
        check_executable(contract)
        checked = check_model(onnx)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        if as_written:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        chosen = providers(device)
        told = [_PROVIDER_OPTIONS.get(name, {}) for name in chosen]
        try:
            session = ort.InferenceSession(onnx, options, chosen, told)
        except Exception as error:  # ONNX Runtime has a class of its own for each kind of refusal
            raise ModelRefused(
                f"the model file is refused: ONNX Runtime cannot load it: {error}",
                fix="export it again, with an opset that this ONNX Runtime knows",
            ) from error
        check_fit(session, contract)
        digest = digest_of(onnx, contract.to_json())
        return cls(session, contract, digest, loops=loops(checked))

    def prepare(self, data: bytes | memoryview) -> NDArray[np.float32]:
        """One encoded picture as the model wants it: float32 (C, H, W); errors: see `decode`."""
        return preprocess(data, self.contract)

    def place(self, data: bytes | memoryview | NDArray[np.uint8]) -> Prepared:
        """As `prepare`, and where the picture lies in there; upright RGB pixels (H, W, 3) do as well.

        Raises:
            NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
        """
        picture = whole(data) if isinstance(data, np.ndarray) else read(data, self.contract)
        array = to_tensor(picture.pixels, self.contract)
        return Prepared(array, place(picture, self.contract.resize))

    def run(self, batch: NDArray[np.float32], halt: Halt | None = None) -> Outputs:
        """Answers to a batch of prepared pictures.

        Args:
            batch: float32 (N, C, H, W), each as `prepare` gives it.
            halt: ends it before it is done; of ONNX Runtime's sessions only.

        Raises:
            ShapeError: the batch is of another shape or type.
        """
        wanted = self.input_shape
        if batch.shape[1:] != wanted or batch.dtype != np.float32:
            size = ", ".join(map(str, wanted))
            raise ShapeError(f"a batch is float32 (N, {size}), not {batch.dtype} {batch.shape}")
        if self._windows:
            return Outputs(raw=self._in_tiles(batch, halt))
        return self._answer(batch, halt)

    def _in_tiles(self, batch: NDArray[np.float32], halt: Halt | None) -> dict[str, Floats]:
        """Answers to the T tiles of each picture, (N, T, …), picture by picture."""
        _, high, wide = self.contract.network_shape
        rows: list[Mapping[str, Floats]] = []
        for picture in batch:
            parts = [picture[:, y : y + high, x : x + wide] for x, y, _ in self._windows]
            rows.append(self._answer(np.stack(parts), halt).raw)
        return {name: np.stack([row[name] for row in rows]) for name in self._raw}

    def _answer(self, batch: NDArray[np.float32], halt: Halt | None) -> Outputs:
        """What the model gives for a batch of its own input."""
        if self.one_by_one and len(batch) != 1:
            parts = [self._answer(batch[at : at + 1], halt) for at in range(len(batch))]
            return Outputs.joined(parts)
        told = () if halt is None else (halt.options,)
        session: Any = self._session
        answers: Any = session.run(self._asked, {self.contract.input_name: batch}, *told)
        by_name = dict(zip(self._asked, answers, strict=True))
        decode = self.contract.decode
        probabilities = by_name.get(decode.probabilities) if not self._raw else None
        if probabilities is not None and decode.activation != "none":
            probabilities = _ACTIVATIONS[decode.activation](probabilities)
        raw = {name: by_name[name] for name in self._raw}
        return Outputs(probabilities, by_name.get(decode.embedding), raw)

    def embedding_size(self) -> int:
        """D of the embedding.

        Raises:
            ShapeError: this model has none.
        """
        blank = np.zeros((1, *self.contract.input_shape), np.float32)
        found = self.run(blank).embedding
        if found is None:
            raise ShapeError("the model has no output `embedding`")
        return found.shape[1]

    def predict(self, data: bytes | memoryview | NDArray[np.uint8], *, author: str = "") -> Answer:
        """The answer to one picture, as `place` takes it.

        Raises:
            NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
        """
        array, placement = self.place(data)
        outputs = self.run(array[None])
        return Answer(
            None if outputs.probabilities is None else outputs.probabilities[0],
            None if outputs.embedding is None else outputs.embedding[0],
            self.say(outputs, 0, placement, author=author),
            placement.size_hw,
        )

    def say(
        self,
        outputs: Outputs,
        row: int,
        placement: Placement,
        *,
        author: str,
        threshold: float | None = None,
    ) -> tuple[Annotation, ...]:
        """What the model says of one picture: its likeliest class, boxes, masks or numbers.

        Args:
            outputs: as `run` gave them.
            row: which of the pictures.
            placement: where it lies in the input, as `place` gave it.
            author: who says so, `model:dock@v3`.
            threshold: in place of the contract's `score_threshold`, for boxes and masks.

        Raises:
            ShapeError: an output is not of the shape that the contract tells.
        """
        if self._raw:
            raw = {name: values[row] for name, values in outputs.raw.items()}
            return say(raw, self.contract, placement, author=author, threshold=threshold)
        if outputs.probabilities is None:
            return ()
        return self.annotate(outputs.probabilities[row], author=author)

    def annotate(
        self, probabilities: NDArray[np.float32], *, author: str, top: int = 1
    ) -> tuple[ClassLabel, ...]:
        """The likeliest classes as proposed labels, best first.

        Args:
            probabilities: float32 (K,), one picture's.
            author: who says so, `model:dock@v3`.
            top: at most so many; the contract's `score_threshold` may leave fewer.

        Raises:
            ShapeError: not one number for each of the contract's classes.
        """
        classes = self.contract.classes
        if probabilities.shape != (len(classes),):
            raise ShapeError(f"expected ({len(classes)},) probabilities, got {probabilities.shape}")
        best = np.argsort(-probabilities, kind="stable")[:top]
        return tuple(
            ClassLabel(
                label=classes[index],
                author=author,
                score=float(probabilities[index]),
                review="proposed",
            )
            for index in best.tolist()
            if probabilities[index] >= self.contract.decode.score_threshold
        )


def _stacked(columns: list[Floats | None]) -> Floats | None:
    there = [column for column in columns if column is not None]
    return np.concatenate(there) if there else None
