from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.unit.observe_parts import NAME, SCOPE, Line, built
from visloop import data, label, observe, serve, store
from visloop.errors import LeaseLost, UsageError
from visloop.ids import Ref, digest_of
from visloop.observe.detectors import Features
from visloop.serve import tables


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return built(tmp_path_factory.mktemp("template"))


@pytest.fixture
def line(template, tmp_path):
    line = Line(tmp_path / "ws", copy_of=template)
    line.deploy()
    yield line
    line.close()


def summary(line) -> observe.Summary:
    return observe.summary(line.observe, SCOPE, NAME)


def test_calm_traffic_fills_windows_and_nothing_alarms(line):
    line.send(20)
    assert line.tick().windows == 0
    assert summary(line).state == "filling"
    line.send(50, start=2000)
    assert line.tick() == observe.TickResult(looked_at=50, windows=2)
    seen = summary(line)
    assert (seen.state, seen.alerts, seen.captured) == ("calm", (), {"today": 0})
    assert [(w.first_image, w.last_image, w.n) for w in seen.windows] == [(1, 30, 30), (31, 60, 30)]
    assert seen.windows[0].mean_confidence > 0.5
    assert set(seen.windows[0].families) == {"statistics", "softmax", "embedding", "classes"}
    assert line.tick() == observe.TickResult()


def test_dark_pictures_open_one_alert_in_words_and_go_to_the_queue(line):
    line.send(30)
    line.send(60, "dark", start=2000)
    done = line.tick()
    assert (done.windows, done.alarms, done.captured) == (3, 2, 60)
    (alert,) = observe.list_alerts(line.observe, SCOPE)
    assert alert.id == done.alert
    assert "pictures got darker (brightness −" in alert.what
    assert (alert.state, alert.windows) == ("open", 2)
    assert (alert.first_image, alert.last_image) == (31, 60)
    (fact,) = line.facts("alert.opened")
    assert (fact.subject, fact.payload["deployment"]) == (alert.id, NAME)
    assert (fact.seq, fact.payload["what"]) == (alert.opened_fact, alert.what)
    queue = line.queue()
    assert len(queue) == 60
    assert {task.reasons for task in queue} == {(f"alarm {alert.id}",)}
    assert queue[0].model == "net@v1"
    assert line.blobs.get(queue[0].image)[:4] == b"\x89PNG"
    assert (queue[0].candidate.width, queue[0].candidate.height) == (96, 80)
    assert summary(line).captured == {"alarm": 60, "today": 60}


def test_an_alert_is_acknowledged_closed_and_opened_anew_by_the_next_alarm(line):
    line.send(30, "dark")
    first = line.tick().alert
    assert observe.acknowledge(line.observe, SCOPE, first).acknowledged_by == "user:owner"
    assert summary(line).state == "acknowledged"
    line.send(30, "dark", start=2000)
    assert line.tick().alert == first
    closed = observe.close_alert(line.observe, SCOPE, first, because="lamp changed")
    assert (closed.state, closed.because) == ("closed", "lamp changed")
    assert observe.close_alert(line.observe, SCOPE, first) == closed
    assert observe.open_alert(line.observe, SCOPE, NAME) is None
    line.send(30, "dark", start=3000)
    second = line.tick().alert
    assert second not in {None, first}
    assert [a.id for a in observe.list_alerts(line.observe, SCOPE)] == [second, first]
    kinds = [f.kind for f in line.facts() if f.kind.startswith("alert.")]
    assert kinds == ["alert.opened", "alert.acknowledged", "alert.closed", "alert.opened"]
    with pytest.raises(observe.AlertNotFound, match="no alert 'x'"):
        observe.acknowledge(line.observe, SCOPE, "x")
    with pytest.raises(UsageError, match="never 'opne'") as error:
        observe.list_alerts(line.observe, SCOPE, state="opne")
    assert "open" in error.value.fix


def test_unsure_and_strange_pictures_are_captured_each_once_with_its_reason(line):
    line.send(25)
    assert line.tick(below_confidence=1.01).captured == 25
    tasks = line.queue()
    assert all(task.reasons[0].startswith("uncertain ") for task in tasks)
    priorities = [task.priority for task in tasks]
    assert priorities == sorted(priorities, reverse=True)
    assert label.next_task(line.label, SCOPE).id == tasks[0].id
    line.send(25)  # the same pictures again
    assert line.tick(below_confidence=1.01).captured == 0
    line.send(4, "dark", start=500)
    assert line.tick(above_outlier=0.7).captured >= 3
    assert {task.reasons[0].split()[0] for task in line.queue()} == {"uncertain", "outlier"}


