"""Pictures given to people: shared out, answered blind, disputed, looked over, taken back."""

from __future__ import annotations

import msgspec
import pytest
from sklearn.metrics import cohen_kappa_score

from tests.unit.train_parts import SCOPE, Workspace, folder
from visloop import data, label, store
from visloop.errors import Forbidden, UsageError, VisloopError
from visloop.events import Actor, Scope
from visloop.ids import Ref, digest_of
from visloop.label.asking import candidate_of
from visloop.vision import Box

ANA, BEN, CLEO, REX = (Scope(Actor("user", name)) for name in ("ana", "ben", "cleo", "rex"))


@pytest.fixture
def desk(tmp_path):
    """A data set `shapes` at v1 (disc, square, stripe), three annotators, a reviewer."""
    workspace = Workspace(tmp_path, store.FakeClock())
    workspace.add(folder(tmp_path / "first", count=4), split="train")
    workspace.label = label.LabelPorts(workspace.ledger, workspace.data)
    with workspace.ledger.write(SCOPE) as write:
        store.ensure_owner(write)
        for who in (ANA, BEN, CLEO):
            store.give_role(write, who.actor, "annotator", "default")
        store.give_role(write, REX.actor, "reviewer", "default")
    yield workspace
    workspace.close()


def samples(desk) -> list[data.Sample]:
    return list(data.open(desk.data, Ref("shapes", "work")).samples())


def assign(
    desk, *people, n=4, controls=(), dry=False, reasons=("asked",), **rules
) -> label.Assigned:
    to = {str(each.actor): 1.0 for each in people}
    how = {"question": "class", "bar": 0.6} | rules
    wanted = label.Wanted(to=to, rules=label.Rules(**how), reasons=reasons)
    chosen = samples(desk)[:n]
    return label.assign(desk.label, SCOPE, "shapes", chosen, wanted, controls=controls, dry=dry)


def mine(desk, who, view="mine") -> list[str]:
    return [each.task.id for each in label.view(desk.label, who, view)]


def says(desk, who, task, what=None, **more):
    return label.accept(desk.label, who, task, what, **more)


def held(desk, task) -> list[str]:
    path = label.task(desk.label, SCOPE, task).path
    return [each.label for each in label.read(desk.label, SCOPE, "shapes", path).annotations]


def test_pictures_are_shared_out_in_turn_or_by_shares(desk):
    first = assign(desk, ANA, BEN, n=6)
    assert first.people == {"user:ana": 3, "user:ben": 3}
    assert len(mine(desk, ANA)) == 3
    assert not set(mine(desk, ANA)) & set(mine(desk, BEN))
    assert mine(desk, CLEO) == []
    again = assign(desk, CLEO, n=6)
    assert (len(again.tasks), len(again.left)) == (0, 6), "somebody is labelling them already"
    rules = label.Rules(question="class")
    wanted = label.Wanted({"user:ana": 2, "user:ben": 1}, rules, ("more",))
    rest = label.assign(desk.label, SCOPE, "shapes", samples(desk)[6:12], wanted)
    assert rest.people == {"user:ana": 4, "user:ben": 2}
    with pytest.raises(UsageError, match="2 people"):
        assign(desk, ANA, annotators=2)


def test_what_is_given_to_one_stands_before_any_number_that_are_anybodys(desk):
    sample = samples(desk)[0]
    (given,) = assign(desk, ANA, n=1).tasks
    candidate = candidate_of(sample, ())
    others = [
        label.Proposal(
            candidate=msgspec.structs.replace(candidate, image=digest_of(str(n)), path=f"{n}.png"),
            reasons=("uncertain",),
            priority=1.0,
        )
        for n in range(250)
    ]
    with desk.ledger.write(SCOPE) as write:
        label.enqueue(write, "shapes", others)
    (first, second) = label.view(desk.label, ANA, "mine", limit=2)
    assert (first.task.id, second.people) == (given, ())


def test_a_dry_run_gives_nothing_out(desk):
    told = assign(desk, ANA, n=3, dry=True)
    assert (told.batch, told.people) == ("", {"user:ana": 3})
    assert mine(desk, ANA) == []
    assert not desk.ledger.facts(kinds=["label.assigned"])


