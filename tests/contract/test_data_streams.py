"""What comes in over time: a folder that fills, a camera's stream, bytes that are handed over."""

from __future__ import annotations

import dataclasses
import io
import itertools
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from tests.data_world import SCOPE, make_ports, picture, view
from tests.films import drawn, film
from visloop import data
from visloop.errors import Unavailable, UsageError


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    blobs = data.following(made.blobs, made.ledger, tmp_path / "cache")
    yield dataclasses.replace(made, blobs=blobs)
    blobs.close()
    made.ledger.close()


def jpeg(seed: int, folder: Path) -> bytes:
    return picture(folder / f"{seed}.jpg", seed).read_bytes()


@contextmanager
def watching(ports, source, **how):
    """Watches in another thread; what it yields is stopped at the end and then holds the answer."""
    plan = data.Watch(settle_s=0.3, **how)
    answers: list[data.Watched] = []
    each = data.watch_stream if data.is_live(str(source)) else data.watch_folder
    options = data.AddOptions(frames="every:0.2s" if data.is_live(str(source)) else "")
    thread = threading.Thread(
        target=lambda: answers.append(each(ports, SCOPE, "line", str(source), options, plan))
    )
    thread.start()
    try:
        yield answers
    finally:
        plan.stop.set()
        thread.join(30)
        assert not thread.is_alive()


def come(ports, count: int, patience_s: float = 20) -> dict[str, data.Sample]:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            samples = view(ports, "line@work")
        except data.DatasetNotFound:
            samples = {}
        if len(samples) >= count:
            return samples
        time.sleep(0.05)
    raise AssertionError(f"{len(samples)} of {count} came")


