"""What the logs say of a candidate since the judge looked last, added to what it knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from sqlalchemy import Connection, select

from visloop import label
from visloop.serve import tables
from visloop.serve.switching import sequential
from visloop.serve.switching.records import TESTS, Arm, Cursors, Evidence, Point, Rollout

if TYPE_CHECKING:
    from visloop.serve.ports import ServePorts

BATCH: Final = 20_000
LIMIT_ROWS: Final = 1000
LIMIT_LEAST: Final = 100
_QUANTILE: Final = 0.95
_KEY_BITS: Final = 8192
_PATH: Final = 240
_BIND: Final = 500
_FAIR: Final = 0.5

_P, _F, _C = tables.predictions.c, tables.failures.c, tables.copied_answers.c


def gather(ports: ServePorts, rollout: Rollout) -> tuple[Evidence, Cursors]:
    """The evidence with everything that was logged since, and how far the logs were read."""
    known, cursors = rollout.evidence, rollout.cursors
    facts = ports.ledger.facts(
        after=cursors.labels, kinds=["label.accepted", "label.undone"], project=rollout.project
    )
    with ports.ledger.read() as connection:
        known = _limited(connection, rollout, known)
        answers = _rows(connection, rollout, cursors.predictions, _ANSWERS, _P)
        failed = _rows(connection, rollout, cursors.failures, _FAILED, _F)
        copies = _rows(connection, rollout, cursors.copies, _COPIES, _C)
        found = _answered(rollout, known, answers)
        found = _failed(rollout, found, failed)
        found = _compared(rollout, found, copies)
        if facts:
            found = _labelled(connection, rollout, found)
    if found != known:
        found = _with_point(found)
    return found, Cursors(
        predictions=_last(answers, cursors.predictions),
        failures=_last(failed, cursors.failures),
        copies=_last(copies, cursors.copies),
        labels=facts[-1].seq if facts else cursors.labels,
    )


def together(evidence: Evidence) -> float:
    """The e-value of harm of any kind: the mean over the signs."""
    return float(np.mean([sign(evidence, name) for name in TESTS]))


def sign(evidence: Evidence, name: str) -> float:
    """The e-value of one sign of harm."""
    return float(sequential.evidence(np.asarray(evidence.logs[name])))


_ANSWERS: Final = (_P.seq, _P.package, _P.share, _P.key, _P.latency_ms)
_FAILED: Final = (_F.seq, _F.package, _F.share, _F.key)
_COPIES: Final = (_C.seq, _C.package, _C.agrees, _C.score_difference, _C.error)


def _rows(
    connection: Connection, rollout: Rollout, after: int, columns: Sequence[Any], table: Any
) -> list[Any]:
    mine = (table.rollout == rollout.id, table.seq > after)
    if table is _P:
        mine = (table.project == rollout.project, table.deployment == rollout.deployment, *mine)
    query = select(*columns).where(*mine).order_by(table.seq).limit(BATCH)
    return list(connection.execute(query))


def _last(rows: Sequence[Any], before: int) -> int:
    return rows[-1].seq if rows else before


def _limited(connection: Connection, rollout: Rollout, known: Evidence) -> Evidence:
    """The limit of latency, from the champion's answers before those that it will judge."""
    if known.limit_ms is not None or rollout.kind != "canary":
        return known
    mine = (
        _P.project == rollout.project,
        _P.deployment == rollout.deployment,
        _P.package == rollout.against_package,
        _P.seq <= rollout.cursors.predictions,
    )
    query = select(_P.latency_ms).where(*mine).order_by(_P.seq.desc()).limit(LIMIT_ROWS)
    latencies = list(connection.execute(query).scalars())
    if len(latencies) < LIMIT_LEAST:
        return known
    limit_ms = round(float(np.quantile(latencies, _QUANTILE)), 3)
    return msgspec.structs.replace(known, limit_ms=limit_ms)


def _answered(rollout: Rollout, known: Evidence, rows: Sequence[Any]) -> Evidence:
    ours, others = known.candidate, known.champion
    limit_ms = known.limit_ms
    slow = [row for row in rows if limit_ms is not None and row.latency_ms > limit_ms]
    timed = limit_ms is not None
    n, n_slow = (Counter(row.package == rollout.package for row in each) for each in (rows, slow))
    arms = [
        msgspec.structs.replace(
            arm,
            requests=arm.requests + n[candidate],
            timed=arm.timed + n[candidate] * timed,
            slow=arm.slow + n_slow[candidate],
        )
        for arm, candidate in ((ours, True), (others, False))
    ]
    known = msgspec.structs.replace(known, candidate=arms[0], champion=arms[1])
    return _tossed(rollout, known, "latency", slow, rollout.policy.slower)


