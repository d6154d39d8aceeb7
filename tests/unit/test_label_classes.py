"""The queue when classes change under it, and decisions that a version holds."""

from __future__ import annotations

import pytest

from tests.unit.test_label_queue import PERSON, counts, desk, fill, proposal, sample_of
from tests.unit.train_parts import SCOPE
from visloop import data, label

__all__ = ["desk"]  # the fixture


def test_what_a_model_proposed_is_shown_and_taken_under_the_name_of_today(desk):
    first, second, third = fill(desk, *(proposal(desk, n, says="disc") for n in (1, 2, 3)))
    label.accept(desk.label, PERSON, first)
    data.commit(desk.data, SCOPE, "shapes", "one more")
    data.rename_class(desk.data, SCOPE, "shapes", "disc", "circle")
    assert {each.proposed_label for each in label.list_tasks(desk.label, SCOPE, "shapes")} == {
        "circle"
    }
    taken = label.accept(desk.label, PERSON, second)
    assert taken.final is not None
    assert taken.final[0].label == "circle"
    by_old_name = label.accept(desk.label, PERSON, third, "disc")
    assert sample_of(desk, by_old_name).annotations[0].label == "circle"
    assert counts(desk).agreed == 3
    assert label.accept(desk.label, PERSON, first, "circle").state == "accepted"
    assert counts(desk).uncommitted == 2, "the same decision under another name is no news"
    rows = [label.Row(key=second, label="disc")]
    done = label.import_labels(desk.label, PERSON, "shapes", rows)
    assert (done.accepted, done.unchanged) == (0, 1)


def test_an_unknown_class_is_not_accepted_nor_imported(desk):
    (task,) = fill(desk, proposal(desk, 1, says="ring"))
    with pytest.raises(data.UnknownClass, match="'ring'"):
        label.accept(desk.label, PERSON, task)
    with pytest.raises(data.UnknownClass, match="'Disc'") as near:
        label.accept(desk.label, PERSON, task, "Disc")
    assert "did you mean 'disc'?" in near.value.fix
    with pytest.raises(data.UnknownClass):
        label.import_labels(desk.label, PERSON, "shapes", [label.Row(key=task, label="ring")])
    assert counts(desk).waiting == 1
    assert counts(desk).uncommitted == 0


def test_undo_takes_back_a_correction_and_leaves_what_is_committed(desk):
    (task,) = fill(desk, proposal(desk, 1, says="disc"))
    first = label.accept(desk.label, PERSON, task)
    data.commit(desk.data, SCOPE, "shapes", "one more")
    label.accept(desk.label, PERSON, task, "stripe")
    for put_aside in (label.reject, label.skip):
        with pytest.raises(label.TaskCommitted):
            put_aside(desk.label, PERSON, task)
    assert counts(desk).uncommitted == 1
    undone = label.undo(desk.label, PERSON, task)
    assert undone.state == "accepted"
    assert undone.final is not None
    assert undone.final[0].label == "disc"
    assert undone.split == first.split
    assert counts(desk) == label.Counts(accepted=1, agreed=1)
    assert sample_of(desk, undone).annotations[0].label == "disc"
    with pytest.raises(label.TaskCommitted):
        label.undo(desk.label, PERSON, task)
