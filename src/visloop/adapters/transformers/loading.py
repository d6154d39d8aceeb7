"""A folder's network, built by transformers' own classes from numbers alone.

transformers never sees the folder: it is given the settings and the tensors, so that nothing else
that lies there can be run, and nothing is asked of the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

os.environ["HF_HUB_OFFLINE"] = "1"  # both are read when transformers is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import safetensors.torch
import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.models.auto import modeling_auto
from transformers.utils import logging

from visloop.adapters.transformers.folder import WEIGHTS, Folder, FolderRefused, Kind

_MAPS: Final[Mapping[Kind, Any]] = {
    "detect": modeling_auto.MODEL_FOR_OBJECT_DETECTION_MAPPING,
    "segment": modeling_auto.MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING,
}
_SUFFIX: Final = ".safetensors"
_MOST_MISSING: Final = 0.5
_FIX: Final = "take the weights of an RT-DETR, D-FINE, SegFormer or another model of these kinds"


@dataclass(frozen=True)
class Loaded:
    """A network and which of its parameters, by name, have learnt nothing yet.

    `by_class` are those with a row for each class.
    """

    network: nn.Module
    new: frozenset[str]
    by_class: frozenset[str]


def kind_of(folder: Folder) -> Kind:
    """What the folder's network is for, or may be made for.

    Raises:
        FolderRefused: it is neither a detector nor a segmenter, nor what one is built on.
    """
    config = _config(folder)
    written = folder.config.get("architectures") or [""]
    for kind, known in _MAPS.items():
        if type(config) in known and known[type(config)].__name__ in written:
            return kind
    for kind, known in _MAPS.items():
        if type(config) in known:
            return kind
    raise FolderRefused(
        f"{folder.path} holds a {folder.kind}, which neither finds objects nor draws regions",
        fix=_FIX,
    )


def load(folder: Folder, kind: Kind, names: Sequence[str]) -> Loaded:
    """The folder's network, made to answer with `names`.

    Classes that it knew by the same name keep their rows; the others begin at random. Draws from
    torch's random numbers.

    Args:
        folder: as `read_folder` found it.
        kind: see `kind_of`.
        names: classes in the order of the outputs.

    Raises:
        FolderRefused: the weights cannot be read, or are those of another network.
    """
    was, missing = load_as_is(folder, kind)
    by_class = _by_class(folder, kind)
    known = was.state_dict()
    network = _empty(folder, kind, names)
    with torch.no_grad():
        for name, each in network.state_dict().items():
            if name in missing:
                continue
            if name in by_class:
                _rows(each, known[name], folder.names, names)
            else:
                each.copy_(known[name])
    return Loaded(network, frozenset(missing | by_class), frozenset(by_class))


def load_as_is(folder: Folder, kind: Kind) -> tuple[nn.Module, set[str]]:
    """The folder's network with its own classes, and the names of what the folder has no numbers for.

    Raises:
        FolderRefused: see `load`.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    config = _config(folder)
    made = _MAPS[kind][type(config)]
    try:
        network, found = made.from_pretrained(
            None,
            config=config,
            state_dict=_tensors(folder),
            output_loading_info=True,
            attn_implementation="eager",
            dtype=torch.float32,
        )
    except FolderRefused:
        raise
    except Exception as error:  # transformers has no class of its own for what it cannot load
        raise FolderRefused(f"{folder.path} cannot be loaded: {error}", fix=_FIX) from error
    missing = set(found["missing_keys"])
    if len(missing) > _MOST_MISSING * len(network.state_dict()):
        raise FolderRefused(
            f"{folder.path} holds no weights of a {folder.kind}: {len(missing)} of "
            f"{len(network.state_dict())} are missing",
            fix=_FIX,
        )
    return network, missing


def _tensors(folder: Folder) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name in folder.files:
        if name == WEIGHTS or name.endswith(_SUFFIX):
            try:
                found |= safetensors.torch.load_file(folder.path / name)
            except SafetensorError as error:
                raise FolderRefused(
                    f"{folder.path / name} cannot be read: {error}", fix=_FIX
                ) from error
    return found


def _config(folder: Folder, names: Sequence[str] | None = None) -> Any:
    """The settings as transformers keeps them, with other classes where they are given."""
    known = transformers.CONFIG_MAPPING
    if folder.kind not in known:
        raise FolderRefused(
            f"{folder.path} holds a {folder.kind!r}, which transformers {transformers.__version__} does "
            "not know",
            fix=_FIX,
        )
    said = dict(folder.config)
    if names is not None:
        said.pop("num_labels", None)
        said["id2label"] = dict(enumerate(names))
        said["label2id"] = {name: place for place, name in enumerate(names)}
    try:
        return known[folder.kind].from_dict(said)
    except Exception as error:  # settings that contradict themselves raise whatever they meet
        raise FolderRefused(
            f"the settings in {folder.path} are refused: {error}", fix=_FIX
        ) from error


def _empty(folder: Folder, kind: Kind, names: Sequence[str]) -> nn.Module:
    config = _config(folder, names)
    return _MAPS[kind][type(config)]._from_config(  # noqa: SLF001 - from_config of the Auto classes calls it
        config, attn_implementation="eager", dtype=torch.float32
    )


def _by_class(folder: Folder, kind: Kind) -> set[str]:
    """Names of the parameters that grow with the number of classes."""
    more = [*folder.names, "one more"]
    with torch.device("meta"):
        was, grown = (_empty(folder, kind, names).state_dict() for names in (folder.names, more))
    return {name for name, each in was.items() if each.shape != grown[name].shape}


def _rows(mine: Tensor, given: Tensor, was: Sequence[str], now: Sequence[str]) -> None:
    """The rows of the classes that both know; a last row over ("no object") stays the last."""
    place = {name: i for i, name in enumerate(was)}
    for row, name in enumerate(now):
        if name in place:
            mine[row] = given[place[name]]
    if len(given) == len(was) + 1 and len(mine) == len(now) + 1:
        mine[-1] = given[-1]
