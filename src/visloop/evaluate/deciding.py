"""Gates at work: both models are judged on the same pictures, the verdict and its inputs are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Select, func, insert, select, update

from visloop import data
from visloop.errors import Corrupt
from visloop.evaluate import tables as t
from visloop.evaluate.assess.making import make_assessment
from visloop.evaluate.assess.records import Assessment, Gathering
from visloop.evaluate.gate import judge
from visloop.evaluate.governing import require_policy, take_first
from visloop.evaluate.incidents.keeping import list_incidents
from visloop.evaluate.incidents.trying import asked_digest, try_incidents, with_incidents
from visloop.evaluate.kinds.every import AnyAnswers
from visloop.evaluate.paired import Mask
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.ports import EvaluatePorts
from visloop.evaluate.records import Report, Verdict
from visloop.evaluate.reporting import evaluate, load_answers
from visloop.events import Scope
from visloop.ids import Ref, digest_of
from visloop.registry import ModelVersion
from visloop.store import Write

_METADATA = "metadata."


def run_gate(
    ports: EvaluatePorts,
    scope: Scope,
    candidate: ModelVersion,
    champion: ModelVersion | None,
    ref: Ref,
    policy: GatePolicy,
    *,
    gathering: Gathering | None = None,
    dry_run: bool = False,
) -> Verdict:
    """Judge a candidate by the policy, against the champion where there is one, and by incidents.

    Every open incident of the model is asked, whatever the policy says.

    The same question is answered once: asked again, the first verdict is returned, and counts
    as the newest again where another policy or champion came between. The policy of a model's first
    gate is in force from then on.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        candidate: the model that wants to become champion.
        champion: the one that is, if any.
        ref: the pictures to judge by, usually a test split.
        policy: what must be shown.
        gathering: functions of the kinds of assessment that rooms above measure.
        dry_run: judge by a policy that is not in force, too, and keep no verdict.

    Raises:
        PolicyNotApproved: another policy is in force for the model.
        UsageError: the policy names a metric, slice, kind or figure that does not exist.
        Refused: uncommitted data, or no picture with one clear class.
    """
    if not dry_run:
        require_policy(ports, scope, candidate.model, policy)
    reports = [evaluate(ports, scope, version, ref) for version in (candidate, champion) if version]
    asked = list_incidents(ports, scope, model=candidate.model)
    made = _assessments(ports, scope, candidate, ref, policy, gathering)
    inputs = _inputs(candidate, champion, reports) | _named(made) | asked_digest(asked)
    name = f"verdict-{digest_of(scope.project, policy.digest, *inputs.values())[:16]}"
    known = _load(ports, select(t.verdicts.c.body).where(t.verdicts.c.id == name))
    if known is not None and not dry_run:
        return (
            known
            if last_verdict(ports, scope, candidate) == known
            else _renew(ports, scope, candidate, known)
        )
    answers = [load_answers(ports, report) for report in reports]
    verdict = judge(
        policy,
        answers[0],
        answers[1] if champion else None,
        slices=_slices(ports, scope, policy, answers[0], ref),
        inputs=inputs,
        assessments=made,
    )
    verdict = with_incidents(verdict, try_incidents(ports, scope, candidate, asked))
    if dry_run:
        return verdict
    return _save(ports, scope, candidate, msgspec.structs.replace(verdict, id=name), policy)


def last_verdict(ports: EvaluatePorts, scope: Scope, version: ModelVersion) -> Verdict | None:
    """The newest verdict on a version; None when no gate has judged it."""
    table = t.verdicts
    query = select(table.c.body).where(
        table.c.project == scope.project,
        table.c.model == version.model,
        table.c.number == version.number,
    )
    return _load(ports, query.order_by(table.c.seq.desc()).limit(1))


def _assessments(
    ports: EvaluatePorts,
    scope: Scope,
    candidate: ModelVersion,
    ref: Ref,
    policy: GatePolicy,
    gathering: Gathering | None,
) -> dict[str, Assessment]:
    """What the policy's checks look at beside the reports, by `Assessed.key`."""
    asked = policy.assessed
    made: dict[str, Assessment] = {}
    for key in ports.progress.track(asked, doing="assess", unit="assessment", total=len(asked)):
        made[key] = make_assessment(
            ports,
            scope,
            asked[key].kind,
            candidate,
            ref,
            settings=asked[key].settings,
            seed=policy.seed,
            gathering=gathering,
        )
    return made


