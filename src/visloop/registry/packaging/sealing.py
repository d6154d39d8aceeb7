"""A registered model written as one signed file, and such a file read again, all of it checked."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from visloop.ids import FORMAT
from visloop.registry.packaging import archive, signing
from visloop.registry.packaging.archive import refused
from visloop.registry.packaging.bom import bill_of_materials
from visloop.registry.records import ModelVersion, Package
from visloop.vision import Contract


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`package.json`: which model it is, and the SHA-256 of every part of it."""

    model: str
    version: str
    digest: str
    recipe: str
    task: str
    metrics: dict[str, float]
    parts: dict[str, str]
    format: int = FORMAT


@dataclass(frozen=True)
class Opened:
    """A package that is whole: `signer` is the fingerprint of who signed it, empty where nobody did."""

    about: About
    package: Package
    signer: str
    parts: Mapping[str, bytes]

    @property
    def lineage(self) -> dict[str, Any]:
        """The record of its making."""
        return msgspec.json.decode(self.parts[archive.LINEAGE], type=dict[str, Any])


def seal(
    version: ModelVersion,
    package: Package,
    *,
    lineage: Mapping[str, Any],
    page: str = "",
    key: bytes | None = None,
) -> bytes:
    """The file's bytes: the same for the same model, lineage and key.

    Args:
        version: the registered version.
        package: its bytes.
        lineage: the record of its making, JSON values; `run.environment.packages` and `data` also go
            into the bill of materials.
        page: its card as HTML.
        key: the private key to sign with, PEM; None leaves it unsigned.

    Raises:
        UsageError: `key` is not a private key of a NIST curve.
    """
    parts = {
        archive.ONNX: package.onnx,
        archive.CONTRACT: package.contract.to_json(),
        archive.CARD: package.card.encode(),
        archive.LINEAGE: msgspec.json.encode(lineage, order="sorted"),
    }
    if package.reference is not None:
        parts[archive.REFERENCE] = package.reference
    if page:
        parts[archive.PAGE] = page.encode()
    environment = lineage.get("run", {}).get("environment", {})
    parts[archive.BOM] = bill_of_materials(
        name=version.model,
        version=version.name,
        parts=parts,
        contract=package.contract,
        metrics=package.metrics,
        data=lineage.get("data", {}),
        packages=environment.get("packages", {}),
        made=version.created.isoformat(),
    )
    about = About(
        model=version.model,
        version=version.name,
        digest=package.digest,
        recipe=package.recipe,
        task=package.contract.decode.task,
        metrics=dict(package.metrics),
        parts={name: hashlib.sha256(parts[name]).hexdigest() for name in sorted(parts)},
    )
    parts[archive.ABOUT] = msgspec.json.format(msgspec.json.encode(about), indent=1)
    folder = f"{version.model}-{version.name}"
    if key is not None:
        parts[archive.SIGNER] = signing.public_key(key)
        parts[archive.SIGNATURE] = signing.sign(folder, parts, key)
    return archive.pack(folder, parts)


def unseal(raw: bytes) -> Opened:
    """Read a package; whether its signer is trusted is the caller's question.

    Raises:
        PackageRefused: not a package, or a part is not what it says.
        SignatureRefused: the signature does not hold.
        ContractRefused: this version of Visloop cannot execute its contract.
    """
    _, parts = archive.unpack(raw)
    try:
        about = msgspec.json.decode(parts[archive.ABOUT], type=About)
        lineage = msgspec.json.decode(parts[archive.LINEAGE], type=dict[str, Any])
        card = parts[archive.CARD].decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refused(f"it cannot be read: {error}") from error
    if about.format != FORMAT:
        raise refused(f"it has format {about.format}, this Visloop reads format {FORMAT}")
    outside = {archive.ABOUT, archive.SIGNER, archive.SIGNATURE}
    held = {name: hashlib.sha256(raw).hexdigest() for name, raw in parts.items()}
    if about.parts != {name: digest for name, digest in held.items() if name not in outside}:
        raise refused("its parts are not those that its table of contents names")
    _check_arrays(parts.get(archive.REFERENCE))
    signer = _signer(parts)
    package = Package(
        onnx=parts[archive.ONNX],
        contract=Contract.from_json(parts[archive.CONTRACT]),
        reference=parts.get(archive.REFERENCE),
        card=card,
        metrics=about.metrics,
        recipe=about.recipe,
        lineage=msgspec.json.encode(lineage, order="sorted"),
    )
    if package.digest != about.digest:
        raise refused("its network and contract are not those that its table of contents names")
    return Opened(about=about, package=package, signer=signer, parts=parts)


def _check_arrays(reference: bytes | None) -> None:
    """The reference may hold plain arrays only: an array of objects is a pickle, which can run code."""
    if reference is None:
        return
    try:
        with np.load(io.BytesIO(reference), allow_pickle=False) as held:
            for name in held.files:
                held[name]
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise refused(f"its {archive.REFERENCE} is not an archive of plain arrays") from error


def _signer(parts: Mapping[str, bytes]) -> str:
    given = [name in parts for name in (archive.SIGNER, archive.SIGNATURE)]
    if not any(given):
        return ""
    if not all(given):
        raise refused("it has a signature without its key, or a key without its signature")
    signed = {name: raw for name, raw in parts.items() if name != archive.SIGNATURE}
    public = parts[archive.SIGNER]
    signing.verify(parts[archive.SIGNATURE], signed, public)
    return signing.fingerprint(public)
