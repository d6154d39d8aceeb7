"""What the registry keeps and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from visloop.errors import NotFound, Refused
from visloop.ids import FORMAT, digest_of
from visloop.vision import Contract

if TYPE_CHECKING:
    from visloop.store import Blobs, Ledger

CHAMPION = "champion"
State = Literal["registered", "waiting", "approved", "rejected"]
Stage = Literal["None", "Staging", "Production", "Archived"]
Decision = Literal["approved", "rejected"]


class ModelNotFound(NotFound):
    """No model, version or alias of that name."""

    code = "registry.model_not_found"


class ModelArchived(Refused):
    """This version was put away."""

    code = "registry.model_archived"


class ApprovalNeeded(Refused):
    """A person must approve this version first, or has rejected it."""

    code = "registry.approval_needed"


@dataclass(frozen=True)
class RegistryPorts:
    """What the registry needs from outside: where state lives and where bytes live."""

    ledger: Ledger
    blobs: Blobs


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The table of contents of a model package: every part by its digest.

    `contract` is also the digest of its bytes; `sizes` are bytes per part; `data` is the version
    that it was trained on (`cards@v3:train`) and `data_root` that version's digest; `lineage`, of a
    model that came from another workspace, is the record of its making there.
    """

    onnx: str
    contract: str
    card: str
    reference: str | None
    metrics: dict[str, float]
    run: str
    data: str
    data_root: str
    recipe: str
    classes: tuple[str, ...]
    class_dictionary: str
    sizes: dict[str, int]
    format: int = FORMAT
    lineage: str | msgspec.UnsetType = msgspec.UNSET

    def to_json(self) -> bytes:
        """Canonical JSON; its digest names the package."""
        return msgspec.json.encode(self, order="deterministic")

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical JSON."""
        return digest_of(self.to_json())

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        """Read what `to_json` wrote.

        Raises:
            msgspec.ValidationError: not a manifest.
        """
        return msgspec.json.decode(raw, type=cls)


@dataclass(frozen=True)
class Package:
    """A model as bytes: nothing in it runs code when it is loaded.

    `onnx` is the whole network, `reference` an npz of held-out answers (see `train.Reference`),
    `card` Markdown, `metrics` what training measured on held-out folds; `lineage`, of a model that came
    from another workspace, is the JSON record of its making there.
    """

    onnx: bytes
    contract: Contract
    reference: bytes | None = None
    card: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    data: str = ""
    data_root: str = ""
    recipe: str = ""
    lineage: bytes | None = None

    @property
    def digest(self) -> str:
        """What the model computes: the same for two packages that give the same answers."""
        return model_digest(digest_of(self.onnx), self.contract.digest)


@dataclass(frozen=True)
class ModelVersion:
    """A registered version: `package` is its manifest's digest; `state` is where approval stands.

    `archived` is when it was put away, None for one in use.
    """

    model: str
    number: int
    project: str
    package: str
    onnx: str
    contract: str
    run: str
    data: str
    recipe: str
    metrics: Mapping[str, float]
    state: State
    created: datetime
    actor: str
    archived: datetime | None = None

    @property
    def name(self) -> str:
        """As people write it: `v2`."""
        return f"v{self.number}"

    @property
    def ref(self) -> str:
        """As every face takes it: `net@v2`."""
        return f"{self.model}@{self.name}"

    @property
    def digest(self) -> str:
        """What the model computes, as `Package.digest`."""
        return model_digest(self.onnx, self.contract)


@dataclass(frozen=True)
class Approval:
    """A person's decision on a version."""

    id: str
    model: str
    number: int
    decision: Decision
    actor: str
    reason: str
    time: datetime


@dataclass(frozen=True)
class Promotion:
    """An alias after it moved: `model` is what it means now (`net@v3`), `previous` what it meant.

    `previous` is None where it meant nothing before, or did not move.
    """

    model: str
    previous: str | None
    alias: str


@dataclass(frozen=True)
class ModelLine:
    """One version as a row of a list, with the aliases that point at it.

    `stage` follows from what is known: `Production` is the champion, `Archived` was put away, `Staging`
    has another alias, waits for a person or was approved by one; all else is `None`.
    """

    ref: str
    model: str
    version: str
    aliases: tuple[str, ...]
    state: State
    metrics: Mapping[str, float]
    recipe: str
    data: str
    run: str
    package: str
    created: datetime
    actor: str
    stage: Stage = "None"


@dataclass(frozen=True)
class ModelDetail:
    """One version with all that is known of it here."""

    version: ModelLine
    manifest: Manifest
    approvals: tuple[Approval, ...]


def model_digest(onnx: str, contract: str) -> str:
    """Digest of what a model computes, from the digests of its network and its contract."""
    return digest_of(onnx, contract)
