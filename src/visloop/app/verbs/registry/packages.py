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

    --target makes another form of it first: `onnx-int8` (8-bit integers, calibrated on its own training
    pictures), `onnx-fp16`, `openvino`. That is held against the original on real pictures, as the gate holds
    a candidate against the champion (`gate.better_than_champion`, `margin`, `min_samples`). Where it
    fails, nothing is written or registered, and the exit code is 3.
    """

    ref: str = arg("for example reader@v2")
    file: str = arg("the file to write: reader-v2.visloop", path=True)
    key: str | None = opt(
        "sign with this private key, PEM, instead of the workspace's own", default=None, path=True
    )
    unsigned: bool = opt("leave it unsigned", default=False)
    target: str = opt("onnx-int8, onnx-fp16, openvino", default="")
    on: str | None = opt(
        "judge the target on these pictures (default: its test split)", default=None
    )


@dataclass(frozen=True)
class ModelExported:
    """The file, its size, and the fingerprint of the key that signed it (empty where none did).

    `variant` tells of a target: whether it `passed` and `why` not, the model that it became (OpenVINO's
    is a file only), its size and its `report` beside the original's.
    """

    model: str
    file: str
    package_bytes: int
    signer: str
    variant: handlers.Variant | None = None


def _failed(answer: ModelExported) -> int:
    return 3 if answer.variant is not None and not answer.variant.passed else 0


@operation("model.export", permission="registry.export", exit_code=_failed)
def model_export(ports: Ports, scope: Scope, ask: ModelExport) -> ModelExported:
    """Recorded as a fact."""
    if ask.key and ask.unsigned:
        raise UsageError("a key to sign with, and --unsigned", fix="leave one of them out")
    key, file = Path(ask.key) if ask.key else None, Path(ask.file)
    if not ask.target:
        done = handlers.export_model(ports, scope, ask.ref, file, key=key, unsigned=ask.unsigned)
        return ModelExported(**done)
    told, variant = handlers.export_variant(
        ports, scope, ask.ref, file, target=ask.target, on=ask.on, key=key, unsigned=ask.unsigned
    )
    return ModelExported(**told, variant=variant)


@dataclass(frozen=True)
class ModelVerify:
    """Read every part of a model again, without a network: its file, or what the registry keeps.

    Of a file: the signature, every part against it, and that nothing in it can run code.
    """

    what: str = arg("an exported file, or a model such as reader@v2", file=True)
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
