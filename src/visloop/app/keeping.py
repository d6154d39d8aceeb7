"""What faces need of runs and models beside the verbs: files as bytes, names, permissions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visloop import registry, store, train
from visloop.app import handlers
from visloop.errors import Conflict
from visloop.ids import Ref, check_name
from visloop.train import about as about
from visloop.train import code_diff as code_diff
from visloop.train import environment_file as environment_file

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


def authorise(ports: Ports, scope: Scope, permission: str) -> None:
    """Return when the actor may do this.

    Raises:
        Forbidden: it may not.
    """
    store.authorise(ports.ledger, scope, permission)


def keep_artifact(ports: Ports, scope: Scope, run: str, path: str, file: Path) -> train.Artifact:
    """Keep the bytes of a file with a run; durable when it returns.

    Raises:
        Forbidden: the actor may not write to runs.
        RunNotFound: no such run.
        UsageError: the path cannot be one.
    """
    store.authorise(ports.ledger, scope, "train.run")
    train.require_owner(ports.train, scope, run)
    with ports.blobs.upkeep.at_work():
        return train.save_artifact_file(ports.train, scope, run, path, file)


def artifact_bytes(ports: Ports, scope: Scope, run: str, path: str) -> bytes:
    """The bytes of a run's file.

    Raises:
        Forbidden: the actor may not read runs.
        ArtifactNotFound: the run keeps no such file.
    """
    store.authorise(ports.ledger, scope, "train.read")
    return ports.blobs.get(train.artifact_of(ports.ledger, scope, run, path).digest)


def model_folder(ports: Ports, scope: Scope, ref: str) -> list[registry.ModelFile]:
    """A model version as the folder that MLflow's `load_model` takes.

    Raises:
        Forbidden: the actor may not read models.
        ModelNotFound: there is no such version.
    """
    store.authorise(ports.ledger, scope, "registry.read")
    version = registry.resolve(ports.registry, scope, Ref.parse(ref))
    return registry.flavoured(ports.registry, version)


def report_html(ports: Ports, scope: Scope, model: str, questions: tuple[str, ...] = ()) -> str:
    """The newest report on a model version as one page, with the slices that questions find.

    Raises:
        Forbidden: the actor may not read models.
        ModelNotFound, ReportNotFound: there is no such version, or nobody has judged it.
        UsageError: a question finds nothing.
    """
    store.authorise(ports.ledger, scope, "registry.read")
    return handlers.newest_report_html(ports, scope, model, questions)


def name_model(ports: Ports, scope: Scope, name: str) -> None:
    """Reserve a name for versions to come.

    Raises:
        UsageError: it cannot be a model's name.
        NameTaken: a data set has it.
        Conflict: a model has it.
    """
    wanted = handlers.free_for_model(ports, scope, check_name(name, "model name"))
    if not registry.name_model(ports.registry, scope, wanted):
        raise Conflict(f"there is a model {name!r} already", fix="register a version of it")


def register_logged(
    ports: Ports, scope: Scope, name: str, owner: str, under: str, run: str | None
) -> str:
    """Make the next version of a model from an ONNX file and a contract among kept files.

    Args:
        ports: the workspace.
        scope: who does it, where.
        name: of the model.
        owner: the run or logged model that keeps the files.
        under: in this folder of it.
        run: the run that made it; its contract is taken where the folder has none.

    Returns:
        The version: `net@v3`.

    Raises:
        ModelRefused, Refused: there is no ONNX file, no contract, or they do not fit; it says how.
    """
    with ports.blobs.upkeep.at_work():
        return handlers.register_logged(ports, scope, name, owner, under, run)
