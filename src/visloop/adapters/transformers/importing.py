"""A folder of weights made a model as it is, without training: its own classes, its own pictures' size."""

from __future__ import annotations

from pathlib import Path

import torch

from visloop.adapters.torch.determined import determined
from visloop.adapters.transformers.answering import Boxes, Maps, exported
from visloop.adapters.transformers.folder import read_folder
from visloop.adapters.transformers.loading import kind_of, load_as_is
from visloop.adapters.transformers.teaching import contract_of
from visloop.errors import Refused
from visloop.vision import Contract

_SEED = 0


def model_of(path: Path) -> tuple[bytes, Contract]:
    """The folder's network as one ONNX file, and the contract that the folder implies.

    Raises:
        FolderRefused: it holds no weights, more than weights, or another kind of network.
        Refused: the network has no head of its own yet.
        ExportDiffers: the file answers otherwise than the network.
    """
    folder = read_folder(path)
    kind = kind_of(folder)
    contract = contract_of(folder, kind, folder.names, (), None)
    with determined(_SEED, 1):
        network, missing = load_as_is(folder, kind)
        if missing:
            raise Refused(
                f"{path} holds a network without its last layers ({min(missing)} …)",
                fix=f"train them: visloop train DATA --recipe transformers --set weights={path}",
            )
        answers = (
            Boxes(network, len(folder.names), contract.resize.output_hw)
            if kind == "detect"
            else Maps(network, background=False)
        )
        noise = torch.randn((2, *contract.input_shape))
        model, _ = exported(answers.eval(), kind, contract, noise)
    return model, contract
