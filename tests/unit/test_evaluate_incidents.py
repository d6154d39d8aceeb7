from __future__ import annotations

import io
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.unit.train_parts import SCOPE, draw, draw_splits, opened
from visloop import evaluate, store
from visloop.errors import Corrupt, UsageError
from visloop.evaluate import GatePolicy, MinSamples, tables
from visloop.evaluate.incidents.holding import missed, present
from visloop.ids import Ref
from visloop.store import Look
from visloop.vision import (
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Polygon,
    runs_of,
)

SIZE = (100, 120)
ON = Ref.parse("shapes@v2:test")
ANY = GatePolicy(checks=(MinSamples(n=1),))


def asks(*texts: str) -> evaluate.Expected:
    return evaluate.expectations(texts)


def mask(label: str, y: slice, x: slice) -> Mask:
    bitmap = np.zeros(SIZE, np.bool_)
    bitmap[y, x] = True
    return Mask(label=label, size_hw=SIZE, counts=runs_of(bitmap))


# -- what is expected ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "hat",
        "class=",
        "size=3",
        "box=hat 1 2 3",
        "box=10 20 110 200",
        "box=hat 9 2 3 40",
        "box=hat nan 2 3 40",
        "outline=hat 1 2 3 4",
        "outline=hat 1 2 3 4 5",
        "value=3",
        "value=3±-1",
        "value=many±1",
    ],
)
def test_what_cannot_be_expected_is_refused_with_an_example(text):
    with pytest.raises(UsageError) as told:
        asks(text)
    assert "=" in told.value.fix


def test_one_class_cannot_be_there_and_absent():
    with pytest.raises(UsageError, match="hat cannot be there and be absent"):
        asks("class=hat", "absent=hat")
    with pytest.raises(UsageError, match="not said what is right"):
        asks()


@given(
    st.floats(-1e6, 1e6).map(lambda v: round(v, 3)),
    st.floats(0, 1e6).map(lambda v: round(v, 3)),
    st.sampled_from(["±", " ± ", "+-", "+/-"]),
)
def test_numbers_are_expected_within_a_tolerance(value, tolerance, sign):
    (found,) = asks(f"value={value}{sign}{tolerance}")
    assert (found.value, found.tolerance) == (value, tolerance)


def test_what_a_person_accepted_is_expected_and_nothing_else():
    boxes = [Box(label="hat", xyxy=(1, 2, 30, 40)), Box(label="bag", xyxy=(50, 2, 70, 40))]
    assert evaluate.reviewed(boxes) == asks(
        "box=hat 1 2 30 40", "box=bag 50 2 70 40", "nothing-else"
    )
    unsure = [*boxes, Box(label="hat", xyxy=(0, 50, 9, 60), ignore=True)]
    assert evaluate.reviewed(unsure) == asks("box=hat 1 2 30 40", "box=bag 50 2 70 40")
    assert evaluate.reviewed([ClassLabel(label="hat")]) == asks("class=hat")
    turned = OrientedBox(label="hat", cxcywh=(50, 50, 20, 10), angle_deg=90)
    assert str(evaluate.reviewed([turned])[0]) == "hat at 45 40 55 60"
    with pytest.raises(UsageError, match="how far off"):
        evaluate.reviewed([NumberValue(value=3)])


# -- answers held against it -----------------------------------------------------------------------

HAT, BAG = Box(label="hat", xyxy=(10, 10, 50, 50)), Box(label="bag", xyxy=(60, 10, 90, 60))


@pytest.mark.parametrize(
    ("texts", "said", "wrong"),
    [
        (["class=hat"], [ClassLabel(label="hat")], []),
        (["class=hat"], [ClassLabel(label="bag")], ["hat"]),
        (["absent=hat"], [ClassLabel(label="hat")], ["no hat"]),
        (["absent=hat"], [], []),
        (["class=hat", "absent=bag"], [HAT], []),
        (["class=hat", "absent=bag"], [HAT, BAG], ["no bag"]),
        (["box=hat 10 10 50 50"], [Box(label="hat", xyxy=(12, 12, 52, 50))], []),
        (
            ["box=hat 10 10 50 50"],
            [Box(label="hat", xyxy=(30, 30, 70, 70))],
            ["hat at 10 10 50 50"],
        ),
        (
            ["box=hat 10 10 50 50"],
            [Box(label="bag", xyxy=(10, 10, 50, 50))],
            ["hat at 10 10 50 50"],
        ),
        (["box=hat 10 10 50 50", "nothing-else"], [HAT], []),
        (["box=hat 10 10 50 50", "nothing-else"], [HAT, BAG], ["nothing else (there is 1 × bag)"]),
        (["box=hat 10 10 50 50", "nothing-else"], [HAT, HAT], ["nothing else (there is 1 × hat)"]),
        (["nothing-else"], [], []),
        (["value=3±0.5"], [NumberValue(value=3.5)], []),
        (["value=3±0.5"], [NumberValue(value=3.6)], ["3 ± 0.5"]),
        (["value=3±0.5"], [HAT], ["3 ± 0.5"]),
        (["class=hat"], [NumberValue(label="hat", value=1)], ["hat"]),
    ],
)
def test_answers_are_held_against_what_is_expected(texts, said, wrong):
    assert list(missed(asks(*texts), said, SIZE)) == wrong


