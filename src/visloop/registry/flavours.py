"""A model version as the folder that MLflow's `load_model` takes: two flavours over the same network.

`mlflow.pyfunc.load_model` takes pictures and gives what every other face gives: the contract is
executed by this package, which has to be installed there (`requirements.txt` says so). The flavour
`onnx` gives the bare network, whose input is a prepared tensor, and needs nothing of ours.
Source: mlflow/models/model.py, mlflow/onnx and mlflow/pyfunc (Apache-2.0), as of MLflow 3.17.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Final

import msgspec

from visloop.registry.packages import manifest_of

if TYPE_CHECKING:
    from visloop.registry.records import ModelVersion, RegistryPorts

LOADER: Final = "visloop.faces.pyfunc"
NETWORK_FILE: Final = "model.onnx"
CONTRACT_FILE: Final = "contract.json"
_MODEL: Final = """\
artifact_path: model
flavors:
  onnx:
    code: null
    data: {network}
    providers: [CPUExecutionProvider]
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: {loader}
    python_version: {python}
metadata: {metadata}
model_size_bytes: {size}
utc_time_created: '{created:%Y-%m-%d %H:%M:%S.%f}'
"""
_CONDA: Final = """\
channels:
- conda-forge
dependencies:
- python={python}
- pip
- pip:
  - -r requirements.txt
name: visloop-model
"""
_PYTHON: Final = """\
python: {python}
build_dependencies:
- pip
dependencies:
- -r requirements.txt
"""


@dataclass(frozen=True)
class ModelFile:
    """One file of the folder; `read` gives its bytes."""

    path: str
    size: int
    read: Callable[[], bytes]


def flavoured(ports: RegistryPorts, version: ModelVersion) -> list[ModelFile]:
    """The files of the folder, by path.

    Raises:
        Corrupt: the package is missing or is not what was stored.
    """
    manifest = manifest_of(ports, version)
    python = platform.python_version()
    said = {
        "visloop.model": version.ref,
        "visloop.package": version.package,
        "visloop.contract": manifest.contract,
        "visloop.data": manifest.data,
    }
    texts = {
        "MLmodel": _MODEL.format(
            network=NETWORK_FILE,
            loader=LOADER,
            python=python,
            metadata=msgspec.json.encode(said).decode(),
            size=manifest.sizes["onnx"],
            created=version.created,
        ),
        "conda.yaml": _CONDA.format(python=python),
        "python_env.yaml": _PYTHON.format(python=python),
        "requirements.txt": f"mlflow\nvisloop=={installed('visloop')}\n",
    }
    digests = {NETWORK_FILE: "onnx", CONTRACT_FILE: "contract", "README.md": "card"}
    files = [
        ModelFile(path, manifest.sizes[part], partial(ports.blobs.get, getattr(manifest, part)))
        for path, part in digests.items()
    ]
    files += [ModelFile(path, len(text.encode()), text.encode) for path, text in texts.items()]
    return sorted(files, key=lambda each: each.path)
