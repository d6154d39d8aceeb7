"""Films and lists of URLs sent to a deployment: what is answered, what is refused, what may be fetched."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import visloop
from tests.films import film, times_of
from tests.journey.serve_world import BLUE, CLASSES, GREEN, RED, network, until
from tests.journey.zoo import zoo
from visloop import data, serve
from visloop.errors import ConfigError, Forbidden, Refused, UsageError
from visloop.ids import digest_of
from visloop.serve.errors import TooLarge
from visloop.serve.forms.addresses import Fetcher
from visloop.serve.forms.films import AnsweredFilm
from visloop.serve.forms.writing import Answered
from visloop.serve.journal.clerk import Taken
from visloop.serve.lineup import Slot
from visloop.serve.model import Model
from visloop.vision import Contract, Resize

MIB = 1 << 20


class Pages(BaseHTTPRequestHandler):
    """Pictures by their colour; `/to?URL` redirects; everything asked for is counted."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        name, _, query = self.path.partition("?")
        if name.endswith("/to"):
            self.send_response(302)
            self.send_header("Location", query)
            self.end_headers()
            return
        colours = {"red": RED, "green": GREEN, "blue": BLUE, "large": b"x" * 2 * MIB}
        colours["middle"] = RED + b"\0" * 30_000
        body = colours.get(name.rpartition("/")[2].removesuffix(".jpg"), b"no picture")
        self.send_response(404 if "gone" in name else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.local = f"http://localhost:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = zoo(tmp_path_factory.mktemp("longer"))
    limits = ["megapixels=0.002", "body_mb=0.02"]
    serve.deploy(one.ports, one.scope, "tight", one.register("small"), limits=limits)
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world, web):
    return world.serve(
        urls=(f"{web.url}/open/",),
        max_body_bytes=MIB,
        max_batch=6,
        video_s=3.0,
        video_frames=10,
    )


