"""Reports: one model version judged on one data version, made once and kept."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import and_, insert, select, update

from visloop import data, registry, train
from visloop.data import Snapshot
from visloop.errors import Corrupt, NotFound, Refused
from visloop.evaluate import tables as t
from visloop.evaluate.answering import answer
from visloop.evaluate.kinds.every import AnyAnswers, read_answers, score
from visloop.evaluate.ports import EvaluatePorts
from visloop.evaluate.records import Report
from visloop.evaluate.study.facets import Facet
from visloop.evaluate.study.making import Material, asked_slices, study
from visloop.evaluate.study.outlines import outlined
from visloop.evaluate.study.records import EDITION, Slice, Study
from visloop.events import Scope
from visloop.ids import Ref, digest_of
from visloop.infer import Predictor
from visloop.registry import ModelVersion, Package

_WANTED: Final = {
    "detect": "boxes, or was looked at",
    "segment": "outlines, or was looked at",
    "regress": "one number",
}


class ReportNotFound(NotFound):
    """No report with that id."""

    code = "evaluate.report_not_found"


def evaluate(
    ports: EvaluatePorts,
    scope: Scope,
    model: Ref | ModelVersion,
    ref: Ref,
    *,
    threads: int | None = None,
) -> Report:
    """Judge a model on a data version or one of its splits.

    The same model on the same pictures is judged once: a second call reads the first report, unless
    that was made by an older edition of the rules.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        model: the model version.
        ref: the data; exactly what it names is judged, so name a split that training never saw.
        threads: default: the cores.

    Raises:
        NotFound: there is no such model or data.
        Refused: uncommitted data, no picture with a clear truth for the model's task, or a model
            that only embeds.
    """
    version = model if isinstance(model, ModelVersion) else _resolve(ports, scope, model)
    snapshot = data.open(ports.data, ref, scope.project)
    if not snapshot.version.root:
        raise Refused(
            f"{ref} is not committed, so a report on it could not be repeated",
            fix=f"visloop commit {ref.name} -m '…'",
        )
    name = _report_id(scope.project, version, snapshot)
    with suppress(ReportNotFound):
        known = load_report(ports, scope, name)
        if known.edition == EDITION:
            return known
    report = _make(ports, name, version, snapshot, threads)
    return _save(ports, scope, version, snapshot, report)


def load_report(ports: EvaluatePorts, scope: Scope, report: str) -> Report:
    """The report of that id.

    Raises:
        ReportNotFound: there is none in the project.
    """
    query = select(t.reports.c.body).where(
        t.reports.c.project == scope.project, t.reports.c.id == report
    )
    with ports.ledger.read() as connection:
        body = connection.execute(query).scalar_one_or_none()
    if body is None:
        raise ReportNotFound(f"there is no report {report!r}", fix="make it: visloop evaluate")
    try:
        return msgspec.json.decode(ports.blobs.get(body), type=Report)
    except msgspec.DecodeError as error:
        raise Corrupt(f"report {report} cannot be read: {error}") from error


def load_answers(ports: EvaluatePorts, report: Report) -> AnyAnswers:
    """The single answers behind a report: which picture was answered how.

    Raises:
        Corrupt: they are not what was stored.
    """
    return read_answers(ports.blobs.get(report.answers), report.task)


def load_study(ports: EvaluatePorts, report: Report) -> Study:
    """What was looked at beyond a report's figures; of reports of older editions an empty one.

    Raises:
        Corrupt: it is not what was stored.
    """
    if not report.study:
        return Study(edition=0)
    try:
        return msgspec.json.decode(ports.blobs.get(report.study), type=Study)
    except msgspec.DecodeError as error:
        raise Corrupt(f"the study of {report.id} cannot be read: {error}") from error


def slices_of(
    ports: EvaluatePorts, scope: Scope, report: Report, asked: Mapping[str, Collection[str]]
) -> tuple[Slice, ...]:
    """Figures of slices that somebody asks for: name → ids of their samples, in that order."""
    answers = load_answers(ports, report)
    snapshot = data.open(ports.data, Ref.parse(report.data), scope.project)
    known = {sample.id: sample for sample in snapshot.samples()}
    facets = [
        Facet("asked", name, name, np.array([s in chosen for s in answers.samples], np.bool_))
        for name, chosen in asked.items()
    ]
    material = Material(answers, [known[sample] for sample in answers.samples])
    return asked_slices(material, facets)


def list_reports(
    ports: EvaluatePorts, scope: Scope, *, model: str | None = None, limit: int | None = 100
) -> list[Report]:
    """Reports of the project (of one model), newest first."""
    query = select(t.reports.c.id).where(t.reports.c.project == scope.project)
    if model is not None:
        query = query.where(t.reports.c.model == model)
    with ports.ledger.read() as connection:
        names = connection.execute(query.order_by(t.reports.c.seq.desc()).limit(limit)).scalars()
        found = names.all()
    return [load_report(ports, scope, name) for name in found]


def _resolve(ports: EvaluatePorts, scope: Scope, model: Ref) -> ModelVersion:
    return registry.resolve(ports.registry, scope, model)


def _report_id(project: str, version: ModelVersion, snapshot: Snapshot) -> str:
    split = snapshot.split or ""
    return f"report-{digest_of(project, version.package, snapshot.version.root, split)[:16]}"


def _make(
    ports: EvaluatePorts,
    name: str,
    version: ModelVersion,
    snapshot: Snapshot,
    threads: int | None,
) -> Report:
    package = registry.load(ports.registry, version)
    task = package.contract.decode.task
    chosen = train.choose(snapshot.samples(), snapshot.classes, task)
    ref = snapshot.version.ref + (f":{snapshot.split}" if snapshot.split else "")
    if not chosen.pictures:
        said = ", ".join(f"{n} × {why}" for why, n in chosen.left_out.items()) or "it is empty"
        what = "one clear class" if task in {"classify", "embed"} else _WANTED[task]
        raise Refused(f"no picture of {ref} has {what}: {said}", fix="label some first")
    names = snapshot.classes.lookup()
    started = time.perf_counter()
    answers, vectors = answer(
        package, chosen.pictures, names, ports.blobs, ports.progress, threads=threads
    )
    spent_s = time.perf_counter() - started
    material = Material(answers, [each.sample for each in chosen.pictures], vectors)
    studied = study(material, ports.blobs, threads or os.cpu_count() or 1)
    if task == "segment":
        predictor = Predictor.load(package.onnx, package.contract)
        studied = outlined(studied, predictor, chosen.pictures, names, ports.blobs)
    return Report(
        id=name,
        model=version.ref,
        package=version.package,
        contract=version.contract,
        data=ref,
        root=snapshot.version.root,
        scores=score(answers),
        answers=ports.blobs.put(answers.to_bytes()),
        left_out=dict(chosen.left_out),
        trained_on=_trained_on(package, answers),
        unknown_classes=answers.classes[answers.known :],
        images_per_s=answers.n / max(1e-9, spent_s),
        task=task,
        study=ports.blobs.put(msgspec.json.encode(studied)),
        edition=EDITION,
    )


def _trained_on(package: Package, answers: AnyAnswers) -> int:
    if package.reference is None:
        return 0
    known = set(train.Reference.from_bytes(package.reference).images)
    return sum(image in known for image in answers.images)


def _save(
    ports: EvaluatePorts, scope: Scope, version: ModelVersion, snapshot: Snapshot, report: Report
) -> Report:
    body = ports.blobs.put(msgspec.json.encode(report))
    ports.blobs.flush()
    table = t.reports
    same = and_(table.c.project == scope.project, table.c.id == report.id)
    with ports.ledger.write(scope) as write:
        known = write.execute(select(table.c.id).where(same)).first()
        if known is not None:  # of an older edition, or just made by somebody else
            values = {"body": body, "metrics": report.metrics}
            write.execute(update(table).where(same).values(**values))
        else:
            values = {
                "id": report.id,
                "project": scope.project,
                "model": version.model,
                "number": version.number,
                "package": version.package,
                "data": report.data,
                "root": report.root,
                "split": snapshot.split or "",
                "n": report.n,
                "accuracy": report.metrics.get("accuracy"),
                "task": report.task,
                "metrics": report.metrics,
                "body": body,
                "created": write.now,
                "actor": str(scope.actor),
            }
            write.execute(insert(table), values)
            write.fact(
                "model.evaluated", version.ref, report=report.id, data=report.data, root=report.root
            )
    return load_report(ports, scope, report.id)