def _named(made: Mapping[str, Assessment]) -> dict[str, str]:
    """As inputs of a verdict: `assessment.size`, of the second of a kind `assessment.size.2`."""
    named: dict[str, str] = {}
    for each in made.values():
        seen = sum(name.split(".")[1] == each.kind for name in named)
        named[f"assessment.{each.kind}" + (f".{seen + 1}" if seen else "")] = each.id
    return named


def _inputs(
    candidate: ModelVersion, champion: ModelVersion | None, reports: list[Report]
) -> dict[str, str]:
    found = {
        "candidate": candidate.ref,
        "candidate_package": candidate.package,
        "candidate_report": reports[0].id,
        "data": reports[0].data,
        "data_root": reports[0].root,
    }
    if champion is None:
        return found
    return found | {
        "champion": champion.ref,
        "champion_package": champion.package,
        "champion_report": reports[1].id,
    }


def _slices(
    ports: EvaluatePorts, scope: Scope, policy: GatePolicy, answers: AnyAnswers, ref: Ref
) -> dict[str, Mask]:
    """Masks of the slices `metadata.KEY=VALUE`: `metadata.exif.model=E950`, or into a JSON value."""
    wanted = [name for name in policy.slices if name.startswith(_METADATA)]
    if not wanted:
        return {}
    snapshot = data.open(ports.data, ref, scope.project)
    known = {sample.id: sample.metadata for sample in snapshot.samples()}
    return {
        name: np.array([_matches(known.get(s, {}), name) for s in answers.samples], np.bool_)
        for name in wanted
    }


def _matches(metadata: object, name: str) -> bool:
    path, _, value = name.removeprefix(_METADATA).partition("=")
    if isinstance(metadata, dict) and path in metadata:
        return str(metadata[path]) == value
    found = metadata
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found is not None and str(found) == value


def _load(ports: EvaluatePorts, query: Select[Any]) -> Verdict | None:
    with ports.ledger.read() as connection:
        body = connection.execute(query).scalar_one_or_none()
    if body is None:
        return None
    try:
        return msgspec.json.decode(ports.blobs.get(body), type=Verdict)
    except msgspec.DecodeError as error:
        raise Corrupt(f"a stored verdict cannot be read: {error}") from error


def _save(
    ports: EvaluatePorts,
    scope: Scope,
    candidate: ModelVersion,
    verdict: Verdict,
    policy: GatePolicy,
) -> Verdict:
    ports.blobs.put(policy.to_json())
    body = ports.blobs.put(msgspec.json.encode(verdict))
    ports.blobs.flush()
    table = t.verdicts
    with ports.ledger.write(scope) as write:
        if write.execute(select(table.c.id).where(table.c.id == verdict.id)).first() is None:
            values = {
                "id": verdict.id,
                "project": scope.project,
                "model": candidate.model,
                "number": candidate.number,
                "champion": verdict.inputs.get("champion"),
                "data": verdict.inputs["data"],
                "policy": verdict.policy_digest,
                "passed": verdict.passed,
                "body": body,
                "created": write.now,
                "actor": str(scope.actor),
            }
            write.execute(insert(table), values)
            take_first(write, candidate.model, policy)
            _tell(write, candidate, verdict)
    return verdict


def _renew(
    ports: EvaluatePorts, scope: Scope, candidate: ModelVersion, verdict: Verdict
) -> Verdict:
    """An earlier verdict becomes the newest one."""
    table = t.verdicts
    newest = select(func.max(table.c.seq) + 1).scalar_subquery()
    with ports.ledger.write(scope) as write:
        change = update(table).where(table.c.id == verdict.id)
        write.execute(change.values(seq=newest, created=write.now, actor=str(scope.actor)))
        _tell(write, candidate, verdict)
    return verdict


def _tell(write: Write, candidate: ModelVersion, verdict: Verdict) -> None:
    write.fact(
        "gate.passed" if verdict.passed else "gate.failed",
        candidate.ref,
        verdict=verdict.id,
        policy=verdict.policy_digest,
        **verdict.inputs,
    )