def test_what_one_person_says_is_staged_and_boxes_beside_it_stay(desk):
    sample = samples(desk)[0]
    box = Box(id="b", label="disc", xyxy=(1, 1, 5, 5))
    label.edit(desk.label, SCOPE, "shapes", sample.path, [label.Edit(put=box)])
    (task,) = assign(desk, ANA, n=1).tasks
    with pytest.raises(label.GivenToOthers, match="given to ana"):
        says(desk, BEN, task, "square")
    with pytest.raises(data.UnknownClass):
        says(desk, ANA, task, "sqare")
    done = says(desk, ANA, task, "square")
    assert (done.state, done.decided_by) == ("accepted", "user:ana")
    assert sorted(held(desk, task)) == ["disc", "square"]
    assert mine(desk, ANA) == []
    label.undo(desk.label, ANA, task)
    assert sorted(held(desk, task)) == ["disc", "disc"]
    assert mine(desk, ANA) == [task]


def test_two_answer_blind_agree_or_are_disputed_and_a_third_decides(desk):
    one, two = assign(desk, ANA, BEN, n=2, annotators=2, blind=True).tasks
    for who in (ANA, BEN):
        (shown, _) = label.view(desk.label, who, "mine")
        assert (shown.task.proposed, shown.task.candidate.annotations) == ((), None)
    before = held(desk, one)
    assert says(desk, ANA, one, "square").state == "waiting"
    assert held(desk, one) == before, "nobody's answer alone is the label"
    (shown,) = [each for each in label.view(desk.label, BEN, "mine") if each.task.id == one]
    assert (shown.answers, shown.task.final) == ((), None), "ben sees nothing of what ana said"
    assert says(desk, BEN, one, "square").state == "accepted"
    assert held(desk, one) == ["square"]
    says(desk, ANA, two, "disc")
    apart = says(desk, BEN, two, "stripe")
    assert (apart.state, apart.score) == ("disputed", 0.5)
    assert mine(desk, ANA, "disputed") == mine(desk, BEN, "disputed") == []
    with pytest.raises(label.OwnWork):
        says(desk, BEN, two, "stripe")
    with pytest.raises(Forbidden, match="decide about what others"):
        says(desk, CLEO, two, "stripe")
    (shown,) = label.view(desk.label, REX, "disputed")
    assert [each.actor for each in shown.answers] == ["user:ana", "user:ben"]
    assert says(desk, REX, two, label.Said(of="ben")).state == "accepted"
    assert held(desk, two) == ["stripe"]
    assert label.undo(desk.label, REX, two).state == "disputed"
    kinds = [fact.kind for fact in desk.ledger.facts() if fact.subject == two]
    assert kinds == ["label.answered"] * 2 + ["label.disputed", "label.accepted", "label.undone"]


def test_an_answer_is_taken_back_whatever_followed_from_it(desk):
    (task,) = assign(desk, ANA, BEN, n=1, annotators=2, blind=True).tasks
    was = held(desk, task)
    says(desk, ANA, task, "square")
    says(desk, BEN, task, "square")
    with pytest.raises(label.NotWaiting, match="ben has decided"):
        label.undo(desk.label, ANA, task)
    assert label.undo(desk.label, BEN, task).state == "waiting"
    assert (held(desk, task), mine(desk, BEN), mine(desk, ANA)) == (was, [task], [])
    says(desk, BEN, task, "disc")
    assert label.undo(desk.label, ANA, task).state == "waiting", "disputed: not decided yet"
    assert mine(desk, ANA) == [task]


def test_a_reviewer_accepts_corrects_or_sends_back(desk):
    one, two, three = assign(desk, ANA, n=3, review=True).tasks
    for each in (one, two, three):
        assert says(desk, ANA, each, "square").state == "review"
    assert mine(desk, ANA, "to-review") == []
    assert mine(desk, REX, "to-review") == [one, two, three]
    with pytest.raises(label.OwnWork):
        says(desk, ANA, one)
    assert says(desk, REX, one).state == "accepted"
    says(desk, REX, two, "disc")
    assert (held(desk, one), held(desk, two)) == (["square"], ["disc"])
    with pytest.raises(UsageError, match="why"):
        label.back(desk.label, REX, three, " ")
    label.back(desk.label, REX, three, "it has a hole")
    (shown,) = label.view(desk.label, ANA, "mine")
    assert (shown.mine.state, shown.mine.comment) == ("returned", "it has a hole")
    assert label.undo(desk.label, REX, three).state == "review"
    assert label.undo(desk.label, REX, one).state == "review"
    label.back(desk.label, REX, three, "it has a hole")
    assert says(desk, ANA, three, "stripe").state == "review"
    assert label.reject(desk.label, REX, three).state == "rejected"
    assert label.counts(desk.label, SCOPE, "shapes").review == 1


def test_the_owner_may_not_look_over_what_they_labelled(desk):
    (task,) = assign(desk, SCOPE, n=1, review=True).tasks
    says(desk, SCOPE, task, "square")
    with pytest.raises(label.OwnWork, match="may not decide"):
        says(desk, SCOPE, task)


