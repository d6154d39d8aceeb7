"""Batch prediction as a user runs it: what is answered, where it is written, what a kill costs."""

from __future__ import annotations

import csv
import fcntl
import json
import random
import shlex
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from tests import bucket_world
from tests.films import film, frames_of, times_of
from tests.journey.killing import Nursery
from tests.journey.serve_world import BLUE, GREEN, RED, SIZE_PX, network
from tests.unit.test_infer_saying import BOXES, SCORES, always
from visloop import app, data, store
from visloop.app.handlers.predicting.journal import journal
from visloop.errors import NotFound, UsageError, VisloopError
from visloop.faces import cli, sdk

COLOURS = (
    f"resize: {{mode: squash, size_px: {SIZE_PX}, crop_px: null}}\nclasses: [red, green, blue]\n"
)
PETS = (
    "resize: {mode: letterbox, size_hw: [32, 64]}\n"
    "decode: {task: detect, score_threshold: 0.5, nms_iou: 0.5}\nclasses: [cat, dog]\n"
)
PARTS = PETS.replace("detect", "segment").replace(", nms_iou: 0.5", "")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("batch")
    app.create(root)
    planes = np.zeros((3, 32, 64), np.float32)
    planes[0], planes[2, 8:16] = 0.6, 0.9
    models = {
        "colours": (network(), COLOURS),
        "slow": (network(slow=2), COLOURS),
        "pets": (always(boxes=BOXES, scores=SCORES), PETS),
        "parts": (always(masks=planes), PARTS),
    }
    with sdk.local(root) as here:
        for name, (onnx, contract) in models.items():
            (root / f"{name}.onnx").write_bytes(onnx)
            (root / f"{name}.yaml").write_text(contract)
            ask = app.ModelImport(
                file=str(root / f"{name}.onnx"), as_=name, contract=str(root / f"{name}.yaml")
            )
            here.call(app.model_import, ask)
    return root


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures in two folders; one of them is none, one is gone before it can be read."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(12):
        place = folder / ("a", "b")[number % 2] / f"{number % 10}.jpg"
        place.parent.mkdir(exist_ok=True)
        place.with_stem(f"{number}").write_bytes((RED, GREEN, BLUE)[number % 3])
    (folder / "b" / "broken.jpg").write_bytes(b"no picture")
    (folder / "b" / "gone.jpg").symlink_to(folder / "nowhere")
    (folder / "notes.txt").write_text("not asked for")
    return folder


def predict(root: Path, model: str, *sources: object, **fields):
    with sdk.local(root) as here:
        ask = app.Predict(model=model, sources=tuple(map(str, sources)), **fields)
        return here.call(app.predict, ask)


def test_every_picture_of_a_folder_is_answered_once_and_errors_are_named(root, photos):
    done = predict(root, "colours", photos)
    names = [Path(row["file"]).relative_to(photos).as_posix() for row in done.rows]
    assert names == sorted(names)
    assert (done.count, done.failed) == (14, 2)
    assert {(Path(e["file"]).name, e["code"]) for e in done.errors} == {
        ("broken.jpg", "infer.not_an_image"),
        ("gone.jpg", "predict.unreadable"),
    }
    labels = {Path(row["file"]).stem: row.get("label") for row in done.rows}
    assert [labels[str(n)] for n in range(12)] == ["red", "green", "blue"] * 4


def test_patterns_versions_and_single_files_in_one_command(root, photos):
    with sdk.local(root) as here:
        here.call(app.add, app.Add(paths=(str(photos / "a"),), to="a"))
        here.call(app.commit, app.Commit(dataset="a", message="a"))
    done = predict(root, "colours", photos / "**" / "1*.jpg", "a@v1", photos / "b" / "3.jpg")
    assert [Path(r["file"]).name for r in done.rows][:3] == ["10.jpg", "1.jpg", "11.jpg"]
    assert (done.count, done.failed) == (3 + 6 + 1, 0)
    with pytest.raises(NotFound, match="nothing matches"):
        predict(root, "colours", photos / "*.webp")


def test_a_dry_run_counts_and_writes_nothing(root, photos, tmp_path):
    done = predict(root, "colours", photos, out=str(tmp_path / "a.jsonl"), dry_run=True)
    assert (done.count, done.rows) == (14, ())
    assert not list(tmp_path.iterdir())


