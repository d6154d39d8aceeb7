from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import update

from tests.unit.train_parts import SCOPE, draw, draw_splits, opened
from visloop import data, evaluate, store
from visloop.evaluate import BetterThanChampion, GatePolicy, MinSamples, Threshold, tables
from visloop.ids import Ref


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return draw_splits(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def ready(pictures, tmp_path):
    workspace = opened(tmp_path / "ws", pictures, store.FakeClock())
    yield workspace
    workspace.close()


def test_reports_are_made_once_and_hold_every_answer(ready):
    done = ready.train("shapes@v2", model_name="net")
    on = Ref.parse("shapes@v2:test")
    report = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(done.model), on)
    assert report.n == 18
    assert report.data == "shapes@v2:test"
    assert report.trained_on == 0
    assert report.metrics["baseline_accuracy"] == pytest.approx(1 / 3)
    low, high = report.intervals["accuracy"]
    assert low <= report.metrics["accuracy"] <= high
    answers = evaluate.load_answers(ready.evaluate, report)
    assert (answers.predicted == answers.truth).mean() == report.metrics["accuracy"]
    assert all(path.endswith(".png") for path in answers.paths)
    assert evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse("net"), on) == report
    assert ready.kinds(start="model.evaluated") == ["model.evaluated"]
    assert evaluate.list_reports(ready.evaluate, SCOPE) == [report]
    learnt = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse("net"), Ref.parse("shapes@v1"))
    assert learnt.trained_on == learnt.n == 24
    with pytest.raises(evaluate.ReportNotFound):
        evaluate.load_report(ready.evaluate, SCOPE, "report-0")


def test_a_class_that_the_model_does_not_know_counts_against_it(ready, tmp_path):
    ready.train("shapes@v2", model_name="net")
    for number in range(4):
        place = tmp_path / "new" / "ring"
        place.mkdir(parents=True, exist_ok=True)
        draw("disc", 900 + number).save(place / f"{number}.png")
    version = ready.add(tmp_path / "new", split="test")
    on = Ref.parse(f"{version.ref}:test")
    report = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse("net"), on)
    assert report.unknown_classes == ("ring",)
    assert (report.n, report.scores.per_class[3].recall) == (22, 0.0)


def test_a_gate_says_no_with_its_reasons_and_yes_to_what_is_good(ready):
    bad = ready.model(ready.train("shapes@v2", model_name="net", params={"c": "1e-9"}).model)
    good = ready.model(ready.train("shapes@v2", model_name="net").model)
    on = Ref.parse("shapes@v2:test")
    strict = GatePolicy(checks=(Threshold(metric="log_loss", at_most=0.5), MinSamples(n=10)))
    said = evaluate.run_gate(ready.evaluate, SCOPE, bad, None, on, strict)
    assert not said.passed
    assert [c.passed for c in said.checks] == [False, True]
    fair = GatePolicy(
        checks=(
            BetterThanChampion(metric="log_loss", mode="better"),
            Threshold(metric="accuracy", at_least=0.5, slice="class=disc"),
        )
    )
    evaluate.approve_policy(ready.evaluate, SCOPE, "net", fair, reason="what counts")
    won = evaluate.run_gate(ready.evaluate, SCOPE, good, bad, on, fair)
    assert won.passed, won
    assert won.inputs["champion"] == "net@v1"
    assert evaluate.run_gate(ready.evaluate, SCOPE, good, bad, on, fair) == won
    assert ready.kinds(start="gate.") == ["gate.failed", "gate.passed"]
    fact = ready.ledger.facts(kinds=["gate.passed"])[0]
    assert fact.subject == "net@v2"
    assert fact.payload["policy"] == fair.digest
    assert GatePolicy.from_json(ready.blobs.get(fair.digest)) == fair
    assert evaluate.last_verdict(ready.evaluate, SCOPE, good) == won
    assert evaluate.last_verdict(ready.evaluate, SCOPE, bad) == said


def test_the_newest_verdict_is_the_one_asked_for_last(ready):
    model = ready.model(ready.train("shapes@v2", model_name="net").model)
    on = Ref.parse("shapes@v2:test")
    lax = GatePolicy(checks=(MinSamples(n=1),))
    strict = GatePolicy(checks=(MinSamples(n=1000),))
    for policy in (lax, strict, strict, lax):
        evaluate.approve_policy(ready.evaluate, SCOPE, "net", policy)
        said = evaluate.run_gate(ready.evaluate, SCOPE, model, None, on, policy)
        assert evaluate.last_verdict(ready.evaluate, SCOPE, model) == said
    assert ready.kinds(start="gate.") == ["gate.passed", "gate.failed", "gate.passed"]


def test_a_model_trained_before_classes_changed_is_judged_by_what_it_still_says(ready):
    done = ready.train("shapes@v2", model_name="net")
    test = Ref.parse("shapes:test")
    before = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(done.model), test)
    data.rename_class(ready.data, SCOPE, "shapes", "disc", "circle")
    renamed = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(done.model), test)
    assert renamed.unknown_classes == ()
    assert set(renamed.scores.classes) == {"circle", "square", "stripe"}
    assert renamed.metrics == before.metrics
    data.merge_classes(ready.data, SCOPE, "shapes", ["circle", "square"], "blob")
    merged = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(done.model), test)
    assert set(merged.scores.classes) == {"blob", "stripe"}
    old, new = (evaluate.load_answers(ready.evaluate, each) for each in (renamed, merged))
    into = {"circle": "blob", "square": "blob", "stripe": "stripe"}
    served = [into[old.classes[each]] for each in old.predicted]
    assert [new.classes[each] for each in new.predicted] == served
    assert merged.metrics["accuracy"] >= before.metrics["accuracy"]
    data.split_class(
        ready.data, SCOPE, "shapes", "stripe", by="folder", chosen={"*": "line"}, rest="keep"
    )
    split = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse(done.model), test)
    assert split.unknown_classes == ("line",)
    assert ready.train("shapes", model_name="net").model == "net@v2"


def test_a_report_of_an_older_edition_is_made_anew_under_its_name(ready):
    ready.train("shapes@v2", model_name="net")
    on = Ref.parse("shapes@v2:test")
    report = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse("net"), on)
    assert evaluate.load_study(ready.evaluate, report).loss
    older = msgspec.structs.replace(report, edition=0, study="")
    body = ready.blobs.put(msgspec.json.encode(older))
    with ready.ledger.write(SCOPE) as write:
        write.execute(update(tables.reports).values(body=body))
    shown = evaluate.load_report(ready.evaluate, SCOPE, report.id)
    assert evaluate.load_study(ready.evaluate, shown).worst == (), "shown as it was"
    again = evaluate.evaluate(ready.evaluate, SCOPE, Ref.parse("net"), on)
    assert (again.id, again.scores, again.study) == (report.id, report.scores, report.study)
    assert ready.kinds(start="model.evaluated") == ["model.evaluated"]
