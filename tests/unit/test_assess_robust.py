"""Corruption and attacks: a model that looks at one pixel is told from one that looks at the picture."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.unit import robust_parts as parts
from tests.unit.train_parts import SCOPE, Workspace
from visloop import errors, evaluate, registry, store
from visloop.data import Sample
from visloop.evaluate.assess.robust.attacks import Oracle, Victim, descend, noise, square
from visloop.evaluate.assess.robust.losses import Clean
from visloop.evaluate.assess.robust.targets import target_of
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.ids import Ref
from visloop.infer import Predictor, differentiable, sized
from visloop.train import Labelled
from visloop.vision import Contract, Decode, Decoder, Normalise, Resize


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    root = tmp_path_factory.mktemp("robust")
    workspace = Workspace(root, store.FakeClock())
    workspace.add(parts.hue_pictures(root / "hues"), "hues", split="test")
    workspace.add(parts.square_pictures(root / "squares"), "squares", split="test")
    for brittle in (False, True):
        for name, make in (("hues", parts.hue_model), ("squares", parts.square_model)):
            named = f"{'brittle' if brittle else 'steady'}-{name}"
            package = make(brittle=brittle)
            registry.register(workspace.registry, SCOPE, named, package, run=f"import-{named}")
    yield workspace
    workspace.close()


def assess(ready, kind, model, **settings):
    version, ref = ready.model(model), Ref.parse(f"{model.partition('-')[2]}@v1:test")
    return evaluate.make_assessment(ready.evaluate, SCOPE, kind, version, ref, settings=settings)


def within(made):
    """Whether the kind's own bound holds."""
    bound = evaluate.find_kind(made.kind).headline
    found = made.figures[bound.figure].value
    most, least = bound.at_most, bound.at_least
    return (most is None or found <= most) and (least is None or found >= least)


@pytest.mark.parametrize("name", ["hues", "squares"])
def test_corruption_trips_on_a_model_that_looks_at_one_pixel(ready, name):
    brittle, steady = (
        assess(ready, "corruption", f"{kind}-{name}", severities="1,3,5")
        for kind in ("brittle", "steady")
    )
    metric = {"hues": "accuracy", "squares": "map50"}[name]
    assert brittle.figures[metric].value == steady.figures[metric].value == 1
    assert not within(brittle), brittle.figures["relative_drop"]
    assert within(steady), steady.figures["relative_drop"]
    print(name, brittle.figures, steady.figures)


def test_a_corrupted_figure_is_that_of_the_same_pictures_hurt(ready):
    made = assess(ready, "corruption", "brittle-hues", severities="1,3,5")
    rows = {(row["corruption"], row["severity"]): row for row in made.outcome.rows}
    assert len(rows) == 16 * 3
    assert rows["darkness", 5]["drop"] == pytest.approx(1 - rows["darkness", 5]["accuracy"])
    assert all(row["low"] <= row["accuracy"] <= row["high"] for row in rows.values())
    assert all(row["drop_low"] <= row["drop"] <= row["drop_high"] for row in rows.values())
    mean = np.mean([row["relative_drop"] for row in rows.values()])
    assert made.figures["relative_drop"].value == pytest.approx(mean, abs=1e-3)
    worst = max(row["relative_drop"] for row in rows.values())
    assert made.figures["worst_drop"].value == pytest.approx(worst, abs=1e-3)
    blur = [row["relative_drop"] for row in rows.values() if row["group"] == "blur"]
    assert made.figures["relative_drop.blur"].value == pytest.approx(np.mean(blur), abs=1e-3)


def test_people_see_a_picture_in_every_corruption(ready):
    made = assess(ready, "corruption", "steady-hues", severities="1,3,5")
    (shot,) = made.outcome.pictures
    sheet = Image.open(io.BytesIO(ready.blobs.get(shot.image)))
    assert sheet.height > 16 * 100
    assert shot.whole
    page = evaluate.assessment_page(made, ready.blobs.get)
    assert page.count("data:image/jpeg") == 1
    assert [f"<h3>{group}</h3>" in page for group in ("noise", "blur", "weather", "digital")]


