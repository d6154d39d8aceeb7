"""What the queue holds for one person, how fast they are, who has what: as the views show it."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest
from sqlalchemy import Engine, event

from tests.unit.test_label_together import (
    ANA,
    BEN,
    CLEO,
    REX,
    assign,
    desk,
    mine,
    samples,
    says,
)
from tests.unit.train_parts import SCOPE
from visloop import label
from visloop.errors import UsageError
from visloop.label.agreeing.figures import exact
from visloop.vision import Box

__all__ = ["desk"]


def counted(desk, who) -> tuple[int, int, int]:
    found = label.yours(desk.label, who).get("shapes", label.Yours())
    return (found.mine, found.to_review, found.to_decide)


def seen(desk, who) -> tuple[int, int, int]:
    """The same by the views themselves."""
    views = [len(mine(desk, who, view)) for view in ("mine", "to-review", "disputed")]
    return (views[0], views[1], views[2])


def test_counts_are_those_of_the_own_views(desk):
    assign(desk, ANA, BEN, n=4, annotators=2, blind=True)
    assign(desk, CLEO, n=6, review=True)
    wanted = label.Wanted({}, label.Rules(question="class"), ("for anybody",))
    label.assign(desk.label, SCOPE, "shapes", samples(desk)[6:9], wanted)
    assert counted(desk, ANA) == seen(desk, ANA) == (7, 0, 0)
    assert counted(desk, CLEO) == seen(desk, CLEO) == (5, 0, 0)
    assert label.yours(desk.label, ANA)["shapes"].given == 4
    for task in mine(desk, CLEO)[:2]:
        says(desk, CLEO, task, "square")
    for task in mine(desk, ANA)[:3]:
        says(desk, ANA, task, "square")
        says(desk, BEN, task, "disc")
    assert counted(desk, ANA) == (4, 0, 0), "an annotator decides about nobody"
    assert counted(desk, REX) == seen(desk, REX) == (3, 2, 3)
    label.present(desk.label, CLEO, "shapes", samples(desk)[6].path, tab="cleo")
    assert counted(desk, ANA)[0] == len(mine(desk, ANA)) == 3, "somebody has one open"
    desk.ledger.clock.advance(60)
    assert counted(desk, ANA) == (4, 0, 0)


def test_a_place_that_is_free_is_everybodys(desk):
    (task,) = assign(desk, ANA, BEN, n=1, annotators=2).tasks
    assert counted(desk, CLEO) == (0, 0, 0)
    label.unassign(desk.label, SCOPE, "shapes", person="user:ben", task=task)
    assert counted(desk, CLEO) == seen(desk, CLEO) == (1, 0, 0)
    assert counted(desk, ANA) == (1, 0, 0)


def test_what_somebody_has_is_handed_to_another(desk):
    one, two = assign(desk, ANA, n=2).tasks
    says(desk, ANA, one, "square")
    with pytest.raises(UsageError, match="from whom"):
        label.unassign(desk.label, SCOPE, "shapes", to="user:ben")
    ana = {"person": "user:ana", "to": "user:ben"}
    assert label.unassign(desk.label, SCOPE, "shapes", **ana) == 1
    assert (mine(desk, ANA), mine(desk, BEN)) == ([], [two])
    assert label.unassign(desk.label, SCOPE, "shapes", **ana) == 0, "what was answered stays"
    both = assign(desk, BEN, CLEO, n=3, annotators=2).tasks
    assert label.unassign(desk.label, SCOPE, "shapes", person="user:cleo", to="user:ben") == 0
    assert mine(desk, CLEO) == list(both), "ben has them already: they stay with cleo"


def test_what_was_taken_back_is_given_out_anew(desk):
    tasks = set(assign(desk, ANA, n=3, annotators=1, review=True).tasks)
    assert len(assign(desk, BEN, n=3).left) == 3
    label.unassign(desk.label, SCOPE, "shapes")
    again = assign(desk, BEN, n=3)
    assert (set(again.tasks), again.left) == (tasks, {})
    assert set(mine(desk, BEN)) == tasks
    label.unassign(desk.label, SCOPE, "shapes")
    wanted = label.Wanted({"user:cleo": 1}, label.Rules(question="class"), ("urgent",))
    queued = label.assign_queued(desk.label, SCOPE, "shapes", wanted, limit=2)
    assert len(queued.tasks) == 2
    assert len(mine(desk, CLEO)) == 3, "two of theirs, one for anybody"


def test_nobody_is_judged_by_one_control():
    assert (exact(0, 1).low, exact(0, 1).high) == (0.0, pytest.approx(0.975))
    assert exact(4, 4).low == pytest.approx(0.025**0.25)
    found = exact(63, 100)
    assert (found.low, found.high) == (
        pytest.approx(binomtest(63, 100).proportion_ci(method="exact").low),
        pytest.approx(binomtest(63, 100).proportion_ci(method="exact").high),
    )


def test_what_a_person_has_is_listed(desk):
    one, two, three = assign(desk, ANA, n=3).tasks
    says(desk, ANA, one, "square")
    has = [e.task.id for e in label.view(desk.label, SCOPE, "all", person="ana")]
    assert sorted(has) == sorted([two, three])
    assert label.view(desk.label, SCOPE, "all", person="ben") == []


def test_speed_is_of_the_time_between_pictures_without_rests(desk):
    tasks = assign(desk, ANA, n=12).tasks
    found = label.progress(desk.label, ANA, "shapes")
    assert (found.left, found.measured, found.per_hour.value) == (12, 0, None)
    for k, task in enumerate(tasks[:8]):
        says(desk, ANA, task, "square")
        desk.ledger.clock.advance(900 if k == 3 else 8 + k % 3)
    found = label.progress(desk.label, ANA, "shapes")
    assert (found.left, found.today, found.measured) == (4, 8, 6)
    takes = [8, 9, 10, 9, 10, 8]
    assert found.per_hour.value == pytest.approx(3600 / (sum(takes) / 6))
    assert found.per_hour.low < found.per_hour.value < found.per_hour.high
    assert found.left_s.value == pytest.approx(4 * 9)
    assert label.progress(desk.label, BEN).measured == 0, "each their own"
    desk.ledger.clock.advance(2 * 86_400)
    assert label.progress(desk.label, ANA).per_hour.value is None, "too long ago to say"


def test_outlines_are_compared_by_class(desk):
    tasks = assign(desk, ANA, BEN, n=2, annotators=2, question="objects", bar=0.8, blind=True).tasks
    for k, task in enumerate(tasks):
        for who, x in ((ANA, 0), (BEN, 5)):
            drawn = (
                Box(label="disc", xyxy=(0, 0, 20, 10)),
                Box(label="square", xyxy=(0, 20 + x, 10, 30 + x)),
            )
            says(desk, who, task, drawn[: 1 + k])
    found = label.agreement(desk.label, SCOPE, "shapes")
    assert found.overlaps["disc"].mean_iou.value == 1.0
    assert found.overlaps["disc"].pairs == 2
    assert "square" not in found.overlaps, "they overlap too little to be one"
    assert found.classes == {"disc": 1.0, "square": 0.0}, "what one alone drew is not agreed"
    assert found.confused == (("(nothing)", "square", 2),)


def test_what_somebody_is_shown_is_looked_up_however_many_answers_there_are(desk):
    assign(desk, ANA, BEN, n=4, annotators=2, blind=True)
    asked: list[tuple[str, object]] = []

    def hear(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        for which in label.VIEWS:
            label.view(desk.label, REX, which)
        label.yours(desk.label, REX)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    with desk.ledger.read() as connection:
        plans = [
            str(row)
            for statement, parameters in asked
            if statement.startswith("SELECT") and "answers" in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert any("label_answers" in each for each in plans)
    assert [each for each in plans if "SCAN label_answers" in each] == []


def test_facts_of_one_person_since_a_moment_are_found_among_many(desk):
    moments = []
    for k in range(30):
        with desk.ledger.write(SCOPE) as write:
            for n in range(100):
                write.fact("said", f"{k}.{n}")
        moments.append(desk.ledger.clock.now())
        desk.ledger.clock.advance(60)
    who = str(SCOPE.actor)
    for k in (1, 3, 17, 29):
        found = desk.ledger.facts(actor=who, since=moments[k])
        assert (found[0].subject, len(found)) == (f"{k}.0", 100 * (30 - k))
    assert desk.ledger.facts(actor="user:nobody", since=moments[0]) == []
    assert desk.ledger.facts(since=desk.ledger.clock.now()) == []
