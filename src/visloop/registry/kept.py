"""What the registry keeps alive: every part of every model package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import select

from visloop.errors import Corrupt
from visloop.registry.records import Manifest
from visloop.registry.tables import model_versions
from visloop.store import Link, Look, Roots


def _digests(look: Look) -> Iterator[Link]:
    table = model_versions.c
    columns = (table.model, table.number, table.package, table.onnx, table.contract)
    for model, number, package, onnx, contract in look.connection.execute(select(*columns)):
        name = f"{model}@v{number}"
        manifest = Link(package, f"{name}: manifest", model)
        yield manifest
        yield Link(onnx, f"{name}: model.onnx", model)
        yield Link(contract, f"{name}: contract.json", model)
        raw = look.read(manifest)
        if raw is not None:
            yield from _parts(look, manifest, raw, name)


def _parts(look: Look, manifest: Link, raw: bytes, name: str) -> Iterator[Link]:
    try:
        said = Manifest.from_json(raw)
    except msgspec.MsgspecError as broken:
        look.damaged(manifest, Corrupt(f"the manifest cannot be read: {broken}"))
        return
    yield Link(said.card, f"{name}: card", manifest.of)
    if said.reference:
        yield Link(said.reference, f"{name}: reference profile", manifest.of)
    if said.lineage:
        yield Link(said.lineage, f"{name}: lineage", manifest.of)


REGISTRY_ROOTS: Final = Roots(
    room="registry",
    columns=frozenset({"model_versions.package", "model_versions.onnx", "model_versions.contract"}),
    digests=_digests,
)
