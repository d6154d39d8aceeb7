"""What each person did: how much, how fast, how much is left, how right where the answer is known."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select

from visloop.label.agreeing.figures import Figure, exact
from visloop.label.agreeing.matching import classes, f1, match, objects
from visloop.label.tables import answers, tasks
from visloop.label.together.people import ANNOTATOR
from visloop.vision import Annotation

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.label.records import LabelPorts

BOUND: Final = 0.8
_ENOUGH: Final = 5
_HOUR_S: Final = 3600


@dataclass(frozen=True)
class Day:
    """What was done on one day (UTC); `median_s` of those answers that were timed."""

    day: str
    answers: int
    median_s: float | None


@dataclass(frozen=True)
class Work:
    """One person. `right` of `controls` known answers, with the exact interval in `accuracy`.

    `below`: the accuracy is under the bound, `surely` where its interval is, too. `left_s` is what is
    assigned still, at the person's median pace (at that of all, under five timed answers).
    """

    person: str
    answers: int
    waiting: int
    returned: int
    median_s: float | None
    per_hour: float | None
    left_s: float | None
    controls: int
    right: int
    accuracy: Figure
    below: str
    days: tuple[Day, ...] = field(default_factory=tuple)


def people(
    ports: LabelPorts, scope: Scope, dataset: str | None, *, bound: float = BOUND
) -> list[Work]:
    """Everybody who was given pictures, or answered, by name.

    A control of classes is right where the classes are; one of objects where F1 at IoU 0.5 is at least
    what the task calls agreement.
    """
    joined = select(answers, tasks.c.control, tasks.c.rules, tasks.c.candidate).join(
        tasks, (answers.c.task == tasks.c.id) & (answers.c.project == tasks.c.project)
    )
    mine = [answers.c.project == scope.project, answers.c.role == ANNOTATOR]
    if dataset is not None:
        mine.append(tasks.c.dataset == dataset)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with ports.ledger.read() as connection:
        for row in connection.execute(joined.where(*mine)).mappings():
            rows[row["actor"].partition(":")[2]].append({str(k): v for k, v in row.items()})
    pace = _median([row for those in rows.values() for row in those])
    return [_work(name, rows[name], pace, bound) for name in sorted(rows)]


def _work(name: str, rows: list[dict[str, Any]], pace: float | None, bound: float) -> Work:
    given = [row for row in rows if row["state"] == "given"]
    waiting = len(rows) - len(given)
    timed = [row for row in given if row["seconds"] > 0]
    own = _median(given)
    speed = own if len(timed) >= _ENOUGH else pace
    known = [row for row in given if row["control"] is not None]
    right = sum(_is_right(row) for row in known)
    accuracy = exact(right, len(known))
    return Work(
        person=name,
        answers=len(given),
        waiting=waiting,
        returned=sum(row["state"] == "returned" for row in rows),
        median_s=own,
        per_hour=_HOUR_S * len(timed) / sum(row["seconds"] for row in timed) if timed else None,
        left_s=waiting * speed if speed is not None else None,
        controls=len(known),
        right=right,
        accuracy=accuracy,
        below=_below(accuracy, bound),
        days=_days(given),
    )


def _below(accuracy: Figure, bound: float) -> str:
    if accuracy.value is None or accuracy.high is None or accuracy.value >= bound:
        return ""
    return "surely" if accuracy.high < bound else "perhaps"


def _median(rows: list[dict[str, Any]]) -> float | None:
    timed = [row["seconds"] for row in rows if row["seconds"] > 0 and row["state"] == "given"]
    return float(median(timed)) if timed else None


def _days(given: list[dict[str, Any]]) -> tuple[Day, ...]:
    by_day: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in given:
        by_day[row["given"].date().isoformat()].append(row)
    return tuple(Day(day, len(by_day[day]), _median(by_day[day])) for day in sorted(by_day))


def _is_right(row: dict[str, Any]) -> bool:
    said = msgspec.convert(row["annotations"] or (), tuple[Annotation, ...])
    truth = msgspec.convert(row["control"], tuple[Annotation, ...])
    if row["rules"]["question"] == "class":
        return Counter(classes(said)) == Counter(classes(truth))
    size = (row["candidate"]["height"], row["candidate"]["width"])
    drawn, known = objects(said), objects(truth)
    return f1(drawn, known, match(drawn, known, size)) >= row["rules"]["bar"]
