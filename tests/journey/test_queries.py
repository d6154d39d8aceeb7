"""Questions over what the rooms above data keep, on a small loop world, each held against plain Python."""

from __future__ import annotations

import pytest

from tests.journey import worlds
from visloop import app
from visloop.errors import UsageError
from visloop.faces import sdk


@pytest.fixture(scope="module")
def here(world, tmp_path_factory):
    """The loop world, with a second run and model, and two of its answers decided by a person."""
    root = world.copy(tmp_path_factory.mktemp("queries") / "w")
    with sdk.local(root) as connection:
        ask = app.Train(ref="line@v1", model="inspector", set={"folds": "3"}, seed=1)
        connection.call(app.train, ask)
        waiting = connection.call(app.label_list, app.LabelList(limit=2)).rows
        proposed = [worlds.plain(each)["proposed"][0]["label"] for each in waiting]
        other = "nut" if proposed[1] != "nut" else "gear"
        for task, label in zip(waiting, (proposed[0], other), strict=True):
            connection.call(app.label_accept, app.LabelAccept(task=task["id"], label=label))
        yield connection


def rows(here, of, text="", **more):
    more = {"at": "line"} | more if of in {"samples", "objects"} else more
    return here.call(app.query, app.Query(text=text, of=of, limit=1000, **more)).rows


def test_answers_stand_beside_what_people_saw_there(here):
    every = rows(here, "predictions")
    assert len(every) == 100
    assert [each["time"] for each in every] == sorted((e["time"] for e in every), reverse=True)
    unsure = rows(here, "predictions", "score < 0.5 sort by score limit 7")
    wanted = sorted((e for e in every if e["score"] < 0.5), key=lambda e: e["score"])[:7]
    assert [each["id"] for each in unsure] == [each["id"] for each in wanted]
    assert len(rows(here, "predictions", "truth exists")) == 2
    [wrong] = rows(here, "predictions", "not correct and truth exists")
    assert wrong["label"] != wrong["truth"]
    assert rows(here, "predictions", "correct = false") == (wrong,)
    [right] = rows(
        here, "predictions", "correct and deployment = belt and model like 'inspector@%'"
    )
    assert right["label"] == right["truth"]
    waiting = rows(here, "predictions", "review = waiting and reasons like '%outlier%'")
    assert {each["id"] for each in waiting} == {
        each["id"] for each in every if each["review"] == "waiting" and "outlier" in each["reasons"]
    }


def test_models_by_metrics_aliases_and_data(here):
    every = rows(here, "models")
    assert [each["ref"] for each in every] == ["inspector@v2", "inspector@v1"]
    assert [each["ref"] for each in rows(here, "models", "champion")] == ["inspector@v1"]
    assert [each["ref"] for each in rows(here, "models", "not alias.champion")] == ["inspector@v2"]
    best = max(every, key=lambda each: each["metrics"]["cv_accuracy"])["metrics"]["cv_accuracy"]
    found = rows(here, "models", f"metrics.cv_accuracy >= {best} and dataset = line")
    assert {each["metrics"]["cv_accuracy"] for each in found} == {best}
    assert rows(here, "models", "metrics.cv_accuracy > 1 or state = rejected") == ()


def test_runs_by_parameters_metrics_and_time(here):
    assert len(rows(here, "runs", "status = done and recipe = classify-linear")) == 2
    [run] = rows(here, "runs", "params.folds = 3 and seconds < 600 s and data = 'line@v1:train'")
    assert run["model"] == "inspector@v2"
    first, second = rows(here, "runs", "sort by started")
    assert first["started"] < second["started"]
    assert rows(here, "runs", "created < 2020") == ()


@pytest.mark.parametrize(
    ("of", "text", "count"),
    [
        ("deployments", "state = live and answers >= 100", 1),
        ("reports", "ref = 'inspector@v1' and split = test and accuracy > 0.5", 1),
        ("alerts", "state = open and darker", 1),
        ("tasks", "state = accepted and agreed", 1),
        ("jobs", "state = failed", 0),
        ("facts", "kind = model.promoted and actor = 'user:owner'", 1),
    ],
)
def test_what_else_is_kept_can_be_asked(here, of, text, count):
    assert len(rows(here, of, text)) == count