def test_the_same_answers_in_every_kind_of_file(root, photos, tmp_path):
    out = {kind: tmp_path / f"out.{kind}" for kind in ("jsonl", "csv", "parquet", "json")}
    for place in out.values():
        assert predict(root, "pets", photos / "a", out=str(place)).rows == ()
    rows = [json.loads(line) for line in out["jsonl"].read_text().splitlines()]
    boxes = [box for row in rows for box in row["annotations"]]
    assert len(rows) == 6 < len(boxes)
    assert {(row["width"], row["height"]) for row in rows} == {(64, 64)}
    with out["csv"].open() as file:
        table = list(csv.DictReader(file))
    said = [[float(line[side]) for side in ("x1", "y1", "x2", "y2", "score")] for line in table]
    assert said == [[*box["xyxy"], box["score"]] for box in boxes]
    coco = json.loads(out["json"].read_text())
    assert [(c["category"], c["score"]) for c in coco] == [(b["label"], b["score"]) for b in boxes]
    assert [c["image_id"] for c in coco] == sorted(c["image_id"] for c in coco)
    parquet = pytest.importorskip("pyarrow.parquet")
    assert [r["x1"] for r in parquet.read_table(out["parquet"]).to_pylist()] == [s[0] for s in said]
    assert {each.name for each in tmp_path.iterdir()} == {place.name for place in out.values()}


