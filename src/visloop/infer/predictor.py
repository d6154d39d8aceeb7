"""Answers of a model: one ONNX session with its contract, for everybody who asks.

A session runs on one thread unless told otherwise, so that several can share a machine and the same
picture gets the same numbers everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime as ort

from visloop.errors import Unavailable, UsageError
from visloop.ids import digest_of
from visloop.infer.model_file import ModelRefused, check_model
from visloop.infer.tensors import check_executable, preprocess
from visloop.vision import ClassLabel, ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.vision import Contract

_ERRORS_ONLY: Final = 3
_CPU: Final = "CPUExecutionProvider"
_PROVIDERS: Final = {"cpu": _CPU, "cuda": "CUDAExecutionProvider"}


@dataclass(frozen=True)
class Outputs:
    """Answers to N pictures; None where the model gives no such output."""

    probabilities: NDArray[np.float32] | None
    """float32 (N, K) over the contract's classes."""
    embedding: NDArray[np.float32] | None
    """float32 (N, D)."""


@dataclass(frozen=True)
class Answer:
    """The answer to one picture; None where the model gives no such output."""

    probabilities: NDArray[np.float32] | None
    """float32 (K,) over the contract's classes."""
    embedding: NDArray[np.float32] | None
    """float32 (D,)."""


def providers(device: str = "auto") -> list[str]:
    """ONNX Runtime's execution providers for a device, best first.

    Args:
        device: `auto` (CUDA where this installation has it, else the CPU), `cpu` or `cuda`.

    Raises:
        UsageError: no such device.
        Unavailable: this installation cannot use it.
    """
    here = ort.get_available_providers()
    if device == "auto":
        return [name for name in (_PROVIDERS["cuda"], _CPU) if name in here]
    if device not in _PROVIDERS:
        raise UsageError(f"no device is called {device!r}", fix="use auto, cpu or cuda")
    if _PROVIDERS[device] not in here:
        raise Unavailable(
            f"this installation cannot compute on {device!r}",
            fix="use device: auto, or pip install onnxruntime-gpu in place of onnxruntime",
        )
    return list(dict.fromkeys((_PROVIDERS[device], _CPU)))


class Predictor:
    """A model that is ready to answer; `run` may be called from several threads at once."""

    def __init__(self, session: ort.InferenceSession, contract: Contract, digest: str) -> None:
        self.contract = contract
        self.digest = digest
        self._session = session
        given = {output.name: output for output in session.get_outputs()}
        names = (contract.decode.probabilities, contract.decode.embedding)
        self._asked = [name for name in names if name in given]

    @classmethod
    def load(
        cls, onnx: bytes, contract: Contract, *, threads: int = 1, device: str = "auto"
    ) -> Predictor:
        """Check the model file, then make a session of it.

        Args:
            onnx: the model file's bytes; see `check_model` for what it may hold.
            contract: what stands around the model; its input and outputs must be the model's.
            threads: threads of one `run`.
            device: see `providers`.

        Raises:
            ModelRefused: the file may not be loaded, or does not fit the contract.
            ContractRefused: the contract asks for libraries that are not here.
        """
        check_executable(contract)
        check_model(onnx)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = ort.InferenceSession(onnx, options, providers=providers(device))
        except Exception as error:  # ONNX Runtime has a class of its own for each kind of refusal
            raise _refused(f"ONNX Runtime cannot load it: {error}") from error
        _check_fit(session, contract)
        return cls(session, contract, digest_of(onnx, contract.to_json()))

    def prepare(self, data: bytes | memoryview) -> NDArray[np.float32]:
        """One encoded picture as the model wants it: float32 (C, H, W).

        Raises:
            NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
        """
        return preprocess(data, self.contract)

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """Answers to a batch of prepared pictures.

        Args:
            batch: float32 (N, C, H, W), each as `prepare` gives it.

        Raises:
            ShapeError: the batch is of another shape or type.
        """
        wanted = self.contract.input_shape
        if batch.shape[1:] != wanted or batch.dtype != np.float32:
            size = ", ".join(map(str, wanted))
            raise ShapeError(f"a batch is float32 (N, {size}), not {batch.dtype} {batch.shape}")
        answers: Any = self._session.run(self._asked, {self.contract.input_name: batch})
        by_name = dict(zip(self._asked, answers, strict=True))
        decode = self.contract.decode
        return Outputs(by_name.get(decode.probabilities), by_name.get(decode.embedding))

    def predict(self, data: bytes | memoryview) -> Answer:
        """The answer to one encoded picture.

        Raises:
            NotAnImage, TruncatedImage, TooManyPixels: see `decode`.
        """
        outputs = self.run(self.prepare(data)[None])
        return Answer(
            None if outputs.probabilities is None else outputs.probabilities[0],
            None if outputs.embedding is None else outputs.embedding[0],
        )

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


def _check_fit(session: ort.InferenceSession, contract: Contract) -> None:
    """The model's input and outputs against what the contract says of them."""
    inputs = {i.name: i for i in session.get_inputs()}
    if list(inputs) != [contract.input_name]:
        raise _refused(f"its inputs are {list(inputs)}, the contract's is {contract.input_name!r}")
    shape, wanted = inputs[contract.input_name].shape, (None, *contract.input_shape)
    if len(shape) != len(wanted) or not all(map(_agrees, shape, wanted)):
        raise _refused(f"it wants an input of {shape}, the contract gives (N, {wanted[1:]})")
    if isinstance(shape[0], int):
        raise _refused(f"its batch is fixed to {shape[0]}")
    outputs = {o.name: o.shape for o in session.get_outputs()}
    decode, classes = contract.decode, len(contract.classes)
    needed = decode.embedding if decode.task == "embed" else decode.probabilities
    shape = outputs.get(needed)
    if shape is None or len(shape) != len(("N", "K")):
        raise _refused(f"it has no output {needed!r} of two dimensions but {outputs}")
    if decode.task == "classify" and not _agrees(shape[1], classes):
        raise _refused(f"it tells {shape[1]} classes apart, the contract has {classes}")


def _agrees(size: object, wanted: int | None) -> bool:
    """Whether a size, or a name in place of one, can be the size wanted."""
    return wanted is None or not isinstance(size, int) or size == wanted


def _refused(because: str) -> ModelRefused:
    return ModelRefused(
        f"the model file is refused: {because}",
        fix="give the contract that was exported with this model",
    )
