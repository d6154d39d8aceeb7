"""Videos in: which frames, at which times, kept as references, and what becomes of broken ones."""

from __future__ import annotations

import builtins
import dataclasses
import io
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from blake3 import blake3
from PIL import Image

from tests.data_world import SCOPE, make_ports, picture, view
from tests.films import film, frames_of, key_times_of, times_of
from visloop import data, store
from visloop.errors import Corrupt, MissingExtra, UsageError
from visloop.ids import Ref


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    blobs = data.following(made.blobs, made.ledger, tmp_path / "cache")
    yield dataclasses.replace(made, blobs=blobs)
    blobs.close()
    made.ledger.close()


def taking(frames: str, **more) -> data.AddOptions:
    return data.AddOptions(frames=frames, **more)


def added(ports, path: Path, frames: str, **more) -> data.Added:
    return data.add(ports, SCOPE, "films", [path], taking(frames, **more))


def old(path: Path) -> Path:
    """As a file is that nobody has just written: equal size and time mean equal bytes."""
    then = 1_700_000_000
    os.utime(path, (then, then))
    return path


def shown(ports, ref: str = "films@work") -> dict[str, data.Sample]:
    return view(ports, ref)


def seconds(samples) -> list[float]:
    return [each.metadata["video.frame_time_s"] for each in samples.values()]


def pixels(ports, sample: data.Sample) -> np.ndarray:
    with Image.open(io.BytesIO(ports.blobs.get(sample.image))) as opened:
        assert opened.format == "PNG"
        assert opened.size == (sample.width, sample.height)
        return np.asarray(opened)


FILMS = {
    "steady.mp4": {},
    "uneven.mkv": {"times_s": [0, 0.011, 0.04, 0.5, *(0.7 + 0.0333 * k for k in range(16))]},
    "late.ts": {"times_s": [7.5 + k / 25 for k in range(20)]},
    "old.avi": {"codec": "mpeg4", "options": {"bf": "2"}, "ticks": Fraction(1, 25)},
    "web.webm": {"codec": "libvpx-vp9", "options": {}},
    "uneven.mp4": {"times_s": [0.0, 0.1, 0.101, 0.1015, *(0.2 + 0.04 * k for k in range(16))]},
}


@pytest.mark.parametrize("name", FILMS)
def test_all_frames_come_in_with_the_times_that_the_packets_say(ports, tmp_path, name) -> None:
    path = film(tmp_path / name, **FILMS[name])
    done = added(ports, path, "all")
    assert (done.added, done.quarantined) == (20, 0)
    samples = shown(ports)
    assert seconds(samples) == times_of(path)
    truth = frames_of(path)
    for sample in samples.values():
        want = truth[sample.metadata["video.frame_time_s"]].astype(int)
        assert np.abs(pixels(ports, sample) - want).mean() < 2.5