def test_files_come_in_once_they_are_written_completely(ports, tmp_path) -> None:
    folder = tmp_path / "in"
    picture(folder / "cat/before.jpg", 1)
    raw = jpeg(2, tmp_path / "made")
    with watching(ports, folder) as answers:
        come(ports, 1)
        with (folder / "cat/slow.jpg").open("wb") as slow:
            for at in range(0, len(raw), len(raw) // 4):
                slow.write(raw[at : at + len(raw) // 4])
                slow.flush()
                time.sleep(0.15)
        samples = come(ports, 2)
        assert [each.label for each in samples["cat/slow.jpg"].annotations] == ["cat"]
    assert (answers[0].added, answers[0].quarantined) == (2, 0)
    assert data.quarantine_list(ports, SCOPE, "line") == []


def test_a_writer_that_paused_too_long_leaves_nothing_in_quarantine(ports, tmp_path) -> None:
    raw = jpeg(2, tmp_path / "made")
    folder = tmp_path / "in"
    folder.mkdir()
    with watching(ports, folder):
        with (folder / "a.jpg").open("wb") as slow:
            slow.write(raw[:300])
            slow.flush()
            until = time.monotonic() + 20
            while time.monotonic() < until and not _waits(ports):
                time.sleep(0.05)
            assert _waits(ports)
            slow.write(raw[300:])
        come(ports, 1)
    assert not _waits(ports)


def _waits(ports) -> bool:
    try:
        return bool(data.quarantine_list(ports, SCOPE, "line"))
    except data.DatasetNotFound:
        return False


def test_a_new_data_set_learns_classes_for_as_long_as_it_is_watched(ports, tmp_path) -> None:
    folder = tmp_path / "in"
    (folder / "cat").mkdir(parents=True)
    (folder / "cat" / "1.jpg").write_bytes(jpeg(1, tmp_path))
    with watching(ports, folder, every_s=0.5, commit_samples=1) as answers:
        come(ports, 1)
        (folder / "dog").mkdir()
        (folder / "dog" / "2.jpg").write_bytes(jpeg(2, tmp_path))
        samples = come(ports, 2)
    assert {each.annotations[0].label for each in samples.values()} == {"cat", "dog"}
    assert answers[0].added == 2
    (folder / "Dgo").mkdir()
    (folder / "Dgo" / "3.jpg").write_bytes(jpeg(3, tmp_path))
    once = data.Watch(once=True, settle_s=0.0)
    with pytest.raises(data.UnknownClass, match="'Dgo' is not a class"):
        data.watch_folder(ports, SCOPE, "line", str(folder), data.AddOptions(), once)
    renamed = data.AddOptions(class_map={"Dgo": "dog"})
    assert data.watch_folder(ports, SCOPE, "line", str(folder), renamed, once).added == 1
    assert view(ports, "line@work")["Dgo/3.jpg"].annotations[0].label == "dog"


def test_once_takes_what_is_there_and_ends(ports, tmp_path) -> None:
    folder = tmp_path / "in"
    picture(folder / "a.jpg", 1)
    plan = data.Watch(once=True, settle_s=0.5)
    done = data.watch_folder(ports, SCOPE, "line", str(folder), data.AddOptions(), plan)
    assert done.added == 1
    done = data.watch_folder(ports, SCOPE, "line", str(folder), data.AddOptions(), plan)
    assert (done.added, done.updated) == (0, 0)


def test_versions_are_committed_as_asked(ports, tmp_path) -> None:
    folder = tmp_path / "in"
    picture(folder / "a.jpg", 1)
    with watching(ports, folder, commit_samples=2) as answers:
        come(ports, 1)
        picture(folder / "b.jpg", 2)
        picture(folder / "c.jpg", 3)
        come(ports, 3)
        time.sleep(0.3)
        picture(folder / "d.jpg", 4)
        come(ports, 4)
    assert answers[0].versions[-1] in {"line@v2", "line@v3"}
    assert len(view(ports, answers[0].versions[-1])) == 4


@pytest.mark.parametrize(
    ("text", "means"), [("", (0, 0)), ("100", (100, 0)), ("60s", (0, 60)), ("5min", (0, 300))]
)
def test_when_to_commit_is_read(text, means) -> None:
    assert data.parse_commits(text) == means


@pytest.mark.parametrize("text", ["0", "often", "-3", "5 days"])
def test_when_to_commit_must_be_sense(text) -> None:
    with pytest.raises(UsageError):
        data.parse_commits(text)


class _Mjpeg(BaseHTTPRequestHandler):
    """An IP camera: JPEG pictures as multipart/x-mixed-replace, ten a second."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            for number in range(self.server.frames):
                out = io.BytesIO()
                Image.fromarray(drawn(number, (160, 120))).save(out, "JPEG", quality=95)
                head = (
                    f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {out.tell()}\r\n\r\n"
                )
                self.wfile.write(head.encode() + out.getvalue() + b"\r\n")
                time.sleep(0.1)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def camera(frames: int = 10_000):
    asked: list[str] = []
    handler = type("Camera", (_Mjpeg,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.frames = frames
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_ip_camera_by_http_with_its_times_and_without_its_password(ports) -> None:
    with camera() as (port, _):
        address = f"http://operator:s3cret@127.0.0.1:{port}/cam?token=hidden"
        with watching(ports, address) as answers:
            samples = come(ports, 3)
    sample = next(iter(samples.values()))
    assert (sample.media, sample.width, sample.height) == ("image/jpeg", 160, 120)
    assert sample.metadata["capture.time"].startswith("20")
    assert sample.source.startswith(f"http://127.0.0.1:{port}/cam")
    told = repr(samples) + repr(answers) + repr(list(ports.ledger.facts(kinds=())))
    assert "s3cret" not in told
    assert "hidden" not in told
    assert answers[0].added >= 3


def test_a_camera_that_breaks_off_is_called_again(ports) -> None:
    with (
        camera(frames=12) as (port, asked),
        watching(ports, f"http://127.0.0.1:{port}/") as answers,
    ):
        until = time.monotonic() + 30
        while len(asked) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        come(ports, 3)
    assert len(asked) >= 2
    assert any("again in" in note for note in answers[0].notes)


def test_a_camera_that_is_off_is_an_error_once_and_patience_else(ports) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(Unavailable):
            data.watch_stream(
                ports, SCOPE, "line", address, data.AddOptions(), data.Watch(once=True)
            )
        done = data.watch_stream(
            ports, SCOPE, "line", address, data.AddOptions(), data.Watch(for_s=1)
        )
        assert done.added == 0
        assert any("again in" in note for note in done.notes)


def test_a_transport_stream_over_tcp(ports, tmp_path) -> None:
    path = film(tmp_path / "a.ts", 100, size=(160, 120), options={"g": "10", "bf": "0"})
    raw = path.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send() -> None:
            connection, _ = server.accept()
            with connection:
                for at in range(0, len(raw), 188 * 7):
                    connection.sendall(raw[at : at + 188 * 7])
                    time.sleep(0.002)

        sender = threading.Thread(target=send)
        sender.start()
        done = data.watch_stream(
            ports,
            SCOPE,
            "line",
            f"tcp://127.0.0.1:{server.getsockname()[1]}",
            data.AddOptions(frames="every:1s"),
            data.Watch(for_s=4),
        )
        sender.join()
    assert done.added in {4, 5}
    times = [each.metadata["capture.stream_s"] for each in view(ports, "line@work").values()]
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert all(abs(step - 1) < 0.05 for step in steps)


def test_a_video_file_plays_the_camera(ports, tmp_path) -> None:
    path = film(tmp_path / "fake.mp4", 30, size=(160, 120))
    done = data.watch_stream(
        ports, SCOPE, "line", str(path), data.AddOptions(frames="every:0.5s"), data.Watch()
    )
    assert done.added == 3
    assert all(name.startswith("fake.mp4/20") for name in view(ports, "line@work"))


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "concat:a|b://x", "ftp://host/a", "data://x", "gopher://x"]
)
def test_other_schemes_are_not_opened(ports, address) -> None:
    with pytest.raises(UsageError) as error:
        data.watch_stream(ports, SCOPE, "line", address, data.AddOptions(), data.Watch(once=True))
    assert "rtsp" in error.value.fix


def test_a_playlist_leads_nowhere(ports, tmp_path) -> None:
    secret = film(tmp_path / "secret.ts", 5)
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    with pytest.raises(Unavailable):
        data.watch_stream(
            ports, SCOPE, "line", str(tmp_path / "a.mp4"), data.AddOptions(), data.Watch(once=True)
        )


def test_handed_bytes_are_kept_once(ports, tmp_path) -> None:
    raw = jpeg(1, tmp_path / "made")
    one = data.Handed(raw, "line3/a.jpg", labels=("ok",))
    assert data.hand_over(ports, SCOPE, "line", [one]).added == 1
    assert data.hand_over(ports, SCOPE, "line", [one]).unchanged == 1
    other = dataclasses.replace(one, data=jpeg(2, tmp_path / "made"))
    assert data.hand_over(ports, SCOPE, "line", [other]).updated == 1
    nameless = data.Handed(raw)
    assert data.hand_over(ports, SCOPE, "line", [nameless, nameless]).added == 1
    broken = data.Handed(raw[:200], "broken.jpg")
    assert data.hand_over(ports, SCOPE, "line", [broken]).quarantined == 1
    with pytest.raises(UsageError):
        data.hand_over(ports, SCOPE, "line", [data.Handed(raw, "../../etc/passwd")])


def test_a_handed_film_gives_its_frames(ports, tmp_path) -> None:
    raw = film(tmp_path / "a.mp4", 20).read_bytes()
    options = data.AddOptions(frames="every:10frames")
    assert data.hand_over(ports, SCOPE, "line", [data.Handed(raw, "a.mp4")], options).added == 2
    assert list(view(ports, "line@work")) == ["a/t=000000.000.png", "a/t=000000.400.png"]
    assert data.hand_over(ports, SCOPE, "line", [data.Handed(raw, "a.mp4")], options).added == 0