@pytest.fixture(scope="module")
def closed(world):
    """Lists nothing, takes no films."""
    return world.serve(video_s=0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clips") / "clip.mp4", 20)


@pytest.fixture
def client(server):
    with visloop.Client(server.url, deployment="desk", retries=0) as one:
        yield one


def post(server, path, body, **headers):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.ask("POST", f"/predict/{path}", body, told)


def urls(*each):
    return json.dumps({"urls": each}).encode()


def test_a_film_is_answered_frame_by_frame_as_its_frames_would_be(server, client, clip):
    reply = post(server, "desk?every=0.2", clip.read_bytes()).json()
    assert [frame["time_s"] for frame in reply["frames"]] == [0.0, 0.2, 0.4, 0.6]
    assert (reply["deployment"], reply["model"], reply["every_s"]) == ("desk", "colours@v1", 0.2)
    alone = [client.predict(pixels) for pixels in frames_at(clip, (0, 5, 10, 15))]
    assert [f["probabilities"] for f in reply["frames"]] == [each.probabilities for each in alone]


def frames_at(clip: Path, numbers: tuple[int, ...]) -> list[np.ndarray]:
    with clip.open("rb") as stream, closing(data.open_video(stream)) as reader:
        times = reader.marks().times
        return [reader.still(times[number]).rgb for number in numbers]


def test_every_says_how_often_and_a_second_is_usual(server, clip):
    def count(query):
        return len(post(server, f"pets{query}", clip.read_bytes()).json()["frames"])

    assert count("") == 1
    assert count("?every=400ms") == 2
    form = b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\n" + clip.read_bytes()
    told = {"content-type": "multipart/form-data; boundary=x"}
    sent = server.ask("POST", "/predict/pets?every=0.4", form + b"\r\n--x--\r\n", told)
    assert len(sent.json()["frames"]) == 2


def test_a_film_in_the_other_forms(server, clip):
    coco = post(server, "pets?every=0.2&as=coco&image_id=5", clip.read_bytes()).json()
    assert {each["image_id"] for each in coco} == {5, 6, 7, 8}
    v2 = post(server, "desk?every=0.2&as=v2", clip.read_bytes()).json()
    assert {each["shape"][0] for each in v2["outputs"]} == {4}
    drawn = post(server, "pets?as=picture", clip.read_bytes())
    assert (drawn.status, drawn.code) == (406, "serve.not_in_that_form")
    assert "as=video" in drawn.json()["error"]["fix"]


def test_a_film_comes_back_with_the_answers_drawn_in(server, clip, web, tmp_path):
    reply = post(server, "pets?every=0.2", clip.read_bytes(), accept="video/*, */*;q=0.5")
    assert (reply.status, reply.headers["content-type"]) == (200, "video/mp4")
    drawn = tmp_path / "drawn.mp4"
    drawn.write_bytes(reply.body)
    with drawn.open("rb") as stream, closing(data.open_video(stream)) as reader:
        times, base = reader.marks().times, reader.info.time_base
        assert [round(float(pts * base), 3) for pts in times] == [0.0, 0.2, 0.4, 0.6]
    (before,), (after,) = frames_at(clip, (15,)), frames_at(drawn, (3,))
    changed = np.abs(before.astype(int) - after).max(axis=2) > 40
    assert 0.01 < changed.mean() < 0.9
    refused = [
        post(server, "pets?as=video", RED),
        post(server, "pets?as=video", urls(f"{web.url}/open/red.jpg")),
    ]
    assert {each.code for each in refused} == {"serve.not_in_that_form"}


def test_a_film_with_the_answers_is_no_larger_than_a_body(world):
    contract = Contract(resize=Resize(mode="squash", size_px=32, crop_px=None), classes=CLASSES)
    model = Model.load(network(), contract, 10**6)
    (desk,) = (each for each in serve.deployments(world.ports, world.scope) if each.name == "desk")
    noise = np.random.default_rng(7).integers(0, 255, (256, 256, 3), np.uint8)
    outputs = model.predictor.run(np.zeros((1, 3, 32, 32), np.float32))
    taken = Taken("pred-1-1", 1, b"", None, datetime.now(UTC), 1.0)
    one = Answered(Slot(desk, model), model, outputs, 0, taken, (), (256, 256))
    with AnsweredFilm(25.0, 4000) as film:
        film.add(noise, 0.0, one)
        with pytest.raises(TooLarge, match="4000 bytes"):
            film.written()


def test_what_films_may_be_is_bounded(server, closed, clip, tmp_path):
    long = film(tmp_path / "long.mp4", 3, times_s=(0, 2, 4))
    for body, query, status, word in (
        (long.read_bytes(), "", 413, "serve.video_seconds"),
        (clip.read_bytes(), "?every=0", 413, "every=2s"),
        (clip.read_bytes()[:600], "", 422, "MP4"),
    ):
        reply = post(server, f"desk{query}", body)
        assert reply.status == status, reply.body
        assert word in reply.json()["error"]["fix"]
    assert post(closed, "desk", clip.read_bytes()).code == "infer.not_an_image"


def test_a_deployments_own_limits_hold_for_frames_and_fetched_pictures(server, clip, web):
    film_refused = post(server, "tight", clip.read_bytes()).json()["error"]
    assert (film_refused["code"], film_refused["fix"]) == ("serve.not_a_film", "shrink it")
    asked = urls(f"{web.url}/open/large.jpg", f"{web.url}/open/middle.jpg")
    large, middle = (each["error"] for each in post(server, "tight", asked).json()["pictures"])
    assert large["code"] == "serve.url_not_fetched"
    assert (middle["code"], "body_mb" in middle["fix"]) == ("serve.too_large", True)


def test_frames_are_logged_each_with_its_picture(world, server, clip):
    reply = post(server, "parts?every=0.2", clip.read_bytes()).json()
    ids = {frame["id"] for frame in reply["frames"]}
    until(lambda: ids <= {each.id for each in world.logged("parts")})
    images = {each.answer.image for each in world.logged("parts") if each.id in ids}
    assert len(images) == 4


def test_pictures_are_fetched_from_listed_places_and_answered_in_their_order(server, web, world):
    reply = post(
        server, "desk", urls(*(f"{web.url}/open/{c}.jpg" for c in ("blue", "red", "green")))
    )
    answers = reply.json()["pictures"]
    assert [each["label"] for each in answers] == ["blue", "red", "green"]
    assert answers[0]["url"] == f"{web.url}/open/blue.jpg"
    digest = digest_of(BLUE)
    until(lambda: any(each.answer.image == digest for each in world.logged("desk")))
    drawn = post(server, "pets", urls(f"{web.url}/open/red.jpg"), accept="image/png")
    assert drawn.headers["content-type"] == "image/png"


def test_one_address_that_fails_has_its_error_in_its_place(server, web):
    asked = urls(f"{web.url}/open/gone.jpg", f"{web.url}/open/red", f"{web.url}/open/text.jpg")
    gone, red, text = post(server, "desk", asked).json()["pictures"]
    assert gone["error"]["code"] == "serve.url_not_fetched"
    assert "404" in gone["error"]["what"]
    assert red["label"] == "red"
    assert text["error"]["code"] == "infer.not_an_image"
    large = post(server, "desk", urls(f"{web.url}/open/large.jpg")).json()["pictures"][0]
    assert "MB" in large["error"]["what"]
    assert post(server, "desk?as=coco", asked).code == "serve.url_not_fetched"


def test_nothing_that_is_not_listed_is_asked(server, closed, web):
    for url in (
        f"{web.url}/secret/red.jpg",
        f"{web.url}/open/../secret/red.jpg",
        f"{web.url}/open/%2e%2e/secret/red.jpg",
        f"{web.local}/open/secret.jpg",
        f"http://127.0.0.1:{web.server_port}@example.com/open/secret.jpg",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[::1",
        "nonsense",
    ):
        reply = post(server, "desk", urls(url))
        assert (reply.status, reply.code) == (403, "serve.url_not_allowed"), url
    assert post(closed, "desk", urls(f"{web.url}/open/secret.jpg")).code == "serve.url_not_allowed"
    assert not [path for path in web.asked if "secret" in path]


def test_redirects_are_looked_at_like_the_first_address(web):
    fetcher = Fetcher([f"{web.url}/open/"], MIB, 5)
    assert fetcher.get(f"{web.url}/open/to?{web.url}/open/red.jpg") == RED
    with pytest.raises(Forbidden, match="not listed"):
        Fetcher([f"{web.url}/open/"], MIB, 5).get(f"{web.url}/open/to?{web.local}/red.jpg")
    fetcher.close()


def test_a_name_may_lead_inwards_only_where_the_network_is_listed(web):
    with pytest.raises(Forbidden, match=r"127\.0\.0\.1|::1"):
        Fetcher(["localhost"], MIB, 5).get(f"{web.local}/inner.jpg")
    with pytest.raises(Forbidden, match="own network"):
        Fetcher(["*"], MIB, 5).get(f"{web.url}/inner.jpg")
    assert not [path for path in web.asked if "inner" in path]
    both = Fetcher(["localhost", "127.0.0.0/8", "::1"], MIB, 5)
    assert both.get(f"{web.local}/red.jpg") == RED
    both.close()


@pytest.mark.parametrize(
    ("listed", "url", "allowed"),
    [
        ("https://a.example/cards/", "https://a.example/cards/1.jpg", True),
        ("https://a.example/cards/", "https://a.example/card.jpg", False),
        ("https://a.example/cards/", "http://a.example/cards/1.jpg", False),
        ("https://a.example/cards/", "https://a.example:444/cards/1.jpg", False),
        ("https://a.example/cards/", "https://a.example/cards/../x.jpg", False),
        ("https://a.example/cards/", "https://a.example/cards/%2E./x.jpg", False),
        ("https://a.example/cards/", "https://a.example/cards/..%2fx.jpg", False),
        ("https://a.example/cards/", "https://a.example/cards/..%5Cx.jpg", False),
        ("https://a.example", "https://a.example.evil.test/x.jpg", False),
        ("a.example", "https://a.example:8443/x.jpg", True),
        ("a.example", "https://b.a.example/x.jpg", False),
        ("*.a.example", "https://b.A.EXAMPLE/x.jpg", True),
        ("*.a.example", "https://evila.example/x.jpg", False),
        ("*", "ftp://a.example/x.jpg", False),
        ("10.0.0.0/8", "http://10.1.2.3/x.jpg", True),
        ("10.0.0.0/8", "http://11.1.2.3/x.jpg", False),
    ],
)
def test_what_an_entry_of_the_list_means(listed, url, allowed):
    fetcher = Fetcher([listed], MIB, 1)
    if allowed:
        fetcher.check(url)
        return
    with pytest.raises(Forbidden):
        fetcher.check(url)


@pytest.mark.parametrize("entry", ["", "ftp://a.example/", "a.example/x", "http://a.example:x/"])
def test_an_entry_that_means_nothing_is_refused_at_the_start(entry):
    with pytest.raises(ConfigError, match=r"serve\.urls"):
        Fetcher([entry], MIB, 1)


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b'{"urls": []}', 400, "name one"),
        (b'{"url": "x"}', 400, '{"urls": ['),
        (b'["http://a.example"]', 400, '{"urls": ['),
        (b'{"urls": ' + b"[" * 5000, 400, "bytes"),
        (urls(*["http://a.example"] * 7), 413, "several requests"),
    ],
)
def test_a_list_that_is_none_is_told(server, body, status, word):
    reply = post(server, "desk", body, content_type="application/json")
    assert reply.status == status
    assert word in reply.json()["error"]["fix"]


