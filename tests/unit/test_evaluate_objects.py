"""What is compared with what: crowds, regions to ignore, renamed classes, overlapping outlines."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.test_infer_saying import RESIZE, always
from visloop.data import Sample
from visloop.errors import Refused
from visloop.evaluate import score
from visloop.evaluate.kinds.answering import (
    Question,
    answer_boxes,
    answer_masks,
    answer_numbers,
)
from visloop.evaluate.showing.pictures import Album
from visloop.evaluate.study.outlines import outlined
from visloop.evaluate.study.records import Picture, Study
from visloop.infer import Predictor
from visloop.train import Labelled
from visloop.vision import (
    Box,
    Contract,
    Decode,
    Mask,
    Polygon,
    outline_bitmap,
    rings_of,
    runs_of,
)


def _photo() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (64, 32), (90, 120, 30)).save(raw, "PNG")
    return raw.getvalue()


def _sample(*annotations) -> Sample:
    return Sample(
        id="sample-1",
        path="a.png",
        image="0" * 64,
        width=64,
        height=32,
        media="image/png",
        bytes=1,
        annotations=annotations,
    )


def _asked(picture: Labelled, names=None) -> Question:
    return Question([picture], names or {}, lambda model, _: model.place(_photo()), 1)


def _model(classes=("cat", "dog"), decode=None, **outputs) -> Predictor:
    return Predictor.load(
        always(**outputs), Contract(resize=RESIZE, classes=classes, decode=Decode(**decode))
    )


def _all(asked):
    return asked


CAT, DOG = [0, 0, 20, 20], [30, 0, 60, 30]


def test_crowds_and_what_nobody_accepted_count_neither_way():
    detector = _model(
        decode={"task": "detect", "score_threshold": 0.5},
        boxes=[CAT, DOG, [30, 20, 60, 30]],
        scores=[[0.9, 0], [0, 0.8], [0.3, 0]],
    )
    cat = Box(xyxy=tuple(CAT), label="kitten")
    crowd = Box(xyxy=(28, 0, 64, 32), label="dog", crowd=True)
    draft = Box(xyxy=(30, 20, 60, 30), label="cat", review="draft")
    gone = Box(xyxy=(0, 0, 64, 32), label="dog", review="rejected")
    picture = Labelled(
        _sample(cat, crowd, draft, gone), objects=(Box(xyxy=tuple(CAT), label="cat"),)
    )
    answers = answer_boxes(_asked(picture, {"kitten": "cat"}), detector, _all)
    assert answers.crowd.tolist() == [False, True, True]
    assert len(answers.score) == 3, "everything that was ranked is kept"
    scores = score(answers, resamples=20)
    assert scores.metrics["map50"] == pytest.approx(1)
    assert scores.metrics["precision"] == scores.metrics["recall"] == 1


def test_a_class_that_the_model_does_not_know_is_missed():
    detector = _model(decode={"task": "detect"}, boxes=[CAT], scores=[[0.9, 0]])
    objects = (Box(xyxy=tuple(CAT), label="cat"), Box(xyxy=tuple(DOG), label="cow"))
    answers = answer_boxes(_asked(Labelled(_sample(*objects), objects=objects)), detector, _all)
    assert answers.classes == ("cat", "dog", "cow")
    assert answers.known == 2
    assert score(answers, resamples=20).metrics["map50"] == pytest.approx(0.5)


def test_outlines_are_compared_pixel_by_pixel_the_smaller_on_top():
    planes = np.zeros((3, 32, 64), np.float32)
    planes[0] = 0.5
    planes[1, :, :32] = 0.9
    planes[2, 8:16, 8:16] = 0.95
    segmenter = _model(decode={"task": "segment"}, masks=planes)
    everywhere = np.zeros((32, 64), np.bool_)
    everywhere[:, :32] = True
    objects = (
        Polygon(rings=((8, 8, 15.5, 8, 15.5, 15.5, 8, 15.5),), label="dog"),
        Mask(size_hw=(32, 64), counts=runs_of(everywhere), label="cat"),
    )
    answers = answer_masks(_asked(Labelled(_sample(*objects), objects=objects)), segmenter, _all)
    assert answers.true.tolist() == [[32 * 32 - 64, 64]]
    assert answers.found.tolist() == [[32 * 32 - 64, 64]]
    assert score(answers, resamples=20).metrics["mean_iou"] == 1


class _Photos:
    def get(self, digest: str) -> bytes:
        assert digest == "0" * 64
        return _photo()


def test_the_worst_pictures_of_a_segmenter_carry_outlines():
    planes = np.zeros((3, 32, 64), np.float32)
    planes[0] = 0.5
    planes[1, 4:20, :32] = 0.9
    segmenter = _model(decode={"task": "segment"}, masks=planes)
    kitten = Polygon(rings=((8, 8, 15, 8, 15, 15, 8, 15),), label="cat")
    picture = Labelled(_sample(kitten), objects=(kitten,))
    shown = Picture(sample="sample-1", path="a.png", image="0" * 64, loss=0.9, width=64, height=32)
    studied = outlined(Study(worst=(shown,)), segmenter, [picture], {"cat": "kitten"}, _Photos())
    (found,) = studied.worst
    assert [(kind, label) for kind, label, _ in found.outlines] == [
        ("true", "cat"),
        ("answered", "kitten"),
    ]
    corners = [np.reshape(ring, (-1, 2)) for _, _, ring in found.outlines]
    assert [(c.min(0).tolist(), c.max(0).tolist()) for c in corners] == [
        ([8, 8], [15, 15]),
        ([0, 4], [31, 19]),
    ]
    sheet = Album(lambda _: b"").sheet(studied.worst)
    assert sheet.count("<polygon") == 4
    assert "answered: kitten" in sheet


@given(st.integers(0, 2**32 - 1))
def test_rings_go_round_every_pixel(seed):
    rng = np.random.default_rng(seed)
    bitmap = np.zeros((32, 64), np.bool_)
    for _ in range(rng.integers(1, 4)):
        y, x, high, wide = rng.integers((0, 0, 1, 1), (24, 48, 9, 17))
        bitmap[y : y + high, x : x + wide] = True
    rings = rings_of(bitmap, tolerance_px=0.0)
    drawn = np.zeros(bitmap.shape, np.bool_)
    for ring in rings:
        drawn |= outline_bitmap(Polygon(label="", rings=(ring,)), bitmap.shape)
    assert drawn[bitmap].all()
    assert rings == sorted(rings, key=lambda ring: -_area(ring))


def _area(ring) -> float:
    x, y = np.reshape(ring, (-1, 2)).T
    return round(abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2, 3)


def test_where_nobody_knows_what_was_found_does_not_count():
    planes = np.zeros((2, 32, 64), np.float32)
    planes[0] = 0.5
    planes[1] = 0.9
    segmenter = _model(classes=("cat",), decode={"task": "segment"}, masks=planes)
    half = np.zeros((32, 64), np.bool_)
    half[:, :32] = True
    cat = Mask(size_hw=(32, 64), counts=runs_of(half), label="cat")
    sure = Labelled(_sample(cat), objects=(cat,))
    unsure = Labelled(_sample(cat), objects=(cat,), blank=((32, 0, 64, 32),))
    figures = [
        score(answer_masks(_asked(each), segmenter, _all), resamples=20).metrics["mean_iou"]
        for each in (sure, unsure)
    ]
    assert figures == [pytest.approx(0.5), 1]


def test_numbers_are_compared_and_silence_is_told():
    gauge = _model(classes=(), decode={"task": "regress", "unit": "bar"}, value=[3.5])
    answers = answer_numbers(_asked(Labelled(_sample(), value=3.0, unit="bar")), gauge, _all)
    assert score(answers, resamples=20).metrics["mae"] == pytest.approx(0.5)
    silent = _model(classes=(), decode={"task": "regress"}, value=[np.nan])
    with pytest.raises(Refused, match=r"no number for a\.png"):
        answer_numbers(_asked(Labelled(_sample(), value=3.0)), silent, _all)
