"""Runs of scripts: curves, files, filters, what they ran in."""

from __future__ import annotations

import contextlib
import math
import subprocess

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop import app, store, train
from visloop.errors import UsageError
from visloop.events import Scope
from visloop.train import Opening, Order, Point, Report, Search, parse_name, parse_where
from visloop.train.tracking.points import thinned

SCOPE = Scope()


@pytest.fixture(scope="module")
def clock():
    return store.FakeClock()


@pytest.fixture(scope="module")
def ports(tmp_path_factory, clock):
    root = tmp_path_factory.mktemp("tracked")
    app.create(root, clock=clock)
    opened = app.open_ports(root, clock=clock)
    yield opened
    app.close_ports(opened)


def begin(ports, **said):
    return train.start(ports.train, SCOPE, Opening(**said)).id


def log(ports, run, *points):
    said = Report(points=[Point(key, value, step, 1.0 * step) for key, value, step in points])
    train.report(ports.train, SCOPE, run, said)


def test_a_curve_of_100_000_points_is_small_and_drawn_with_its_spikes(ports):
    run = begin(ports)
    values = np.sin(np.arange(100_000) / 5_000)
    values[77_777] = 40.0
    for at in range(0, 100_000, 5_000):
        log(ports, run, *(("loss", float(values[i]), i) for i in range(at, at + 5_000)))
    train.end(ports.train, SCOPE, run, "done")
    (curve,) = train.curves(ports.train, SCOPE, [run], shown=400)
    assert curve.n == 100_000
    assert len(curve.steps) <= 400
    assert max(curve.values) == 40.0
    assert (curve.steps[0], curve.steps[-1]) == (0, 99_999)
    assert list(curve.steps) == sorted(curve.steps)
    (whole,) = train.curves(ports.train, SCOPE, [run], shown=None)
    assert whole.values == tuple(values.tolist())
    with ports.ledger.read() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT count(*), sum(length(points)) FROM run_points WHERE run = '{run}'"
        ).one()
    assert rows[0] <= 25
    assert rows[1] == 24 * 100_000
    assert train.show_run(ports.train, SCOPE, run).run.metrics == {"loss": float(values[-1])}


@given(
    st.lists(st.floats(allow_nan=True, width=32), min_size=1, max_size=300),
    st.integers(4, 60),
)
def test_thinning_keeps_ends_and_extremes(values, points):
    rows = np.zeros(len(values), [("step", "<i8"), ("time", "<f8"), ("value", "<f8")])
    rows["step"], rows["value"] = np.arange(len(values)) * 3, values
    shown = thinned(rows, points)
    assert len(shown) <= max(points, 4)
    assert shown["step"][0] == 0
    assert shown["step"][-1] == rows["step"][-1]
    if len(values) > points and not np.isnan(values).all():
        assert np.nanmax(shown["value"]) == np.nanmax(values)
        assert np.nanmin(shown["value"]) == np.nanmin(values)


def test_numbers_that_are_none_come_back_as_they_were(ports):
    run = begin(ports)
    log(ports, run, ("a", math.nan, 0), ("b", math.inf, 0), ("c", 1.5, 4), ("c", 9.0, 2))
    curves = {each.key: each for each in train.curves(ports.train, SCOPE, [run])}
    assert math.isnan(curves["a"].values[0])
    assert curves["b"].values == (math.inf,)
    assert curves["c"].steps == (2, 4)
    metrics = train.show_run(ports.train, SCOPE, run).run.metrics
    assert metrics == {"a": None, "b": None, "c": 1.5}  # the newest by step


def test_a_run_that_says_nothing_any_more_is_lost_until_it_speaks(ports, clock):
    run = begin(ports, alive_s=30.0)
    assert train.show_run(ports.train, SCOPE, run).run.status == "running"
    clock.advance(31)
    assert train.show_run(ports.train, SCOPE, run).run.status == "lost"
    lost = train.search(ports.train, SCOPE, Search(where=parse_where("status = lost")))
    assert run in [each.id for each in lost.runs]
    train.report(ports.train, SCOPE, run, Report(alive_s=30.0))
    assert train.show_run(ports.train, SCOPE, run).run.status == "running"
    train.end(ports.train, SCOPE, run, "failed", error={"code": "Boom", "what": "x", "fix": ""})
    ended = train.end(ports.train, SCOPE, run, "done", cpu_s=2.5)  # too late, but the cost is news
    assert (ended.status, ended.error["code"], ended.cpu_s) == ("failed", "Boom", 2.5)


