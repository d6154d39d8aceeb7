"""Models leave as one signed file, come in as one, and are verified without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from visloop import infer, registry
from visloop.app import workspace
from visloop.app.handlers.cards import card_of, card_page
from visloop.app.handlers.lineage import lineage_of
from visloop.app.handlers.naming import free_for_model
from visloop.errors import Conflict, NotFound, Refused
from visloop.ids import Ref, check_name, digest_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


class SignerUnknown(Refused):
    """The package is whole, but nobody here trusts who signed it."""

    code = "model.signer_unknown"


def signer(ports: Ports) -> tuple[str, str]:
    """This workspace's fingerprint and public key, PEM; the key pair is made when it is first needed."""
    public = registry.public_key(workspace.signing_key(ports.inner))
    return registry.fingerprint(public), public.decode()


def export_model(
    ports: Ports, scope: Scope, ref: str, file: Path, *, key: Path | None, unsigned: bool
) -> dict[str, Any]:
    """The fields of the answer.

    Raises:
        Conflict: the file is there.
        UsageError: the key cannot sign.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(ref))
    if file.exists():
        raise Conflict(f"{file} is there already", fix="another name, or remove it first")
    private = None if unsigned else _private(ports, key)
    package = registry.load(ports.registry, version)
    lineage = lineage_of(ports, scope, version)
    card = card_of(ports, scope, version, lineage)
    raw = registry.seal(
        version,
        replace(package, card=card),
        lineage=lineage,
        page=card_page(card, version.ref),
        key=private,
    )
    write_file(file, raw)
    by = registry.fingerprint(registry.public_key(private)) if private else ""
    with ports.ledger.write(scope) as write:
        write.fact("model.exported", version.ref, file=digest_of(raw), signer=by)
    return {"model": version.ref, "file": str(file), "package_bytes": len(raw), "signer": by}


def verify_model(ports: Ports, scope: Scope, what: str, public: Path | None) -> dict[str, Any]:
    """The fields of the answer, for a file or for a registered version.

    Raises:
        PackageRefused, SignatureRefused: the file is not as it was made.
        Corrupt: the registered version is not as it was stored.
        ModelRefused: it holds more than plain computation.
    """
    file = Path(what)
    if not file.exists() and public is None:
        return _stored(ports, scope, what)
    opened = registry.unseal(read(file))
    infer.check_model(opened.package.onnx)
    if public is not None:
        wanted = registry.fingerprint(read(public))
        if opened.signer != wanted:
            by = f"by {opened.signer}" if opened.signer else "by nobody"
            raise SignerUnknown(
                f"{file.name} is signed {by}, not by {wanted}",
                fix="ask who sent it for the right file, or the right key",
            )
    return {
        "model": f"{opened.about.model}@{opened.about.version}",
        "digest": opened.about.digest,
        "signer": opened.signer,
        "trusted": public is not None or opened.signer in _trusted(ports),
        "parts": {name: len(raw) for name, raw in sorted(opened.parts.items())},
        "lineage": opened.lineage,
    }


def import_package(
    ports: Ports, scope: Scope, file: Path, *, name: str, signer: str, unsigned: bool, dry_run: bool
) -> dict[str, Any]:
    """Register a package that another workspace exported; the fields of the answer.

    Raises:
        PackageRefused, SignatureRefused: it is not as it was made.
        SignerUnknown: nobody here trusts who signed it.
        ModelRefused: it holds more than plain computation.
    """
    opened = registry.unseal(read(file))
    _require_trust(ports, file, opened.signer, signer, unsigned=unsigned)
    about, package = opened.about, opened.package
    said = infer.signature(package.onnx)
    infer.Predictor.load(package.onnx, package.contract)
    wanted = free_for_model(ports, scope, check_name(name or about.model, "model name"))
    model = ""
    if not dry_run:
        run = f"import-{digest_of(scope.project, wanted, about.digest)[:16]}"
        model = registry.register(ports.registry, scope, wanted, package, run=run).ref
        _note_import(ports, scope, model, opened)
    return {
        "model": model,
        "task": about.task,
        "classes": len(package.contract.classes),
        "contract": package.contract.digest,
        "stated": msgspec.json.decode(package.contract.to_json()),
        "inputs": {key: list(shape) for key, shape in said.inputs.items()},
        "outputs": {key: list(shape) for key, shape in said.outputs.items()},
        "answer": {},
        "signer": opened.signer,
        "origin": f"{about.model}@{about.version}",
    }


def _note_import(ports: Ports, scope: Scope, model: str, opened: registry.Opened) -> None:
    """The fact, once however often the same is imported."""
    kind, origin = "model.imported", f"{opened.about.model}@{opened.about.version}"
    with ports.ledger.write(scope) as write:
        if not ports.ledger.facts(kinds=[kind], subject=model, project=scope.project, limit=1):
            said = {"digest": opened.about.digest, "signer": opened.signer}
            write.fact(kind, model, origin=origin, **said)


def is_package(file: Path) -> bool:
    """Whether the file begins as an exported model does."""
    try:
        with file.open("rb") as opened:
            return registry.looks_packed(opened.read(4096))
    except OSError:
        return False


def _stored(ports: Ports, scope: Scope, ref: str) -> dict[str, Any]:
    version = registry.resolve(ports.registry, scope, Ref.parse(ref))
    package = registry.load(ports.registry, version)
    infer.check_model(package.onnx)
    manifest = registry.manifest_of(ports.registry, version)
    return {
        "model": version.ref,
        "digest": version.digest,
        "signer": "",
        "trusted": True,
        "parts": dict(sorted(manifest.sizes.items())),
        "lineage": lineage_of(ports, scope, version),
    }


def _require_trust(ports: Ports, file: Path, by: str, signer: str, *, unsigned: bool) -> None:
    if not by:
        if unsigned:
            return
        raise SignerUnknown(
            f"{file.name} is whole, but nobody has signed it",
            fix="have it exported with a signature, or take it as it is: --unsigned",
        )
    if by in _trusted(ports) or by == signer:
        return
    raise SignerUnknown(
        f"{file.name} is whole and signed by {by}, whom nobody here trusts",
        fix=f"ask the sender for their fingerprint (visloop model key); if it is this one: --signer {by}"
        ", or for ever: registry: {trusted: [sha256:…]} in visloop.yaml",
    )


def _trusted(ports: Ports) -> set[str]:
    known = set(ports.config.registry.trusted)
    key = workspace.signing_key(ports.inner, make=False)
    return known | ({registry.fingerprint(registry.public_key(key))} if key else set())


def _private(ports: Ports, key: Path | None) -> bytes:
    return workspace.signing_key(ports.inner) if key is None else read(key)


def write_file(file: Path, raw: bytes) -> None:
    """All of the bytes or nothing.

    Raises:
        Refused: it cannot be written.
    """
    try:
        workspace.write_whole(file, raw)
    except OSError as error:
        raise Refused(
            f"{file} cannot be written: {error.strerror or error}",
            fix="name a folder that is there",
        ) from error


def read(file: Path) -> bytes:
    """The file's bytes.

    Raises:
        NotFound: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{file} cannot be read: {error.strerror or error}", fix="name a file that is there"
        ) from error