def test_paths_say_the_time_and_sort_as_the_frames_do(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4", 4, times_s=[0, 0.04, 61.5, 3700.25])
    added(ports, path, "all")
    assert list(shown(ports)) == [
        "a/t=000000.000.png",
        "a/t=000000.040.png",
        "a/t=000061.500.png",
        "a/t=003700.250.png",
    ]


def test_frames_within_one_millisecond_are_told_apart(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4", 3, times_s=[0, 0.0002, 0.0004])
    assert added(ports, path, "all").added == 3
    assert list(shown(ports)) == [
        "a/t=000000.000.png",
        "a/t=000000.000_1.png",
        "a/t=000000.000_2.png",
    ]


def test_every_so_many_seconds_takes_the_first_frame_at_or_after_each(ports, tmp_path) -> None:
    path = film(
        tmp_path / "a.mkv", times_s=[0, 0.1, 0.26, 0.3, 0.5, *(2 + k / 5 for k in range(15))]
    )
    added(ports, path, "every:250ms")
    assert seconds(shown(ports)) == [
        0,
        0.26,
        0.5,
        2,
        2.4,
        2.6,
        2.8,
        3,
        3.4,
        3.6,
        3.8,
        4,
        4.4,
        4.6,
        4.8,
    ]


def test_every_so_many_frames_and_key_frames(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4")
    added(ports, path, "every:7frames")
    assert seconds(shown(ports)) == times_of(path)[::7]
    added(ports, path, "key")
    assert set(seconds(shown(ports))) == {*times_of(path)[::7], *key_times_of(path)}


def test_a_new_scene_is_seen_and_a_steady_movement_is_none(ports, tmp_path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", 25, options={"g": "250", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(40):
            image = np.zeros((48, 64, 3), np.uint8)
            image[:, index : index + 8] = 200
            if 15 <= index < 30:
                image = 255 - image
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    added(ports, path, "scene")
    assert seconds(shown(ports)) == [0, 0.6, 1.2]
    assert added(ports, path, "scene:0.9").added == 0


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_rotation_flag_is_applied(ports, tmp_path, turned) -> None:
    path = film(tmp_path / "a.mp4", 3, turned=turned)
    added(ports, path, "all")
    (sample, *_) = shown(ports).values()
    assert (sample.width, sample.height) == ((48, 64) if turned in (90, 270) else (64, 48))
    image = pixels(ports, sample)
    red = np.argwhere(image[:, :, 0].astype(int) - image[:, :, 1] > 100).mean(0) / image.shape[:2]
    corner = {0: (0, 0), 90: (1, 0), 180: (1, 1), 270: (0, 1)}[turned]  # down, across
    assert tuple(np.round(red).astype(int)) == corner


def test_a_film_and_its_frames_are_told_in_full(ports, tmp_path) -> None:
    path = film(tmp_path / "line 3.mp4")
    added(ports, path, "every:10frames")
    sample = shown(ports)["line 3/t=000000.400.png"]
    assert sample.media == "image/png"
    assert sample.source == f"{path}/t=000000.400"
    assert sample.metadata | {"video.created": ""} == {
        "image.source_video": "line 3.mp4",
        "video.codec": "h264",
        "video.created": "",
        "video.digest": blake3(path.read_bytes()).hexdigest(),
        "video.duration_s": 0.8,
        "video.fps": 25.0,
        "video.frame": 10,
        "video.frame_time_s": 0.4,
        "video.pts": 36000,
        "video.time_base": "1/90000",
    }


def stored_bytes(tmp_path: Path) -> int:
    return sum(file.stat().st_size for file in (tmp_path / "ws/blobs").glob("*.pack"))


def test_frames_are_references_and_the_film_is_stored_once(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4", 100, size=(320, 240))
    added(ports, path, "all")
    assert stored_bytes(tmp_path) < path.stat().st_size + 100 * 1000
    assert all(each.bytes < 400 for each in shown(ports).values())


def test_the_same_film_twice_adds_nothing_and_reads_nothing(ports, tmp_path) -> None:
    path = old(film(tmp_path / "clips/a.mp4"))
    assert added(ports, path.parent, "every:5frames").added == 4
    assert added(ports, path.parent, "all").unchanged == 4
    before = shown(ports)
    assert len(before) == 20
    path.write_bytes(bytes(path.stat().st_size))
    old(path)  # whoever read it would find no film
    done = added(ports, path.parent, "all")
    assert (done.added, done.updated, done.unchanged, done.quarantined) == (0, 0, 20, 0)
    assert shown(ports) == before


def test_a_film_just_written_is_read_again_and_found_equal(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4")
    added(ports, path, "all")
    done = added(ports, path, "all")
    assert (done.added, done.updated, done.unchanged) == (0, 0, 20)


def test_status_knows_a_film_by_its_file(ports, tmp_path) -> None:
    path = old(film(tmp_path / "clips/a.mp4"))
    added(ports, path.parent, "all")
    (folder,) = data.status(ports, SCOPE, "films").folders
    assert (folder.files, folder.new, folder.modified, folder.deleted) == (1, 0, 0, 0)
    film(path, 10)
    (folder,) = data.status(ports, SCOPE, "films").folders
    assert folder.modified == 1
    path.unlink()
    (folder,) = data.status(ports, SCOPE, "films").folders
    assert folder.deleted == 1


def test_a_changed_film_changes_its_frames_and_old_versions_keep_theirs(ports, tmp_path) -> None:
    path = old(film(tmp_path / "a.mp4"))
    added(ports, path, "all")
    data.commit(ports, SCOPE, "films", "first")
    was = pixels(ports, shown(ports)["a/t=000000.400.png"])
    film(path, 15, options={"crf": "40", "bf": "0"})
    done = added(ports, path, "all")
    assert (done.added, done.updated) == (0, 15)
    assert any("5 frames" in note for note in done.notes)
    now = pixels(ports, shown(ports)["a/t=000000.400.png"])
    assert (was != now).any()
    assert (pixels(ports, shown(ports, "films@v1")["a/t=000000.400.png"]) == was).all()


def test_a_film_that_moved_takes_its_frames_along(ports, tmp_path) -> None:
    path = old(film(tmp_path / "clips/a.mp4"))
    added(ports, path.parent, "all")
    before = {each.id for each in shown(ports).values()}
    path.rename(path.with_name("b.mp4"))
    done = added(ports, path.parent, "all")
    assert done.added == 0
    assert {each.id for each in shown(ports).values()} == before
    assert next(iter(shown(ports))).startswith("b/")


def test_films_in_a_folder_are_counted_unless_frames_are_wanted(ports, tmp_path) -> None:
    film(tmp_path / "in/a.mp4", 3)
    picture(tmp_path / "in/b.jpg", 1)
    done = data.add(ports, SCOPE, "films", [tmp_path / "in"])
    assert done.added == 1
    assert any("--frames every:1s" in note and "a.mp4" in note for note in done.notes)
    done = data.add(ports, SCOPE, "films", [tmp_path / "in"], taking("all"))
    assert done.added == 3


def test_a_film_named_without_frames_waits_until_they_are_said(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4", 3)
    assert data.add(ports, SCOPE, "films", [path]).quarantined == 1
    (refused,) = data.quarantine_list(ports, SCOPE, "films")
    assert "--frames" in refused.fix
    assert added(ports, path, "all").added == 3
    assert data.quarantine_list(ports, SCOPE, "films") == []


@pytest.mark.parametrize(
    "text",
    [
        "every",
        "every:0s",
        "every:-1s",
        "scene:2",
        "scene:0",
        "every:1.5frames",
        "often",
        "all:2",
    ],
)
def test_words_that_say_no_frames_are_errors_that_list_the_forms(ports, tmp_path, text) -> None:
    path = film(tmp_path / "a.mp4", 3)
    with pytest.raises(UsageError) as error:
        added(ports, path, text)
    assert "every:0.5s" in error.value.fix


def test_a_film_with_more_frames_than_allowed_is_refused_whole(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4", 20)
    ports = dataclasses.replace(ports, limits=data.Limits(frames_per_video=10))
    done = added(ports, path, "all")
    assert (done.added, done.quarantined) == (0, 1)
    assert added(ports, path, "every:2frames").added == 10


def test_without_pyav_nothing_happens_and_the_error_says_what_to_install(
    ports, tmp_path, monkeypatch
) -> None:
    path = film(tmp_path / "a.mp4", 3)
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name == "av" or name.startswith("av."):
            raise ModuleNotFoundError(name, name=name)
        return real(name, *args, **kwargs)

    for module in ("reading", "stills"):
        monkeypatch.delitem(sys.modules, f"visloop.adapters.video.{module}", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtra) as error:
        added(ports, path, "all")
    assert error.value.fix == "pip install 'visloop[video]'"


def test_left_in_place_nothing_is_copied_and_a_changed_film_is_told(ports, tmp_path) -> None:
    path = old(film(tmp_path / "a.mp4", 30, size=(320, 240), options={"g": "10", "crf": "5"}))
    assert added(ports, path, "all", in_place=True).added == 30
    assert stored_bytes(tmp_path) < 30 * 1000
    sample = shown(ports)["a/t=000000.400.png"]
    assert pixels(ports, sample).shape == (240, 320, 3)
    shutil.rmtree(tmp_path / "cache")
    other = dataclasses.replace(
        ports, blobs=data.following(ports.blobs.inner, ports.ledger, tmp_path / "cache2")
    )
    film(path, 10)
    with pytest.raises(data.FileChanged):
        other.blobs.get(sample.image)
    path.unlink()
    with pytest.raises(data.FileGone):
        other.blobs.get(sample.image)


def test_frames_are_made_once_and_a_cache_may_vanish(ports, tmp_path) -> None:
    added(ports, film(tmp_path / "a.mp4"), "all")
    samples = list(shown(ports).values())
    first = [ports.blobs.get(each.image) for each in samples]
    assert len(list((tmp_path / "cache").rglob("*.png"))) == 20
    shutil.rmtree(tmp_path / "cache")
    assert [ports.blobs.get(each.image) for each in reversed(samples)] == first[::-1]


def test_many_threads_read_frames_of_many_films(ports, tmp_path) -> None:
    for name in "abcd":
        film(tmp_path / "in" / f"{name}.mp4", 12, size=(64 + 16 * ord(name) % 64, 48))
    added(ports, tmp_path / "in", "all")
    samples = list(shown(ports).values()) * 3
    samples = [samples[(7 * at) % len(samples)] for at in range(len(samples))]
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda each: pixels(ports, each).shape, samples))
    assert many == [(each.height, each.width, 3) for each in samples]


def test_a_reference_to_other_pixels_is_an_error_that_says_so(ports, tmp_path) -> None:
    added(ports, film(tmp_path / "a.mp4", 3), "all")
    (sample, *_) = shown(ports).values()
    says = msgspec.json.decode(ports.blobs.inner.get(sample.image).partition(b"\n")[2])
    forged = store.reference(**says | {"pixels": "0" * 64})
    with pytest.raises(data.OtherPixels):
        ports.blobs.get(ports.blobs.put(forged))
    for wrong in ({"pixels": "../../etc"}, {"video": "/etc/passwd"}, {"pts": "x"}):
        with pytest.raises(Corrupt):
            ports.blobs.get(ports.blobs.put(store.reference(**says | wrong)))


def test_a_dry_run_says_what_would_come_in_and_keeps_nothing(ports, tmp_path) -> None:
    path = film(tmp_path / "a.mp4")
    done = added(ports, path, "all", dry_run=True)
    assert done.added == 20
    assert stored_bytes(tmp_path) < 100


def test_times_go_round_through_coco_to_the_millisecond(ports, tmp_path, shared_data) -> None:
    path = shared_data / "video" / "bottle-detection.mp4"
    added(ports, path, "every:2s")
    samples = list(shown(ports).values())
    wanted = {each.path: each.metadata["video.frame_time_s"] for each in samples}
    truth = times_of(path)
    assert all(min(abs(t - each) for t in truth) < 0.0005 for each in wanted.values())
    assert len(wanted) == int(truth[-1] // 2) + 1
    data.commit(ports, SCOPE, "films", "frames")
    data.export(ports, SCOPE, Ref.parse("films@v1"), tmp_path / "out")
    data.add(ports, SCOPE, "again", [tmp_path / "out"])
    again = view(ports, "again@work")
    assert {name: each.metadata["video.frame_time_s"] for name, each in again.items()} == wanted
    for name, sample in again.items():
        assert (pixels(ports, sample) == pixels(ports, shown(ports)[name])).all()


def test_under_a_policy_of_privacy_frames_are_pictures_and_the_film_is_not_kept(
    ports, tmp_path
) -> None:
    path = film(tmp_path / "a.mp4", 3)
    done = added(ports, path, "all", privacy={"text": "blur"})
    assert done.added == 3
    assert all(each.bytes > 100 for each in shown(ports).values())
    assert all(pixels(ports, each).shape == (48, 64, 3) for each in shown(ports).values())
    assert not ports.blobs.has(blake3(path.read_bytes()).hexdigest())
