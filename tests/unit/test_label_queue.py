from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.train_parts import SCOPE, Workspace, folder
from visloop import data, label, store
from visloop.errors import UsageError
from visloop.events import Actor, Scope
from visloop.ids import Ref, digest_of
from visloop.vision import Box, ClassLabel

PERSON = Scope(Actor("user", "ann"))


@pytest.fixture
def desk(tmp_path):
    """A data set `shapes` at v1 (disc, square, stripe) and a queue beside it."""
    workspace = Workspace(tmp_path, store.FakeClock())
    workspace.add(folder(tmp_path / "first", count=2), split="train")
    workspace.label = label.LabelPorts(workspace.ledger, workspace.data)
    yield workspace
    workspace.close()


def proposal(desk, number, *, says="disc", score=0.4, reasons=("uncertain 0.40",), priority=None):
    raw = io.BytesIO()
    Image.new("RGB", (40, 30), (number % 256, number // 256, 7)).save(raw, "PNG")
    image = desk.blobs.put(raw.getvalue())
    labels = (ClassLabel(label=says, author="model:net@v1", score=score, review="proposed"),)
    candidate = data.Candidate(
        path=f"captured/belt/{image[:20]}.png",
        image=image,
        bytes=len(raw.getvalue()),
        width=40,
        height=30,
        media="image/png",
        annotations=labels if says else (),
        source="deployment:belt",
    )
    return label.Proposal(
        candidate=candidate,
        reasons=reasons,
        priority=number if priority is None else priority,
        prediction=f"p-{number}",
        model="net@v1",
    )


def fill(desk, *proposals, dataset="shapes") -> list[str]:
    desk.blobs.flush()
    with desk.ledger.write(SCOPE) as write:
        return label.enqueue(write, dataset, proposals)


def counts(desk) -> label.Counts:
    return label.counts(desk.label, SCOPE, "shapes")


def sample_of(desk, task, version="work") -> data.Sample | None:
    return data.open(desk.data, Ref("shapes", version)).get(task.path)


def test_what_nobody_proposed_anything_for_can_be_drawn_on(desk):
    (task,) = fill(desk, proposal(desk, 900, says=""))
    with pytest.raises(label.NothingProposed):
        label.accept(desk.label, PERSON, task)
    done = label.accept(desk.label, PERSON, task, drawing=True)
    assert (done.state, done.final) == ("accepted", ())
    sample = label.read(desk.label, PERSON, "shapes", done.path)
    assert (sample.annotations, sample.labelled) == ((), False)
    box = Box(id="b1", label="disc", xyxy=(1, 2, 11, 12))
    label.edit(desk.label, PERSON, "shapes", done.path, [label.Edit(put=box)])
    assert label.accept(desk.label, PERSON, task, drawing=True) == done, "what was drawn stays"
    assert label.read(desk.label, PERSON, "shapes", done.path).annotations[0].id == "b1"


def test_the_most_urgent_picture_comes_first_and_each_waits_once(desk):
    ids = fill(desk, proposal(desk, 1), proposal(desk, 3), proposal(desk, 2))
    assert len(set(ids)) == 3
    assert fill(desk, proposal(desk, 3), proposal(desk, 3)) == []
    waiting = label.list_tasks(desk.label, SCOPE)
    assert [task.prediction for task in waiting] == ["p-3", "p-2", "p-1"]
    first = label.next_task(desk.label, SCOPE, "shapes")
    assert (first.id, first.proposed_label, first.reasons) == (ids[1], "disc", ("uncertain 0.40",))
    assert label.next_task(desk.label, SCOPE, "other") is None
    assert label.of_prediction(desk.label, SCOPE, "p-2").id == ids[2]
    facts = desk.ledger.facts(kinds=["label.queued"])
    assert [fact.payload["tasks"] for fact in facts] == [ids]


def test_a_picture_may_wait_for_two_data_sets(desk):
    assert fill(desk, proposal(desk, 1)) != fill(desk, proposal(desk, 1), dataset="other")
    assert len(label.list_tasks(desk.label, SCOPE)) == 2


def test_accepting_stages_the_sample_with_its_label_and_origin(desk):
    (task,) = fill(desk, proposal(desk, 1))
    done = label.accept(desk.label, PERSON, task)
    assert (done.state, done.decided_by, done.split) == ("accepted", "user:ann", "train")
    sample = sample_of(desk, done)
    (said,) = sample.annotations
    assert (said.label, said.author, said.score, said.review) == (
        "disc",
        "user:ann",
        None,
        "accepted",
    )
    assert (sample.image, sample.width, sample.height) == (done.image, 40, 30)
    assert sample.metadata["prediction"] == "p-1"
    assert sample.metadata["task"] == task
    (fact,) = desk.ledger.facts(kinds=["label.accepted"])
    assert (fact.actor, fact.subject) == ("user:ann", task)
    assert (fact.payload["label"], fact.payload["agreed"]) == ("disc", True)
    assert counts(desk) == label.Counts(accepted=1, uncommitted=1, agreed=1)


def test_the_right_class_replaces_the_proposed_one(desk):
    (task,) = fill(desk, proposal(desk, 1))
    done = label.accept(desk.label, PERSON, task, "square")
    assert [each.label for each in sample_of(desk, done).annotations] == ["square"]
    assert desk.ledger.facts(kinds=["label.accepted"])[0].payload["agreed"] is False


def test_annotations_may_be_given_whole(desk):
    (task,) = fill(desk, proposal(desk, 1))
    box = Box(label="disc", xyxy=(1, 2, 20, 22))
    done = label.accept(desk.label, PERSON, task, [box])
    (kept,) = sample_of(desk, done).annotations
    assert (kept.xyxy, kept.author) == ((1, 2, 20, 22), "user:ann")
    with pytest.raises(UsageError, match="needs a label"):
        label.accept(desk.label, PERSON, task, [])


def test_a_class_that_the_data_set_does_not_know_is_refused_and_nothing_changes(desk):
    (task,) = fill(desk, proposal(desk, 1))
    with pytest.raises(data.UnknownClass, match="sqare") as error:
        label.accept(desk.label, PERSON, task, "sqare")
    assert "square" in error.value.fix
    assert label.task(desk.label, SCOPE, task).state == "waiting"
    assert counts(desk) == label.Counts(waiting=1)


def test_nothing_proposed_needs_a_label(desk):
    (task,) = fill(desk, proposal(desk, 1, says=""))
    with pytest.raises(label.NothingProposed) as error:
        label.accept(desk.label, PERSON, task)
    assert task in error.value.fix
    assert label.accept(desk.label, PERSON, task, "disc").state == "accepted"


def test_rejecting_skipping_and_taking_back(desk):
    one, two, three = fill(desk, *(proposal(desk, n) for n in (1, 2, 3)))
    label.reject(desk.label, PERSON, one)
    label.skip(desk.label, PERSON, two)
    accepted = label.accept(desk.label, PERSON, three)
    assert counts(desk) == label.Counts(accepted=1, rejected=1, skipped=1, uncommitted=1, agreed=1)
    for each in (one, two, three):
        assert label.undo(desk.label, PERSON, each).state == "waiting"
    assert counts(desk) == label.Counts(waiting=3)
    assert sample_of(desk, accepted) is None
    kinds = [f.kind for f in desk.ledger.facts() if f.kind.startswith("label.")]
    assert kinds[-6:] == [
        "label.rejected",
        "label.skipped",
        "label.accepted",
        *["label.undone"] * 3,
    ]


def test_doing_the_same_again_changes_nothing(desk):
    (task,) = fill(desk, proposal(desk, 1))
    first = label.accept(desk.label, PERSON, task, "disc")
    before = len(desk.ledger.facts())
    assert label.accept(desk.label, PERSON, task, "disc") == first
    label.undo(desk.label, PERSON, task)
    label.undo(desk.label, PERSON, task)
    assert len(desk.ledger.facts()) == before + 1


def test_a_late_copy_of_a_decision_does_not_decide_again(desk):
    one, two = fill(desk, proposal(desk, 1), proposal(desk, 2))
    label.accept(desk.label, PERSON, one, key="a")
    label.undo(desk.label, PERSON, one, key="b")
    assert label.accept(desk.label, PERSON, one, key="a").state == "waiting"
    label.reject(desk.label, PERSON, two, key="c")
    label.undo(desk.label, PERSON, two, key="d")
    label.accept(desk.label, PERSON, two, key="e")
    for late in (label.reject, label.undo, label.skip):
        key = "d" if late is label.undo else "c"
        assert late(desk.label, PERSON, two, key=key).state == "accepted"
    assert counts(desk) == label.Counts(waiting=1, accepted=1, uncommitted=1, agreed=1)


def test_a_label_that_is_in_a_version_is_corrected_not_taken_back(desk):
    (task,) = fill(desk, proposal(desk, 1))
    label.accept(desk.label, PERSON, task)
    assert counts(desk).uncommitted == 1
    version = data.commit(desk.data, SCOPE, "shapes", "one more")
    assert counts(desk) == label.Counts(accepted=1, agreed=1)
    with pytest.raises(label.TaskCommitted, match="in a version") as error:
        label.undo(desk.label, PERSON, task)
    assert task in error.value.fix
    corrected = label.accept(desk.label, PERSON, task, "stripe")
    assert counts(desk).uncommitted == 1
    assert desk.ledger.facts(kinds=["label.accepted"])[-1].payload["corrects"] is True
    data.commit(desk.data, SCOPE, "shapes", "corrected")
    assert sample_of(desk, corrected, "v2").annotations[0].label == "disc"
    assert sample_of(desk, corrected, "v3").annotations[0].label == "stripe"
    assert version.count == 7


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_a_picture_is_always_in_the_same_split(seed, share):
    image = digest_of(str(seed))
    assert label.split_of(image, share) == label.split_of(image, share)
    assert label.split_of(image, 0.0) == "train"
    assert label.split_of(image, 1.0) == "test"


def test_about_the_wanted_share_becomes_test_pictures(desk):
    ids = fill(desk, *(proposal(desk, n) for n in range(80)))
    done = [label.accept(desk.label, PERSON, each, test_share=0.25) for each in ids]
    assert 10 <= sum(task.split == "test" for task in done) <= 30
    assert data.open(desk.data, Ref("shapes", "work")).splits["test"] == sum(
        task.split == "test" for task in done
    )


def test_pictures_that_were_met_are_not_worth_asking_about(desk):
    known = next(iter(data.open(desk.data, Ref.parse("shapes@v1")).samples())).image
    queued = proposal(desk, 1)
    fill(desk, queued)
    fresh = digest_of("fresh")
    asked = {known, queued.candidate.image, fresh}
    assert label.undecided(desk.label, SCOPE, "shapes", asked) == {fresh}
    assert label.undecided(desk.label, SCOPE, "new", asked) == asked


def test_unknown_tasks_and_states_say_what_is_known(desk):
    with pytest.raises(label.TaskNotFound, match="no task 'x'"):
        label.accept(desk.label, PERSON, "x")
    with pytest.raises(UsageError, match="never 'acepted'") as error:
        label.list_tasks(desk.label, SCOPE, state="acepted")
    assert "accepted" in error.value.fix


def rows(tmp_path: Path, name: str, text: str) -> list[label.Row]:
    (tmp_path / name).write_text(text, "utf-8")
    return label.read_rows(tmp_path / name)


def test_labels_come_in_from_a_table_whatever_names_the_picture(desk, tmp_path):
    ids = fill(desk, *(proposal(desk, n) for n in range(5)))
    tasks = [label.task(desk.label, SCOPE, each) for each in ids]
    text = (
        "file,image,task,prediction,label\n"
        f"somewhere/{Path(tasks[0].path).name},,,,square\n"
        f",{tasks[1].image},,,square\n"
        f",,{tasks[2].id},,square\n"
        ",,,p-3,disc\n"
        "gone.jpg,,,,disc\n"
    )
    given = rows(tmp_path, "truth.csv", text)
    done = label.import_labels(desk.label, PERSON, "shapes", given)
    assert done == label.Imported(accepted=4, unchanged=0, unknown=("gone.jpg",))
    labels = [sample_of(desk, task).annotations[0].label for task in tasks[:4]]
    assert labels == ["square", "square", "square", "disc"]
    again = label.import_labels(desk.label, PERSON, "shapes", given)
    assert again == label.Imported(accepted=0, unchanged=4, unknown=("gone.jpg",))
    assert counts(desk).waiting == 1
    assert len(desk.ledger.facts(kinds=["label.accepted"])) == 4


def test_json_tables_of_both_kinds(desk, tmp_path):
    one, two = (
        label.task(desk.label, SCOPE, i) for i in fill(desk, *(proposal(desk, n) for n in (1, 2)))
    )
    listed = rows(tmp_path, "a.json", json.dumps([{"image": one.image, "label": "disc"}]))
    mapped = rows(tmp_path, "b.json", json.dumps({Path(two.path).name: "stripe"}))
    done = label.import_labels(desk.label, PERSON, "shapes", listed + mapped)
    assert (done.accepted, done.unknown) == (2, ())


def test_an_unknown_class_in_a_table_leaves_everything_as_it_was(desk, tmp_path):
    fill(desk, *(proposal(desk, n) for n in range(3)))
    given = rows(tmp_path, "t.csv", "prediction,label\np-0,disc\np-1,sqare\n")
    with pytest.raises(data.UnknownClass):
        label.import_labels(desk.label, PERSON, "shapes", given)
    assert counts(desk).waiting == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "picture,label\nx.jpg,disc\n"),
        ("a.csv", "file,label\nx.jpg,\n"),
        ("a.json", "{"),
        ("a.json", '"disc"'),
        ("a.json", "[1, 2]"),
    ],
)
def test_tables_that_are_none_say_what_one_looks_like(tmp_path, name, text):
    with pytest.raises(label.LabelsUnreadable):
        rows(tmp_path, name, text)
    with pytest.raises(label.LabelsUnreadable, match="cannot be read"):
        label.read_rows(tmp_path / "absent.csv")


def test_one_picture_with_two_labels_in_a_table_is_refused(desk, tmp_path):
    (task,) = (label.task(desk.label, SCOPE, i) for i in fill(desk, proposal(desk, 1)))
    given = rows(tmp_path, "t.csv", f"task,image,label\n{task.id},,disc\n,{task.image},stripe\n")
    with pytest.raises(UsageError, match="'disc' and 'stripe'"):
        label.import_labels(desk.label, PERSON, "shapes", given)
