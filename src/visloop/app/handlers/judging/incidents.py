"""From a failure to a permanent test: its picture, what is right, where it was seen."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import data, evaluate, label, registry, serve
from visloop.app.media import PictureGone, image_bytes
from visloop.app.rows import plain
from visloop.errors import NotFound, Refused, UsageError, VisloopError, did_you_mean
from visloop.ids import Ref, digest_of
from visloop.store import BlobNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.app.ports import Ports
    from visloop.events import Scope

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST_VERSIONS: Final = 20


@dataclass(frozen=True)
class Failure:
    """A picture that was answered wrongly: its bytes, who answered, and what a person said since."""

    raw: bytes
    version: registry.ModelVersion
    origin: evaluate.Origin
    expected: evaluate.Expected = ()


def add_incident(
    ports: Ports,
    scope: Scope,
    source: str,
    image: str | None,
    *,
    expect: Sequence[str],
    model: str,
    why: str,
) -> dict[str, Any]:
    """Open an incident, and say how the model that answered, or the newest, does on it now.

    Raises:
        UsageError: it is not said which picture, which model, or what is right.
        PictureGone: the answer's picture is not kept any more.
        Refused: it is no picture, or may not be kept.
        IncidentConflict: something else is expected of the picture, or it was erased.
    """
    written = evaluate.expectations(expect) if expect else ()
    failure = _failure(ports, scope, source, image, model)
    expected = written or failure.expected
    if not expected:
        raise UsageError(
            "nobody has said what is right",
            fix="--expect class=NAME   (or absent=NAME, 'box=NAME x1 y1 x2 y2', value=3±1; or label "
            "the picture in the queue first)",
        )
    _check_classes(ports, scope, failure.version, expected)
    picture = _taken_in(ports, failure.raw)
    name = Ref.parse(model).name if model else failure.version.model
    done = evaluate.open_incident(
        ports.evaluate, scope, name, picture, expected, origin=failure.origin, why=why
    )
    (held,) = evaluate.try_incidents(ports.evaluate, scope, failure.version, [done])
    return {"incident": told_incident(done), "tried": failure.version.ref, "held": plain(held)}


def told_incident(incident: evaluate.Incident) -> dict[str, Any]:
    """An incident as plain values; `expected` and `answered` also in words."""
    row = plain(incident)
    origin = row.pop("origin")
    answered = origin.pop("answered", ())
    row |= origin | {
        "expected": incident.asks,
        "expectations": row["expected"],
        "answered": evaluate.told(incident.origin.answered) if answered else "",
        "annotations": answered,
    }
    return {key: value for key, value in row.items() if key not in {"format", "project", "seq"}}


def incident_answers(
    ports: Ports, scope: Scope, incident: evaluate.Incident
) -> list[dict[str, Any]]:
    """How the versions of its model answered it, by their newest verdicts; the newest version first."""
    found: list[dict[str, Any]] = []
    with suppress(NotFound):
        for version in registry.versions(ports.registry, scope, incident.model)[:_MOST_VERSIONS]:
            verdict = evaluate.last_verdict(ports.evaluate, scope, version)
            mine = [h for h in verdict.incidents if h.incident == incident.id] if verdict else []
            found += [{"version": version.ref, **plain(each)} for each in mine]
    return found


def _failure(ports: Ports, scope: Scope, source: str, image: str | None, model: str) -> Failure:
    if bool(source) == bool(image):
        raise UsageError(
            "say which picture: one of an answer, of a stored picture, or of a file",
            fix="visloop incident add PREDICTION   (see: visloop predictions NAME), or --image FILE",
        )
    if source and not _DIGEST.fullmatch(source):
        return _answered(ports, scope, source, model)
    if not model:
        raise UsageError("say whose test it is: of which model", fix="--model NAME")
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    raw = image_bytes(ports, source)[0] if source else _read(Path(image or ""))
    return Failure(raw, version, evaluate.Origin())


def _answered(ports: Ports, scope: Scope, prediction: str, model: str) -> Failure:
    if "/" in prediction or Path(prediction).suffix:
        raise UsageError(
            f"{prediction!r} is no prediction's id",
            fix=f"of a file: --image {prediction} --model NAME",
        )
    found = serve.prediction(ports.serve, scope, prediction)
    answerer = Ref.parse(found.model)
    other = Ref.parse(model) if model else answerer
    asked = answerer if other.name == answerer.name else other
    version = registry.resolve(ports.registry, scope, asked)
    task = label.of_prediction(ports.label, scope, prediction)
    origin = evaluate.Origin(
        prediction=found.id,
        deployment=found.deployment,
        version=found.model,
        package=found.package,
        data=version.data or None,
        answered=found.answer.annotations,
    )
    accepted = task.final if task and task.state == "accepted" and task.final else ()
    expected = evaluate.reviewed(accepted) if accepted else ()
    return Failure(_picture(ports, found, task), version, origin, expected)


def _picture(ports: Ports, found: serve.Logged, task: label.Task | None) -> bytes:
    if task is not None:  # as the policy of privacy let it in
        with suppress(BlobNotFound):
            return ports.blobs.get(task.image)
    kept = serve.captured(ports.spool, found)
    if kept is not None and kept.image:
        return kept.image
    with suppress(BlobNotFound):
        return ports.blobs.get(found.image)
    raise PictureGone(
        f"the picture behind {found.id} is not kept any more, so no model can be asked about it",
        fix="if you have the file: visloop incident add --image FILE --model "
        f"{found.model.partition('@')[0]} --expect …   (to keep more: capture and "
        "serve.spool_limit_mb in visloop.yaml)",
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", fix="name a picture"
        ) from error


def _taken_in(ports: Ports, raw: bytes) -> str:
    """The digest of the picture as the store has it now, by the workspace's policy of privacy."""
    digest = digest_of(raw)
    seen = data.probe(raw, digest)
    if isinstance(seen, data.Refusal):
        raise Refused(f"it cannot be a test: {seen.reason}", fix="take a picture that can be read")
    candidate = data.Candidate(
        path=f"incidents/{digest[:20]}",
        image=digest,
        bytes=len(raw),
        width=seen.width,
        height=seen.height,
        media=seen.media,
        mode=seen.mode,
        orientation=seen.orientation,
        metadata=seen.metadata,
    )
    safe = data.protected(ports.data, candidate, raw)
    if safe.image == digest:
        ports.blobs.put(raw)
    ports.blobs.flush()
    return safe.image


def _check_classes(
    ports: Ports, scope: Scope, version: registry.ModelVersion, expected: evaluate.Expected
) -> None:
    """Refuse a class that neither the model nor the data that it learnt from knows: a slip."""
    known = set(registry.load(ports.registry, version).contract.classes)
    with suppress(VisloopError):
        known |= set(data.classes(ports.data, scope, Ref.parse(version.data).name).lookup())
    for name in evaluate.classes_in(expected):
        if name not in known:
            listed = f"{version.ref} knows: {', '.join(sorted(known)) or 'no classes'}"
            raise UsageError(
                f"there is no class {name!r}", fix=did_you_mean(name, known, otherwise=listed)
            )
