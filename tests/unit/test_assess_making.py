"""Assessments are made once and kept; the kinds that look at a package alone."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import onnx
import pytest

from tests.unit.train_parts import SCOPE, draw_splits, opened
from visloop import errors, evaluate, registry, store
from visloop.evaluate.assess.kinds import read_settings
from visloop.ids import Ref


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    pictures = draw_splits(tmp_path_factory.mktemp("pictures"))
    workspace = opened(tmp_path_factory.mktemp("rooms") / "ws", pictures, store.FakeClock())
    workspace.train("shapes@v2", model_name="net")
    yield workspace
    workspace.close()


def assess(ready, kind, model="net", on=None, **values):
    version = ready.model(model)
    ref = Ref.parse(on) if on else None
    return evaluate.make_assessment(ready.evaluate, SCOPE, kind, version, ref, **values)


def test_the_same_is_measured_once_and_loaded_again(ready):
    made = assess(ready, "size")
    package = registry.load(ready.registry, ready.model("net"))
    assert made.figures["network_bytes"].value == len(package.onnx)
    assert made.figures["parameters"].value > 3_000_000
    assert sum(row["bytes"] for row in made.outcome.rows) == made.figures["package_bytes"].value
    assert assess(ready, "size") == made
    assert len(ready.kinds(start="model.assessed")) == 1
    assert evaluate.load_assessment(ready.evaluate, SCOPE, made.id) == made
    assert evaluate.list_assessments(ready.evaluate, SCOPE, ready.model("net"))[0] == made
    again = assess(ready, "size", fresh=True)
    assert (again.id, again.figures) == (made.id, made.figures)
    assert assess(ready, "size", seed=7).id != made.id


def test_what_cannot_be_asked_is_said_with_its_mend(ready):
    with pytest.raises(errors.UsageError, match="no kind of assessment 'sice'") as caught:
        assess(ready, "sice")
    assert "size" in caught.value.fix
    with pytest.raises(errors.UsageError, match="has no setting 'licence'") as caught:
        assess(ready, "scan", settings={"licence": "GPL"})
    assert "licences" in caught.value.fix
    with pytest.raises(evaluate.AssessmentNotFound):
        evaluate.load_assessment(ready.evaluate, SCOPE, "assessment-0")


def test_settings_are_read_from_text():
    scan = evaluate.find_kind("scan")
    told = read_settings(scan, {"licences": "GPL, AGPL", "signed": "true"})
    assert msgspec.to_builtins(told) == {"licences": ("GPL", "AGPL"), "signed": True}
    assert read_settings(scan, {}) == scan.settings()


def test_a_scan_finds_what_can_run_code_and_nothing_in_a_clean_model(ready):
    clean = assess(ready, "scan")
    assert clean.figures["problems"].value == 0, clean.outcome.rows
    assert {row["finding"] for row in clean.outcome.rows} == {"fine"}
    package = registry.load(ready.registry, ready.model("net"))
    network = onnx.load_from_string(package.onnx)
    network.graph.node[0].domain = "evil.example"
    network.opset_import.append(onnx.helper.make_opsetid("evil.example", 1))
    bad = replace(package, onnx=network.SerializeToString(), reference=b"\x80\x04pickle")
    registry.register(ready.registry, SCOPE, "bad", bad, run="import-elsewhere")
    found = assess(ready, "scan", "bad")
    assert found.figures["problems"].value == 2
    assert "evil.example" in found.outcome.rows[0]["finding"]
    strict = assess(ready, "scan", "bad", settings={"signed": "true"})
    assert strict.figures["problems"].value == 3


def test_a_scan_names_the_libraries_whose_licence_is_refused(ready):
    found = assess(ready, "scan", settings={"licences": "BSD"})
    assert found.figures["refused_licences"].value > 0
    assert any(row["part"].startswith("numpy ") for row in found.outcome.rows)


def test_pictures_of_an_assessment_are_kept(ready, monkeypatch):
    def look(case):
        shot = evaluate.Shot(image=case.keep(b"a picture"), said=f"{len(case.pictures)} pictures")
        return evaluate.Outcome(
            figures={"seen": evaluate.Figure(value=case.seed)}, pictures=(shot,)
        )

    kind = evaluate.Kind("look", "", evaluate.Bound("seen", at_most=1), look)
    monkeypatch.setitem(evaluate.KINDS, "look", kind)
    with pytest.raises(errors.UsageError, match="labelled pictures"):
        assess(ready, "look")
    made = assess(ready, "look", on="shapes@v2:test")
    assert (made.data, made.outcome.pictures[0].said) == ("shapes@v2:test", "18 pictures")
    with ready.ledger.read() as connection:
        kept = {
            link.digest
            for link in evaluate.EVALUATE_ROOTS.digests(store.Look(connection, ready.blobs))
        }
    body = ready.ledger.facts(kinds=["model.assessed"])[-1].payload["body"]
    assert body in kept
    assert made.outcome.pictures[0].image in kept