def test_masks_and_errors_have_their_column_in_a_table(root, photos, tmp_path):
    predict(root, "parts", photos / "b", out=str(tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open() as file:
        table = {Path(line["file"]).name: line for line in csv.DictReader(file)}
    assert table["1.jpg"]["mask"].startswith("64x64 ")
    assert table["broken.jpg"]["error"].startswith("infer.not_an_image: ")
    assert table["broken.jpg"]["mask"] == ""


def test_a_folder_gets_drawn_pictures_and_the_answers(root, photos, tmp_path):
    done = predict(root, "pets", photos, photos / "a" / "0.jpg", out=str(tmp_path / "drawn"))
    drawn = {each.name for each in (tmp_path / "drawn").iterdir()}
    assert drawn == {f"{n}.jpg" for n in range(12)} | {"0-2.jpg", "answers.jsonl"}
    pixels = simplejpeg.decode_jpeg((tmp_path / "drawn" / "0.jpg").read_bytes())
    assert pixels.shape == (64, 64, 3)
    plain = simplejpeg.decode_jpeg((photos / "a" / "0.jpg").read_bytes())
    assert np.abs(pixels.astype(int) - plain).max() > 60
    assert len((tmp_path / "drawn" / "answers.jsonl").read_text().splitlines()) == done.count


def test_the_command_ends_with_1_and_a_table_when_something_was_not_read(root, photos, capsys):
    assert cli.run(["predict", "colours", str(photos / "b"), "--workspace", str(root)]) == 1
    told = capsys.readouterr().out
    assert "broken.jpg  not read" in told
    assert "8 pictures, 2 not read" in told
    assert cli.run(["predict", "colours", str(photos / "a"), "--workspace", str(root)]) == 0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("films") / "clip.mp4", 20)


def test_frames_of_a_film_are_answered_like_the_same_pictures(root, clip, tmp_path):
    every = predict(root, "colours", clip, every=0)
    assert [row["time_s"] for row in every.rows] == [round(t, 3) for t in times_of(clip)]
    some = predict(root, "colours", clip, every=0.2)
    assert [row["time_s"] for row in some.rows] == [0.0, 0.2, 0.4, 0.6]
    with clip.open("rb") as stream, closing(data.open_video(stream)) as reader:
        for pts in reader.marks().times:
            (tmp_path / f"{pts:09}.png").write_bytes(reader.still(pts).png())
    alone = predict(root, "colours", tmp_path).rows
    assert [row["confidence"] for row in alone] == [row["confidence"] for row in every.rows]


def test_a_film_is_written_with_the_answers_drawn_in(root, clip, tmp_path):
    out, told = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    done = predict(root, "pets", clip, video=str(out), out=str(told))
    assert (done.count, done.failed) == (20, 0)
    assert times_of(out) == pytest.approx(times_of(clip), abs=1e-4)
    box = json.loads(told.read_text().splitlines()[0])["annotations"][0]
    x1, y1, _, y2 = (round(side) for side in box["xyxy"])
    plain, drawn = frames_of(clip), frames_of(out)
    for before, after in zip(plain.values(), drawn.values(), strict=True):
        assert before.shape == after.shape
        edge = after[(y1 + y2) // 2, x1].astype(int) - before[(y1 + y2) // 2, x1]
        assert np.abs(edge).max() > 40
    assert {each.name for each in tmp_path.iterdir()} == {"out.mp4", "out.jsonl"}


def test_a_damaged_film_and_two_films_are_told(root, clip, tmp_path):
    (tmp_path / "bad.mp4").write_bytes(clip.read_bytes()[:600])
    done = predict(root, "colours", tmp_path / "bad.mp4", clip)
    assert (done.count, done.failed) == (2, 1)
    with pytest.raises(UsageError, match="one film as the only source"):
        predict(root, "colours", clip, clip, video=str(tmp_path / "out.mp4"))
    with pytest.raises(UsageError, match="no film that is written"):
        predict(root, "colours", clip, video=str(tmp_path / "out.gif"))


def test_films_within_folders_patterns_and_data_sets_are_answered_too(root, clip, tmp_path):
    alone = [row["confidence"] for row in predict(root, "colours", clip, every=0.2).rows]
    folder = tmp_path / "mixed"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(GREEN)
    (folder / "deep" / "b.MP4").write_bytes(clip.read_bytes())
    (folder / "deep" / "cut.mp4").write_bytes(clip.read_bytes()[:600])
    (folder / "gone.mov").symlink_to(folder / "nowhere")
    whole = predict(root, "colours", folder, every=0.2)
    of_film = [row for row in whole.rows if row["file"].endswith("b.MP4")]
    assert [row["time_s"] for row in of_film] == [0.0, 0.2, 0.4, 0.6]
    assert [row["confidence"] for row in of_film] == alone
    assert (whole.count, whole.failed) == (7, 2)
    assert predict(root, "colours", folder, every=0.2, dry_run=True).count == 7
    matched = predict(root, "colours", folder / "**" / "b.*", every=0.2)
    assert [row["confidence"] for row in matched.rows] == alone

    with sdk.local(root) as here:
        here.call(app.add, app.Add(paths=(str(clip),), to="film", frames="every:0.2s"))
        here.call(app.commit, app.Commit(dataset="film", message="a film"))
    kept = predict(root, "colours", "film@v1")
    assert [row["confidence"] for row in kept.rows] == alone


def test_films_in_a_bucket_are_fetched_and_answered(root, clip, tmp_path, monkeypatch):
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "a.jpg").write_bytes(GREEN)
    with bucket_world.server() as endpoint:
        for name, value in bucket_world.environment(endpoint).items():
            monkeypatch.setenv(name, value)
        bucket_world.upload(endpoint, tmp_path, "line")
        rows = predict(root, "colours", "s3://line", every=0.2).rows
    alone = predict(root, "colours", clip, every=0.2).rows
    assert [row["file"].rpartition("/")[2] for row in rows] == ["a.jpg"] + ["clip.mp4"] * 4
    assert [row["confidence"] for row in rows[1:]] == [row["confidence"] for row in alone]


def test_killed_again_and_again_it_writes_the_same_file(root, tmp_path, nursery: Nursery):
    rng = random.Random(5)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(60):
        (many / f"{number:02}.jpg").write_bytes(rng.choice((RED, GREEN, BLUE)))
    predict(root, "slow", many, out=str(tmp_path / "whole"))
    killed, out = 0, tmp_path / "killed"
    journal = out / ".answers.part"

    def size() -> int:
        return journal.stat().st_size if journal.exists() else 0

    words = ("predict", "slow@v1", str(many), "--out", str(out))
    while killed < 3:  # one that came too late found it finished, and the next begins again
        killed += nursery.command(root, *words).kill_at(size, rng.randint(2, 12))
    (before,) = batches(root, out)
    assert before["state"] == "cut off"
    assert before["done"] < before["total"] == 60
    assert shlex.split(before["command"])[1:] == [*words]
    told = nursery.run(root, *words)
    assert told["count"] == 60 >= told["resumed"] >= before["done"]
    (after,) = batches(root, out)
    assert (after["state"], after["done"], after["failed"]) == ("done", 60, 0)
    assert after["resumed"] == told["resumed"]
    assert _content(out) == _content(tmp_path / "whole")


def batches(root: Path, out: Path) -> list[dict]:
    with sdk.local(root) as here:
        rows = here.call(app.batches, app.Batches(model="slow@v1")).rows
    return [row for row in rows if row["out"] == str(out)]


def _content(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_who_looks_at_a_batch_for_a_moment_does_not_stop_it(tmp_path):
    path = tmp_path / "a.part"
    with journal(path, {"format": 1}, fresh=False) as kept:
        kept.add({"file": "a.jpg"})
    held = path.open("rb")
    fcntl.flock(held, fcntl.LOCK_SH)
    looks = threading.Timer(0.05, held.close)
    looks.start()
    with journal(path, {"format": 1}, fresh=False) as kept:
        assert kept.done == 1
    looks.join()


@pytest.fixture
def begun(root, photos, tmp_path):
    """Where a prediction was cut off in the middle of its third row."""
    out = tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl.tmp").mkdir()  # the finished file cannot be written: the journal stays
    with pytest.raises(IsADirectoryError):
        predict(root, "colours", photos / "a", out=str(out))
    (tmp_path / "out.jsonl.tmp").rmdir()
    journal = tmp_path / "out.jsonl.part"
    head, *rows = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(head + b"".join(rows[:2]) + rows[2][:9])
    return out


def test_a_torn_row_is_answered_again(root, photos, begun):
    done = predict(root, "colours", photos / "a", out=str(begun))
    assert (done.count, done.resumed) == (6, 2)
    assert len(begun.read_text().splitlines()) == 6


def test_another_prediction_does_not_go_on_with_it_unless_told(root, photos, begun):
    for model, source in (("slow", photos / "a"), ("colours", photos / "b")):
        with pytest.raises(VisloopError, match="another prediction") as refused:
            predict(root, model, source, out=str(begun))
        assert "--fresh" in refused.value.fix
    assert predict(root, "slow", photos / "a", out=str(begun), fresh=True).resumed == 0


def test_sources_that_changed_meanwhile_are_told(root, photos, begun):
    (photos / "a" / "-.jpg").write_bytes(RED)
    try:
        with pytest.raises(VisloopError, match="sources changed"):
            predict(root, "colours", photos / "a", out=str(begun))
    finally:
        (photos / "a" / "-.jpg").unlink()


def test_what_an_output_cannot_hold_is_said_before_the_work(root, photos, tmp_path):
    with pytest.raises(NotFound, match="does not exist"):
        predict(root, "colours", tmp_path / "nothing")
    with pytest.raises(UsageError, match="seconds between"):
        predict(root, "colours", photos, every=-1)


@pytest.fixture(scope="module")
def cluster():
    """Ray as `compute: ray` starts it, once for all tests: that alone takes seconds."""
    ray = pytest.importorskip("ray")
    store.compute_at("ray")._begin()
    yield
    ray.shutdown()


@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.slow)])
def compute(request) -> store.Compute:
    if request.param == "ray":
        request.getfixturevalue("cluster")
    return store.compute_at(request.param)


