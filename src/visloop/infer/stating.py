"""A contract that a person wrote for a model made elsewhere: read, and completed from the model.

Only what the model leaves no choice about is filled in: the name of its one input, the name of its
one output, the size that its input is fixed to. What pixels mean (colour, kernel, normalisation) and
what outputs mean (task, layout) nobody can read off the file: defaults hold, and a trial shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from visloop import vision
from visloop.infer.model_file import check_model
from visloop.infer.saying import wanted_outputs
from visloop.vision import Contract, ContractRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    import onnx

_EXAMPLE: Final = (
    "write one: input_name, classes, decoder {colour}, resize {mode, size_px}, normalise {mean, std}, "
    "decode {task, layout, …}"
)
_READ_FROM: Final = {
    "embed": ("embedding",),
    "classify": ("probabilities",),
    "detect": ("boxes", "scores"),
    "segment": ("masks",),
    "regress": ("value",),
}


class Signature(NamedTuple):
    """What a model file says of itself: shapes by name; a size is a number, a name, or None."""

    inputs: dict[str, tuple[int | str | None, ...]]
    outputs: dict[str, tuple[int | str | None, ...]]

    def __str__(self) -> str:
        return f"inputs {_told(self.inputs)}; outputs {_told(self.outputs)}"


def signature(onnx: bytes) -> Signature:
    """Names and shapes of a model's inputs and outputs.

    Raises:
        ModelRefused: the file may not be loaded, see `check_model`.
    """
    graph = check_model(onnx).graph
    kept = {each.name for each in graph.initializer}
    return Signature(
        _shapes(each for each in graph.input if each.name not in kept), _shapes(graph.output)
    )


def read_contract(file: Path, onnx: bytes) -> Contract:
    """The contract in a YAML or JSON file, completed from the model.

    `classes` is a list, or the name of a text file beside it with one class a line. What the file
    leaves out is as in `Contract`, but for what the model fixes.

    Args:
        file: whatever its ending, YAML (JSON is YAML too).
        onnx: the model that it is for.

    Raises:
        ContractRefused: not readable, not a contract, or one that contradicts itself.
        ModelRefused: the model may not be loaded.
    """
    said = signature(onnx)
    try:
        raw: Any = YAML(typ="safe").load(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise _refused(f"{file} cannot be read: {error}", said) from error
    if not isinstance(raw, dict):
        raise _refused(f"{file} holds no contract", said)
    stated = cast("dict[str, Any]", raw)
    if isinstance(names := stated.get("classes"), str):
        stated["classes"] = _lines(file.parent / names, said)
    try:
        contract = msgspec.convert(_completed(stated, said), Contract)
    except msgspec.ValidationError as error:
        because = error.__cause__
        told = because.what if isinstance(because, ContractRefused) else f"{file}: {error}"
        raise _refused(told, said) from error
    return contract


def _completed(stated: dict[str, Any], said: Signature) -> dict[str, Any]:
    """The same with what the model alone decides."""
    full = dict(stated)
    if len(said.inputs) == 1:
        full.setdefault("input_name", next(iter(said.inputs)))
    decode: Any = full.get("decode") or {}
    if isinstance(decode, dict):
        full["decode"] = _named(cast("dict[str, Any]", decode), said)
    tiling: Any = full.get("tiling")
    if isinstance(tiling, dict):  # then it is the tiles that have the model's size
        match _shape_of_input(said)[2:]:
            case (int(height), int(width)):
                full["tiling"] = {"size_hw": (height, width), **cast("dict[str, Any]", tiling)}
            case _:
                pass
        return full
    resize: Any = full.get("resize") or {}
    if isinstance(resize, dict):
        full["resize"] = _sized(cast("dict[str, Any]", resize), said)
    return full


def _named(decode: dict[str, Any], said: Signature) -> dict[str, Any]:
    """The one output's name, where one is needed and there is one."""
    try:
        needed = wanted_outputs(msgspec.convert(decode, vision.Decode))
    except msgspec.ValidationError:
        return decode  # told of as a whole, later
    if len(needed) == len(said.outputs) == 1:
        field = _READ_FROM[decode.get("task", "classify")][0]
        return {field: next(iter(said.outputs)), **decode}
    return decode


def _sized(resize: dict[str, Any], said: Signature) -> dict[str, Any]:
    """The size that the input is fixed to, where the file leaves it out and the mode takes any."""
    if resize.get("mode", "shorter") == "shorter" or {"size_px", "size_hw"} & set(resize):
        return resize
    match _shape_of_input(said)[2:]:
        case (int(height), int(width)) if height == width:
            return {"size_px": height, **resize}
        case (int(height), int(width)):
            return {"size_hw": (height, width), **resize}
        case _:
            return resize


def _shape_of_input(said: Signature) -> tuple[int | str | None, ...]:
    return next(iter(said.inputs.values()), ())


def _lines(file: Path, said: Signature) -> list[str]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"the classes {file} cannot be read: {error}", said) from error
    return [line.strip() for line in lines if line.strip()]


def _shapes(values: Iterable[onnx.ValueInfoProto]) -> dict[str, tuple[int | str | None, ...]]:
    return {
        value.name: tuple(
            int(size.dim_value) if size.HasField("dim_value") else size.dim_param or None
            for size in value.type.tensor_type.shape.dim
        )
        for value in values
    }


def _told(shapes: dict[str, tuple[int | str | None, ...]]) -> str:
    return ", ".join(
        f"{name!r} ({', '.join('?' if size is None else str(size) for size in shape)})"
        for name, shape in shapes.items()
    )


def _refused(because: str, said: Signature) -> ContractRefused:
    return ContractRefused(f"{because} (the model has {said})", fix=_EXAMPLE)
