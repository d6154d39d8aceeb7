"""The client as a program uses it: against a serving process, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from PIL import Image

import visloop
from tests.journey.scripted import HANGS, HANGS_UP, scripted
from tests.journey.serve_world import BLUE, GREEN, RED, free_socket, picture
from tests.journey.zoo import zoo
from visloop.errors import NotFound, Refused, Unavailable, UsageError, VisloopError
from visloop.faces.client import DeadlineExceeded, Unreachable
from visloop.vision import bitmap_of

PETS = ("cat", "dog")
SAID = json.dumps(
    {
        "id": "pred-1",
        "deployment": "desk",
        "model": "reader@v3",
        "time": "2026-01-01T00:00:00Z",
        "latency_ms": 1.5,
        "label": "a",
        "something_new": True,
    }
).encode()
YES = (200, {}, SAID)
FULL = json.dumps({"error": {"code": "serve.busy", "what": "full", "fix": "later"}}).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    world = zoo(tmp_path_factory.mktemp("clients"))
    yield world.serve(max_pixels=2_000_000)
    world.close()


@pytest.fixture
def client(server):
    with visloop.Client(server.url, deployment="desk") as one:
        yield one


def run(coroutine):
    """In a thread of its own: in that of the tests a browser's event loop may be at work."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def _pixels(colour, height=40, width=60):
    return np.broadcast_to(np.array(colour, np.uint8), (height, width, 3)).copy()