def test_two_objects_need_two_answers():
    two = asks("box=hat 10 10 50 50", "box=hat 14 10 54 50")
    assert missed(two, [HAT], SIZE) == ("hat at 14 10 54 50",)
    other = Box(label="hat", xyxy=(15, 10, 55, 50))
    assert missed(two, [other, HAT], SIZE) == ()


def test_masks_are_held_by_their_pixels():
    outline = asks("outline=hat 10 10 49 10 49 49 10 49")
    assert missed(outline, [mask("hat", slice(10, 50), slice(10, 50))], SIZE) == ()
    assert missed(outline, [mask("hat", slice(10, 50), slice(40, 80))], SIZE) == ("outline of hat",)
    assert missed(outline, [], SIZE) == ("outline of hat",)
    alone = (*outline, *asks("nothing-else"))
    both = [mask("hat", slice(10, 50), slice(10, 50)), mask("bag", slice(60, 70), slice(0, 9))]
    assert missed(alone, both, SIZE) == ("nothing else (there is 1 × bag)",)
    by_box = asks("box=hat 10 10 50 50")
    assert missed(by_box, [mask("hat", slice(10, 50), slice(10, 50))], SIZE) == ()
    drawn = evaluate.reviewed([Polygon(label="hat", rings=((10, 10, 49, 10, 49, 49, 10, 49),))])
    assert missed(drawn, [mask("hat", slice(10, 50), slice(10, 50))], SIZE) == ()


def test_renamed_classes_are_the_same_classes():
    asked = asks("class=hat", "absent=dog", "box=hat 1 2 30 40", "nothing-else", "value=1±1")
    now = present(asked, {"hat": "cap", "cap": "cap"})
    assert evaluate.classes_in(now) == ("cap", "dog")
    assert present(now, {"cap": "hat"}) == asked


# -- kept, guarded ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    pictures = draw_splits(tmp_path_factory.mktemp("pictures"))
    workspace = opened(tmp_path_factory.mktemp("ws") / "ws", pictures, store.FakeClock())
    workspace.train("shapes@v2", model_name="net")
    mixed = tmp_path_factory.mktemp("mixed")
    for kind, label in (("disc", "square"), ("square", "stripe"), ("stripe", "disc")):
        (pictures / "train" / kind).rename(mixed / label)
    workspace.add(mixed, name="mixed", split="train")
    workspace.train("mixed@v1", model_name="net")
    yield workspace
    workspace.close()


@pytest.fixture
def fresh(ready):
    """The same workspace, without incidents."""
    yield ready
    with ready.ledger.write(SCOPE) as write:
        write.execute(tables.incidents.delete())


def picture(ready, kind="disc", seed=700) -> str:
    out = io.BytesIO()
    draw(kind, seed).save(out, "PNG")
    image = ready.blobs.put(out.getvalue())
    ready.blobs.flush()
    return image


def opens(ready, *texts, image=None, **values) -> evaluate.Incident:
    image = image or picture(ready)
    return evaluate.open_incident(ready.evaluate, SCOPE, "net", image, asks(*texts), **values)


def gate(ready, model):
    return evaluate.run_gate(ready.evaluate, SCOPE, ready.model(model), None, ON, ANY)


def test_the_gate_asks_every_open_incident_whatever_the_policy_says(fresh):
    before = gate(fresh, "net@v1")
    assert before.passed
    assert "incidents" not in before.inputs
    right = opens(fresh, "class=disc", image=picture(fresh, "disc"))
    assert [each.id for each in untried(fresh, before)] == [right.id]
    after = gate(fresh, "net@v1")
    assert after.policy_digest == before.policy_digest
    assert after.inputs["incidents"]
    assert after.passed, after.incidents
    assert untried(fresh, after) == []
    wrong = opens(fresh, "class=stripe", image=picture(fresh, "square"))
    assert [each.id for each in untried(fresh, after)] == [wrong.id]
    failed = gate(fresh, "net@v1")
    assert not failed.passed
    check = failed.checks[-1]
    assert (check.name, check.value, check.n, check.wanted) == ("incidents", 1, 2, "all 2")
    assert wrong.id in check.detail
    assert {h.incident: h.passed for h in failed.incidents} == {right.id: True, wrong.id: False}
    told = next(h for h in failed.incidents if not h.passed)
    assert told.expected == "stripe"
    assert told.answered.startswith("square 0.")
    evaluate.close_incident(fresh.evaluate, SCOPE, wrong.id, "it is a square")
    assert gate(fresh, "net@v1").passed
    assert untried(fresh, failed) == []


def test_the_verdict_shows_every_incident_with_its_picture(fresh):
    opens(fresh, "class=stripe", image=picture(fresh, "square"))
    verdict = gate(fresh, "net@v1")
    page = evaluate.verdict_page(verdict, ANY, (), lambda image: b"jpeg of " + image[:4].encode())
    assert "expected" in page
    assert ">stripe<" in page
    assert page.count('<img class="small"') == 1
    assert "not kept any more" in evaluate.verdict_page(verdict, ANY, (), lambda _: b"")