def _failed(rollout: Rollout, known: Evidence, rows: Sequence[Any]) -> Evidence:
    n = Counter(row.package == rollout.package for row in rows)
    known = msgspec.structs.replace(
        known,
        candidate=_with_errors(known.candidate, n[True]),
        champion=_with_errors(known.champion, n[False]),
    )
    return _tossed(rollout, known, "errors", rows, 1.0)


def _with_errors(arm: Arm, more: int) -> Arm:
    return msgspec.structs.replace(arm, requests=arm.requests + more, errors=arm.errors + more)


def _tossed(
    rollout: Rollout, known: Evidence, name: str, rows: Iterable[Any], tolerated: float
) -> Evidence:
    """Whose each failure is, by share; of requests with a key, the first failure of that key only."""
    seen = int(known.keys.get(name, "0"), 16)
    counts: Counter[tuple[float, bool]] = Counter()
    for row in rows:
        if row.key:
            bit = 1 << int(row.key, 16) % _KEY_BITS
            if seen & bit:
                continue
            seen |= bit
        counts[row.share, row.package == rollout.package] += 1
    if not counts:
        return known
    logs = np.asarray(known.logs[name])
    for share in {share for share, _ in counts}:
        null = sequential.null_share(share, tolerated)
        logs = sequential.learnt(logs, null, counts[share, True], counts[share, False])
    keys = {**known.keys, name: f"{seen:x}"} if seen else known.keys
    return msgspec.structs.replace(known, logs=_logs(known, name, logs), keys=keys)


def _compared(rollout: Rollout, known: Evidence, rows: Sequence[Any]) -> Evidence:
    """Both looked at the same picture: the client's answer and the copy's."""
    both = [row for row in rows if row.agrees is not None]
    refused = sum(row.error is not None and row.package == rollout.package for row in rows)
    if not both and not refused:
        return known
    apart = sum(not row.agrees for row in both)
    higher = sum(
        (row.score_difference or 0.0) * (1 if row.package == rollout.package else -1)
        for row in both
    )
    logs = np.asarray(known.logs["disagreement"])
    if rollout.policy.disagreement < 1:
        null = rollout.policy.disagreement
        logs = sequential.learnt(logs, null, apart, len(both) - apart)
    return msgspec.structs.replace(
        known,
        compared=known.compared + len(both),
        disagreed=known.disagreed + apart,
        score_difference=round(known.score_difference + higher, 6),
        copy_failures=known.copy_failures + refused,
        logs=_logs(known, "disagreement", logs),
    )


def _labelled(connection: Connection, rollout: Rollout, known: Evidence) -> Evidence:
    """Pictures that a person has judged, where exactly one of the two was right.

    Only pictures that both answered: which pictures come before a person depends on how unsure the one
    was that answered, so each one's own reviewed pictures could not be compared.
    """
    truth = {
        each.prediction: each.label
        for each in label.reviewed(connection, rollout.project)
        if each.state == "accepted" and each.prediction and each.label
    }
    better = worse = 0
    ids = list(truth)
    for start in range(0, len(ids), _BIND):
        query = select(_C.prediction, _C.package, _C.label, _P.label).where(
            _C.rollout == rollout.id,
            _C.prediction.in_(ids[start : start + _BIND]),
            _P.id == _C.prediction,
            _C.label.is_not(None),
        )
        for prediction, package, copied, answered in connection.execute(query):
            ours, theirs = (copied, answered) if package == rollout.package else (answered, copied)
            right, other = (each == truth[prediction] for each in (ours, theirs))
            better += right and not other
            worse += other and not right
    logs = sequential.learnt(np.zeros(len(sequential.RATIOS)), _FAIR, worse, better)
    return msgspec.structs.replace(
        known, better=better, worse=worse, logs=_logs(known, "labels", logs)
    )


def _logs(known: Evidence, name: str, logs: Any) -> dict[str, tuple[float, ...]]:
    return {**known.logs, name: tuple(round(float(each), 9) for each in logs)}


def _with_point(known: Evidence) -> Evidence:
    """The path gets a point; a long one keeps every other of its points."""
    point = Point(
        requests=known.candidate.requests + known.champion.requests or known.compared,
        signs=tuple(_log10(sign(known, name)) for name in TESTS),
        together=_log10(together(known)),
    )
    path = (*known.path, point)
    if len(path) > _PATH:
        path = (*path[:-1:2], point)
    return msgspec.structs.replace(known, path=path)


def _log10(value: float) -> float:
    return round(float(np.log10(value)), 3)