def test_a_small_random_share_is_captured_and_always_the_same(line):
    ids = line.send(200)
    line.tick(random_share=0.1, window=1000)
    drawn = {task.prediction for task in line.queue()}
    assert 8 <= len(drawn) <= 35
    assert drawn < set(ids)
    assert all(task.reasons == ("random",) for task in line.queue())


def test_the_daily_limit_holds_across_ticks_and_begins_anew_the_next_day(line):
    line.send(30, "dark")
    assert line.tick(daily_limit=12).captured == 12
    line.send(30, "dark", start=2000)
    assert line.tick(daily_limit=12).captured == 0
    line.clock.advance(24 * 3600)
    line.send(30, "dark", start=3000)
    assert line.tick(daily_limit=12).captured == 12
    assert summary(line).captured == {"alarm": 24, "today": 12}


def test_pictures_that_the_data_set_holds_are_not_asked_about(line):
    served = [
        sample.image for sample in data.open(line.workspace.data, Ref.parse("shapes@v1")).samples()
    ][:5]
    rows = [line._answer(line.blobs.get(image), spooled=True) for image in served]
    line.spool.flush()
    line.ledger.append(tables.predictions, rows)
    assert line.tick(below_confidence=1.01).captured == 0
    assert line.queue() == []


def test_answers_that_the_spool_has_let_go_of_are_counted_and_passed_over(line):
    line.send(10)
    line.send(7, start=2000, spooled=False)
    line.send(20, start=3000)
    done = line.tick()
    assert (done.looked_at, done.missed, done.windows) == (37, 7, 1)
    (window,) = summary(line).windows
    assert (window.first_image, window.last_image, window.n) == (1, 37, 30)
    assert observe.monitor(line.observe, SCOPE, NAME).missed == 7


def test_a_long_gap_in_the_spool_does_not_hold_windows_up(line):
    line.send(300, spooled=False)
    assert line.tick().missed == 300
    line.send(30, start=2000)
    assert line.tick().windows == 1
    (window,) = summary(line).windows
    assert (window.first_image, window.last_image) == (301, 330)


def test_without_a_data_set_nothing_is_captured(line):
    line.send(30, "dark")
    done = line.tick(dataset="")
    assert (done.alarms, done.captured) == (1, 0)


def test_a_new_model_is_compared_with_its_own_held_out_answers(line):
    line.send(20)
    line.tick()
    line.workspace.train("shapes@v1:train", model_name="net", seed=3, params={"folds": "3"})
    line.deploy("net@v2")
    line.send(30, start=2000)
    assert line.tick().windows == 1
    (window,) = summary(line).windows
    assert (window.model, window.first_image, window.last_image) == ("net@v2", 21, 50)
    because = [
        (f.payload["model"], f.payload["because"]) for f in line.facts("monitor.reference_set")
    ]
    assert because == [("net@v1", "deployed"), ("net@v2", "deployed")]


def test_after_a_rebase_the_new_world_is_normal_and_its_alert_is_closed(line):
    line.send(60, "dark")
    alert = line.tick().alert
    line.workspace.train("shapes@v1:train", model_name="net", seed=3, params={"folds": "3"})
    model = line.deploy("net@v2")
    digest = observe.rebase(line.observe, SCOPE, NAME, model)
    assert line.blobs.has(digest)
    assert observe.rebase(line.observe, SCOPE, NAME, model) == digest
    (fact,) = line.facts("monitor.rebased")
    assert fact.payload == {"model": "net@v2", "profile": digest, "pictures": 60}
    (closed,) = observe.list_alerts(line.observe, SCOPE)
    assert (closed.id, closed.state, closed.because) == (alert, "closed", "rebased on net@v2")
    line.send(60, "dark", start=5000)
    assert line.tick() == observe.TickResult(looked_at=60, windows=2)
    assert [w.first_image for w in summary(line).windows][-2:] == [61, 91]
    line.send(30, start=7000)  # and the old world is the strange one
    assert line.tick().alarms == 1


def test_a_rebase_does_not_mix_the_old_world_into_the_new_one(line):
    line.send(90)
    line.send(60, "dark", start=2000)
    line.tick()
    line.workspace.train("shapes@v1:train", model_name="net", seed=3, params={"folds": "3"})
    observe.rebase(line.observe, SCOPE, NAME, line.deploy("net@v2"))
    (fact,) = line.facts("monitor.rebased")
    assert fact.payload["pictures"] == 60
    line.send(60, "dark", start=5000)
    assert (line.tick().windows, summary(line).state) == (2, "calm")


