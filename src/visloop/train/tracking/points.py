"""Curves: points packed into rows as they come, merged when a run ends, thinned out for a plot.

A point is 24 bytes (step, time, value); a row holds what one call reported of one key, so that a
batch costs as many rows as it has keys. Thinning keeps, of each stretch of steps, the first, last,
lowest and highest point, so that no spike is lost (M4: Jugel, Jerzak, Hackenbroich, Markl 2014).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from visloop.errors import UsageError
from visloop.lazy import lazy_vendor
from visloop.train import tables as t

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazy_vendor("numpy")

KEY_CHARACTERS: Final = 250
KEYS_PER_RUN: Final = 2_000
_MERGED: Final = 4096
_PER_STRETCH: Final = 4
_PACK: Final = struct.Struct("<qdd")
_FIELDS: Final = [("step", "<i8"), ("time", "<f8"), ("value", "<f8")]
_STEPS: Final = 2**63 - 1


class TooManyKeys(UsageError):
    """A run reports under more names than can be told apart."""

    code = "train.too_many_keys"


@dataclass(frozen=True)
class Point:
    """One number of a curve; `time` is Unix time in seconds."""

    key: str
    value: float
    step: int
    time: float


@dataclass(frozen=True)
class Curve:
    """A curve in order of steps; `n` points were reported, of which these are shown."""

    run: str
    key: str
    n: int
    steps: tuple[int, ...]
    times_s: tuple[float, ...]
    values: tuple[float, ...]


def is_key(key: str) -> bool:
    """Whether it may name a number."""
    return 0 < len(key) <= KEY_CHARACTERS and key.isprintable()


def check_key(key: str) -> str:
    """The name itself, when it may name a number.

    Raises:
        UsageError: it is empty, too long, or has control characters.
    """
    if is_key(key):
        return key
    raise UsageError(
        f"{key[:40]!r} cannot name a metric", fix=f"1 to {KEY_CHARACTERS} printable characters"
    )


def known_runs(connection: Connection, runs: Collection[str]) -> set[str]:
    """Those of the runs that are there."""
    query = select(t.runs.c.id).where(t.runs.c.id.in_(sorted(runs)))
    return set(connection.execute(query).scalars())


def append(connection: Connection, run: str, points: Sequence[Point]) -> None:
    """Store points of a run inside an open transaction, and what is newest under each key.

    Raises:
        UsageError: a name or a step that cannot be.
        TooManyKeys: the run has too many names.
    """
    if not points:
        return
    c = t.runs.c
    query = select(c.attempt, c.metrics, c.latest).where(c.id == run)
    known = connection.execute(query).one()
    packed, newest = _packed(points)
    metrics, latest = dict(known.metrics), dict(known.latest)
    for key, point in newest.items():
        if key not in latest or point.step >= latest[key][0]:
            metrics[key] = point.value if math.isfinite(point.value) else None
            latest[key] = [point.step, point.time, *_odd(point.value)]
    if len(latest) > KEYS_PER_RUN:
        raise TooManyKeys(
            f"{run} reports more than {KEYS_PER_RUN} different metrics",
            fix="count with `step`, not with names",
        )
    rows = [
        {"run": run, "attempt": known.attempt, "key": key, "n": len(raw) // 24, "points": raw}
        for key, raw in packed.items()
    ]
    connection.execute(insert(t.run_points), rows)
    changed = update(t.runs).where(c.id == run)
    connection.execute(changed.values(metrics=metrics, latest=latest))


def _packed(points: Sequence[Point]) -> tuple[dict[str, bytes], dict[str, Point]]:
    parts: dict[str, list[bytes]] = {}
    newest: dict[str, Point] = {}
    pack = _PACK.pack
    for point in points:
        key = point.key
        if key not in parts:
            parts[check_key(key)] = []
        if not -_STEPS <= point.step <= _STEPS:
            raise UsageError(f"{point.step} is no step", fix="a whole number of 64 bits")
        parts[key].append(pack(point.step, point.time, point.value))
        best = newest.get(key)
        if best is None or point.step >= best.step:
            newest[key] = point
    return {key: b"".join(raw) for key, raw in parts.items()}, newest


def _odd(value: float) -> list[str]:
    """JSON has no word for NaN and the infinities: what stands beside them."""
    return [] if math.isfinite(value) else [str(value)]


def merge(connection: Connection, run: str) -> None:
    """Put the many small rows of a run that has ended into few large ones."""
    table = t.run_points
    grouped = select(table.c.attempt, table.c.key).where(table.c.run == run)
    crowded = grouped.group_by(table.c.attempt, table.c.key).having(func.count() > 1)
    for attempt, key in connection.execute(crowded).all():
        mine = (table.c.run == run, table.c.attempt == attempt, table.c.key == key)
        rows = connection.execute(select(table.c.points).where(*mine).order_by(table.c.id))
        raw = b"".join(rows.scalars())
        connection.execute(delete(table).where(*mine))
        pieces = [raw[at : at + _MERGED * 24] for at in range(0, len(raw), _MERGED * 24)]
        kept = {"run": run, "attempt": attempt, "key": key}
        connection.execute(
            insert(table), [{**kept, "n": len(piece) // 24, "points": piece} for piece in pieces]
        )


def read(
    connection: Connection,
    runs: Collection[str],
    *,
    keys: Collection[str] = (),
    points: int | None = None,
) -> list[Curve]:
    """The curves of some runs, thinned out to about `points` each (None: whole).

    Of a run that was resumed, a later attempt replaces what an earlier one had from its step on.
    """
    table = t.run_points
    query = select(table.c.run, table.c.key, table.c.attempt, table.c.points)
    query = query.where(table.c.run.in_(sorted(runs))).order_by(table.c.id)
    if keys:
        query = query.where(table.c.key.in_(sorted(keys)))
    pieces: dict[tuple[str, str], dict[int, list[bytes]]] = {}
    for run, key, attempt, raw in connection.execute(query):
        pieces.setdefault((run, key), {}).setdefault(attempt, []).append(raw)
    return [_curve(run, key, parts, points) for (run, key), parts in pieces.items()]


def _curve(run: str, key: str, parts: Mapping[int, Iterable[bytes]], points: int | None) -> Curve:
    joined: NDArray[Any] | None = None
    for attempt in sorted(parts):
        rows = np.frombuffer(b"".join(parts[attempt]), _FIELDS)
        rows = rows[np.argsort(rows["step"], kind="stable")]
        before = rows if joined is None else joined[joined["step"] < rows["step"][0]]
        joined = rows if joined is None else np.concatenate([before, rows])
    assert joined is not None
    shown = joined if points is None else thinned(joined, points)
    return Curve(
        run=run,
        key=key,
        n=len(joined),
        steps=tuple(shown["step"].tolist()),
        times_s=tuple(shown["time"].tolist()),
        values=tuple(shown["value"].tolist()),
    )


def thinned(rows: NDArray[Any], points: int) -> NDArray[Any]:
    """At most `points` of the rows (structured, by step), extremes kept; all where they are few."""
    if len(rows) <= points:
        return rows
    stretches = max(1, points // _PER_STRETCH)
    steps = rows["step"].astype(np.float64)
    if steps[0] == steps[-1]:  # a recipe that counts no steps: by place
        steps = np.arange(len(rows), dtype=np.float64)
    edges = np.linspace(steps[0], steps[-1], stretches + 1)
    cuts = np.searchsorted(steps, edges[1:-1]).tolist()
    low = np.where(np.isnan(rows["value"]), np.inf, rows["value"])
    high = np.where(np.isnan(rows["value"]), -np.inf, rows["value"])
    keep: set[int] = set()
    for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        if first < last:
            span = slice(first, last)
            lowest, highest = int(low[span].argmin()), int(high[span].argmax())
            keep |= {first, last - 1, first + lowest, first + highest}
    return rows[sorted(keep)]


def moment(unix_s: float) -> datetime:
    """Unix time as an aware datetime."""
    return datetime.fromtimestamp(unix_s, UTC)