def test_files_of_a_run(ports, tmp_path):
    run = begin(ports)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "big.bin").write_bytes(b"x" * 100_000)
    for name in ("empty.txt", "big.bin"):
        train.save_artifact_file(ports.train, SCOPE, run, f"out/{name}", tmp_path / name)
    train.save_artifact(ports.train, SCOPE, run, "./notes.md", b"one")
    train.save_artifact(ports.train, SCOPE, run, "notes.md", b"two")
    files = train.artifacts_of(ports.ledger, SCOPE, run)
    assert [each.path for each in files] == ["notes.md", "out/big.bin", "out/empty.txt"]
    assert ports.blobs.get(files[0].digest) == b"two"
    assert [name for name, _ in train.artifacts_in(files, "")] == ["notes.md", "out"]
    for bad in ("../up", "/root", "a/../../b", "a\\b", "a\0b", "", "x" * 501):
        with pytest.raises(UsageError):
            train.save_artifact(ports.train, SCOPE, run, bad, b"")
    with pytest.raises(train.ArtifactNotFound, match=r"notes\.txt") as told:
        train.artifact_of(ports.ledger, SCOPE, run, "notes.txt")
    assert "notes.md" in told.value.fix


def test_runs_are_filtered_and_sorted(ports):
    for place in range(6):
        run = begin(
            ports,
            experiment="sweep",
            params={"lr": str(0.1 * place), "net": "big" if place % 2 else "small"},
            tags={"who me": "x"} if place < 2 else {},
        )
        if place:
            log(ports, run, ("acc", 0.5 + 0.05 * place, 3), ("odd/name-1", 1.0, 0))

    def asked(where, sort="", limit=100):
        order = (Order(parse_name(sort.lstrip("-")), sort.startswith("-")),) if sort else ()
        ask = Search(where=parse_where(where), order=order, limit=limit, experiments=("sweep",))
        return train.search(ports.train, SCOPE, ask)

    assert asked("").total == 6
    assert asked("metrics.acc > 0.61 and params.net = 'small'").total == 1
    assert asked("metrics.acc >= 0.6 AND params.lr <= 0.35").total == 2
    assert asked("metrics.`odd/name-1` = 1").total == 5
    assert asked('tags."who me" = "x"').total == 2
    assert asked("tags.`who me` is null").total == 4
    assert asked("params.net like 'b%'").total == 3
    assert asked("params.net in ('small', 'none')").total == 3
    assert asked("status = running and attributes.experiment = sweep").total == 6
    best = asked("", "-metrics.acc")
    assert [each.metrics.get("acc") for each in best.runs][:2] == [0.75, 0.7]
    assert "acc" not in best.runs[-1].metrics  # those that lack it come last, either way
    assert "acc" not in asked("", "metrics.acc").runs[-1].metrics
    assert [each.params["lr"] for each in asked("", "params.lr", limit=2).runs] == ["0.0", "0.1"]


@pytest.mark.parametrize(
    "text",
    ["metrics.acc >", "acc = 1 1", "metrics = 1", "status", "a = 'b", "tags.x in (1", "x" * 9_000],
)
def test_a_filter_that_cannot_be_read_says_where(text):
    with pytest.raises(UsageError) as told:
        parse_where(text)
    assert told.value.fix


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_error_of_ours(text):
    with contextlib.suppress(UsageError):
        parse_where(text)


def test_the_diff_of_the_code_holds_what_is_new_and_no_secret(tmp_path):
    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "train.py").write_text("lr = 0.1\n")
    (tmp_path / ".gitignore").write_text("data/\n")
    git("add", ".")
    git("commit", "-qm", "first")
    assert train.code_diff(tmp_path) is None
    (tmp_path / "train.py").write_text("lr = 0.2\npassword = 'hunter2hunter2'\n")
    (tmp_path / "new.py").write_text("print(1)\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("ignored")
    (tmp_path / ".env").write_text("KEY=very-private")
    (tmp_path / "big.bin").write_bytes(b"\0" * 200_000)
    patch = train.code_diff(tmp_path).decode()
    assert "+lr = 0.2" in patch
    assert "+++ b/new.py" in patch
    assert "+print(1)" in patch
    assert "200000 bytes: left out" in patch
    assert "left out: looks like a secret" in patch
    for never in ("hunter2", "very-private", "ignored\n", "data/x.txt"):
        assert never not in patch


def test_experiments_gather_runs(ports):
    made = train.make_experiment(ports.train, SCOPE, "Wear, 2nd try")
    assert train.make_experiment(ports.train, SCOPE, "Wear, 2nd try").number == made.number
    run = begin(ports, experiment="Wear, 2nd try")
    train.change_experiment(ports.train, SCOPE, made.number, name="wear")
    assert train.show_run(ports.train, SCOPE, run).run.experiment == "wear"
    (row,) = [e for e in train.list_experiments(ports.train, SCOPE) if e.name == "wear"]
    assert (row.number, row.runs) == (made.number, 1)
    with pytest.raises(UsageError):
        begin(ports, experiment=" ")


def test_the_environment_names_every_package_and_the_processor():
    found = msgspec.json.decode(train.environment_file())
    assert found["packages"]["msgspec"] == msgspec.__version__
    assert len(found["packages"]) > 30
    assert set(found["cpu"]) == {"model", "features"}