def test_what_moves_things_is_not_asked_of_detectors(ready):
    made = assess(ready, "corruption", "steady-squares", severities="1,3,5")
    assert {row["corruption"] for row in made.outcome.rows}.isdisjoint({"elastic_transform"})
    assert len(made.outcome.rows) == 15 * 3
    assert any("elastic_transform" in note for note in made.outcome.notes)
    with pytest.raises(errors.UsageError, match="elastic_transform moves"):
        assess(ready, "corruption", "steady-squares", corruptions="elastic_transform")


def test_fewer_pictures_give_a_wider_interval_and_say_so(ready):
    asked = {"corruptions": "shot_noise", "severities": "5"}
    few = assess(ready, "corruption", "brittle-hues", pictures="9", **asked)
    all_of_them = assess(ready, "corruption", "brittle-hues", **asked)
    wide, narrow = (made.figures["relative_drop"] for made in (few, all_of_them))
    assert (wide.n, narrow.n) == (9, 18)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert any("9 of 18 pictures" in note for note in few.outcome.notes)
    assert {row["corruption"] for row in few.outcome.rows} == {"shot_noise"}


def test_what_cannot_be_asked_is_refused(ready):
    with pytest.raises(errors.UsageError, match="no corruption 'rain'"):
        assess(ready, "corruption", "steady-hues", corruptions="rain")
    with pytest.raises(errors.UsageError, match="severities"):
        assess(ready, "corruption", "steady-hues", severities="0")


def _same_pictures(**columns):
    n = len(next(iter(columns.values())))
    names = tuple(map(str, range(n)))
    return {
        "classes": ("a", "b"),
        "known": 2,
        "samples": names,
        "paths": names,
        "images": names,
    } | columns


def test_of_numbers_the_drop_is_added_error_beside_that_of_the_median():
    true = np.arange(1.0, 11.0)  # always saying the median is off by 2.5
    clean, hurt = (
        NumberAnswers(**_same_pictures(true=true, found=true + off), unit="") for off in (0.5, 1.5)
    )
    lost = Clean(clean).loss(hurt)
    assert lost.figure.value == pytest.approx(1.5)
    assert lost.relative.value == pytest.approx(1 / 2.5)


def test_intervals_are_those_of_redrawn_pictures():
    """The derivative of the relative drop of masks, against redrawing pictures many times."""
    rng = np.random.default_rng(3)
    true = rng.integers(50, 100, (60, 2))
    clean, hurt = (
        MaskAnswers(**_same_pictures(true=true, found=true, both=rng.integers(low, 50, (60, 2))))
        for low in (40, 10)
    )
    lost = Clean(clean).loss(hurt).relative
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 60, 60)
        drawn.append(Clean(clean.take(rows)).loss(hurt.take(rows)).relative.value)
    assert np.sqrt(lost.slope @ lost.slope) == pytest.approx(np.std(drawn), rel=0.15)


@pytest.mark.parametrize("name", ["hues", "squares"])
def test_attacks_trip_on_a_model_that_looks_at_one_pixel(ready, name):
    brittle, steady = (
        assess(ready, "adversarial", f"{kind}-{name}") for kind in ("brittle", "steady")
    )
    assert not within(brittle), brittle.outcome.rows
    assert within(steady), steady.outcome.rows
    assert steady.figures["kept_by_queries"].value == 1
    assert steady.figures["kept_by_gradients"].value == 1
    assert brittle.figures["kept_by_gradients"].value == 0
    assert brittle.figures["queries"].value < 100
    metric = {"hues": "accuracy", "squares": "recall"}[name]
    clean, noise = (brittle.figures[key].value for key in (metric, f"robust_{metric}.noise.2"))
    square = brittle.figures[f"robust_{metric}.square.2"].value
    assert square < noise <= clean == 1
    assert brittle.figures[f"robust_{metric}.square.4"].value <= square
    assert not brittle.outcome.notes