def _squared():
    return _square


def _square(number: int) -> int:
    if number == 999:
        raise ValueError("nine nine nine")
    return number * number


def test_results_come_in_order_from_few_items_at_once_and_what_is_raised_in_its_place(compute):
    loaded = []
    lock = threading.Lock()

    def load(number: int) -> int:
        with lock:
            loaded.append(number)
        return number

    numbers = (0, 1, 2, 999, *range(4, 500))
    results = compute.map(_squared, (partial(load, number) for number in numbers))
    assert [next(results) for _ in range(3)] == [0, 1, 4]
    with pytest.raises(ValueError, match="nine nine"):
        next(results)
    assert len(loaded) < 100


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_ray_writes_the_same_file(root, photos, tmp_path):
    here = predict(root, "pets", photos, out=str(tmp_path / "here"))
    settings = root / "visloop.yaml"
    before = settings.read_text()
    settings.write_text(before + "\ncompute: ray\n")
    try:
        there = predict(root, "pets", photos, out=str(tmp_path / "there"))
    finally:
        settings.write_text(before)
    assert (here.count, here.failed) == (there.count, there.failed)
    assert _content(tmp_path / "here") == _content(tmp_path / "there")


def test_a_place_that_nobody_knows_is_told():
    with pytest.raises(NotFound, match="nimbus"):
        store.compute_at("nimbus://somewhere")
