"""The circle on real photographs: learnt, served, cameras fail, alarm, labels, a better model.

Who may see which picture stands in `wardrobe`. The figures are printed (pytest -s) and recorded.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.journey import wardrobe
from tests.journey.corruptions import BROKEN
from tests.journey.wardrobe import SEED, WINDOW, Circle, Gain, Picture, copies, opened, paired
from visloop import app, infer, vision
from visloop.observe.detectors import Features, Profile, window_test
from visloop.observe.reference import of_package

pytestmark = [pytest.mark.shared, pytest.mark.slow]

FIRST, HEALED = "wardrobe@v1", "wardrobe@v2"
WINDOWS = 2000


@dataclass(frozen=True)
class Story:
    """What happened, in order."""

    circle: Circle
    first: Any
    calm: list[dict[str, Any]]
    drifted: list[dict[str, Any]]
    alert: dict[str, Any]
    captured: dict[str, int]
    labels: int
    cycle: dict[str, Any]
    broken: Gain
    by_camera: dict[str, Gain]
    clean: dict[str, Gain]
    after: list[dict[str, Any]]
    live: int

    @property
    def served_clean(self) -> int:
        return len(self.circle.stream)


@pytest.fixture(scope="module")
def story(shared_data, tmp_path_factory) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("clothing") / "workspace"
    with opened(root, shared_data / "clothing") as circle:
        yield _tell(circle, shared_data / "clothing")


def _tell(circle: Circle, clothing) -> Story:
    first = _first_model(circle, clothing)
    with circle.up():
        circle.send("clean", circle.stream)
        calm = circle.windows(FIRST, len(circle.stream))
        broken = copies(circle.stream, SEED)
        circle.send("broken", broken)
        drifted = circle.windows(FIRST, len(circle.stream) + len(broken))
        alert = circle.ask(app.alerts_list).rows[-1]
        captured = circle.ask(app.monitor, name="rack").captured
        labels = circle.label([*circle.stream, *broken]).accepted
        cycle = circle.cycle()
        gains, by_camera, clean = _exams(circle)
        fresh = copies(circle.fresh, SEED)
        circle.send("healed", fresh)
        after = circle.windows(HEALED, len(fresh))
        live = circle.ask(app.alerts_list, state="open").count
    return Story(
        circle, first, calm, drifted, alert, captured, labels, cycle, gains, by_camera, clean,
        after, live,
    )  # fmt: skip


def _first_model(circle: Circle, clothing) -> Any:
    circle.ask(app.add, paths=(str(clothing / "train"),), to="clothes")
    circle.ask(app.split, dataset="clothes", shares={"train": 0.85, "test": 0.15}, seed=SEED)
    circle.ask(app.commit, dataset="clothes", message="the catalogue")
    circle.ask(app.train, ref="clothes@v1", model="wardrobe", seed=SEED)
    circle.ask(app.add, paths=(str(clothing / "test"),), to="exam")
    circle.ask(app.commit, dataset="exam", message="never learnt from")
    report = circle.ask(app.evaluate, model=FIRST, on="exam@v1")
    assert circle.ask(app.gate, model=FIRST).verdict == "pass"
    circle.ask(app.model_promote, ref=FIRST)
    circle.ask(app.deploy, model=FIRST, as_="rack", wait_s=0)
    circle.ask(app.loop_start)
    return report


def _exams(circle: Circle) -> tuple[Gain, dict[str, Gain], dict[str, Gain]]:
    """Before and after on pictures that neither model learnt from."""
    copied = circle.exam("fresh-broken", copies(circle.fresh, SEED))
    before, after = (circle.answers(model, copied) for model in (FIRST, HEALED))
    by_camera = {
        camera: paired(
            *({k: v for k, v in each.items() if camera in k} for each in (before, after))
        )
        for camera in BROKEN
    }
    clean = {}
    exam = circle.exam("fresh-clean", circle.fresh)
    fresh = [circle.answers(model, exam) for model in (FIRST, HEALED)]
    own = [circle.answers(model, "clothes@v1:test") for model in (FIRST, HEALED)]
    clean["fresh"] = paired(*fresh)
    clean["gate"] = paired(*own)
    clean["both"] = paired(fresh[0] | own[0], fresh[1] | own[1])
    return paired(before, after), by_camera, clean


def _note(record: Any, **figures: object) -> None:
    for name, value in figures.items():
        record(name, str(value))
        print(f"{name}: {value}")


def test_the_first_model_is_good_on_pictures_that_it_never_saw(story, record_property):
    report = story.first
    _note(
        record_property,
        top_1=report.metrics["accuracy"],
        interval=report.intervals["accuracy"],
        n=report.n,
        calibration_error=report.metrics["calibration_error"],
    )
    assert (report.n, report.trained_on) == (186, 0)
    assert report.metrics["accuracy"] >= 0.80
    assert report.metrics["calibration_error"] < 0.10


def test_clean_traffic_raises_no_alarm(story):
    assert [each["alarm"] for each in story.calm] == [False]
    assert story.alert["first_image"] > WINDOW


def test_the_alarm_comes_within_a_hundred_pictures_and_says_why(story, record_property):
    late = story.alert["last_image"] - story.served_clean
    _note(record_property, alarm_after=late, what=story.alert["what"])
    assert 0 < late <= 100
    assert "blur" in story.alert["what"]


@pytest.fixture(scope="module")
def watch(story) -> tuple[Profile, dict[str, Features]]:
    """The running monitor's reference, and the answers of the served model to every camera."""
    package = story.circle.package(FIRST)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    held_out = [*story.circle.stream, *story.circle.fresh]
    seen = {"file": _seen(predictor, held_out)}
    for camera in ("good", "encoder", *BROKEN):
        seen[camera] = _seen(predictor, [each.by(camera) for each in held_out])
    return of_package(package, window=WINDOW), seen


