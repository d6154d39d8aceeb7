"""A model in another form, for where it is to run: made, held against the original, kept if it is alike."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec

from visloop import config, data, evaluate, infer, registry
from visloop.app.handlers.judging.gating import test_split
from visloop.app.handlers.lineage import lineage_of
from visloop.app.handlers.packaging import export_model, write_file
from visloop.errors import NotFound, UsageError, did_you_mean
from visloop.ids import Ref, digest_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.vision import Contract

OWN: Final = ("onnx-int8", "onnx-fp16")
_CALIBRATED_ON: Final = 128
_SEED: Final = 0
_JUDGED: Final = "model.variant_judged"


class Target(Protocol):
    """A plug-in of `visloop.targets`: the network in a form that the registry does not keep."""

    def __call__(self, network: bytes, contract: Contract, about: bytes) -> infer.Made:
        """Make it; `about` is the JSON that tells where it came from, to lie beside it."""
        ...


@dataclass(frozen=True)
class Variant:
    """What came of it; `model` is empty where the registry does not keep it, `why` says why it failed."""

    source: str
    target: str
    model: str
    passed: bool
    why: str
    calibrated_on: str
    bytes_before: int
    bytes_after: int
    margin: float
    report: evaluate.VariantReport


def export_variant(
    ports: Ports,
    scope: Scope,
    ref: str,
    file: Path,
    *,
    target: str,
    on: str | None,
    key: Path | None,
    unsigned: bool,
) -> tuple[dict[str, Any], Variant]:
    """Make the variant; register and write it if it is as good as the policy asks.

    Raises:
        UsageError: no such target.
        NotFound: there are no pictures to calibrate on, or to judge by.
        MissingExtra: a library that makes it is not installed.
    """
    _check_target(target)
    version = registry.resolve(ports.registry, scope, Ref.parse(ref))
    package = registry.load(ports.registry, version)
    judged_by = Ref.parse(on) if on else test_split(ports, scope, version)
    form = _form(ports, scope, version, package, target)
    gate = ports.config.gate
    report = evaluate.judge_variant(
        ports.evaluate,
        scope,
        evaluate.Sides(infer.Predictor.load(package.onnx, package.contract), form.predictor),
        judged_by,
        evaluate.GatePolicy(),
        gate.confidence,
    )
    why = _why(report, gate)
    variant = Variant(
        source=version.ref,
        target=target,
        model="",
        passed=not why,
        why=why,
        calibrated_on=form.calibrated_on,
        bytes_before=len(package.onnx),
        bytes_after=len(form.content),
        margin=gate.margin,
        report=report,
    )
    told: dict[str, Any] = {"model": "", "file": "", "package_bytes": 0, "signer": ""}
    if not why and target not in OWN:
        told = _written(ports, scope, version, file, form.content, target)
    elif not why:
        kept = _registered(ports, scope, version, replace(package, onnx=form.content), variant)
        told = export_model(ports, scope, kept, file, key=key, unsigned=unsigned)
        variant = replace(variant, model=kept)
    with ports.ledger.write(scope) as write:
        write.fact(_JUDGED, version.ref, **msgspec.to_builtins(variant))
    return told, variant


def variants_of(ports: Ports, scope: Scope, ref: str) -> tuple[list[dict[str, Any]], str]:
    """The newest form of a model for each target (itself, where it is a form), and of what it is one."""
    facts = ports.ledger.facts(kinds=(_JUDGED,), project=scope.project)
    newest = {
        each.payload["target"]: {**each.payload, "time": each.time.isoformat()}
        for each in facts
        if ref in {each.subject, each.payload["model"]}
    }
    sources = [each.subject for each in facts if each.payload["model"] == ref]
    return list(newest.values()), sources[-1] if sources else ""


def _check_target(target: str) -> None:
    known = (*OWN, *config.plugins("targets"))
    if target not in known:
        raise UsageError(
            f"there is no target {target!r}",
            fix=did_you_mean(target, known, otherwise=f"targets: {', '.join(known)}"),
        )


class _Form(NamedTuple):
    """What was made: what computes it here, its bytes, the pictures that it was scaled by."""

    predictor: infer.Predictor
    content: bytes
    calibrated_on: str = ""


def _form(
    ports: Ports,
    scope: Scope,
    version: registry.ModelVersion,
    package: registry.Package,
    target: str,
) -> _Form:
    contract = package.contract
    if target == "onnx-fp16":
        network = infer.halved(package.onnx)
        return _Form(infer.Predictor.load(network, contract), network)
    if target == "onnx-int8":
        source = infer.Predictor.load(package.onnx, contract)
        calibrated_on, arrays = _calibration(ports, scope, version, source)
        network = infer.quantised(package.onnx, contract.input_name, arrays)
        return _Form(infer.Predictor.load(network, contract), network, calibrated_on)
    about = {"model": version.ref, "digest": version.digest, "target": target}
    make: Target = config.load_plugin("targets", target, extra=target)
    made = make(package.onnx, contract, msgspec.json.encode(about))
    return _Form(infer.Predictor(made.session, contract, digest_of(made.file)), made.file)


def _written(
    ports: Ports,
    scope: Scope,
    version: registry.ModelVersion,
    file: Path,
    content: bytes,
    target: str,
) -> dict[str, Any]:
    write_file(file, content)
    with ports.ledger.write(scope) as write:
        write.fact("model.exported", version.ref, file=digest_of(content), target=target)
    return {"model": version.ref, "file": str(file), "package_bytes": len(content), "signer": ""}


def _calibration(
    ports: Ports, scope: Scope, version: registry.ModelVersion, predictor: infer.Predictor
) -> tuple[str, list[Any]]:
    """Prepared pictures of the model's own training data, drawn at random, always the same ones."""
    if not version.data:
        raise NotFound(
            f"{version.ref} was made elsewhere: there are no pictures to calibrate it on",
            fix="train it here, or export it as onnx-fp16",
        )
    snapshot = data.open(ports.data, Ref.parse(version.data), scope.project)
    samples = list(snapshot.samples())
    chosen = random.Random(_SEED).sample(samples, min(_CALIBRATED_ON, len(samples)))
    read = ports.progress.track(chosen, doing="calibrate", unit="image")
    return version.data, [predictor.prepare(ports.blobs.get(each.image)) for each in read]


