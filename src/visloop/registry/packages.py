"""Model packages: kept under the next version number, loaded again."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import and_, func, insert, select

from visloop.errors import Conflict, Corrupt
from visloop.events import Scope
from visloop.ids import check_name, digest_of
from visloop.registry import tables as t
from visloop.registry.records import Manifest, ModelVersion, Package, RegistryPorts
from visloop.registry.rows import of_model, version_of
from visloop.store import Write
from visloop.vision import Contract


def register(
    ports: RegistryPorts, scope: Scope, name: str, package: Package, *, run: str
) -> ModelVersion:
    """Keep a package as the next version of `name`; a run registers once, however often it asks.

    Raises:
        UsageError: `name` cannot be a name.
        Conflict: the run has registered another model.
    """
    stored = store_package(ports, package, run=run)
    with ports.ledger.write(scope) as write:
        return enter(write, name, stored)


def store_package(ports: RegistryPorts, package: Package, *, run: str) -> Manifest:
    """Make the bytes of a package durable; nobody sees it before `enter`."""
    contract, card = package.contract.to_json(), package.card.encode()
    parts = {"onnx": package.onnx, "contract": contract, "card": card}
    if package.reference is not None:
        parts["reference"] = package.reference
    if package.lineage is not None:
        parts["lineage"] = package.lineage
    digests = {part: ports.blobs.put(raw) for part, raw in parts.items()}
    manifest = Manifest(
        onnx=digests["onnx"],
        contract=digests["contract"],
        card=digests["card"],
        reference=digests.get("reference"),
        metrics=dict(package.metrics),
        run=run,
        data=package.data,
        data_root=package.data_root,
        recipe=package.recipe,
        classes=package.contract.classes,
        class_dictionary=package.contract.class_dictionary,
        sizes={part: len(raw) for part, raw in parts.items()},
        lineage=digests.get("lineage", msgspec.UNSET),
    )
    ports.blobs.put(manifest.to_json())
    ports.blobs.flush()
    return manifest


def enter(write: Write, name: str, manifest: Manifest) -> ModelVersion:
    """`register` for a package that is stored, in the caller's transaction.

    Raises:
        UsageError: `name` cannot be a name.
        Conflict: the run has registered another model.
    """
    check_name(name, "model name")
    project, table = write.scope.project, t.model_versions
    same_run = and_(table.c.project == project, table.c.run == manifest.run)
    known = write.execute(select(table).where(same_run)).one_or_none()
    if known is not None:
        if known.model != name:
            raise Conflict(
                f"run {manifest.run} has registered {known.model}@v{known.number}",
                fix="train again to register under another name",
            )
        return version_of(known)
    number = _next_number(write, name)
    values: dict[str, Any] = {
        "project": project,
        "model": name,
        "number": number,
        "package": manifest.digest,
        "onnx": manifest.onnx,
        "contract": manifest.contract,
        "run": manifest.run,
        "data": manifest.data,
        "recipe": manifest.recipe,
        "metrics": manifest.metrics,
        "state": "registered",
        "created": write.now,
        "actor": str(write.scope.actor),
    }
    write.execute(insert(table), values)
    write.fact(
        "model.registered",
        f"{name}@v{number}",
        package=manifest.digest,
        onnx=manifest.onnx,
        contract=manifest.contract,
        run=manifest.run,
        data=manifest.data,
    )
    return version_of(write.execute(select(table).where(same_run)).one())


def name_model(ports: RegistryPorts, scope: Scope, name: str) -> bool:
    """Reserve a name for versions to come; False when it is there already.

    Raises:
        UsageError: `name` cannot be a name.
    """
    check_name(name, "model name")
    with ports.ledger.write(scope) as write:
        return _name(write, name)


def model_names(ports: RegistryPorts, scope: Scope) -> list[str]:
    """The names of all models, also of those without a version yet."""
    query = select(t.models.c.name).where(t.models.c.project == scope.project)
    with ports.ledger.read() as connection:
        return sorted(connection.execute(query).scalars())


def _name(write: Write, name: str) -> bool:
    project = write.scope.project
    table = t.models
    mine = and_(table.c.project == project, table.c.name == name)
    if write.execute(select(table.c.name).where(mine)).first() is not None:
        return False
    row = {"project": project, "name": name, "created": write.now, "actor": str(write.scope.actor)}
    write.execute(insert(table), row)
    return True


def _next_number(write: Write, name: str) -> int:
    _name(write, name)
    project = write.scope.project
    highest = write.execute(
        select(func.max(t.model_versions.c.number)).where(of_model(project, name))
    ).scalar_one()
    return int(highest or 0) + 1


def load(ports: RegistryPorts, version: ModelVersion) -> Package:
    """The package's bytes, checked against their digests.

    Raises:
        BlobNotFound, Corrupt: a part is missing or is not what was stored.
        ContractRefused: this version of Visloop cannot execute its contract.
    """
    manifest = manifest_of(ports, version)
    return Package(
        onnx=_checked(ports, manifest.onnx),
        contract=Contract.from_json(_checked(ports, manifest.contract)),
        reference=_checked(ports, manifest.reference) if manifest.reference else None,
        card=_checked(ports, manifest.card).decode(),
        metrics=manifest.metrics,
        data=manifest.data,
        data_root=manifest.data_root,
        recipe=manifest.recipe,
        lineage=_brought(ports, manifest),
    )


def manifest_of(ports: RegistryPorts, version: ModelVersion) -> Manifest:
    """The package's table of contents.

    Raises:
        Corrupt: it is missing or is not what was stored.
    """
    try:
        return Manifest.from_json(_checked(ports, version.package))
    except msgspec.DecodeError as error:
        raise Corrupt(f"the manifest of {version.ref} cannot be read: {error}") from error


def lineage(ports: RegistryPorts, version: ModelVersion) -> bytes | None:
    """The record that a model from another workspace brought along, JSON.

    Raises:
        BlobNotFound, Corrupt: it is missing or is not what was stored.
    """
    return _brought(ports, manifest_of(ports, version))


def _brought(ports: RegistryPorts, manifest: Manifest) -> bytes | None:
    return _checked(ports, manifest.lineage) if manifest.lineage else None


def _checked(ports: RegistryPorts, digest: str) -> bytes:
    raw = ports.blobs.get(digest)
    if digest_of(raw) != digest:
        raise Corrupt(
            f"blob {digest} is not what was stored", fix="restore the packs from a backup"
        )
    return raw


def card(ports: RegistryPorts, version: ModelVersion) -> str:
    """The model card, Markdown."""
    return ports.blobs.get(manifest_of(ports, version).card).decode()