def test_whatever_a_program_holds_as_a_picture_is_answered(client, tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(GREEN)
    grey = Image.open(io.BytesIO(GREEN)).convert("CMYK")
    forms = [file, str(file), GREEN, memoryview(GREEN), _pixels((10, 250, 10)), grey]
    assert [client.predict(each).label for each in forms] == ["green"] * len(forms)
    with file.open("rb") as opened:
        reply = client.predict(opened)
    assert reply.label == "green"
    assert reply.confidence == max(reply.probabilities.values()) > 0.9
    assert (reply.model, reply.version, reply.deployment) == ("colours@v1", "v1", "desk")
    assert reply.time.tzinfo is not None
    assert reply.request_id


def test_the_answer_comes_drawn_or_as_coco_has_it_where_that_is_asked_for(server):
    with visloop.Client(server.url, deployment="pets") as client:
        said = client.predict(picture(px=96))
        sheet, lossless = client.draw(picture(px=96)), client.draw(picture(px=96), kind="png")
        results = client.coco(picture(px=96), image_id=9)
        with pytest.raises(VisloopError, match="no place") as refused:
            client.coco(picture(), deployment="gauge")
    assert [Image.open(io.BytesIO(each)).format for each in (sheet, lossless)] == ["JPEG", "PNG"]
    assert [each["category"] for each in results] == [box.label for box in said.boxes]
    assert {each["image_id"] for each in results} == {9}
    assert refused.value.code == "serve.not_in_that_form"

    async def ask():
        async with visloop.AsyncClient(server.url, deployment="pets") as client:
            return await client.draw(picture(px=96)), await client.coco(picture(px=96), image_id=9)

    assert run(ask()) == (sheet, results)


def test_a_pil_picture_is_upright_as_its_file_would_be(server, tmp_path):
    sideways = Image.new("RGB", (64, 32), (9, 9, 9))
    exif = sideways.getexif()
    exif[0x0112] = 6
    sideways.save(tmp_path / "a.jpg", exif=exif)
    with visloop.Client(server.url, deployment="pets") as client:
        of_file = client.predict(tmp_path / "a.jpg")
        of_image = client.predict(Image.open(tmp_path / "a.jpg"))
    assert (of_file.width, of_file.height) == (of_image.width, of_image.height) == (32, 64)
    assert of_file.boxes == of_image.boxes


def test_boxes_masks_and_numbers_arrive_with_their_types(server):
    with visloop.Client(server.url) as client:
        photo = picture(px=64)
        pets = client.predict(photo, deployment="pets")
        assert (pets.width, pets.height) == (64, 64)
        assert {each.label for each in pets.boxes} == {"cat", "dog"}
        assert all(0 <= x <= 64 for each in pets.boxes for x in each.xyxy)
        (part,) = client.predict(photo, deployment="parts").masks
        bitmap = bitmap_of(part.counts, part.size_hw)
        assert (bitmap.shape, part.label) == ((64, 64), "dog")
        assert pytest.approx(bitmap.mean(), abs=0.02) == 16 / 64
        assert client.predict(photo, deployment="gauge").value == 41.5


def test_the_deployment_may_stand_in_the_address_and_else_must_be_clear(server):
    with visloop.Client(f"{server.url}/predict/gauge") as client:
        assert client.predict(RED).value == 41.5
        assert client.deployments() == ["desk", "gauge", "parts", "pets"]
    with visloop.Client(server.url) as client, pytest.raises(UsageError, match="desk, gauge"):
        client.predict(RED)
    with pytest.raises(UsageError, match="no address"):
        visloop.Client("127.0.0.1:8484")


@pytest.mark.parametrize(
    ("given", "kind", "because"),
    [
        ("/nowhere/a.jpg", NotFound, "no file"),
        ("https://example.org/a.jpg", UsageError, "fetches none"),
        (np.zeros((4, 4, 3)), UsageError, "uint8"),
        (np.zeros((2, 4, 4, 3), np.uint8), UsageError, "uint8"),
        (7, UsageError, "a int is no picture"),
        (b"not a picture", Refused, "not|cannot|picture"),
        (picture(px=1500), Refused, "2250000|1500"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_mend(client, given, kind, because):
    with pytest.raises(kind, match=because) as refused:
        client.predict(given)
    assert refused.value.fix


def test_an_unknown_deployment_is_not_found_with_the_servers_own_words(client):
    with pytest.raises(NotFound) as refused:
        client.predict(RED, deployment="desc")
    assert refused.value.code == "serve.deployment_not_found"
    assert refused.value.http_status == 404


def test_many_are_answered_in_their_order_and_a_bad_one_stops_or_is_told(client):
    several = [RED, GREEN, BLUE] * 5
    said = [each.label for each in client.predict_many(several, at_once=4)]
    assert said == ["red", "green", "blue"] * 5
    mixed = list(client.predict_many([RED, b"no", BLUE], keep_going=True))
    assert [getattr(each, "label", type(each)) for each in mixed] == ["red", Refused, "blue"]
    with pytest.raises(Refused):
        list(client.predict_many([RED, b"no", BLUE]))


def test_pictures_are_read_only_as_they_are_needed(client):
    read = []

    def pictures():
        for number in range(100):
            read.append(number)
            yield RED

    answers = client.predict_many(pictures(), at_once=3)
    assert next(answers).label == "red"
    answers.close()
    assert len(read) <= 4


def test_the_same_from_asyncio(server):
    async def ask():
        async with visloop.AsyncClient(server.url, deployment="desk") as client:
            one = await client.predict(_pixels((10, 10, 250)))
            many = [each async for each in client.predict_many([RED, b"no"] * 3, keep_going=True)]
            assert await client.deployments() == ["desk", "gauge", "parts", "pets"]
            with pytest.raises(Refused):
                await client.predict(b"no")
            return one, many

    one, many = run(ask())
    assert one.label == "blue"
    assert [getattr(each, "label", None) for each in many] == ["red", None] * 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_full_server_is_asked_again_until_it_answers(status):
    with scripted((status, {}, FULL), HANGS_UP, YES) as script:
        with visloop.Client(script.url, deployment="desk", backoff_s=0.01) as client:
            reply = client.predict(RED)
        assert reply.label == "a"
        ids = {each["x-request-id"] for each in script.heard}
        assert (len(script.heard), len(ids)) == (3, 1)
        assert reply.request_id in ids


@pytest.mark.parametrize(
    "wait",
    ["20", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)],
    ids=["seconds", "date"],  # every worker must collect the same names
)
def test_a_server_that_asks_for_longer_than_there_is_time_is_not_waited_for(wait):
    with scripted((429, {"Retry-After": wait}, FULL), YES) as script:
        with (
            visloop.Client(script.url, deployment="desk", timeout_s=10) as client,
            pytest.raises(Unavailable, match="full") as refused,
        ):
            client.predict(RED)
        assert refused.value.code == "serve.busy"
        assert len(script.heard) == 1


def test_the_pause_that_a_server_asks_for_is_kept():
    with (
        scripted((429, {"Retry-After": "1"}, FULL), YES) as script,
        visloop.Client(script.url, deployment="desk", backoff_s=0) as client,
    ):
        client.predict(RED)
    first, second = script.times
    assert second - first >= 1


def test_what_would_be_refused_again_is_not_asked_again():
    body = json.dumps({"error": {"code": "infer.x", "what": "no", "fix": "other"}}).encode()
    with scripted((422, {}, body), YES) as script:
        with visloop.Client(script.url, deployment="desk") as client, pytest.raises(Refused):
            client.predict(RED)
        assert len(script.heard) == 1


def test_tries_end_and_say_how_many_there_were():
    with scripted(HANGS_UP) as script:
        with (
            visloop.Client(script.url, deployment="d", retries=2, backoff_s=0.01) as client,
            pytest.raises(Unreachable, match="3 tries"),
        ):
            client.predict(RED)
        assert len(script.heard) == 3


def test_nobody_there_is_told_as_such():
    listening = free_socket()
    port = listening.getsockname()[1]
    listening.close()
    with (
        visloop.Client(f"http://127.0.0.1:{port}", retries=1, backoff_s=0.01) as client,
        pytest.raises(Unreachable) as unreachable,
    ):
        client.predict(RED)
    assert "visloop up" in unreachable.value.fix


def test_a_server_that_says_nothing_is_left_after_the_time_given():
    with scripted(HANGS) as script:
        with (
            visloop.Client(script.url, deployment="desk", timeout_s=0.2) as client,
            pytest.raises(DeadlineExceeded, match=r"0\.2 s"),
        ):
            client.predict(RED)

        async def ask():
            async with visloop.AsyncClient(script.url, deployment="d", timeout_s=0.2) as client:
                await client.predict(RED)

        with pytest.raises(DeadlineExceeded):
            run(ask())


def test_something_else_that_answers_is_told_as_such():
    with (
        scripted((200, {}, b"<html>hello</html>")) as script,
        visloop.Client(script.url, deployment="d") as client,
        pytest.raises(Exception, match="not one of a Visloop server"),
    ):
        client.predict(RED)


def test_a_key_and_how_long_anybody_waits_travel_along():
    with scripted(YES) as script:
        with visloop.Client(script.url, deployment="desk", key="k-1") as client:
            client.predict(RED)
        assert script.heard[0]["authorization"] == "Bearer k-1"
        assert 0 < int(script.heard[0]["x-request-timeout-ms"]) <= 30_000


def test_a_program_that_only_asks_loads_neither_arrays_nor_a_data_base():
    heavy = (
        "{'numpy','PIL','cv2','onnxruntime','onnx','sqlalchemy','pydantic','starlette','alembic'}"
    )
    code = "import sys, visloop; visloop.Client('http://127.0.0.1:1'); visloop.AsyncClient; "
    code += f"print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