def test_the_client_asks_for_films_and_urls_too(client, server, clip, web):
    frames = client.predict_film(clip, every_s=0.2)
    assert [frame.time_s for frame in frames] == [0.0, 0.2, 0.4, 0.6]
    places = [f"{web.url}/open/{name}" for name in ("red", "gone", "blue")]
    found = client.predict_urls(places, keep_going=True)
    assert (found[0].label, found[0].url, found[2].label) == ("red", places[0], "blue")
    assert isinstance(found[1], Refused)
    with pytest.raises(Refused, match="404"):
        client.predict_urls(places)
    with pytest.raises(Forbidden):
        client.predict_urls(["http://a.example/x.jpg"])
    with pytest.raises(UsageError, match="an address"):
        client.predict(places[0])

    async def ask():
        async with visloop.AsyncClient(server.url, deployment="desk") as one:
            return await one.predict_film(clip, every_s=0.2), await one.predict_urls(places[:1])

    with ThreadPoolExecutor(1) as pool:
        also, fetched = pool.submit(asyncio.run, ask()).result()
    assert [frame.probabilities for frame in also] == [frame.probabilities for frame in frames]
    assert fetched[0].label == "red"


def test_whoever_hangs_up_on_a_film_leaves_the_server_well(server, clip):
    raw = clip.read_bytes()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            head = f"host: localhost\r\ncontent-length: {len(raw)}\r\n\r\n"
            line.sendall(b"POST /predict/desk?every=0.1 HTTP/1.1\r\n" + head.encode() + raw)
    assert len(times_of(clip)) == 20
    assert server.predict(RED)["label"] == "red"
