"""Any ONNX file becomes a model: checked against its contract, tried on a picture, registered."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from PIL import Image

from visloop import config, infer, registry, train
from visloop.app.handlers.naming import free_for_model
from visloop.errors import NotFound, Refused, UsageError
from visloop.ids import check_name, digest_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.vision import Contract

RECIPE = "import"
_SETTINGS = "config.json"
_READER = "transformers"
_CONTRACTS = ("contract.json", "contract.yaml", "contract.yml")


def import_model(
    ports: Ports,
    scope: Scope,
    *,
    file: Path,
    name: str,
    contract: Path | None,
    picture: Path | None,
    dry_run: bool,
    run: str | None = None,
) -> dict[str, Any]:
    """The fields of the answer.

    Raises:
        NotFound: a file is not there.
        ModelRefused: the model may not be loaded, or does not fit the contract.
        ContractRefused: the contract cannot be read, or contradicts itself.
        Refused: no contract was given, or the model fails on a picture.
    """
    wanted = free_for_model(ports, scope, check_name(name, "model name"))
    onnx, known = _folder(file, contract) if file.is_dir() else _file(file, contract)
    said = infer.signature(onnx)
    tried = _tried(onnx, known, picture)
    model = ""
    if not dry_run:
        package = _package(onnx, known, wanted, file.name)
        run = run or f"import-{digest_of(scope.project, wanted, onnx, known.to_json())[:16]}"
        model = registry.register(ports.registry, scope, wanted, package, run=run).ref
    return {
        "model": model,
        "task": known.decode.task,
        "classes": len(known.classes),
        "contract": known.digest,
        "stated": msgspec.json.decode(known.to_json()),
        "inputs": {key: list(shape) for key, shape in said.inputs.items()},
        "outputs": {key: list(shape) for key, shape in said.outputs.items()},
        "answer": tried,
    }


def _file(file: Path, contract: Path | None) -> tuple[bytes, Contract]:
    onnx = _bytes(file, "name the ONNX file")
    said = infer.signature(onnx)
    if contract is None:
        raise Refused(
            f"{file.name} needs a contract: what its input and outputs mean ({said})",
            fix="write one and give it: --contract FILE.yaml (see: how-to, bring your own ONNX)",
        )
    _bytes(contract, "name the contract's YAML or JSON file")
    return onnx, infer.read_contract(contract, onnx)


def _folder(folder: Path, contract: Path | None) -> tuple[bytes, Contract]:
    """A folder of weights that says itself what its answers mean."""
    if not (folder / _SETTINGS).is_file():
        infer.refuse_folder(folder)
    if contract is not None:
        raise UsageError(f"{folder} says itself what its answers mean", fix="leave --contract out")
    model_of = config.load_plugin("model_folders", _READER, extra=_READER)
    return model_of(folder)


def register_logged(
    ports: Ports, scope: Scope, name: str, owner: str, under: str, run: str | None
) -> str:
    """`import_model` for files that a run or a logged model keeps.

    Raises:
        Refused: there is not exactly one ONNX file, or no contract.
        ModelRefused, ContractRefused: they may not be loaded, or do not fit.
    """
    files = train.artifacts_of(ports.ledger, scope, owner, under)
    networks = [each for each in files if each.path.endswith(".onnx")]
    if len(networks) != 1:
        kept = ", ".join(each.path for each in files[:5]) or "nothing"
        raise Refused(
            f"a model version is made of one ONNX file; {owner} keeps {kept}",
            fix="log it with mlflow.onnx.log_model(…); other models stay logged: they can be loaded "
            "with MLflow, not served here",
        )
    onnx = infer.joined(ports.blobs.get(networks[0].digest), _neighbours(ports, files, networks[0]))
    beside = [*files, *(train.artifacts_of(ports.ledger, scope, run) if run else ())]
    said = [each for each in beside if each.path.rpartition("/")[2] in _CONTRACTS]
    if not said:
        raise Refused(
            f"{name} needs a contract: what its input and outputs mean ({infer.signature(onnx)})",
            fix="log it with the run, mlflow.log_artifact('contract.json') or "
            "mlflow.log_dict({…}, 'contract.json'), and register again "
            "(see: how-to, bring your own ONNX)",
        )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        stated = folder / Path(said[0].path).name
        stated.write_bytes(ports.blobs.get(said[0].digest))
        file = folder / Path(networks[0].path).name
        file.write_bytes(onnx)
        done = import_model(
            ports,
            scope,
            file=file,
            name=name,
            contract=stated,
            picture=None,
            dry_run=False,
            run=run,
        )
    return str(done["model"])


def _neighbours(
    ports: Ports, files: list[train.Artifact], network: train.Artifact
) -> Callable[[str], bytes | None]:
    """The bytes of a kept file by its name beside the network."""
    folder = network.path.rpartition("/")[0]
    digests = {each.path.removeprefix(f"{folder}/"): each.digest for each in files}
    return lambda name: ports.blobs.get(digests[name]) if name in digests else None


def _tried(onnx: bytes, contract: Contract, picture: Path | None) -> dict[str, Any]:
    """What the model says of a picture (a grey one where none is given): it must run at all."""
    predictor = infer.Predictor.load(onnx, contract)
    data = _bytes(picture, "name a picture") if picture else _grey()
    try:
        answer = predictor.predict(data)
    except Refused:
        raise
    except Exception as error:
        raise Refused(
            f"the model fails on a picture: {error}",
            fix="correct the contract (resize, layout), or export the model again",
        ) from error
    if _lies(answer, contract.decode.task):
        raise Refused(
            "the model's answer is not a number (NaN or infinite)",
            fix="check normalise in the contract, or export the model again in float32",
        )
    return {
        "picture": "" if picture is None else str(picture),
        "annotations": msgspec.json.decode(msgspec.json.encode(answer.annotations)),
        "embedding": 0 if answer.embedding is None else len(answer.embedding),
    }


def _lies(answer: infer.Answer, task: str) -> bool:
    given = [each for each in (answer.probabilities, answer.embedding) if each is not None]
    silent = task == "regress" and not answer.annotations
    return silent or not all(np.isfinite(each).all() for each in given)


def _package(onnx: bytes, contract: Contract, name: str, file: str) -> registry.Package:
    card = registry.write_card(
        registry.CardFacts(
            name=name,
            recipe=RECIPE,
            run=f"of {file}",
            data="",
            data_root="",
            contract=contract,
            classes={},
            limits=("Made elsewhere: what it was trained on, and how, is not known here.",),
        )
    )
    return registry.Package(
        onnx=onnx,
        contract=contract,
        reference=None,
        card=card,
        metrics={},
        data="",
        data_root="",
        recipe=RECIPE,
    )


def _bytes(file: Path, fix: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror or error}", fix=fix) from error


def _grey() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (64, 48), (127, 127, 127)).save(raw, "PNG")
    return raw.getvalue()