def test_boxes_are_drawn_for_the_task_alone_and_merged(desk):
    (task,) = assign(
        desk, ANA, BEN, n=1, annotators=2, blind=True, question="objects", bar=0.8
    ).tasks
    path = label.task(desk.label, SCOPE, task).path
    for who, x in ((ANA, 2), (BEN, 4)):
        seen = label.read(desk.label, who, "shapes", path, task=task)
        assert seen.annotations == ()
        box = Box(id=f"of-{x}", label="disc", xyxy=(x, 2, x + 20, 22))
        edit = [label.Edit(put=box)]
        label.draw(desk.label, who, task, edit, key=f"k{x}")
        label.draw(desk.label, who, task, edit, key=f"k{x}")
        assert not any(
            isinstance(e, Box) for e in label.read(desk.label, who, "shapes", path).annotations
        )
        done = says(desk, who, task)
    assert (done.state, done.score) == ("accepted", 1.0)
    boxes = [
        e for e in label.read(desk.label, SCOPE, "shapes", path).annotations if isinstance(e, Box)
    ]
    assert [each.xyxy for each in boxes] == [(3, 2, 23, 22)]
    assert len(held(desk, task)) == 2, "the class beside the boxes stays"


def test_what_a_reviewer_drew_of_answers_before_does_not_hold_of_those_after(desk):
    (task,) = assign(desk, ANA, n=1, review=True, question="objects").tasks
    for who, x in ((ANA, 2), (REX, 30), (ANA, 4)):
        box = Box(id=f"at-{x}", label="disc", xyxy=(x, 2, x + 20, 22))
        gone = [label.Edit(remove="at-2", was=Box(id="at-2", label="disc", xyxy=(2, 2, 22, 22)))]
        label.draw(desk.label, who, task, [label.Edit(put=box), *gone][: 2 if x > 2 else 1])
        if who == REX:
            label.back(desk.label, REX, task, "too wide")
        else:
            assert says(desk, ANA, task).state == "review"
    assert says(desk, REX, task).state == "accepted"
    path = label.task(desk.label, SCOPE, task).path
    there = label.read(desk.label, SCOPE, "shapes", path).annotations
    assert [each.id for each in there if isinstance(each, Box)] == ["at-4"]


def test_one_task_of_a_view(desk):
    one, two = assign(desk, ANA, n=2).tasks
    assert [e.task.id for e in label.view(desk.label, ANA, "mine", task=two)] == [two]
    says(desk, ANA, two, "square")
    assert label.view(desk.label, ANA, "mine", task=two) == []
    assert one in mine(desk, ANA)


def test_controls_look_like_the_others_and_change_nothing(desk):
    known = samples(desk)[8:10]
    done = assign(desk, ANA, n=4, controls=known, blind=True)
    assert done.controls == 2
    shown = label.view(desk.label, ANA, "mine")
    assert len(shown) == 6
    assert {each.task.reasons for each in shown} == {("asked",)}
    assert not any(each.control for each in shown)
    (control, *_) = [e for e in label.view(desk.label, SCOPE, "all") if e.control]
    before = held(desk, control.task.id)
    wrong = next(name for name in ("disc", "square") if name not in before)
    assert says(desk, ANA, control.task.id, wrong).state == "accepted"
    assert held(desk, control.task.id) == before
    assert label.counts(desk.label, SCOPE, "shapes") == label.Counts(waiting=4)
    assert not [f for f in desk.ledger.facts() if "control" in str(f.payload)]
    label.undo(desk.label, ANA, control.task.id)
    assert control.task.id in mine(desk, ANA)


def test_labels_that_changed_meanwhile_are_not_overwritten(desk):
    (task,) = assign(desk, ANA, n=1).tasks
    path = label.task(desk.label, SCOPE, task).path
    box = Box(id="b", label="disc", xyxy=(1, 1, 5, 5))
    label.edit(desk.label, SCOPE, "shapes", path, [label.Edit(put=box)])
    done = says(desk, ANA, task, "square")
    assert done.state == "disputed"
    assert "changed since" in done.reasons[-1]
    assert says(desk, REX, task).state == "accepted"


def test_who_cannot_label_it_says_so_and_somebody_decides(desk):
    (task,) = assign(desk, ANA, n=1).tasks
    assert label.reject(desk.label, ANA, task).state == "disputed"
    assert label.task(desk.label, SCOPE, task).reasons[-1] == "left out by ana"
    assert label.undo(desk.label, ANA, task).state == "waiting"