def untried(ready, verdict):
    return evaluate.untried(ready.evaluate, SCOPE, ready.model("net@v1"), verdict)


def test_a_model_that_got_worse_is_caught_though_its_policy_lets_it_pass(fresh):
    right = [
        opens(fresh, f"class={kind}", image=picture(fresh, kind))
        for kind in ("disc", "square", "stripe")
    ]
    assert gate(fresh, "net@v1").passed
    worse = gate(fresh, "net@v2")  # it learnt from labels that were mixed up
    assert [c.name for c in worse.checks if not c.passed] == ["incidents"]
    assert len(worse.incidents) == len(right)


def test_a_picture_that_it_learnt_from_is_said_to_be_memory(fresh):
    sample = next(evaluate_data(fresh))
    opens(fresh, f"class={sample.path.split('/')[-2]}", image=sample.image)
    verdict = gate(fresh, "net@v1")
    assert verdict.incidents[0].learnt
    assert "it learnt from 1 of these pictures" in verdict.checks[-1].detail


def evaluate_data(ready):
    from visloop import data  # noqa: PLC0415 - one test

    return data.open(ready.data, Ref.parse("shapes@v2:train")).samples()


def test_the_same_test_is_opened_once_and_another_answer_to_it_is_refused(fresh):
    first = opens(fresh, "class=disc", why="first")
    assert opens(fresh, "class=disc", why="again") == first
    with pytest.raises(evaluate.IncidentConflict, match="expects something else") as told:
        opens(fresh, "class=square")
    assert f"visloop incident close {first.id}" in told.value.fix


def test_closing_takes_a_reason_and_everything_is_a_fact(fresh):
    one = opens(fresh, "class=disc")
    with pytest.raises(UsageError, match="reason"):
        evaluate.close_incident(fresh.evaluate, SCOPE, one.id, "  ")
    closed = evaluate.close_incident(fresh.evaluate, SCOPE, one.id, "a copy")
    assert [(turn.state, turn.why) for turn in closed.history] == [
        ("open", ""),
        ("closed", "a copy"),
    ]
    with pytest.raises(evaluate.IncidentConflict, match="is closed"):
        evaluate.close_incident(fresh.evaluate, SCOPE, one.id, "again")
    with pytest.raises(evaluate.IncidentConflict, match="was closed: a copy"):
        opens(fresh, "class=disc")
    evaluate.reopen_incident(fresh.evaluate, SCOPE, one.id, "no copy")
    kinds = [f.kind for f in fresh.ledger.facts(subject=one.id)][-3:]
    assert kinds == ["incident.opened", "incident.closed", "incident.reopened"]
    with pytest.raises(evaluate.IncidentNotFound):
        evaluate.show_incident(fresh.evaluate, SCOPE, "incident-0")
    with pytest.raises(evaluate.IncidentNotFound):
        evaluate.show_incident(fresh.evaluate, replace(SCOPE, project="other"), one.id)


def kept(ready) -> set[str]:
    with ready.ledger.read() as connection:
        return {
            link.digest for link in evaluate.EVALUATE_ROOTS.digests(Look(connection, ready.blobs))
        }


def test_an_open_incident_keeps_its_picture_and_an_erased_one_never_comes_back(fresh):
    one = opens(fresh, "class=disc")
    assert one.image in kept(fresh)
    evaluate.close_incident(fresh.evaluate, SCOPE, one.id, "a person asks", erase=True)
    assert one.image not in kept(fresh)
    for texts in (["class=disc"], ["class=square"]):
        with pytest.raises(evaluate.IncidentConflict, match="was erased"):
            opens(fresh, *texts)
    with pytest.raises(evaluate.IncidentConflict, match="is erased"):
        evaluate.reopen_incident(fresh.evaluate, SCOPE, one.id, "why not")


def test_a_picture_that_is_gone_is_not_passed(fresh):
    gone = opens(fresh, "absent=disc", image="0" * 64)
    verdict = gate(fresh, "net@v1")
    assert not verdict.passed
    assert verdict.incidents[0].answered.startswith("nothing: ")
    evaluate.close_incident(fresh.evaluate, SCOPE, gone.id, "lost")
    with pytest.raises(evaluate.IncidentConflict, match="not kept any more"):
        evaluate.reopen_incident(fresh.evaluate, SCOPE, gone.id, "find it")


@pytest.mark.parametrize("column", ["expected", "image"])
def test_a_test_that_was_weakened_in_the_ledger_is_found_out(fresh, column):
    one = opens(fresh, "class=disc")
    easier = {"expected": msgspec.to_builtins(asks("absent=square")), "image": "0" * 64}
    with fresh.ledger.write(SCOPE) as write:
        write.execute(update(tables.incidents).values({column: easier[column]}))
    with pytest.raises(Corrupt, match="does not ask what it asked"):
        gate(fresh, "net@v1")
    assert one.seal == one.digest
