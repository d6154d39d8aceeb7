"""A detector judged on real photographs: COCO's figures, slices, the report's file, the charter."""

from __future__ import annotations

import shutil

import pytest

from tests.journey.test_one_contract import FASTESTDET
from tests.unit.test_evaluate_kinds import referee
from visloop import app, evaluate
from visloop.errors import UsageError
from visloop.faces import sdk

CHARTER = """
charter:
  hurts: nobody knows what stands in the street
  success:
    - {metric: map50, at_least: 0.2, model: street}
    - {metric: recall.person, at_least: 0.99, model: street}
    - {metric: accuracy, at_least: 0.9, model: another}
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory, shared_data):
    root = tmp_path_factory.mktemp("street") / "ws"
    app.create(root)
    models, coco = shared_data / "models", shared_data / "coco"
    (root / "coco.names").write_bytes((models / "coco.names").read_bytes())
    (root / "street.yaml").write_text(FASTESTDET)
    (root / "visloop.yaml").write_text(CHARTER)
    pictures = root.parent / "set"
    shutil.copytree(coco / "images", pictures / "images")
    shutil.copytree(coco / "labels-det", pictures / "labels")
    names = [name for name in (root / "coco.names").read_text().splitlines() if name]
    listed = "".join(f"  {i}: {name}\n" for i, name in enumerate(names))
    (pictures / "data.yaml").write_text(f"path: .\ntrain: images\nnames:\n{listed}")
    with sdk.local(root) as connection:
        connection.call(app.add, app.Add(paths=(str(pictures),), to="coco"))
        connection.call(app.commit, app.Commit(dataset="coco", message="real pictures"))
        file, contract = str(models / "FastestDet.onnx"), str(root / "street.yaml")
        connection.call(app.model_import, app.ModelImport(file, as_="street", contract=contract))
        yield connection


def test_a_detector_is_judged_on_real_pictures(here, tmp_path):
    ask = app.Evaluate(
        model="street@v1",
        on="coco@v1",
        slice=("annotations.objects >= 8", "aspect < 1"),
        html=str(tmp_path / "report.html"),
    )
    told = here.call(app.evaluate, ask)
    (report,) = evaluate.list_reports(here.ports.evaluate, here.scope)
    theirs = referee(evaluate.load_answers(here.ports.evaluate, report))
    for name, value in zip(("map", "map50", "map75"), theirs.stats[:3], strict=True):
        assert told.metrics[name] == pytest.approx(value, abs=1e-9), name
    for size, value in zip(("small", "medium", "large"), theirs.stats[3:6], strict=True):
        assert told.metrics[f"map_{size}"] == pytest.approx(value, abs=1e-9), size
    crowded, upright = told.slices[:2]
    assert (crowded["name"], crowded["kind"]) == ("annotations.objects >= 8", "asked")
    assert 0 < crowded["n"] + upright["n"] < 2 * told.n
    low, high = crowded["intervals"]["map50"]
    assert low <= crowded["metrics"]["map50"] <= high
    assert {"small", "medium", "large"} == {each["name"] for each in told.sizes}
    assert sum(each["count"] for each in told.errors) > 20
    assert {each["verdict"] for each in told.beside} == {"met", "missed"}
    assert told.labels[-1] == "nothing"
    assert told.worst[0]["boxes"]
    page = (tmp_path / "report.html").read_text()
    assert page.count("<image ") >= len(told.worst)
    assert "aspect &lt; 1" in page


def test_what_is_shown_later_is_what_was_found(here):
    told = here.call(app.evaluate, app.Evaluate(model="street@v1", on="coco@v1"))
    shown = here.call(app.model_show, app.ModelShow(ref="street@v1")).report
    for key in ("metrics", "errors", "worst", "confusion", "beside", "sizes"):
        assert shown[key] == getattr(told, key), key


def test_a_gate_holds_a_model_to_its_own_charter(here):
    gated = here.call(app.gate, app.Gate(model="street@v1", on="coco@v1"))
    found = {check["name"]: check["passed"] for check in gated.checks}
    assert found["map50"] is True
    assert found["recall.person"] is False
    assert "accuracy" not in found, "that was promised of another model"


def test_a_slice_that_cannot_be_is_told_before_the_model_is_asked(here):
    for slice_, because in (("aspect > 99", "no picture of"), ("heigt > 1", "no field")):
        with pytest.raises(UsageError, match=because):
            here.call(app.evaluate, app.Evaluate("street@v1", on="coco@v1", slice=(slice_,)))
