"""Whether a model file and a contract speak of the same network: inputs, outputs, shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visloop import vision
from visloop.infer.model_file import ModelRefused
from visloop.infer.saying import wanted_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnxruntime as ort

    from visloop.vision import Contract

_FLOAT = "tensor(float)"


def check_fit(session: ort.InferenceSession, contract: Contract) -> None:
    """The model's input and outputs against what the contract says of them.

    Raises:
        ModelRefused: they differ; the message shows both.
    """
    _check_input(session, contract)
    given = {output.name: output for output in session.get_outputs()}
    told = {name: _shape_text(output.shape) for name, output in given.items()}
    for name, wanted in _outputs(contract).items():
        if name not in given:
            raise _refused(f"it has no output {name!r} but {told}", _NAMES)
        if not vision.fits(given[name].shape, wanted):
            raise _refused(
                f"its output {name!r} is {told[name]}; a contract of {len(contract.classes)} classes "
                f"and task {contract.decode.task!r} wants {_shape_text(wanted)}",
                "correct classes, task or layout of the contract",
            )
        if given[name].type != _FLOAT:
            raise _refused(f"its output {name!r} is a {given[name].type}, not float32", _EXPORT)


def _check_input(session: ort.InferenceSession, contract: Contract) -> None:
    inputs = {i.name: i for i in session.get_inputs()}
    if list(inputs) != [contract.input_name]:
        told = {name: _shape_text(i.shape) for name, i in inputs.items()}
        raise _refused(f"its inputs are {told}, the contract's is {contract.input_name!r}", _NAMES)
    found = inputs[contract.input_name]
    wanted = (None, *contract.network_shape)
    if not vision.fits(found.shape, wanted):
        raise _refused(
            f"it wants an input of {_shape_text(found.shape)}, the contract gives {_shape_text(wanted)}",
            "correct resize, tiling or colour of the contract; a model that wants channels last needs a "
            "Transpose in front",
        )
    if isinstance(found.shape[0], int) and found.shape[0] != 1:
        raise _refused(f"its batch is fixed to {found.shape[0]}", _EXPORT)
    if found.type != _FLOAT:
        raise _refused(f"its input is a {found.type}, not float32", _EXPORT)


def _outputs(contract: Contract) -> Mapping[str, tuple[int | None, ...]]:
    """The outputs that the task needs and their shapes, N first."""
    decode, classes = contract.decode, len(contract.classes)
    match decode.task:
        case "embed":
            shapes = ((None, None),)
        case "classify":
            shapes = ((None, classes),)
        case "detect":
            shapes = tuple((None, *each) for each in vision.layout_shapes(decode.layout, classes))
        case "segment":
            shapes = ((None, 1 + classes, None, None),)
        case "regress":
            shapes = ((None, max(1, classes)),)
    return dict(zip(wanted_outputs(decode), shapes, strict=True))


_NAMES = "name the model's own input and outputs in the contract"
_EXPORT = "export the model again, with float32 input and outputs and a free batch"


def _shape_text(shape: tuple[object, ...] | list[object]) -> str:
    return "(" + ", ".join("N" if size is None else str(size) for size in shape) + ")"


def _refused(because: str, fix: str) -> ModelRefused:
    return ModelRefused(f"the model does not fit its contract: {because}", fix=fix)
