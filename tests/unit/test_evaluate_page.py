"""The report as one file: every section, nothing from elsewhere, whatever names hold."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.test_evaluate_gate import answers as classified
from tests.unit.test_evaluate_kinds import cells, masks, numbers
from tests.unit.test_evaluate_study import samples
from visloop import store
from visloop.evaluate import (
    Goal,
    Report,
    beside_champion,
    beside_goals,
    beside_simplest,
    report_page,
    score,
)
from visloop.evaluate.kinds.every import task_of
from visloop.evaluate.study.making import Material, study

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def nothing(tmp_path):
    """A store that holds no picture."""
    blobs = store.PackBlobs(tmp_path / "blobs")
    yield blobs
    blobs.close()


def page_of(blobs, answers, champion=None) -> tuple[str, object]:
    pictures = samples(answers.n, np.random.default_rng(5))
    studied = study(Material(answers, pictures), blobs, 1)
    scores = score(answers, resamples=50)
    report = Report(
        id="report-1",
        model="net@v2",
        package="0" * 64,
        contract="0" * 64,
        data=f"{NASTY}@v1:test",
        root="0" * 64,
        scores=scores,
        answers="0" * 64,
        left_out={"no label": 3},
        trained_on=2,
        unknown_classes=(),
        images_per_s=1.0,
        task=task_of(answers),
    )
    goals = [
        Goal("accuracy", 0.99, None, ""),
        Goal("map50", 0.1, None, ""),
        Goal("mae", None, 9, ""),
    ]
    beside = [
        *beside_simplest(answers),
        *(beside_champion("champion net@v1", answers, champion) if champion else ()),
        *beside_goals(scores, goals),
    ]
    return report_page(report, studied, (), beside, lambda _image: b"picture"), studied


def some(seed: int, right: float):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(0).integers(0, 3, 120)
    said = np.where(rng.random(120) < right, truth, (truth + 1) % 3)
    return classified(truth, said, ("hat", NASTY, "shoes"))


@pytest.mark.parametrize(
    ("answers", "champion", "told"),
    [
        (some(1, 0.8), some(2, 0.5), ["Reliability", "better", "missed", "taken for", "Worst"]),
        (
            cells(3, noise_px=6),
            cells(4, noise_px=12),
            ["Errors", "missed", "size of object", "met"],
        ),
        (masks(1, 0.8), masks(2, 0.6), ["mean IoU", "better", "cat IoU"]),
        (numbers(1, 0.5), numbers(2, 2.0), ["mean absolute error", "always", "met"]),
    ],
    ids=["classes", "boxes", "masks", "numbers"],
)
def test_a_report_tells_everything_in_one_file(answers, champion, told, nothing):
    page, studied = page_of(nothing, answers, champion)
    for words in (*told, "no label", "2 of these pictures were trained on", "Slices"):
        assert words in page, words
    assert NASTY not in page, "names are shown, not run"
    assert "http" not in page.replace("http-equiv", "")
    assert studied.worst[0].loss >= studied.worst[-1].loss


def test_a_picture_is_in_the_file_once(nothing):
    page, studied = page_of(nothing, some(1, 0.7))
    shown = {each.image for each in studied.worst}
    assert len(shown) > 10
    assert page.count("<image ") <= len(shown) + sum(len(c.pictures) for c in studied.confused)
    assert page.count("<use ") > 0, "the worst pictures are those of mistakes, too"


def test_figures_are_held_against_the_simplest_answer_and_what_was_promised():
    answers = some(1, 0.9)
    (majority,) = beside_simplest(answers)
    assert majority.verdict == "better"
    assert majority.interval[0] < majority.gain < majority.interval[1]
    assert majority.gain == pytest.approx(majority.ours - majority.theirs)
    same = list(beside_champion("champion", answers, answers))
    assert {row.verdict for row in same} == {"no difference shown"}
    rows = list(
        beside_goals(
            score(answers, resamples=50),
            [
                Goal("accuracy", 0.5, None, "why"),
                Goal("log_loss", None, 1e-9, ""),
                Goal("map50", 0.5, None, ""),
            ],
        )
    )
    assert [row.verdict for row in rows] == ["met", "missed", "not measured"]
    assert list(beside_simplest(cells(1, noise_px=2, pictures=4))) == []
    assert list(beside_champion("champion", answers, masks(1, 0.9))) == []