def test_facets_and_completion_know_the_fields_of_each(here):
    ask = app.Query(text="", of="predictions", facets="deployment,correct")
    told = {each["field"]: each for each in here.call(app.query, ask).facets}
    assert told["deployment"]["values"] == ({"value": "belt", "count": 100},)
    assert told["correct"]["without"] == 98
    found = here.call(app.complete, app.Complete(text="metrics.cv_", of="models")).rows
    assert [each["text"] for each in found] == ["metrics.cv_accuracy", "metrics.cv_log_loss"]
    found = here.call(app.complete, app.Complete(text="model = insp", of="predictions")).rows
    assert [each["text"] for each in found] == ['"inspector@v1"']


@pytest.mark.parametrize(
    ("of", "text", "fix"),
    [
        ("modles", "", "did you mean 'models'?"),
        ("models", "cv_accuracy > 0.5", "did you mean 'metrics.cv_accuracy'?"),
        ("runs", "status = don", "did you mean 'done'?"),
        ("predictions", "changed since v1", "ask for their time: time > 2026-01-31"),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_was_meant(here, of, text, fix):
    with pytest.raises(UsageError) as caught:
        rows(here, of, text)
    assert fix in caught.value.fix


def test_what_is_not_of_a_data_set_takes_no_version(here):
    with pytest.raises(UsageError, match="not of a data set's version"):
        rows(here, "runs", at="line@v1")


def test_a_view_is_kept_asked_again_and_used_inside_other_questions(here):
    def save(name, text, **more):
        return here.call(app.view_save, app.ViewSave(name=name, text=text, **more))

    save("unsure", "score < 0.5 sort by score limit 3", of="predictions")
    save("bolts", "annotations.label = bolt")
    assert len(here.call(app.query, app.Query(view="unsure")).rows) == 3
    every = {each["id"] for each in rows(here, "predictions", "score < 0.5 and label = gear")}
    found = rows(here, "predictions", "view(unsure) and label = gear")
    assert {each["id"] for each in found} == every  # neither its order nor its limit
    bolts = here.call(app.query, app.Query(view="bolts", at="line", limit=1000))
    assert bolts.count == len(rows(here, "samples", "annotations.label = bolt")) > 0
    objects = here.call(app.query, app.Query(view="bolts", of="objects", at="line"))
    assert (objects.of, objects.count) == ("objects", bolts.count)
    assert rows(here, "samples", "not view(bolts) and class(label = bolt)") == ()

    candidates = here.call(app.complete, app.Complete(text="view(", of="predictions")).rows
    assert [each["text"] for each in candidates] == ["unsure"]
    save("unsure", "score < 0.3", of="predictions")
    assert {each["score"] < 0.3 for each in rows(here, "predictions", "view(unsure)")} == {True}
    assert [e["name"] for e in here.call(app.view_list, app.ViewList()).rows] == ["bolts", "unsure"]
    assert len(here.call(app.view_remove, app.ViewRemove(name="bolts")).rows) == 1
    kinds = [each["kind"] for each in rows(here, "facts", "kind like 'view.%' sort by seq")]
    assert kinds == ["view.saved", "view.saved", "view.saved", "view.removed"]


@pytest.mark.parametrize(
    ("of", "text", "what", "fix"),
    [
        ("predictions", "view(unsur)", "no view 'unsur'", "did you mean 'unsure'?"),
        ("samples", "view(unsure)", "the view 'unsure' lists predictions", "visloop view save"),
        ("predictions", "view()", "expected the name of a view", "write: view(NAME)"),
        ("predictions", "view(loop)", "does not fit here: the view 'loop' leads to itself", "anew"),
    ],
)
def test_a_view_that_cannot_be_used_is_said_at_its_place(here, of, text, what, fix):
    for name, asked in (("unsure", "score < 0.3"), ("loop", "score < 1"), ("loop", "view(loop)")):
        here.call(app.view_save, app.ViewSave(name=name, text=asked, of="predictions"))
    with pytest.raises(UsageError) as caught:
        rows(here, of, text)
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_question_that_cannot_be_asked_is_not_kept(here):
    ask = app.ViewSave(name="wrong", text="scor < 0.5", of="predictions")
    with pytest.raises(UsageError, match="no field 'scor'"):
        here.call(app.view_save, ask)
    assert "wrong" not in [each["name"] for each in here.call(app.view_list, app.ViewList()).rows]
    with pytest.raises(UsageError) as caught:
        here.call(app.query, app.Query(view="unsure", text="label = gear"))
    assert "view(unsure) and" in caught.value.fix