def test_people_see_what_was_changed(ready):
    made = assess(ready, "adversarial", "brittle-hues")
    (shot,) = made.outcome.pictures
    assert Image.open(io.BytesIO(ready.blobs.get(shot.image))).height > 4 * 224
    assert "2/255" in shot.said
    fallen = [row for row in made.outcome.rows if row["fooled"]]
    assert fallen
    assert all(0 < row["median_change"] <= row["eps"] for row in fallen)
    assert all(row["low"] <= row["robust_accuracy"] <= row["high"] for row in made.outcome.rows)
    assert not assess(ready, "adversarial", "steady-hues").outcome.pictures


def test_the_same_seed_attacks_alike(ready):
    version, ref = ready.model("brittle-hues"), Ref.parse("hues@v1:test")
    again = evaluate.make_assessment(ready.evaluate, SCOPE, "adversarial", version, ref, fresh=True)
    assert again.outcome == assess(ready, "adversarial", "brittle-hues").outcome


def test_without_gradients_the_weaker_statement_is_said(ready, monkeypatch):
    """As on an installation without the extra: torch cannot be found."""
    monkeypatch.setattr("visloop.infer.gradients.find_spec", lambda _: None)
    made = assess(ready, "adversarial", "steady-hues", queries="10")
    assert made.figures["kept_by_queries"].value == 1
    assert "kept_by_gradients" not in made.figures
    (note,) = made.outcome.notes
    assert "only the attack by queries was run" in note
    assert "pip install 'visloop[torch]'" in note
    assert made.outcome.caveat == note, "a gate says it, too, where its bound holds"
    assert {row["attack"] for row in made.outcome.rows} == {"none", "noise", "square"}
    monkeypatch.undo()
    assert "kept_by_gradients" in assess(ready, "adversarial", "steady-hues", queries="10").figures


@pytest.mark.parametrize("colour", ["rgb", "bgr", "grey"])
def test_an_attack_stays_within_its_budget_and_the_picture(colour):
    contract = Contract(
        resize=Resize(mode="letterbox", size_px=parts.SIDE, crop_px=None),
        decoder=Decoder(colour=colour),
        normalise=Normalise(
            mean=(0.0,) * (1 if colour == "grey" else 3),
            std=(99.0,) * (1 if colour == "grey" else 3),
        ),
        classes=parts.HUES,
    )
    onnx = (
        parts.brightness_model(contract.channels)
        if colour == "grey"
        else parts.hue_model(brittle=False).onnx
    )
    predictor = Predictor.load(onnx, contract)
    raw = io.BytesIO()
    Image.new("RGB", (80, 40), (120, 3, 254)).save(raw, "PNG")
    view = sized(raw.getvalue(), contract)
    oracle = Oracle(predictor)
    outputs = oracle.outputs([view.pixels])
    best = parts.HUES[int(outputs.probabilities.argmax())]
    sample = Sample(
        id="sample-1", path="a.png", image="0" * 64, width=80, height=40, media="image/png", bytes=1
    )
    target = target_of(predictor, Labelled(sample, best), {}, view.placement)
    standing = target.standing(outputs, 0)
    assert standing.kept == 1
    found = []
    for run in (
        lambda victim: square(oracle, [victim], 3, 30, range),
        lambda victim: descend(oracle, differentiable(onnx), [victim], 3, range(5), of=5),
        lambda victim: descend(oracle, differentiable(onnx), [victim], 3, range(1), of=1),
        lambda victim: noise(oracle, [victim], 3),
    ):
        victim = Victim(view, target, np.random.default_rng(1), view.pixels, standing)
        run(victim)
        by = victim.pixels.astype(int) - view.pixels
        assert 0 < np.abs(by).max() <= 3
        assert not by[:16].any()
        assert not by[48:].any()
        found.append(victim.standing.loss)
    steps, one_step = found[1:3]
    assert max(steps, one_step) < found[0], "a gradient knows where to go"
    assert max(steps, one_step) < found[3] < standing.loss + 0.5


def test_attacks_are_of_classes_and_boxes_only(ready):
    package = replace(
        parts.hue_model(brittle=False),
        contract=Contract(
            resize=parts.RESIZE, decode=Decode(task="regress", value="probabilities")
        ),
    )
    registry.register(ready.registry, SCOPE, "gauge-hues", package, run="import-gauge")
    with pytest.raises(errors.Refused, match="answers 'regress'"):
        assess(ready, "adversarial", "gauge-hues")
