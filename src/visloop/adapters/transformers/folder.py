"""A folder of weights as transformers writes it: looked at before anything of it is loaded.

Three kinds of files are read: `config.json`, `preprocessor_config.json`, and weights as safetensors.
They hold numbers and words; whatever else lies there is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from visloop.errors import Refused
from visloop.ids import digest_of

CONFIG: Final = "config.json"
PICTURES: Final = "preprocessor_config.json"
WEIGHTS: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_MOST_TEXT: Final = 16 << 20
_PICKLES: Final = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_FORBIDDEN: Final = {
    "auto_map": "it wants to run Python code that came with it",
    "quantization_config": "its weights are quantised by another library",
    "use_timm_backbone": "its backbone is of the library timm, which is not used here",
}
_GET: Final = (
    "fetch it where there is a network (hf download PekingU/rtdetr_r18vd --local-dir rtdetr), then "
    "--set weights=rtdetr"
)
_OTHER: Final = "take weights in safetensors of RT-DETR, D-FINE, SegFormer or a model like them"
_CONVERT: Final = (
    "take a copy that has model.safetensors, or make one on a machine that may trust it: "
    "AutoModelForObjectDetection.from_pretrained('FOLDER').save_pretrained('SAFE')"
)
_LEVELS: Final = 255.0
_LARGEST_PX: Final = 4096

Kind = Literal["detect", "segment"]


class FolderRefused(Refused):
    """A folder that holds no weights, or more than weights."""

    code = "train.weights_folder_refused"


@dataclass(frozen=True)
class Folder:
    """What lies there.

    `config` as it stands in the file; `names` of the classes that it knows, by number; `size_hw` of
    the pictures that it learnt from, and the `mean` and `std` of their levels (0 … 255), where the
    folder says so; `files` the names of all that may be read; `digest` is of their bytes.
    """

    path: Path
    config: dict[str, Any]
    names: tuple[str, ...]
    size_hw: tuple[int, int] | None
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    files: tuple[str, ...]
    digest: str

    @property
    def kind(self) -> str:
        """The family: `rt_detr`, `d_fine`, `segformer` …"""
        return str(self.config["model_type"])


def read_folder(path: Path) -> Folder:
    """Look at a folder; no weights are loaded.

    Raises:
        FolderRefused: it is not there, holds no safetensors, or asks for code of its own.
    """
    if not path.is_dir():
        raise FolderRefused(f"there is no folder {str(path)!r} with weights", fix=_GET)
    raw = _text(path, CONFIG)
    if raw is None:
        raise FolderRefused(f"{path} has no {CONFIG}, which says what its weights are", fix=_GET)
    config = _object(raw, path / CONFIG)
    if not isinstance(config.get("model_type"), str):
        raise FolderRefused(f"{path / CONFIG} names no model_type", fix=_OTHER)
    _check(config, path)
    weights = _weights(path)
    pictures = _text(path, PICTURES)
    prepared = _object(pictures, path / PICTURES) if pictures else {}
    files = (CONFIG, *([PICTURES] if pictures else []), *weights)
    return Folder(
        path=path,
        config=config,
        names=_names(config),
        size_hw=_size(prepared),
        mean=_levels(prepared, "image_mean", 0.0),
        std=_levels(prepared, "image_std", 1.0),
        files=files,
        digest=digest_of(*(part for name in files for part in (name, _digest(path / name)))),
    )


def _digest(file: Path) -> str:
    return digest_of(file.read_bytes())


def _text(folder: Path, name: str) -> bytes | None:
    file = folder / name
    if not file.is_file():
        return None
    if file.stat().st_size > _MOST_TEXT:
        raise FolderRefused(f"{file} is too large for what it should be", fix=_OTHER)
    return file.read_bytes()


def _object(raw: bytes, file: Path) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise FolderRefused(f"{file} cannot be read: {error}", fix=_OTHER) from error
    if not isinstance(found, dict):
        raise FolderRefused(f"{file} cannot be read: it holds no object", fix=_OTHER)
    return cast("dict[str, Any]", found)


def _check(config: dict[str, Any], path: Path) -> None:
    """Nothing in the settings, however deep, may ask for code or for another library."""
    for part in _objects(config):
        for key, why in _FORBIDDEN.items():
            if part.get(key):
                raise FolderRefused(f"{path} is refused: {why} ({key})", fix=_OTHER)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value)
        yield inside
        for each in inside.values():
            yield from _objects(each)


def _weights(path: Path) -> list[str]:
    """Names of the files with weights, and of their index where there are several."""
    if (path / WEIGHTS).is_file():
        return [WEIGHTS]
    index = _text(path, _INDEX)
    if index is None:
        pickles = sorted(f.name for f in path.iterdir() if f.suffix in _PICKLES)
        if pickles:
            raise FolderRefused(
                f"{path} is refused: {pickles[0]} is a Python pickle, which can run code when it is "
                "loaded",
                fix=_CONVERT,
            )
        raise FolderRefused(f"{path} has no {WEIGHTS}", fix=_GET)
    parts = _object(index, path / _INDEX).get("weight_map")
    names = sorted(set(cast("dict[str, str]", parts).values())) if isinstance(parts, dict) else []
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise FolderRefused(f"{path} is refused: its index names {name!r}", fix=_OTHER)
        if not (path / name).is_file():
            raise FolderRefused(f"{path} is not whole: {name} is missing", fix=_GET)
    return [_INDEX, *names]


def _names(config: dict[str, Any]) -> tuple[str, ...]:
    """Classes in the order of the model's outputs, without doubles."""
    said = config.get("id2label")
    known = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    numbered = {int(key): str(name) for key, name in known.items() if str(key).isdecimal()}
    several = config.get("num_labels")
    last = several - 1 if isinstance(several, int) and several > 0 else 1
    names = [numbered.get(i, f"LABEL_{i}") for i in range(max(numbered, default=last) + 1)]
    return tuple(n if names.index(n) == i else f"{n} {i}" for i, n in enumerate(names))


def _size(prepared: dict[str, Any]) -> tuple[int, int] | None:
    size = prepared.get("size")
    size = {"height": size, "width": size} if isinstance(size, int) else size
    sides = cast("dict[str, Any]", size) if isinstance(size, dict) else {}
    found = sides.get("height"), sides.get("width")
    if not all(isinstance(side, int) and 1 <= side <= _LARGEST_PX for side in found):
        return None
    return cast("tuple[int, int]", found)


def _levels(prepared: dict[str, Any], key: str, otherwise: float) -> tuple[float, float, float]:
    """A mean or a spread in levels of 0 … 255; what is not normalised is only brought to 0 … 1."""
    each = prepared.get(key) if prepared.get("do_normalize") else None
    said: list[Any] = cast("list[Any]", each) if isinstance(each, list) else []
    if len(said) != 3 or not all(isinstance(v, int | float) for v in said):  # noqa: PLR2004 - RGB
        said = [otherwise] * 3
    red, green, blue = (round(_LEVELS * float(v), 6) for v in said)
    return red, green, blue
