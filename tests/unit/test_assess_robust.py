"""Corruption and attacks: a model that looks at one pixel is told from one that looks at the picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.unit import robust_parts as parts
from tests.unit.train_parts import SCOPE, Workspace
from visloop import errors, evaluate, registry, store
from visloop.evaluate.assess.robust.losses import Clean
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.ids import Ref


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