def test_the_null_of_another_window_size_is_simulated_once(line):
    line.send(100)
    line.tick(window=30)
    first = observe.monitor(line.observe, SCOPE, NAME).profile
    line.tick(window=10)
    second = observe.monitor(line.observe, SCOPE, NAME).profile
    line.send(40, start=3000)
    line.tick(window=10)
    assert first != second == observe.monitor(line.observe, SCOPE, NAME).profile


def test_a_rebase_without_pictures_takes_the_models_own_held_out_answers(line):
    line.send(10)
    digest = observe.rebase(line.observe, SCOPE, NAME, line.model)
    (fact,) = line.facts("monitor.rebased")
    assert (fact.payload["profile"], fact.payload["pictures"]) == (digest, 0)
    line.send(30, start=2000)
    assert line.tick().windows == 1


def test_a_profile_set_by_hand_stays(line):
    line.send(45)
    line.tick(window=1000)
    profile = observe.build_profile(reference_of(line), window=30)
    model, package = line.model.ref, line.model.package
    arguments = {"model": model, "package": package, "because": "by hand"}
    digest = observe.set_reference(line.observe, SCOPE, NAME, profile, **arguments)
    assert observe.set_reference(line.observe, SCOPE, NAME, profile, **arguments) == digest
    line.tick()
    assert observe.monitor(line.observe, SCOPE, NAME).profile == digest
    assert len(line.facts("monitor.reference_set")) == 2


def reference_of(line):
    kept = [
        serve.captured(line.spool, row)
        for row in serve.predictions(line.serve, SCOPE, NAME, limit=None)
    ]
    return Features(
        np.stack([each.statistics_array() for each in kept]),
        np.stack([each.probabilities_array() for each in kept]),
        np.stack([each.embedding_array() for each in kept]),
    )


def test_a_tick_without_its_claim_changes_nothing(line):
    jobs = store.Jobs(line.ledger, line.clock)
    claim = jobs.hold("one", "observe", NAME, 5.0)
    line.tick(fence=claim)
    line.send(30, "dark")
    line.clock.advance(60)
    assert jobs.hold("two", "observe", NAME, 5.0) is not None
    with pytest.raises(LeaseLost):
        line.tick(fence=claim)
    assert (line.queue(), summary(line).windows) == ([], ())


def test_two_ticks_at_once_do_the_work_once(line):
    line.tick()
    line.send(120, "dark")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: line.tick(), range(4)))
    assert sum(each.captured for each in done) == 120
    assert sum(each.windows for each in done) == 4
    check_whole(line, pictures=120)


TICKS = """
import sys
from pathlib import Path
from tests.unit.observe_parts import Line
line = Line(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    line.tick(random_share=0.5, window=20)
"""


@pytest.mark.slow
def test_a_monitor_killed_at_any_moment_ends_where_one_that_was_not_does(line):
    rng = random.Random(4)
    root = Path(line.workspace.ledger.url.database).parent
    kills = 0
    for round_ in range(12):
        line.send(40, "dark", start=1000 * (round_ + 1))
        worker = subprocess.Popen(
            [sys.executable, "-c", TICKS, str(root)], stdout=subprocess.PIPE, env=os.environ
        )
        assert worker.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.25))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        kills += 1
    line.tick(random_share=0.5, window=20)
    assert kills == 12
    check_whole(line, pictures=480, window=20)
    assert line.ledger.verify().ok


def check_whole(line, *, pictures, window=30):
    """Every picture in exactly one window, captured exactly once, its bytes there, one alert."""
    windows = observe.list_windows(line.observe, SCOPE, NAME, limit=1000)
    spans = [(w.first_image, w.last_image) for w in windows]
    assert spans == [(i + 1, i + window) for i in range(0, pictures, window)]
    assert all(w.alarm for w in windows)
    assert len(line.facts("alert.opened")) == 1
    (alert,) = observe.list_alerts(line.observe, SCOPE)
    assert alert.windows == len(windows)
    queue = line.queue()
    images = {task.image for task in queue}
    assert len(images) == len(queue) == summary(line).captured["today"]
    told = [task for fact in line.facts("label.queued") for task in fact.payload["tasks"]]
    assert sorted(told) == sorted(task.id for task in queue)
    fresh = store.PackBlobs(Path(line.workspace.ledger.url.database).parent / "blobs")
    assert all(digest_of(fresh.get(image)) == image for image in images)
    fresh.close()
    served = {row.image for row in serve.predictions(line.serve, SCOPE, NAME, limit=None)}
    assert images == served
