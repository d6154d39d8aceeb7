"""Verbs over registered models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import registry
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class Models:
    """List the registered models with their versions and aliases."""


@operation("models", permission="registry.read")
def models(ports: Ports, scope: Scope, ask: Models) -> Rows:
    """One row a version, newest first."""
    del ask
    return rows_of(registry.list_models(ports.registry, scope))


@dataclass(frozen=True)
class ModelShow:
    """Show a model version: data, metrics, contract, aliases, approvals, verdicts."""

    ref: str = arg("for example reader@v1")


@dataclass(frozen=True)
class ModelAnswer:
    """Everything recorded about a model version, its card as Markdown, the newest verdict and report.

    `verdict` and `report` have the fields that `gate` and `evaluate` answer with. `variants`: its other
    forms that were judged (`model export --target`), taken or not; `variant_of`: what it is a form of.
    """

    model: dict[str, Any]
    card: str
    verdict: dict[str, Any] | None
    report: dict[str, Any] | None
    variants: tuple[dict[str, Any], ...] = ()
    variant_of: str = ""


@operation("model.show", permission="registry.read")
def model_show(ports: Ports, scope: Scope, ask: ModelShow) -> ModelAnswer:
    """The version, its card, and what was found out about it; nothing is computed."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    found = registry.show(ports.registry, scope, version)
    variants, source = handlers.variants_of(ports, scope, version.ref)
    return ModelAnswer(
        model=plain(found),
        card=registry.card(ports.registry, version),
        verdict=handlers.whole_verdict_on(ports, scope, version),
        report=handlers.whole_report_on(ports, scope, version),
        variants=tuple(variants),
        variant_of=source,
    )


@dataclass(frozen=True)
class ModelImport:
    """Make a model of any ONNX file and a contract, or of a model that another workspace exported.

    A folder of weights (config.json, model.safetensors) of a detector or segmenter that transformers
    knows brings its contract along.

    An exported model must be signed by somebody who is trusted here: the workspace itself, the keys
    under `registry: trusted` in visloop.yaml, or `--signer`.
    """

    file: str = arg("the ONNX file, the exported model, or a folder of weights", path=True)
    as_: str = opt("name of the model (default: the exported model's own)", default="", name="as")
    contract: str | None = opt("its contract, YAML or JSON", default=None, path=True)
    picture: str | None = opt("a picture to try it on", default=None, path=True)
    signer: str = opt("take an exported model signed by this fingerprint, sha256:…", default="")
    unsigned: bool = opt("take an exported model that nobody signed", default=False)
    dry_run: bool = opt("check and try only; register nothing", default=False)


@dataclass(frozen=True)
class ModelImported:
    """The model version (empty for a dry run), the contract as completed, and what it answered.

    `answer.annotations` is what it says of the picture that it was tried on, in its pixels. `origin`
    and `signer` say where an exported model came from.
    """

    model: str
    task: str
    classes: int
    contract: str
    stated: dict[str, Any]
    inputs: dict[str, list[Any]]
    outputs: dict[str, list[Any]]
    answer: dict[str, Any]
    signer: str = ""
    origin: str = ""


@operation("model.import", permission="registry.write")
def model_import(ports: Ports, scope: Scope, ask: ModelImport) -> ModelImported:
    """Checked, tried on a picture, registered; the same again changes nothing."""
    if handlers.is_package(Path(ask.file)):
        if ask.contract or ask.picture:
            raise UsageError(
                "an exported model brings its contract along",
                fix="leave --contract and --picture out",
            )
        brought = handlers.import_package(
            ports,
            scope,
            Path(ask.file),
            name=ask.as_,
            signer=ask.signer,
            unsigned=ask.unsigned,
            dry_run=ask.dry_run,
        )
        return ModelImported(**brought)
    if not ask.as_:
        raise UsageError("say what the model is to be called", fix="--as NAME")
    done = handlers.import_model(
        ports,
        scope,
        file=Path(ask.file),
        name=ask.as_,
        contract=Path(ask.contract) if ask.contract else None,
        picture=Path(ask.picture) if ask.picture else None,
        dry_run=ask.dry_run,
    )
    return ModelImported(**done)


@dataclass(frozen=True)
class ModelApprove:
    """Say yes to a model: a person's signature where the policy asks for one."""

    ref: str = arg("for example reader@v2")
    reason: str = opt("why", default="", short="-m")


@dataclass(frozen=True)
class ModelDecision:
    """The model version and what was decided."""

    model: str
    decision: str


@operation("model.approve", permission="registry.approve")
def model_approve(ports: Ports, scope: Scope, ask: ModelApprove) -> ModelDecision:
    """Recorded as a fact."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    handlers.require_incidents_tried(ports, scope, version)
    handlers.require_policy(ports, scope, version)
    separate = ports.config.gate.separation_of_duties
    registry.approve(ports.registry, scope, version, reason=ask.reason, separate=separate)
    return ModelDecision(model=version.ref, decision="approved")


@dataclass(frozen=True)
class ModelReject:
    """Say no to a model."""

    ref: str = arg("for example reader@v2")
    reason: str = opt("why", default="", short="-m")


@operation("model.reject", permission="registry.approve")
def model_reject(ports: Ports, scope: Scope, ask: ModelReject) -> ModelDecision:
    """Recorded as a fact."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    registry.reject(ports.registry, scope, version, reason=ask.reason)
    return ModelDecision(model=version.ref, decision="rejected")


@dataclass(frozen=True)
class ModelPromote:
    """Make a model the champion: it must have passed the gate, and be approved where asked."""

    ref: str = arg("for example reader@v2")


@dataclass(frozen=True)
class Promoted:
    """The champion now, and the one before."""

    model: str
    previous: str | None


@operation("model.promote", permission="registry.promote")
def model_promote(ports: Ports, scope: Scope, ask: ModelPromote) -> Promoted:
    """The alias `champion` moves."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    handlers.require_promotable(ports, scope, version)
    needed = ports.config.gate.approval
    done = registry.promote(ports.registry, scope, version, needs_approval=needed)
    return Promoted(model=version.ref, previous=done.previous)


@dataclass(frozen=True)
class ModelRollback:
    """Give the alias `champion` back to the model that had it before."""

    name: str = arg("the model's name")


@operation("model.rollback", permission="registry.promote")
def model_rollback(ports: Ports, scope: Scope, ask: ModelRollback) -> Promoted:
    """The alias moves back."""
    done = registry.rollback(ports.registry, scope, ask.name)
    return Promoted(model=done.model, previous=done.previous)


@dataclass(frozen=True)
class ModelAlias:
    """Point an alias at a model version: reader@v2 as `challenger`."""

    ref: str = arg("for example reader@v2")
    alias: str = arg("any name but champion, which promote moves")


@operation("model.alias", permission="registry.promote")
def model_alias(ports: Ports, scope: Scope, ask: ModelAlias) -> ModelDecision:
    """Recorded as a fact."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    if ask.alias == registry.CHAMPION:
        raise UsageError(
            f"{ask.alias!r} moves by the gate's yes, not by hand",
            fix=f"visloop model promote {version.ref}",
        )
    registry.set_alias(ports.registry, scope, version, ask.alias)
    return ModelDecision(model=version.ref, decision=f"is now {version.name}@{ask.alias}")