def _why(report: evaluate.VariantReport, gate: config.GateSection) -> str:
    """Why the policy does not take it, as it would not take another model in place of the champion."""
    moved = f"{report.metric} {report.before:.4f} → {report.after:.4f} on {report.n} pictures of {report.on}"
    if report.n < gate.min_samples:
        return f"{moved}: too few to judge by, gate.min_samples is {gate.min_samples}"
    if gate.better_than_champion in {"non_inferior", "better"}:
        least, said = report.low, "not ruled out"
    else:
        least, said = report.high, "shown"
    if least >= -gate.margin:
        return ""
    between = f"gain {report.low:+.4f} … {report.high:+.4f} at {gate.confidence:g}"
    return f"{moved}: a loss of more than {gate.margin:g} is {said} ({between})"


def _registered(
    ports: Ports,
    scope: Scope,
    version: registry.ModelVersion,
    package: registry.Package,
    variant: Variant,
) -> str:
    """As the next version of `NAME-TARGET`, with the original's whole lineage as its origin."""
    lineage = lineage_of(ports, scope, version)
    lineage["derived"] = msgspec.to_builtins(variant)
    short = variant.target.removeprefix("onnx-")
    run = (
        f"variant-{digest_of(scope.project, version.package, variant.target, package.digest)[:16]}"
    )
    metrics = {variant.report.metric: variant.report.after, f"{short}.gain": variant.report.gain}
    made = replace(
        package, metrics=metrics, recipe=variant.target, lineage=msgspec.json.encode(lineage)
    )
    name = f"{version.model}-{short}"
    return registry.register(ports.registry, scope, name, made, run=run).ref