def _seen(predictor: infer.Predictor, served: Sequence[Picture]) -> Features:
    """As serving records it."""
    pixels = [infer.decode(each.data, predictor.contract) for each in served]
    tensors = [infer.to_tensor(each, predictor.contract)[None] for each in pixels]
    outputs = [predictor.run(each) for each in tensors]
    return Features(
        statistics=np.stack([vision.image_statistics(each) for each in pixels]),
        probabilities=np.concatenate([each.probabilities for each in outputs]),
        embedding=np.concatenate([each.embedding for each in outputs]).astype(np.float16),
        classes=predictor.contract.classes,
    )


def _redrawn(profile: Profile, seen: Features, windows: int) -> np.ndarray:
    """p of windows drawn anew from the same pictures."""
    rng = np.random.default_rng(SEED)
    drawn = (rng.permutation(len(seen))[:WINDOW] for _ in range(windows))
    return np.array([window_test(profile, seen.take(rows)).p for rows in drawn])


def _share(alarms: np.ndarray) -> str:
    interval = stats.binomtest(int(alarms.sum()), len(alarms)).proportion_ci()
    return f"{alarms.mean():.4f} [{interval.low:.4f}, {interval.high:.4f}] of {len(alarms)}"


def test_windows_of_clean_pictures_alarm_at_the_nominal_rate(watch, record_property):
    """The monitor's own reference, windows of 50 redrawn from 186 pictures: they overlap, so they are
    not independent, and all share what the two folders differ by."""
    profile, seen = watch
    p = {camera: _redrawn(profile, seen[camera], WINDOWS) for camera in ("file", "good", "encoder")}
    for alpha, most in ((0.05, 0.055), (0.01, 0.012)):
        _note(record_property, **{f"{k} at {alpha}": _share(v <= alpha) for k, v in p.items()})
        assert (p["file"] <= alpha).mean() <= most


def test_reference_and_window_from_disjoint_parts_of_the_held_out_pictures(watch, record_property):
    """Both answered by the model that serves, drawn anew each time."""
    seen = watch[1]["file"]
    rng, p = np.random.default_rng(SEED), []
    for seed in range(60):
        drawn = rng.permutation(len(seen))
        profile = Profile.build(seen.take(drawn[WINDOW:]), sizes=(WINDOW,), draws=400, seed=seed)
        p.append(window_test(profile, seen.take(drawn[:WINDOW])).p)
    alarms = np.array(p) <= 0.05
    _note(record_property, disjoint=_share(alarms))
    assert alarms.sum() <= stats.binom.ppf(0.999, len(p), 0.05)


@pytest.mark.parametrize("camera", BROKEN)
def test_each_broken_camera_alone_is_noticed_in_one_window(watch, camera, record_property):
    profile, seen = watch
    alarms = _redrawn(profile, seen[camera], 200) <= 0.01
    _note(record_property, **{camera: _share(alarms)})
    assert alarms.mean() >= 0.95


def test_the_loop_turns_by_itself_from_labels_to_champion(story, record_property):
    cycle = story.cycle
    _note(
        record_property,
        captured=story.captured,
        labels=story.labels,
        heal_s=cycle["time_to_heal_s"],
    )
    assert (cycle["state"], cycle["verdict"], cycle["model"]) == ("done", "pass", HEALED)
    assert cycle["because"]["labels"] == story.labels >= 220
    champion = story.circle.ask(app.model_show, ref="wardrobe@champion").model
    assert champion["version"]["ref"] == HEALED


def test_the_new_model_is_better_on_fresh_broken_pictures(story, record_property):
    _note(record_property, broken=story.broken, **story.by_camera)
    assert story.broken.n == 93
    assert story.broken.low > 0
    served = float(np.mean(story.circle.right["healed"]))
    assert served == pytest.approx(story.broken.after, abs=0.02)


def test_and_loses_little_on_clean_ones(story, record_property):
    _note(record_property, **story.clean)
    assert story.clean["both"].gain >= -0.02
    assert story.clean["fresh"].high >= -0.02


def test_afterwards_the_broken_cameras_are_the_new_normal(story, record_property):
    _note(record_property, p=[round(each["p"], 3) for each in story.after])
    assert sum(each["alarm"] for each in story.after) <= 1
    assert story.live == sum(each["alarm"] for each in story.after)


def test_halves_and_copies_are_what_the_docs_say():
    fifty = [Picture(b"", label, f"{label}/{n}") for label in "ab" for n in range(25)]
    first, second = wardrobe.halves(fifty, SEED)
    assert not {each.source for each in first} & {each.source for each in second}
    assert sum(each.label == "a" for each in first) == 12
    assert wardrobe.halves(random.Random(1).sample(fifty, 50), SEED) != (first, second)