def test_anybody_may_have_what_nobody_has_and_what_a_dead_window_had_comes_back(desk):
    (task,) = assign(desk, n=1).tasks
    path = label.task(desk.label, SCOPE, task).path
    label.present(desk.label, ANA, "shapes", path, tab="t1")
    assert mine(desk, BEN) == [], "ana has it open"
    assert [e.task.id for e in label.view(desk.label, ANA, "mine", tab="t1")] == [task]
    desk.ledger.clock.advance(31)
    assert mine(desk, BEN) == [task]


def test_taken_back_before_they_answer(desk):
    tasks = assign(desk, ANA, n=3).tasks
    says(desk, ANA, tasks[0], "square")
    assert label.unassign(desk.label, SCOPE, "shapes", person="user:ana") == 2
    assert mine(desk, BEN) == list(tasks[1:]), "anybody may have them now"


def test_late_copies_of_answers_do_nothing(desk):
    (task,) = assign(desk, ANA, n=1).tasks
    says(desk, ANA, task, "square", key="a")
    label.undo(desk.label, ANA, task, key="b")
    assert says(desk, ANA, task, "square", key="a").state == "waiting"


def test_what_waits_on_the_queue_is_given_out_by_urgency(desk):
    with pytest.raises(VisloopError):
        label.view(desk.label, ANA, "their")
    assert (
        label.assign_queued(
            desk.label,
            SCOPE,
            "shapes",
            label.Wanted({"user:ana": 1}, label.Rules(question="class"), ()),
            limit=0,
        ).tasks
        == ()
    )


def test_agreement_of_ten_pictures_is_what_scikit_learn_says_and_names_the_pictures(desk):
    tasks = assign(desk, ANA, BEN, n=10, annotators=2, blind=True).tasks
    ana = [
        "disc",
        "disc",
        "square",
        "stripe",
        "disc",
        "square",
        "square",
        "stripe",
        "disc",
        "square",
    ]
    ben = [*ana[:8], "square", "disc"]
    for task, a, b in zip(tasks, ana, ben, strict=True):
        says(desk, ANA, task, label.Said(a, seconds=4))
        says(desk, BEN, task, label.Said(b, seconds=6))
    found = label.agreement(desk.label, REX, "shapes")
    (pair,) = found.pairs
    assert pair.kappa.value == pytest.approx(cohen_kappa_score(ana, ben))
    assert pair.kappa.low < pair.kappa.value <= pair.kappa.high
    assert (pair.pictures, pair.same) == (10, 0.8)
    assert found.confused == (("disc", "square", 2),)
    assert [each.task for each in found.disagreed] == list(tasks[8:])
    assert found.disagreed[0].said == {"ana": "disc", "ben": "square"}
    assert found.classes["stripe"] == 1.0
    for task in tasks[8:]:
        says(desk, REX, task, "disc")
    assert label.agreement(desk.label, REX, "shapes").pairs == found.pairs, "answers stay"
    ana_, ben_ = label.people(desk.label, SCOPE, "shapes")
    assert (ana_.answers, ana_.median_s, ana_.per_hour, ana_.left_s) == (10, 4, 900, 0)
    assert (ben_.person, ben_.days[0].answers) == ("ben", 10)


def test_objects_agree_by_what_both_drew(desk):
    (task,) = assign(
        desk, ANA, BEN, n=1, annotators=2, blind=True, question="objects", bar=0.9
    ).tasks
    box = Box(label="disc", xyxy=(2, 2, 22, 22))
    more = Box(label="disc", xyxy=(24, 2, 30, 8))
    says(desk, ANA, task, [box, more])
    done = says(desk, BEN, task, [Box(label="square", xyxy=(2, 2, 22, 20))])
    assert (done.state, done.score) == ("disputed", 0.0)
    (pair,) = label.agreement(desk.label, REX, "shapes").pairs
    assert (pair.extra, pair.missed, pair.f1.value) == (1, 0, 0.0)
    assert pair.mean_iou.value == pytest.approx(0.9)


def test_who_is_wrong_on_controls_is_told(desk):
    known = samples(desk)[4:12]
    assign(desk, ANA, n=4, controls=known, blind=True)
    right = {each.image: each.annotations[0].label for each in samples(desk)}
    for shown in label.view(desk.label, ANA, "mine"):
        truth = right[shown.task.image]
        says(desk, ANA, shown.task.id, "square" if truth == "disc" else "disc")
    (ana,) = label.people(desk.label, SCOPE, None)
    assert (ana.controls, ana.right, ana.below) == (8, 0, "surely")
    assert ana.accuracy.high == pytest.approx(1 - 0.025 ** (1 / 8))
