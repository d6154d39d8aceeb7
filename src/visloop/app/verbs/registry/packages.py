"""Verbs over models as files: exported and signed, verified, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ModelExport:
    """Write a model as one signed file: network, contract, card, lineage, bill of materials.

    The file is a zip that any tool opens; its signature is OpenSSF Model Signing's.
    """

    ref: str = arg("for example reader@v2")
    file: str = arg("the file to write: reader-v2.visloop", path=True)
    key: str | None = opt(
        "sign with this private key, PEM, instead of the workspace's own", default=None, path=True
    )
    unsigned: bool = opt("leave it unsigned", default=False)


@dataclass(frozen=True)
class ModelExported:
    """The file, its size, and the fingerprint of the key that signed it (empty where none did)."""

    model: str
    file: str
    package_bytes: int
    signer: str


@operation("model.export", permission="registry.export")
def model_export(ports: Ports, scope: Scope, ask: ModelExport) -> ModelExported:
    """Recorded as a fact."""
    if ask.key and ask.unsigned:
        raise UsageError("a key to sign with, and --unsigned", fix="leave one of them out")
    key = Path(ask.key) if ask.key else None
    done = handlers.export_model(
        ports, scope, ask.ref, Path(ask.file), key=key, unsigned=ask.unsigned
    )
    return ModelExported(**done)


@dataclass(frozen=True)
class ModelVerify:
    """Read every part of a model again, without a network: its file, or what the registry keeps.

    Of a file: the signature, every part against it, and that nothing in it can run code.
    """

    what: str = arg("an exported file, or a model such as reader@v2")
    public_key: str | None = opt(
        "the file must be signed by this public key, PEM", default=None, path=True
    )


@dataclass(frozen=True)
class ModelVerified:
    """What is whole: bytes per part, who signed it, and the record of its making.

    `trusted`: the signer is this workspace, named in visloop.yaml, or the key that was asked for.
    """

    model: str
    digest: str
    signer: str
    trusted: bool
    parts: dict[str, int]
    lineage: dict[str, Any]


@operation("model.verify", permission="registry.read")
def model_verify(ports: Ports, scope: Scope, ask: ModelVerify) -> ModelVerified:
    """An error says what is not as it was."""
    public = Path(ask.public_key) if ask.public_key else None
    return ModelVerified(**handlers.verify_model(ports, scope, ask.what, public))


@dataclass(frozen=True)
class ModelKey:
    """Show the key that exported models are signed with: its fingerprint, and the public half."""


@dataclass(frozen=True)
class SigningKey:
    """`fingerprint` is short enough to read out; `public_key` is PEM."""

    fingerprint: str
    public_key: str


@operation("model.key", permission="registry.read")
def model_key(ports: Ports, scope: Scope, ask: ModelKey) -> SigningKey:
    """The private half never leaves the workspace."""
    del scope, ask
    fingerprint, public = handlers.signer(ports)
    return SigningKey(fingerprint=fingerprint, public_key=public)
